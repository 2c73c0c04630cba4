"""Whether the pulses of one word come in an order that recurs.

The programme of an appliance is the power of one plug. There are no other words that a decoy could
move apart from it, its reverse in time may be as good, and ten runs a week are too few tosses of a
coin. What one word does by chance is pulses and gaps, of any length and shape, that follow one
another in any order: a switch with random durations does that, and so do the excursions of a Markov
process above a level. So pulses are permuted among themselves, and gaps among themselves. Of series
that were permuted a motif of two pulses or more explains less, if its pulses come in an order.

Notes
-----
A permutation test of an alternating renewal process; its statistic may be anything, and is what
motifs at several tempos explain of the variance in a window. Counts of chance are not what makes
the power of a programme vary, so it is not their likelihood.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from motifmine.records.fit import MotifSet
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Floats32, Indices

MAIN_SHARE = 0.7
"""Share of a motif's mass from which a word is all that matters in it."""
LEAST_DEPTH = 1.5
"""Ratio of the lower of two pulses to the valley between them from which they are two."""
TEMPOS = np.exp(0.12 * np.arange(-3, 4))
"""Tempos at which a motif may occur, .7 to 1.4."""
UNEXPLAINED = 0.01
"""Share of the largest window's power that says nothing, so that small windows say little."""
LOUD = 0.9
"""Quantile of the counts of a word, where it occurs, that is the height of a motif's pulses."""
DRAWS = (99, 249, 499, 999, 1999)
"""Permutations after which drawing may end, and all of them."""
SURPASSED, PROMISING = 20, 0.05
"""Permutations as good as the data from which more would say no more of the p-value (Besag and
Clifford, Biometrika 78, 1991), and the p-value after which no more are drawn either."""
CROSS_FITTED = np.sqrt(2.0)
"""Folds that are alike by chance teach each other: what they say in all varies up to twice as much
as if the motif had been fixed."""
SHARPENINGS = 4
"""Rounds in which a motif learns from its occurrences at their tempos: at one it is blurred."""
MOST_TIMES = 20_000
"""Bins that are tested at most: some seconds of computing for a motif."""


class Valley(NamedTuple):
    """The deepest valley between two pulses of a motif."""

    depth: float
    """Ratio of the lower pulse to the valley."""
    level: float
    """Between them, as a share of the highest pulse."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LearnedRows:
    """The main words of motifs that were learned without some stretches of time."""

    bins: Sequence[tuple[int, int]]
    """Time bins `first <= t < end` of these stretches."""
    motif: Indices
    """Number of each motif in the whole fit, int64 array (J,)."""
    rows: Floats32
    """Probabilities of its main word, float32 array (J, L)."""


def pulsed_words(motifs: MotifSet) -> Indices:
    """Return the word that is nearly all of a motif and has two pulses or more in it, -1: none.

    Returns
    -------
    int64 array (K,)
    """
    words = np.full(len(motifs), -1, dtype=np.int64)
    for k, motif in enumerate(motifs.probability[:, : motifs.usual_length]):
        of_word = motif.sum(axis=0)
        word = int(of_word.argmax()) if of_word.size else 0
        is_main = of_word.size > 0 and of_word[word] >= MAIN_SHARE * of_word.sum() > 0
        if is_main and find_valley(motif[:, word]).depth >= LEAST_DEPTH:
            words[k] = word
    return words


def find_valley(row: Floats | Floats32) -> Valley:
    """Return the deepest valley of a motif's word (L,); of one pulse its depth is 1 at most."""
    top = float(row.max(initial=0.0))
    if len(row) < 3 or top <= 0:
        return Valley(0.0, 0.0)
    before = np.maximum.accumulate(row)[:-2]
    after = np.maximum.accumulate(row[::-1])[::-1][2:]
    lower = np.minimum(before, after) / top
    valley = np.maximum(row[1:-1] / top, 1e-3)
    at = int(np.argmax(lower / valley))
    return Valley(float(lower[at] / valley[at]), float(np.sqrt(lower[at] * valley[at])))


