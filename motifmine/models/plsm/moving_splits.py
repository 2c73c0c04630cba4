"""Motifs of several lanes that lie side by side are split by where their things pass.

Lanes that are nearer to each other than things are large look like one to windows as wide as the
things. But each thing of a motif passes at a distance of its own across the path, and those of one
lane at nearly the same: where the distances come in groups that are far apart by their spread, the
motif is of as many lanes. A route that joins another, or leaves it, looks like it as long as they
are one; its things are missing on a part of the path.

Routes are known by two things, and neither replaces the other. Where the stretch of one route alone
has no motif, things are missing (`routes_of`; a crossing with turns: F1 .97, .65 without); where it
has one, the two come together (`moving_routes`; a roundabout: .92, .70 without).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from motifmine.models.moving_paths import SAME_PATH, TOLERANCE, own_run, share_on_path
from motifmine.models.moving_window import MovingWindow
from motifmine.models.plsm.moving_companions import Tracked
from motifmine.models.plsm.moving_lanes import (
    OWN,
    Lane,
    Part,
    follow_parts,
    main_starts,
)
from motifmine.models.plsm.moving_routes import LEAST_THINGS, routes_by_companions, without_covered
from motifmine.models.plsm.problem import Problem
from motifmine.types import Floats, Floats32, Indices

MOST_LANES = 4
"""Lanes at most that one motif is split into at a time."""
BANDWIDTH, NARROW = 0.08, 0.2
"""Standard deviation of the kernel that distances are smoothed by: widths of the window at least,
and in standard deviations of all distances."""
DEEP = 0.3
"""The density between two lanes falls to this share of the lower one."""
FAR_APART = 6.0
"""Distance of neighbouring lanes in standard deviations within them: even distances cut in pieces
reach 3.5."""
LEAST_DISTANCE = 0.5
"""Distance of neighbouring lanes at least, widths: a thing varies in size by less."""
MOST_DISTANCE = 1.0
"""Distance from the path at most, widths: what is farther away has a motif of its own."""
SMALL = 0.15
"""Quantile of the spreads that is that of a thing alone."""
ALONE = 1.25
"""A thing alone is seen at most this multiple of that spread."""
SEEN = 0.2
"""A thing is on the path in a bin where it has this share of the counts that the upper quarter of
things have there."""
ABSENT = 0.25
"""Share of the bins of the first or last third of a path that a thing of another route is in."""
MOSTLY_SEEN, FORK = 0.8, 1
"""Share of the things of a route that are seen in the bins where it is on a path, and bins less at
the fork."""
ELSEWHERE = 0.05
"""Level of the starts of a lane apart from its things, where EM begins with these."""
WIDER = 1.6
"""Windows in which things are measured, in widths across the path: neighbouring lanes are seen."""
LIKE_DIRECTION = 0.6
"""Cosine of directions from which words belong to a thing."""


Group = tuple[Indices, float, tuple[int, int] | None]
"""Some of the things of a motif, their distance across its path, cells, and the bins in which they
are on it (None: all)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Passing:
    """Where the things of one motif pass, in widths of the window across the path."""

    offset: Floats
    """Mean distance across the path, float64 array (n,)."""
    mass: Floats
    """Counts of each thing in each bin of the motif, float64 array (n, bins)."""
    is_inside: NDArray[np.bool_]
    """Whether the bin lies in the recording, bool array (n, bins)."""
    first: int
    """First bin of the motif's own."""
    width: float
    """The width in the middle of the path, cells."""
    spread: Floats
    """Standard deviation of their words across the path, float64 array (n,)."""

    @property
    def is_seen(self) -> NDArray[np.bool_]:
        """Which things are on the path in which of its bins, bool array (n, bins)."""
        usual = np.quantile(self.mass, 0.75, axis=0)
        return np.asarray(self.mass > SEEN * usual, dtype=np.bool_)


def split_lanes(tracked: Tracked, window: MovingWindow, *, longest: int, most: int) -> list[Lane]:
    """Return the motifs of a state as lanes, those of several lanes split; [] if there is none.

    Parameters
    ----------
    longest : int
        Bins of a path at most.
    most : int
        Lanes at most.
    """
    row, motif, weight = main_starts(tracked.problem.layout, tracked.state.starts)
    n_motifs = tracked.state.n_motifs
    things = [np.flatnonzero((motif == k) & (weight >= OWN)) for k in range(n_motifs)]
    routes = routes_by_companions(tracked, window, [row[own] for own in things])
    parts: list[Part] = []
    for k in range(n_motifs):
        own = things[k] if k in routes else np.flatnonzero(motif == k)
        passing = measure_passing(tracked, window, k, row[own])
        room = most - len(parts) - (n_motifs - k - 1)
        groups: list[Group] = [(group, 0.0, span_of(passing, group)) for group in routes.get(k, ())]
        groups = groups or groups_of(passing, most=min(room, MOST_LANES))
        parts += [
            Part(
                owner=k,
                row=row[own[group]],
                weight=weight[own[group]],
                offset=offset,
                span=span,
            )
            for group, offset, span in groups
        ]
    if len(parts) == n_motifs and not routes:
        return []
    lanes = follow_parts(tracked, window, parts, restart=0, longest=longest)
    if not routes:
        return _without_known(parts, lanes, window)
    return without_covered(lanes, window)[:most]


