"""Background of a scene: its mean picture, and a slowly adapting background."""

from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from motifmine.features.video.pose import STILL, Pose, put_back
from motifmine.records.frames import VideoFrame
from motifmine.types import Floats32, Pixels

UPDATE_EVERY_S = Fraction(1)
"""Time between updates, seconds."""
FIRST_STEP = 32.0
LAST_STEP = 0.25
"""Largest change of the background per update, grey levels, at the beginning and later."""


class MeanPicture:
    """Mean of one frame per second, in colour and working size."""

    def __init__(self, width: int, height: int) -> None:
        self.total = np.zeros((height, width, 3))
        self.n_pictures = 0
        self._next_s = Fraction(0)

    def update(self, frame: VideoFrame, pose: Pose = STILL) -> None:
        """Add the frame, put back by the pose of its camera, if the next update is due."""
        if frame.time_s >= self._next_s:
            height, width = self.total.shape[:2]
            picture = frame.read_colour(width, height)
            if pose != STILL:
                picture = put_back(picture, pose)
            cv2.accumulate(picture, self.total)
            self.n_pictures += 1
            self._next_s = frame.time_s + UPDATE_EVERY_S

    def picture(self) -> Pixels:
        """Return the mean, uint8 array (height, width, rgb)."""
        return np.round(self.total / max(self.n_pictures, 1)).astype(np.uint8)


class SlowBackground:
    """A running median of the luma, in which stopped cars take minutes to disappear.

    At every update each pixel moves towards the frame by at most one step. The step decreases from
    `FIRST_STEP` to `LAST_STEP`, so that objects in the first frames are forgotten quickly.

    Notes
    -----
    McFarlane, Schofield, 1995: the approximate median filter. The decreasing step is an addition.
    """

    def __init__(self) -> None:
        self._level: NDArray[np.float32] | None = None
        self._picture = np.zeros((0, 0), dtype=np.uint8)
        self._n_updates = 0
        self._next_s = Fraction(0)

    def is_due(self, time_s: Fraction) -> bool:
        """Return whether the next update is due."""
        return time_s >= self._next_s

    def update(self, time_s: Fraction, image: Pixels | Floats32) -> Pixels:
        """Update the background if due, and return it, uint8 array (height, width)."""
        if self.is_due(time_s):
            step = max(FIRST_STEP / max(self._n_updates, 1), LAST_STEP)
            level = image.astype(np.float32) if self._level is None else self._level
            self._level = level + np.clip(image - level, -step, step)
            # a new array each time: other threads may still read the previous one
            self._picture = np.round(self._level).astype(np.uint8)
            self._n_updates += 1
            self._next_s = time_s + UPDATE_EVERY_S
        return self._picture


def make_thumbnail(luma: Pixels, size: tuple[int, int], *, blur: float) -> NDArray[np.int8]:
    """Reduce a picture to `size` and remove its low frequencies, which depend on light and weather.

    Parameters
    ----------
    luma : uint8 array (row, column)
    size : (int, int)
        Width and height of the result, pixels.
    blur : float
        Standard deviation of the Gaussian low-pass that is subtracted, pixels of the result.
    """
    small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    small -= cv2.GaussianBlur(small, (0, 0), blur)
    return np.clip(np.round(small), -127, 127).astype(np.int8)
