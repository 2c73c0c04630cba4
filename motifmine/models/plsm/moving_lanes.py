"""Lanes: motifs of one moving thing with their whole paths, each lane once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motifmine.models.moving_paths import (
    SAME_PATH,
    TOLERANCE,
    Path,
    own_run,
    share_on_path,
    shares_on_paths,
    trace_path,
)
from motifmine.models.moving_window import TURN, MovingWindow
from motifmine.models.plsm.kernels.moving import sweep_gathered, triggered_counts
from motifmine.models.plsm.moving_companions import (
    MOSTLY,
    TOUCHING,
    Tracked,
    own_path,
    things_with,
)
from motifmine.models.plsm.problem import Problem
from motifmine.records.start_layout import StartLayout
from motifmine.types import Floats, Floats32, Indices

LEAST_OCCURRENCES = 2
"""A motif recurs."""
LEAST_SHARE = 0.01
"""Share of the observations that a lane holds at least."""
LEAST_FOUND = 3
"""Random starts that must find a lane."""
LIKE_LENGTH = 0.4
"""Product of the share on the path and the ratio of the lengths from which two are one finding."""
BEND = 1.0
"""Concentration of directions where a path is followed that leaves another."""
OWN = 0.4
"""Share of the typical weight from which a start is of a thing of the motif's own."""
STANDS_OUT = 0.25
"""Share of the typical weight of a motif that its occurrences have at least."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lane:
    """A motif of one thing that moves, followed along its path."""

    restart: int
    """Random start that found it."""
    share: float
    """Of the observations."""
    n_occurrences: int
    path: Path
    counts: Floats32
    """Mean counts around its occurrences along the path, float32 array (n, W)."""
    document: Indices
    """Document of each of its things, int64 array."""
    begin: Indices
    """Bin in which each is at the first point of the path, int64 array."""
    is_bent: bool = False
    """Whether it leaves the path of another motif, so that it may turn sharply."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Some of the starts of a motif, whose things pass next to its path or on it."""

    owner: int
    """The motif."""
    row: Indices
    """Start rows."""
    weight: Floats
    offset: float = 0.0
    """Distance across the path at which they pass, cells."""
    span: tuple[int, int] | None = None
    """First and one after the last bin of the motif in which they are on the path; None: all."""


def follow_lanes(
    tracked: Tracked, window: MovingWindow, *, restart: int, longest: int
) -> list[Lane]:
    """Return the motifs of a state as lanes, each followed to both ends of its path.

    Parameters
    ----------
    longest : int
        Bins of a path at most.
    """
    # only clear occurrences: faint ones would blur the mean that the path is followed in
    row, motif, weight = main_starts(tracked.problem.layout, tracked.state.starts)
    parts = [
        Part(owner=k, row=row[motif == k], weight=weight[motif == k])
        for k in range(tracked.state.n_motifs)
        if np.count_nonzero(motif == k) >= LEAST_OCCURRENCES and tracked.state.motifs[k].any()
    ]
    return follow_parts(tracked, window, parts, restart=restart, longest=longest)


def follow_parts(
    tracked: Tracked, window: MovingWindow, parts: Sequence[Part], *, restart: int, longest: int
) -> list[Lane]:
    """Return a lane for each part, followed to both ends of its path.

    Parameters
    ----------
    longest : int
        Bins of a path at most.
    """
    problem, state = tracked.problem, tracked.state
    layout = problem.layout
    # from either end of what is known a path may go on as far as it may be long
    before = longest
    per_bin = np.bincount(layout.word, layout.count, problem.n_words) / max(
        int(layout.n_times.sum()), 1
    )
    mass = state.starts.sum(axis=0, dtype=np.float64)
    total = np.bincount(
        [part.owner for part in parts], [part.weight.sum() for part in parts], state.n_motifs
    )
    lanes = []
    for counts, part in zip(_mean_around(problem, parts, before), parts, strict=True):
        k = part.owner
        first, last = part.span or own_run(state.motifs[k].sum(axis=1, dtype=np.float64))
        points = tracked.centre[k, first:last].copy()
        points[:, :2] += part.offset * np.stack([points[:, 3], -points[:, 2]], axis=1)
        # windows begin `before` bins earlier than motifs
        known = Path(points=points, first=first + before)
        # what leaves a path does so in a bend
        turn = TURN if part.span is None else BEND
        path = trace_path(
            counts, per_bin.astype(np.float32), known, window, longest=longest, turn=turn
        )
        share = mass[k] / problem.total * part.weight.sum() / max(total[k], 1e-30)
        document, start = layout.start_of_row(part.row)
        lanes.append(
            Lane(
                restart=restart,
                share=float(share),
                n_occurrences=len(part.row),
                path=path,
                counts=counts[path.first : path.first + len(path.points)].copy(),
                document=document,
                begin=start + path.first - before,
                is_bent=part.span is not None,
            )
        )
    return lanes


