"""Motifs whose things always come together: stretches of one path, or sides of one thing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc

from motifmine.models.moving_paths import Path, own_run
from motifmine.models.moving_window import MovingWindow
from motifmine.models.plsm.problem import Problem, State
from motifmine.types import Floats, Indices

MOSTLY = 0.75
"""Share of the occurrences of a motif that come with another where both are of one thing."""
CHANCE = 0.01
"""Probability below which motifs are together by more than chance."""
TOUCHING = 2.5
"""Distance in widths up to which two motifs touch."""
SPEEDS = 0.1
"""Things on one path differ in speed by this share."""
FASTER = 1.2
"""A thing is at most so much faster between two motifs of it than on them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracked:
    """A state of EM whose motifs have paths."""

    problem: Problem
    state: State
    centre: Floats
    """Row, column and unit vector of the movement, float64 array (K, L, 4)."""


def things_with(
    tracked: Tracked,
    window: MovingWindow,
    j: int,
    k: int,
    one: Indices,
    other: Indices,
    *,
    touching: bool = True,
) -> NDArray[np.bool_] | None:
    """Return which things of motif j come with one of k, bool (n,), if those of k mostly do.

    None where k is no companion of j at a lag that one thing could have, by more than chance.

    Parameters
    ----------
    one, other : int64 array (n,), (m,)
        Start rows of their things, ascending.
    touching : bool
        Whether the motifs must touch at the lag; else one thing must be able to reach the other.
    """
    # what does not touch at a lag is of two things, however often they come together
    lags = _touching_lags(tracked, window, j, k)
    if not touching:
        lags = np.union1d(lags, _reachable_lags(tracked, window, j, k))
    if not len(lags):
        return None
    motifs, reach = tracked.state.motifs, tracked.problem.priors.reach
    within = np.maximum(max(1, min(reach[j], reach[k]) // 2), SPEEDS * np.abs(lags))
    length = motifs.shape[1]
    every = np.arange(-length, length + 1)
    n_together = np.array(
        [np.count_nonzero(_near(one + lag, other, w)) for lag, w in zip(lags, within, strict=True)]
    )
    best = int(np.argmax(n_together))
    # lags nearby at which they do not touch show what chance gives, whatever the rates
    elsewhere = np.setdiff1d(every, lags)
    n_chance = sum(np.count_nonzero(_near(one + lag, other, within[best])) for lag in elsewhere)
    # half a coincidence more: with few things there is none, which proves little
    chance = (n_chance + 0.5) / (len(elsewhere) * len(other) + 1)
    # the best of several lags is tested (Bonferroni)
    p_value = len(lags) * bdtrc(n_together[best] - 1, len(other), chance)
    if n_together[best] < MOSTLY * len(other) or p_value > CHANCE:
        return None
    return _near(other - lags[best], one, within[best])


def _near(one: Indices, other: Indices, within: float) -> NDArray[np.bool_]:
    """Return which of `other` lie within `within` rows of one of `one`; both ascending."""
    after = np.searchsorted(one, other)
    before = np.abs(other - one[np.maximum(after - 1, 0)])
    behind = np.abs(one[np.minimum(after, len(one) - 1)] - other)
    near: NDArray[np.bool_] = np.minimum(before, behind) <= within
    return near


def own_path(tracked: Tracked, motif: int) -> Path:
    """Return the path of a motif where it has mass."""
    first, last = own_run(tracked.state.motifs[motif].sum(axis=1, dtype=np.float64))
    return Path(points=tracked.centre[motif, first:last], first=first)


def _touching_lags(tracked: Tracked, window: MovingWindow, j: int, k: int) -> Indices:
    """Return the lags, in bins, at which motif k touches motif j if it starts so much later."""
    motifs = tracked.state.motifs
    length = motifs.shape[1]
    a = own_run(motifs[j].sum(axis=1, dtype=np.float64))
    b = own_run(motifs[k].sum(axis=1, dtype=np.float64))
    first, second = tracked.centre[j, slice(*a), :2], tracked.centre[k, slice(*b), :2]
    distance = np.linalg.norm(first[:, None] - second[None], axis=2)
    width = window.width_at(*first[len(first) // 2]).mean()
    lag = np.subtract.outer(np.arange(*a), np.arange(*b))[distance < TOUCHING * width]
    # within a bin
    near = np.unique(lag[:, None] + np.arange(-1, 2))
    found: Indices = near[np.abs(near) <= length]
    return found


def _reachable_lags(tracked: Tracked, window: MovingWindow, j: int, k: int) -> Indices:
    """Return the lags, in bins, at which a thing can be on the path of one motif, then the other's.

    That is where it need not be faster between them than it is on them.
    """
    one, other = own_path(tracked, j), own_path(tracked, k)
    speed = FASTER * max(path.length / max(len(path.points) - 1, 1) for path in (one, other))
    length = tracked.state.motifs.shape[1]
    found = []
    for before, after, sign in ((one, other, 1), (other, one, -1)):
        apart = np.hypot(*(after.points[0, :2] - before.points[-1, :2]))
        width = window.width_at(*before.points[-1, :2]).mean()
        gap = max((apart - TOUCHING * width) / max(speed, 1e-3), 1.0)
        first = before.first + len(before.points) - after.first + round(gap)
        found.append(sign * np.arange(first, length + 1))
    return np.concatenate(found)
