"""Times and durations as text: times of the recording and of the wall clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from motifmine.records.table import Recording
from motifmine.records.wall_clock import clock_start
from motifmine.types import Floats, Indices32

if TYPE_CHECKING:
    import pyarrow as pa


def format_time(seconds: float) -> str:
    """Return seconds as `HH:MM:SS.mmm`, with a minus sign before the recording's beginning.

    Examples
    --------
    >>> format_time(3723.4567), format_time(-0.25)
    ('01:02:03.457', '-00:00:00.250')
    """
    # rounded first, or 59.9996 s would be printed as 60.000
    milliseconds = round(abs(seconds) * 1000)
    # no -00:00:00.000
    sign = "-" if seconds < 0 and milliseconds else ""
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def format_times(seconds: Floats) -> "pa.Array":
    """Return `format_time` of many times, a column of strings (n,)."""
    import pyarrow as pa  # noqa: PLC0415 (takes a while to import)
    import pyarrow.compute as pc  # noqa: PLC0415

    milliseconds = np.rint(np.abs(seconds) * 1000).astype(np.int64)
    hours, rest = np.divmod(milliseconds, 3_600_000)
    # a time of the day is printed as 00:02:03.457
    in_hour = pa.array(rest.astype(np.int32), pa.time32("ms")).cast(pa.string())
    sign = pa.array(["", "-"]).take(pa.array((seconds < 0) & (milliseconds > 0)).cast(pa.int8()))
    padded = pc.utf8_lpad(pa.array(hours).cast(pa.string()), 2, "0")
    return pc.binary_join_element_wise(sign, padded, pc.utf8_slice_codeunits(in_hour, 2), "")


def format_length(seconds: float) -> str:
    """Return a duration in its two largest units.

    Examples
    --------
    >>> [format_length(s) for s in (2.25, 59.96, 1830.0, 100_000.0)]
    ['2.25 s', '1 min', '30 min 30 s', '27 h 47 min']
    """
    if round(seconds, 1) < 60:
        return f"{round(seconds, 2 if seconds < 10 else 1):g} s"
    whole = round(seconds)
    (large, small), units = (
        (divmod(whole, 60), ("min", "s"))
        if whole < 3600
        else (divmod(round(seconds / 60), 60), ("h", "min"))
    )
    return f"{large:,} {units[0]}" + (f" {small} {units[1]}" if small else "")


def format_wall_clock(recording: Recording, seconds: float) -> str:
    """Return an instant of a recording in ISO 8601 (UTC), "" if its start is unknown.

    Raises `DataError` when `start_utc` is not a valid time.
    """
    return format_clock_time(clock_start(recording), seconds)


def format_clock_time(start: datetime | None, seconds: float) -> str:
    """Return the wall-clock time of an instant in ISO 8601 (UTC), "" if unknown."""
    if start is None:
        return ""
    # as integers: floats of seconds since 1970 have no whole milliseconds
    moment = start + timedelta(milliseconds=round(seconds * 1000))
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def format_clock_times(
    starts: Sequence[datetime | None], document: Indices32, seconds: Floats
) -> "pa.Array":
    """Return `format_clock_time` of many instants, a column of strings (n,).

    Parameters
    ----------
    starts : sequence of datetime or None
        Second 0 of each document.
    document : int array (n,)
        Of each instant.
    seconds : float array (n,)
        Of the document.
    """
    import pyarrow as pa  # noqa: PLC0415 (takes a while to import)
    import pyarrow.compute as pc  # noqa: PLC0415

    is_known = np.array([start is not None for start in starts], dtype=bool)[document]
    base = np.array([0 if s is None else int(s.timestamp() * 1000) for s in starts], dtype=np.int64)
    moment = base[document] + np.rint(seconds * 1000).astype(np.int64)
    text = pa.array(moment, pa.timestamp("ms")).cast(pa.string())
    text = pc.binary_join_element_wise(pc.utf8_replace_slice(text, 10, 11, "T"), "Z", "")
    return pc.if_else(pa.array(is_known), text, "")
