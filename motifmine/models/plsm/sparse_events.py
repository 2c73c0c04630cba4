"""Motifs of tables in which most bins are empty: events, each of which is one observation.

A window of such a table holds more chance than motif, and EM of expected masses lets a start
explain a single event, a cell a single coincidence. So motifs begin with what comes more often than
by chance before and after a word, its cross-correlograms (Perkel, Gerstein & Moore, Biophysical
Journal 7, 1967), and one observation is taken off every start and every cell, which then hold
nothing or more than one event: the mode under the prior 1 / mass, as Figueiredo & Jain (IEEE
Transactions on Pattern Analysis and Machine Intelligence 24(3), 2002) have it for components of
mixtures.
"""

import numpy as np
from scipy.ndimage import uniform_filter1d

from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.models.plsm.centring import settle
from motifmine.models.plsm.em import infer_starts
from motifmine.models.plsm.occurrence_windows import canvas_of
from motifmine.models.plsm.problem import Problem, State, flat_start
from motifmine.models.plsm.pruning import (
    DUPLICATE_COSINE,
    compute_contributions,
    compute_description_lengths,
    compute_saving,
)
from motifmine.models.plsm.split_moves import NEAR, split_and_merge
from motifmine.records.table import ObservationTable
from motifmine.time_limit import is_time_up
from motifmine.types import Floats, Floats32, Indices

MOST_ANCHORS, MOST_VALUES = 60, 2e7
"""Most frequent words around which windows are averaged, and values of these windows, at most."""
MOST_ROWS = 6000
"""Bins of all seeds at most: each is compared with each other one."""
LEAST_SURE = 4.0
"""Standard deviations of a cell above what comes at any lag."""
FLOOR = 0.05
"""Share of the words' marginal that is mixed into a seed, so that no cell is closed."""
N_INFER, N_RAMP, N_SETTLE = 12, 4, 20
"""Iterations."""
MANY, N_TRIED, PATIENCE = 12, 3, 3
"""Seeds beyond which a third goes at once, those of least net gain that are tried one by one, and
the number of seeds that go without a gain before all that are left stay."""


def is_sparse(table: ObservationTable) -> bool:
    """Return whether most bins of a table hold no observation."""
    return int(np.count_nonzero(np.diff(table.offsets))) < table.n_times / 2


def count_of_event(table: ObservationTable) -> float:
    """Return the count of a single event where a table is sparse, 0 where it is not."""
    has_places = table.vocabulary.layout.positions() is not None
    if has_places or not len(table.word) or not is_sparse(table):
        return 0.0
    return float(np.median(table.count))


def grow_from_followers(
    problem: Problem,
    motif_length: int,
    most_motifs: int,
    rng: np.random.Generator,
    *,
    drops_surplus: bool,
) -> State:
    """Return motifs from what follows frequent words.

    Parameters
    ----------
    problem : Problem
        Of windows longer than `motif_length`, with `Priors.least_count`.
    motif_length : int
        Bins.
    most_motifs : int
        Of more the cheapest are dropped.
    drops_surplus : bool
        Whether those go, too, without which the description is shorter.
    """
    seeds = follower_seeds(problem)
    cosine = max_shifted_cosine(seeds, seeds)[0]
    n_least = 1 if drops_surplus else most_motifs
    seeds = seeds[_unlike(cosine, DUPLICATE_COSINE)]
    best = _select(problem, seeds, motif_length, most_motifs, n_least)
    canvas = canvas_of(problem)
    # what several motifs have in common is around the same words, and begins as one of them
    while not is_time_up():
        motifs = split_and_merge(problem, best[0], canvas, rng)
        if motifs is None:
            break
        found = _select(problem, motifs, motif_length, most_motifs, n_least)
        if found[1] <= best[1]:
            break
        best = found
    return best[0]


