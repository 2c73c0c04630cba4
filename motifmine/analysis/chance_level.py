"""How many occurrences chance alone would give: a null made by shuffling time.

Where a fit has a background, the null is what the motifs leave unexplained, at random times of its
document: noise of the same words and amount, without motifs. A fit that leaves (almost) nothing
unexplained is compared with all observations, the series of every word moved around its document by
a lag of its own: the same words and rhythms, without motifs (the null of seqNMF's significance
test, Mackevicius et al., eLife 2019).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from motifmine.analysis.occurrences import find_occurrences, unexplained_share
from motifmine.records.fit import Activations, Background, MotifSet
from motifmine.records.start_layout import start_layout
from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.seeding import generator
from motifmine.types import Floats, Floats32, Indices

LEAST_UNEXPLAINED = 0.02
"""Share of the background from which on the unexplained part can serve as the null."""
N_BETWEEN = 65
"""Thresholds tried between the highest score of the null and the lowest found."""
TAIL = 100
"""An exponential tail is fitted to so many of the highest scores of the null."""

Infer = Callable[[ObservationTable, Floats], tuple[Activations, Background]]
"""Infers starts in a table with the sparsity reckoned for given totals of its documents."""
Roll = Callable[[ObservationTable, np.random.Generator], ObservationTable]
"""Moves the series of every word around its document by a lag of its own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FalseAlarms:
    """Scores that chance alone reaches."""

    scores: Floats
    """Of the occurrences found in the null, ascending, nats."""
    n_bins: int
    """Time bins of the null."""
    bin_s: float

    def per_hour(self, score: Floats) -> Floats:
        """Return how many occurrences of at least `score` an hour of noise gives.

        Counted in the null; beyond its hundred highest scores their exponential tail goes on.
        """
        n = len(self.scores)
        if n == 0:
            return np.zeros_like(score)
        hours = self.n_bins * self.bin_s / 3600
        counted = (n - np.searchsorted(self.scores, score)) / hours
        n_tail = min(TAIL, max(1, n // 5))
        edge = self.scores[n - n_tail]
        slope = max(float((self.scores[n - n_tail :] - edge).mean()), 1e-9)
        tail = n_tail / hours * np.exp(-np.maximum(score - edge, 0.0) / slope)
        return np.where(score > edge, tail, counted)

    def threshold_of_rate(self, per_hour: float, score: Floats) -> float:
        """Return the lowest threshold with at most `per_hour` false alarms an hour.

        Infinity when none of the occurrences found, of these scores, reaches it.
        """
        at = self._thresholds(score)
        return _lowest(at, self.per_hour(at) <= per_hour, score)

    def threshold_of_share(self, share: float, score: Floats, hours: float) -> float:
        """Return the lowest threshold at which at most `share` of what stays is expected false."""
        at = self._thresholds(score)
        n_staying = len(score) - np.searchsorted(np.sort(score), at)
        return _lowest(at, self.per_hour(at) * hours <= share * n_staying, score)

    def _thresholds(self, score: Floats) -> Floats:
        """Return thresholds to choose from, ascending.

        Those just above scores of the null, and between them and all that was found, matter to
        other recordings of the scene: weaker occurrences there may be as sure.
        """
        above = np.nextafter(self.scores, np.inf)
        highest, lowest = self.scores.max(initial=0.0), score.min(initial=np.inf)
        between = np.linspace(highest, lowest, N_BETWEEN) if highest < lowest < np.inf else above
        return np.unique(np.concatenate([[0.0], above, between, score]))


def _lowest(threshold: Floats, is_good: NDArray[np.bool_], score: Floats) -> float:
    """Return the lowest threshold from which on all are good up to the highest score."""
    reached = threshold <= score.max(initial=-np.inf)
    threshold, is_good = threshold[reached], is_good[reached]
    if len(threshold) == 0 or not is_good[-1]:
        return np.inf
    bad = np.flatnonzero(~is_good)
    return float(threshold[bad[-1] + 1 if len(bad) else 0])


def false_alarms(
    table: ObservationTable,
    motifs: MotifSet,
    background: Background,
    activations: Activations,
    infer: Infer,
    *,
    n_shuffles: int,
    seed: int,
    roll: Roll | None = None,
) -> FalseAlarms:
    """Return the scores that the motifs reach in `n_shuffles` shuffled copies of `table`.

    `roll` moves the words of all observations where they are the null; None: `rolled_words`.
    """
    use_rest = background.weight >= LEAST_UNEXPLAINED
    share = unexplained_share(table, motifs, background, activations) if use_rest else None
    totals = start_layout(table, motifs.motif_length).document_total
    scores = [np.zeros(0)]
    for number in range(n_shuffles):
        rng = generator(seed, number)
        if share is None:
            null = (roll or rolled_words)(table, rng)
        else:
            null = shuffled_rest(table, share, rng)
        if len(null.word) == 0:
            continue
        found, noise = infer(null, totals)
        scores.append(find_occurrences(null, motifs, noise, found).score)
    return FalseAlarms(
        scores=np.sort(np.concatenate(scores)),
        n_bins=n_shuffles * table.n_times,
        bin_s=table.bin_s,
    )


def shuffled_rest(
    table: ObservationTable, share: Floats32, rng: np.random.Generator
) -> ObservationTable:
    """Return `share` of every observation, at random times of its document.

    Counts of 1 and more are kept or not one by one, a fraction as a whole.
    """
    whole = np.floor(table.count).astype(np.int64)
    fraction = np.where(rng.random(len(share)) < share, table.count - whole, 0.0)
    kept = rng.binomial(whole, np.clip(share, 0.0, 1.0)) + fraction
    rows = np.repeat(np.arange(len(kept)), np.ceil(kept).astype(np.int64))
    first, n_times = _documents_of_observations(table)
    time = rng.integers(0, n_times[rows])
    return _of_rows(table, first[rows] + time, rows, np.minimum(kept[rows], 1.0))


def rolled_words(table: ObservationTable, rng: np.random.Generator) -> ObservationTable:
    """Return the table with every word's series moved around its document by a lag of its own."""
    first, n_times = _documents_of_observations(table)
    document = np.searchsorted(table.document_offsets, first, side="right") - 1
    lag = rng.random((table.n_documents, table.n_words))[document, table.word]
    time = (table.row_of_observation() - first + (lag * n_times).astype(np.int64)) % n_times
    return _of_rows(table, first + time, np.arange(len(table.word)), table.count)


def _documents_of_observations(table: ObservationTable) -> tuple[Indices, Indices]:
    """Return first row and number of bins of the document of every observation."""
    edges = table.document_offsets
    document = np.searchsorted(edges, table.row_of_observation(), side="right") - 1
    return edges[document], np.diff(edges)[document]


def _of_rows(
    table: ObservationTable, row: Indices, observation: Indices, count: Floats | Floats32
) -> ObservationTable:
    """Return a table like `table` with its observations' words at other rows, with other counts."""
    moved = table_from_rows(
        time=row,
        word=table.word[observation],
        count=count,
        n_times=table.n_times,
        vocabulary=table.vocabulary,
        bin_s=table.bin_s,
    )
    return replace(moved, recordings=table.recordings)
