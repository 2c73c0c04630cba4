"""The stages of a PLSM fit: deciding open settings, EM on everything, and pruning."""

from dataclasses import replace
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from motifmine.models.excerpt import part_of_time
from motifmine.models.plsm.beginnings import (
    USUAL_NUMBER,
    Watch,
    best_random_start,
    best_search,
    halves_in_memory,
    number_of,
    prepare_fit,
    with_inferred_starts,
)
from motifmine.models.plsm.centring import begin_at_front
from motifmine.models.plsm.em import climb
from motifmine.models.plsm.heldout import hidden_score, hide_observations
from motifmine.models.plsm.holding import LEAST_EVIDENCE, evidence
from motifmine.models.plsm.problem import Problem, State, prepare_em
from motifmine.models.plsm.pruning import DUPLICATE_AT_TEMPOS, drop_surplus_motif, merge_copies
from motifmine.models.plsm.search import LENGTHS_PER_MOTIF
from motifmine.models.plsm.sparse_events import count_of_event
from motifmine.models.plsm.spec import PlsmSpec
from motifmine.models.plsm.split_moves import SAME_COSINE
from motifmine.models.plsm.tempo import LEAST_SPARSITY, search_at_tempos, tempos_of, with_tempos
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator
from motifmine.time_limit import is_time_up

S = TypeVar("S", bound=PlsmSpec)

HIDDEN_SHARE = 0.1
"""Share of the observations that is hidden to decide the activity."""
N_DECIDE = 60_000
"""Approximate number of observations that decide the activity."""


def climbed(spec: PlsmSpec, problem: Problem, state: State, watch: Watch) -> State:
    """Return the state after EM on everything, as long as it pays.

    Parameters
    ----------
    watch : Watch
        Records rounds and iterations, and reports progress.
    """
    return climb(
        problem,
        state,
        n_iterations=spec.iterations,
        tolerance=spec.tolerance,
        on_value=watch.see,
    )


def decide_tempos(spec: S, table: ObservationTable, seed: int) -> tuple[S, tuple[str, ...]]:
    """Return the specification with its tempos decided, and a line if there are several.

    Parameters
    ----------
    spec : PlsmSpec
        Resolved.
    """
    if spec.tempo == "off" or spec.tempo_steps:
        return spec, ()
    if is_time_up():
        return replace(spec, tempo="off"), ()
    # motifs that go on all the time leave no starts at which a tempo could be read off
    if spec.activity != "sparse" or spec.start == "random":
        return replace(spec, tempo="off"), ()
    spec, line = with_tempos(spec, table, number_of(spec), seed)
    return spec, (line,) if line else ()


def begun_at_tempos(
    spec: PlsmSpec, table: ObservationTable, seed: int, *, n_threads: int
) -> tuple[Problem, State]:
    """Return motifs at the tempos of a specification, their starts inferred on everything.

    Parameters
    ----------
    spec : PlsmSpec
        With its tempos decided.
    """
    motifs, words = search_at_tempos(spec, table, number_of(spec), seed, n_threads=n_threads)
    problem = prepare_em(
        table,
        spec.motif_length,
        replace(spec.priors, sparsity=max(spec.priors.sparsity, LEAST_SPARSITY)),
        most_motifs=len(motifs),
        n_threads=n_threads,
        tempos=tempos_of(spec.tempo_steps or 0),
    )
    return problem, with_inferred_starts(problem, motifs, words)


