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
from scipy.optimize import linear_sum_assignment

from motifmine.kernels.likelihood import compute_rates
from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.models.excerpt import part_of_time
from motifmine.models.plsm.centring import crop_motifs, settle
from motifmine.models.plsm.em import infer_starts
from motifmine.models.plsm.kernels.search import window_counts
from motifmine.models.plsm.problem import Problem, State, flat_start, prepare_em
from motifmine.models.plsm.pruning import background_rates, prune_motifs
from motifmine.models.plsm.spec import Priors
from motifmine.records.start_layout import make_phi
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator
from motifmine.time_limit import is_time_up
from motifmine.types import Floats, Floats32

FIRST_SEEDS = 3.0
"""Seeds of the first round, times the number of motifs."""
LATER_SEEDS = 1.0
"""Seeds of a later round, times the number of motifs."""
FLOOR_OF_SEED = 0.25
"""Share of the words' marginal that is mixed into a seed, so that no cell is closed."""
LEAST_SEARCHED = 30_000
"""Least number of observations that are searched."""
SEARCHED_PER_MOTIF = 3_000
"""Observations that are searched for every motif asked for."""
LENGTHS_PER_MOTIF = 10
"""Motif lengths that the search uses at least for every motif asked for."""
PATIENCE = 2
"""Number of rounds without a gain after which a search stops."""
MARGIN_OF_GAIN = 1e-4
"""A round that raises the log-likelihood by a smaller share of it has not helped."""
AGREE_COSINE = 0.9
"""Best-shift cosine from which motifs of two searches are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """What the search is asked for."""

    n_motifs: int
    restarts: int
    """Searches whose motifs compete in the end."""
    rounds: int
    """Rounds of each search at most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What the searches found, before any EM on everything."""

    motifs: Floats32
    """float32 array (K, L, W)."""
    background_word: Floats
    agree: bool
    """Whether the first two came to the same motifs; True of a single search."""


def search_motifs(
    table: ObservationTable,
    motif_length: int,
    priors: Priors,
    settings: SearchSettings,
    seed: int,
    *,
    n_threads: int,
    on_round: Callable[[float], None],
) -> Found:
    """Return the motifs that the searches found.

    Several searches look at the same part of the observations. Then the motifs of all of them
    compete, so that a motif missed by one can come from another; the best likelihood wins.

    Parameters
    ----------
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
    # a quarter of a motif of room on either side, so that a seed that is off can be re-centred
    wide = motif_length + 2 * ((motif_length + 3) // 4)
    most = max(2, round(FIRST_SEEDS * settings.n_motifs))
    problem = prepare_em(part, wide, priors, most_motifs=most, n_threads=n_threads)
    # the searches differ in nothing but their seeds: the part of the table is the same
    found = [
        run_search(problem, motif_length, settings, generator(seed, restart), on_round)
        for restart in range(settings.restarts)
    ]
    agree = len(found) == 1 or _are_same(found[0][1].usual, found[1][1].usual)
    if len(found) > 1:
        together = np.concatenate([state.usual for _, state in found])
        state = flat_start(problem, together, found[0][1].background_word)
        found.append(_compete(problem, state, settings.n_motifs, motif_length))
        on_round(found[-1][0])
    best = max(found, key=lambda pair: pair[0])[1]
    return Found(
        motifs=crop_motifs(best.usual, motif_length),
        background_word=best.background_word,
        agree=agree,
    )


def _are_same(motifs: Floats32, others: Floats32) -> bool:
    """Return whether each motif (K, L, W) has its like among others, one to one."""
    if len(motifs) != len(others):
        return False
    cosine = max_shifted_cosine(motifs, others)[0]
    return bool(cosine[linear_sum_assignment(-cosine)].min(initial=1.0) >= AGREE_COSINE)


def prune_to(problem: Problem, state: State, n_motifs: int, motif_length: int) -> State:
    """Return the state after its motifs competed for every start until `n_motifs` are left."""
    state = flat_start(problem, state.usual, state.background_word)
    return _compete(problem, state, n_motifs, motif_length)[1]


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
    on_round : callable
        Called with the log-likelihood, nats, of every round.
    """
    none = np.zeros((0, problem.layout.motif_length, problem.n_words), np.float32)
    best, highest, waited = flat_start(problem, none, problem.word_shares()), -np.inf, 0
    for number in range(settings.rounds):
        n_seeds = max(2, round((LATER_SEEDS if number else FIRST_SEEDS) * settings.n_motifs))
        state = add_seeds(problem, best, n_seeds, rng)
        value, state = _compete(problem, state, settings.n_motifs, motif_length)
        # the round starts from the best state, not from the last: one that went wrong costs nothing
        waited = 0 if value > highest + MARGIN_OF_GAIN * abs(value) else waited + 1
        if value > highest:
            best, highest = state, value
        on_round(highest)
        if waited >= PATIENCE or is_time_up():
            break
    return highest, best


def _compete(
    problem: Problem, state: State, n_motifs: int, motif_length: int
) -> tuple[float, State]:
    """Let all motifs compete from flat starts and prune to `n_motifs`."""
    # starts first, with the motifs held: flat starts would wash the seeds out before they compete
    state = infer_starts(problem, state, n_iterations=12, n_ramp=4, learn_after=4)
    state, _ = settle(problem, state, motif_length, 10)
    state, value = settle(problem, prune_motifs(problem, state, n_motifs), motif_length, 15)
    return value, state


def add_seeds(problem: Problem, state: State, n_seeds: int, rng: np.random.Generator) -> State:
    """Return old motifs and new ones at flat starts, new ones cut from the data.

    Half of the new ones are cut from what is unexplained, half from everything; without old motifs
    all from everything.

    Parameters
    ----------
    n_seeds : int
        Number of new motifs.
    """
    n_plain = n_seeds // 2 if state.n_motifs else n_seeds
    seeds = cut_seeds(problem, problem.layout.count, n_plain, rng)
    if n_seeds > n_plain:
        # not 0: a window that is wholly explained must not make the draw impossible
        parts = np.maximum(compute_background_shares(problem, state), np.float32(1e-3))
        unexplained = problem.layout.count * parts
        left = cut_seeds(problem, unexplained, n_seeds - n_plain, rng)
        seeds = np.concatenate([seeds, left])
    return flat_start(problem, np.concatenate([state.usual, seeds]), state.background_word)


def cut_seeds(
    problem: Problem, weight: Floats32, n_seeds: int, rng: np.random.Generator
) -> Floats32:
    """Return windows of the weighted observations as motifs, float32 array (seeds, L, W).

    Dense windows are drawn more often: by the square of the weight that they cover.

    Parameters
    ----------
    weight : float32 array (N,)
    """
    layout = problem.layout
    level = np.zeros(layout.n_rows)
    level[layout.bin_row] = np.add.reduceat(weight.astype(np.float64), layout.offsets[:-1])
    cover = np.convolve(level, np.ones(layout.motif_length))[: len(level)] ** 2
    # tables of a few windows: the same one may be drawn twice
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


def compute_background_shares(problem: Problem, state: State) -> Floats32:
    """Return the share of every observation that motifs leave to the background, float32 (N,)."""
    layout = problem.layout
    base = background_rates(problem, state)
    rates = compute_rates(
        layout.bin_row, layout.offsets, layout.word, base, state.starts, make_phi(state.motifs)
    )
    return (base / np.maximum(rates, 1e-30)).astype(np.float32)
