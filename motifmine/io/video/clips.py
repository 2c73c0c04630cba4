"""Clips of a video: read by seeking, and written as H.264, which browsers can play."""

import itertools
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from motifmine.errors import VideoError
from motifmine.files import open_atomic
from motifmine.io.video.pixels import PictureReader, find_orientation
from motifmine.io.video.reader import open_video
from motifmine.types import Pixels

X264 = {"preset": "veryfast", "crf": "23", "threads": "1"}
DEFAULT_RATE = Fraction(25)
MAX_RATE = Fraction(60)
"""Largest frame rate of a clip, frames per second; some containers claim thousands."""


def read_frame_rate(path: Path) -> Fraction:
    """Return the mean frame rate according to the container, or 25 if it is not given.

    Raises
    ------
    VideoError, FormatError
        If the video cannot be opened.
    """
    with open_video(path) as reader:
        rate = reader.choice.stream.average_rate
    return min(rate, MAX_RATE) if rate else DEFAULT_RATE


def read_span(
    path: Path, start_s: float, end_s: float, *, origin_s: float = 0.0, width: int | None = None
) -> Iterator[tuple[float, Pixels]]:
    """Yield time and picture of the frames in an interval, decoding from the key frame before it.

    Parameters
    ----------
    start_s, end_s : float
        Seconds of the recording; half-open.
    origin_s : float
        Time stamp of second 0 in the container, see `Recording.origin_s`.
    width : int or None
        Wider pictures are reduced to this width, pixels; None keeps their size.

    Yields
    ------
    (float, uint8 array (row, column, rgb))
        Upright, with even width and height.

    Raises
    ------
    VideoError, FormatError
        If the video cannot be opened.
    """
    with open_video(path) as reader:
        stream = reader.choice.stream
        stream.codec_context.thread_count = 1
        packets: Iterable[Any] = itertools.chain(reader.choice.packets, reader.packets)
        if start_s > 0:
            try:
                # backward: decoding must begin at a key frame
                reader.container.seek(round((start_s + origin_s) * av.time_base), backward=True)
            except FFmpegError:
                reader.container.seek(0)
            packets = reader.container.demux(stream)
        for stamp_s, picture in _decode_frames(packets, stream.index):
            time_s = stamp_s - origin_s
            if time_s >= end_s:
                return
            if time_s >= start_s:
                yield time_s, _convert_picture(picture, reader.pixels, width)


def write_clip(
    path: Path, frames: Iterable[Pixels], rate: Fraction, *, force: bool = False
) -> None:
    """Write pictures as an H.264 video; the file appears complete or not at all.

    Parameters
    ----------
    path : Path
        With the suffix `.mp4`.
    frames : iterable of uint8 arrays (row, column, rgb)
        All of the same size, with even width and height.
    rate : Fraction
        Frames per second.

    Raises
    ------
    VideoError
        If there are no frames.
    WorkspaceError
        If `path` exists and `force` is not set, or if it cannot be written.
    """
    with (
        open_atomic(path, force=force) as part,
        # the index first: browsers play before the whole file is there
        av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as container,
    ):
        stream = None
        for picture in frames:
            if stream is None:
                stream = container.add_stream("libx264", rate=rate, options=X264)
                stream.height, stream.width = picture.shape[:2]
                # the only format that all browsers play
                stream.pix_fmt = "yuv420p"
            image = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            container.mux(stream.encode(image))
        if stream is None:
            raise VideoError(f"{path}: there are no frames to write")
        container.mux(stream.encode())


def _decode_frames(packets: Iterable[Any], index: int) -> Iterator[tuple[float, av.VideoFrame]]:
    """Yield time stamp and picture of frames that have both; damaged packets are skipped."""
    for packet in packets:
        if packet.stream.index != index:
            continue
        try:
            pictures = packet.decode()
        except FFmpegError:
            continue
        for picture in pictures:
            if isinstance(picture, av.VideoFrame) and picture.time is not None:
                yield picture.time, picture


def _convert_picture(picture: av.VideoFrame, pixels: PictureReader, width: int | None) -> Pixels:
    """Convert a picture to an upright one in colour, reduced to `width`, with even sides."""
    size = pixels.measure(picture)
    wide, high = size[::-1] if find_orientation(picture).is_sideways else size
    scale = min(1.0, width / wide) if width else 1.0
    # yuv420p halves the colours in both directions
    even = (max(2, round(side * scale) // 2 * 2) for side in (wide, high))
    return np.ascontiguousarray(pixels.read_colour(picture, *even))
