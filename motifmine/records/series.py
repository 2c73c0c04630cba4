"""Records of sensor series: chunks of samples or events, and binned documents."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from motifmine.types import Floats, Floats32, Indices, Indices32


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesHeader:
    """Metadata of a series, known before the values are read."""

    channels: tuple[str, ...]
    """Names of the columns; of events the labels known so far (may be empty)."""
    units: tuple[str, ...]
    """One per channel, "" if unknown."""
    start_utc: str = ""
    """Wall-clock time of second 0 in ISO 8601, "" if unknown."""
    is_events: bool = False
    """Whether the source is a list of events and not of samples."""
    is_open: bool = False
    """Whether other sources may have other channels, as logs of many senders; those that a source
    lacks are missing there."""
    centres_hz: tuple[float, ...] = ()
    """Centre frequency of each channel of sound, ascending, Hz; values are the strengths of these
    bands. Empty for other series."""
    notes: tuple[str, ...] = ()
    """Lines on the recognised format and decisions of the reader, for the user."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleChunk:
    """Samples in order of time."""

    time_s: Floats
    """Seconds of the recording, strictly ascending over all chunks, float64 array (n,)."""
    value: Floats
    """float64 array (n, channel), NaN where a value is missing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventChunk:
    """Events in order of time."""

    time_s: Floats
    """Seconds of the recording, ascending, float64 array (n,)."""
    label: Indices
    """Index into `SeriesReader.labels()`, int64 array (n,)."""
    count: Floats
    """Multiplicity of each event, > 0, float64 array (n,)."""
    end_s: Floats | None = None
    """Seconds at which each event ends, float64 array (n,); None if events have no duration."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UpdateChunk:
    """Values of single channels in order of time, as in logs of many senders."""

    time_s: Floats
    """Seconds of the recording, ascending (several may be equal), float64 array (n,)."""
    channel: Indices
    """Index into `SeriesReader.labels()`, int64 array (n,)."""
    value: Floats
    """float64 array (n,); NaN: the value is missing from here on."""

    def group(self) -> tuple[Indices, Indices]:
        """Return the rows channel by channel, in order of time, and where each channel begins."""
        # NumPy sorts 16 bits by counting, ten times as fast as it compares 64
        narrow = self.channel.astype(
            np.int16 if self.channel.max(initial=0) < 1 << 15 else np.int64
        )
        order = np.argsort(narrow, kind="stable")
        channel = self.channel[order]
        return order, np.flatnonzero(np.diff(channel, prepend=-1))


Chunk = SampleChunk | EventChunk | UpdateChunk
AnyChunk = TypeVar("AnyChunk", SampleChunk, EventChunk, UpdateChunk, Chunk)


def select_rows(chunk: AnyChunk, rows: slice | NDArray[Any]) -> AnyChunk:
    """Return the rows of a chunk that a slice, indices or a mask choose."""
    columns = {item.name: getattr(chunk, item.name) for item in fields(chunk)}
    kept: dict[str, Any] = {
        name: column[rows] for name, column in columns.items() if column is not None
    }
    found: AnyChunk = replace(chunk, **kept)
    return found


def concatenate_rows(chunks: Sequence[AnyChunk]) -> AnyChunk:
    """Return all rows of chunks of one kind, at least one; without an end events end at once."""
    columns: dict[str, Any] = {}
    for item in fields(chunks[0]):
        parts = [getattr(chunk, item.name) for chunk in chunks]
        if any(part is not None for part in parts):
            pairs = zip(chunks, parts, strict=True)
            columns[item.name] = np.concatenate([c.time_s if p is None else p for c, p in pairs])
    found: AnyChunk = replace(chunks[0], **columns)
    return found


class SeriesReader(Protocol):
    """An open source; a context manager.

    Classes that inherit it close nothing: most files are open only while chunks are read.
    """

    @property
    def header(self) -> SeriesHeader:
        """Metadata of the series."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield everything once, in order of time, in bounded memory."""

    def labels(self) -> tuple[str, ...]:
        """Return the labels of events, or the channels, seen so far; later chunks may add some."""

    def __enter__(self) -> "SeriesReader":
        return self

    def __exit__(self, *_: object) -> None:
        return


class WrappingReader(SeriesReader):
    """A reader of what another one reads, changed or looked at on the way; the caller closes it."""

    def __init__(self, reader: SeriesReader) -> None:
        self.reader = reader

    @property
    def header(self) -> SeriesHeader:
        """That of the wrapped reader."""
        return self.reader.header

    def labels(self) -> tuple[str, ...]:
        """Return those of the wrapped reader."""
        return self.reader.labels()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BinnedSeries:
    """A stretch without long gaps in time bins, which becomes one document."""

    bin_start_s: Floats
    """Start of every bin in seconds of the recording, float64 array (T,)."""
    value: Floats32
    """Mean of the samples (of events: their summed count) per bin and channel, float32 array
    (T, channel), NaN where there is none (of events 0)."""
    samples: Indices32
    """Samples that were averaged, 1 for values that were held, int32 array (T, channel)."""
    channels: tuple[str, ...] = ()
    """Names of the columns; those of the reader if empty."""
