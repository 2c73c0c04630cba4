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
    compute_saving,
    drop_surplus_motif,
    merge_copies,
    prune_motifs,
)
from motifmine.records.table import ObservationTable
from motifmine.time_limit import is_time_up
from motifmine.types import Floats, Floats32, Indices

MOST_ANCHORS, MOST_VALUES = 60, 2e7
"""Most frequent words around which windows are averaged, and values of these windows, at most."""
MOST_ROWS = 6000
"""Bins of all seeds at most: each is compared with each other one."""
LEAST_SURE = 4.0
"""Standard deviations of a cell above what comes at any lag."""
NEAR = 3
"""Bins over which followers are counted together: lags vary."""
SAME_COSINES = (0.6, 0.8)
"""Best-shift cosine from which the windows around two words are taken for one motif. Lags vary, so
that it is far below 1, and motifs may share words: both are tried."""
FLOOR = 0.05
"""Share of the words' marginal that is mixed into a seed, so that no cell is closed."""
N_INFER, N_RAMP, N_SETTLE, N_WITHOUT = 12, 4, 20, 10
"""Iterations."""


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
    problem: Problem, motif_length: int, most_motifs: int, *, drops_surplus: bool
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
        Whether those go, too, that gain less than their description length.
    """
    seeds = follower_seeds(problem)
    cosine = max_shifted_cosine(seeds, seeds)[0]
    trials = [
        _learned(problem, seeds[_unlike(cosine, same)], motif_length) for same in SAME_COSINES
    ]
    if drops_surplus:
        trials = [_without_surplus(problem, state, motif_length) for state in trials]
    trials = [prune_motifs(problem, state, most_motifs) for state in trials]
    # starts that copies had are found again by the motifs that are left
    trials = [
        _restarted(problem, state.motifs, state.background_word, motif_length) for state in trials
    ]
    return max(trials, key=lambda state: compute_saving(problem, state))


def _learned(problem: Problem, seeds: Floats32, motif_length: int) -> State:
    """Return motifs learned from seeds (n, L, W), copies merged."""
    state = _restarted(problem, seeds, problem.word_shares(), motif_length)
    return settle(problem, merge_copies(state, 1), motif_length, N_SETTLE)[0]


def _without_surplus(problem: Problem, state: State, motif_length: int) -> State:
    while state.n_motifs > 1 and not is_time_up():
        fewer = drop_surplus_motif(problem, state)
        if fewer is None:
            break
        state, _ = settle(problem, fewer, motif_length, N_WITHOUT)
    return state


def _restarted(problem: Problem, motifs: Floats32, words: Floats, motif_length: int) -> State:
    state = flat_start(problem, motifs, words)
    state = infer_starts(problem, state, n_iterations=N_INFER, n_ramp=N_RAMP)
    return settle(problem, state, motif_length, N_SETTLE)[0]


def follower_seeds(problem: Problem) -> Floats32:
    """Return what comes before and after frequent words as motifs, float32 array (n, L, W).

    The surest are first. Without any it is the words' marginal alone.
    """
    length = problem.layout.motif_length
    counts = canvas_of(problem).counts
    lags = range(1 - length, length)
    n_anchors = int(np.clip(MOST_VALUES / (len(lags) * problem.n_words), 1, MOST_ANCHORS))
    anchors = np.argsort(-problem.word_shares(), kind="stable")[:n_anchors]
    seen = np.array([_count_together(counts[:, anchors], counts, lag) for lag in lags])
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


def _count_together(left: Floats32, right: Floats32, lag: int) -> Floats:
    """Return how often words of `right` come `lag` bins after those of `left`, float64 (A, W)."""
    if lag < 0:
        return (left[-lag:].T @ right[:lag]).astype(np.float64)
    return (left[: len(left) - lag].T @ right[lag:]).astype(np.float64)


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