def span_of(passing: Passing, group: Indices) -> tuple[int, int]:
    """Return first and one after the last bin of a motif in which some of its things are seen."""
    on = np.flatnonzero(passing.is_seen[group].mean(axis=0) >= MOSTLY_SEEN)
    # without any bin the whole motif: its path is all that is known of them
    first, last = (int(on[0]), int(on[-1])) if len(on) else (0, passing.mass.shape[1] - 1)
    return passing.first + first, passing.first + last + 1


def groups_of(passing: Passing, *, most: int) -> list[Group]:
    """Return the things of each lane or route of a motif: which, distance in cells, and bins."""
    lanes = lanes_of(passing, most=most)
    if lanes:
        return [(g, passing.width * float(passing.offset[g].mean()), None) for g in lanes]
    routes = routes_of(passing, most=most)
    if routes:
        return [(group, 0.0, span) for group, span in routes]
    return [(np.arange(len(passing.offset)), 0.0, None)]


def routes_of(passing: Passing, *, most: int) -> list[tuple[Indices, tuple[int, int] | None]]:
    """Return the things that take the whole path, and those that join it late or leave it early.

    With the bins of the motif in which they are on it, None for the whole path; [] where all take
    it whole.

    Parameters
    ----------
    most : int
        Routes at most.
    """
    n_bins = passing.mass.shape[1]
    third = n_bins // 3
    if most < 2 or third < 1 or len(passing.mass) < 2 * LEAST_THINGS:
        return []
    seen = passing.is_seen
    first, last = seen[:, :third].mean(axis=1), seen[:, -third:].mean(axis=1)
    # what the recording cuts off is on the path all the same
    is_cut = ~passing.is_inside.all(axis=1)
    late = np.flatnonzero((first <= ABSENT) & (last >= 1 - ABSENT) & ~is_cut)
    early = np.flatnonzero((last <= ABSENT) & (first >= 1 - ABSENT) & ~is_cut)
    whole = np.flatnonzero((first >= 1 - ABSENT) & (last >= 1 - ABSENT))
    routes: list[tuple[Indices, tuple[int, int] | None]] = []
    if len(whole) >= LEAST_THINGS:
        routes.append((whole, None))
    for group in sorted((late, early), key=len, reverse=True):
        if len(group) >= LEAST_THINGS:
            first, last = span_of(passing, group)
            # near the fork things are on both paths
            span = (first, last - FORK) if group is early else (first + FORK, last)
            if span[1] - span[0] > 1:
                routes.append((group, span))
    return routes[:most] if len(routes) > 1 else []


def _without_known(parts: list[Part], lanes: list[Lane], window: MovingWindow) -> list[Lane]:
    """Return lanes without parts of a motif that lie on the path of another motif.

    A motif between two lanes that have motifs of their own has no part left.
    """
    owner = [part.owner for part in parts]
    kept: list[int] = []
    is_route = [part.span is not None for part in parts]
    # whole motifs come first: they are what parts may lie on
    for i in sorted(range(len(parts)), key=lambda i: (is_route[i], owner.count(owner[i]))):
        on_other = (
            share_on_path(lanes[i].path, lanes[j].path, window, TOLERANCE) > SAME_PATH
            for j in kept
            # lanes of one motif are nearer than that to each other
            if owner[j] != owner[i] or is_route[i]
        )
        if owner.count(owner[i]) == 1 or not any(on_other):
            kept.append(i)
    if len(kept) == len(set(owner)) and not any(is_route[i] for i in kept):
        # nothing is new: a lane of each motif, and maybe fewer of its things
        is_new = any(owner.count(owner[i]) > 1 and parts[i].offset for i in kept)
        return [lanes[i] for i in sorted(kept)] if is_new else []
    return [lanes[i] for i in sorted(kept)]


