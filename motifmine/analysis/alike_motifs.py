"""Motifs that look alike: which, how often one is taken for the other, and one event found twice.

Decoys measure what chance gives; an occurrence of a motif that is listed under an alike one is no
chance. How often that happens follows from the motifs and their usual size: events are drawn from
one motif and the background, and compared with both. What one event has beyond such draws (another
pace, a part that is missing) is not in it, so it is the least confusion to expect.
"""

from dataclasses import dataclass, replace

import numpy as np

from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.records.fields import select_entries
from motifmine.records.fit import FitRecord, MotifSet, Occurrences
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Indices

ALIKE = 0.5
"""Cosine at the best shift of pairs that are compared; less alike ones are hardly confused."""
SAME = 0.7
"""Cosine at the best shift of motifs that are one event where they occur together, as a decoy less
alike than that is unlike its motif (`motifmine.analysis.decoys.UNLIKE`)."""
WITHIN_BINS = 2
"""Distance of the starts of one event, after the shift between its motifs."""
N_EVENTS = 400
"""Events that are drawn for each motif of a pair: a share is known to .025."""
MOST_OBSERVATIONS = 1000
"""Most observations of a drawn event: with more no two motifs are confused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Two motifs that look alike; numbers count from 0."""

    first: int
    second: int
    cosine: float
    """At the best shift."""
    shift_s: float
    """Relative time r of the second is r + this of the first, seconds."""
    first_taken: float
    """Share of the first motif's events that look more like the second."""
    second_taken: float
    """Share of the second motif's events that look more like the first."""


def find_confusions(record: FitRecord) -> tuple[Confusion, ...]:
    """Return the pairs of alike motifs of a fit, the most alike first."""
    cosine, shift = _compare(record.motifs)
    pairs = np.argwhere(np.triu(cosine >= ALIKE, 1))
    pairs = pairs[np.argsort(-cosine[pairs[:, 0], pairs[:, 1]], kind="stable")]
    rng = generator(record.provenance.seed, Stream.CONFUSION)
    n_bins = max(sum(recording.n_times for recording in record.recordings), 1)
    background = record.background.probability.astype(np.float64)
    background *= record.background.weight * record.n_observations / n_bins
    return tuple(
        Confusion(
            first=i,
            second=j,
            cosine=float(cosine[i, j]),
            shift_s=float(shift[i, j] * record.bin_s),
            first_taken=_share_taken(record, i, j, -int(shift[i, j]), background, rng),
            second_taken=_share_taken(record, j, i, int(shift[i, j]), background, rng),
        )
        for i, j in pairs.tolist()
    )


def join_alike(occurrences: Occurrences, motifs: MotifSet) -> Occurrences:
    """Return occurrences in which alike motifs at one time are one, the one of the highest score.

    It has the observations of both.

    Parameters
    ----------
    occurrences : Occurrences
        With scores.
    motifs : MotifSet
        (K, L, W)
    """
    if len(occurrences) == 0 or len(motifs) < 2:
        return occurrences
    cosine, shift = _compare(motifs)
    weight, keep = occurrences.weight.copy(), np.ones(len(occurrences), dtype=np.bool_)
    # documents are numbered further apart than any start; starts may be negative
    apart = 2 * (int(np.abs(occurrences.start_bin).max()) + motifs.motif_length + WITHIN_BINS) + 1
    at = occurrences.document.astype(np.int64) * apart + occurrences.start_bin
    for i, j in np.argwhere(np.triu(cosine >= SAME, 1)).tolist():
        first = np.flatnonzero(keep & (occurrences.motif == i))
        second = np.flatnonzero(keep & (occurrences.motif == j))
        # relative time r of the second is r + shift of the first, which starts earlier by it
        for a, b in _pairs(at[first], at[second] - shift[i, j]):
            one, other = int(first[a]), int(second[b])
            if occurrences.score[other] > occurrences.score[one]:
                one, other = other, one
            weight[one] += weight[other]
            keep[other] = False
    return select_entries(replace(occurrences, weight=weight), "occurrence", keep)


def _compare(motifs: MotifSet) -> tuple[Floats, Indices]:
    """Return cosine and shift of every pair, (K, K) each."""
    if len(motifs) == 0:
        return np.zeros((0, 0)), np.zeros((0, 0), dtype=np.int64)
    return max_shifted_cosine(motifs.probability, motifs.probability)


def _pairs(first: Indices, second: Indices) -> list[tuple[int, int]]:
    """Return pairs of ascending numbers within `WITHIN_BINS`, each in one pair at most."""
    pairs, b = [], 0
    for a, value in enumerate(first.tolist()):
        while b < len(second) and second[b] < value - WITHIN_BINS:
            b += 1
        if b < len(second) and second[b] <= value + WITHIN_BINS:
            pairs.append((a, b))
            b += 1
    return pairs


def _share_taken(
    record: FitRecord,
    motif: int,
    other: int,
    shift: int,
    background: Floats,
    rng: np.random.Generator,
) -> float:
    """Return the share of drawn events of a motif that look more like another one.

    Parameters
    ----------
    shift : int
        Relative time r of `motif` is r + shift of `other`.
    background : float64 array (W,)
        Observations of the background in a time bin.
    """
    own = record.motifs.probability[motif].astype(np.float64)
    weights = record.occurrences.weight[record.occurrences.motif == motif]
    if len(weights) == 0 or own.sum() <= 0:
        return float("nan")
    size = np.minimum(rng.choice(weights, N_EVENTS), MOST_OBSERVATIONS)
    n_own = rng.poisson(size)
    cell = rng.choice(own.size, int(n_own.sum()), p=own.ravel() / own.sum())
    event = np.repeat(np.arange(N_EVENTS), n_own)
    length, n_words = own.shape
    n_rest = rng.poisson(min(background.sum() * length, MOST_OBSERVATIONS), N_EVENTS)
    if background.sum() > 0:
        word = rng.choice(n_words, int(n_rest.sum()), p=background / background.sum())
        cell = np.concatenate([cell, rng.integers(length, size=len(word)) * n_words + word])
        event = np.concatenate([event, np.repeat(np.arange(N_EVENTS), n_rest)])
    time, word = np.divmod(cell, n_words)

    def likelihood(number: int, by: int) -> Floats:
        """Return log-likelihoods of all events but for terms that motifs have in common."""
        row = time + by
        inside = (row >= 0) & (row < length)
        shape = record.motifs.probability[number]
        rate = np.where(inside, shape[np.clip(row, 0, length - 1), word], 0.0) * size[event]
        # an observation that the rest of the model could always explain by chance
        rate = rate + background[word] + 1e-3 * size[event] / own.size
        return np.bincount(event, np.log(rate), minlength=N_EVENTS).astype(np.float64)

    mine = np.max([likelihood(motif, by) for by in (-1, 0, 1)], axis=0)
    theirs = np.max([likelihood(other, shift + by) for by in (-1, 0, 1)], axis=0)
    return float(np.mean(theirs > mine))