def pulse_order_p_values(
    table: ObservationTable,
    words: Indices,
    learned: Sequence[LearnedRows],
    rng: np.random.Generator,
) -> Floats:
    """Return the p-values of the order of pulses, NaN of motifs without pulses, float64 (K,).

    Motifs of the same word have one: slow and fast occurrences may be two motifs, in each part of
    the time others.

    Parameters
    ----------
    table : ObservationTable
        Prepared as for the fit.
    words : int64 array (K,)
        See `pulsed_words`.
    learned : sequence of LearnedRows
        Motifs that were not learned from the stretches they are tested in.
    rng : numpy.random.Generator
    """
    p_value = np.full(len(words), np.nan)
    for word in np.unique(words[words >= 0]):
        rows = [(part.bins, part.rows[words[part.motif] == word]) for part in learned]
        tests = [(bins, some[some.any(axis=1)]) for bins, some in rows if some.any()]
        if tests:
            p_value[words == word] = _test(_series(table, int(word)), tests, rng)
    return p_value


def part_pulses(row: Floats32, rng: np.random.Generator) -> Floats32:
    """Return a motif's word (L,) with its pulses and gaps in any order.

    All keep their lengths: at any other distance of its pulses a motif might be itself, but slower.
    """
    pieces = _cut(row, find_valley(row).level * row.max())
    moved: Floats32 = np.concatenate([pieces[at] for at in rng.permutation(len(pieces))])
    return moved


def _series(table: ObservationTable, word: int) -> list[Floats]:
    """Return the counts of a word by time, of each document."""
    n_times = min(table.n_times, MOST_TIMES)
    n = int(table.offsets[n_times])
    row = np.repeat(np.arange(n_times), np.diff(table.offsets[: n_times + 1]))
    which = table.word[:n] == word
    counts = np.bincount(row[which], table.count[:n][which], minlength=n_times)
    return np.split(counts, table.document_offsets[1:-1][table.document_offsets[1:-1] < n_times])


def _test(
    series: list[Floats],
    tests: Sequence[tuple[Sequence[tuple[int, int]], Floats32]],
    rng: np.random.Generator,
) -> float:
    """Return the p-value of one word, NaN without pulses, see `pulse_order_p_values`.

    Parameters
    ----------
    series : list of float64 arrays
        Counts of the word, of each document.
    tests : sequence of (stretches, float32 array (J, L))
        What was not learned from, and what was learned.
    """
    length = tests[0][1].shape[1]
    longest = int(np.ceil(length * TEMPOS.max()))
    # between documents there is room for the end of an occurrence
    first = np.cumsum([0, *(len(document) + longest for document in series)])
    place = np.concatenate(
        [np.arange(len(some)) + at for some, at in zip(series, first[:-1], strict=True)]
    )
    here = _look(_padded(series, longest), longest, 0.0)
    if not len(here.live):
        return float("nan")
    here = replace(here, least=UNEXPLAINED * float(here.power.max()))
    stretches: list[tuple[Floats, NDArray[np.bool_]]] = []
    rows: list[Floats] = []
    for bins, some in tests:
        each = np.zeros((len(bins), int(first[-1])), dtype=np.bool_)
        for inside, (begin, end) in zip(each, bins, strict=True):
            inside[place[begin:end]] = True
        is_learned: NDArray[np.bool_] = np.logical_not(each.any(axis=0))
        sharp = [_sharpen(here, row, is_learned) for row in some.astype(np.float64)]
        # what explains more: half a programme may be explained as well as a whole one
        rows.append(max(sharp, key=lambda row: here.explained(row, is_learned)))
        stretches += [(rows[-1], inside) for inside in each]
    valleys = [find_valley(row) for row in rows]
    deep = [valley.level for valley in valleys if valley.depth >= LEAST_DEPTH]
    if 2 * len(deep) <= len(valleys):
        return float("nan")
    counts = np.concatenate(series)
    level = float(np.median(deep)) * float(np.quantile(counts[counts > 0], LOUD))
    permuters = [_permuter(document, level) for document in series]

    def evidence(look: _Look) -> float:
        return sum(_evidence(look, *each) for each in stretches)

    found = evidence(here)
    drawn: list[float] = []
    p_value = 1.0
    for n_draws in DRAWS:
        for _ in range(n_draws - len(drawn)):
            permuted = _padded([permute(rng) for permute in permuters], longest)
            drawn.append(evidence(_look(permuted, longest, here.least)))
        by_chance = np.mean(drawn) + CROSS_FITTED * (np.array(drawn) - np.mean(drawn))
        n_surpassed = int(np.count_nonzero(by_chance >= found - 1e-9))
        p_value = (1 + n_surpassed) / (1 + n_draws)
        if p_value > PROMISING or n_surpassed >= SURPASSED:
            break
    return p_value


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Look:
    """A series of counts in windows."""

    counts: Floats
    live: Indices
    """First bins of windows with counts."""
    windows: Floats
    """Roots of the counts of windows that begin at each bin, float64 (T, longest)."""
    power: Floats
    """Sums of squares of the live ones."""
    least: float
    """Power that says nothing."""

    def peaks(self, row: Floats, allowed: NDArray[np.bool_]) -> tuple[Indices, Floats, Floats]:
        """Return the bins where a motif (L,) occurs, what it explains there, and at which tempo.

        Of two within a motif length of each other, the one that explains more.
        """
        reach = len(row) - 1
        places = np.flatnonzero(allowed)
        if not len(places):
            return self.live[:0], self.power[:0], TEMPOS[:0]
        # what begins further away is no rival of what is allowed
        first, end = max(places[0] - reach, 0), min(places[-1] + reach + 1, len(allowed))
        near = slice(*np.searchsorted(self.live, (first, end)))
        live, power = self.live[near], self.power[near]
        fit = self.windows[live] @ _at_tempos(row, self.windows.shape[1]).T
        rest = np.maximum(power - np.square(fit.max(axis=1)), 0)
        score = np.zeros(end - first)
        score[live - first] = np.log((power + self.least) / (rest + self.least))
        is_best = (score > 0) & (score == maximum_filter1d(score, 2 * reach + 1))
        here = (is_best & allowed[first:end])[live - first]
        bins = live[here]
        return bins, score[bins - first], TEMPOS[fit[here].argmax(axis=1)]

    def explained(self, row: Floats, allowed: NDArray[np.bool_]) -> float:
        """Return how much of the counts a motif explains where it occurs."""
        start, score, _ = self.peaks(row, allowed)
        power = self.power[np.searchsorted(self.live, start)]
        return float((power * -np.expm1(-score)).sum())


