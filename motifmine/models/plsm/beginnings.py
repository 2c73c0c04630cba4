"""Where EM begins in a PLSM fit: motifs that were searched, grown, or drawn at random."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from motifmine.models.monitor import Monitor
from motifmine.models.plsm.em import infer_starts, iterate
from motifmine.models.plsm.growth import MOST_CELLS, MOST_MOTIFS, grow_motifs
from motifmine.models.plsm.holding import LEAST_EVIDENCE, Halves, evidence, halves_of
from motifmine.models.plsm.length import choose_length, is_clearly_shorter
from motifmine.models.plsm.problem import Problem, State, flat_start, prepare_em
from motifmine.models.plsm.pruning import compute_saving, keep_motifs
from motifmine.models.plsm.search import SearchSettings, prune_to, search_motifs
from motifmine.models.plsm.spec import PlsmSpec
from motifmine.models.plsm.tempo import is_searched_coarsely, search_at_tempos
from motifmine.progress import Progress
from motifmine.records.table import ObservationTable
from motifmine.seeding import generator
from motifmine.time_limit import is_time_up
from motifmine.types import Floats, Floats32

LAP = 10
"""Iterations of the first round of successive halving; each round doubles them."""
N_MELT = 50
"""Iterations over which the sparsity comes in after a random start."""
N_SETTLE = 10
"""Iterations in which the starts of motifs from the search are inferred on everything."""
N_REGAIN = 50
"""Iterations after which motifs that were searched in coarse bins have their detail."""
N_RAMP = 4
"""Iterations over which the sparsity comes in."""
NEARLY = 0.95
"""Share of what searched motifs save that grown ones must."""
USUAL_NUMBER = 10
"""Motifs of a fit with random starts without a given number."""
ROUND_COST = 20
"""Iterations that a round of the search counts for in the reported progress."""


class Watch(Monitor):
    """The monitor of a fit, which also counts rounds of the search and of successive halving."""

    __slots__ = ()

    @classmethod
    def of(cls, spec: PlsmSpec, on_progress: Callable[[Progress], None] | None) -> "Watch":
        """Return the monitor of a resolved specification."""
        n_rounds = spec.rounds * (spec.restarts or 1)
        # the largest number: early convergence makes the last step of the bar long, never past its
        # end
        return cls(ROUND_COST * n_rounds + spec.iterations, on_progress)

    def see_round(self, value: float) -> None:
        """Record a round of the search or of successive halving."""
        self.record(value, is_traced=False, n_iterations=ROUND_COST)

    def see(self, value: float) -> None:
        """Record the log-likelihood of an iteration on everything."""
        self.record(value)


def number_of(spec: PlsmSpec) -> int:
    """Return the number of motifs that a resolved specification asks for."""
    return USUAL_NUMBER if spec.n_motifs is None else spec.n_motifs


def prepare_fit(spec: PlsmSpec, table: ObservationTable, n_threads: int) -> Problem:
    """Return the problem of a resolved specification."""
    return prepare_em(
        table, spec.motif_length, spec.priors, most_motifs=number_of(spec), n_threads=n_threads
    )


def best_search(
    spec: PlsmSpec, table: ObservationTable, problem: Problem, seed: int, watch: Watch
) -> State:
    """Return the motifs that the search found, their starts inferred on everything.

    Long motifs are also searched in coarse bins, from windows that recur. Where the searches came
    to different motifs, or the order in time ends before the motifs do, motifs are also grown and
    pruned to their number; the shortest description decides.

    Parameters
    ----------
    watch : Watch
        Records rounds and iterations, and reports progress.
    """
    settings = SearchSettings(
        n_motifs=number_of(spec), restarts=spec.restarts or 1, rounds=spec.rounds
    )
    found = search_motifs(
        table,
        spec.motif_length,
        spec.priors,
        settings,
        seed,
        n_threads=problem.n_threads,
        on_round=watch.see_round,
    )
    states = [with_inferred_starts(problem, found.motifs, found.background_word)]
    if is_searched_coarsely(spec, table):
        coarse = search_at_tempos(spec, table, number_of(spec), seed, n_threads=problem.n_threads)
        states.append(with_inferred_starts(problem, *coarse))
    # not the likelihood: mixtures of motifs reach the same with more starts
    state = _shortest(problem, states)
    # a single search is a cheap trial
    if settings.restarts == 1 or is_time_up():
        return state
    if found.agree and not is_clearly_shorter(_order_bins(spec, table, seed), spec.motif_length):
        return state
    other = _grown_to_number(spec, table, problem, seed, watch)
    if other is None:
        return state
    # that of grown motifs may be a little longer: mixtures of sounds were taken apart
    state, other = (iterate(problem, s, N_REGAIN)[0] for s in (state, other))
    saving = compute_saving(problem, other)
    return other if saving > NEARLY * compute_saving(problem, state) else state


def _shortest(problem: Problem, states: list[State]) -> State:
    """Return the state that describes the table shortest, after some EM; a single one as it is."""
    if len(states) == 1:
        return states[0]
    states = [iterate(problem, state, N_REGAIN)[0] for state in states]
    return max(states, key=lambda state: compute_saving(problem, state))


def _grown_to_number(
    spec: PlsmSpec, table: ObservationTable, problem: Problem, seed: int, watch: Watch
) -> State | None:
    """Return motifs that were grown and pruned to their number; None if these are fewer."""
    open_spec = replace(spec, n_motifs=None)
    many, state, _ = grown(open_spec, table, seed, watch, n_threads=problem.n_threads)
    surplus = state.n_motifs - number_of(spec)
    if surplus < 0:
        return None
    if surplus:
        state, _ = iterate(many, state, N_REGAIN)
        halves = halves_in_memory(table, many)
        if halves is not None:
            # first what does not hold: it may explain a part of the data well, and once
            gains = evidence(halves, state)[0]
            worst = np.argsort(gains, kind="stable")[:surplus]
            worst = worst[gains[worst] < LEAST_EVIDENCE]
            state = keep_motifs(state, np.setdiff1d(np.arange(state.n_motifs), worst))
        if state.n_motifs > number_of(spec):
            state = prune_to(many, state, number_of(spec), spec.motif_length)
    return with_inferred_starts(problem, state.usual, state.background_word)


def halves_in_memory(table: ObservationTable, problem: Problem) -> Halves | None:
    """Return both halves of a table that is small enough to test motifs on; else None."""
    return halves_of(table, problem) if table.n_times * table.n_words <= MOST_CELLS else None


def with_inferred_starts(problem: Problem, motifs: Floats32, words: Floats) -> State:
    """Return motifs with their starts inferred from flat ones.

    Parameters
    ----------
    motifs : float32 array (K, L, W)
    words : float64 array (W,)
        The background.
    """
    state = flat_start(problem, motifs, words)
    return infer_starts(problem, state, n_iterations=N_SETTLE, n_ramp=N_RAMP)


def best_random_start(spec: PlsmSpec, problem: Problem, seed: int, watch: Watch) -> State:
    """Return the best random start by successive halving: each round drops the worse half.

    Parameters
    ----------
    watch : Watch
        Records rounds and iterations, and reports progress.
    """
    field = [
        (-np.inf, _random_start(spec, problem, generator(seed, r)))
        for r in range(spec.restarts or 1)
    ]
    n_lap = LAP
    while len(field) > 1 and not is_time_up():
        field = [(value, state) for state, value in (iterate(problem, s, n_lap) for _, s in field)]
        field = sorted(field, key=lambda pair: -pair[0])[: (len(field) + 1) // 2]
        watch.see_round(field[0][0])
        n_lap *= 2
    return field[0][1]


def _random_start(spec: PlsmSpec, problem: Problem, rng: np.random.Generator) -> State:
    """Return motifs near uniform and every start equally likely.

    Sparsity from the first iteration on would freeze chance differences; it rises over `N_MELT`.
    """
    shape = (number_of(spec), spec.motif_length, problem.n_words)
    # gamma of shape 5: no cell near 0, which EM could hardly open again
    motifs = rng.gamma(5.0, size=shape).astype(np.float32)
    motifs /= motifs.sum(axis=(1, 2), keepdims=True)
    state = flat_start(problem, motifs, problem.word_shares())
    if problem.priors.sparsity > 0:
        state = infer_starts(problem, state, n_iterations=N_MELT, n_ramp=N_MELT, learn_after=0)
    return state


def grown(
    spec: PlsmSpec, table: ObservationTable, seed: int, watch: Watch, *, n_threads: int
) -> tuple[Problem, State, str]:
    """Return the motifs that describe the table shortest, and the reason for their number.

    Parameters
    ----------
    watch : Watch
        Records rounds and iterations, and reports progress.
    """
    found = grow_motifs(
        table,
        spec.motif_length,
        spec.priors,
        seed,
        n_threads=n_threads,
        on_round=watch.see_round,
        order_bins=_order_bins(spec, table, seed),
        most_motifs=spec.n_motifs or MOST_MOTIFS,
        drops_surplus=spec.drop_surplus,
    )
    problem = prepare_em(
        table, spec.motif_length, spec.priors, most_motifs=len(found.motifs), n_threads=n_threads
    )
    state = with_inferred_starts(problem, found.motifs, found.background_word)
    return problem, state, found.reason


def _order_bins(spec: PlsmSpec, table: ObservationTable, seed: int) -> int:
    """Return the bins at which the order in time ends, 0 where that is not known."""
    # of pictures the lags of thousands of words would take longer than the fit
    if spec.least_count or table.vocabulary.layout.positions() is not None:
        return 0
    return choose_length(table, seed=seed).bins or 0
