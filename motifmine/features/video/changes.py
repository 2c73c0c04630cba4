"""Words of time-lapse: foreground per cell, without direction.

A pixel is foreground where it differs from the background by more than the contrast, after the
change in brightness of the whole picture is taken out: between frames that are minutes apart the
light changes.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain, groupby, islice

import cv2
import numpy as np
from numpy.typing import NDArray

from motifmine.features.video.background import UPDATE_EVERY_S
from motifmine.features.video.flow import BinRow, FlowWords
from motifmine.records.frames import VideoFrame
from motifmine.types import Floats32, Pixels

CONTRAST = 20
"""Least difference of foreground from the background, grey levels."""
FIRST_FRAMES = 25
"""Frames whose median is the first background; they are held in memory at working size."""
STEP = 1.0
"""Largest change of the background per update, grey levels: a parked car of usual contrast belongs
to the background after some fifty frames of a time-lapse."""


class ChangeWords(FlowWords):
    """Converts the frames of a video to words of kind `change-grid`; see `FlowWords`."""

    def rows(self, frames: Iterable[VideoFrame], threads: int = 1) -> Iterator[BinRow]:
        """Yield the words of every time bin with frames, as soon as the bin is complete.

        Parameters
        ----------
        frames : iterator of VideoFrame
            In order of time.
        threads : int
            Not used: most of the time goes into decoding.
        """
        counted = self._count_cells(self._find_foreground(self._sample(frames)))
        for time, group in groupby(counted, key=lambda item: item[0]):
            total = np.sum([counts for _, counts in group], axis=0)
            word = np.flatnonzero(total)
            yield BinRow(time, word.astype(np.int32), total[word].astype(np.float32))

    def _sample(self, frames: Iterable[VideoFrame]) -> Iterator[tuple[Fraction, Pixels]]:
        """Yield time and working picture of the frames that are not too close to each other."""
        before_s: Fraction | None = None
        for frame in frames:
            self.last_time_s = frame.time_s
            self.mean.update(frame)
            if before_s is None or frame.time_s - before_s >= self.least_gap_s:
                before_s = frame.time_s
                # a copy: the picture of a frame is valid as long as the frame
                yield frame.time_s, self.resize_to_working(frame.luma).copy()

    def _find_foreground(
        self, pictures: Iterator[tuple[Fraction, Pixels]]
    ) -> Iterator[tuple[Fraction, Pixels]]:
        """Yield time and foreground (1 or 0 per pixel) of every picture."""
        first = list(islice(pictures, FIRST_FRAMES))
        if not first:
            return
        level: Floats32 = np.median([image for _, image in first], axis=0).astype(np.float32)
        contrast = max(CONTRAST, self.spec.change)
        next_s = first[0][0]
        inside = self.watched.view(np.bool_)
        for time_s, image in chain(first, pictures):
            difference = image - level
            # most of the picture is background: its median is the change in light
            difference -= np.median(difference[inside])
            if time_s >= next_s:
                level += np.clip(difference, -STEP, STEP)
                next_s = time_s + UPDATE_EVERY_S
            found = (np.abs(difference) > contrast).astype(np.uint8) & self.watched
            # single pixels are noise of the sensor or of the compression
            yield time_s, cv2.morphologyEx(found, cv2.MORPH_OPEN, _SQUARE)  # type: ignore[misc]

    def _count_cells(
        self, pictures: Iterable[tuple[Fraction, Pixels]]
    ) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Yield time bin and the number of foreground pixels in every cell."""
        for time_s, found in pictures:
            counts = np.bincount(
                self.cell_of_pixel, weights=found.ravel(), minlength=self.grid.n_words
            )
            yield self.find_bin(time_s), counts.astype(np.int64)


_SQUARE = np.ones((3, 3), dtype=np.uint8)