def measure_passing(tracked: Tracked, window: MovingWindow, k: int, rows: Indices) -> Passing:
    """Return where the things of motif k that start in `rows` pass.

    Parameters
    ----------
    rows : int64 array (n,)
        Start rows.
    """
    layout = tracked.problem.layout
    first, last = own_run(tracked.state.motifs[k].sum(axis=1, dtype=np.float64))
    sums = np.zeros((len(rows), last - first, 3))
    is_inside = np.zeros((len(rows), last - first), dtype=np.bool_)
    document = np.searchsorted(layout.document_rows, rows, side="right") - 1
    begins = layout.document_rows[document]
    for r in range(first, last):
        centre = tracked.centre[k, r]
        width = window.width_at(*centre[:2])
        at = rows - layout.motif_length + 1 + r
        is_inside[:, r - first] = (at >= begins) & (at < begins + layout.n_times[document])
        for i in np.flatnonzero(is_inside[:, r - first]):
            b = int(np.searchsorted(layout.bin_row, at[i]))
            if b < len(layout.bin_row) and layout.bin_row[b] == at[i]:
                part = slice(layout.offsets[b], layout.offsets[b + 1])
                place = window.place[layout.word[part]]
                sums[i, r - first] = _moments_across(place, layout.count[part], centre, width)
    total = sums.sum(axis=1)
    mass = np.maximum(total[:, 0], 1e-30)
    mean = total[:, 1] / mass
    return Passing(
        offset=mean,
        spread=np.sqrt(np.maximum(total[:, 2] / mass - np.square(mean), 0.0)),
        mass=sums[:, :, 0],
        is_inside=is_inside,
        first=first,
        width=float(window.width_at(*tracked.centre[k, (first + last) // 2, :2])[1]),
    )


def _moments_across(place: np.ndarray, count: np.ndarray, centre: Floats, width: Floats) -> Floats:
    """Return mass, and its sums of the distance across the path and its square, widths, (3,)."""
    down, right = (place[:, :2] - centre[:2]).T
    along = (down * centre[2] + right * centre[3]) / width[0]
    across = (down * centre[3] - right * centre[2]) / width[1]
    near = np.exp(-0.5 * (along**2 + (across / WIDER) ** 2))
    mass = near * count * (place[:, 2:] @ centre[2:] > LIKE_DIRECTION)
    return np.array([mass.sum(), mass @ across, mass @ across**2])


def lanes_of(passing: Passing, *, most: int) -> list[Indices]:
    """Return the things of each lane that pass alone; [] for a single lane.

    Two things side by side are seen as one between them, and large ones reach into the next lane:
    what is spread wider than others is in none.

    Parameters
    ----------
    most : int
        Lanes at most.
    """
    if most < 2 or len(passing.offset) < 2 * LEAST_THINGS:
        return []
    is_alone = passing.spread <= ALONE * np.quantile(passing.spread, SMALL)
    alone = np.flatnonzero(is_alone & (np.abs(passing.offset) <= MOST_DISTANCE))
    order = alone[np.argsort(passing.offset[alone], kind="stable")]
    value = passing.offset[order]
    if len(value) < 2 * LEAST_THINGS:
        return []
    bandwidth = max(BANDWIDTH, NARROW * float(value.std()))
    at = np.arange(value[0] - bandwidth, value[-1] + bandwidth, bandwidth / 5)
    density = np.exp(-0.5 * np.square((at[:, None] - value) / bandwidth)).sum(axis=1)
    peaks, valleys = _modes(density, distance=round(5 * LEAST_DISTANCE / bandwidth))
    groups = np.split(order, np.searchsorted(value, at[valleys]))
    if len(groups) < 2 or not _are_far_apart([passing.offset[group] for group in groups]):
        return []
    groups = [
        group[np.abs(passing.offset[group] - at[peak]) <= 2.5 * bandwidth]
        for group, peak in zip(groups, peaks, strict=True)
    ]
    groups = [group for group in groups if len(group) >= LEAST_THINGS]
    groups = sorted(groups, key=lambda group: -len(group))[:most]
    return groups if len(groups) > 1 else []


def _are_far_apart(groups: list[Floats]) -> bool:
    """Return whether the distances of neighbouring groups are large for their spread."""
    squares = sum(float(np.square(group - group.mean()).sum()) for group in groups)
    deviation = np.sqrt(squares / (sum(map(len, groups)) - len(groups)))
    nearest = min(b.mean() - a.mean() for a, b in pairwise(groups))
    return bool(nearest >= FAR_APART * deviation)


def _modes(density: Floats, *, distance: int) -> tuple[Indices, Indices]:
    """Return the peaks with deep valleys between them, and these, ascending."""
    peaks, _ = find_peaks(np.pad(density, 1), distance=max(distance, 1))
    kept: list[int] = []
    valleys: list[int] = []
    for peak in (peaks - 1).tolist():
        if not kept:
            kept.append(peak)
            continue
        valley = kept[-1] + int(np.argmin(density[kept[-1] : peak + 1]))
        if density[valley] <= DEEP * min(density[peak], density[kept[-1]]):
            kept.append(peak)
            valleys.append(valley)
        elif density[peak] > density[kept[-1]]:
            kept[-1] = peak
    return np.array(kept, dtype=np.int64), np.array(valleys, dtype=np.int64)


def starts_at_things(
    problem: Problem, starts: Floats32, lanes: Sequence[Lane], spans: Sequence[tuple[int, int]]
) -> Floats32:
    """Return the starts lowered but where things of the lanes begin.

    Parameters
    ----------
    starts : float32 array (R, K)
    lanes : sequence of Lane
        K of them.
    spans : sequence of tuple of int
        Bins of the motifs in which the lanes' paths begin and end.
    """
    layout, length = problem.layout, problem.layout.motif_length
    lowered = starts * np.float32(ELSEWHERE)
    for k, (lane, (first, _)) in enumerate(zip(lanes, spans, strict=True)):
        cut = max(len(lane.path.points) - length, 0) // 2
        edges = layout.document_rows[lane.document], layout.document_rows[lane.document + 1] - 1
        row = edges[0] + lane.begin + cut - first + length - 1
        for by in (-1, 0, 1):
            at = np.clip(row + by, *edges)
            lowered[at, k] = starts[at, k]
    return lowered
