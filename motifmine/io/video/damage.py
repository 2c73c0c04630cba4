"""Pictures of MJPEG whose blocks are broken although the decoder did not notice.

In a damaged JPEG everything after the damage is shifted or has another brightness, in this picture
alone: each picture is coded by itself. So a picture is broken if much of it differs from both its
neighbours, which do not differ from each other.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import cv2
import numpy as np

from motifmine.types import Pixels

BLOCK_PX = 8
"""Side of the blocks of JPEG, pixels."""
LEAST_LEVELS = 12
"""Least difference of a broken block from its neighbours in time, grey levels."""
LEAST_SHARE = 0.08
"""Least share of broken blocks in a broken picture. Things that are seen in one frame only are
smaller at the frame rates of MJPEG."""
Item = TypeVar("Item")


def drop_broken(
    pictures: Iterable[Item], read_luma: Callable[[Item], Pixels], on_broken: Callable[[], None]
) -> Iterator[Item]:
    """Yield pictures that are not broken; each is held back until the next one is there.

    Parameters
    ----------
    pictures : iterable
    read_luma : callable
        Returns the luma of a picture, uint8 array (height, width).
    on_broken : callable
        Called for every picture that is dropped.
    """
    before: Pixels | None = None
    held: tuple[Item, Pixels] | None = None
    for picture in pictures:
        after = _reduce(read_luma(picture))
        if held is not None:
            if before is not None and is_broken(before, held[1], after):
                on_broken()
            else:
                before = held[1]
                yield held[0]
        held = picture, after
    if held is not None:
        yield held[0]


def is_broken(before: Pixels, picture: Pixels, after: Pixels) -> bool:
    """Return whether a picture differs from its neighbours where they are alike.

    Parameters
    ----------
    before, picture, after : uint8 arrays (row, column)
        Means of the blocks.
    """
    if not before.shape == picture.shape == after.shape:
        return False
    differs = cv2.min(cv2.absdiff(picture, before), cv2.absdiff(picture, after)) > LEAST_LEVELS
    is_alike = cv2.absdiff(before, after) <= LEAST_LEVELS // 2
    return bool(np.mean(differs & is_alike) >= LEAST_SHARE)


def _reduce(luma: Pixels) -> Pixels:
    size = (max(1, luma.shape[1] // BLOCK_PX), max(1, luma.shape[0] // BLOCK_PX))
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
