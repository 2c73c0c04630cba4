"""As many motifs as there are: motifs are split, merged, added and pruned until nothing changes.

There are two ways there. One begins with a single motif, which is split and added to, the other
with more than there may be, of which those go whose gain is below their description length. Which
suits differs: patterns that fill the recording, much alike, come from splits, and what happens
rarely over much else from many beginnings. Of the results the one is taken that describes the table
shortest (minimum description length). The likelihood alone, of held-out observations too, would
take the larger number: each variant of a pattern gains more than chance. Occurrences that motifs
refined on two halves agree on are no criterion either: motifs that divide the background among them
agree with themselves, for they were learned from both halves.
"""

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from motifmine.models.excerpt import part_of_time
from motifmine.models.plsm.centring import crop_motifs, settle
from motifmine.models.plsm.containment import shorten_description
from motifmine.models.plsm.em import infer_starts
from motifmine.models.plsm.holding import Halves, drop_unreplicated_motifs, halves_of, restarted
from motifmine.models.plsm.length import is_clearly_shorter
from motifmine.models.plsm.occurrence_windows import Canvas, canvas_of
from motifmine.models.plsm.problem import Problem, State, flat_start, prepare_em
from motifmine.models.plsm.pruning import compute_saving, drop_surplus_motif
from motifmine.models.plsm.search import (
    SearchSettings,
    compute_background_shares,
    cut_seeds,
    run_search,
)
from motifmine.models.plsm.sparse_events import grow_from_followers
from motifmine.models.plsm.spec import Priors
from motifmine.models.plsm.split_moves import split_and_merge
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator
from motifmine.time_limit import is_time_up
from motifmine.types import Floats, Floats32

