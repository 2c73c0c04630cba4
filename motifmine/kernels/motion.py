"""Counting moving and standing pixels per cell of a flow grid."""

import numpy as np
from numpy.typing import NDArray

from motifmine.jit import kernel

Image = NDArray[np.uint8]
Counts = NDArray[np.int32]


@kernel
def moving_pixels(
    before: Image,
    after: Image,
    watched: NDArray[np.bool_],
    flow: NDArray[np.float32],
    columns: int,
    cell_px: int,
    compass: NDArray[np.float32],
    least_motion: float,
    least_change: int,
) -> Counts:
    """Return how many pixels move in each direction of each cell.

    A pixel moves when its brightness changes by more than `least_change` and the flow under it is
    longer than `least_motion`. The flow field has half the resolution of the images, so its vector
    (i, j) stands for the 2 x 2 pixels from (2i, 2j).

    Parameters
    ----------
    before, after : uint8 arrays (H, W)
    watched : bool array (H, W)
        Pixels outside are not counted.
    flow : float32 array (ceil(H / 2), ceil(W / 2), 2)
        Motion (x, y) in any unit; y points down.
    columns : int
        Cells in a row of the grid.
    cell_px : int, pixels
        Side of a cell.
    compass : float32 array (directions, 2)
        Unit vectors (x, y) of the directions; a flow takes the one it has most in common with,
        the first of two equals.
    least_motion : float
        In the unit of `flow`.
    least_change : int, grey levels

    Returns
    -------
    int32 array (n_cells * directions,)
        Indexed by `cell * directions + direction`.
    """
    height, width = after.shape
    n_directions = compass.shape[0]
    rows = (height + cell_px - 1) // cell_px
    counts = np.zeros(rows * columns * n_directions, dtype=np.int32)
    for i in range(flow.shape[0]):
        for j in range(flow.shape[1]):
            direction = -1
            for y in range(2 * i, min(2 * i + 2, height)):
                for x in range(2 * j, min(2 * j + 2, width)):
                    change = abs(np.int32(after[y, x]) - np.int32(before[y, x]))
                    if change <= least_change or not watched[y, x]:
                        continue
                    if direction < 0:
                        direction = _direction(flow[i, j, 0], flow[i, j, 1], compass, least_motion)
                    if direction < n_directions:
                        cell = (y // cell_px) * columns + x // cell_px
                        counts[cell * n_directions + direction] += 1
    return counts


@kernel
def _direction(dx: float, dy: float, compass: NDArray[np.float32], least_motion: float) -> int:
    """Return the direction of a motion, `len(compass)` when it is not longer than least_motion."""
    n_directions = compass.shape[0]
    if dx * dx + dy * dy <= least_motion * least_motion:
        return n_directions
    best = 0
    most = -np.inf
    for d in range(n_directions):
        common = dx * compass[d, 0] + dy * compass[d, 1]
        if common > most:
            best, most = d, common
    return best


@kernel
def standing_pixels(
    after: Image,
    background: NDArray[np.float32],
    watched: NDArray[np.bool_],
    flow: NDArray[np.float32],
    columns: int,
    cell_px: int,
    least_motion: float,
    least_contrast: float,
) -> Counts:
    """Return how many pixels of each cell differ from the background and do not move.

    Parameters
    ----------
    after : uint8 array (H, W)
    background : float32 array (H, W), grey levels
    watched, flow, columns, cell_px, least_motion
        As for `moving_pixels`.
    least_contrast : float, grey levels
        Least difference from the background.

    Returns
    -------
    int32 array (n_cells,)
    """
    height, width = after.shape
    rows = (height + cell_px - 1) // cell_px
    counts = np.zeros(rows * columns, dtype=np.int32)
    for y in range(height):
        for x in range(width):
            contrast = abs(np.float32(after[y, x]) - background[y, x])
            if contrast <= least_contrast or not watched[y, x]:
                continue
            dx = flow[y // 2, x // 2, 0]
            dy = flow[y // 2, x // 2, 1]
            if dx * dx + dy * dy <= least_motion * least_motion:
                counts[(y // cell_px) * columns + x // cell_px] += 1
    return counts
