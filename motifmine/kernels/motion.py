"""Counts of moving and still pixels per cell of a flow grid."""

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import inner_kernel, kernel

Pixels = NDArray[np.int64]
Places = NDArray[np.int32]
Vectors = NDArray[np.float32]
Counts = NDArray[np.int32]


@kernel
def count_moving_pixels(
    pixels: Pixels,
    flow: Vectors,
    vector_of_pixel: Places,
    cell_of_pixel: Places,
    n_cells: int,
    compass: Vectors,
    least_motion: float,
) -> Counts:
    """Count the pixels that move in each direction, per cell.

    Parameters
    ----------
    pixels : int64 array (n,)
        Pixels to count, as `y * width + x`.
    flow : float32 array (V, 2)
        Motion (x, y) in any unit; y points down.
    vector_of_pixel : int32 array (H * W,)
        Row of `flow` that holds the motion of each pixel.
    cell_of_pixel : int32 array (H * W,)
        Cell of each pixel, `0 <= cell < n_cells`.
    compass : float32 array (directions, 2)
        Unit vectors (x, y) of the directions; a motion gets the direction of the largest dot
        product, the first one of equal ones.
    least_motion : float
        Only longer motions are counted; in the unit of `flow`.

    Returns
    -------
    int32 array (n_cells * directions,)
        Indexed by `cell * directions + direction`.
    """
    n_directions = compass.shape[0]
    counts = np.zeros(n_cells * n_directions, dtype=np.int32)
    # pixels share vectors, so each direction is computed once; -1: not computed yet, -2: too slow
    known = np.full(len(flow), -1, dtype=np.int16)
    for pixel in pixels:
        vector = vector_of_pixel[pixel]
        if known[vector] == -1:
            known[vector] = _find_direction(flow[vector], compass, least_motion)
        if known[vector] >= 0:
            counts[cell_of_pixel[pixel] * n_directions + known[vector]] += 1
    return counts


@inner_kernel
def _find_direction(motion: Vectors, compass: Vectors, least_motion: float) -> int:
    """Return the direction of a motion (x, y), or -2 if it is not longer than `least_motion`."""
    dx, dy = motion[0], motion[1]
    if dx * dx + dy * dy <= least_motion * least_motion:
        return -2
    best, most = 0, np.float32(-np.inf)
    for d in range(len(compass)):
        common = dx * compass[d, 0] + dy * compass[d, 1]
        if common > most:
            best, most = d, common
    return best


@kernel
def count_still_pixels(
    pixels: Pixels,
    flow: Vectors,
    vector_of_pixel: Places,
    cell_of_pixel: Places,
    n_cells: int,
    least_motion: float,
) -> Counts:
    """Count the pixels that do not move, per cell.

    Parameters
    ----------
    pixels, flow, vector_of_pixel, cell_of_pixel, n_cells, least_motion
        As for `count_moving_pixels`; the pixels that it does not count are counted here.

    Returns
    -------
    int32 array (n_cells,)
    """
    counts = np.zeros(n_cells, dtype=np.int32)
    for pixel in pixels:
        vector = vector_of_pixel[pixel]
        dx, dy = flow[vector, 0], flow[vector, 1]
        if dx * dx + dy * dy <= least_motion * least_motion:
            counts[cell_of_pixel[pixel]] += 1
    return counts
