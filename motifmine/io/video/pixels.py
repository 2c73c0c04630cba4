"""From decoded pictures to grey and colour ones: upright, of square pixels, with 8 bits."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.error import FFmpegError
from av.sidedata.sidedata import Type
from numpy.typing import NDArray

from motifmine.io.video.container import VIDEO_FORMATS, open_container
from motifmine.types import Pixels

LUMA_FIRST = frozenset(
    f"{family}{layout}p" for family in ("yuv", "yuvj") for layout in (410, 411, 420, 422, 440, 444)
) | {"gray", "nv12", "nv21"}
"""Pixel formats with 8 bits whose first plane is the luma."""
DEEP_GREY = re.compile(r"gray(9|1\d|f\d\d)(le|be)?")

SQUARE = Fraction(2, 100)
"""Pixels that are wider or narrower by less are square; 1088 lines of 1080 are called 136:135."""
WIDEST = Fraction(4)
"""No pixels are wider, or narrower, than this: the container is wrong."""
SAMPLED = 12
"""Places of a recording whose values are looked at."""
PERCENTILES = (0.5, 99.5)
LOWEST, HIGHEST = 32, 223
"""Grey levels of these percentiles; there is room for what is brighter or darker, and moves."""
MOST_NOISE = 1.0
"""Noise between two frames is not stretched beyond this median absolute difference, grey levels."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Map from the values of a recording with more than 8 bits to grey levels."""

    low: float
    high: float
    """Values that become the grey levels `LOWEST` and `HIGHEST`."""

    def apply(self, values: NDArray[Any]) -> Pixels:
        """Return values as grey levels, uint8 array of the same shape."""
        factor = (HIGHEST - LOWEST) / (self.high - self.low)
        found = (values.astype(np.float32) - np.float32(self.low)) * np.float32(factor) + LOWEST
        return np.asarray(np.nan_to_num(np.clip(found, 0, 255)), dtype=np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orientation:
    """How a stored picture is turned and mirrored to be upright: first transposed, then flipped."""

    is_sideways: bool = False
    flips_columns: bool = False
    flips_rows: bool = False

    def apply(self, picture: NDArray[Any]) -> Pixels:
        """Return the upright picture."""
        if self.is_sideways:
            picture = cv2.transpose(picture)
        if self.flips_columns or self.flips_rows:
            both = self.flips_columns and self.flips_rows
            picture = cv2.flip(picture, -1 if both else int(self.flips_columns))
        return np.asarray(picture, dtype=np.uint8)


@dataclass(slots=True)
class PictureReader:
    """Converts the pictures of one video stream."""

    aspect: Fraction = Fraction(1)
    """Width of a pixel relative to its height."""
    stretch: Stretch | None = None
    """Of a recording of grey values with more than 8 bits."""
    is_interlaced: bool = False
    """Whether a picture was interlaced so far."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided about the pixels, for people."""
        found = []
        if self.aspect != 1:
            found.append(f"pixels of {self.aspect.numerator}:{self.aspect.denominator} made square")
        if self.is_interlaced:
            found.append("interlaced, one field used")
        if self.stretch is not None:
            found.append(f"values {self.stretch.low:.6g} to {self.stretch.high:.6g} stretched")
        return tuple(found)

    def read_luma(self, picture: av.VideoFrame) -> Pixels:
        """Return the luma of a picture, uint8 array (height, width), without a copy if possible."""
        if self.stretch is not None:
            luma = self.stretch.apply(picture.to_ndarray())
        else:
            if picture.format.name not in LUMA_FIRST:
                picture = picture.reformat(format="gray")
            plane = picture.planes[0]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            luma = rows[: picture.height, : picture.width]
        # once is enough: a field and a whole frame lie half a line apart, which would be motion
        self.is_interlaced = self.is_interlaced or bool(picture.interlaced_frame)
        if self.is_interlaced and luma.shape[0] > 1:
            luma = luma[::2]
        size = self.measure(picture)
        if luma.shape != size[::-1]:
            luma = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_LINEAR), np.uint8)
        return find_orientation(picture).apply(luma)

    def read_colour(self, picture: av.VideoFrame, width: int, height: int) -> Pixels:
        """Return a picture in colour at a reduced size, uint8 array (height, width, rgb).

        Parameters
        ----------
        picture : av.VideoFrame
        width, height : int
            Of the upright result, pixels.
        """
        if self.stretch is not None:
            size = (width, height)
            luma = cv2.resize(self.read_luma(picture), size, interpolation=cv2.INTER_AREA)
            return np.repeat(np.asarray(luma, dtype=np.uint8)[:, :, None], 3, axis=2)
        orientation = find_orientation(picture)
        if orientation.is_sideways:
            width, height = height, width
        # one thread: for small pictures, starting threads takes longer than the conversion
        small = picture.reformat(width, height, "rgb24", threads=1).to_ndarray()
        return orientation.apply(small)

    def measure(self, picture: av.VideoFrame) -> tuple[int, int]:
        """Return width and height of a picture with square pixels, before it is rotated."""
        return max(1, round(picture.width * self.aspect)), picture.height


