"""Cells of a grid that change for a moment, and whole seconds apart."""

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import kernel

# columns of the state of a cell: time of its last change; begin of its last change of state;
# changes one second apart, whole seconds apart, and all others; 1 if one has begun just now that is
# none of the others; time of the last of these. Encoders at low rates refine a digit some frames
# after it has changed: such a change is one of the others, and seconds are not counted from it.
LAST, BEGIN, SECOND, WHOLE, OTHER, TICKED, TICK = range(7)
N_COLUMNS = 7
# share of the cells that change where it is no clock that does: then only cells that are known to
# tick are followed
MOST_CHANGED = 0.2


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
    state : float64 array (cells, 7)
        Changed in place; -inf in the columns of times and 0 in the others at the beginning.
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
    count, n_changed = np.zeros(len(state), dtype=np.int32), 0
    for pixel in pixels:
        count[cell_of_pixel[pixel]] += 1
    for cell in range(len(state)):
        n_changed += count[cell] >= least_pixels
    state[:, TICKED] = 0.0
    # a key frame refreshes cells everywhere, often whole seconds after the last one
    is_pulse = n_changed > MOST_CHANGED * len(state)
    for cell in range(len(state)):
        if count[cell] < least_pixels or (is_pulse and state[cell, SECOND] < 2):
            continue
        if time_s - state[cell, LAST] <= longest_s:
            if time_s - state[cell, BEGIN] > longest_s:
                state[cell, OTHER] += 1.0
        else:
            state[cell, BEGIN] = time_s
            interval = time_s - state[cell, TICK]
            if interval == np.inf:
                state[cell, TICK] = time_s
            elif (
                abs(interval - np.round(interval)) <= tolerance_s and interval >= 1.0 - tolerance_s
            ):
                state[cell, WHOLE] += 1.0
                if np.round(interval) == 1.0:
                    state[cell, SECOND] += 1.0
                state[cell, TICK], state[cell, TICKED] = time_s, 1.0
            else:
                state[cell, OTHER] += 1.0
                # counted from something else so far
                if interval > 1.0:
                    state[cell, TICK] = time_s
        state[cell, LAST] = time_s
