"""Lagged co-occurrence of motifs, tested against shifted start times."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motifmine.errors import SpecError
from motifmine.kernels.pair_lags import count_followers
from motifmine.records.fit import Occurrences
from motifmine.records.start_layout import n_starts, row_of_start
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Indices

# motifs with fewer occurrences are excluded, because no relation could be significant
LEAST_OCCURRENCES = 8

MOST_MOTIFS = 60  # of more motifs, only those that occur most often are compared

# most pairs of occurrences counted in one shuffle; with more, a random part of the documents is
# used
MOST_STEPS = 2e7
SORTING_STEPS = 500  # an occurrence costs as much as this many pairs, since every shuffle is sorted
REACH = 4  # longest lag in motif lengths

# added to the variance of a count, so that rare motifs need more than one coincidence
_SOFTENING = 0.5
LEVEL = 0.05  # largest p-value of a relation, separately for following and for exclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One motif that starts after another more often, or less often, than by chance."""

    first: int
    second: int
    follows: bool
    """True: more often than by chance; False: less often."""
    from_bins: int
    """The lag window, half-open, in time bins after the start of the first."""
    to_bins: int
    share: float
    """Share of the first motif's occurrences after which the second starts in the window."""
    chance: float
    """The same share when starts are shifted at random."""
    p_value: float
    """Share of shuffles with a deviation at least as large in any pair and window."""
    n_first: int
    """Occurrences of the first motif."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cooccurrence:
    """Significant relations, and the extent of the test."""

    relations: tuple[Relation, ...]
    """The strongest first."""
    n_motifs: int
    """Motifs that were compared."""
    n_documents: int
    """Documents that were used."""
    n_shuffles: int
    reach_bins: int
    """Lags are shorter than this."""


def find_relations(
    occurrences: Occurrences,
    n_times: Sequence[int],
    *,
    n_motifs: int,
    motif_length: int,
    n_shuffles: int = 200,
    seed: int = 0,
) -> Cooccurrence:
    """Return the pairs of motifs that follow each other more often or less often than by chance.

    For every ordered pair and every window of lags (quarters of a motif's length up to four
    lengths, and the first one, two and four lengths as a whole), the occurrences of the first
    motif are counted after which the second starts. The null hypothesis is simulated by shifting
    the starts of each motif cyclically inside each document, by independent random lags. The
    counts, in standard deviations of the shuffles, are compared with the distribution of the
    largest (for exclusion the smallest) deviation of a shuffle over all pairs and windows. This
    controls the family-wise error rate at `LEVEL`.

    Parameters
    ----------
    occurrences : Occurrences
        Sorted by document and start.
    n_times : sequence of int
        Time bins of each document.
    n_shuffles : int
        Shuffles for the standard deviations, and again for the significance.

    Raises
    ------
    SpecError
        When `n_shuffles` cannot reach `LEVEL`.
    """
    if (n_shuffles + 1) * LEVEL < 1:
        raise SpecError(
            f"n_shuffles is {n_shuffles}; a level of {LEVEL} needs at least "
            f"{int(np.ceil(1 / LEVEL)) - 1}"
        )
    windows = _make_windows(motif_length)
    often = np.bincount(occurrences.motif, minlength=n_motifs)
    compared = np.sort(np.argsort(-often, kind="stable")[:MOST_MOTIFS])
    compared = compared[often[compared] >= LEAST_OCCURRENCES]
    events = _Events.of(occurrences, n_times, compared, motif_length, seed)
    found: tuple[Relation, ...] = ()
    if len(compared) > 1:
        found = _test_relations(events, compared, windows, n_shuffles, seed)
    return Cooccurrence(
        relations=found,
        n_motifs=len(compared),
        n_documents=len(np.unique(events.document)),
        n_shuffles=n_shuffles,
        reach_bins=int(windows.max()),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Events:
    """Starts of the motifs that are compared, sorted by document and start."""

    document: Indices
    start: Indices
    """Counted from the earliest start a motif can have in its document."""
    motif: Indices
    """Index among the motifs that are compared."""
    n_starts: Indices
    """Possible starts of every document."""
    n_motifs: int

    @classmethod
    def of(
        cls,
        found: Occurrences,
        n_times: Sequence[int],
        compared: Indices,
        motif_length: int,
        seed: int,
    ) -> "_Events":
        possible = n_starts(np.asarray(n_times, dtype=np.int64), motif_length)
        place = np.full(int(found.motif.max(initial=-1)) + 1, -1)
        place[compared] = np.arange(len(compared))
        start_row = row_of_start(found.start_bin, motif_length)
        is_compared = place[found.motif] >= 0
        chosen = np.zeros(len(possible), np.bool_)
        document = found.document[is_compared].astype(np.int64)
        chosen[_choose_documents(document, possible, motif_length, seed)] = True
        kept = np.flatnonzero(is_compared & chosen[found.document])
        rows = np.stack([found.document[kept], start_row[kept], place[found.motif[kept]]], axis=1)
        # several starts of a motif in one bin count as one
        rows = np.unique(rows.astype(np.int64), axis=0)
        document, start, motif = np.ascontiguousarray(rows.T)
        return cls(
            document=document, start=start, motif=motif, n_starts=possible, n_motifs=len(compared)
        )

    def shift_starts(self, random: np.random.Generator) -> "_Events":
        """Return the events with each motif shifted cyclically by a random lag per document."""
        # a shift keeps the rhythm of each motif, and breaks only what motifs have to do with each
        # other
        shift = random.integers(0, self.n_starts[:, None], (len(self.n_starts), self.n_motifs))
        start = (self.start + shift[self.document, self.motif]) % self.n_starts[self.document]
        order = np.lexsort((start, self.document))
        return _Events(
            document=self.document[order],
            start=start[order],
            motif=self.motif[order],
            n_starts=self.n_starts,
            n_motifs=self.n_motifs,
        )

    def counts(self, windows: Indices) -> Indices:
        """Return the number of occurrences that are followed, int64 array (K, K, windows)."""
        lags = np.arange(windows.max())
        holds = (lags[:, None] >= windows[:, 0]) & (lags[:, None] < windows[:, 1])
        offsets = np.concatenate([[0], np.cumsum(holds.sum(axis=1))]).astype(np.int64)
        counts: Indices = count_followers(
            self.document,
            self.start,
            self.motif,
            offsets,
            np.nonzero(holds)[1],
            len(windows),
            self.n_motifs,
        )
        return counts


def _make_windows(motif_length: int) -> Indices:
    """Return the lag windows [from, to) in bins, int64 array (windows, 2)."""
    width = max(1, round(motif_length / 4))
    reach = REACH * max(motif_length, width)
    fine = [(low, min(low + width, reach)) for low in range(0, reach, width)]
    coarse = [(0, motif_length * times) for times in (1, 2, REACH)]
    return np.array(list(dict.fromkeys(fine + coarse)), dtype=np.int64)


def _choose_documents(
    document: Indices, n_starts: Indices, motif_length: int, seed: int
) -> Indices:
    """Return documents in random order that cost at most `MOST_STEPS` together, at least one."""
    n_found = np.bincount(document, minlength=len(n_starts)).astype(np.float64)
    # share of pairs that are near enough to be counted
    near = np.minimum(1.0, REACH * motif_length / np.maximum(n_starts, 1))
    order = generator(seed, Stream.DOCUMENT_ORDER).permutation(len(n_starts))
    steps = np.cumsum((n_found**2 * near + SORTING_STEPS * n_found)[order])
    n_kept = max(1, int(np.searchsorted(steps, MOST_STEPS, side="right")))
    return order[:n_kept].astype(np.int64)


def _test_relations(
    events: _Events,
    compared: Indices,
    windows: Indices,
    n_shuffles: int,
    seed: int,
) -> tuple[Relation, ...]:
    total = np.zeros((events.n_motifs, events.n_motifs, len(windows)))
    squares = np.zeros_like(total)
    for index in range(n_shuffles):
        counts = events.shift_starts(generator(seed, Stream.SHIFT_FOR_SPREAD, index)).counts(
            windows
        )
        total += counts
        squares += counts.astype(np.float64) ** 2
    mean = total / n_shuffles
    spread = np.sqrt(np.maximum(squares / n_shuffles - mean**2, 0) + _SOFTENING)
    # a motif cannot be shifted against itself, so pairs of a motif with itself are not tested
    spread[np.arange(events.n_motifs), np.arange(events.n_motifs)] = np.inf
    highest, lowest = np.zeros(n_shuffles), np.zeros(n_shuffles)
    for index in range(n_shuffles):
        # shuffles of their own: those that gave mean and spread deviate less from them
        counts = events.shift_starts(generator(seed, Stream.SHIFT_FOR_NULL, index)).counts(windows)
        deviation = (counts - mean) / spread
        highest[index], lowest[index] = deviation.max(), deviation.min()
    counts = events.counts(windows)
    deviation = (counts - mean) / spread
    often = np.bincount(events.motif, minlength=events.n_motifs)
    found = []
    for sign, null in ((1, highest), (-1, -lowest)):
        for a, b, window, strength in _find_strongest_windows(sign * deviation):
            # the data count as one of the shuffles, so that no p-value is 0
            p_value = (1 + int((null >= strength).sum())) / (n_shuffles + 1)
            if p_value > LEVEL:
                continue
            relation = Relation(
                first=int(compared[a]),
                second=int(compared[b]),
                follows=sign > 0,
                from_bins=int(windows[window, 0]),
                to_bins=int(windows[window, 1]),
                share=float(counts[a, b, window] / often[a]),
                chance=float(mean[a, b, window] / often[a]),
                p_value=p_value,
                n_first=int(often[a]),
            )
            found.append((-strength, relation))
    return tuple(relation for _, relation in sorted(found, key=lambda pair: pair[0]))


def _find_strongest_windows(deviation: Floats) -> list[tuple[int, int, int, float]]:
    """Return every pair of motifs with its window of the largest value."""
    window = deviation.argmax(axis=2)
    return [
        (a, b, int(window[a, b]), float(deviation[a, b, window[a, b]]))
        for a, b in np.ndindex(*window.shape)
        if a != b
    ]