def choose_pixels(path: Path, stream: Any) -> PictureReader:
    """Return how the pictures of a stream are converted.

    Parameters
    ----------
    path : Path
        The file, whose values are sampled if they have more than 8 bits.
    stream : av.VideoStream
    """
    is_deep = DEEP_GREY.fullmatch(stream.codec_context.pix_fmt or "")
    return PictureReader(
        aspect=find_aspect(stream),
        stretch=measure_stretch(path, stream.index) if is_deep else None,
    )


def find_aspect(stream: Any) -> Fraction:
    """Return the width of a pixel relative to its height, 1 if that is unknown or absurd."""
    for said in (stream.sample_aspect_ratio, stream.codec_context.sample_aspect_ratio):
        if said:
            aspect = Fraction(said)
            is_plausible = 1 / WIDEST <= aspect <= WIDEST
            return aspect if is_plausible and abs(aspect - 1) > SQUARE else Fraction(1)
    return Fraction(1)


def measure_stretch(path: Path, index: int) -> Stretch:
    """Measure the range of values of a recording, over its whole length where it can be sought.

    Parameters
    ----------
    index : int
        Of the stream.
    """
    values, changes = [np.zeros(0)], [np.zeros(0)]
    for one, other in _sample_pairs(path, index):
        values.append(one[np.isfinite(one)])
        change = np.abs(other - one)
        changes.append(change[np.isfinite(change)])
    found = np.concatenate(values)
    low, high = np.percentile(found, PERCENTILES) if len(found) else (0.0, 1.0)
    step = np.concatenate(changes)
    noise = float(np.median(step)) if len(step) else 0.0
    least = max(noise * (HIGHEST - LOWEST) / MOST_NOISE, 1e-6 * max(abs(low), abs(high)), 1e-9)
    if high - low < least:
        middle = (low + high) / 2
        low, high = middle - least / 2, middle + least / 2
    return Stretch(float(low), float(high))


def _sample_pairs(path: Path, index: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yield values of successive frames at places that are spread over the recording."""
    with open_container(path, VIDEO_FORMATS) as container:
        stream = container.streams[index]
        start, length = container.start_time or 0, container.duration or 0
        for place in range(SAMPLED):
            try:
                if place:
                    container.seek(start + length * place // SAMPLED, backward=True)
                pictures = container.decode(stream)
                one, other = (_read_values(next(pictures)) for _ in range(2))
            except (FFmpegError, StopIteration, RuntimeError):
                continue
            yield one, other
            if not length:
                return


def _read_values(picture: Any) -> NDArray[Any]:
    # every third pixel of every third line is enough, and the most that a 4K recording needs
    return np.asarray(picture.to_ndarray()[::3, ::3], dtype=np.float64).ravel()


def find_orientation(picture: av.VideoFrame) -> Orientation:
    """Return how a picture is made upright, by its display matrix; as it is where it has none."""
    sides: Any = picture.side_data
    side = sides.get(Type.DISPLAYMATRIX)
    if side is None:
        return Orientation()
    # columns of the shown picture are a x + c y, its rows b x + d y
    a, b, _, c, d = np.frombuffer(bytes(side), np.int32)[:5].tolist()
    if abs(b) > abs(a):
        return Orientation(is_sideways=True, flips_columns=c < 0, flips_rows=b < 0)
    return Orientation(flips_columns=a < 0, flips_rows=d < 0)
