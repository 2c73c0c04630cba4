"""Observations that single occurrences explain, and what else could explain them.

Motifs that overlap compete for the same observations: that one of them is there makes the others
less likely (explaining away). So an occurrence has a score with each of the others and without it.
"""

from dataclasses import dataclass

import numpy as np

from motifmine.analysis.occurrences import FLOOR, SPREAD_BINS
from motifmine.records.fit import FitRecord, separate_tempos
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Floats32, Indices, Indices32

LEAST_MASS = 1e-3  # activations below this share of an occurrence's own mass are ignored
# observations that another motif explains meanwhile, below which it is not listed
LEAST_RIVAL = 0.5
SCORE_ITERATIONS = 30  # EM iterations for the mass that an occurrence would have


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """Another motif, or another occurrence of the same, in the time of an occurrence."""

    motif: int
    mass: float
    """Observations in the time of the occurrence that it explains."""
    score_with: float
    """Score of the occurrence if of all others only this one were there, nats."""
    score_without: float
    """Score if all others but this one were there, nats."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explained:
    """Observations that one occurrence explains, by relative time and word."""

    time: Indices
    """Relative time of each entry, int64 array (N,), `0 <= time < L`."""
    word: Indices
    mass: Floats
    """Observations, > 0."""
    seen: float
    """Observations in its time, all words."""
    background: float
    """Those of them that the background explains."""
    score: float
    """Log-likelihood ratio with and without it, all others as they are, nats. With and without
    others the occurrence has the mass of maximum likelihood."""
    score_alone: float
    """The same if no other motif were there."""
    rivals: tuple[Rival, ...]
    """Those that explain most first."""


def explain_occurrences(
    record: FitRecord, table: ObservationTable, document: int, chosen: Indices
) -> dict[int, Explained]:
    """Return the part of a document's observations that each of some occurrences explains.

    An observation is divided among motifs and background by their posterior probabilities; an
    occurrence explains the share of its motif from the start bins that make up its weight.

    Parameters
    ----------
    table : ObservationTable
        The document, with counts prepared as for the fit.
    document : int
        Its index in the record.
    chosen : int array
        Indices of occurrences of that document.
    """
    motifs, every = separate_tempos(record.motifs, record.activations)
    n_tempos = len(motifs) // max(len(record.motifs), 1)
    part = slice(every.offsets[document], every.offsets[document + 1])
    active = (every.start[part], every.motif[part], every.mass[part])
    total_per_bin = table.total / max(table.n_times, 1)
    flat = record.background.weight * total_per_bin * record.background.probability
    # as scores have it: no observation is impossible without the motifs
    flat = flat + np.float32(FLOOR * total_per_bin / table.n_words)
    return {
        int(i): _explain(
            table,
            motifs.probability,
            active,
            flat,
            n_tempos,
            start_bin=int(record.occurrences.start_bin[i]),
            motif=int(record.occurrences.motif[i]),
        )
        for i in chosen
    }


def _explain(
    table: ObservationTable,
    phi: Floats32,
    active: tuple[Indices32, Indices32, Floats32],
    flat: Floats32,
    n_tempos: int,
    *,
    start_bin: int,
    motif: int,
) -> Explained:
    """Return the observations that one occurrence explains.

    `active` are start, motif and mass of the document's activations in order of start, `flat` the
    rate of the background for each word in a time bin. The motif's starts are those at any of its
    `n_tempos` tempos.
    """
    motif_length = phi.shape[1]
    first, last = max(start_bin, 0), min(start_bin + motif_length, table.n_times)
    seen = slice(int(table.offsets[first]), int(table.offsets[last]))
    time = np.repeat(np.arange(first, last), np.diff(table.offsets[first : last + 1]))
    word = table.word[seen].astype(np.int64)
    rate = flat[word].astype(np.float64)
    parts: dict[int, Floats] = {}
    own = np.zeros(len(word))
    near = slice(*np.searchsorted(active[0], [start_bin - motif_length + 1, last]))
    start, which, mass = (column[near] for column in active)
    is_own = (which // n_tempos == motif) & (np.abs(start - start_bin) <= SPREAD_BINS)
    heavy = is_own | (mass >= LEAST_MASS * mass[is_own].sum())
    for s, z, m, mine in zip(
        start[heavy].tolist(),
        which[heavy].tolist(),
        mass[heavy].tolist(),
        is_own[heavy].tolist(),
        strict=True,
    ):
        low, high = np.searchsorted(time, [s, s + motif_length])
        added = m * phi[z, time[low:high] - s, word[low:high]]
        part = own if mine else parts.setdefault(z // n_tempos, np.zeros(len(word)))
        part[low:high] += added
    count = table.count[seen].astype(np.float64)
    total = rate + own + sum(parts.values())
    explained = count * own / total
    # occurrences are inferred again for their test: the fit's activations may lack one of them
    shape = phi[motif * n_tempos, time - start_bin, word].astype(np.float64)
    if own.any():
        shape = own / mass[is_own].sum()
    keep = explained > 1e-3
    return Explained(
        time=time[keep] - start_bin,
        word=word[keep],
        mass=explained[keep],
        seen=float(count.sum()),
        background=float(count @ (rate / total)),
        score=score_mass(count, total - own, shape),
        score_alone=score_mass(count, rate, shape),
        rivals=_weigh_rivals(count, rate, own, parts, shape),
    )


def _weigh_rivals(
    count: Floats, rate: Floats, own: Floats, parts: dict[int, Floats], shape: Floats
) -> tuple[Rival, ...]:
    """Return what others explain meanwhile, and the occurrence's score with and without them."""
    everything = rate + own + sum(parts.values())
    rivals = [
        Rival(
            motif=motif,
            mass=explained,
            score_with=score_mass(count, rate + part, shape),
            score_without=score_mass(count, everything - own - part, shape),
        )
        for motif, part in parts.items()
        if (explained := float(count @ (part / everything))) >= LEAST_RIVAL
    ]
    return tuple(sorted(rivals, key=lambda rival: -rival.mass))


def score_mass(count: Floats, rest: Floats, shape: Floats) -> float:
    """Return the log-likelihood ratio with and without an occurrence of the best mass, nats.

    It is max over a >= 0 of sum n log((rest + a shape) / rest) - a.

    Parameters
    ----------
    count, rest : float64 arrays (N,)
        Observations, and their rates without the occurrence, > 0.
    shape : float64 array (N,)
        Their rates under an occurrence of one observation.
    """
    can = shape > 0
    count, rest, shape = count[can], rest[can], shape[can]
    mass = float(count.sum())
    for _ in range(SCORE_ITERATIONS):
        mass *= float(count @ (shape / (rest + mass * shape)))
    return max(0.0, float(count @ np.log1p(mass * shape / rest)) - mass)
