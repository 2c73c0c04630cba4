"""Optical flow of a video as words: counts of moving pixels per cell and direction.

Frames are reduced to a working size and rate. DIS flow is computed between successive frames at
half the working size (its finest level at full size has the same resolution, at twice the cost),
and the pixels that move and change in luma are counted per cell and direction.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from motifmine.errors import SpecError
from motifmine.features.video.background import MeanPicture, SlowBackground
from motifmine.features.video.mask import Box, make_watch_mask, resize
from motifmine.kernels.motion import count_moving_pixels, count_still_pixels
from motifmine.records.frames import VideoFrame
from motifmine.records.vocabulary import FlowGrid
from motifmine.types import Floats32, Indices, Indices32, Pixels

Counts = NDArray[np.int32]
In = TypeVar("In")
Out = TypeVar("Out")

MIN_SIDE_PX = 24
"""Least width and height of a working frame for optical flow, pixels."""
MIN_GAP_SHARE = Fraction(4, 5)
"""Least time between used frames, relative to the requested one: 30 Hz gives 15 Hz, not 10."""
MAX_GAPS = 3
"""Frames that are further apart than this number of normal gaps are not compared."""
STATIC_CONTRAST = 25
"""Least difference of static foreground from the background, grey levels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSpec:
    """Specification of words of kind `flow-grid`."""

    bin_s: float = 0.25
    """Length of a time bin, seconds, > 0."""
    width: int = 352
    """Largest width of the working frame, pixels."""
    rate_hz: float = 12.5
    """Largest rate of compared frames, frames per second."""
    cell_px: int = 8
    """Side of a cell, pixels of the working frame."""
    directions: int = 8
    """Number of directions; the first points right."""
    speed_px_s: float = 6.0
    """Slower pixels are still; pixels of the working frame per second."""
    change: int = 6
    """Pixels count as moving only if their luma changes by more between frames, grey levels."""
    static: bool = False
    """Whether static foreground has a word in each cell."""
    roi: Box | None = None
    """Region of interest: x, y, width, height in pixels of the video."""
    exclude: tuple[Box, ...] = ()
    """Boxes to exclude, as `roi`."""
    mask: str | None = None
    """Path of a picture of the video's size; pixels that are black in it are excluded."""

    def __post_init__(self) -> None:
        positive = {"bin_s": self.bin_s, "rate_hz": self.rate_hz}
        for name, value in positive.items():
            if not (math.isfinite(value) and value > 0):
                raise SpecError(f"{name} is {value}; it must be positive")
        least = {
            "width": MIN_SIDE_PX, "cell_px": 1, "directions": 1, "speed_px_s": 0, "change": 0
        }  # fmt: skip
        for name, smallest in least.items():
            if not getattr(self, name) >= smallest:
                raise SpecError(f"{name} is {getattr(self, name)}; it must be at least {smallest}")
        for box in (*self.exclude, *([self.roi] if self.roi else [])):
            if min(box[:2]) < 0 or min(box[2:]) < 1:
                raise SpecError(f"the box {box} is empty or begins outside the picture; x,y,w,h")

    def grid(self, width: int, height: int) -> FlowGrid:
        """Return the grid of words for a video of this size in pixels.

        Raises
        ------
        SpecError
            If the video is too small for optical flow.
        """
        working_width = min(self.width, width)
        working_height = round(height * working_width / width)
        if min(working_width, working_height) < MIN_SIDE_PX:
            raise SpecError(
                f"a working frame of {working_width}x{working_height} px is too small for optical "
                f"flow; it needs at least {MIN_SIDE_PX} px on either side"
            )
        return FlowGrid(
            rows=-(-working_height // self.cell_px),
            columns=-(-working_width // self.cell_px),
            directions=self.directions,
            cell_px=self.cell_px,
            frame_width=working_width,
            frame_height=working_height,
            static=self.static,
        )


@dataclass(frozen=True, slots=True, eq=False)
class BinRow:
    """Words of one time bin."""

    time: int
    """Time bin, ascending; empty bins have no row."""
    word: Indices32
    """int32 array (n,), ascending."""
    count: Floats32
    """float32 array (n,), > 0."""


class _WorkingFrame(NamedTuple):
    """A frame at working size and rate."""

    time_s: Fraction
    image: Pixels
    half: Pixels
    """The image at half the size."""


class _Pair(NamedTuple):
    """Two successive working frames, and the background at their time."""

    before: _WorkingFrame
    after: _WorkingFrame
    background: Pixels | None


class FlowWords:
    """Converts the frames of a video to words, in memory that does not depend on its length.

    Parameters
    ----------
    spec : FlowSpec
    width, height : int, pixels
        Size of the video.
    mean_gap_s : Fraction, seconds
        Usual time between frames of the video.
    start_s : Fraction, seconds
        Time of the first frame, where the first bin begins.
    """

    def __init__(
        self,
        spec: FlowSpec,
        *,
        width: int,
        height: int,
        mean_gap_s: Fraction,
        start_s: Fraction = Fraction(0),
    ) -> None:
        self.spec = spec
        self.start_s = start_s
        self.grid = spec.grid(width, height)
        self.watched = make_watch_mask(spec, self.grid, width, height)
        self.mean = MeanPicture(self.grid.frame_width, self.grid.frame_height)
        self.last_time_s = start_s
        """Time of the last frame, used or not."""
        self._bin_s = Fraction(repr(spec.bin_s))
        wanted_gap_s = 1 / Fraction(spec.rate_hz)
        self._least_gap_s = MIN_GAP_SHARE * wanted_gap_s
        self._longest_gap_s = MAX_GAPS * max(wanted_gap_s, mean_gap_s)
        y = np.arange(self.grid.frame_height, dtype=np.int32)[:, None]
        x = np.arange(self.grid.frame_width, dtype=np.int32)
        half_width = (self.grid.frame_width + 1) // 2
        self._cell_of_pixel = (y // spec.cell_px * self.grid.columns + x // spec.cell_px).ravel()
        self._vector_of_pixel = (y // 2 * half_width + x // 2).ravel()
        turns = 2 * np.pi * np.arange(spec.directions) / spec.directions
        self._compass = np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)

    @property
    def n_times(self) -> int:
        """Number of time bins up to the last frame."""
        return self._find_bin(self.last_time_s) + 1

    def rows(self, frames: Iterable[VideoFrame], threads: int = 1) -> Iterator[BinRow]:
        """Yield the words of every non-empty time bin, as soon as the bin is complete.

        Parameters
        ----------
        frames : iterator of VideoFrame
            In order of time; read in the calling thread.
        threads : int
            Number of threads that compute flow and counts; the rows do not depend on it.
        """
        counted = map_ordered(self._count, self._pairs(frames), threads)
        for time, group in groupby(counted, key=lambda item: item[0]):
            total = np.zeros(self.grid.n_words, dtype=np.int32)
            for _, counts in group:
                total += counts
            word = np.flatnonzero(total)
            if len(word):
                yield BinRow(time, word.astype(np.int32), total[word].astype(np.float32))

    def _pairs(self, frames: Iterable[VideoFrame]) -> Iterator[_Pair]:
        """Yield successive working frames, except across long gaps."""
        slow = SlowBackground()
        before: _WorkingFrame | None = None
        for frame in frames:
            self.last_time_s = frame.time_s
            self.mean.update(frame)
            if before is not None and frame.time_s - before.time_s < self._least_gap_s:
                continue
            after = self._make_working_frame(frame)
            background = slow.update(after.time_s, after.image) if self.spec.static else None
            if before is not None and after.time_s - before.time_s <= self._longest_gap_s:
                yield _Pair(before, after, background)
            before = after

    def _make_working_frame(self, frame: VideoFrame) -> _WorkingFrame:
        image = self._resize_to_working(frame.luma)
        height, width = image.shape
        return _WorkingFrame(
            frame.time_s, image, resize(image, ((width + 1) // 2, (height + 1) // 2))
        )

    def _resize_to_working(self, luma: Pixels) -> Pixels:
        """Reduce a frame to working size."""
        size = (self.grid.frame_width, self.grid.frame_height)
        if luma.shape == size[::-1]:
            return np.ascontiguousarray(luma)
        factor = luma.shape[1] // size[0]
        if factor > 1 and luma.shape[1] % size[0]:
            # reduction by an integer is fast; the remaining factor then applies to few pixels
            whole = (luma.shape[1] // factor, luma.shape[0] // factor)
            luma = resize(luma[: whole[1] * factor, : whole[0] * factor], whole)
        return resize(luma, size)

    def _count(self, pair: _Pair) -> tuple[int, Counts]:
        """Return the time bin of a pair and the count of every word, int32 array (W,)."""
        grid = self.grid
        changed = self._find_changed(pair.before.image, pair.after.image, self.spec.change)
        flow = compute_flow(pair.before.half, pair.after.half, is_still=len(changed) == 0)
        places = (self._vector_of_pixel, self._cell_of_pixel, grid.rows * grid.columns)
        # in pixels of the half-size frame, per pair of frames
        least_motion = self.spec.speed_px_s * float(pair.after.time_s - pair.before.time_s) / 2
        counts = count_moving_pixels(changed, flow, *places, self._compass, least_motion)
        if pair.background is not None:
            foreground = self._find_changed(pair.after.image, pair.background, STATIC_CONTRAST)
            still = count_still_pixels(foreground, flow, *places, least_motion)
            counts = np.concatenate([counts, still])
        return self._find_bin(pair.after.time_s), counts

    def _find_changed(self, one: Pixels, other: Pixels, levels: int) -> Indices:
        """Return the pixels inside the mask that differ by more than `levels`, int64 array.

        Pixels are numbered `y * width + x`.
        """
        differ = cv2.threshold(cv2.absdiff(one, other), levels, 1, cv2.THRESH_BINARY)[1]
        return np.flatnonzero(cv2.bitwise_and(differ, self.watched).view(np.bool_))

    def _find_bin(self, time_s: Fraction) -> int:
        return math.floor((time_s - self.start_s) / self._bin_s)


_THREAD = threading.local()


def compute_flow(before: Pixels, after: Pixels, *, is_still: bool = False) -> NDArray[np.float32]:
    """Compute optical flow between two grey pictures, one vector per pixel.

    Parameters
    ----------
    before, after : uint8 arrays (h, w)
    is_still : bool
        Return zeros without computing anything.

    Returns
    -------
    float32 array (h * w, 2)
        Motion (x, y) from `before` to `after` in pixels; y points down.

    Notes
    -----
    Kroeger, Timofte, Dai, Van Gool, ECCV 2016: fast optical flow by dense inverse search, preset
    ultrafast. A patch stride of 5 px instead of 4 and 8 gradient descent steps instead of 12 take
    two thirds of the time; on road scenes, 1 % more directions differ from those of the preset
    medium.
    """
    if is_still:
        return np.zeros((before.size, 2), dtype=np.float32)
    # an engine has internal buffers and must not be shared between threads
    if not hasattr(_THREAD, "engine"):
        _THREAD.engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        _THREAD.engine.setFinestScale(1)
        _THREAD.engine.setPatchStride(5)
        _THREAD.engine.setGradientDescentIterations(8)
    flow: NDArray[np.float32] = _THREAD.engine.calc(before, after, None)
    return flow.reshape(-1, 2)


def map_ordered(function: Callable[[In], Out], items: Iterable[In], threads: int) -> Iterator[Out]:
    """Yield `function(item)` in the order of `items`, computed ahead by threads.

    Parameters
    ----------
    function : callable
        Should release the GIL.
    items : iterable
        Read in the calling thread.
    threads : int
        At most twice this number of results is pending, to limit memory.
    """
    waiting: deque[Future[Any]] = deque()
    if threads <= 1:  # on a single core a second thread has no benefit
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