def _select(
    problem: Problem, seeds: Floats32, motif_length: int, n_most: int, n_least: int
) -> tuple[State, float]:
    """Return what is learned from those seeds that describe the data shortest, and its saving.

    Seeds go one after the other, and the others start again: those of parts of one motif share its
    occurrences, so that each gains little, and what closed to one of them stays closed.
    """
    state = _learned(problem, seeds, motif_length)
    saving = compute_saving(problem, state)
    best, highest, waited = state, saving if len(seeds) <= n_most else -np.inf, 0
    while len(seeds) > n_least and waited < PATIENCE:
        if is_time_up() and len(seeds) <= n_most:
            break
        net = compute_contributions(problem, state) - compute_description_lengths(problem, state)
        order = np.argsort(net, kind="stable")
        # while there are many a third goes at once
        n_gone = min(len(seeds) // 3, len(seeds) - n_least) if len(seeds) > MANY else 1
        tried = order[:N_TRIED] if n_gone == 1 else [order[:n_gone]]
        trials = [np.delete(seeds, gone, axis=0) for gone in tried]
        states = [_learned(problem, trial, motif_length) for trial in trials]
        savings = [compute_saving(problem, trial) for trial in states]
        at = int(np.argmax(savings))
        seeds, state, saving = trials[at], states[at], savings[at]
        if len(seeds) > n_most:
            continue
        waited = 0 if saving > highest else waited + 1
        if saving > highest:
            best, highest = state, saving
    return best, highest


def _learned(problem: Problem, seeds: Floats32, motif_length: int) -> State:
    """Return motifs learned from seeds (n, L, W)."""
    state = flat_start(problem, seeds, problem.word_shares())
    state = infer_starts(problem, state, n_iterations=N_INFER, n_ramp=N_RAMP)
    return settle(problem, state, motif_length, N_SETTLE)[0]


def follower_seeds(problem: Problem) -> Floats32:
    """Return what comes before and after frequent words as motifs, float32 array (n, L, W).

    The surest are first. Without any it is the words' marginal alone.
    """
    length = problem.layout.motif_length
    # events, not observations: changes of a state count more than one each
    counts = canvas_of(problem).counts / np.float32(problem.priors.least_count)
    lags = range(1 - length, length)
    n_anchors = int(np.clip(MOST_VALUES / (len(lags) * problem.n_words), 1, MOST_ANCHORS))
    anchors = np.argsort(-problem.word_shares(), kind="stable")[:n_anchors]
    seen = _count_followers(counts, anchors, length)
    # an event is no follower of itself
    seen[length - 1, np.arange(len(anchors)), anchors] = 0
    # by chance alone: as many as at any other lag
    expected = seen.mean(axis=0)
    near = uniform_filter1d(seen, NEAR, axis=0, mode="nearest")
    # what is expected to be seen less than once in two bins has no normal spread
    sure = (near - expected) * np.sqrt(NEAR / np.maximum(expected, 0.5))
    excess = np.where(sure >= LEAST_SURE, near - expected, 0)
    value = np.square(np.where(sure >= LEAST_SURE, sure, 0)).sum(axis=(0, 2))
    order = np.argsort(-value, kind="stable")[: max(MOST_ROWS // length, 1)]
    windows = [
        _heaviest_window(excess[:, k], counts[:, anchors[k]].sum(), anchors[k], length)
        for k in order[value[order] > 0]
    ]
    even = (problem.word_shares() / length).astype(np.float32)
    if not windows:
        return np.broadcast_to(even, (1, length, len(even))).astype(np.float32)
    motifs = np.array(windows, np.float32)
    motifs /= motifs.sum(axis=(1, 2), keepdims=True)
    return (1 - FLOOR) * motifs + FLOOR * even


def _count_followers(counts: Floats32, anchors: Indices, length: int) -> Floats:
    """Return how often each word comes 1 - L to L - 1 bins after anchors, float64 (2L - 1, A, W).

    By pairs of events: a product of matrices at each lag would go through the empty bins.
    """
    n_words = counts.shape[1]
    seen = np.zeros((2 * length - 1, len(anchors), n_words))
    row, word = np.nonzero(counts)
    count = counts[row, word].astype(np.float64)
    for k, anchor in enumerate(anchors):
        at = np.flatnonzero(word == anchor)
        first = np.searchsorted(row, row[at] - length + 1)
        n_near = np.searchsorted(row, row[at] + length) - first
        near = np.arange(n_near.sum()) + np.repeat(first - n_near.cumsum() + n_near, n_near)
        lag = row[near] - np.repeat(row[at] - length + 1, n_near)
        products = count[near] * np.repeat(count[at], n_near)
        flat = np.bincount(lag * n_words + word[near], products, seen[:, k].size)
        seen[:, k] = flat.reshape(-1, n_words)
    return seen


def _heaviest_window(excess: Floats, n_events: float, anchor: int, length: int) -> Floats:
    """Return the heaviest window (L, W) of what follows an anchor at lags 1 - L to L - 1."""
    excess = excess.copy()
    # one anchor per occurrence, of which its surest follower says how many there are
    excess[length - 1, anchor] = min(n_events, excess.sum(axis=0).max())
    total = np.cumsum(np.concatenate([[0], excess.sum(axis=1)]))
    mass = total[length:] - total[:-length]
    # of windows with the same mass the middle one, so that nothing lies at its edge
    best = np.flatnonzero(mass >= 0.99 * mass.max())
    first = int(best[len(best) // 2])
    return excess[first : first + length]


def _unlike(cosine: Floats, most: float) -> Indices:
    """Return motifs whose cosine (n, n) with those before them is below `most`, int64 array."""
    kept: list[int] = []
    # the surest come first, so that a copy is dropped for a surer one
    for k in range(len(cosine)):
        if not kept or cosine[kept, k].max() < most:
            kept.append(k)
    return np.array(kept, dtype=np.int64)
