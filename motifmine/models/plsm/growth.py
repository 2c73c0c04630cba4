"""As many motifs as there are: motifs are split, merged, added and pruned until nothing changes.

There are several ways there. One begins with a single motif, which is split and added to, others
with more than there may be. Which suits differs: patterns that fill the recording, much alike, come
from splits, and what happens rarely over much else from many beginnings. Of the results the one is
taken whose occurrences replicate best: refined on two halves of the table, motifs are located
everywhere, and the occurrences of both are compared. What counts is the number of distinct moments
that replicate, so that few sure motifs do not win, times the share of occurrences that is a moment
of its own, so that several for one thing do not win either. The likelihood of held-out observations
would always take the larger number.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from motifmine.models.excerpt import part_of_time
from motifmine.models.plsm.centring import crop_motifs, settle
from motifmine.models.plsm.em import Problem, State, flat_start, infer_starts, prepare_em
from motifmine.models.plsm.holding import (
    Halves,
    drop_unreplicated_motifs,
    halves_of,
    refined,
    restarted,
)
from motifmine.models.plsm.occurrence_windows import Canvas, canvas_of, find_peaks
from motifmine.models.plsm.pruning import drop_surplus_motif
from motifmine.models.plsm.search import (
    SearchSettings,
    compute_background_shares,
    cut_seeds,
    run_search,
)
from motifmine.models.plsm.spec import Priors
from motifmine.models.plsm.split_moves import split_and_merge
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Floats32, Indices

N_GROWN = 120_000
"""Approximate number of observations that motifs are grown on,"""
LENGTHS_GROWN = 100
"""and the least number of motif lengths,"""
MOST_CELLS = 2e7
"""but no more cells of time and word than this."""
N_ROUNDS = {"grow": 4, "keep": 4, "prune": 10}
"""Rounds of the search at most."""
MOST_ROUNDS = 6
PATIENCE = 2
"""Rounds without a further motif after which growth ends."""
LEAST_SEEDS = 12
MOST_MOTIFS = 64
DOUBTED = 4.0
"""Occurrences that are taken not to replicate before any are counted: three that do prove
little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to a number of motifs."""

    n_first: int
    """Motifs that it begins with."""
    least_motifs: int
    """Number of motifs that the sparsity is computed for, at least."""
    then: Literal["grow", "keep", "prune"]
    """Step after the search: motifs are added, or those go whose gain is below their
    description length, before splits and merges."""


WAYS = (
    Way(n_first=1, least_motifs=1, then="grow"),
    Way(n_first=10, least_motifs=10, then="keep"),
    Way(n_first=10, least_motifs=1, then="prune"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grown:
    """Motifs that were grown, before any EM on everything."""

    motifs: Floats32
    """float32 array (K, L, W)."""
    background_word: Floats
    least_motifs: int
    """Number of motifs that the sparsity is computed for, at least."""
    replication: float
    """Share of the occurrences that both halves agree on, doubtful ones counted against it."""
    n_occurrences: int
    n_distinct: int
    """Moments at which a motif occurs; what lies within half a motif is one."""

    @property
    def reason(self) -> str:
        """In words for people, with the number of motifs left open."""
        if self.replication == 0:
            return "the table is too short to compare halves of it"
        return (
            f"{self.n_occurrences} occurrences, {self.replication:.0%} of them found again when "
            "motifs are learned from either half"
        )

    @property
    def score(self) -> float:
        """The number of distinct moments, less for what does not replicate or is there twice."""
        return self.replication**2 * self.n_distinct**2 / max(self.n_occurrences, 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Field:
    """What motifs are grown on."""

    problem: Problem
    canvas: Canvas
    halves: Halves | None
    motif_length: int
    keeps_strong: bool
    """See `drop_unreplicated_motifs`."""


def grow_motifs(
    table: ObservationTable,
    motif_length: int,
    priors: Priors,
    seed: int,
    *,
    n_threads: int,
    on_round: Callable[[float], None],
) -> Grown:
    """Return as many motifs as replicate in `table`.

    Parameters
    ----------
    table : ObservationTable
        Without words that never occur.
    motif_length : int
        Bins.
    priors : Priors
    seed : int
    n_threads : int
    on_round : callable
        Called with the log-likelihood of every round.
    """
    rng = generator(seed, Stream.GROWTH)
    # windows are cut from a dense matrix of time and word
    share = min(1.0, MOST_CELLS / max(table.n_times * table.n_words, 1))
    lengths = min(LENGTHS_GROWN, share * table.n_times / motif_length)
    n_observations = min(N_GROWN, share * len(table.word))
    part = part_of_time(table, motif_length, round(n_observations), round(lengths), rng)
    candidates = []
    # the same part of the table for all ways, so that their scores can be compared
    for number, way in enumerate(WAYS):
        field = _field(part, motif_length, priors, way, n_threads)
        rng = generator(seed, Stream.GROWTH, number)
        settings = SearchSettings(n_motifs=way.n_first, restarts=1, rounds=N_ROUNDS[way.then])
        _, state = run_search(field.problem, motif_length, settings, rng, on_round)
        if way.then == "prune":
            state = _pruned(field, state)
        grow = _grown if way.then == "grow" else _settled_moves
        candidates.append(_candidate(field, grow(field, state, rng)))
    return max(candidates, key=lambda grown: grown.score)


def _field(
    part: ObservationTable, motif_length: int, priors: Priors, way: Way, n_threads: int
) -> _Field:
    problem = prepare_em(
        part,
        motif_length + 2 * ((motif_length + 3) // 4),
        # the threshold per motif must not change while motifs are added and dropped
        replace(priors, least_motifs=way.least_motifs),
        most_motifs=MOST_MOTIFS,
        n_threads=n_threads,
    )
    return _Field(
        problem=problem,
        canvas=canvas_of(problem),
        halves=halves_of(part, problem),
        motif_length=motif_length,
        keeps_strong=way.then != "grow",
    )


def _candidate(field: _Field, state: State) -> Grown:
    every = [find_peaks(field.problem, starts).row for starts in state.starts.T]
    rows = np.sort(np.concatenate([np.zeros(0, np.int64), *every]))
    return Grown(
        motifs=crop_motifs(state.motifs, field.motif_length),
        background_word=state.background_word,
        least_motifs=field.problem.priors.least_motifs,
        replication=replication_of(field, state),
        n_occurrences=len(rows),
        n_distinct=_count_distinct(rows, field.motif_length),
    )


def _grown(field: _Field, state: State, rng: np.random.Generator) -> State:
    """Return the state after motifs were split, merged, added and pruned until nothing changes."""
    waited = 0
    for _ in range(MOST_ROUNDS):
        # splits first: a mixture takes the observations that a further motif would need
        state = _settled_moves(field, state, rng)
        more = _without_surplus(field, _with_more(field, state, rng))
        if more.n_motifs > state.n_motifs:
            state, waited = more, 0
        else:
            waited += 1
        if waited >= PATIENCE or state.n_motifs >= MOST_MOTIFS // 2:
            break
    return state


def _pruned(field: _Field, state: State) -> State:
    """Return the state without motifs whose gain is below their description length."""
    while state.n_motifs > 1:
        fewer = drop_surplus_motif(field.problem, state)
        if fewer is None:
            break
        state, _ = settle(field.problem, fewer, field.motif_length, 10)
    return state


def _settled_moves(field: _Field, state: State, rng: np.random.Generator) -> State:
    """Return the state after splits and merges, without what does not hold then."""
    motifs = split_and_merge(field.problem, state, field.canvas, rng)
    if motifs is not None:
        state = restarted(field.problem, state._replace(motifs=motifs))
        state, _ = settle(field.problem, state, field.motif_length, 20)
    return _without_surplus(field, state)


def _with_more(field: _Field, state: State, rng: np.random.Generator) -> State:
    """Return the state with motifs cut from what is unexplained, after some EM."""
    parts = np.maximum(compute_background_shares(field.problem, state), np.float32(1e-3))
    n_seeds = min(max(LEAST_SEEDS, state.n_motifs), MOST_MOTIFS - state.n_motifs)
    seeds = cut_seeds(field.problem, field.problem.layout.count * parts, n_seeds, rng)
    motifs = np.concatenate([state.motifs, seeds])
    state = flat_start(field.problem, motifs, state.background_word)
    state = infer_starts(field.problem, state, n_iterations=12, n_ramp=4, learn_after=4)
    return settle(field.problem, state, field.motif_length, 20)[0]


def _without_surplus(field: _Field, state: State) -> State:
    return drop_unreplicated_motifs(
        field.problem,
        state,
        field.canvas,
        field.halves,
        field.motif_length,
        keeps_strong=field.keeps_strong,
    )


def replication_of(field: _Field, state: State) -> float:
    """Return the share of occurrences that motifs refined on two halves agree on.

    `DOUBTED` more count as disagreed on, so that few occurrences are no proof.
    """
    if field.halves is None:
        return 0.0
    located = [
        restarted(field.problem, refined(half, state), n_iterations=12) for half in field.halves
    ]
    agreed = n_found = 0
    for motif in range(state.n_motifs):
        one, other = (find_peaks(field.problem, part.starts[:, motif]).row for part in located)
        agreed += 2 * _most_pairs(one, other, field.motif_length)
        n_found += len(one) + len(other)
    return agreed / (n_found + 2 * DOUBTED)


def _count_distinct(rows: Indices, motif_length: int) -> int:
    """Return at how many moments there are occurrences; what lies within half a motif is one."""
    n_distinct, last = 0, -np.inf
    for row in rows:
        if row - last > motif_length / 2:
            n_distinct, last = n_distinct + 1, row
    return n_distinct


def _most_pairs(one: Indices, other: Indices, motif_length: int) -> int:
    """Return how many occurrences of two lists pair within a tenth of a motif at one offset."""
    reach = max(1, motif_length // 10)
    offsets = range(-(motif_length // 2), motif_length // 2 + 1)
    return max((_count_pairs(one, other + offset, reach) for offset in offsets), default=0)


def _count_pairs(one: Indices, other: Indices, reach: int) -> int:
    """Return how many of two ascending lists pair within `reach`, each once."""
    i = j = n_pairs = 0
    while i < len(one) and j < len(other):
        if abs(one[i] - other[j]) <= reach:
            n_pairs, i, j = n_pairs + 1, i + 1, j + 1
        elif one[i] < other[j]:
            i += 1
        else:
            j += 1
    return n_pairs
