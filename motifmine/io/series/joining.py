"""Several files as one recording: in any order, overlapping, with other channels in some."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from motifmine.errors import DataError
from motifmine.records.series import (
    Chunk,
    EventChunk,
    SampleChunk,
    SeriesHeader,
    SeriesReader,
    UpdateChunk,
    concatenate_rows,
    select_rows,
)
from motifmine.types import Floats, Indices


@dataclass(slots=True, kw_only=True)
class _Source:
    """One file, whose rows are given up to a time."""

    reader: SeriesReader
    offset_s: float
    """Second of the whole recording at which its second 0 is."""
    chunks: Iterator[Chunk] | None = None
    waiting: Chunk | None = None
    """Rows that were read and not given yet."""
    is_over: bool = False


class JoinedReader(SeriesReader):
    """Readers of several files as one recording, in bounded memory; see `SeriesReader`.

    Parameters
    ----------
    paths : sequence of path
    open_one : callable
        Opens one of them.

    Raises
    ------
    DataError
        If the files cannot be parts of one recording.
    """

    def __init__(self, paths: Sequence[Path], open_one: Callable[[Path], SeriesReader]) -> None:
        readers = [open_one(path) for path in paths]
        headers = [reader.header for reader in readers]
        for path, header in zip(paths, headers, strict=True):
            if header.is_events != headers[0].is_events:
                raise DataError(f"{path} and {paths[0]} are events and samples; they cannot join")
            if bool(header.start_utc) != bool(headers[0].start_utc):
                raise DataError(f"one of {path} and {paths[0]} has no dates; they cannot join")
        starts = [_seconds_of(header.start_utc) for header in headers]
        self.sources = sorted(
            (
                _Source(reader=reader, offset_s=start - min(starts))
                for reader, start in zip(readers, starts, strict=True)
            ),
            key=lambda source: source.offset_s,
        )
        self.index: dict[str, int] = {}
        self.n_repeated = 0
        """Rows that are in several files."""
        self.labels()
        self.stack = ExitStack()

    def __enter__(self) -> "JoinedReader":
        for source in self.sources:
            self.stack.enter_context(source.reader)
        return self

    def __exit__(self, *_: object) -> None:
        """Close all files."""
        self.stack.close()

    @property
    def header(self) -> SeriesHeader:
        """That of the earliest file, with the channels of all."""
        headers = [source.reader.header for source in self.sources]
        units: dict[str, str] = {}
        for header in headers:
            for name, unit in zip(header.channels, header.units, strict=True):
                units[name] = units.get(name) or unit
        repeated = (f"rows that are in several files count once: {self.n_repeated}",)
        notes = dict.fromkeys(note for header in headers for note in header.notes)
        return replace(
            headers[0],
            channels=self.labels(),
            units=tuple(units.get(name, "") for name in self.labels()),
            is_open=any(header.is_open for header in headers),
            notes=(
                *notes,
                f"joined: {len(headers)} files as one recording",
                *(repeated if self.n_repeated else ()),
            ),
        )

    def labels(self) -> tuple[str, ...]:
        """Return the labels or channels of all files so far."""
        for source in self.sources:
            for name in source.reader.labels():
                self.index.setdefault(name, len(self.index))
        return tuple(self.index)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows of all files in order of time.

        All rows up to the earliest end of what was read can be given; a file is opened when the
        others have come to its start.
        """
        for source in self.sources:
            source.chunks, source.waiting, source.is_over = None, None, False
        while True:
            for source in self.sources:
                if source.chunks is not None and source.waiting is None and not source.is_over:
                    self._read(source)
            live = [source for source in self.sources if source.waiting is not None]
            later = [source for source in self.sources if source.chunks is None]
            ends = [float(s.waiting.time_s[-1]) for s in live if s.waiting is not None]
            horizon = min(ends, default=np.inf)
            # not before: of a year of files one is open, not all
            if later and later[0].offset_s <= horizon:
                later[0].chunks = iter(later[0].reader.chunks())
                continue
            if not live:
                return
            ready = [part for source in live if (part := _take(source, horizon)) is not None]
            yield self._merge(ready)

    def _read(self, source: _Source) -> None:
        """Read the next rows of a file, in seconds and channels of the whole recording."""
        assert source.chunks is not None, "the caller opens it"
        for chunk in source.chunks:
            if len(chunk.time_s):
                source.waiting = self._convert(chunk, source)
                return
        source.is_over = True

    def _convert(self, chunk: Chunk, source: _Source) -> Chunk:
        self.labels()
        place = np.array([self.index[name] for name in source.reader.labels()], np.int64)
        # rows of two files at one moment must be equal to be found: microseconds are enough
        time_s = np.round(chunk.time_s + source.offset_s, 6)
        if isinstance(chunk, UpdateChunk):
            return replace(chunk, time_s=time_s, channel=place[chunk.channel])
        if isinstance(chunk, EventChunk):
            end_s = None if chunk.end_s is None else chunk.end_s + source.offset_s
            return replace(chunk, time_s=time_s, label=place[chunk.label], end_s=end_s)
        value = np.full((len(time_s), len(self.index)), np.nan)
        value[:, place[: chunk.value.shape[1]]] = chunk.value
        return SampleChunk(time_s=time_s, value=value)

    def _merge(self, parts: list[Chunk]) -> Chunk:
        """Return rows of several files in order of time, each once."""
        if len(parts) == 1:
            return parts[0]
        if isinstance(parts[0], SampleChunk):
            samples = [part for part in parts if isinstance(part, SampleChunk)]
            width = max(part.value.shape[1] for part in samples)
            return self._merge_samples(concatenate_rows([_widen(part, width) for part in samples]))
        rows: Chunk = concatenate_rows(parts)
        assert not isinstance(rows, SampleChunk), "readers of one recording give one kind"
        label = rows.label if isinstance(rows, EventChunk) else rows.channel
        return select_rows(rows, self._find_first(rows.time_s, label))

    def _find_first(self, time_s: Floats, label: Indices) -> Indices:
        """Return the first of equal rows in order of time, indices (n,)."""
        order = np.lexsort((label, time_s))
        same = (np.diff(time_s[order]) == 0) & (np.diff(label[order]) == 0)
        self.n_repeated += int(same.sum())
        first: Indices = order[np.concatenate([[True], ~same])]
        return first

    def _merge_samples(self, samples: SampleChunk) -> SampleChunk:
        """Return samples in order of time; of those at one moment the first of each channel."""
        samples = select_rows(samples, np.argsort(samples.time_s, kind="stable"))
        time_s, value = samples.time_s, samples.value
        is_new = np.diff(time_s, prepend=-np.inf) > 0
        self.n_repeated += int((~is_new).sum())
        merged = value[is_new]
        row = np.cumsum(is_new) - 1
        for index in np.flatnonzero(~is_new).tolist():
            here = merged[row[index]]
            merged[row[index]] = np.where(np.isnan(here), value[index], here)
        return SampleChunk(time_s=time_s[is_new], value=merged)


def _seconds_of(start_utc: str) -> float:
    return datetime.fromisoformat(start_utc).timestamp() if start_utc else 0.0


def _widen(chunk: SampleChunk, width: int) -> SampleChunk:
    more = np.full((len(chunk.value), width - chunk.value.shape[1]), np.nan)
    return replace(chunk, value=np.concatenate([chunk.value, more], axis=1))


def _take(source: _Source, horizon: float) -> Chunk | None:
    """Return the rows of a file up to a time, and keep the others; None if there are none."""
    chunk = source.waiting
    if chunk is None:
        return None
    n_ready = int(np.searchsorted(chunk.time_s, horizon, side="right"))
    has_more = n_ready < len(chunk.time_s)
    source.waiting = select_rows(chunk, slice(n_ready, None)) if has_more else None
    return select_rows(chunk, slice(n_ready)) if n_ready else None
