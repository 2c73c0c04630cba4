"""Counting of moving and standing pixels, pixel by pixel."""

import math
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]


def count_moving(
    pixels: Array,
    flow: Array,
    vector_of_pixel: Array,
    cell_of_pixel: Array,
    n_cells: int,
    directions: int,
    least_motion: float,
) -> list[list[int]]:
    """Return counts[cell][direction] of pixels whose flow is longer than `least_motion`."""
    counts = [[0] * directions for _ in range(n_cells)]
    for pixel in pixels:
        dx, dy = (float(v) for v in flow[vector_of_pixel[pixel]])
        if math.hypot(dx, dy) > least_motion:
            turn = math.atan2(dy, dx) / (2 * math.pi)
            counts[cell_of_pixel[pixel]][round(turn * directions) % directions] += 1
    return counts


def find_brief(pixels: Array, pictures: list[Array], levels: int) -> list[bool]:
    """Return which pixels look after the pair as before it, or before it as after."""
    earlier, before, after, later = ([int(level) for level in picture] for picture in pictures)
    return [
        abs(after[p] - earlier[p]) <= levels or abs(later[p] - before[p]) <= levels for p in pixels
    ]


def count_standing(
    pixels: Array,
    flow: Array,
    vector_of_pixel: Array,
    cell_of_pixel: Array,
    n_cells: int,
    least_motion: float,
) -> list[int]:
    """Return counts[cell] of pixels whose flow is not longer than `least_motion`."""
    counts = [0] * n_cells
    for pixel in pixels:
        dx, dy = (float(v) for v in flow[vector_of_pixel[pixel]])
        if math.hypot(dx, dy) <= least_motion:
            counts[cell_of_pixel[pixel]] += 1
    return counts
