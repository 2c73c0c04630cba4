"""Rain and snow: what is seen at a place in one frame only, all over the picture, is no motion."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.motion import find_brief
from motifmine.types import Indices, Pixels

Squares = NDArray[np.int16]
BLOCK_PX = 44
"""Side of the squares in which changes are compared, pixels of the working frame: eight in a row of
the usual width, so that a street is a few of them."""
SAMPLED, MOST_SAMPLED = 4, 600
"""Every fourth changed pixel, but no more than about 600, decide whether it rains: all took a tenth
of the extraction."""
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
    changed: Indices, pictures: Sequence[Pixels | None], block: Squares, levels: int
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
    block : int16 array (h * w,)
        Square of each pixel, see `blocks_of`.
    levels : int
        Pixels that differ by more have changed, grey levels.
    """
    n_blocks = int(block[-1]) + 1
    earlier, before, after, later = pictures
    assert before is not None and after is not None
    # as if nothing changed where there is no frame: then nothing is brief
    four = (
        before if earlier is None else earlier,
        before,
        after,
        after if later is None else later,
    )
    flat = (four[0].ravel(), four[1].ravel(), four[2].ravel(), four[3].ravel())
    step = max(SAMPLED, len(changed) // MOST_SAMPLED)
    sample = np.ascontiguousarray(changed[::step])
    of_block = block[sample]
    n_changed = np.bincount(of_block, minlength=n_blocks)
    # most pairs of a dry scene end here: something moves at some places only
    if np.count_nonzero(n_changed) < LEAST_RAINING * n_blocks:
        return changed
    n_brief = np.bincount(of_block[find_brief(sample, flat, levels)], minlength=n_blocks)
    is_raining = (n_changed > 0) & (n_brief >= MOSTLY_BRIEF * n_changed)
    if is_raining.mean() < LEAST_RAINING:
        return changed
    return _drop_specks(changed[~find_brief(changed, flat, levels)], before)


def _drop_specks(changed: Indices, picture: Pixels) -> Indices:
    """Return the pixels with others near them: of slow flakes, two frames show a few each."""
    is_changed = np.zeros(picture.shape, dtype=np.uint8)
    is_changed.ravel()[changed] = 1
    n_near = cv2.boxFilter(is_changed, -1, (SPECK_PX, SPECK_PX), normalize=False)
    return changed[n_near.ravel()[changed] >= LEAST_DENSE * SPECK_PX**2]


def blocks_of(width: int, height: int) -> Squares:
    """Return the square of each pixel, int16 array (height * width,); the last has the highest."""
    rows, columns = (max(1, round(side / BLOCK_PX)) for side in (height, width))
    row = np.arange(height) * rows // height
    column = np.arange(width) * columns // width
    # a small table, as the caches are full of pictures when a pair is looked at
    return (row[:, None] * columns + column).astype(np.int16).ravel()
