"""A prior for motifs of words that have a place: one thing that moves.

What moves through a picture is at one place at a time. So a motif of such words has, at each
relative time, its mass around one centre, the centres lie on a smooth path, and the directions of
the words agree with it. In the M-step the expected counts are multiplied by a Gaussian window
around the motif's own centre: mean shift, with windows that narrow from wide to the size of what
moves there.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import label

from motifmine.kernels.windows import sweep_windows
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import WordLayout
from motifmine.types import Floats, Floats32, Indices32

TURN = 4.0  # concentration of directions around that of the movement (von Mises)
MOST_WEIGHT = 2.0  # a bin pulls its path by at most this multiple of the mean mass of a bin
LEAST_WEIGHT = 1e-4
N_BINS_MEASURED = 400  # time bins that sizes are measured in
LEAST_COUNT = 2.0  # count (or its root) that a cell of a thing has at least
LIKE_DIRECTION = 0.7  # cosine from which directions belong to one thing
SMALLEST_WIDTH, LARGEST_WIDTH = 1.0, 6.0  # limits of the standard deviations of windows, cells
EVERYWHERE = 1e3  # width of the window of a word that is at no one place, cells
LEAST_COMMON = 0.5  # length of the mean direction of a topic's words from which it moves
# share of the observations that moving things explain where the prior is taken unasked: three
# motifs hold 0.12 of pure flicker, and 0.25 of a road in heavy rain or snow, which is all lanes
LEAST_EXPLAINED = 0.2
# width of the first windows in units of that of the last: motifs find each other's lanes before
# they are held to one
WIDEST = 7.0
# quantiles of the sizes along the movement and across it; across it neighbours that touch make
# things look larger
QUANTILES = (0.5, 0.35)
# standard deviation of a window in standard deviations of what moves there: nothing is cut off
PER_SIZE = 1.3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MovingWindow:
    """Windows around the centres of motifs."""

    place: Floats32
    """Row, column, and unit vector (down, right) of the movement of every word, (W, 4)."""
    width: Floats32
    """Standard deviation along the movement and across it, cells, float32 array (W, 2)."""
    shape: tuple[int, int]
    """Rows and columns of the picture."""

    @classmethod
    def of_table(
        cls, positions: Floats, movements: Floats, table: ObservationTable
    ) -> "MovingWindow":
        """Return windows as wide as what moves in `table`.

        Parameters
        ----------
        positions, movements : float64 arrays (W, 2)
            See `WordLayout`, of the words of `table`.
        """
        place = np.concatenate([positions, movements], axis=1).astype(np.float32)
        rows, columns = positions.max(axis=0).astype(int) + 1
        shape = (int(rows), int(columns))
        return cls(place=place, width=_widths(place, shape, table), shape=shape)

    @classmethod
    def of_words(
        cls, layout: WordLayout, used: Indices32, table: ObservationTable
    ) -> "MovingWindow | None":
        """Return the windows of the words of a layout that occur, None where no word moves.

        A topic over words that move is where these are, and its window as wide as it is itself;
        topics of things at many places have windows that leave nothing out.

        Parameters
        ----------
        used : int32 array (W,)
            Words that occur.
        table : ObservationTable
            Over these words.
        """
        topics = layout.topics()
        words = layout if topics is None else topics.inner.layout
        positions, movements = words.positions(), words.movements()
        if positions is None or movements is None:
            return None
        if topics is None:
            return cls.of_table(positions[used], movements[used], table)
        return cls._of_topics(topics.loadings[used].astype(np.float64), positions, movements)

    @classmethod
    def _of_topics(cls, loadings: Floats, positions: Floats, movements: Floats) -> "MovingWindow":
        share = loadings / np.maximum(loadings.sum(axis=1, keepdims=True), 1e-30)
        place, moved = share @ positions, share @ movements
        speed = np.linalg.norm(moved, axis=1, keepdims=True)
        # a topic of many directions stands still, so that its direction excludes nothing
        ahead = np.where(speed > LEAST_COMMON, moved / np.maximum(speed, 1e-9), 0.0)
        aside = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1)
        width = np.empty((len(share), 2))
        for i, axis in enumerate((ahead, aside)):
            # without a direction both widths are the mean spread
            along = positions @ np.where(speed > LEAST_COMMON, axis, np.sqrt(0.5)).T
            mean = np.einsum("kw,wk->k", share, along)
            square = np.einsum("kw,wk->k", share, along**2)
            width[:, i] = np.sqrt(np.maximum(square - mean**2, 0.0))
        width = PER_SIZE * np.maximum(width, SMALLEST_WIDTH)
        width[width.max(axis=1) > LARGEST_WIDTH] = EVERYWHERE
        rows, columns = positions.max(axis=0).astype(int) + 1
        return cls(
            place=np.concatenate([place, ahead], axis=1).astype(np.float32),
            width=width.astype(np.float32),
            shape=(int(rows), int(columns)),
        )

    def width_at(self, row: float, column: float) -> Floats:
        """Return the widths (along, across) of the word nearest to a place, cells."""
        width: Floats = self.widths_at(np.array([[row, column]]))[0]
        return width

    def widths_at(self, points: Floats) -> Floats:
        """Return the same of places (n, 2), float64 array (n, 2)."""
        rows, columns = points[:, :1], points[:, 1:]
        distance = (self.place[:, 0] - rows) ** 2 + (self.place[:, 1] - columns) ** 2
        widths: Floats = self.width[np.argmin(distance, axis=1)].astype(np.float64)
        return widths

    def moments(
        self, counts: Floats32, centre: Floats, *, scale: float, turn: float
    ) -> tuple[Floats, Floats]:
        """Return mass (K, L) and mean row, column, down, right (K, L, 4) inside the windows.

        Parameters
        ----------
        counts : float32 array (K, L, W)
        centre : float64 array (K, L, 4)
            Row, column and unit vector of the movement.
        scale : float
            Width of the windows in units of their final width.
        turn : float
            Concentration of the directions, 0 for none.
        """
        found = np.zeros((*counts.shape[:2], 5))
        self._sweep(counts, centre, scale, turn, found, np.zeros((0, 0, 0), np.float32))
        return found[:, :, 0], found[:, :, 1:] / np.maximum(found[:, :, :1], 1e-30)

    def multiply(
        self, counts: Floats32, centre: Floats, *, scale: float, turn: float
    ) -> tuple[Floats32, Floats]:
        """Return counts (K, L, W) times their windows, and the mass inside (K, L).

        Parameters
        ----------
        counts, centre, scale, turn
            See `moments`.
        """
        found = np.zeros((*counts.shape[:2], 5))
        out = np.empty_like(counts)
        self._sweep(counts, centre, scale, turn, found, out)
        return out, found[:, :, 0]

    def _sweep(
        self,
        counts: Floats32,
        centre: Floats,
        scale: float,
        turn: float,
        moments: Floats,
        out: Floats32,
    ) -> None:
        place, width = np.ascontiguousarray(self.place.T), np.ascontiguousarray(self.width.T)
        # the kernel would be compiled again for another order in memory, and for an integer
        at = np.ascontiguousarray(centre, np.float32)
        strength = float(scale), float(turn)
        sweep_windows(np.ascontiguousarray(counts), place, width, at, *strength, moments, out)

    def follow(
        self,
        motifs: Floats32,
        centre: Floats | None,
        *,
        scale: float,
        turn: float,
        stiffness: float | Floats,
    ) -> tuple[Floats32, Floats]:
        """Return motifs as windows around their own paths leave them, and the paths.

        Parameters
        ----------
        motifs : float32 array (K, L, W)
        centre : float64 array (K, L, 4) or None
            The paths so far.
        scale : float
            Width of the windows in units of their final width.
        turn : float
            Concentration of the directions, 0 for none.
        stiffness : float, or float64 array (K,)
            Weight of the second differences of a path.

        Returns
        -------
        motifs : float32 array (K, L, W)
            Each sums to 1, or is empty.
        centre : float64 array (K, L, 4)
            Row, column and unit vector of the movement.
        """
        centre = self.track(motifs, centre, scale=scale, turn=turn, stiffness=stiffness)
        inside, mass = self.multiply(motifs, centre, scale=scale, turn=turn)
        inside /= np.maximum(mass.sum(axis=1), 1e-30)[:, None, None].astype(np.float32)
        return inside, centre

    def track(
        self,
        motifs: Floats32,
        centre: Floats | None,
        *,
        scale: float,
        turn: float,
        stiffness: float | Floats,
    ) -> Floats:
        """Return paths (K, L, 4) of motifs, moved to their mass by one step of mean shift.

        Parameters
        ----------
        motifs, centre, scale, turn, stiffness
            See `follow`.
        """
        if centre is None:
            # a window as wide as the picture: the first centre is the plain mean of the motif
            middle = np.array([*self.shape, 0.0, 0.0]) / 2
            everywhere = np.broadcast_to(middle, (*motifs.shape[:2], 4))
            mass, mean = self.moments(motifs, everywhere, scale=EVERYWHERE, turn=0.0)
            centre = self._path(mean, mass, stiffness)
        mass, mean = self.moments(motifs, centre, scale=scale, turn=turn)
        return self._path(mean, mass, stiffness)

    def _path(self, mean: Floats, mass: Floats, stiffness: float | Floats) -> Floats:
        """Return smooth centres whose direction is that of the path, where it gets on.

        A path that gets on by less than the size of a thing over the whole motif has the mean
        direction of its words instead.
        """
        smooth = smooth_paths(mean, mass, stiffness)
        if smooth.shape[1] < 2:
            return smooth
        velocity = np.gradient(smooth[:, :, :2], axis=1)
        speed = np.linalg.norm(velocity, axis=2, keepdims=True)
        # the direction of a path is known as well as it moves on compared with its width
        sure = speed**2 / (speed**2 + (self.width[:, 0].mean() / smooth.shape[1]) ** 2)
        mean_direction = smooth[:, :, 2:] / np.maximum(
            np.linalg.norm(smooth[:, :, 2:], axis=2, keepdims=True), 1e-9
        )
        direction = (1 - sure) * mean_direction + sure * velocity / np.maximum(speed, 1e-9)
        smooth[:, :, 2:] = direction / np.maximum(
            np.linalg.norm(direction, axis=2, keepdims=True), 1e-9
        )
        return smooth


def smooth_paths(mean: Floats, mass: Floats, stiffness: float | Floats) -> Floats:
    """Return centres (K, L, n) near `mean` (K, L, n) where there is mass, smooth in time.

    Least squares weighted by mass (K, L) with a penalty on second differences (Whittaker's
    smoother): paths go on straight where there is none.

    Parameters
    ----------
    mean : float64 array (K, L, n)
        Centres of the mass at each relative time, cells.
    mass : float64 array (K, L)
        Weights of the centres.
    stiffness : float, or float64 array (K,)
        Weight of the second differences.
    """
    length = mass.shape[1]
    difference = np.zeros((max(length - 2, 0), length))
    for i in range(length - 2):
        difference[i, i : i + 3] = (1.0, -2.0, 1.0)
    weight = mass / np.maximum(mass.mean(axis=1, keepdims=True), 1e-30)
    # a heavy bin must not bend the path; the small weight keeps the matrix regular without mass
    weight = np.minimum(weight, MOST_WEIGHT) + LEAST_WEIGHT
    each = np.broadcast_to(stiffness, len(mass))[:, None, None]
    matrix = each * (difference.T @ difference)
    matrix = matrix + weight[:, :, None] * np.eye(length)
    smooth: Floats = np.linalg.solve(matrix, weight[:, :, None] * mean)
    return smooth


def _widths(place: Floats32, shape: tuple[int, int], table: ObservationTable) -> Floats32:
    """Return the widths of windows (W, 2): what is seen moving in one bin, by row of the picture.

    Perspective makes things smaller toward the top (or the bottom, seen from below), so the
    logarithm of the size is a straight line over rows, fitted to the median.
    """
    row, size, mass = _sizes(place, shape, table)
    width = np.empty((table.n_words, 2))
    for i in range(2):
        # too little to measure: a width between the limits
        if len(row) < 10:
            width[:, i] = 2.5
            continue
        design = np.stack([np.ones(len(row)), row / shape[0]], axis=1)
        line = _quantile_line(design, np.log(size[:, i]), mass, QUANTILES[i])
        width[:, i] = PER_SIZE * np.exp(line[0] + line[1] * place[:, 0] / shape[0])
    return np.clip(width, SMALLEST_WIDTH, LARGEST_WIDTH).astype(np.float32)


def _quantile_line(design: Floats, value: Floats, weight: Floats, quantile: float) -> Floats:
    """Return the line below which a share of the weight lies, its slope held near 0."""
    ridge = np.diag([0.0, 0.01]) * weight.sum()
    line = np.array([np.average(value, weights=weight), 0.0])
    for _ in range(15):
        rest = value - design @ line
        side = np.where(rest > 0, quantile, 1 - quantile)
        # quantile regression by reweighted least squares
        each = 2 * side * weight / np.maximum(np.abs(rest), 0.05)
        line = np.linalg.solve(
            design.T @ (each[:, None] * design) + ridge, design.T @ (each * value)
        )
    return line


def _sizes(
    place: Floats32, shape: tuple[int, int], table: ObservationTable
) -> tuple[Floats, Floats, Floats]:
    """Return row (n,), size along and across (n, 2) and mass (n,) of what moves in single bins.

    A thing is a set of touching cells that move about the same way; its size is the standard
    deviation of its mass.
    """
    bins = np.unique(np.linspace(0, table.n_times - 1, N_BINS_MEASURED).astype(int))
    found: list[Floats] = [np.zeros((0, 4))]
    for b in bins:
        part = slice(table.offsets[b], table.offsets[b + 1])
        word, count = table.word[part], table.count[part]
        for quarter in range(4):
            down, right = np.sin(quarter * np.pi / 2), np.cos(quarter * np.pi / 2)
            like = place[word, 2:] @ (down, right) > LIKE_DIRECTION
            if like.any():
                found.append(_blobs(place[word[like]], shape, count[like], abs(down) > 0.5))
    rows = np.concatenate(found)
    # the lightest blobs are flicker and pieces
    rows = rows[rows[:, 3] > np.quantile(rows[:, 3], 0.3)] if len(rows) else rows
    return rows[:, 0], rows[:, 1:3], rows[:, 3]


def _blobs(place: Floats32, shape: tuple[int, int], count: Floats32, is_vertical: bool) -> Floats:
    """Return row, size along and across the movement, and mass of touching cells, (n, 4)."""
    picture = np.zeros(shape)
    np.add.at(picture, tuple(place[:, :2].astype(int).T), count)
    group, n = label(picture > LEAST_COUNT, np.ones((3, 3)))
    mass = picture * (group > 0)
    total = np.bincount(group.ravel(), mass.ravel(), n + 1)[1:]
    y, x = np.indices(picture.shape)
    variance = []
    means = []
    for axis in (y, x):
        mean = np.bincount(group.ravel(), (mass * axis).ravel(), n + 1)[1:] / total
        square = np.bincount(group.ravel(), (mass * axis**2).ravel(), n + 1)[1:] / total
        means.append(mean)
        # 1 / 12 is the variance within a cell
        variance.append(np.sqrt(np.maximum(square - mean**2, 0.0) + 1 / 12))
    along, across = variance if is_vertical else variance[::-1]
    return np.stack([means[0], along, across, total], axis=1)
