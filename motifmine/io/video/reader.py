"""A video as an iterator of frames with the time stamps of the container.

Packets are decoded one by one, so that damage is limited to the packets that have it; lost frames
and repaired time stamps are counted. Times are relative to the first frame, as exact fractions of a
second.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.error import FFmpegError

from motifmine.errors import FormatError, MotifmineError, VideoError
from motifmine.io.readers import holds_text
from motifmine.io.regular import check_input
from motifmine.io.video.clock import FrameClock, Stamped
from motifmine.io.video.completeness import count_missing_bytes
from motifmine.io.video.container import VIDEO_FORMATS, open_container
from motifmine.io.video.damage import drop_broken
from motifmine.io.video.pixels import PictureReader, choose_pixels
from motifmine.io.video.streams import EXPECTED, Packets, StreamChoice, choose_stream
from motifmine.records.frames import FrameOptions, ReaderCounts
from motifmine.types import Pixels

INTRA_ONLY = frozenset({"mjpeg", "mjpegb"})
"""Codecs that code each picture by itself, and whose decoder passes on broken ones."""
STILLS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"BM": "bmp", b"II*": "tiff", b"MM": "tiff"}
"""First bytes of pictures."""
"""Share of control characters up to which a file is text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A decoded frame."""

    index: int
    """Index among the decoded frames, from 0."""
    time_s: Fraction
    """Seconds since the first frame; strictly ascending."""
    document: int = 0
    """Number of the document, from 0; a new one begins where the time stamps jump."""
    source: av.VideoFrame
    pixels: PictureReader = field(default_factory=PictureReader)

    @property
    def luma(self) -> Pixels:
        """Luma, uint8 array (height, width), upright, of square pixels.

        Read at each call; a view that is valid as long as the frame.
        """
        return self.pixels.read_luma(self.source)

    def read_colour(self, width: int, height: int) -> Pixels:
        """Return the picture in colour at a reduced size, uint8 array (height, width, rgb)."""
        return self.pixels.read_colour(self.source, width, height)


@dataclass(slots=True, kw_only=True)
class VideoReader(ReaderCounts):
    """Reads the frames of a video file once, in order, and counts errors.

    Made by `open_video`; iterate over `frames()`, then read the counts.
    """

    path: Path
    container: InputContainer
    choice: StreamChoice
    packets: Packets
    """Packets of all streams that the choice has not read."""
    pixels: PictureReader
    max_gap_s: Fraction
    duration_s: float
    """Duration according to the container, seconds; NaN if unknown."""
    frames_expected: int
    """Number of frames according to the container; -1 if unknown."""
    is_file: bool = True
    """Whether `path` is a file, which may be truncated."""
    on_packet: Callable[[Any], None] | None = None
    """Called with every packet of the stream after it was decoded."""
    _reached: dict[int, int] = field(default_factory=dict)
    """Latest end of a packet of each stream, in ticks of the stream."""

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.container.close()

    @property
    def created(self) -> str:
        """When the container says that it was recorded, ISO 8601, "" if it does not say."""
        return self.container.metadata.get("creation_time", "")

    @property
    def mean_gap_s(self) -> Fraction:
        """Usual time between frames, seconds."""
        return self.choice.gap_s

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided about the file, for people."""
        choice = self.choice
        stream = f"stream {choice.number} of {choice.n_streams}" if choice.n_streams > 1 else ""
        return tuple(filter(None, [stream, *self.pixels.notes]))

    def frames(self) -> Iterator[Frame]:
        """Yield every frame that can be decoded, in order of time.

        Raises
        ------
        VideoError
            If no frame can be decoded.
        """
        stream = self.choice.stream
        # sources are decoded in parallel; threads of a decoder also hide which packet failed
        stream.codec_context.thread_count = 1
        # times from stamps, not from a frame rate: cameras drop frames
        clock = FrameClock(gap_s=self.mean_gap_s, max_gap_s=self.max_gap_s)
        pictures = self._read_pictures()
        if stream.codec_context.name in INTRA_ONLY:
            # a picture with an invalid code is an error then, and not passed on half decoded
            stream.codec_context.options = {"err_detect": "explode"}
            pictures = drop_broken(pictures, self.pixels.read_luma, self._count_damaged)
        for picture in pictures:
            yield from self._make_frames(clock.push(_read_stamp(picture), picture), clock)
        yield from self._make_frames(clock.flush(), clock)
        self.frames_damaged += int(self.packets.has_failed)
        if not self.frames_decoded:
            raise VideoError(
                f"{self.path}: no frame of its {stream.codec_context.name} video can be decoded "
                f"({self.frames_damaged} packets are damaged)"
            )
        if self.is_file:
            self._detect_truncation(float(clock.time_s))

    def _read_pictures(self) -> Iterator[av.VideoFrame]:
        """Yield the pictures that the decoder does not mark as damaged."""
        for packet in itertools.chain(self.choice.packets, self.packets):
            if packet.pts is not None:
                end = packet.pts + (packet.duration or 0)
                # of packets, not of frames: audio that goes on shows that the file does
                self._reached[packet.stream_index] = max(
                    end, self._reached.get(packet.stream_index, 0)
                )
            if packet.stream.index == self.choice.stream.index:
                for picture in self._decode_packet(packet):
                    if picture.is_corrupt:
                        self._count_damaged()
                    else:
                        yield picture
                if self.on_packet is not None:
                    self.on_packet(packet)

    def _count_damaged(self) -> None:
        self.frames_damaged += 1

    def _decode_packet(self, packet: Any) -> Iterable[av.VideoFrame]:
        """Return the pictures that one packet completes."""
        try:
            pictures: list[av.VideoFrame] = packet.decode()
        except FFmpegError:
            self.frames_damaged += 1
            return []
        return pictures

    def _make_frames(self, stamped: Iterable[Stamped], clock: FrameClock) -> Iterator[Frame]:
        """Yield pictures whose times are known as frames."""
        for found in stamped:
            picture = found.item
            frame = Frame(
                index=self.frames_decoded,
                time_s=found.time_s,
                document=found.document,
                source=picture,
                pixels=self.pixels,
            )
            self.frames_decoded += 1
            self.stamps_repaired = clock.repaired
            self.origin_s = float(found.origin_s)
            yield frame

    def _detect_truncation(self, last_s: float) -> None:
        """Set `truncated_at_s` if the file lacks bytes, and with them frames.

        A header with a wrong duration or number of frames never makes a file a truncated one.
        """
        # the number of frames in a fragmented file is that of its first fragment
        n_found = self.frames_decoded + self.frames_damaged
        if self.frames_expected == n_found or not count_missing_bytes(self.path):
            return
        start_s = (self.container.start_time or 0) / av.time_base
        # durations in headers are rounded, and the last frame may lack its own
        slack_s = max(0.25, 2.5 * float(self.mean_gap_s))
        ends_s = [
            float(end * (self.container.streams[stream].time_base or 0))
            for stream, end in self._reached.items()
        ]
        is_long = max(ends_s, default=0.0) - start_s >= self.duration_s - slack_s
        # Matroska has an index after the last frame; the duration of others is that of the rest
        if "matroska" in self.container.format.name and is_long:
            return
        self.truncated_at_s = last_s + float(self.mean_gap_s)


