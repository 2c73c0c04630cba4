"""All counts under attack: which occurrences are found after a share of the observations is moved.

Observations go, within a motif's length, to where they speak most against the starts that were
found: down the gradient of the log-likelihood ratios of the motifs, and of the model's network if
it has one. Each search is greedy and takes one step; the worst of both, and of random changes,
counts. A worse attack may exist.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from motifmine.analysis.evaluation import evaluate
from motifmine.analysis.matching import match_times
from motifmine.analysis.occurrences import FLOOR, find_occurrences, keep_occurrences
from motifmine.models.protocol import Located
from motifmine.records.fit import FitRecord, Occurrences
from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.records.truth import Truth
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Indices

Change = Literal["moved", "counts"]
SLACK = 0.1  # share of what a move could take from the starts that it may leave
BLOCK_CELLS = 1 << 21  # most cells of gradients in memory at a time
NEAR_SHARE = 4  # an occurrence is the same as before within this part of its length, or two bins


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attacks:
    """How well occurrences are found in changed counts, float64 arrays (B,)."""

    shares: Floats
    """Changed observations as shares of all."""
    f1_clean: float
    """Of the occurrences in unchanged counts, against the truth; 1 without a truth."""
    f1: Floats
    """After the worst of all changes that were tried, random ones too; against the truth, or the
    occurrences in unchanged counts."""
    f1_by_chance: Floats
    """After random changes of as many observations."""


def attack_counts(
    record: FitRecord,
    table: ObservationTable,
    locate: Callable[[ObservationTable], Located],
    shares: tuple[float, ...],
    *,
    response: Floats | None = None,
    truth: Truth | None = None,
    change: Change = "moved",
    seed: int = 0,
) -> Attacks:
    """Return how well the occurrences of a fit are found after all of its counts were attacked.

    Parameters
    ----------
    record : FitRecord
    table : ObservationTable
        Documents of the fit, prepared as for it.
    locate : callable
        Infers the motifs of the fit in other counts.
    shares : tuple of float
        Of the observations that are changed.
    response : float64 array (K, L + 2 * margin, W) or None
        See `measure_robustness`; None: only that of the log-likelihood ratio is attacked.
    truth : Truth or None
        Of the documents of `table`; None: what is found in unchanged counts is taken for true.
    change : {"moved", "counts"}
        Observations are moved in time, or removed.
    """
    rng = generator(seed, Stream.ATTACKS)
    clean = _find(record, table, locate)

    def score(found: Occurrences) -> float:
        if truth is None:
            return _agree(clean, found, record.motifs.motif_length)
        judged = replace(record, occurrences=found, recordings=table.recordings)
        tolerance_s = record.bin_s * nearness(record.motifs.motif_length)
        return evaluate(judged, truth, tolerance_s=tolerance_s).overall.f1

    anywhere = _draw_targets(table, record.motifs.motif_length, rng)
    attacks = [(rng.permutation(len(anywhere)), anywhere)]
    responses = [_respond_as_likelihood(record, table)]
    for given in responses if response is None else [*responses, response]:
        gain, target = find_moves(clean, table, given, record.motifs.motif_length, change, rng)
        order = np.argsort(-gain, kind="stable")
        attacks.append((order[gain[order] > 0], target))

    def score_after(order: Indices, target: Indices, share: float) -> float:
        changed = _change(table, order, target, share, change)
        return score(_find(record, changed, locate))

    f1 = np.array([[score_after(*attack, share) for share in shares] for attack in attacks])
    return Attacks(
        shares=np.array(shares), f1_clean=score(clean), f1=f1.min(axis=0), f1_by_chance=f1[0]
    )


def nearness(length: int) -> int:
    """Return how many bins from where it was an occurrence is the same."""
    return max(2, length // NEAR_SHARE)


def _find(
    record: FitRecord, table: ObservationTable, locate: Callable[[ObservationTable], Located]
) -> Occurrences:
    """Return the sure occurrences of a fit in other counts."""
    located = locate(table)
    known = (record.motifs, located.background, located.activations)
    found = find_occurrences(table, *known, is_gathered=located.is_gathered)
    return keep_occurrences(found, found.score >= record.provenance.spec.detection.least_score)


def _respond_as_likelihood(record: FitRecord, table: ObservationTable) -> Floats:
    """Return what an observation adds to the score of a usual occurrence (K, L, W), nats."""
    motifs, flat = record.motifs, record.background
    weight = np.bincount(record.occurrences.motif, record.occurrences.weight, len(motifs))
    usual = weight / np.maximum(np.bincount(record.occurrences.motif, minlength=len(motifs)), 1)
    base = flat.weight * flat.probability + FLOOR / motifs.n_words
    base = base * table.total / max(table.n_times, 1)
    ratio = usual[:, None, None] * motifs.probability / np.maximum(base, 1e-12)
    found: Floats = np.log1p(ratio.astype(np.float64))
    return found


def find_moves(
    found: Occurrences,
    table: ObservationTable,
    response: Floats,
    length: int,
    change: Change,
    rng: np.random.Generator,
) -> tuple[Floats, Indices]:
    """Return what a change of each observation takes from the starts, and its new time row, (N,).

    Moves are within `length` bins, to a place drawn from those that take nearly all there is.

    Parameters
    ----------
    found : Occurrences
    table : ObservationTable
    response : float64 array (K, L + 2 * margin, W)
        See `measure_robustness`.
    length : int
        L, bins.
    change : {"moved", "counts"}
    rng : numpy.random.Generator
        Draws the places.
    """
    gain, target = np.zeros(len(table.word)), np.zeros(len(table.word), np.int64)
    row = table.row_of_observation()
    for first, last, low, gradient in _walk_gradients(found, table, response, length):
        part = slice(*table.offsets[[first, last]])
        at, word = row[part] - first, table.word[part]
        own = gradient[at + low, word]
        if change == "counts":
            gain[part] = own
            continue
        step = max(1, BLOCK_CELLS // (2 * length + 1))
        for begin in range(0, len(at), step):
            some = slice(begin, begin + step)
            # the block may begin or end with its document
            near = at[some, None] + low + np.arange(-length, length + 1)
            inside = (near >= 0) & (near < len(gradient))
            value = gradient[np.clip(near, 0, len(gradient) - 1), word[some, None]]
            value = np.where(inside, value, np.inf)
            lowest = value.min(axis=1)
            index = np.arange(len(value)) + part.start + begin
            gain[index] = own[some] - lowest
            # all to the lowest would move whole occurrences to another time, where they are found
            low_enough = value <= (lowest + SLACK * gain[index])[:, None]
            drawn = np.where(low_enough, rng.random(value.shape), -1.0).argmax(axis=1)
            target[index] = row[index] + drawn - length
    return gain, target


def _walk_gradients(
    found: Occurrences, table: ObservationTable, response: Floats, length: int
) -> Iterator[tuple[int, int, int, Floats]]:
    """Yield time rows (first, last), and the gradient of all starts near them (rows, W).

    It begins `low` rows before the first, the third that is yielded.
    """
    margin = (response.shape[1] - length) // 2
    n_bins = max(2 * length, BLOCK_CELLS // table.n_words)
    for document, (begin, end) in enumerate(pairwise(table.document_offsets.tolist())):
        mine = found.document == document
        start, motif = begin + found.start_bin[mine] - margin, found.motif[mine]
        # a budget goes farthest at occurrences that are hardly there
        weight = 1 / np.maximum(found.score[mine], 1.0)
        for first in range(begin, end, n_bins):
            last = min(first + n_bins, end)
            lowest, highest = max(begin, first - length), min(end, last + length)
            gradient = np.zeros((highest - lowest, table.n_words))
            near = (start < highest) & (start + response.shape[1] > lowest)
            of_each = (start[near].tolist(), motif[near].tolist(), weight[near].tolist())
            for s, k, w in zip(*of_each, strict=True):
                a, b = max(s, lowest), min(s + response.shape[1], highest)
                gradient[a - lowest : b - lowest] += w * response[k, a - s : b - s]
            yield first, last, first - lowest, gradient


def _draw_targets(table: ObservationTable, length: int, rng: np.random.Generator) -> Indices:
    """Return a time row of its document within `length` bins for each observation, int64 (N,)."""
    row = table.row_of_observation()
    edges = table.document_offsets
    document = np.searchsorted(edges, row, side="right") - 1
    low = np.maximum(row - length, edges[document])
    high = np.minimum(row + length + 1, edges[document + 1])
    drawn: Indices = rng.integers(low, high)
    return drawn


def take_first(count: Floats, order: Indices, budget: float) -> Floats:
    """Return how much is taken of every count: all of the first in order, until the budget ends.

    Parameters
    ----------
    count : float64 array (n,)
    order : int64 array (k,)
        Indices into `count`; of the others nothing is taken.
    budget : float
        Sum of what is taken at most.
    """
    before = np.cumsum(count[order]) - count[order]
    taken = np.zeros(len(count))
    taken[order] = np.clip(budget - before, 0.0, count[order])
    return taken


def _change(
    table: ObservationTable, order: Indices, target: Indices, share: float, change: Change
) -> ObservationTable:
    """Return a table whose first observations in order are moved to a time row, or removed."""
    count = table.count.astype(np.float64)
    taken = take_first(count, order, share * table.total)
    some = np.flatnonzero(taken if change == "moved" else [])
    changed = table_from_rows(
        time=np.concatenate([table.row_of_observation(), target[some]]),
        word=np.concatenate([table.word, table.word[some]]),
        count=np.concatenate([count - taken, taken[some]]),
        n_times=table.n_times,
        vocabulary=table.vocabulary,
        bin_s=table.bin_s,
    )
    return replace(changed, recordings=table.recordings)


def _agree(reference: Occurrences, found: Occurrences, length: int) -> float:
    """Return the F1 of occurrences against others of the same motifs, 1 where both are none."""
    near, n_matched = nearness(length), 0
    groups = {(d, k) for d, k in zip(reference.document, reference.motif, strict=True)}
    for d, k in groups:
        starts = [
            np.sort(o.start_bin[(o.document == d) & (o.motif == k)]).astype(np.float64)
            for o in (reference, found)
        ]
        n_matched += len(match_times(starts[0], starts[1], near)[0])
    total = len(reference) + len(found)
    return 2 * n_matched / total if total else 1.0
