"""Rows of a series on their way from a file to chunks: their order, labels and place in the file.

Every reader makes `Rows`; a `RowStream` turns them into chunks in order of time.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.io.series.options import BadRows
from motifmine.io.series.time_formats import TimeReading
from motifmine.io.series.time_zones import Clock, never_existed
from motifmine.records.series import EventChunk, SampleChunk
from motifmine.types import Floats, Indices

NO_CODE: Indices = np.empty(0, np.int64)
ONE_LABEL = "event"
"""Label of events in a list of mere times."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Rows as parsed, not yet checked for their order."""

    raw: NDArray[Any]
    """Raw times, float64 or int64 array (n,); see `TimeReading`."""
    value: Floats
    """Channels, or the counts of events, float64 array (n, channel or 1); NaN is missing."""
    code: Indices
    """Index into `label_names` of every event, int64 array (n,); empty of samples."""
    label_names: tuple[str, ...] = ()
    n_read: int
    """Rows that were read, bad ones too."""
    place: Indices | None = None
    """Line or row of each in the file, counted from 1, int64 array (n,); None: not known yet."""
    time_text: tuple[str, ...] = ()
    """The times as they stand in the file; empty: as `raw`."""

    def text_of(self, index: int) -> str:
        """Return the time of a row as it stands in the file."""
        if self.time_text:
            return self.time_text[index]
        raw = self.raw[index]
        return str(np.datetime64(int(raw), "ns")) if self.raw.dtype == np.int64 else f"{raw:.12g}"

    def keep(self, wanted: NDArray[np.bool_]) -> "Rows":
        """Return the rows that are `wanted`, bool array (n,)."""
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
    """Turns rows into chunks, block by block, and refuses or leaves out those out of order."""

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
        """Return rows as a chunk; None, and nothing is changed, when a time is out of order."""
        zone = self.clock.reading.zone
        if zone and never_existed(rows.raw, zone).any():
            return None
        seconds, clock = self.clock.seconds(rows.raw)
        if not self._ascend(seconds):
            return None
        return self._chunk(rows, seconds, clock)

    def chunk(self, rows: Rows) -> SampleChunk | EventChunk:
        """Return rows, of which places are known, as a chunk without those out of order.

        Raises
        ------
        FormatError
            At the first of these, unless they are to be left out.
        """
        if (clean := self.chunk_if_clean(rows)) is not None:
            return clean
        rows = self._existing(rows)
        seconds, clock = self.clock.seconds(rows.raw)
        in_order = self._in_order(rows, seconds)
        return self._chunk(rows.keep(in_order), seconds[in_order], clock)

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

    def _ascend(self, seconds: Floats) -> bool:
        """Return whether times rise (those of events: never fall), from the last block on."""
        steps = np.diff(seconds, prepend=self.last_s)
        return bool(np.all(steps >= 0) if self.is_events else np.all(steps > 0))

    def _existing(self, rows: Rows) -> Rows:
        """Return the rows whose local time exists."""
        zone = self.clock.reading.zone
        if not zone:
            return rows
        gone = never_existed(rows.raw, zone)
        for index in np.flatnonzero(gone).tolist():
            problem = f"{rows.text_of(index)!r} does not exist in {zone}: summer time began"
            self.bad.note(self._where(rows, index), problem)
        return rows.keep(~gone)

    def _in_order(self, rows: Rows, seconds: Floats) -> NDArray[np.bool_]:
        """Return which rows stand in order of time, bool array (n,); the others are told."""
        in_order = np.ones(len(seconds), bool)
        last = self.last_s
        for index, now in enumerate(seconds.tolist()):
            if now > last or (now == last and self.is_events):
                last = now
                continue
            in_order[index] = False
            problem = _disorder(rows.text_of(index), last - now, self.clock.reading)
            self.bad.note(self._where(rows, index), problem)
        return in_order

    def _where(self, rows: Rows, index: int) -> str:
        place = self.n_rows + index + 1 if rows.place is None else int(rows.place[index])
        return f"{self.row_noun} {place}, column {self.time_name!r}"


def _disorder(text: str, back_s: float, reading: TimeReading) -> str:
    """Return what is wrong with a time that lies `back_s` before the last."""
    what = f"{text!r} runs back {back_s:.9g} s"
    if back_s == 0:
        what = f"{text!r} is the time of the row before it too"
    if reading.is_wall and not reading.has_zone and not reading.zone and back_s <= 7200:
        return f"{what}; if summer time ended there, tell the zone with --time-zone Europe/Paris"
    return f"{what}; times must ascend"
