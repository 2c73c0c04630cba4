"""Noise of the sensor, as of cameras at night: averaged away before anything is counted."""

import cv2
import numpy as np

from motifmine.types import Pixels

EVERY_PX = 3
"""Step of the grid of pixels that noise is measured at."""
DEVIATION = 1.4826
"""Standard deviation of normal noise in medians of its absolute value."""
WITHIN = 2.5
"""Standard deviations of the remaining noise that must not count as a change."""
LARGEST_PX = 7
"""Side of the square averaged over at most: what is smaller than a cell stays in its cell."""


def choose_smoothing(before: Pixels, after: Pixels, levels: int) -> int:
    """Return the side of the square to average over so that noise is no change, pixels; 1 for none.

    Most of the picture of a fixed camera shows the same thing again, so that the median difference
    is that of its noise.

    Parameters
    ----------
    before, after : uint8 arrays (h, w)
        Successive frames.
    levels : int
        Pixels that differ by more have changed, grey levels.
    """
    difference = np.ascontiguousarray(cv2.absdiff(before, after)[::EVERY_PX, ::EVERY_PX])
    # by day every pair ends here; to count takes a tenth of the time of a median
    harmless = int(max(levels, 1) / (WITHIN * DEVIATION))
    if 2 * np.count_nonzero(difference <= harmless) > difference.size:
        return 1
    median = np.median(difference)
    # a square of n x n pixels has noise n times lower
    side = int(np.ceil(WITHIN * DEVIATION * median / max(levels, 1)))
    return min(side + 1 - side % 2, LARGEST_PX)


def smooth(picture: Pixels, side: int) -> Pixels:
    """Return the means over squares, uint8 array of the same shape."""
    return np.asarray(cv2.blur(picture, (side, side)), dtype=np.uint8)
