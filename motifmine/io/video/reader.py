"""A video as an iterator of frames with the time stamps of the container.

Packets are decoded one by one, so that damage is limited to the packets that have it; lost frames
and repaired time stamps are counted. Times are relative to the first frame, as exact fractions of a
second.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError

from motifmine.errors import FormatError, VideoError
from motifmine.types import Pixels

EXPECTED = "expected a video file"
LUMA_FIRST = frozenset(
    f"{family}{layout}p" for family in ("yuv", "yuvj") for layout in (410, 411, 420, 422, 440, 444)
) | {"gray", "nv12", "nv21"}
"""Pixel formats with 8 bits whose first plane is the luma."""

DEFAULT_GAP_S = Fraction(1, 25)
"""Time between frames if the container gives no rate, seconds."""
MAX_GAP_S = Fraction(24 * 3600)
"""A time stamp further ahead than this is invalid."""
CLOCK_RESTART_S = Fraction(1)
"""A time stamp further back than this is a restart of the container's clock."""
ROTATIONS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A decoded frame."""

    index: int
    """Index among the decoded frames, from 0."""
    time_s: Fraction
    """Seconds since the first frame; strictly ascending."""
    luma: Pixels
    """Luma, uint8 array (height, width), upright; a view that is valid as long as the frame."""
    source: av.VideoFrame

    def read_colour(self, width: int, height: int) -> Pixels:
        """Return the picture in colour at a reduced size, uint8 array (height, width, rgb)."""
        turn = _find_rotation(self.source)
        if turn in (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE):
            width, height = height, width
        # one thread: for small pictures, starting threads takes longer than the conversion
        small = self.source.reformat(width, height, "rgb24", threads=1).to_ndarray()
        return _rotate(small, turn)


@dataclass(slots=True, kw_only=True)
class VideoReader:
    """Reads the frames of a video file once, in order, and counts errors.

    Made by `open_video`; iterate over `frames()`, then read the counts.
    """

    path: Path
    container: InputContainer
    duration_s: float
    """Duration according to the container, seconds; NaN if unknown."""
    frames_expected: int
    """Number of frames according to the container; -1 if unknown."""
    origin_s: float = 0.0
    """Time stamp of the first frame in the container, seconds."""
    frames_decoded: int = 0
    frames_damaged: int = 0
    """Packets that could not be decoded, and frames that the decoder marked as corrupt."""
    stamps_repaired: int = 0
    """Time stamps that were missing, repeated, descending, or more than a day ahead."""
    truncated_at_s: float = math.nan
    """End of the last frame if the file is truncated, seconds; else NaN."""
    mean_gap_s: Fraction = DEFAULT_GAP_S
    """Time between frames by the mean rate of the container, seconds."""

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.container.close()

    @property
    def created(self) -> str:
        """When the container says that it was recorded, ISO 8601, "" if it does not say."""
        return self.container.metadata.get("creation_time", "")

    def frames(self) -> Iterator[Frame]:
        """Yield every frame that can be decoded, in order of time.

        Raises
        ------
        VideoError
            If no frame can be decoded.
        """
        stream = self.container.streams.video[0]
        stream.codec_context.thread_count = 1
        clock = FrameClock(self.mean_gap_s)
        reached_s = Fraction(0)
        for packet in self._read_packets():
            if packet.pts is not None and packet.time_base is not None:
                reached_s = max(reached_s, (packet.pts + (packet.duration or 0)) * packet.time_base)
            if packet.stream_index == stream.index:
                yield from self._decode_packet(packet, clock)
        if not self.frames_decoded:
            raise VideoError(
                f"{self.path}: no frame of its {stream.codec_context.name} video can be decoded "
                f"({self.frames_damaged} packets are damaged)"
            )
        self._detect_truncation(float(reached_s), float(clock.time_s))

    def _read_packets(self) -> Iterator[Any]:
        """Yield the packets of all streams until the end or the first read error."""
        packets = self.container.demux()
        while True:
            try:
                packet = next(packets, None)
            except FFmpegError:
                self.frames_damaged += 1
                return
            if packet is None:
                return
            yield packet

    def _decode_packet(self, packet: Any, clock: "FrameClock") -> Iterator[Frame]:
        """Yield the frames that one packet completes."""
        try:
            pictures = packet.decode()
        except FFmpegError:
            self.frames_damaged += 1
            return
        for picture in pictures:
            stamp = None if picture.pts is None else picture.pts * Fraction(picture.time_base)
            time_s = clock.next_time(stamp)
            self.frames_damaged += int(picture.is_corrupt)
            frame = Frame(
                index=self.frames_decoded,
                time_s=time_s,
                luma=_extract_luma(picture),
                source=picture,
            )
            self.frames_decoded += 1
            self.stamps_repaired = clock.repaired
            self.origin_s = float(clock.origin_s)
            yield frame

    def _detect_truncation(self, reached_s: float, last_s: float) -> None:
        """Set `truncated_at_s` if both duration and number of frames are less than expected.

        If only one of them is, the header is wrong.
        """
        start_s = (self.container.start_time or 0) / av.time_base
        missing_s = start_s + self.duration_s - reached_s
        slack_s = max(0.25, 2.5 * float(self.mean_gap_s))
        if not missing_s > slack_s or 0 <= self.frames_expected <= self.frames_decoded:
            return
        if not _riff_is_whole(self.path):
            self.truncated_at_s = last_s + float(self.mean_gap_s)


def open_video(path: Path) -> VideoReader:
    """Open a video file and check that it has video.

    Raises
    ------
    VideoError
        If the file does not exist or cannot be read.
    FormatError
        If the file is not a video: empty, text, a still image, sound only.
    """
    _check_readable(path)
    try:
        container = av.open(str(path), metadata_errors="replace")
    except FFmpegError as error:
        raise FormatError(f"{path} {_describe_damage(path)}; {EXPECTED}") from error
    try:
        _check_streams(path, container)
    except FormatError:
        container.close()
        raise
    stream = container.streams.video[0]
    duration_s = container.duration / av.time_base if container.duration else math.nan
    return VideoReader(
        path=path,
        container=container,
        duration_s=duration_s,
        frames_expected=stream.frames or -1,
        mean_gap_s=1 / stream.average_rate if stream.average_rate else DEFAULT_GAP_S,
    )


def _check_readable(path: Path) -> None:
    """Raise if `path` is not a readable file, is empty, or is a text file."""
    if not path.exists():
        raise VideoError(f"{path} does not exist; {EXPECTED}")
    if not path.is_file():
        raise FormatError(f"{path} is not a file; {EXPECTED}")
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise VideoError(f"{path} cannot be read: {error.strerror}") from error
    if not head:
        raise FormatError(f"{path} is empty (0 bytes); {EXPECTED}")
    if _is_text(head):
        raise FormatError(f"{path} is a text file; {EXPECTED}")


def _is_text(head: bytes) -> bool:
    try:
        # a multi-byte character may be cut at the end of the block
        text = head[: max(1, len(head) - 3)].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\t\n\r\f" for letter in text)


def _describe_damage(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        return "is an MP4 file without its index ('moov'): truncated before that was written"
    return "is not a video that FFmpeg can read, or its beginning is damaged"


def _check_streams(path: Path, container: InputContainer) -> None:
    """Raise if the container has a still image or no video stream."""
    name = container.format.name
    moving = [s for s in container.streams.video if not s.disposition & s.disposition.attached_pic]
    if name == "image2" or name.endswith("_pipe"):
        raise FormatError(f"{path} is a still image ({name.removesuffix('_pipe')}); {EXPECTED}")
    if not moving:
        held = ", ".join(sorted({stream.type for stream in container.streams})) or "no streams"
        raise FormatError(f"{path} has no video stream (only {held}); {EXPECTED}")
    if moving[0].codec_context is None:
        raise FormatError(f"{path} has a codec that FFmpeg does not support; {EXPECTED}")


def _riff_is_whole(path: Path) -> bool:
    """Return whether the file is an AVI of at least the size in its RIFF header."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] != b"RIFF":
        return False
    return path.stat().st_size >= int.from_bytes(head[4:8], "little") + 8 > 8


