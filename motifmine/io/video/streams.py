"""Choice of the video stream that shows the scene, from what the container says and begins with."""

import itertools
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition

from motifmine.errors import FormatError, SpecError

EXPECTED = "a video file"
DEFAULT_GAP_S = Fraction(1, 25)
"""Time between frames if neither stamps nor container give one, seconds."""
SURVEYED = 48
"""Packets of each video stream that are looked at before one is chosen."""
MOST_SURVEYED = 1024
MOST_BYTES = 32 * 2**20
"""Packets of all streams that are looked at; they are kept in memory until they are decoded."""
LASTS_SHARE = 0.5
"""A stream that is shorter than this share of the longest is a preview or an insert."""
PICTURES = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
TAGGED = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")


@dataclass(slots=True)
class Packets:
    """The packets of all streams of a container, up to its end or the first read error."""

    source: Iterator[Any]
    has_failed: bool = False
    """Whether a read error came before the end."""

    def __iter__(self) -> "Packets":
        return self

    def __next__(self) -> Any:
        """Return the next packet."""
        try:
            return next(self.source)
        except FFmpegError:
            self.has_failed = True
            raise StopIteration from None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamChoice:
    """The chosen video stream, and the packets that were read to choose it."""

    stream: Any
    number: int
    """Number of the stream among those with moving pictures, from 1."""
    n_streams: int
    gap_s: Fraction
    """Usual time between frames: the median of the first ones, else by the container, seconds."""
    packets: tuple[Any, ...]
    """All packets read so far, to be decoded first."""


def list_moving_streams(path: Path, container: InputContainer) -> list[Any]:
    """Return the video streams that are no cover pictures, thumbnails or unknown codecs.

    Raises
    ------
    FormatError
        If there is none, or the file is a still image.
    """
    name = container.format.name
    if name == "image2" or name.endswith("_pipe"):
        raise FormatError(
            f"{path} is a still image ({name.removesuffix('_pipe')}); expected {EXPECTED}"
        )
    moving = [stream for stream in container.streams.video if not stream.disposition & PICTURES]
    if not moving:
        held = ", ".join(sorted({stream.type for stream in container.streams})) or "no streams"
        raise FormatError(f"{path} has no video stream (only {held}); expected {EXPECTED}")
    known = [stream for stream in moving if stream.codec_context is not None]
    if not known:
        raise FormatError(f"{path} has a codec that FFmpeg does not support; expected {EXPECTED}")
    return known


def choose_stream(
    path: Path, container: InputContainer, packets: Iterator[Any], wanted: int | None
) -> StreamChoice:
    """Choose the largest stream that lasts, or the wanted one.

    Parameters
    ----------
    path : Path
        For messages.
    packets : iterator
        Of all streams; as many are taken as it needs to see what each stream begins with.
    wanted : int or None
        Number of the stream, from 1.

    Raises
    ------
    FormatError
        If there is no stream of moving pictures.
    SpecError
        If there is no stream of that number.
    """
    moving = list_moving_streams(path, container)
    if wanted is not None and not 1 <= wanted <= len(moving):
        counted = f"{len(moving)} video streams" if len(moving) > 1 else "one video stream"
        raise SpecError(f"{path} has {counted}; --stream {wanted} names none of them")
    stamps: dict[int, list[Fraction]] = {stream.index: [] for stream in moving}
    seen = []
    n_bytes = 0
    # packets are kept and decoded first afterwards: pipes and damaged files cannot be rewound
    for packet in itertools.islice(packets, MOST_SURVEYED):
        seen.append(packet)
        n_bytes += packet.size
        if packet.stream_index in stamps and packet.pts is not None:
            stamps[packet.stream_index].append(packet.pts * Fraction(packet.time_base))
        if n_bytes > MOST_BYTES or all(len(found) >= SURVEYED for found in stamps.values()):
            break
    index = _find_largest(moving, stamps) if wanted is None else wanted - 1
    return StreamChoice(
        stream=moving[index],
        number=index + 1,
        n_streams=len(moving),
        gap_s=_measure_gap(moving[index], stamps[moving[index].index]),
        packets=tuple(seen),
    )


def _find_largest(moving: list[Any], stamps: dict[int, list[Fraction]]) -> int:
    """Return the index of the largest stream among those that last."""
    lengths = [_read_length(stream) for stream in moving]
    longest = max((length for length in lengths if length is not None), default=0.0)
    most_seen = max(len(found) for found in stamps.values())

    def rank(index: int) -> tuple[bool, int, int]:
        stream, length = moving[index], lengths[index]
        # a single picture in a file with a stream of many is a cover that is not marked as one
        is_still = stream.frames == 1 or len(stamps[stream.index]) < min(2, most_seen)
        is_short = length is not None and length < LASTS_SHARE * longest
        size = stream.codec_context.width * stream.codec_context.height
        return not (is_still or is_short), size, -index

    return max(range(len(moving)), key=rank)


def _read_length(stream: Any) -> float | None:
    """Return the length of a stream, seconds, None if the container does not say."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    # Matroska has the length of a stream in a tag only
    tagged = TAGGED.match(stream.metadata.get("DURATION", ""))
    if tagged is None:
        return None
    return int(tagged[1]) * 3600 + int(tagged[2]) * 60 + float(tagged[3])


def _measure_gap(stream: Any, stamps: list[Fraction]) -> Fraction:
    """Return the usual time between frames, seconds."""
    steps = [after - before for before, after in itertools.pairwise(sorted(stamps))]
    positive = [step for step in steps if step > 0]
    if len(positive) >= 2:
        # the median: dropped frames and repaired stamps would move a mean
        return statistics.median(positive)
    return 1 / stream.average_rate if stream.average_rate else DEFAULT_GAP_S
