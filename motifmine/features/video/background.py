"""What a scene looks like when nothing happens: its mean picture and its slow background."""

from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from motifmine.records.frames import VideoFrame
from motifmine.types import Pixels

LOOK_EVERY_S = Fraction(1)
"""Pictures are taken into account this often."""
FIRST_STEP = 32.0
LAST_STEP = 0.25
"""Grey levels by which the background may follow in the first and in the later looks."""


class MeanPicture:
    """The mean of one picture a second, in colour and working size."""

    def __init__(self, width: int, height: int) -> None:
        self.total = np.zeros((height, width, 3), dtype=np.int64)
        self.n_pictures = 0
        self._next_s = Fraction(0)

    def look(self, frame: VideoFrame) -> None:
        """Add the frame if it is time for another one."""
        if frame.time_s >= self._next_s:
            height, width = self.total.shape[:2]
            self.total += frame.read_colour(width, height)
            self.n_pictures += 1
            self._next_s = frame.time_s + LOOK_EVERY_S

    def picture(self) -> Pixels:
        """Return the mean, uint8 array (height, width, rgb)."""
        return np.round(self.total / max(self.n_pictures, 1)).astype(np.uint8)


class SlowBackground:
    """A running median of the brightness that stopped cars take minutes to sink into.

    At every look each pixel moves toward the frame by at most one step. The step shrinks from
    `FIRST_STEP` to `LAST_STEP`, so that what passes during the first seconds is soon forgotten.

    Notes
    -----
    McFarlane, Schofield, 1995: the approximate median filter. The shrinking step is ours.
    """

    def __init__(self) -> None:
        self._level: NDArray[np.float32] | None = None
        self._picture = np.zeros((0, 0), dtype=np.uint8)
        self._n_looks = 0
        self._next_s = Fraction(0)

    def look(self, time_s: Fraction, image: Pixels) -> Pixels:
        """Return the background, uint8 array (height, width), after following it if it is time."""
        if time_s >= self._next_s:
            step = max(FIRST_STEP / max(self._n_looks, 1), LAST_STEP)
            level = image.astype(np.float32) if self._level is None else self._level
            self._level = level + np.clip(image - level, -step, step)
            # a fresh picture each time: others may still be reading the last one
            self._picture = np.round(self._level).astype(np.uint8)
            self._n_looks += 1
            self._next_s = time_s + LOOK_EVERY_S
        return self._picture


def shrink_picture(luma: Pixels, size: tuple[int, int], *, blur: float) -> NDArray[np.int8]:
    """Return a picture reduced to `size`, less what light and weather change.

    Parameters
    ----------
    luma : uint8 array (row, column)
    size : (int, int)
        Width and height of the result, pixels.
    blur : float
        Standard deviation of the Gaussian whose result is subtracted, pixels of the small picture.
    """
    small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    small -= cv2.GaussianBlur(small, (0, 0), blur)
    return np.clip(np.round(small), -127, 127).astype(np.int8)
