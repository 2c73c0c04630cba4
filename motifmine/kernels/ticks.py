"""Cells of a grid that change for a moment, and whole seconds apart."""

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import kernel

LAST, BEGIN, SECOND, WHOLE, OTHER, BEGUN = range(6)
"""Columns of the state of a cell: time of its last change; begin of its last change of state;
changes one second apart, whole seconds apart, and all others; 1 if one has begun just now."""
N_COLUMNS = 6


@kernel
def follow_changes(
    state: NDArray[np.float64],
    pixels: NDArray[np.int64],
    cell_of_pixel: NDArray[np.int32],
    time_s: float,
    least_pixels: int,
    longest_s: float,
    tolerance_s: float,
) -> None:
    """Take the changed pixels of the next pair of frames into the state of the cells.

    Parameters
    ----------
    state : float64 array (cells, 6)
        Changed in place; -inf in the first two columns and 0 in the others at the beginning.
    pixels : int64 array (n,)
        Pixels that have changed, as `y * width + x`.
    cell_of_pixel : int32 array (H * W,)
    time_s : float
        Time of the pair, seconds.
    least_pixels : int
        Least number of changed pixels in a cell that changes.
    longest_s : float
        Changes that go on for longer are none of a clock, seconds; also the time without a change
        after which one ends.
    tolerance_s : float
        Largest difference of an interval from whole seconds.
    """
    count = np.zeros(len(state), dtype=np.int32)
    for pixel in pixels:
        count[cell_of_pixel[pixel]] += 1
    for cell in range(len(state)):
        state[cell, BEGUN] = 0.0
        if count[cell] < least_pixels:
            continue
        if time_s - state[cell, LAST] <= longest_s:
            if time_s - state[cell, BEGIN] > longest_s:
                state[cell, OTHER] += 1.0
        else:
            interval = time_s - state[cell, BEGIN]
            if interval < np.inf:
                if abs(interval - np.round(interval)) > tolerance_s:
                    state[cell, OTHER] += 1.0
                else:
                    state[cell, WHOLE] += 1.0
                    if np.round(interval) == 1.0:
                        state[cell, SECOND] += 1.0
            state[cell, BEGIN] = time_s
            state[cell, BEGUN] = 1.0
        state[cell, LAST] = time_s
