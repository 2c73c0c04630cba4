"""Optical flow of a video as words: which way how many pixels move in which cell.

Frames are brought to a working size and rate. DIS flow is computed between neighbours at half the
working size (its finest level at full size has that resolution anyway, at twice the cost), and the
pixels that move and change in brightness are counted per cell and direction.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from motifmine.errors import FormatError, SpecError
from motifmine.features.video.background import MeanPicture, SlowBackground
from motifmine.kernels.motion import count_moving_pixels, count_still_pixels
from motifmine.records.frames import VideoFrame
from motifmine.records.vocabulary import FlowGrid
from motifmine.types import Floats32, Indices, Indices32, Pixels

Box = tuple[int, int, int, int]
Counts = NDArray[np.int32]
In = TypeVar("In")
Out = TypeVar("Out")

SMALLEST_SIDE_PX = 24
"""Flow needs pictures of at least this width and height."""
EARLY = Fraction(4, 5)
"""A frame may come this part of the wanted gap after the last one: 30 Hz gives 15 Hz, not 10."""
LONG_GAPS = 3
"""After a gap of more than so many usual ones, neighbours are no longer compared."""
STANDING_CONTRAST = 25
"""Grey levels by which what stands must differ from the background."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSpec:
    """How video becomes words of kind `flow-grid`."""

    bin_s: float = 0.25
    """Length of a time bin, seconds, > 0."""
    width: int = 352
    """Width of the working frame in pixels; a narrower video is left as it is."""
    rate_hz: float = 12.5
    """Frames a second that are compared; a slower video is left as it is."""
    cell_px: int = 8
    """Side of a cell in pixels of the working frame."""
    directions: int = 8
    """Number of directions, the first points right."""
    speed_px_s: float = 6.0
    """Slower pixels stand still; pixels of the working frame a second."""
    change: int = 6
    """A moving pixel changes its brightness by more from frame to frame, grey levels."""
    static: bool = False
    """Whether foreground that does not move has a word in each cell."""
    roi: Box | None = None
    """Only this box is watched: x, y, width, height in pixels of the video."""
    exclude: tuple[Box, ...] = ()
    """These boxes are not watched."""
    mask: str | None = None
    """Path of a picture of the video's size; only where it is not black is the video watched."""

    def __post_init__(self) -> None:
        positive = {"bin_s": self.bin_s, "rate_hz": self.rate_hz}
        for name, value in positive.items():
            if not (math.isfinite(value) and value > 0):
                raise SpecError(f"{name} is {value}; it must be positive")
        least = {
            "width": SMALLEST_SIDE_PX, "cell_px": 1, "directions": 1, "speed_px_s": 0, "change": 0
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
            When the video is too small for optical flow.
        """
        working_width = min(self.width, width)
        working_height = round(height * working_width / width)
        if min(working_width, working_height) < SMALLEST_SIDE_PX:
            raise SpecError(
                f"a working frame of {working_width}x{working_height} px is too small for optical "
                f"flow; it needs at least {SMALLEST_SIDE_PX} px on either side"
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
    """The words of one time bin."""

    time: int
    """Time bin, ascending from row to row; empty bins have no row."""
    word: Indices32
    """int32 array (n,), ascending."""
    count: Floats32
    """float32 array (n,), > 0."""


class _Used(NamedTuple):
    """A frame that is compared with its neighbours."""

    time_s: Fraction
    image: Pixels
    half: Pixels
    """The image in half its size."""


class _Pair(NamedTuple):
    """Two neighbours to be compared, and the background of their time."""

    before: _Used
    after: _Used
    background: Pixels | None


class FlowWords:
    """Turns the frames of one video into words; what it keeps does not grow with the video.

    Parameters
    ----------
    spec : FlowSpec
    width, height : int, pixels
        Size of the video.
    mean_gap_s : Fraction, seconds
        Time between frames of the video.
    """

    def __init__(self, spec: FlowSpec, *, width: int, height: int, mean_gap_s: Fraction) -> None:
        self.spec = spec
        self.grid = spec.grid(width, height)
        self.watched = watched_pixels(spec, self.grid, width, height)
        self.mean = MeanPicture(self.grid.frame_width, self.grid.frame_height)
        self.last_time_s = Fraction(0)
        """Time of the last frame seen, used or not."""
        self._bin_s = Fraction(repr(spec.bin_s))
        wanted_gap_s = 1 / Fraction(spec.rate_hz)
        self._least_gap_s = EARLY * wanted_gap_s
        self._longest_gap_s = LONG_GAPS * max(wanted_gap_s, mean_gap_s)
        y = np.arange(self.grid.frame_height, dtype=np.int32)[:, None]
        x = np.arange(self.grid.frame_width, dtype=np.int32)
        half_width = (self.grid.frame_width + 1) // 2
        self._cell_of_pixel = (y // spec.cell_px * self.grid.columns + x // spec.cell_px).ravel()
        self._vector_of_pixel = (y // 2 * half_width + x // 2).ravel()
        turns = 2 * np.pi * np.arange(spec.directions) / spec.directions
        self._compass = np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)

    @property
    def n_times(self) -> int:
        """Time bins from the first frame to the last one seen."""
        return self._bin_of(self.last_time_s) + 1

    def rows(self, frames: Iterable[VideoFrame], threads: int = 1) -> Iterator[BinRow]:
        """Yield the words of every time bin that has any, as soon as the bin is over.

        Parameters
        ----------
        frames : iterator of VideoFrame
            In order of time; read in the calling thread.
        threads : int
            How many compute flow and count beside it; the rows do not depend on it.
        """
        counted = in_order(self._count, self._pairs(frames), threads)
        for time, group in groupby(counted, key=lambda item: item[0]):
            total = np.zeros(self.grid.n_words, dtype=np.int32)
            for _, counts in group:
                total += counts
            word = np.flatnonzero(total)
            if len(word):
                yield BinRow(time, word.astype(np.int32), total[word].astype(np.float32))

    def _pairs(self, frames: Iterable[VideoFrame]) -> Iterator[_Pair]:
        """Yield used frames with the one before, except across long gaps."""
        slow = SlowBackground()
        before: _Used | None = None
        for frame in frames:
            self.last_time_s = frame.time_s
            self.mean.look(frame)
            if before is not None and frame.time_s - before.time_s < self._least_gap_s:
                continue
            after = self._used(frame)
            background = slow.look(after.time_s, after.image) if self.spec.static else None
            if before is not None and after.time_s - before.time_s <= self._longest_gap_s:
                yield _Pair(before, after, background)
            before = after

    def _used(self, frame: VideoFrame) -> _Used:
        image = self._reduced(frame.luma)
        height, width = image.shape
        return _Used(frame.time_s, image, resized(image, ((width + 1) // 2, (height + 1) // 2)))

    def _reduced(self, luma: Pixels) -> Pixels:
        """Return the frame in working size."""
        size = (self.grid.frame_width, self.grid.frame_height)
        if luma.shape == size[::-1]:
            return np.ascontiguousarray(luma)
        factor = luma.shape[1] // size[0]
        if factor > 1 and luma.shape[1] % size[0]:
            # whole factors are quick; the small rest is done on few pixels
            whole = (luma.shape[1] // factor, luma.shape[0] // factor)
            luma = resized(luma[: whole[1] * factor, : whole[0] * factor], whole)
        return resized(luma, size)

    def _count(self, pair: _Pair) -> tuple[int, Counts]:
        """Return the time bin of a pair and how often it shows each word, int32 array (W,)."""
        grid = self.grid
        changed = self._differing(pair.before.image, pair.after.image, self.spec.change)
        flow = dis_flow(pair.before.half, pair.after.half, is_still=len(changed) == 0)
        places = (self._vector_of_pixel, self._cell_of_pixel, grid.rows * grid.columns)
        # pixels of the half-size frame from one frame to the next
        least_motion = self.spec.speed_px_s * float(pair.after.time_s - pair.before.time_s) / 2
        counts = count_moving_pixels(changed, flow, *places, self._compass, least_motion)
        if pair.background is not None:
            foreground = self._differing(pair.after.image, pair.background, STANDING_CONTRAST)
            still = count_still_pixels(foreground, flow, *places, least_motion)
            counts = np.concatenate([counts, still])
        return self._bin_of(pair.after.time_s), counts

    def _differing(self, one: Pixels, other: Pixels, levels: int) -> Indices:
        """Return the watched pixels that differ by more, as `y * width + x`, int64 array."""
        differ = cv2.threshold(cv2.absdiff(one, other), levels, 1, cv2.THRESH_BINARY)[1]
        return np.flatnonzero(cv2.bitwise_and(differ, self.watched).view(np.bool_))

    def _bin_of(self, time_s: Fraction) -> int:
        return math.floor(time_s / self._bin_s)


_THREAD = threading.local()


def dis_flow(before: Pixels, after: Pixels, *, is_still: bool = False) -> NDArray[np.float32]:
    """Return optical flow between two grey pictures, one vector per pixel.

    Parameters
    ----------
    before, after : uint8 arrays (h, w)
    is_still : bool
        Nothing moves: the flow is zero without looking further.

    Returns
    -------
    float32 array (h * w, 2)
        Motion (x, y) from `before` to `after` in pixels; y points down.

    Notes
    -----
    Kroeger, Timofte, Dai, Van Gool, ECCV 2016: fast optical flow by dense inverse search. The
    preset is ultrafast; patches of 8 px every 5 px instead of every 4 and 8 steps instead of 12
    take two thirds of the time, and 1 % more of the directions differ from those of the preset
    medium (road scenes).
    """
    if is_still:
        return np.zeros((before.size, 2), dtype=np.float32)
    if not hasattr(_THREAD, "engine"):
        _THREAD.engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        _THREAD.engine.setFinestScale(1)
        _THREAD.engine.setPatchStride(5)
        _THREAD.engine.setGradientDescentIterations(8)
    flow: NDArray[np.float32] = _THREAD.engine.calc(before, after, None)
    return flow.reshape(-1, 2)


def watched_pixels(spec: FlowSpec, grid: FlowGrid, width: int, height: int) -> Pixels:
    """Return 1 for the pixels of the working frame that are watched, uint8 array (H, W).

    Raises
    ------
    SpecError
        When `roi`, `exclude` and `mask` leave nothing of a video of this size.
    FormatError
        When the mask is no picture of the video's size.
    """
    watched = np.ones((height, width), dtype=np.uint8)
    if spec.mask is not None:
        watched = read_mask(Path(spec.mask), width, height)
    if spec.roi is not None:
        inside = np.zeros_like(watched)
        inside[_slices(spec.roi)] = 1
        watched = watched & inside
    for box in spec.exclude:
        watched[_slices(box)] = 0
    size = (grid.frame_width, grid.frame_height)
    small = resized(watched, size, cv2.INTER_NEAREST)
    if not small.any():
        raise SpecError(
            f"roi, exclude and mask leave nothing to watch of a video of {width}x{height} px"
        )
    return small


def resized(image: Pixels, size: tuple[int, int], how: int = cv2.INTER_AREA) -> Pixels:
    """Return a grey picture in another size (width, height)."""
    picture: Pixels = np.asarray(cv2.resize(image, size, interpolation=how), dtype=np.uint8)
    return picture


def read_mask(path: Path, width: int, height: int) -> Pixels:
    """Return 1 where the picture at `path` is not black, uint8 array (height, width)."""
    try:
        data = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror}; expected a mask") from error
    picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if len(data) else None
    if picture is None:
        raise FormatError(f"{path} is not a picture; expected a mask, a PNG for example")
    if picture.shape != (height, width):
        raise FormatError(
            f"the mask {path} is {picture.shape[1]}x{picture.shape[0]} px; the video has "
            f"{width}x{height} px; draw the mask on a frame of the video"
        )
    return (picture > 0).astype(np.uint8)


def _slices(box: Box) -> tuple[slice, slice]:
    x, y, width, height = box
    return slice(y, y + height), slice(x, x + width)


def in_order(function: Callable[[In], Out], items: Iterable[In], threads: int) -> Iterator[Out]:
    """Yield `function(item)` in the order of `items`, computed by threads a few items ahead."""
    waiting: deque[Future[Any]] = deque()
    if threads <= 1:  # one core is one worker's: nothing is gained by a second thread
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
