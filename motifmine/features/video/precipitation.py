"""Rain and snow: what is seen at a place in one frame only, all over the picture, is no motion."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from motifmine.types import Indices, Pixels

BLOCK_PX = 44
"""Side of the squares in which changes are compared, pixels of the working frame: eight in a row of
the usual width, so that a street is a few of them."""
SAMPLED = 4
"""Every fourth changed pixel decides whether it rains: all took a tenth of the extraction."""
MOSTLY_BRIEF = 0.6
"""Share of the changes of a square that are brief in rain: of those of a car it is a fifth."""
SPECK_PX = 7
LEAST_DENSE = 1 / 6
"""Share of the pixels in a square of this side around a changed one that have changed, too, where
something moves in rain or snow: 99 % of those of cars, 45 % of those that flakes leave. By a third
it were 95 and 14 %, and of a lorry only front and rear would stay: two things."""
LEAST_RAINING = 0.5
"""Share of the squares in which it must rain: water, leaves and flicker are at some places."""


def drop_precipitation(
    changed: Indices, pictures: Sequence[Pixels | None], block: Indices, levels: int
) -> Indices:
    """Return the changed pixels of a pair of frames without those of rain or snow, if it falls.

    A drop falls so fast that each place shows it in one frame; what moves in the scene covers a
    place for longer, and what is behind it returns no sooner. Specks go with the drops.

    Parameters
    ----------
    changed : int64 array (n,)
        Pixels that differ between the second and the third picture.
    pictures : sequence of uint8 arrays (h, w)
        Four successive frames; the first and the last may be missing.
    block : int64 array (h * w,)
        Square of each pixel, see `blocks_of`.
    levels : int
        Pixels that differ by more have changed, grey levels.
    """
    n_blocks = int(block[-1]) + 1
    sample = changed[::SAMPLED]
    of_block = block[sample]
    n_changed = np.bincount(of_block, minlength=n_blocks)
    # most pairs of a dry scene end here: something moves at some places only
    if np.count_nonzero(n_changed) < LEAST_RAINING * n_blocks:
        return changed
    n_brief = np.bincount(of_block[_are_brief(sample, pictures, levels)], minlength=n_blocks)
    is_raining = (n_changed > 0) & (n_brief >= MOSTLY_BRIEF * n_changed)
    if is_raining.mean() < LEAST_RAINING:
        return changed
    return _drop_specks(changed[~_are_brief(changed, pictures, levels)], pictures[1])


def _drop_specks(changed: Indices, picture: Pixels | None) -> Indices:
    """Return the pixels with others near them: of slow flakes, two frames show a few each."""
    assert picture is not None
    is_changed = np.zeros(picture.shape, dtype=np.uint8)
    is_changed.ravel()[changed] = 1
    n_near = cv2.boxFilter(is_changed, -1, (SPECK_PX, SPECK_PX), normalize=False)
    return changed[n_near.ravel()[changed] >= LEAST_DENSE * SPECK_PX**2]


def _are_brief(
    changed: Indices, pictures: Sequence[Pixels | None], levels: int
) -> NDArray[np.bool_]:
    """Return which changed pixels show something in one frame only."""
    earlier, before, after, later = (
        None if picture is None else picture.ravel()[changed].astype(np.int16)
        for picture in pictures
    )
    assert before is not None and after is not None
    is_brief = np.zeros(len(changed), dtype=np.bool_)
    if earlier is not None:
        is_brief |= np.abs(after - earlier) <= levels
    if later is not None:
        is_brief |= np.abs(later - before) <= levels
    return is_brief


def blocks_of(width: int, height: int) -> Indices:
    """Return the square of each pixel, int64 array (height * width,); the last has the highest."""
    rows, columns = (max(1, round(side / BLOCK_PX)) for side in (height, width))
    row = np.arange(height) * rows // height
    column = np.arange(width) * columns // width
    return (row[:, None] * columns + column).ravel()
