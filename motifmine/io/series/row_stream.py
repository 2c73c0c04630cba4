"""Conversion of parsed rows to chunks: checks of their order, label codes, positions in the file.

Every reader makes `Rows`; a `RowStream` converts them to chunks in order of time.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.io.series.options import BadRows
from motifmine.io.series.time_formats import TimeReading
from motifmine.io.series.time_zones import Clock, find_nonexistent
from motifmine.records.series import EventChunk, SampleChunk
from motifmine.types import Floats, Indices

NO_LABELS: Indices = np.empty(0, np.int64)
ONE_LABEL = "event"
"""Label of events in a list of times without labels."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Parsed rows, whose order is not checked yet."""

    raw: NDArray[Any]
    """Raw times, float64 or int64 array (n,); see `TimeReading`."""
    value: Floats
    """Channels, or the counts of events, float64 array (n, channel or 1); NaN is missing."""
    code: Indices
    """Index into `label_names` of every event, int64 array (n,); empty for samples."""
    label_names: tuple[str, ...] = ()
    n_read: int
    """Number of rows read, including bad ones."""
    place: Indices | None = None
    """Line or row number in the file, from 1, int64 array (n,); None if not known."""
    time_text: tuple[str, ...] = ()
    """Text of the times in the file; empty if not known."""

    def format_time(self, index: int) -> str:
        """Return the time of a row as text, as in the file if that is known."""
        if self.time_text:
            return self.time_text[index]
        raw = self.raw[index]
        return str(np.datetime64(int(raw), "ns")) if self.raw.dtype == np.int64 else f"{raw:.12g}"

    def select(self, wanted: NDArray[np.bool_]) -> "Rows":
        """Return the rows where `wanted`, bool array (n,), is True."""
        if wanted.all():
            return self
        texts = zip(self.time_text, wanted.tolist(), strict=False)
        return Rows(
            raw=self.raw[wanted],
            value=self.value[wanted],
            code=self.code[wanted] if len(self.code) else self.code,
            label_names=self.label_names,
            n_read=self.n_read,
            place=None if self.place is None else self.place[wanted],
            time_text=tuple(text for text, is_wanted in texts if is_wanted),
        )


class RowStream:
    """Convert rows to chunks, block by block; rows that are out of order are bad rows."""

    def __init__(
        self, *, clock: Clock, is_events: bool, bad: BadRows, time_name: str, row_noun: str
    ) -> None:
        self.clock = clock
        self.is_events = is_events
        self.bad = bad
        self.time_name = time_name
        self.row_noun = row_noun
        self.last_s = -np.inf
        self.n_rows = 0
        self.label_of: dict[str, int] = {}

    def chunk_if_clean(self, rows: Rows) -> SampleChunk | EventChunk | None:
        """Return rows as a chunk; None, without any change of state, if a time is out of order."""
        zone = self.clock.reading.zone
        if zone and find_nonexistent(rows.raw, zone).any():
            return None
        seconds, clock = self.clock.seconds(rows.raw)
        if not self._is_ascending(seconds):
            return None
        return self._chunk(rows, seconds, clock)

    def chunk(self, rows: Rows) -> SampleChunk | EventChunk:
        """Return rows as a chunk without those that are out of order.

        Raises
        ------
        FormatError
            At the first of these, unless bad rows are skipped.
        """
        if (clean := self.chunk_if_clean(rows)) is not None:
            return clean
        rows = self._drop_nonexistent(rows)
        seconds, clock = self.clock.seconds(rows.raw)
        is_ordered = self._find_ordered(rows, seconds)
        return self._chunk(rows.select(is_ordered), seconds[is_ordered], clock)

    def _chunk(self, rows: Rows, seconds: Floats, clock: Clock) -> SampleChunk | EventChunk:
        self.clock = clock
        self.n_rows += rows.n_read
        if len(seconds):
            self.last_s = float(seconds[-1])
        if not self.is_events:
            return SampleChunk(time_s=seconds, value=rows.value)
        for name in rows.label_names:
            self.label_of.setdefault(name, len(self.label_of))
        known = np.array([self.label_of[name] for name in rows.label_names], np.int64)
        count = rows.value[:, 0]
        happened = count > 0
        return EventChunk(
            time_s=seconds[happened], label=known[rows.code[happened]], count=count[happened]
        )

    def _is_ascending(self, seconds: Floats) -> bool:
        """Return whether times ascend (for events: do not descend), including the last block."""
        steps = np.diff(seconds, prepend=self.last_s)
        return bool(np.all(steps >= 0) if self.is_events else np.all(steps > 0))

    def _drop_nonexistent(self, rows: Rows) -> Rows:
        """Exclude rows whose local time does not exist."""
        zone = self.clock.reading.zone
        if not zone:
            return rows
        gone = find_nonexistent(rows.raw, zone)
        for index in np.flatnonzero(gone).tolist():
            problem = f"{rows.format_time(index)!r} does not exist in {zone}: summer time began"
            self.bad.note(self._locate(rows, index), problem)
        return rows.select(~gone)

    def _find_ordered(self, rows: Rows, seconds: Floats) -> NDArray[np.bool_]:
        """Return which rows are in order of time, bool array (n,); note the others as bad."""
        is_ordered = np.ones(len(seconds), bool)
        last = self.last_s
        for index, now in enumerate(seconds.tolist()):
            if now > last or (now == last and self.is_events):
                last = now
                continue
            is_ordered[index] = False
            problem = _describe_disorder(rows.format_time(index), last - now, self.clock.reading)
            self.bad.note(self._locate(rows, index), problem)
        return is_ordered

    def _locate(self, rows: Rows, index: int) -> str:
        place = self.n_rows + index + 1 if rows.place is None else int(rows.place[index])
        return f"{self.row_noun} {place}, column {self.time_name!r}"


def _describe_disorder(text: str, back_s: float, reading: TimeReading) -> str:
    """Describe a time that is `back_s` before the previous one."""
    what = f"{text!r} runs back {back_s:.9g} s"
    if back_s == 0:
        what = f"{text!r} is also the time of the previous row"
    if reading.is_wall and not reading.has_zone and not reading.zone and back_s <= 7200:
        return f"{what}; if summer time ended there, give the zone with --time-zone Europe/Paris"
    return f"{what}; times must ascend"
