"""PLSM with motifs of one moving thing: number, length and paths are decided by the data.

Several short fits begin at random, with straight paths and windows that narrow
(`motifmine.models.moving_window`). What several of them find is followed along its whole path
and taken once a lane (`motifmine.models.plsm.moving_lanes`). Then the lanes compete for all
observations; starts that are closer than a thing takes to pass are gathered in one, so that a motif
is a whole thing. More lanes are sought among the observations that stay unexplained.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from motifmine.errors import SpecError
from motifmine.models.excerpt import part_of_time
from motifmine.models.moving_window import LEAST_EXPLAINED, TURN, WIDEST, MovingWindow
from motifmine.models.plsm.beginnings import Watch
from motifmine.models.plsm.em import step, with_expected_counts
from motifmine.models.plsm.moving_companions import Tracked
from motifmine.models.plsm.moving_em import MovingMotifs, climb_along
from motifmine.models.plsm.moving_lanes import (
    LEAST_OCCURRENCES,
    LEAST_SHARE,
    Lane,
    choose_lanes,
    distinct_lanes,
    follow_lanes,
    main_starts,
)
from motifmine.models.plsm.moving_splits import split_lanes, starts_at_things
from motifmine.models.plsm.moving_things import CURVED, PASSING, with_things
from motifmine.models.plsm.problem import Problem, flat_start, prepare_em
from motifmine.models.plsm.search import compute_background_shares
from motifmine.models.plsm.spec import PlsmSpec, Priors
from motifmine.records.fit import Background, MotifSet
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator
from motifmine.time_limit import is_time_up
from motifmine.types import Floats, Floats32, Indices32

S = TypeVar("S", bound=PlsmSpec)

N_RESTARTS = 5
"""Random starts whose motifs are compared."""
N_ROUNDS = 3
"""Times that lanes are sought, later ones among unexplained observations."""
MOST_MOTIFS = 10
"""Motifs at most where no number is given."""
LEAST_MOTIFS, N_MORE = 12, 2
"""Motifs of a random start at least, and beyond the number asked for: what is no lane needs some
too, and few motifs are mixtures."""
ITERATIONS = 60
"""EM iterations of a random start."""
NARROW_AFTER = 0.6
"""Share of the iterations in which windows narrow."""
STRAIGHT = 0.5
"""Fourth root of the stiffness of paths at random starts, in lengths of a motif."""
SOUGHT_S = 1.8
"""Length of the motifs of random starts, seconds."""
LEAST_SOUGHT = 6
"""The same in bins at least."""
N_SOUGHT = 100_000
"""Approximate number of observations that random starts use."""
LENGTHS_SOUGHT = 30
"""Lengths of a motif that are looked at for every random start at least."""
HELD_BACK = 0.05
"""Share of the background at random starts: it may not explain motifs away."""
LEAST_EXTENT, LEAST_EXTENT_OF_REST = 1.2, 2.0
"""Widths of its window that a thing moves on at least, in the first round and later ones."""
N_COMPETING = 500_000
"""Approximate number of observations that lanes compete for; of more they learn in the end."""
PATHS_COMPETING = 30
"""Longest paths that these observations hold at least."""
N_SETTLE, N_LEARN = 40, 10
"""EM iterations while lanes compete, and of their motifs on everything where that is more."""
BENT = 1.5
"""Fourth root of the stiffness of the path of a lane that leaves another, bins."""
N_COMPETE = 3
"""Times that lanes compete while some of them turn out to be others."""
LEAST_KEPT = 0.95
"""Share of what the motifs explain that they still explain after some were split."""
ENOUGH = 0.1
"""Share of the observations left unexplained in which no more lanes are sought."""


def is_moving(spec: PlsmSpec, table: ObservationTable) -> bool:
    """Return whether motifs of moving things are sought in a table.

    Raises
    ------
    SpecError
        When they are asked for, of words that do not move.
    """
    moves = table.vocabulary.layout.movements() is not None
    if spec.activity == "moving":
        if not moves:
            raise SpecError(
                "activity is 'moving', but the words have no place that they move through, as "
                f"those of video have; they are of the kind {table.vocabulary.kind!r}"
            )
        return True
    # whoever sets one of these asks for the plain model
    decided = (spec.start, spec.sparsity, spec.background)
    return moves and spec.activity == "auto" and decided == (None, None, None)


def moving_motifs(
    spec: S,
    table: ObservationTable,
    compact: ObservationTable,
    used: Indices32,
    seed: int,
    n_threads: int,
    watch: Watch,
) -> tuple[S, MovingMotifs] | None:
    """Return the specification with all decided, and the motifs; None for too little that moves.

    Parameters
    ----------
    table, compact : ObservationTable
        Over all words, and over those that were seen.
    used : int array
        The words that were seen.
    """
    layout = table.vocabulary.layout
    positions, movements = layout.positions(), layout.movements()
    if positions is None or movements is None:
        return None
    window = MovingWindow.of_table(positions[used], movements[used], compact)
    # starts of one thing gather by themselves; a threshold would drop faint things
    spec = replace(spec, sparsity=spec.sparsity or 0.0, background="learned")
    search = _Search(spec, compact, window, seed, n_threads, watch)
    part = search.part_that_lanes_compete_for()
    found = replace(search, table=part).find()
    if found is None:
        return None
    if part is not compact:
        found = search.learned(found)
    # swaying trees and flicker move along no path: the plain model suits them better
    if spec.activity != "moving" and found.explained < LEAST_EXPLAINED:
        return None
    # masses of things are measured before the prior takes anything off
    counted = with_expected_counts(found.problem, found.state)
    found = replace(found, problem=with_things(found.problem, counted, positions[used]))
    return replace(spec, activity="moving", start="random", restarts=N_RESTARTS), found


def describe_decisions(motifs: MotifSet, background: Background) -> str:
    """Return a line: how many motifs of moving things there are, and how much they hold."""
    return (
        f"{len(motifs)} motifs, each one thing that moves along a path of its own; they hold "
        f"{1 - background.weight:.0%} of the observations"
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """The search for lanes in one table."""

    spec: PlsmSpec
    table: ObservationTable
    window: MovingWindow
    seed: int
    n_threads: int
    watch: Watch

    @property
    def n_motifs(self) -> int:
        """Motifs at most."""
        return self.spec.n_motifs or MOST_MOTIFS

    @property
    def longest(self) -> int:
        """Bins of a path at most."""
        most = max(recording.n_times for recording in self.table.recordings)
        if self.spec.longest_s is None:
            return min(self.spec.motif_length, most)
        return min(max(round(self.spec.longest_s / self.table.bin_s), LEAST_SOUGHT), most)

    @property
    def sought(self) -> int:
        """Bins of the motifs of random starts."""
        return min(max(LEAST_SOUGHT, round(SOUGHT_S / self.table.bin_s)), self.longest)

    def part_that_lanes_compete_for(self) -> ObservationTable:
        """Return stretches of a long table, or the table itself."""
        # stretches are 60 of these long, so that what their ends cut off is little
        length = max(self.sought, self.longest // 6)
        n_lengths = -(-PATHS_COMPETING * self.longest // length)
        rng = generator(self.seed, Stream.SEARCH_PART)
        return part_of_time(self.table, length, N_COMPETING, n_lengths, rng)

    def find(self) -> MovingMotifs | None:
        """Return the motifs of all lanes, None where there is none."""
        lanes: list[Lane] = []
        found: MovingMotifs | None = None
        rest = self.table
        for number in range(N_ROUNDS):
            left = 1.0 if found is None else 1.0 - found.explained
            new = choose_lanes(
                self._seek(rest, number),
                self.window,
                lanes,
                # shares are of the rest: the least is scaled so that it means the same of the whole
                least_share=LEAST_SHARE / left,
                least_extent=LEAST_EXTENT if found is None else LEAST_EXTENT_OF_REST,
            )
            if not new:
                break
            n_before = len(lanes)
            # more than asked for: a few will turn out to be others, or parts of them
            found, lanes = self._compete((lanes + new)[: self.n_motifs + N_MORE])
            if found is None or len(lanes) >= self.n_motifs or found.explained > 1 - ENOUGH:
                break
            if is_time_up():
                break
            if len(lanes) <= n_before:
                # what a round finds and competition takes back, the next would find again
                break
            parts = compute_background_shares(found.problem, found.state)
            # by responsibility, so that what lanes share with others stays in part
            rest = self.table.with_counts(self.table.count * parts)
        return None if found is None else self._with_lanes_split(found)

    def _with_lanes_split(self, found: MovingMotifs) -> MovingMotifs:
        """Return the motifs with those of several lanes side by side split, if all lanes stay."""
        lanes = split_lanes(found.tracked, self.window, longest=self.longest, most=self.n_motifs)
        if not lanes:
            return found
        split = self._settle(lanes, at_things=True)
        _, motif, _ = main_starts(split.problem.layout, split.state.starts)
        n_starts = np.bincount(motif, minlength=len(lanes))
        # routes followed where nothing passes would leave what they took to the background
        is_worse = split.explained < LEAST_KEPT * found.explained
        return found if is_worse or n_starts.min() < LEAST_OCCURRENCES else split

    def _seek(self, table: ObservationTable, number: int) -> list[Lane]:
        """Return the motifs of several random starts, each with its whole path."""
        length = self.sought
        rng = generator(self.seed, number)
        part = part_of_time(table, length, N_SOUGHT, LENGTHS_SOUGHT, rng)
        n_motifs = max(self.n_motifs + N_MORE, LEAST_MOTIFS)
        problem = prepare_em(
            part,
            length,
            # at random starts a free background would explain everything
            Priors(sparsity=0.0, background=HELD_BACK),
            most_motifs=n_motifs,
            n_threads=self.n_threads,
        )
        lanes: list[Lane] = []
        for restart in range(N_RESTARTS):
            tracked, value = _anneal(problem, self.window, n_motifs, rng)
            self.watch.see_round(value)
            lanes += follow_lanes(tracked, self.window, restart=restart, longest=self.longest)
            if is_time_up():
                break
        return lanes

    def _compete(self, lanes: list[Lane]) -> tuple[MovingMotifs | None, list[Lane]]:
        """Return the motifs of lanes, and the lanes, after those that are others have gone.

        Then the heaviest stay, as many as there may be.
        """
        found: MovingMotifs | None = None
        # taking a lane away moves its observations, which may make two others one
        for _ in range(N_COMPETE):
            found = self._settle(lanes)
            n_before = len(lanes)
            lanes = distinct_lanes(found.tracked, self.window, longest=self.longest)
            lanes = lanes[: self.n_motifs]
            if not lanes:
                return None, []
            if len(lanes) == n_before or is_time_up():
                break
        if found is not None and found.state.n_motifs > self.n_motifs:
            found = self._settle(lanes)
        return found, lanes

    def _settle(self, lanes: Sequence[Lane], *, at_things: bool = False) -> MovingMotifs:
        """Return the motifs of lanes after EM on all observations.

        From starts that are all alike, or from those of the lanes' own things: lanes that have
        much in common would share each thing.
        """
        # the trace is that of the fit returned, not of the attempts before it
        self.watch.rows.clear()
        length = self.spec.motif_length
        if self.spec.longest_s is not None:
            length = max(len(lane.path.points) for lane in lanes) + 2
        motifs, centre, spans = _begin(lanes, self.window, length, self.table.n_words)
        reach = np.array([_reach(lane, self.window) for lane in lanes], dtype=np.int64)
        problem = prepare_em(
            self.table,
            length,
            Priors(sparsity=self.spec.sparsity or 0.0, reach=tuple(reach.tolist())),
            most_motifs=len(lanes),
            n_threads=self.n_threads,
        )
        state = flat_start(problem, motifs, problem.word_shares())
        if at_things:
            state = state._replace(starts=starts_at_things(problem, state.starts, lanes, spans))
        stiffness = np.where([lane.is_bent for lane in lanes], BENT, CURVED * length) ** 4
        begun = MovingMotifs(
            problem=problem, state=state, centre=centre, stiffness=stiffness, spans=spans
        )
        return climb_along(begun, self.window, self.watch, N_SETTLE)

    def learned(self, found: MovingMotifs) -> MovingMotifs:
        """Return motifs found in a part of the table after EM on all observations."""
        problem = prepare_em(
            self.table,
            found.problem.layout.motif_length,
            found.problem.priors,
            most_motifs=found.state.n_motifs,
            n_threads=self.n_threads,
        )
        state = flat_start(problem, found.state.motifs, found.state.background_word)
        self.watch.rows.clear()
        begun = replace(found, problem=problem, state=state)
        return climb_along(begun, self.window, self.watch, N_LEARN)


def _anneal(
    problem: Problem, window: MovingWindow, n_motifs: int, rng: np.random.Generator
) -> tuple[Tracked, float]:
    """Return the state that one random start leads to, and its log-likelihood."""
    length = problem.layout.motif_length
    shares = problem.word_shares()
    near_uniform = rng.uniform(0.5, 1.5, (n_motifs, length, problem.n_words)) * shares
    near_uniform /= near_uniform.sum(axis=(1, 2), keepdims=True)
    state = flat_start(problem, near_uniform.astype(np.float32), shares)
    noise = rng.uniform(0.5, 1.5, state.starts.shape).astype(np.float32)
    # equal starts and near equal motifs are a saddle point that EM leaves slowly
    state = state._replace(starts=state.starts * noise)
    nothing = np.zeros(problem.layout.n_rows, np.float32)
    centre: Floats | None = None
    value = -np.inf
    for i in range(ITERATIONS):
        progress = min(1.0, i / (NARROW_AFTER * ITERATIONS))
        state, value = step(problem, state, nothing)
        motifs, centre = window.follow(
            state.motifs,
            centre,
            # geometric: narrow windows see one thing only, wide ones find it
            scale=WIDEST ** (1.0 - progress),
            # directions count once places are roughly right
            turn=TURN * progress,
            stiffness=(STRAIGHT * length) ** 4,
        )
        state = state._replace(motifs=motifs)
    assert centre is not None
    return Tracked(problem=problem, state=state, centre=centre), value


def _reach(lane: Lane, window: MovingWindow) -> int:
    """Return the bins in which another start is still of the same thing."""
    bins = round(PASSING * lane.path.passing_bins(window))
    return int(np.clip(bins, 1, len(lane.path.points)))


def _begin(
    lanes: Sequence[Lane], window: MovingWindow, length: int, n_words: int
) -> tuple[Floats32, Floats, list[tuple[int, int]]]:
    """Return motifs (K, L, W), their paths, and first and last bins.

    Relative time 0 of a motif is a bin before its thing is seen, whatever the lengths of the
    others: so much a path may still grow at its begin.
    """
    motifs = np.zeros((len(lanes), length, n_words), np.float32)
    centre = np.zeros((len(lanes), length, 4))
    spans = []
    for k, lane in enumerate(lanes):
        n = min(len(lane.path.points), length)
        cut, first = (len(lane.path.points) - n) // 2, min(1, (length - n) // 2)
        motifs[k, first : first + n] = lane.counts[cut : cut + n]
        points = lane.path.points[cut : cut + n]
        # outside the path the centre stays at its end, where windows find nothing
        centre[k] = np.pad(points, ((first, length - first - n), (0, 0)), mode="edge")
        spans.append((first, first + n))
    motifs, mass = window.multiply(motifs, centre, scale=1.0, turn=TURN)
    motifs /= np.maximum(mass.sum(axis=1), 1e-30)[:, None, None].astype(np.float32)
    return motifs, centre, spans