def without_surplus(
    spec: PlsmSpec, table: ObservationTable, problem: Problem, state: State, watch: Watch
) -> State:
    """Return the state after merging copies and dropping motifs that are surplus.

    A motif whose gain is below its description length stays if it holds on data that it was not
    learned from. When motifs went, the starts of the others are inferred again.

    Parameters
    ----------
    table : ObservationTable
        The table that `problem` was prepared from.
    watch : Watch
        Records rounds and iterations, and reports progress.
    """
    n_before = state.n_motifs
    halves = halves_in_memory(table, problem)

    def holds(state: State) -> NDArray[np.bool_]:
        if halves is None:
            return np.zeros(state.n_motifs, dtype=bool)
        return evidence(halves, state)[0] >= LEAST_EVIDENCE

    while state.n_motifs > 1 and not is_time_up():
        same = SAME_COSINE if state.tempos is None else DUPLICATE_AT_TEMPOS
        fewer: State | None = merge_copies(state, 1, least_cosine=same)
        # copies first: each would make the other look surplus
        if fewer is not None and fewer.n_motifs == state.n_motifs:
            # events: the growth compared whole descriptions, in which the starts of a motif that is
            # gone cost another one as much
            if spec.least_count:
                break
            fewer = drop_surplus_motif(problem, state, holds=holds)
        if fewer is None:
            break
        state = climbed(spec, problem, fewer, watch)
    if state.n_motifs < n_before:
        state = with_inferred_starts(problem, state.usual, state.background_word)
        state = climbed(spec, problem, state, watch)
    return state


def settled_at_front(spec: PlsmSpec, problem: Problem, state: State, watch: Watch) -> State:
    """Return motifs that begin where their windows do, after EM where any was moved."""
    moved = begin_at_front(problem, state)
    if np.array_equal(moved.motifs, state.motifs):
        return state
    return climbed(spec, problem, moved, watch)


def has_open_number(spec: PlsmSpec) -> bool:
    """Return whether the data decide how many motifs there are."""
    return spec.n_motifs is None and is_searched(spec)


def is_searched(spec: PlsmSpec) -> bool:
    """Return whether motifs come from windows of the data, not from random starts."""
    return spec.activity != "dense" and spec.start != "random"


def resolve(spec: S, table: ObservationTable, *, seed: int = 0, n_threads: int = 1) -> S:
    """Return the specification with everything decided that is left open, for `table`.

    An open number of motifs stays open, see `has_open_number`.
    """
    if has_open_number(spec):
        spec = replace(spec, activity="sparse")
    elif spec.n_motifs is None:
        spec = replace(spec, n_motifs=USUAL_NUMBER)
    if spec.activity == "auto":
        # nothing depends on the activity any more
        if None not in (spec.start, spec.sparsity, spec.background):
            spec = replace(spec, activity="dense" if spec.start == "random" else "sparse")
        else:
            spec = of_better_activity(spec, table, generator(seed, Stream.ACTIVITY), n_threads)
    is_sparse = spec.activity == "sparse"
    start = spec.start or ("search" if is_sparse else "random")
    least = spec.least_count
    if least is None:
        least = count_of_event(table) if is_sparse and start == "search" else 0.0
    return replace(
        spec,
        least_count=least,
        start=start,
        restarts=spec.restarts or (2 if start == "search" else 8),
        sparsity=(2.0 if is_sparse else 0.0) if spec.sparsity is None else spec.sparsity,
        # dense motifs explain what repeats all the time; a learned background would take it from
        # them
        background=("learned" if is_sparse else 0.01)
        if spec.background is None
        else spec.background,
    )


def of_better_activity(
    spec: S, table: ObservationTable, rng: np.random.Generator, n_threads: int
) -> S:
    """Return the specification with the activity that predicts hidden observations better."""
    part = part_of_time(
        table, spec.motif_length, N_DECIDE, LENGTHS_PER_MOTIF * number_of(spec), rng
    )
    kept, hidden = hide_observations(part, HIDDEN_SHARE, rng)
    # too few observations to compare anything
    if len(kept.word) == 0 or len(hidden.word) == 0:
        return replace(spec, activity="sparse")
    scores: dict[Literal["auto", "sparse", "dense", "moving"], float] = {}
    activities: tuple[Literal["sparse"], Literal["dense"]] = ("sparse", "dense")
    for activity in activities:
        cheap = replace(
            spec, activity=activity, rounds=2, restarts=1, iterations=60, drop_surplus=False
        )
        trial = resolve(cheap, kept)
        watch = Watch.of(trial, None)
        problem = prepare_fit(trial, kept, n_threads)
        if trial.start == "search":
            state = best_search(trial, kept, problem, 0, watch)
        else:
            state = best_random_start(trial, problem, 0, watch)
        scores[activity] = hidden_score(hidden, problem, climbed(trial, problem, state, watch))
    return replace(spec, activity=max(scores, key=scores.__getitem__))
