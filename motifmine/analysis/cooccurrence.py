"""Which motifs follow, and which exclude, which: lagged co-occurrence against shuffled starts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motifmine.errors import SpecError
from motifmine.kernels.pair_lags import count_followers
from motifmine.records.fit import Occurrences
from motifmine.records.start_layout import n_starts, row_of_start
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Indices

FEWEST = 8
"""Motifs with fewer occurrences are left out: nothing could be shown of them."""

MOST_MOTIFS = 60
"""Of more motifs, only those that occur most often are compared."""

MOST_STEPS = 2e7
"""Pairs of occurrences looked at in one shuffle; of more, documents drawn by chance are taken."""

REACH = 4
"""Lags reach this many motif lengths."""

_SOFTENING = 0.5
"""Added to the variance of a count, so that rare motifs need more than one coincidence."""
LEVEL = 0.05
"""Largest p-value of a relation, for following and for exclusion apart."""


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
    """The same share when starts are shifted by chance."""
    p_value: float
    """How often the shuffles show anything as strange, among all pairs and windows."""
    n_first: int
    """Occurrences of the first motif."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cooccurrence:
    """What was found, and from how much of the fit."""

    relations: tuple[Relation, ...]
    """The strongest first."""
    n_motifs: int
    """Motifs that were compared."""
    n_documents: int
    """Documents that were looked at."""
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
    """Return which motifs follow or exclude which.

    For every ordered pair and every window of lags (quarters of a motif's length up to four
    lengths, and the first one, two and four lengths as a whole), the occurrences of the first
    motif are counted after which the second starts. Chance is what remains when the starts of
    each motif are shifted, by a lag of its own in each document and around its end. The counts,
    in standard deviations of the shuffles, are held against the largest (for exclusion the
    smallest) one that the shuffles show in any pair and window, so that `LEVEL` means:
    of twenty fits without any relation, one shows one.

    Parameters
    ----------
    occurrences : Occurrences
        Sorted by document and start.
    n_times : sequence of int
        Time bins of each document.
    n_motifs, motif_length : int
        Size of the fit.
    n_shuffles : int
        For the standard deviations; as many again for the significance.
    seed : int

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
    windows = _windows(motif_length)
    often = np.bincount(occurrences.motif, minlength=n_motifs)
    compared = np.sort(np.argsort(-often, kind="stable")[:MOST_MOTIFS])
    compared = compared[often[compared] >= FEWEST]
    events = _Events.of(occurrences, n_times, compared, motif_length, seed)
    found: tuple[Relation, ...] = ()
    if len(compared) > 1:
        found = _significant(events, compared, windows, n_shuffles, seed)
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
        rows = np.stack([found.document, start_row, place[found.motif]], axis=1).astype(np.int64)
        # a motif that starts twice in one bin starts there
        rows = np.unique(rows[rows[:, 2] >= 0], axis=0)
        rows = rows[np.isin(rows[:, 0], _affordable(rows[:, 0], possible, motif_length, seed))]
        document, start, motif = np.ascontiguousarray(rows.T)
        return cls(
            document=document, start=start, motif=motif, n_starts=possible, n_motifs=len(compared)
        )

    def shifted(self, random: np.random.Generator) -> "_Events":
        """Return the events, each motif moved around each document by a lag of its own."""
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
        """Return how many occurrences are followed, int64 array (K, K, windows)."""
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


def _windows(motif_length: int) -> Indices:
    """Return the lag windows [from, to) in bins, int64 array (windows, 2)."""
    width = max(1, round(motif_length / 4))
    reach = REACH * max(motif_length, width)
    fine = [(low, min(low + width, reach)) for low in range(0, reach, width)]
    coarse = [(0, motif_length * times) for times in (1, 2, REACH)]
    return np.array(list(dict.fromkeys(fine + coarse)), dtype=np.int64)


def _affordable(document: Indices, n_starts: Indices, motif_length: int, seed: int) -> Indices:
    """Return documents, in an order of chance, whose pairs can be looked at in good time."""
    n_found = np.bincount(document, minlength=len(n_starts)).astype(np.float64)
    near = np.minimum(1.0, REACH * motif_length / np.maximum(n_starts, 1))
    order = generator(seed, Stream.DOCUMENT_ORDER).permutation(len(n_starts))
    steps = np.cumsum((n_found**2 * near)[order])
    n_kept = max(1, int(np.searchsorted(steps, MOST_STEPS, side="right")))
    return order[:n_kept].astype(np.int64)


def _significant(
    events: _Events,
    compared: Indices,
    windows: Indices,
    n_shuffles: int,
    seed: int,
) -> tuple[Relation, ...]:
    total = np.zeros((events.n_motifs, events.n_motifs, len(windows)))
    squares = np.zeros_like(total)
    for index in range(n_shuffles):
        counts = events.shifted(generator(seed, Stream.SHIFT_FOR_SPREAD, index)).counts(windows)
        total += counts
        squares += counts.astype(np.float64) ** 2
    mean = total / n_shuffles
    spread = np.sqrt(np.maximum(squares / n_shuffles - mean**2, 0) + _SOFTENING)
    # A motif cannot be shifted against itself.
    spread[np.arange(events.n_motifs), np.arange(events.n_motifs)] = np.inf
    highest, lowest = np.zeros(n_shuffles), np.zeros(n_shuffles)
    for index in range(n_shuffles):
        counts = events.shifted(generator(seed, Stream.SHIFT_FOR_NULL, index)).counts(windows)
        strange = (counts - mean) / spread
        highest[index], lowest[index] = strange.max(), strange.min()
    counts = events.counts(windows)
    strange = (counts - mean) / spread
    often = np.bincount(events.motif, minlength=events.n_motifs)
    found = []
    for sign, null in ((1, highest), (-1, -lowest)):
        for a, b, window, strength in _strongest_windows(sign * strange):
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


def _strongest_windows(strange: Floats) -> list[tuple[int, int, int, float]]:
    """Return every pair with its window of the largest value."""
    window = strange.argmax(axis=2)
    return [
        (a, b, int(window[a, b]), float(strange[a, b, window[a, b]]))
        for a, b in np.ndindex(*window.shape)
        if a != b
    ]