def open_video(path: Path, options: FrameOptions | None = None) -> VideoReader:
    """Open a video file and choose its stream; without options the defaults are used.

    Raises
    ------
    FormatError
        If the file cannot be read, or is not a video: empty, text, a still image, sound only.
    SpecError
        If it has no stream of the wanted number.
    """
    options = options or FrameOptions()
    check_input(path, EXPECTED)
    if holds_text(path):
        raise FormatError(f"{path} is a text file; expected {EXPECTED}")
    try:
        container = open_container(path, VIDEO_FORMATS)
    except FFmpegError as error:
        raise FormatError(f"{path} {_describe_damage(path)}; expected {EXPECTED}") from error
    packets = Packets(container.demux())
    try:
        choice = choose_stream(path, container, packets, options.stream)
    except MotifmineError:
        container.close()
        raise
    return VideoReader(
        path=path,
        container=container,
        choice=choice,
        packets=packets,
        pixels=choose_pixels(path, choice.stream),
        max_gap_s=Fraction(options.max_gap_s),
        duration_s=container.duration / av.time_base if container.duration else math.nan,
        frames_expected=choice.stream.frames or -1,
    )


def _describe_damage(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    for magic, kind in STILLS.items():
        if head.startswith(magic):
            return f"is a still image ({kind})"
    if head[4:8] == b"ftyp":
        return "is an MP4 file without its index ('moov'): truncated before that was written"
    return "is not a video that FFmpeg can read, or its beginning is damaged"


def _read_stamp(picture: av.VideoFrame) -> Fraction | None:
    """Return the time stamp of a picture, seconds, None if it has none."""
    if picture.pts is None:
        return None
    base = picture.time_base or Fraction(0)
    # half as long as a product
    return Fraction(picture.pts * base.numerator, base.denominator)
