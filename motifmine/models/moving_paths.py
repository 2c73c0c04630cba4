"""Paths of moving things: followed through averages of the counts, and compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motifmine.models.moving_window import TURN, MovingWindow
from motifmine.types import Floats, Floats32

LEAST_OF_PEAK = 0.15  # a motif's own bins hold this share of the mass of its heaviest bin
SAME_PATH = 0.75  # share of the shorter path that lies on the longer where two are one lane
TOLERANCE = 0.85  # distance in widths across a path up to which a point lies on it
LEAST_OF_LAST = 0.2  # a path goes on while it holds this share of the mass that it had
# it continues while its mass is at least this multiple of the mean mass at any time
LEAST_OVER_CHANCE = 1.2
BEND_STEP = 0.8  # widths that a path is drawn aside by in a bin where it may bend
N_MISSING = 1  # bins in which it may be lost from sight
STEP_CELLS = 0.5  # paths are compared at points this far apart
LIKE_DIRECTION = 0.6  # cosine of directions from which two points can belong to one path


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Path:
    """Where one thing is from bin to bin."""

    points: Floats
    """Row, column and unit vector (down, right), float64 array (n, 4)."""
    first: int
    """Relative time of the first point."""

    @property
    def length(self) -> float:
        """Length in cells."""
        return float(np.hypot(*np.diff(self.points[:, :2], axis=0).T).sum())

    def extent(self, window: MovingWindow) -> float:
        """Return how far it leads, in widths of the window along it."""
        middle = self.points[len(self.points) // 2]
        ends = self.points[-1, :2] - self.points[0, :2]
        return float(np.hypot(*ends) / window.width_at(*middle[:2])[0])

    def passing_bins(self, window: MovingWindow) -> float:
        """Return the bins that the thing takes to move on by the width of its window."""
        middle = self.points[len(self.points) // 2]
        speed = self.length / max(len(self.points) - 1, 1)
        return float(window.width_at(*middle[:2])[0] / max(speed, 1e-3))


def own_run(mass: Floats) -> tuple[int, int]:
    """Return first and one after the last of the bins around the heaviest that hold enough."""
    enough = mass > LEAST_OF_PEAK * mass.max()
    # one run around the peak: mass elsewhere is another thing seen at the same lag
    first = last = int(np.argmax(mass))
    while first > 0 and enough[first - 1]:
        first -= 1
    while last + 1 < len(mass) and enough[last + 1]:
        last += 1
    return first, last + 1


def trace_path(
    counts: Floats32,
    chance: Floats32,
    known: Path,
    window: MovingWindow,
    *,
    longest: int,
    turn: float = TURN,
) -> Path:
    """Return the known part of a path and what follows and precedes it in mean counts.

    The known part is prolonged at its speed, bin by bin, and drawn to the mass nearby, as long as
    there is more of it than by chance and it moves the way its words do.

    Parameters
    ----------
    counts : float32 array (n, W)
        Mean counts around the occurrences of a motif; relative time 0 of `known` is row 0.
    chance : float32 array (W,)
        Mean counts of any bin.
    known : Path
        Inside the rows of `counts`.
    longest : int
        Points of the path at most, if there are not more known.
    turn : float
        Concentration of the directions: the less, the sharper a path may turn.
    """
    # what passes at any time, on a busy lane for example, must not draw the path
    excess = np.maximum(counts - chance, 0).astype(np.float32)
    points = {known.first + i: point for i, point in enumerate(known.points)}
    usual = np.median([_mass(excess[i], point, window) for i, point in points.items()])
    for direction in (1, -1):
        _prolong(points, excess, chance, direction, float(usual), window, turn, longest)
    at = np.array(sorted(points))
    every = np.arange(at[0], at[-1] + 1)
    found = np.array([points[i] for i in at])
    full = np.stack([np.interp(every, at, column) for column in found.T], axis=1)
    norm = np.linalg.norm(full[:, 2:], axis=1, keepdims=True)
    full[:, 2:] /= np.maximum(norm, 1e-9)
    return Path(points=full, first=int(at[0]))


def _prolong(
    points: dict[int, Floats],
    excess: Floats32,
    chance: Floats32,
    direction: int,
    usual: float,
    window: MovingWindow,
    turn: float,
    longest: int,
) -> None:
    """Add the points beyond one end of a path, changing `points` in place."""
    bins = sorted(points, reverse=direction < 0)
    # the speed at the end, not of the whole path: things turn and slow down
    at, back = bins[-1], bins[-min(5, len(bins))]
    point = points[at].copy()
    velocity = (point[:2] - points[back][:2]) / max(abs(at - back), 1)
    missing = 0
    while 0 <= at + direction < len(excess) and missing <= N_MISSING and len(points) < longest:
        at += direction
        expected = point.copy()
        expected[:2] += velocity
        rows, columns = window.shape
        if not (-0.5 <= expected[0] <= rows - 0.5 and -0.5 <= expected[1] <= columns - 0.5):
            break
        near, mass, level = _drawn(excess[at], chance, expected, window, turn)
        width = float(window.width_at(*expected[:2])[0])
        if turn < TURN:
            # into a bend a thing leaves the straight faster than it gets on; it is followed there
            # in steps
            near[:2] = expected[:2] + _at_most(near[:2] - expected[:2], BEND_STEP * width)
        step = near[:2] - point[:2]
        # the words there must not move against the path
        follows = direction * (step @ near[2:]) >= -0.2 * np.hypot(*step)
        jump = np.hypot(*(near[:2] - expected[:2]))
        is_there = mass > LEAST_OF_LAST * usual and level > LEAST_OVER_CHANCE
        if not (is_there and follows and jump < width):
            missing += 1
            point = expected
            continue
        missing = 0
        # smoothed, so that one bad bin does not throw the path off
        velocity = 0.6 * velocity + 0.4 * step
        near[2:] = point[2:] + 0.5 * (near[2:] - point[2:])
        near[2:] /= max(float(np.hypot(*near[2:])), 1e-9)
        point = near
        points[at] = point.copy()
        # things get smaller in the distance, so what is usual changes along the path
        usual = 0.8 * usual + 0.2 * mass


def _at_most(step: Floats, length: float) -> Floats:
    """Return a step cut to a length."""
    cut: Floats = step * min(1.0, length / max(float(np.hypot(*step)), 1e-9))
    return cut


def _drawn(
    excess: Floats32, chance: Floats32, point: Floats, window: MovingWindow, turn: float
) -> tuple[Floats, float, float]:
    """Return the point drawn to the mass nearby, the mass, and its ratio to that of any time."""
    near = point.copy()
    mass = np.zeros((1, 1))
    # mean shift; three steps are enough within a width
    for _ in range(3):
        mass, mean = window.moments(excess[None, None], near[None, None], scale=1.0, turn=turn)
        if mass[0, 0] <= 0:
            return point, 0.0, 0.0
        near = mean[0, 0].copy()
        near[2:] /= max(float(np.hypot(*near[2:])), 1e-9)
    usual = _mass(chance, near, window)
    return near, float(mass[0, 0]), 1.0 + float(mass[0, 0]) / max(usual, 1e-9)


def _mass(counts: Floats32, point: Floats, window: MovingWindow) -> float:
    mass, _ = window.moments(counts[None, None], point[None, None], scale=1.0, turn=TURN)
    return float(mass[0, 0])


def share_on_path(one: Path, other: Path, window: MovingWindow, tolerance: float) -> float:
    """Return the share of the shorter path that lies on the longer one, whatever their speeds.

    A point lies on a path when it is within `tolerance` widths across it and directions agree.

    Parameters
    ----------
    tolerance : float
        Distance across the path in widths of the window.
    """
    return float(shares_on_paths([one, other], window, tolerance)[0, 1])


def shares_on_paths(paths: Sequence[Path], window: MovingWindow, tolerance: float) -> Floats:
    """Return `share_on_path` of all pairs, float64 array (n, n).

    Parameters
    ----------
    tolerance : float
        See `share_on_path`.
    """
    # once a path: random starts find dozens, which are compared with one another
    spaced = [_spaced(path) for path in paths]
    # across the path: along it speeds may differ
    widths = [tolerance * window.widths_at(points[:, :2])[:, 1:] for points in spaced]
    shares = np.ones((len(paths), len(paths)))
    for i, j in np.ndindex(shares.shape):
        if i != j:
            a, b = (j, i) if paths[i].length > paths[j].length else (i, j)
            shares[i, j] = _share_near(spaced[a], spaced[b], widths[a])
    return shares


def _share_near(short: Floats, long: Floats, within: Floats) -> float:
    """Return the share of points (n, 4) near points (m, 4) that move the same way.

    Parameters
    ----------
    within : float64 array (n, 1)
        Greatest distance, cells.
    """
    distance = ((short[:, None, :2] - long[None, :, :2]) ** 2).sum(axis=2)
    cosine = short[:, 2:] @ long[:, 2:].T
    near = (distance < within**2) & (cosine > LIKE_DIRECTION)
    return float(near.any(axis=1).mean())


def _spaced(path: Path) -> Floats:
    """Return points of a path `STEP_CELLS` apart, float64 array (n, 4)."""
    steps = np.hypot(*np.diff(path.points[:, :2], axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0, along[-1], int(along[-1] / STEP_CELLS) + 2)
    return np.stack([np.interp(at, along, column) for column in path.points.T], axis=1)
