"""Conversion of raw times to seconds of the recording, across daylight saving changes."""

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.io.series.time_formats import DAY_S, EPOCH, TimeReading
from motifmine.records.wall_clock import find_time_zone
from motifmine.types import Floats, Indices

NS = 1_000_000_000
DAY_NS = 86_400 * NS
MINUTE_NS = 60 * NS


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Converts raw times to seconds of the recording, chunk by chunk."""

    reading: TimeReading
    origin: int | float
    """Raw time of second 0, in UTC."""
    may_repeat: bool = False
    """Whether several rows may have the same time, as for events."""
    last_local_ns: int | None = None
    """Last raw local time, to detect the end of summer time."""
    is_second_hour: bool = False
    """Whether the last time was in the second pass of the repeated hour."""

    @property
    def start_utc(self) -> str:
        """Wall-clock time of second 0, ISO 8601; "" if unknown."""
        if not self.reading.has_wall_clock:
            return ""
        ns = (
            int(self.origin)
            if self.reading.is_wall
            else round((self.origin * self.reading.unit_s + self.reading.epoch_s) * 1e6) * 1000
        )
        return format_wall_clock(ns)

    def seconds(self, raw: NDArray[Any]) -> tuple[Floats, "Clock"]:
        """Return raw times in seconds, float64 array (n,), and the clock for the next chunk."""
        if not self.reading.is_wall:
            seconds = (raw - self.origin) * self.reading.unit_s
            if tick_s := self.reading.tick_s:
                seconds = np.round(seconds / tick_s) * tick_s
            return seconds, self
        if not self.reading.zone or not len(raw):
            return (raw - int(self.origin)) / NS, self
        before = int(raw[0]) - 1 if self.last_local_ns is None else self.last_local_ns
        steps = np.diff(raw, prepend=before)
        falls = steps < 0 if self.may_repeat else steps <= 0
        utc, is_second_hour = convert_to_utc(raw, self.reading.zone, falls, self.is_second_hour)
        after = replace(self, last_local_ns=int(raw[-1]), is_second_hour=is_second_hour)
        return (utc - int(self.origin)) / NS, after

    def shift(self, seconds: float) -> "Clock":
        """Return the clock whose second 0 is `seconds` after that of this one."""
        if self.reading.is_wall:
            return replace(self, origin=int(self.origin) + round(seconds * NS))
        return replace(self, origin=self.origin + seconds / self.reading.unit_s)


def format_wall_clock(utc_ns: int) -> str:
    """Format nanoseconds since 1970, UTC, as ISO 8601."""
    return (EPOCH + timedelta(microseconds=utc_ns // 1000)).replace(tzinfo=UTC).isoformat()


def make_clock(reading: TimeReading, first: int | float, *, may_repeat: bool = False) -> Clock:
    """Return the clock of a recording.

    With wall-clock times, the first sample is at second 0; other times keep their values.

    Parameters
    ----------
    first : int or float
        First raw time.
    may_repeat : bool
        Whether several rows may have the same time.
    """
    if not reading.has_wall_clock:
        return Clock(reading=reading, origin=0.0)
    if reading.is_wall and reading.zone:
        utc, _ = convert_to_utc(np.array([first], np.int64), reading.zone, np.zeros(1, bool), False)
        first = int(utc[0])
    if reading.tick_s:
        first = round(first * DAY_S / reading.tick_s) * reading.tick_s / DAY_S
    return Clock(reading=reading, origin=first, may_repeat=may_repeat)


def convert_to_utc(
    local_ns: Indices, zone: str, falls: NDArray[np.bool_], is_second_hour: bool
) -> tuple[Indices, bool]:
    """Convert local times to UTC; also return whether the last is in the second pass of an hour.

    At the end of summer time an hour is repeated: local times are in its first pass until they run
    back, and in the second afterwards. Local times that do not exist, because summer time began,
    get the offset before the change; see `find_nonexistent`.

    Parameters
    ----------
    local_ns : int64 array (n,)
        Nanoseconds since 1970 of the local clock, in order of time.
    falls : bool array (n,)
        Where the local time is not later than the previous one.
    is_second_hour : bool
        Whether the time before the first was in the second pass.
    """
    early, late = _find_offsets(local_ns, zone)
    repeated = early > late
    n_falls = np.cumsum(falls) + int(is_second_hour)
    # falls before the repeated hour do not count: clocks also run back by being set
    at_begin = np.maximum.accumulate(np.where(repeated, 0, n_falls))
    second = repeated & (n_falls > at_begin)
    return local_ns - np.where(second, late, early), bool(second[-1])


def find_nonexistent(local_ns: Indices, zone: str) -> NDArray[np.bool_]:
    """Return which local times were skipped when summer time began, bool array (n,)."""
    early, late = _find_offsets(local_ns, zone)
    missing: NDArray[np.bool_] = early < late
    return missing


def _find_offsets(local_ns: Indices, zone: str) -> tuple[Indices, Indices]:
    """Return the offsets from UTC for both passes of a local time, nanoseconds, arrays (n,).

    They differ only if a local time exists twice (first > second) or never (first < second).
    """
    # zone look-ups are slow: one per day, and one per minute on days with a change
    days, day = np.unique(local_ns // DAY_NS, return_inverse=True)
    edges = np.array([_find_offset_pair(int(d) * DAY_NS, zone) for d in [*days, *(days + 1)]])
    starts, ends = edges[: len(days)], edges[len(days) :]
    changes = ~((starts == ends).all(axis=1) & (starts[:, 0] == starts[:, 1]))
    pair = starts[day]
    if changes.any():
        rows = np.flatnonzero(changes[day])
        minutes, minute = np.unique(local_ns[rows] // MINUTE_NS, return_inverse=True)
        pair[rows] = np.array([_find_offset_pair(int(m) * MINUTE_NS, zone) for m in minutes])[
            minute
        ]
    return pair[:, 0], pair[:, 1]


def _find_offset_pair(local_ns: int, zone: str) -> tuple[int, int]:
    """Return the offsets of a local time for its first and second pass (`datetime.fold`)."""
    moment = EPOCH + timedelta(microseconds=local_ns // 1000)
    info = find_time_zone(zone)
    first, second = (moment.replace(tzinfo=info, fold=fold).utcoffset() for fold in (0, 1))
    nothing = timedelta(0)
    micro = timedelta(microseconds=1)
    return (first or nothing) // micro * 1000, (second or nothing) // micro * 1000
