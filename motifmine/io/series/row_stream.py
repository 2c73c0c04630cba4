"""Conversion of parsed rows to chunks: checks of their order, label codes, positions in the file.

Every reader makes `Rows`; a `RowStream` converts them to chunks in order of time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.errors import FormatError
from motifmine.io.series.clock_steps import ClockSteps
from motifmine.io.series.column_names import Roles
from motifmine.io.series.options import BadRows
from motifmine.io.series.senders import ChannelList, TextColumn, make_updates, split_values
from motifmine.io.series.time_formats import TimeReading
from motifmine.io.series.time_zones import Clock, find_nonexistent
from motifmine.records.series import Chunk, EventChunk, SampleChunk
from motifmine.types import Floats, Indices

NO_LABELS: Indices = np.empty(0, np.int64)
ONE_LABEL = "event"  # label of events in a list of times without labels
SEVERAL = "TIME,DEVICE,VALUE+VALUE"  # columns of the long form
LONGEST_STEP_S = 100 * 365.25 * 86_400  # no log waits that long: its times changed their unit


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
    end: NDArray[Any] | None = None
    """Raw ends of events, or durations in seconds, array (n,)."""
    states: tuple[TextColumn, ...] = ()
    """Columns of states; in long form the texts of every column of `value`."""

    @classmethod
    def of_senders(
        cls,
        raw: NDArray[Any],
        sensor: TextColumn,
        parts: Sequence[tuple[Floats, TextColumn]],
        place: Indices | None = None,
    ) -> "Rows":
        """Return rows of single sensors.

        Parameters
        ----------
        raw : array (n,)
        sensor : TextColumn
        parts : sequence of (float64 array (n,), TextColumn)
            Numbers and texts of every column of values.
        place : int64 array (n,), optional
        """
        return cls(
            raw=raw,
            value=np.stack([value for value, _ in parts], axis=1),
            code=sensor.code,
            label_names=sensor.names,
            n_read=len(raw),
            place=place,
            states=tuple(state for _, state in parts),
        )

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
            end=None if self.end is None else self.end[wanted],
            states=tuple(replace(column, code=column.code[wanted]) for column in self.states),
        )


class RowStream:
    """Convert rows to chunks, block by block; rows that are out of order are bad rows."""

    def __init__(
        self,
        *,
        clock: Clock,
        is_events: bool,
        bad: BadRows,
        time_name: str,
        row_noun: str,
        roles: Roles | None = None,
        names: tuple[str, ...] = (),
    ) -> None:
        self.clock = clock
        self.is_events = is_events
        self.roles = roles or Roles(time=0, values=())
        self.names = names
        """Of all columns of the table."""
        self.channels = ChannelList()
        if not is_events and not self.roles.is_long:
            for index in self.roles.values:
                self.channels.number(names[index])
        self.may_repeat = is_events or self.roles.is_long
        self.is_free = False
        """Whether rows may be in any order, for they are sorted afterwards."""
        self.steps = ClockSteps()
        self.bad = bad
        self.time_name = time_name
        self.row_noun = row_noun
        self.last_s = -np.inf
        self.n_rows = 0
        self.label_of: dict[str, int] = {}

    def chunk_if_clean(self, rows: Rows) -> Chunk | None:
        """Return rows as a chunk; None, without any change of state, if a time is out of order."""
        zone = self.clock.reading.zone
        if zone and find_nonexistent(rows.raw, zone).any():
            return None
        seconds, clock = self.clock.seconds(rows.raw)
        steps = self.steps
        if self._is_naive():
            seconds, steps = steps.correct(seconds, rows.raw)
        if not self.is_free and not self._is_ascending(seconds):
            return None
        self.steps = steps
        # the state changes only here, so that a block that is not clean can be parsed again
        return self._chunk(rows, seconds, clock)

    def _is_naive(self) -> bool:
        """Return whether times are those of a clock on the wall, whose zone is not known."""
        reading = self.clock.reading
        return reading.is_wall and not reading.has_zone and not reading.zone

    def labels(self) -> tuple[str, ...]:
        """Return the labels of events, or the channels, that were read so far."""
        return tuple(self.label_of if self.is_events else self.channels.index)

    @property
    def is_open(self) -> bool:
        """Whether channels appear as they are read, so that other sources may have others."""
        return self.roles.is_long or bool(self.roles.states)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found in the rows, for the user."""
        cut = ("a sensor has more states than become channels; it sends texts",)
        return self.steps.notes + cut * self.channels.is_cut

    def chunk(self, rows: Rows) -> Chunk:
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
        if self._is_naive():
            seconds, self.steps = self.steps.correct(seconds, rows.raw)
        is_ordered = self._find_ordered(rows, seconds)
        return self._chunk(rows.select(is_ordered), seconds[is_ordered], clock)

    def _chunk(self, rows: Rows, seconds: Floats, clock: Clock) -> Chunk:
        self.clock = clock
        self.n_rows += rows.n_read
        if len(seconds):
            self.last_s = float(seconds[-1])
        if self.roles.is_long:
            sensor = TextColumn(code=rows.code, names=rows.label_names)
            names = [self.names[index] for index in self.roles.values]
            single = split_values(seconds, sensor, rows.value, rows.states, names)
            return make_updates(*single, self.channels)
        if not self.is_events:
            return SampleChunk(time_s=seconds, value=self._add_states(rows))
        for name in rows.label_names:
            self.label_of.setdefault(name, len(self.label_of))
        known = np.array([self.label_of[name] for name in rows.label_names], np.int64)
        count = rows.value[:, 0]
        # an event that is counted 0 times did not happen
        happened = count > 0
        end_s = None
        if rows.end is not None:
            is_duration = self.roles.is_duration
            end_s = seconds + rows.end if is_duration else clock.seconds(rows.end)[0]
            # rounded durations may be slightly negative
            end_s = np.maximum(end_s, seconds)[happened]
        return EventChunk(
            time_s=seconds[happened],
            label=known[rows.code[happened]],
            count=count[happened],
            end_s=end_s,
        )

    def _add_states(self, rows: Rows) -> Floats:
        """Return the values of rows with a channel of 0 and 1 for every state."""
        if not rows.states:
            return rows.value
        for index, column in zip(self.roles.states, rows.states, strict=True):
            for code in np.unique(column.code[column.code >= 0]).tolist():
                self.channels.state(self.names[index], column.names[code])
        value = np.full((len(rows.value), len(self.channels.index)), np.nan)
        value[:, : rows.value.shape[1]] = rows.value
        for index, column in zip(self.roles.states, rows.states, strict=True):
            # a missing state is unknown, not off
            known = np.where(column.code < 0, np.nan, 0.0)
            for text, channel in self.channels.states.get(self.names[index], {}).items():
                code = column.names.index(text) if text in column.names else -2
                value[:, channel] = np.where(column.code == code, 1.0, known)
        return value

    def _is_ascending(self, seconds: Floats) -> bool:
        """Return whether times ascend over the blocks; where they may repeat, do not descend."""
        # from the last row of the block before: files are read block by block
        steps = np.diff(seconds, prepend=self.last_s)
        is_short = steps[np.isfinite(steps)] <= LONGEST_STEP_S
        return bool(np.all(steps >= 0 if self.may_repeat else steps > 0) and is_short.all())

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
        if len(seconds) > 2 and not self.may_repeat and np.all(np.diff(seconds) < 0):
            place = self._locate(rows, 1)
            raise FormatError(f"{self.bad.path}, {place}: rows have the newest first; sort them")
        is_ordered = np.ones(len(seconds), bool)
        last = self.last_s
        for index, now in enumerate(seconds.tolist()):
            is_next = now > last or (now == last and self.may_repeat)
            if self.is_free or (is_next and (now - last <= LONGEST_STEP_S or last == -np.inf)):
                last = now
                continue
            is_ordered[index] = False
            problem = _describe_disorder(rows.format_time(index), last - now, self.clock.reading)
            self.bad.note(self._locate(rows, index), problem)
        # a few rows are bad; most of them are another order, or several devices
        if 2 * np.count_nonzero(is_ordered) < len(seconds):
            path, first = self.bad.path, self.bad.first
            raise FormatError(f"{path}: most rows are not in order of time, the first at {first}")
        return is_ordered

    def _locate(self, rows: Rows, index: int) -> str:
        place = self.n_rows + index + 1 if rows.place is None else int(rows.place[index])
        return f"{self.row_noun} {place}, column {self.time_name!r}"


def _describe_disorder(text: str, back_s: float, reading: TimeReading) -> str:
    """Describe a time that is `back_s` before the previous one, or far after it."""
    if back_s < 0:
        return f"{text!r} is a century or more after the previous row; are times of two units?"
    what = f"{text!r} runs back {back_s:.9g} s"
    if back_s == 0:
        what = f"{text!r} is also the time of the previous row"
    # an hour back at night is most often the end of summer time
    if reading.is_wall and not reading.has_zone and not reading.zone and back_s <= 7200:
        return f"{what}; if summer time ended there, give the zone with --time-zone Europe/Paris"
    return f"{what}; times must ascend; are rows those of several devices? --long {SEVERAL}"
