"""Routes that have a stretch in common: each becomes a lane from end to end.

A stretch of several routes is found as one motif with the things of all of them, and every other
stretch as one that always comes with it at a fixed lag.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motifmine.models.moving_paths import SAME_PATH, TOLERANCE, Path, share_on_path
from motifmine.models.moving_window import MovingWindow
from motifmine.models.plsm.moving_companions import (
    SPEEDS,
    TOUCHING,
    Tracked,
    things_with,
)
from motifmine.models.plsm.moving_lanes import Lane
from motifmine.types import Indices

LEAST_THINGS = 3
"""Things that must pass in each lane."""
WHOLE = 0.9
"""Share of the length of two paths that are one from end to end, and of the one on the other."""
HALF = 0.5
"""Share of the things of a lane that are of others by more than chance, from which it is a part of
them: where starts are found for three of four, chance takes a part off that."""
NEAR = 2
"""Bins by which the begin of a thing is not known."""
MOVED = 0, -41, -29, -17, 17, 29, 41
"""Bins by which things are moved: those that come together then do so by chance."""


def routes_by_companions(
    tracked: Tracked, window: MovingWindow, things: Sequence[Indices]
) -> dict[int, list[Indices]]:
    """Return the things of motifs that others always come with, by those that they come with.

    Routes that have a stretch in common are found as a motif of that stretch, with all of their
    things, and one of each other stretch, which always comes with it at a fixed lag. So is a route
    of which a middle stretch was missed. Followed apart, the things with a companion and those
    without it give each route whole.

    Parameters
    ----------
    things : sequence of int64 array (n,)
        Start rows of the things of each motif.
    """
    routes: dict[int, list[Indices]] = {}
    able = [k for k, rows in enumerate(things) if len(rows) >= LEAST_THINGS]
    for j in able:
        route, n_found = np.zeros(len(things[j]), dtype=np.int64), 0
        for k in able:
            together = None
            if k != j:
                together = things_with(tracked, window, j, k, things[j], things[k], touching=False)
            if together is not None:
                route += together * 2**n_found
                n_found += 1
        groups = [np.flatnonzero(route == number) for number in np.unique(route)]
        groups = [group for group in groups if len(group) >= LEAST_THINGS]
        if n_found and groups:
            routes[j] = groups
    return routes


def without_covered(lanes: Sequence[Lane], window: MovingWindow) -> list[Lane]:
    """Return lanes less those that are a part of others, with whose things theirs come.

    Short ones go first: a stretch that several routes share is on the path of each.
    """
    left = list(range(len(lanes)))
    # of one route the lane of more things stays
    for i in sorted(left, key=lambda i: lanes[i].n_occurrences):
        if any(j != i and _is_one_route(lanes[i].path, lanes[j].path, window) for j in left):
            left.remove(i)
    for i in sorted(left, key=lambda i: lanes[i].path.length):
        others = [
            lanes[j]
            for j in left
            # next to it, too: the flank of large things may have been found as a lane
            if j != i and share_on_path(lanes[i].path, lanes[j].path, window, TOUCHING) > SAME_PATH
        ]
        if _share_with(lanes[i], others) >= HALF:
            left.remove(i)
    # the heaviest first
    return [lanes[i] for i in sorted(left, key=lambda i: -lanes[i].share)]


def _share_with(lane: Lane, others: Sequence[Lane]) -> float:
    """Return the share of the things of a lane that are things of others, less that by chance."""
    if not others:
        return 0.0
    # with things moved in time all that come together do so by chance, on busy lanes most
    shares = [
        np.any([_comes_with(lane, other, by) for other in others], axis=0).mean() for by in MOVED
    ]
    chance = float(np.mean(shares[1:]))
    return (float(shares[0]) - chance) / max(1 - chance, 1e-9)


def _is_one_route(one: Path, other: Path, window: MovingWindow) -> bool:
    """Return whether two paths are one from end to end."""
    n, m = sorted((one.length, other.length))
    return n >= WHOLE * m and share_on_path(one, other, window, TOLERANCE) >= WHOLE


def _comes_with(lane: Lane, other: Lane, by: int) -> NDArray[np.bool_]:
    """Return which things of a lane are things of another one that passes where it begins.

    Parameters
    ----------
    by : int
        Bins by which the things of the other are moved.
    """
    ahead = other.path.points[:, :2] - lane.path.points[0, :2]
    lag = int(np.argmin(np.square(ahead).sum(axis=1)))
    apart = np.abs(np.subtract.outer(lane.begin, other.begin + lag + by))
    same = np.equal.outer(lane.document, other.document)
    found: NDArray[np.bool_] = np.any(same & (apart <= NEAR + SPEEDS * lag), axis=1)
    return found