def _extract_luma(picture: av.VideoFrame) -> Pixels:
    """Return the luma of a frame, without a copy if the pixel format allows it."""
    turn = _find_rotation(picture)
    if picture.format.name not in LUMA_FIRST:
        picture = picture.reformat(format="gray")
    plane = picture.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return _rotate(rows[: picture.height, : picture.width], turn)


def _rotate(image: Any, turn: int | None) -> Pixels:
    return np.asarray(image if turn is None else cv2.rotate(image, turn), dtype=np.uint8)


def _find_rotation(picture: av.VideoFrame) -> int | None:
    """Return the OpenCV rotation that makes the frame upright."""
    return ROTATIONS.get(picture.rotation % 360)


class FrameClock:
    """Converts time stamps of the container to ascending times that start at 0."""

    def __init__(self, gap_s: Fraction) -> None:
        self.gap_s = gap_s
        self.origin_s = Fraction(0)
        self.time_s = Fraction(-1)
        self.repaired = 0
        self._stamp: Fraction | None = None
        self._shift_s = Fraction(0)

    def next_time(self, stamp: Fraction | None) -> Fraction:
        """Return the time of the next frame from its time stamp, seconds."""
        if self.time_s < 0:
            self.origin_s = stamp or Fraction(0)
            self._stamp, self._shift_s = stamp, -self.origin_s
            self.repaired += int(stamp is None)
            self.time_s = Fraction(0)
        elif stamp is None or self._ahead_s(stamp) > MAX_GAP_S:
            self._repair(self.time_s + self.gap_s)
        elif self._ahead_s(stamp) < -CLOCK_RESTART_S:
            self._repair(self.time_s + self.gap_s)
            self._stamp, self._shift_s = stamp, self.time_s - stamp
        elif stamp + self._shift_s <= self.time_s:
            # between the last time and the expected next one, which can then keep its time stamp
            room_s = (self._stamp or 0) + self._shift_s + self.gap_s - self.time_s
            self._repair(self.time_s + max(room_s, self.gap_s / 1000) / 2)
        else:
            self.time_s = stamp + self._shift_s
            self._stamp = stamp
        return self.time_s

    def _ahead_s(self, stamp: Fraction) -> Fraction:
        return stamp + self._shift_s - self.time_s

    def _repair(self, time_s: Fraction) -> None:
        self.time_s = time_s
        self.repaired += 1
