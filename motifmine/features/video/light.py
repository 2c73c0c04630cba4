"""Sudden changes of light between two frames: lamps, exposure, infra-red switches, lightning."""

import cv2
import numpy as np

from motifmine.features.video.camera import BLOCK_PX, LEAST_BLOCKS, LEAST_CONTRAST
from motifmine.kernels.alignment import sum_blocks
from motifmine.types import Pixels

LEAST_SHARE = 0.6
"""Least share of the picture whose brightness changes."""
SAME_CORRELATION = 0.5
"""Structure stays where it is if its blocks correlate by this, at the median."""


def is_light_change(before: Pixels, after: Pixels, watched: Pixels, levels: int) -> bool:
    """Return whether the brightness of most of the picture changes and its structure does not move.

    Parameters
    ----------
    before, after : uint8 arrays (h, w)
        Successive frames, reduced (see `camera.reduce_half`).
    watched : uint8 array (H, W)
        1 for pixels of the working frame that count.
    levels : int
        Least change of the mean of a block, grey levels.
    """
    # most pairs end here
    changed = cv2.threshold(cv2.absdiff(before, after), levels, 1, cv2.THRESH_BINARY)[1]
    if cv2.countNonZero(changed) < LEAST_SHARE / 4 * changed.size:
        return False
    size = (max(1, before.shape[1] // BLOCK_PX), max(1, before.shape[0] // BLOCK_PX))
    means = [cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (before, after)]
    counted = cv2.resize(watched * 255, size, interpolation=cv2.INTER_AREA) > 127
    if not counted.any() or np.mean((cv2.absdiff(*means) > levels)[counted]) < LEAST_SHARE:
        return False
    one, other = before.astype(np.float32), after.astype(np.float32)
    sums = sum_blocks(one, other, np.ones_like(one), BLOCK_PX)
    both = (sums[:, 6] >= LEAST_CONTRAST**2) & (sums[:, 7] >= LEAST_CONTRAST**2)
    # a burnt-out or black picture has no structure that could have moved; infra-red light turns
    # some contrasts round, hence the absolute value
    return bool(both.sum() < LEAST_BLOCKS or np.median(np.abs(sums[both, 8])) >= SAME_CORRELATION)
