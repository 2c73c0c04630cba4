"""Copies among PLSM motifs, and motifs that explain less than it takes to describe them."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.models.plsm.em import iterate
from motifmine.models.plsm.kernels.search import sweep_drop_costs
from motifmine.models.plsm.problem import Problem, State
from motifmine.records.start_layout import make_phi, spread_rates
from motifmine.records.tempo import columns_at_tempos
from motifmine.types import Floats, Floats32, Indices

DUPLICATE_COSINE = 0.8
"""Best-shift cosine of two motifs that are one."""
DUPLICATE_AT_TEMPOS = 0.95
"""The same at the best shift and tempo: the choice makes different motifs more alike."""
LEAST_REST = 0.02
"""Share of its rate that an observation is taken to keep when a motif leaves."""
LEAST_OCCURRENCES = 1.5
"""A motif with fewer effective starts has occurred once."""
CELL_SHARE = 2 / 3
"""Part of a motif's cells that is written down: neighbours in time and word are alike. With all of
them a theme of 8 s that comes five times would not pay, with half of them variants would."""
N_TRIED = 4
"""Motifs of lowest contribution of which one is dropped when there are more than asked for."""
N_TRIED_SURPLUS = 3
"""Motifs of lowest net gain that are tried as surplus."""


def keep_motifs(state: State, keep: Indices) -> State:
    """Return the state with the motifs `keep` only."""
    columns = columns_at_tempos(keep, state.n_tempos)
    return state._replace(
        motifs=np.ascontiguousarray(state.motifs[columns]),
        starts=np.ascontiguousarray(state.starts[:, columns]),
    )


def alike(state: State) -> tuple[Floats, Indices, Indices]:
    """Return how alike motifs are at the best shift and tempo of the second of each pair.

    Returns
    -------
    cosine : float64 array (K, K)
    shift : int64 array (K, K)
        Relative time r of the second is r + shift of the first.
    tempo : int64 array (K, K)
        Index of the tempo at which the second is most like the first at its usual one.
    """
    cosine, shift = max_shifted_cosine(state.usual, state.motifs)
    n_motifs, n_tempos = state.n_motifs, state.n_tempos
    cosine = cosine.reshape(n_motifs, n_motifs, n_tempos)
    tempo = cosine.argmax(axis=2)
    best = (*np.indices(tempo.shape), tempo)
    return cosine[best], shift.reshape(cosine.shape)[best], tempo


def give_starts(state: State, starts: Floats32, one: int, other: int, shift: int, at: int) -> None:
    """Add the starts of a motif to those of another that is like it, changing `starts` (R, K * V).

    Parameters
    ----------
    starts : float32 array (R, K * V)
    one, other : int
        Motif that receives, and the one that gives.
    shift, at : int
        Shift and index of the tempo at which `other` is like `one`, see `alike`.
    """
    n_tempos = state.n_tempos
    if state.tempos is None:
        # relative time r of `other` is r + shift of `one`: its start s is the start s - shift
        starts[:, one] += np.roll(starts[:, other], -shift)
        return
    by = state.tempos / state.tempos[at]
    to = np.abs(np.log(state.tempos)[:, None] - np.log(by)).argmin(axis=0)
    for tempo in range(n_tempos):
        moved = round(-shift / by[tempo])
        given = np.roll(starts[:, other * n_tempos + tempo], moved)
        starts[:, one * n_tempos + to[tempo]] += given


def merge_copies(state: State, n_least: int, *, least_cosine: float = DUPLICATE_COSINE) -> State:
    """Return the state with shifted copies folded into the heavier one; `n_least` motifs stay.

    Parameters
    ----------
    least_cosine : float
        Best-shift cosine above which two motifs are copies.
    """
    cosine, shift, tempo = alike(state)
    starts = state.starts.copy()
    # heavy motifs first: a copy is folded into the one that was learned from more observations
    alive = np.ones(state.n_motifs, dtype=bool)
    order = np.argsort(-state.starts_of_motifs.sum(axis=0, dtype=np.float64), kind="stable")
    for place, i in enumerate(order):
        for j in order[place + 1 :]:
            is_copy = alive[i] and alive[j] and cosine[i, j] > least_cosine
            if is_copy and alive.sum() > n_least:
                give_starts(state, starts, i, j, int(shift[i, j]), int(tempo[i, j]))
                alive[j] = False
    if alive.all():
        return state
    return keep_motifs(state._replace(starts=starts), np.flatnonzero(alive))


def prune_motifs(problem: Problem, state: State, n_keep: int) -> State:
    """Return the state with duplicates merged and the cheapest motifs dropped, `n_keep` left.

    Parameters
    ----------
    n_keep : int
        Number of motifs that stay.
    """
    least = DUPLICATE_COSINE if state.tempos is None else DUPLICATE_AT_TEMPOS
    state, _ = iterate(problem, merge_copies(state, n_keep, least_cosine=least), 4)
    while state.n_motifs > n_keep:
        surplus = state.n_motifs - n_keep
        # a trial costs passes over the data; while there are many, a third goes by contribution
        # alone, which ranks well enough what is far from being kept
        if surplus > 6:
            costs = compute_contributions(problem, state)
            keep = np.sort(np.argsort(costs, kind="stable")[surplus // 3 :])
        else:
            keep = np.delete(np.arange(state.n_motifs), _find_cheapest(problem, state))
        state, _ = iterate(problem, keep_motifs(state, keep), 4)
        state = merge_copies(state, n_keep, least_cosine=least)
    return state


def background_rates(problem: Problem, state: State) -> Floats32:
    """Return the rate of every observation under the background, float32 array (N,)."""
    layout = problem.layout
    level = state.background_mass / np.maximum(layout.n_times, 1)
    return spread_rates(layout, level, state.background_word)


def compute_contributions(problem: Problem, state: State) -> Floats:
    """Return the log-likelihood (nats) that each motif adds if none took over, float64 (K,)."""
    layout = problem.layout
    costs = -state.starts.sum(axis=0, dtype=np.float64)
    sweep_drop_costs(
        layout.bin_row,
        layout.offsets,
        layout.word,
        layout.count,
        background_rates(problem, state),
        state.starts.reshape(-1),
        make_phi(state.motifs),
        LEAST_REST,
        np.zeros(len(costs) * layout.motif_length + 1, np.int64),
        np.zeros(len(costs)),
        costs,
    )
    together: Floats = costs.reshape(state.n_motifs, state.n_tempos).sum(axis=1)
    return together


def _find_cheapest(problem: Problem, state: State) -> int:
    """Return the motif whose loss hurts least after three iterations without it.

    Tried are the `N_TRIED` of lowest contribution.
    """
    everyone = np.arange(state.n_motifs)
    tried = np.argsort(compute_contributions(problem, state), kind="stable")[:N_TRIED]
    values = [
        iterate(problem, keep_motifs(state, np.delete(everyone, k)), 3, learn_motifs=False)[1]
        for k in tried
    ]
    return int(tried[int(np.argmax(values))])


def compute_description_lengths(problem: Problem, state: State, cell_share: float = 1.0) -> Floats:
    """Return the nats it takes to write down each motif and its starts, float64 array (K,).

    A start costs log(number of starts): which motif and where; how many there are is the
    exponential of their entropy. Of sparse tables, where an occurrence gains a few nats, that would
    be too much: n of S starts take log(S / n) + 1 each, and half the log of their mass for its
    value. A motif is n cells out of L * W, which costs about n * (log(L * W / n) + 1), each with a
    value worth half the log of the motif's mass (as in BIC); as most cells are near 0, n is the
    exponential of the motif's entropy.

    Parameters
    ----------
    problem : Problem
    state : State
    cell_share : float
        Part of a motif's cells that must be written down.
    """
    mass = state.starts_of_motifs.sum(axis=0, dtype=np.float64)
    by_motif = state.starts.reshape(len(state.starts), state.n_motifs, state.n_tempos)
    n_starts = np.array([_perplexity(starts.ravel()) for starts in by_motif.transpose(1, 0, 2)])
    n_cells = np.array([_perplexity(motif) for motif in state.usual])
    which = n_cells * (np.log(state.motifs[0].size / n_cells) + 1.0)
    values = 0.5 * n_cells * np.log(np.maximum(mass, 2.0))
    start = np.log(state.starts.size)
    if problem.priors.least_count:
        n_starts = np.maximum(n_starts, 1.0)
        start = np.log(len(state.starts) / n_starts) + 1.0
        start += 0.5 * np.log(np.maximum(mass / n_starts, 1.0))
    lengths: Floats = n_starts * start + cell_share * (which + values)
    return lengths


def compute_saving(problem: Problem, state: State) -> float:
    """Return by how many nats a state describes the data shorter than the rates of words alone."""
    layout = problem.layout
    n_times = np.repeat(layout.n_times[layout.bin_document], np.diff(layout.offsets))
    even = layout.count @ np.log(problem.word_shares()[layout.word] / n_times)
    value = iterate(problem, state, 1, learn_motifs=False)[1]
    return (
        value - float(even) - float(compute_description_lengths(problem, state, CELL_SHARE).sum())
    )


def _perplexity(mass: Floats32) -> float:
    """Return the exponential of the entropy of shares of `mass`: how many cells hold it."""
    share = mass[mass > 0].astype(np.float64)
    share /= max(share.sum(), 1e-30)
    return float(np.exp(-(share @ np.log(share))))


def drop_motif(state: State, motif: int) -> State:
    """Return the state less one motif; its starts go to the motif that resembles it most."""
    cosine, shift, tempo = alike(state)
    # not its own twin
    cosine[motif, motif] = -1.0
    twin = int(np.argmax(cosine[:, motif]))
    starts = state.starts.copy()
    give_starts(state, starts, twin, motif, int(shift[twin, motif]), int(tempo[twin, motif]))
    return keep_motifs(state._replace(starts=starts), np.delete(np.arange(state.n_motifs), motif))


def drop_surplus_motif(
    problem: Problem,
    state: State,
    *,
    holds: Callable[[State], NDArray[np.bool_]] | None = None,
) -> State | None:
    """Return the state without a motif that is surplus, None when there is none.

    What occurs only once is no motif, however well it explains that once. Of the others the
    `N_TRIED_SURPLUS` of least net gain are tried: a motif is surplus when the likelihood lost
    without it, after eight iterations in which others may take over, is less than its description.
    Its own contribution is an upper bound; beyond twice the description nothing is tried.

    Parameters
    ----------
    holds : callable or None
        Marks the motifs of a state that stay in any case; called only for a motif to drop.
    """
    once = count_effective_starts(problem, state) < LEAST_OCCURRENCES
    if once.any():
        return drop_motif(state, int(np.argmax(once)))
    # contribution and description length are both in nats, so they are compared as they are
    cost, length = (
        compute_contributions(problem, state),
        compute_description_lengths(problem, state),
    )
    value = iterate(problem, state, 1, learn_motifs=False)[1]
    for k in np.argsort(cost - length, kind="stable")[:N_TRIED_SURPLUS]:
        # they are sorted by net gain, so what follows is worth even more
        if cost[k] >= 2 * length[k]:
            break
        fewer, value_without = iterate(problem, drop_motif(state, int(k)), 8)
        is_light = min(cost[k], value - value_without) < length[k]
        if is_light and (holds is None or not holds(state)[k]):
            return fewer
    return None


def count_effective_starts(problem: Problem, state: State) -> Floats:
    """Return how many occurrences each motif's mass amounts to, float64 array (K,).

    It is (sum of a)^2 / (sum of a times the mass within half a motif of it): n for n equal
    occurrences apart, 1 for a single one however it is spread.
    """
    reach = max(1, problem.usual_length // 2)
    n_starts = np.zeros(state.n_motifs)
    for k, column in enumerate(state.starts_of_motifs.T):
        starts = column.astype(np.float64)
        # differences of a running sum: the mass around every start in linear time
        total = np.cumsum(np.pad(starts, (reach + 1, reach)))
        together = float(starts @ (total[2 * reach + 1 :] - total[: -2 * reach - 1]))
        n_starts[k] = starts.sum() ** 2 / together if together > 0 else 0.0
    return n_starts