def main_starts(layout: StartLayout, starts: Floats32) -> tuple[Indices, Indices, Floats]:
    """Return rows, motifs and weights of the starts that stand out, in typical weights."""
    gathered = starts.copy()
    reach = np.full(starts.shape[1], 2, np.int64)
    # starts of one thing are spread over a few bins; each round moves mass to the local peak
    for _ in range(3):
        sweep_gathered(gathered, layout.document_rows, reach, 2.0)
    mass = gathered.sum(axis=0, dtype=np.float64)
    square = np.square(gathered, dtype=np.float64).sum(axis=0)
    typical = np.divide(square, mass, out=np.zeros_like(mass), where=mass > 0)
    row, motif = np.nonzero(gathered > STANDS_OUT * np.maximum(typical, 1e-9))
    # the large weight of a lorry must not hide the cars
    weight: Floats = np.minimum(gathered[row, motif] / typical[motif], 1.5)
    return row, motif, weight


def _mean_around(problem: Problem, parts: Sequence[Part], before: int) -> Floats32:
    """Return the mean counts from `before` bins before starts to as many after their motif.

    float32 array (parts, L + 2 * before, W).
    """
    layout = problem.layout
    length = layout.motif_length
    total = np.zeros((len(parts), length + 2 * before, problem.n_words), np.float32)
    if not parts:
        return total
    row = np.concatenate([part.row for part in parts])
    weight = np.concatenate([part.weight for part in parts])
    number = np.repeat(np.arange(len(parts)), [len(part.row) for part in parts])
    document = np.searchsorted(layout.document_rows, row, side="right") - 1
    begins = layout.document_rows[document]
    triggered_counts(
        layout.bin_row,
        layout.offsets,
        layout.word,
        layout.count,
        row - length + 1,
        number,
        weight,
        np.stack([begins, begins + layout.n_times[document]], axis=1),
        -before,
        total,
    )
    total /= np.maximum(np.bincount(number, weight, len(parts)), 1e-9)[:, None, None]
    return total


def choose_lanes(
    found: Sequence[Lane],
    window: MovingWindow,
    known: Sequence[Lane],
    *,
    least_share: float,
    least_extent: float,
) -> list[Lane]:
    """Return one of `found` for every lane that several random starts found and is not known.

    Those that other random starts resemble most come first; what lies on their paths goes.

    Parameters
    ----------
    least_share : float
        Of the observations.
    least_extent : float
        Widths of its window that a thing moves on at least; what does not, stays where it is.
    """
    able = [
        lane
        for lane in found
        if lane.share >= least_share
        and lane.path.extent(window) >= least_extent
        and all(
            share_on_path(lane.path, other.path, window, TOLERANCE) <= SAME_PATH for other in known
        )
    ]
    if not able:
        return []
    same = shares_on_paths([lane.path for lane in able], window, TOLERANCE)
    support = _support(able, same)
    # agreement comes first, the root keeps a heavy lane from winning by mass alone
    value = support.sum(axis=1) * np.sqrt([lane.share for lane in able])
    # what a single random start found is often a mixture of lanes
    is_found = (support > LIKE_LENGTH).sum(axis=1) >= LEAST_FOUND
    left = np.ones(len(able), dtype=bool)
    chosen = []
    while left.any():
        best = int(np.flatnonzero(left)[np.argmax(value[left])])
        left &= same[best] <= SAME_PATH
        left[best] = False
        if is_found[best]:
            chosen.append(able[best])
    return chosen


