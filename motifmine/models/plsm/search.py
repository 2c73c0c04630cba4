"""The search for PLSM motifs: seeds cut from the data, competition, merging and pruning, repeated.

EM from random tables ends in motifs that are cut off, found twice, or two in one. Here every round
adds more seeds than needed, each a window of the data. All motifs, old and new, then compete for
every start again; duplicates are merged, those that explain least on their own are dropped, and the
round counts only if the likelihood rose. Motifs are learned in a window half as long again and
re-centred, so that none is cut.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.likelihood import compute_rates
from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.models.excerpt import part_of_time
from motifmine.models.plsm.centring import cropped, recentred
from motifmine.models.plsm.em import (
    Problem,
    State,
    background_rates,
    flat_start,
    infer_starts,
    iterate,
    pose,
)
from motifmine.models.plsm.kernels.search import drop_costs, window_counts
from motifmine.models.plsm.spec import Priors
from motifmine.records.start_layout import make_phi
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Floats32, Indices

FIRST_SEEDS = 3.0
"""Seeds of the first round, times the number of motifs."""
LATER_SEEDS = 1.0
"""Seeds of a later round, times the number of motifs."""
FLOOR_OF_SEED = 0.25
"""Share of the words' marginal that is mixed into a seed, so that no cell is closed."""
DUPLICATE_COSINE = 0.8
"""Best-shift cosine of two motifs that are one."""
LEAST_REST = 0.02
"""Share of its rate that an observation is taken to keep when a motif leaves."""
LEAST_SEARCHED = 30_000
"""Least number of observations that are searched."""
SEARCHED_PER_MOTIF = 3_000
"""Observations that are searched for every motif asked for."""
LENGTHS_PER_MOTIF = 10
"""Motif lengths that the search uses at least for every motif asked for."""
PATIENCE = 2
"""Number of rounds without a gain after which a search stops."""
LEAST_OCCURRENCES = 1.5
"""A motif with fewer effective starts has occurred once."""
MARGIN_OF_GAIN = 1e-4
"""A round that raises the log-likelihood by a smaller share of it has not helped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """What the search is asked for."""

    n_motifs: int
    restarts: int
    """Searches whose motifs compete in the end."""
    rounds: int
    """Rounds of each search at most."""


def search_motifs(
    table: ObservationTable,
    motif_length: int,
    priors: Priors,
    settings: SearchSettings,
    seed: int,
    *,
    n_threads: int,
    on_round: Callable[[float], None],
) -> tuple[Floats32, Floats]:
    """Return motifs (K, L, W) and the words of the background (W,), before any EM on everything.

    Several searches look at the same part of the observations. Then the motifs of all of them
    compete, so that a motif missed by one can come from another; the best likelihood wins.

    Parameters
    ----------
    table : ObservationTable
    motif_length, seed, n_threads : int
    priors : Priors
    settings : SearchSettings
    on_round : callable
        Called with the log-likelihood, nats, of every round.
    """
    part = part_of_time(
        table,
        motif_length,
        max(LEAST_SEARCHED, SEARCHED_PER_MOTIF * settings.n_motifs),
        LENGTHS_PER_MOTIF * settings.n_motifs,
        generator(seed, Stream.SEARCH_PART),
    )
    wide = motif_length + 2 * ((motif_length + 3) // 4)
    most = max(2, round(FIRST_SEEDS * settings.n_motifs))
    problem = pose(part, wide, priors, most_motifs=most, n_threads=n_threads)
    found = [
        run_search(problem, motif_length, settings, generator(seed, restart), on_round)
        for restart in range(settings.restarts)
    ]
    if len(found) > 1:
        together = np.concatenate([state.motifs for _, state in found])
        state = flat_start(problem, together, found[0][1].background_word)
        found.append(_competed(problem, state, settings.n_motifs, motif_length))
        on_round(found[-1][0])
    best = max(found, key=lambda pair: pair[0])[1]
    return cropped(best.motifs, motif_length), best.background_word


def run_search(
    problem: Problem,
    motif_length: int,
    settings: SearchSettings,
    rng: np.random.Generator,
    on_round: Callable[[float], None],
) -> tuple[float, State]:
    """Return the best state of rounds from nothing, and its log-likelihood.

    Parameters
    ----------
    problem : Problem
        Of windows longer than `motif_length`, so that no motif is cut off.
    motif_length : int
    settings : SearchSettings
    rng : numpy.random.Generator
    on_round : callable
        Called with the log-likelihood, nats, of every round.
    """
    none = np.zeros((0, problem.layout.motif_length, problem.n_words), np.float32)
    best, highest, waited = flat_start(problem, none, problem.word_shares()), -np.inf, 0
    for number in range(settings.rounds):
        n_seeds = max(2, round((LATER_SEEDS if number else FIRST_SEEDS) * settings.n_motifs))
        state = with_seeds(problem, best, n_seeds, rng)
        value, state = _competed(problem, state, settings.n_motifs, motif_length)
        waited = 0 if value > highest + MARGIN_OF_GAIN * abs(value) else waited + 1
        if value > highest:
            best, highest = state, value
        on_round(highest)
        if waited >= PATIENCE:
            break
    return highest, best


def _competed(
    problem: Problem, state: State, n_motifs: int, motif_length: int
) -> tuple[float, State]:
    """Let all motifs compete from flat starts and prune to `n_motifs`."""
    state = infer_starts(problem, state, n_iterations=12, n_ramp=4, learn_after=4)
    state, _ = settle(problem, state, motif_length, 10)
    state, value = settle(problem, pruned(problem, state, n_motifs), motif_length, 15)
    return value, state


def with_seeds(problem: Problem, state: State, n_seeds: int, rng: np.random.Generator) -> State:
    """Return old motifs and new ones at flat starts, new ones cut from the data.

    Half of the new ones are cut from what is unexplained, half from everything; without old motifs
    all from everything.
    """
    n_plain = n_seeds // 2 if state.n_motifs else n_seeds
    seeds = window_seeds(problem, problem.layout.count, n_plain, rng)
    if n_seeds > n_plain:
        parts = np.maximum(background_parts(problem, state), np.float32(1e-3))
        unexplained = problem.layout.count * parts
        left = window_seeds(problem, unexplained, n_seeds - n_plain, rng)
        seeds = np.concatenate([seeds, left])
    return flat_start(problem, np.concatenate([state.motifs, seeds]), state.background_word)


def window_seeds(
    problem: Problem, weight: Floats32, n_seeds: int, rng: np.random.Generator
) -> Floats32:
    """Return windows of the weighted observations as motifs, float32 array (seeds, L, W).

    Dense windows are drawn more often: by the square of the weight that they cover.

    Parameters
    ----------
    problem : Problem
    weight : float32 array (N,)
    n_seeds : int
    rng : numpy.random.Generator
    """
    layout = problem.layout
    level = np.zeros(layout.n_rows)
    level[layout.bin_row] = np.add.reduceat(weight.astype(np.float64), layout.offsets[:-1])
    cover = np.convolve(level, np.ones(layout.motif_length))[: len(level)] ** 2
    scarce = bool(n_seeds > np.count_nonzero(cover))
    rows = rng.choice(len(cover), size=n_seeds, replace=scarce, p=cover / cover.sum())
    floor = FLOOR_OF_SEED / layout.motif_length * problem.word_shares()
    seeds = np.empty((n_seeds, layout.motif_length, problem.n_words), np.float32)
    for seed, row in zip(seeds, rows, strict=True):
        counts = window_counts(
            layout.bin_row,
            layout.offsets,
            layout.word,
            weight,
            row,
            layout.motif_length,
            problem.n_words,
        )
        seed[:] = counts / counts.sum() + floor
    seeds /= seeds.sum(axis=(1, 2), keepdims=True)
    return seeds


def background_parts(problem: Problem, state: State) -> Floats32:
    """Return the share of every observation that motifs leave to the background, float32 (N,)."""
    layout = problem.layout
    base = background_rates(problem, state)
    rates = compute_rates(
        layout.bin_row, layout.offsets, layout.word, base, state.starts, make_phi(state.motifs)
    )
    return (base / np.maximum(rates, 1e-30)).astype(np.float32)


def settle(
    problem: Problem, state: State, motif_length: int, n_iterations: int
) -> tuple[State, float]:
    """Return the state after EM, re-centred before every fifth iteration, and its likelihood."""
    value = -np.inf
    for _ in range(0, n_iterations, 5):
        state, value = iterate(problem, recentred(problem, state, motif_length), 5)
    return state, value


def chosen(state: State, keep: Indices) -> State:
    """Return the state with the motifs `keep` only."""
    return state._replace(
        motifs=np.ascontiguousarray(state.motifs[keep]),
        starts=np.ascontiguousarray(state.starts[:, keep]),
    )


def merged(state: State, n_least: int, *, least_cosine: float = DUPLICATE_COSINE) -> State:
    """Return the state with shifted copies folded into the heavier one; `n_least` motifs stay.

    Parameters
    ----------
    state : State
    n_least : int
    least_cosine : float
        Best-shift cosine above which two motifs are copies.
    """
    cosine, shift = max_shifted_cosine(state.motifs, state.motifs)
    starts = state.starts.copy()
    alive = np.ones(state.n_motifs, dtype=bool)
    order = np.argsort(-starts.sum(axis=0, dtype=np.float64), kind="stable")
    for place, i in enumerate(order):
        for j in order[place + 1 :]:
            alike = alive[i] and alive[j] and cosine[i, j] > least_cosine
            if alike and alive.sum() > n_least:
                # relative time r of j is r + shift of i: a start s of j is the start s - shift of i
                starts[:, i] += np.roll(starts[:, j], -int(shift[i, j]))
                alive[j] = False
    if alive.all():
        return state
    return chosen(state._replace(starts=starts), np.flatnonzero(alive))


def pruned(problem: Problem, state: State, n_keep: int) -> State:
    """Return the state with duplicates merged and the cheapest motifs dropped, `n_keep` left."""
    state, _ = iterate(problem, merged(state, n_keep), 4)
    while state.n_motifs > n_keep:
        surplus = state.n_motifs - n_keep
        if surplus > 6:
            costs = contributions(problem, state)
            keep = np.sort(np.argsort(costs, kind="stable")[surplus // 3 :])
        else:
            keep = np.delete(np.arange(state.n_motifs), _cheapest(problem, state))
        state, _ = iterate(problem, chosen(state, keep), 4)
        state = merged(state, n_keep)
    return state


def contributions(problem: Problem, state: State) -> Floats:
    """Return the log-likelihood (nats) that each motif adds if none took over, float64 (K,)."""
    layout = problem.layout
    costs: Floats = drop_costs(
        layout.bin_row,
        layout.offsets,
        layout.word,
        layout.count,
        background_rates(problem, state),
        state.starts,
        make_phi(state.motifs),
        layout.motif_length,
        LEAST_REST,
    )
    return costs


def _cheapest(problem: Problem, state: State, n_try: int = 4) -> int:
    """Return the motif whose loss hurts least after three iterations without it.

    Tried are the `n_try` of lowest contribution.
    """
    everyone = np.arange(state.n_motifs)
    tried = np.argsort(contributions(problem, state), kind="stable")[:n_try]
    values = [
        iterate(problem, chosen(state, np.delete(everyone, k)), 3, learn_motifs=False)[1]
        for k in tried
    ]
    return int(tried[int(np.argmax(values))])


def description_lengths(problem: Problem, state: State) -> Floats:
    """Return the nats it takes to write down each motif and its starts, float64 array (K,).

    A start costs log(number of starts): which motif and where; how many there are is the
    exponential of their entropy. A motif is n cells out of L * W, which costs about
    n * (log(L * W / n) + 1), each with a value worth half the log of the motif's mass (as in BIC);
    as most cells are near 0, n is the exponential of the motif's entropy.
    """
    mass = state.starts.sum(axis=0, dtype=np.float64)
    n_starts = np.array([_perplexity(starts) for starts in state.starts.T])
    n_cells = np.array([_perplexity(motif) for motif in state.motifs])
    which = n_cells * (np.log(state.motifs[0].size / n_cells) + 1.0)
    values = 0.5 * n_cells * np.log(np.maximum(mass, 2.0))
    lengths: Floats = n_starts * np.log(state.starts.size) + which + values
    return lengths


def _perplexity(mass: Floats32) -> float:
    """Return the exponential of the entropy of shares of `mass`: how many cells hold it."""
    share = mass[mass > 0].astype(np.float64)
    share /= max(share.sum(), 1e-30)
    return float(np.exp(-(share @ np.log(share))))


def without_motif(state: State, motif: int) -> State:
    """Return the state less one motif; its starts go to the motif that resembles it most."""
    cosine, shift = max_shifted_cosine(state.motifs, state.motifs)
    cosine[motif, motif] = -1.0
    twin = int(np.argmax(cosine[:, motif]))
    starts = state.starts.copy()
    starts[:, twin] += np.roll(starts[:, motif], -int(shift[twin, motif]))
    return chosen(state._replace(starts=starts), np.delete(np.arange(state.n_motifs), motif))


def one_surplus_less(
    problem: Problem,
    state: State,
    *,
    n_try: int = 3,
    holds: Callable[[State], NDArray[np.bool_]] | None = None,
) -> State | None:
    """Return the state without a motif that is surplus, None when there is none.

    What occurs only once is no motif, however well it explains that once. Of the others the `n_try`
    of least net gain are tried: a motif is surplus when the likelihood lost without it, after eight
    iterations in which others may take over, is less than its description. Its own contribution is
    an upper bound; beyond twice the description nothing is tried.

    Parameters
    ----------
    problem : Problem
    state : State
    n_try : int
    holds : callable or None
        Marks the motifs of a state that stay in any case; called only for a motif to drop.
    """
    once = n_effective_starts(problem, state) < LEAST_OCCURRENCES
    if once.any():
        return without_motif(state, int(np.argmax(once)))
    cost, length = contributions(problem, state), description_lengths(problem, state)
    value = iterate(problem, state, 1, learn_motifs=False)[1]
    for k in np.argsort(cost - length, kind="stable")[:n_try]:
        if cost[k] >= 2 * length[k]:
            break
        fewer, value_without = iterate(problem, without_motif(state, int(k)), 8)
        is_light = min(cost[k], value - value_without) < length[k]
        if is_light and (holds is None or not holds(state)[k]):
            return fewer
    return None


def n_effective_starts(problem: Problem, state: State) -> Floats:
    """Return how many occurrences each motif's mass amounts to, float64 array (K,).

    It is (sum of a)^2 / (sum of a times the mass within half a motif of it): n for n equal
    occurrences apart, 1 for a single one however it is spread.
    """
    reach = max(1, problem.layout.motif_length // 2)
    n_starts = np.zeros(state.n_motifs)
    for k in range(state.n_motifs):
        starts = state.starts[:, k].astype(np.float64)
        total = np.cumsum(np.pad(starts, (reach + 1, reach)))
        together = float(starts @ (total[2 * reach + 1 :] - total[: -2 * reach - 1]))
        n_starts[k] = starts.sum() ** 2 / together if together > 0 else 0.0
    return n_starts
