"""Counts of moving and still pixels per cell of a flow grid."""

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import inner_kernel, kernel

Pixels = NDArray[np.int64]
Places = NDArray[np.int32]
Vectors = NDArray[np.float32]
Counts = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]


@kernel
def count_moving_pixels(
    pixels: Pixels,
    flow: Vectors,
    rows: int,
    columns: int,
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
    flow : float32 array (h, w, 2)
        Motion (x, y) in its own pixels; y points down.
    rows, columns : int
        Size to which the flow is enlarged, linearly: its own, twice its own, or one more.
    vector_of_pixel : int32 array (H * W,)
        Place in the enlarged flow, `y * columns + x`, of the motion of each pixel.
    cell_of_pixel : int32 array (H * W,)
        Cell of each pixel, `0 <= cell < n_cells`.
    compass : float32 array (directions, 2)
        Unit vectors (x, y) of the directions; a motion gets the direction of the largest dot
        product, the first one of equal ones.
    least_motion : float
        Only longer motions are counted; in pixels of the enlarged flow.

    Returns
    -------
    int32 array (n_cells * directions,)
        Indexed by `cell * directions + direction`.
    """
    n_directions = compass.shape[0]
    counts = np.zeros(n_cells * n_directions, dtype=np.int32)
    # pixels share vectors, so each direction is computed once; -1: not computed yet, -2: too slow
    known = np.full(rows * columns, -1, dtype=np.int16)
    for pixel in pixels:
        vector = vector_of_pixel[pixel]
        if known[vector] == -1:
            known[vector] = _find_direction(
                _motion_at(flow, rows, columns, vector), compass, least_motion
            )
        if known[vector] >= 0:
            counts[cell_of_pixel[pixel] * n_directions + known[vector]] += 1
    return counts


@inner_kernel
def _motion_at(flow: Vectors, rows: int, columns: int, vector: int) -> tuple[float, float]:
    """Return the motion at a place of the enlarged flow, as OpenCV enlarges pictures.

    To enlarge all of it, where few pixels are counted, takes a fourth of the time of the flow.
    """
    height, width = flow.shape[:2]
    # centres of pixels lie upon each other
    y = min(max((vector // columns + 0.5) * height / rows - 0.5, 0.0), height - 1.0)
    x = min(max((vector % columns + 0.5) * width / columns - 0.5, 0.0), width - 1.0)
    top, left = int(y), int(x)
    below, right = min(top + 1, height - 1), min(left + 1, width - 1)
    down, over = y - top, x - left
    times = rows // height
    one, two = (1 - down) * (1 - over), (1 - down) * over
    three, four = down * (1 - over), down * over
    dx = one * flow[top, left, 0] + two * flow[top, right, 0]
    dy = one * flow[top, left, 1] + two * flow[top, right, 1]
    dx += three * flow[below, left, 0] + four * flow[below, right, 0]
    dy += three * flow[below, left, 1] + four * flow[below, right, 1]
    return times * dx, times * dy


@inner_kernel
def _find_direction(motion: tuple[float, float], compass: Vectors, least_motion: float) -> int:
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
def find_brief(pixels: Pixels, pictures: tuple[Bytes, Bytes, Bytes, Bytes], levels: int) -> Flags:
    """Find the pixels that look in one of two frames as in no neighbour of it.

    Parameters
    ----------
    pixels : int64 array (n,)
        Pixels that differ between the second and the third picture.
    pictures : four uint8 arrays (H * W,)
        Successive frames.
    levels : int
        Pixels that differ by more look otherwise, grey levels.

    Returns
    -------
    bool array (n,)
    """
    earlier, before, after, later = pictures
    found = np.empty(len(pixels), dtype=np.bool_)
    for i in range(len(pixels)):
        p = pixels[i]
        # seen in the second frame only, or in the third only; bytes would wrap around
        is_gone = abs(np.int16(after[p]) - np.int16(earlier[p])) <= levels
        found[i] = is_gone or abs(np.int16(later[p]) - np.int16(before[p])) <= levels
    return found


@kernel
def count_still_pixels(
    pixels: Pixels,
    flow: Vectors,
    rows: int,
    columns: int,
    vector_of_pixel: Places,
    cell_of_pixel: Places,
    n_cells: int,
    least_motion: float,
) -> Counts:
    """Count the pixels that do not move, per cell.

    Parameters
    ----------
    pixels, flow, rows, columns, vector_of_pixel, cell_of_pixel, n_cells, least_motion
        As for `count_moving_pixels`; the pixels that it does not count are counted here.

    Returns
    -------
    int32 array (n_cells,)
    """
    counts = np.zeros(n_cells, dtype=np.int32)
    for pixel in pixels:
        vector = vector_of_pixel[pixel]
        dx, dy = _motion_at(flow, rows, columns, vector)
        if dx * dx + dy * dy <= least_motion * least_motion:
            counts[cell_of_pixel[pixel]] += 1
    return counts
