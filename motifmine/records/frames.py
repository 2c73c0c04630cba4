"""Protocols of video frames and their readers, and what readers count."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from motifmine.types import Pixels

# a longer step of the time stamps, forward or backward, ends a document, seconds
DEFAULT_MAX_GAP_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameOptions:
    """How the frames of a source are read."""

    stream: int | None = None
    """Number of the video stream, from 1; None chooses the largest that lasts."""
    max_gap_s: float = DEFAULT_MAX_GAP_S
    begin: str = ""
    end: str = ""
    """Part of each recording that is read: `10min` of its own time, a time of day `08:15` or a
    moment `2026-03-14T08:15`; "" for its first and last frame."""
    every: str = ""
    """Duration after which the part is read again; "" for once."""
    rate_hz: float | None = None
    """Pictures a second of stills whose times are not known otherwise."""
    name_time: str = ""
    """Pattern of the time in the names of stills, as for `datetime.strptime`."""


class VideoFrame(Protocol):
    """One decoded picture."""

    @property
    def time_s(self) -> Fraction:
        """Seconds since the first frame; never runs backward."""

    @property
    def document(self) -> int:
        """Number of the document, from 0; a new one begins where the time stamps jump."""

    @property
    def luma(self) -> Pixels:
        """Brightness, uint8 array (height, width), upright."""

    def read_colour(self, width: int, height: int) -> Pixels:
        """Return the picture in colour, reduced, uint8 array (height, width, rgb)."""


class FrameReader(Protocol):
    """An open video; a context manager. Counts are known once the frames are read."""

    @property
    def path(self) -> Path:
        """The file that is read."""

    @property
    def duration_s(self) -> float:
        """Length that the file promises, seconds; NaN if it does not say."""

    @property
    def created(self) -> str:
        """When the file says that it was recorded, ISO 8601, "" if it does not say."""

    @property
    def origin_s(self) -> float:
        """The file's own time stamp of second 0 in the document of the last frame, seconds."""

    @property
    def mean_gap_s(self) -> Fraction:
        """Usual time between frames, seconds."""

    @property
    def frames_expected(self) -> int:
        """Frames that the file promises, -1 if it does not say."""

    @property
    def frames_decoded(self) -> int:
        """Frames read so far."""

    @property
    def frames_damaged(self) -> int:
        """Frames or packets that could not be read."""

    @property
    def stamps_repaired(self) -> int:
        """Time stamps that were missing, repeated or ran backward."""

    @property
    def notes(self) -> Sequence[str]:
        """What was decided about the file, for people: `stream 1 of 2`."""

    @property
    def truncated_at_s(self) -> float:
        """Time at which a truncated file ends, seconds; NaN for a complete file."""

    def frames(self) -> Iterator[VideoFrame]:
        """Yield every frame once, in order of time."""

    def __enter__(self) -> "FrameReader": ...

    def __exit__(self, *_: object) -> None: ...


@dataclass(slots=True, kw_only=True)
class ReaderCounts:
    """What every reader counts while it reads, see `FrameReader`."""

    origin_s: float = 0.0
    frames_decoded: int = 0
    frames_damaged: int = 0
    stamps_repaired: int = 0
    truncated_at_s: float = math.nan
