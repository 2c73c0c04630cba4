"""Optical flow of a video as words: counts of moving pixels per cell and direction.

Frames are reduced to a working size and rate. DIS flow is computed between successive frames at a
quarter of the working size, and is enlarged to half of it only where pixels change in luma: those
that move are counted per cell and direction.
"""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, groupby
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from motifmine.features.video.background import MeanPicture, SlowBackground
from motifmine.features.video.camera import Camera, reduce_half
from motifmine.features.video.light import is_light_change
from motifmine.features.video.mask import make_watch_mask, resize
from motifmine.features.video.overlays import OverlayWatch
from motifmine.features.video.pose import STILL, Pose, everywhere, put_back, warp_back
from motifmine.features.video.precipitation import blocks_of, drop_precipitation
from motifmine.features.video.sensor_noise import choose_smoothing, smooth
from motifmine.features.video.spec import MIN_GAP_SHARE, FlowSpec
from motifmine.kernels.motion import count_moving_pixels, count_still_pixels
from motifmine.parallel.threads import map_ordered
from motifmine.records.frames import VideoFrame
from motifmine.types import Floats32, Indices, Indices32, Pixels

Counts = NDArray[np.int32]

MAX_GAPS = 3
"""Frames that are further apart than this number of normal gaps are not compared."""
BACK_EVERY_S = Fraction(1, 2)
BACK_TIMES = 2
"""Time between looks at a camera that has turned away, seconds, and number of looks in a row that
must show the scene before it is back: one that passes by is not."""
LEAST_BLANK = 0.01
"""Frames in which nothing of the scene can be seen are reported from this share on."""
SMALL_PX = 24
"""Pictures with a smaller side have flow at their own size: DIS needs 12 pixels."""
STATIC_CONTRAST = 25
"""Least difference of static foreground from the background, grey levels."""


@dataclass(frozen=True, slots=True, eq=False)
class BinRow:
    """Words of one time bin."""

    time: int
    """Time bin, ascending; bins without frames have no row."""
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
    reduced: Pixels
    """The image reduced further, see `camera.reduce_half`."""
    known: Pixels | None = None
    """1 for pixels that are in the picture of a camera that has moved; None: all."""


class _Pair(NamedTuple):
    """Two successive working frames, and the background at their time."""

    before: _WorkingFrame
    after: _WorkingFrame
    gap_s: float
    """Time between them, seconds."""
    background: Pixels | None
    earlier: Pixels | None = None
    later: Pixels | None = None
    """The frames before and after the pair; None where they are not compared with it."""


class _Counted(NamedTuple):
    """What was found in a pair."""

    pair: _Pair
    changed: Indices
    """Pixels that differ, as `y * width + x`."""
    counts: Counts
    """Of every word, int32 array (W,)."""