N_GROWN = 120_000
"""Approximate number of observations that motifs are grown on,"""
LENGTHS_GROWN = 100
"""and the least number of motif lengths,"""
MOST_CELLS = 2e7
"""but no more cells of time and word than this."""
N_ROUNDS = {"grow": 4, "prune": 10}
"""Rounds of the search at most."""
MOST_ROUNDS = 6
PATIENCE = 3
"""Rounds without a further saving after which growth ends."""
LEAST_SEEDS = 12
FLOOR = 0.05
"""Share of the background's words in motifs of shorter windows, so that no cell is closed."""
MOST_MOTIFS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to a number of motifs."""

    n_first: int
    """Motifs that it begins with."""
    then: Literal["grow", "prune"]
    """Step after the search: motifs are added, or those go whose gain is below their
    description length, before splits and merges."""


WAYS = (
    Way(n_first=1, then="grow"),
    Way(n_first=10, then="prune"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """Motifs that were grown, before any EM on everything."""

    motifs: Floats32
    """float32 array (K, L, W)."""
    background_word: Floats
    saving: float
    """By how many nats they describe the table shorter than rates alone."""
    reason: str
    """The reason for their number, in words for people."""


_LAST: deque[tuple[Any, Grown]] = deque(maxlen=2)
"""What was grown last: the choice of a length grows motifs of two, of which the fit takes one."""


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """Where a way led to."""

    state: State
    saving: float
    """By how many nats it describes the table shorter than without motifs."""


@dataclass(frozen=True, slots=True, eq=False)
class _Field:
    """What motifs are grown on."""

    problem: Problem
    canvas: Canvas
    halves: Halves | None
    motif_length: int


def grow_motifs(
    table: ObservationTable,
    motif_length: int,
    priors: Priors,
    seed: int,
    *,
    n_threads: int,
    on_round: Callable[[float], None],
    order_bins: int = 0,
    most_motifs: int = MOST_MOTIFS,
    drops_surplus: bool = True,
) -> Grown:
    """Return the motifs that describe `table` shortest; those of the last two calls are kept.

    Parameters
    ----------
    table : ObservationTable
        Without words that never occur.
    on_round : callable
        Called with the log-likelihood of every round.
    order_bins : int
        Bins at which the order in time ends, 0 where that is not known. Much longer windows hold
        several occurrences, so that growth also begins with motifs of this length.
    most_motifs, drops_surplus
        Of sparse tables, see `grow_from_followers`.
    """
    settings = (motif_length, priors, seed, most_motifs, drops_surplus)
    shorter = order_bins if is_clearly_shorter(order_bins, motif_length) else 0
    key = _digest(table), (table.n_words, *settings, shorter)
    for known, grown in _LAST:
        if known == key:
            return _copy(grown)
    grown = _grow(table, *settings, n_threads=n_threads, on_round=on_round, order_bins=shorter)
    # growth that the time limit cut short has another result
    if not is_time_up():
        _LAST.append((key, _copy(grown)))
    return grown


def _copy(grown: Grown) -> Grown:
    return replace(grown, motifs=grown.motifs.copy(), background_word=grown.background_word.copy())


def _digest(table: ObservationTable) -> bytes:
    """Return a digest of the observations of a table and its documents."""
    arrays = (table.offsets, table.word, table.count, table.document_offsets)
    parts = [np.ascontiguousarray(values).data for values in arrays]
    return b"".join(hashlib.sha256(part).digest() for part in parts)


def _grow(
    table: ObservationTable,
    motif_length: int,
    priors: Priors,
    seed: int,
    most_motifs: int,
    drops_surplus: bool,
    *,
    n_threads: int,
    on_round: Callable[[float], None],
    order_bins: int,
) -> Grown:
    rng = generator(seed, Stream.GROWTH)
    # windows are cut from a dense matrix of time and word
    share = min(1.0, MOST_CELLS / max(table.n_times * table.n_words, 1))
    lengths = min(LENGTHS_GROWN, share * table.n_times / motif_length)
    n_observations = min(N_GROWN, share * len(table.word))
    part = part_of_time(table, motif_length, round(n_observations), round(lengths), rng)
    field = _field(part, motif_length, priors, n_threads)
    if priors.least_count:
        state = grow_from_followers(
            field.problem, motif_length, most_motifs, rng, drops_surplus=drops_surplus
        )
        best = _Candidate(state, compute_saving(field.problem, state))
        return _grown_motifs(best, [], motif_length)
    states = _all_ways(field, seed, on_round)
    if order_bins:
        shorter = _field(part, order_bins, priors, n_threads)
        for state in _all_ways(shorter, seed, on_round):
            states.append(_in_longer_windows(field, state, shorter.problem.layout.motif_length))
    candidates = [_shortest(field, state) for state in states]
    best, *others = sorted(candidates, key=lambda candidate: -candidate.saving)
    # of the best alone: levels that do not just add up would make it look worse than the others
    state = shorten_description(field.problem, best.state, motif_length)
    best = _Candidate(state, compute_saving(field.problem, state))
    return _grown_motifs(best, others, motif_length)


def _grown_motifs(best: _Candidate, others: list[_Candidate], motif_length: int) -> Grown:
    return Grown(
        crop_motifs(best.state.motifs, motif_length),
        best.state.background_word,
        best.saving,
        _reason(best, others),
    )


def _all_ways(field: _Field, seed: int, on_round: Callable[[float], None]) -> list[State]:
    """Return the motifs that each way leads to."""
    return [
        _went(field, way, generator(seed, Stream.GROWTH, number), on_round)
        for number, way in enumerate(WAYS)
    ]


def _shortest(field: _Field, state: State) -> _Candidate:
    """Return the state, or itself after EM from cells that are all open if that is shorter.

    Cells that a way has closed cannot open again, and motifs with open cells explain more: that,
    not the number of motifs, would decide.
    """
    again = settle(field.problem, restarted(field.problem, _opened(state)), field.motif_length, 20)
    candidates = [_Candidate(s, compute_saving(field.problem, s)) for s in (state, again[0])]
    return max(candidates, key=lambda candidate: candidate.saving)


def _opened(state: State) -> State:
    """Return the state with a floor of the background's words in every motif."""
    even = FLOOR / state.motifs.shape[1] * state.background_word
    return state._replace(motifs=((1 - FLOOR) * state.motifs + even).astype(np.float32))


def _in_longer_windows(field: _Field, state: State, length: int) -> State:
    """Return motifs of shorter windows (K, length, W) learned in those of a field."""
    first = (field.problem.layout.motif_length - length) // 2
    shape = (state.n_motifs, field.problem.layout.motif_length, field.problem.n_words)
    motifs = np.zeros(shape, np.float32)
    motifs[:, first : first + length] = state.motifs
    state = restarted(field.problem, _opened(state._replace(motifs=motifs)))
    return settle(field.problem, state, field.motif_length, 20)[0]


