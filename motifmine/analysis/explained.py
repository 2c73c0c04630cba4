"""Observations that single occurrences explain."""

from dataclasses import dataclass

import numpy as np

from motifmine.analysis.occurrences import SPREAD_BINS
from motifmine.records.fit import FitRecord, separate_tempos
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Floats32, Indices, Indices32

LEAST_MASS = 1e-3
"""Activations below this share of an occurrence's own mass are ignored."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explained:
    """Observations that one occurrence explains, by relative time and word."""

    time: Indices
    """Relative time of each entry, int64 array (N,), `0 <= time < L`."""
    word: Indices
    mass: Floats
    """Observations, > 0."""


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
        rate[low:high] += added
        if mine:
            own[low:high] += added
    share = np.divide(own, rate, out=np.zeros_like(own), where=rate > 0)
    part = table.count[seen].astype(np.float64) * share
    keep = part > 1e-3
    return Explained(time=time[keep] - start_bin, word=word[keep], mass=part[keep])