def _look(counts: Floats, longest: int, least: float) -> _Look:
    before = np.concatenate([np.zeros(1), np.cumsum(counts), np.full(longest, counts.sum())])
    power = before[longest : longest + len(counts)] - before[: len(counts)]
    # rounding leaves no power where there is none
    live = np.flatnonzero(power > 1e-9 * before[-1])
    roots = np.append(np.sqrt(counts), np.zeros(longest - 1))
    windows = sliding_window_view(roots, longest)
    return _Look(counts=counts, live=live, windows=windows, power=power[live], least=least)


def _evidence(look: _Look, row: Floats, allowed: NDArray[np.bool_]) -> float:
    return float(np.square(look.peaks(row, allowed)[1]).sum())


def _sharpen(look: _Look, row: Floats, may_learn: NDArray[np.bool_]) -> Floats:
    """Return a motif's word (L,) as the mean of its best windows, each at its tempo."""
    before = np.concatenate([np.zeros(1), np.cumsum(look.counts)])
    bins = np.arange(len(row) + 1)
    for _ in range(SHARPENINGS):
        start, score, tempo = look.peaks(row, may_learn)
        best = score >= 0.5 * score.max(initial=0.0)
        if not best.any():
            break
        edges = start[best, None] + tempo[best, None] * bins
        found = np.diff(np.interp(edges, np.arange(len(before)), before), axis=1)
        row = (found / np.maximum(found.sum(axis=1, keepdims=True), 1e-300)).mean(axis=0)
    return row


def _at_tempos(row: Floats, longest: int) -> Floats:
    """Return the roots of a motif's word at all tempos, unit vectors, float64 (tempos, longest)."""
    before = np.concatenate([np.zeros(1), np.cumsum(row, dtype=np.float64)])
    edges = np.arange(longest + 1) / TEMPOS[:, None]
    shape = np.sqrt(np.diff(np.interp(edges, np.arange(len(before)), before), axis=1).clip(0))
    unit: Floats = shape / np.linalg.norm(shape, axis=1, keepdims=True)
    return unit


def _padded(series: list[Floats], longest: int) -> Floats:
    room = np.zeros(longest)
    return np.concatenate([part for document in series for part in (document, room)])


def _cut(values: Floats | Floats32, level: float) -> list[Floats]:
    """Return the stretches above and below a level, in turns."""
    return np.split(values, np.flatnonzero(np.diff(values > level)) + 1)


def _permuter(counts: Floats, level: float) -> Callable[[np.random.Generator], Floats]:
    """Return what permutes the pulses of a series among themselves, and its gaps."""
    pieces = _cut(counts, level)

    def permute(rng: np.random.Generator) -> Floats:
        order = np.arange(len(pieces))
        order[::2], order[1::2] = rng.permutation(order[::2]), rng.permutation(order[1::2])
        return np.concatenate([pieces[at] for at in order])

    return permute