def _went(
    field: _Field, way: Way, rng: np.random.Generator, on_round: Callable[[float], None]
) -> State:
    """Return the motifs that a way leads to."""
    settings = SearchSettings(n_motifs=way.n_first, restarts=1, rounds=N_ROUNDS[way.then])
    _, state = run_search(field.problem, field.motif_length, settings, rng, on_round)
    if way.then == "prune":
        return _settled_moves(field, _pruned(field, state), rng, keeps_strong=True)
    return _grown(field, state, rng)


def _reason(best: _Candidate, others: list[_Candidate]) -> str:
    """Return why the best has its number of motifs, in words for people."""
    reason = f"they shorten the description of the data by {best.saving:,.0f} nats"
    if best.saving <= 0:
        reason = f"describing them costs {-best.saving:,.0f} nats more than they gain"
    # the best of another number
    for other in others:
        n_motifs = other.state.n_motifs
        if n_motifs != best.state.n_motifs and best.saving > other.saving:
            return f"{reason}, {best.saving - other.saving:,.0f} more than {n_motifs} would"
    return reason


def _field(part: ObservationTable, motif_length: int, priors: Priors, n_threads: int) -> _Field:
    wide = motif_length + 2 * ((motif_length + 3) // 4)
    problem = prepare_em(part, wide, priors, most_motifs=MOST_MOTIFS, n_threads=n_threads)
    return _Field(problem, canvas_of(problem), halves_of(part, problem), motif_length)


def _grown(field: _Field, state: State, rng: np.random.Generator) -> State:
    """Return the state after motifs were split, merged and added while that saves anything."""
    best, saving, waited = state, compute_saving(field.problem, state), 0
    for _ in range(MOST_ROUNDS):
        waited += 1
        # splits first: a mixture takes the observations that a further motif would need
        moved = _settled_moves(field, state, rng)
        value = compute_saving(field.problem, moved)
        if value > saving:
            best, saving, waited = moved, value, 0
        # motifs that divide the background would go on being added: each gains a little
        if value < -saving:
            break
        more = _without_surplus(field, _with_more(field, moved, rng))
        value = compute_saving(field.problem, more)
        if value > saving:
            best, saving, waited = more, value, 0
        # one motif more may not pay before the next has come
        state = more if more.n_motifs > moved.n_motifs else moved
        is_large = state.n_motifs >= MOST_MOTIFS // 2
        if waited >= PATIENCE or value < -saving or is_large or is_time_up():
            break
    return best


def _pruned(field: _Field, state: State) -> State:
    """Return the state without motifs whose gain is below their description length."""
    while state.n_motifs > 1:
        fewer = drop_surplus_motif(field.problem, state)
        if fewer is None:
            break
        state, _ = settle(field.problem, fewer, field.motif_length, 10)
    return state


def _settled_moves(
    field: _Field, state: State, rng: np.random.Generator, *, keeps_strong: bool = False
) -> State:
    """Return the state after splits and merges, without what does not hold then."""
    motifs = split_and_merge(field.problem, state, field.canvas, rng)
    if motifs is not None:
        state = restarted(field.problem, state._replace(motifs=motifs))
        state, _ = settle(field.problem, state, field.motif_length, 20)
    return _without_surplus(field, state, keeps_strong=keeps_strong)


def _with_more(field: _Field, state: State, rng: np.random.Generator) -> State:
    """Return the state with motifs cut from what is unexplained, after some EM."""
    parts = np.maximum(compute_background_shares(field.problem, state), np.float32(1e-3))
    n_seeds = min(max(LEAST_SEEDS, state.n_motifs), MOST_MOTIFS - state.n_motifs)
    seeds = cut_seeds(field.problem, field.problem.layout.count * parts, n_seeds, rng)
    motifs = np.concatenate([state.motifs, seeds])
    state = flat_start(field.problem, motifs, state.background_word)
    state = infer_starts(field.problem, state, n_iterations=12, n_ramp=4, learn_after=4)
    return settle(field.problem, state, field.motif_length, 20)[0]


def _without_surplus(field: _Field, state: State, *, keeps_strong: bool = False) -> State:
    return drop_unreplicated_motifs(
        field.problem,
        state,
        field.canvas,
        field.halves,
        field.motif_length,
        keeps_strong=keeps_strong,
    )