def _support(lanes: Sequence[Lane], same: Floats) -> Floats:
    """Return how well each random start agrees with each lane, 0 to 1, (lanes, starts)."""
    length = np.array([lane.path.length for lane in lanes])
    restart = np.array([lane.restart for lane in lanes])
    alike = same * np.minimum.outer(length, length) / np.maximum.outer(length, length)
    # partial overlap is no agreement: lanes cross
    alike[same <= SAME_PATH] = 0.0
    return np.stack(
        [alike[:, restart == r].max(axis=1, initial=0.0) for r in np.unique(restart)], axis=1
    )


def distinct_lanes(tracked: Tracked, window: MovingWindow, *, longest: int) -> list[Lane]:
    """Return the motifs of a state as lanes, without those of another's things.

    Motifs are of the same things where they are at one place all along, or where they come
    together at a fixed lag by more than chance and touch there: halves of one thing, or pieces of
    one path, which the heavier of them is then followed along.

    Parameters
    ----------
    longest : int
        Bins of a path at most.
    """
    problem, state = tracked.problem, tracked.state
    lanes = follow_lanes(tracked, window, restart=0, longest=longest)
    row, motif, weight = main_starts(problem.layout, state.starts)
    recurring = [
        k
        for k in range(state.n_motifs)
        if np.count_nonzero(motif == k) >= LEAST_OCCURRENCES and state.motifs[k].any()
    ]
    # a motif is a little active, too, where a thing passes in the lane next to it
    row, motif = row[weight >= OWN], motif[weight >= OWN]
    kept: list[int] = []
    # heaviest first, so that a part of a lane is compared with the whole, not the other way round
    for at in np.argsort([-lane.share for lane in lanes], kind="stable"):
        k = recurring[at]
        is_new = lanes[at].share >= LEAST_SHARE and not any(
            _is_same(tracked, window, recurring[j], k, row[motif == recurring[j]], row[motif == k])
            for j in kept
        )
        if is_new:
            kept.append(int(at))
    return [lanes[at] for at in kept]


def _is_same(
    tracked: Tracked, window: MovingWindow, j: int, k: int, one: Indices, other: Indices
) -> bool:
    """Return whether motifs j and k, with starts in the rows `one` and `other`, are of one thing.

    Where j has many starts without k, k must lie next to it all along: a part of some of its
    things. Else it may be another path that ends where j does, so that j is found there too.
    """
    # by places, not by words: those of the front and the rear of one thing differ in direction
    if is_copy(own_path(tracked, j), own_path(tracked, k), window):
        return True
    together = things_with(tracked, window, j, k, one, other)
    if together is None:
        return False
    is_mutual = np.count_nonzero(together) >= MOSTLY * len(one)
    beside = share_on_path(own_path(tracked, j), own_path(tracked, k), window, TOUCHING)
    return bool(is_mutual or beside > SAME_PATH)


def is_copy(one: Path, other: Path, window: MovingWindow) -> bool:
    """Return whether two paths, moved in time, are at one place most of the time.

    Parameters
    ----------
    window : MovingWindow
        Its widths are the unit of distances.
    """
    n, m = len(one.points), len(other.points)
    middle = one.points[n // 2]
    width = window.width_at(*middle[:2])
    apart = other.points[None, :, :2] - one.points[:, None, :2]
    along = apart @ middle[2:] / width[0]
    across = (apart[:, :, 0] * middle[3] - apart[:, :, 1] * middle[2]) / width[1]
    distance = np.hypot(along, across)
    least = SAME_PATH * min(n, m)
    together = [np.diagonal(distance, lag) for lag in range(1 - n, m)]
    return any(len(each) >= least and each.mean() < TOLERANCE for each in together)
