"""Raw times as seconds of the recording, over the changes of the clocks."""

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.io.series.options import zone_of
from motifmine.io.series.time_formats import EPOCH, TimeReading
from motifmine.types import Floats, Indices

NS = 1_000_000_000
DAY_NS = 86_400 * NS
MINUTE_NS = 60 * NS


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Turns raw times into seconds of the recording, chunk by chunk."""

    reading: TimeReading
    origin: int | float
    """Raw time of second 0, in UTC."""
    may_repeat: bool = False
    """Whether a time may stand in several rows, as that of events may."""
    last_local_ns: int | None = None
    """Newest raw time of a zone, to notice the end of summer time."""
    is_second_hour: bool = False
    """Whether the hour that the end of summer time repeats is in its second round."""

    @property
    def start_utc(self) -> str:
        """Wall-clock time of second 0 in ISO 8601, "" if unknown."""
        if not self.reading.has_wall_clock:
            return ""
        ns = (
            int(self.origin)
            if self.reading.is_wall
            else round(self.origin * self.reading.unit_s * 1e6) * 1000
        )
        return wall_clock(ns)

    def seconds(self, raw: NDArray[Any]) -> tuple[Floats, "Clock"]:
        """Return the seconds of raw times, float64 array (n,), and the clock for what follows."""
        if not self.reading.is_wall:
            return (raw - self.origin) * self.reading.unit_s, self
        if not self.reading.zone or not len(raw):
            return (raw - int(self.origin)) / NS, self
        before = int(raw[0]) - 1 if self.last_local_ns is None else self.last_local_ns
        steps = np.diff(raw, prepend=before)
        falls = steps < 0 if self.may_repeat else steps <= 0
        utc, is_second_hour = utc_of_local(raw, self.reading.zone, falls, self.is_second_hour)
        after = replace(self, last_local_ns=int(raw[-1]), is_second_hour=is_second_hour)
        return (utc - int(self.origin)) / NS, after


def wall_clock(utc_ns: int) -> str:
    """Return nanoseconds since 1970 in UTC as ISO 8601."""
    return (EPOCH + timedelta(microseconds=utc_ns // 1000)).replace(tzinfo=UTC).isoformat()


def start_clock(reading: TimeReading, first: int | float, *, may_repeat: bool = False) -> Clock:
    """Return the clock of a recording whose first raw time is `first`.

    Times with a wall clock begin at second 0 with the first sample; others keep their numbers.
    """
    if not reading.has_wall_clock:
        return Clock(reading=reading, origin=0.0)
    if reading.is_wall and reading.zone:
        utc, _ = utc_of_local(np.array([first], np.int64), reading.zone, np.zeros(1, bool), False)
        first = int(utc[0])
    return Clock(reading=reading, origin=first, may_repeat=may_repeat)


def utc_of_local(
    local_ns: Indices, zone: str, falls: NDArray[np.bool_], is_second_hour: bool
) -> tuple[Indices, bool]:
    """Return local times as UTC, and whether the last lies in the second round of an hour.

    Of the hour that the end of summer time repeats, the first round is taken until the local time
    runs back, and the second from there on. Local times that never were, because summer time began,
    are taken as if it had not; see `never_existed`.

    Parameters
    ----------
    local_ns : int64 array (n,)
        Nanoseconds since 1970 as a clock on the wall shows them, in order of time.
    zone : str
    falls : bool array (n,)
        Where the local time does not come after the one before.
    is_second_hour : bool
        Whether the one before the first was in the second round.
    """
    early, late = _offsets(local_ns, zone)
    repeated = early > late
    n_falls = np.cumsum(falls) + int(is_second_hour)
    at_begin = np.maximum.accumulate(np.where(repeated, 0, n_falls))
    second = repeated & (n_falls > at_begin)
    return local_ns - np.where(second, late, early), bool(second[-1])


def never_existed(local_ns: Indices, zone: str) -> NDArray[np.bool_]:
    """Return which local times the beginning of summer time leaves out, bool array (n,)."""
    early, late = _offsets(local_ns, zone)
    missing: NDArray[np.bool_] = early < late
    return missing


def _offsets(local_ns: Indices, zone: str) -> tuple[Indices, Indices]:
    """Return the offsets from UTC before and after any change of the clocks, nanoseconds (n,).

    They differ only where a local time exists twice (first > second) or never (first < second).
    """
    days, day = np.unique(local_ns // DAY_NS, return_inverse=True)
    edges = np.array([_offset_pair(int(d) * DAY_NS, zone) for d in [*days, *(days + 1)]])
    starts, ends = edges[: len(days)], edges[len(days) :]
    changes = ~((starts == ends).all(axis=1) & (starts[:, 0] == starts[:, 1]))
    pair = starts[day]
    if changes.any():
        rows = np.flatnonzero(changes[day])
        minutes, minute = np.unique(local_ns[rows] // MINUTE_NS, return_inverse=True)
        pair[rows] = np.array([_offset_pair(int(m) * MINUTE_NS, zone) for m in minutes])[minute]
    return pair[:, 0], pair[:, 1]


def _offset_pair(local_ns: int, zone: str) -> tuple[int, int]:
    """Return the offset of a local time if it is the first of two and if it is the second."""
    moment = EPOCH + timedelta(microseconds=local_ns // 1000)
    info = zone_of(zone)
    first, second = (moment.replace(tzinfo=info, fold=fold).utcoffset() for fold in (0, 1))
    nothing = timedelta(0)
    micro = timedelta(microseconds=1)
    return (first or nothing) // micro * 1000, (second or nothing) // micro * 1000