class FlowWords:
    """Converts the frames of a video to words, in memory that does not depend on its length.

    Parameters
    ----------
    width, height : int, pixels
        Size of the video.
    mean_gap_s : Fraction, seconds
        Usual time between frames of the video.
    start_s : Fraction, seconds
        Time of the first frame, where the first bin begins.
    camera : Camera or None
        That of the document before, whose scene this one shows again; None begins a scene.
    """

    def __init__(
        self,
        spec: FlowSpec,
        *,
        width: int,
        height: int,
        mean_gap_s: Fraction,
        start_s: Fraction = Fraction(0),
        camera: Camera | None = None,
    ) -> None:
        self.spec = spec
        self.start_s = start_s
        self.grid = spec.grid(width, height)
        self.watched = make_watch_mask(spec, self.grid, width, height)
        self._is_all_watched = bool(self.watched.all())
        self.mean = MeanPicture(self.grid.frame_width, self.grid.frame_height)
        size = (self.grid.frame_width, self.grid.frame_height)
        self.camera = camera.resume() if camera else Camera(*size)
        self.n_pairs = 0
        """Pairs of frames that were compared."""
        self.n_light = 0
        """Pairs that were excluded, because the light changed suddenly between them."""
        self.away_s = Fraction(0)
        """Time at the end that is excluded, because the camera has turned away, seconds."""
        self.last_time_s = start_s
        """Time of the last frame, used or not."""
        self.bin_s = spec.choose_bin_s(mean_gap_s)
        # by its decimal: 0.1 as a float is no tenth, and bins would drift over hours
        self._bin_s = Fraction(repr(self.bin_s))
        wanted_gap_s = 1 / Fraction(spec.rate_hz)
        self.least_gap_s = MIN_GAP_SHARE * wanted_gap_s
        self._longest_gap_s = MAX_GAPS * max(wanted_gap_s, mean_gap_s)
        y = np.arange(self.grid.frame_height, dtype=np.int32)[:, None]
        x = np.arange(self.grid.frame_width, dtype=np.int32)
        half_width = (self.grid.frame_width + 1) // 2
        self.cell_of_pixel = (y // spec.cell_px * self.grid.columns + x // spec.cell_px).ravel()
        # flow is that of half the size
        self._vector_of_pixel = (y // 2 * half_width + x // 2).ravel()
        self._block_of_pixel = blocks_of(self.grid.frame_width, self.grid.frame_height)
        self.overlays = (
            OverlayWatch(self.grid, self.cell_of_pixel) if spec.overlays == "auto" else None
        )
        turns = 2 * np.pi * np.arange(spec.directions) / spec.directions
        self._compass = np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)

    @property
    def n_times(self) -> int:
        """Number of time bins up to the last frame."""
        return self.find_bin(self.last_time_s) + 1

    def rows(self, frames: Iterable[VideoFrame], threads: int = 1) -> Iterator[BinRow]:
        """Yield the words of every time bin with frames, as soon as the bin is complete.

        Parameters
        ----------
        frames : iterator of VideoFrame
            In order of time; read in the calling thread.
        threads : int
            Number of threads that compute flow and counts; the rows do not depend on it.
        """
        counted = map_ordered(self._count, _with_neighbours(self._pairs(frames)), threads)
        for time, group in groupby(counted, key=lambda item: self.find_bin(item.pair.after.time_s)):
            total = np.zeros(self.grid.n_words, dtype=np.int32)
            for pair, changed, counts in group:
                total += counts
                if self.overlays is not None:
                    time_s = float(pair.after.time_s)
                    self.overlays.update(time_s, changed, pair.before.image)
            word = np.flatnonzero(total)
            yield BinRow(time, word.astype(np.int32), total[word].astype(np.float32))

    def _pairs(self, frames: Iterable[VideoFrame]) -> Iterator[_Pair]:
        """Yield successive working frames, except across long gaps and changes of the light."""
        slow = SlowBackground()
        before: _WorkingFrame | None = None
        next_used_s = self.start_s
        for frame in frames:
            self.last_time_s = frame.time_s
            self.mean.update(frame, self.camera.pose)
            # flow needs a motion of some size; more frames cost time and add nothing
            if frame.time_s < next_used_s:
                continue
            next_used_s = frame.time_s + self.least_gap_s
            after = self._make_working_frame(frame)
            if before is not None and is_light_change(
                before.reduced, after.reduced, self.watched, self.spec.change
            ):
                self.n_light += 1
                slow = SlowBackground()
                self.camera.renew()
                before = None
            if self.spec.stabilise == "auto":
                pose = self.camera.place(after.time_s, after.half, after.reduced)
                if self.camera.is_away:
                    self.last_time_s = max(self.camera.last_seen_s, self.start_s)
                    return
                if pose is None:
                    before = None
                    continue
                before = None if self.camera.has_begun else before
                # warping blurs, so a frame that has not moved stays as it is
                after = after if pose == STILL else _put_back(after, pose)
            background = slow.update(after.time_s, after.image) if self.spec.static else None
            if before is not None:
                gap_s = after.time_s - before.time_s
                if gap_s <= self._longest_gap_s:
                    self.n_pairs += 1
                    yield _Pair(before, after, float(gap_s), background)
            before = after

    def find_return(self, frames: Iterator[VideoFrame]) -> VideoFrame | None:
        """Read frames until the camera shows the scene again, None if it never does."""
        n_seen, next_s = 0, self.last_time_s
        left_s = self.last_time_s
        for frame in frames:
            self.away_s = frame.time_s - left_s
            if frame.time_s < next_s:
                continue
            next_s = frame.time_s + BACK_EVERY_S
            n_seen = n_seen + 1 if self._is_back(frame) else 0
            if n_seen == BACK_TIMES:
                return frame
        return None

    def _is_back(self, frame: VideoFrame) -> bool:
        seen = self._make_working_frame(frame)
        return self.camera.is_back(seen.half, seen.reduced)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was taken out or excluded, for people."""
        camera, found = self.camera, []
        if camera.n_moved:
            found.append(f"camera motion up to {camera.farthest_px:.1f} px removed")
        if self.n_light:
            plural = "s" if self.n_light > 1 else ""
            found.append(f"{self.n_light} sudden change{plural} of light excluded")
        if camera.n_lost:
            plural = "s" if camera.n_lost > 1 else ""
            found.append(f"{camera.n_lost} frame{plural} that did not show the scene excluded")
        if camera.n_blank > LEAST_BLANK * camera.n_frames:
            share = 100 * camera.n_blank / camera.n_frames
            found.append(f"{share:.0f} % of the frames dark, in fog or without a signal")
        if self.away_s:
            seen_s = self.last_time_s - self.start_s
            share = 100 * float(seen_s / max(seen_s + self.away_s, Fraction(1, 1000)))
            found.append(
                f"camera turned away at {float(self.last_time_s):.1f} s: {share:.0f} % used"
            )
        return tuple(found)

    def _make_working_frame(self, frame: VideoFrame) -> _WorkingFrame:
        image = self.resize_to_working(frame.luma)
        half = _halve(image)
        return _WorkingFrame(frame.time_s, image, half, reduce_half(half))

    def resize_to_working(self, luma: Pixels) -> Pixels:
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

    def _count(self, pair: _Pair) -> _Counted:
        """Return the changed pixels of a pair and the count of every word."""
        grid = self.grid
        side = choose_smoothing(pair.before.image, pair.after.image, self.spec.change)
        if side > 1:
            pair = pair._replace(before=_smooth(pair.before, side), after=_smooth(pair.after, side))
        changed = self._find_changed(pair.before, pair.after, self.spec.change)
        if side == 1:
            four = (pair.earlier, pair.before.image, pair.after.image, pair.later)
            changed = drop_precipitation(changed, four, self._block_of_pixel, self.spec.change)
        before, after = pair.before.half, pair.after.half
        flow = compute_flow(before, after, is_still=len(changed) == 0)
        n_cells = grid.rows * grid.columns
        places = (*_size(before), self._vector_of_pixel, self.cell_of_pixel, n_cells)
        # in pixels of the half-size frame, per pair of frames
        least_motion = self.spec.speed_px_s * pair.gap_s / 2
        counts = count_moving_pixels(changed, flow, *places, self._compass, least_motion)
        if pair.background is not None:
            behind = pair.after._replace(image=pair.background)
            foreground = self._find_changed(pair.after, behind, STATIC_CONTRAST)
            still = count_still_pixels(foreground, flow, *places, least_motion)
            counts = np.concatenate([counts, still])
        return _Counted(pair, changed, counts)

    def _find_changed(self, one: _WorkingFrame, other: _WorkingFrame, levels: int) -> Indices:
        """Return the pixels inside the mask that differ by more than `levels`, int64 array.

        Pixels are numbered `y * width + x`.
        """
        difference = cv2.absdiff(one.image, other.image)
        differ = cv2.threshold(difference, levels, 1, cv2.THRESH_BINARY)[1]
        for known in (one.known, other.known):
            if known is not None:
                differ = cv2.bitwise_and(differ, known)
        if not self._is_all_watched:
            differ = cv2.bitwise_and(differ, self.watched)
        return differ.view(np.bool_).ravel().nonzero()[0]

    def find_bin(self, time_s: Fraction) -> int:
        """Return the time bin of a frame."""
        return (time_s - self.start_s) // self._bin_s


def _with_neighbours(pairs: Iterable[_Pair]) -> Iterator[_Pair]:
    """Yield pairs with the frames before and after them."""
    earlier: _WorkingFrame | None = None
    held: _Pair | None = None
    for pair in chain(pairs, [None]):
        follows = held is not None and pair is not None and pair.before is held.after
        if held is not None:
            yield held._replace(
                earlier=None if earlier is None else earlier.image,
                later=pair.after.image if pair is not None and follows else None,
            )
            earlier = held.before if follows else None
        held = pair


def _size(image: Pixels) -> tuple[int, int]:
    rows, columns = image.shape
    return rows, columns


def _halve(image: Pixels) -> Pixels:
    height, width = image.shape
    return resize(image, ((width + 1) // 2, (height + 1) // 2))


def _put_back(frame: _WorkingFrame, pose: Pose) -> _WorkingFrame:
    """Return a frame as a camera that has not moved would have seen it."""
    image = put_back(frame.image, pose)
    _, known = warp_back(everywhere(*image.shape[::-1]), pose, 1.0)
    return _WorkingFrame(frame.time_s, image, _halve(image), frame.reduced, known.astype(np.uint8))


def _smooth(frame: _WorkingFrame, side: int) -> _WorkingFrame:
    """Return a frame less the noise of its sensor."""
    return frame._replace(image=smooth(frame.image, side), half=smooth(frame.half, side))


_THREAD = threading.local()


def compute_flow(before: Pixels, after: Pixels, *, is_still: bool = False) -> Floats32:
    """Compute optical flow between two grey pictures, a vector for four pixels.

    Parameters
    ----------
    before, after : uint8 arrays (h, w)
    is_still : bool
        Return zeros without computing anything.

    Returns
    -------
    float32 array (h // 2, w // 2, 2), of small pictures (h, w, 2)
        Motion (x, y) from `before` to `after` in its own pixels; y points down.

    Notes
    -----
    Kroeger, Timofte, Dai, Van Gool, ECCV 2016: fast optical flow by dense inverse search, preset
    ultrafast. A patch stride of 5 px instead of 4 and 8 gradient descent steps instead of 12 take
    two thirds of the time; on road scenes, 1 % more directions differ from those of the preset
    medium.
    """
    rows, columns = before.shape
    if min(rows, columns) >= SMALL_PX:
        rows, columns = rows // 2, columns // 2
    if is_still:
        return np.zeros((rows, columns, 2), dtype=np.float32)
    # an engine has internal buffers and must not be shared between threads
    if not hasattr(_THREAD, "engine"):
        _THREAD.engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        _THREAD.engine.setFinestScale(0)
        _THREAD.engine.setPatchStride(5)
        _THREAD.engine.setGradientDescentIterations(8)
    if rows < before.shape[0]:
        before, after = resize(before, (columns, rows)), resize(after, (columns, rows))
    flow: Floats32 = _THREAD.engine.calc(before, after, None)
    return flow
