"""Times and durations as text: times of the recording and of the wall clock."""

from datetime import datetime, timedelta

from motifmine.records.table import Recording
from motifmine.records.wall_clock import clock_start


def format_time(seconds: float) -> str:
    """Return seconds as `HH:MM:SS.mmm`, with a minus sign before the recording's beginning.

    Examples
    --------
    >>> format_time(3723.4567), format_time(-0.25)
    ('01:02:03.457', '-00:00:00.250')
    """
    milliseconds = round(abs(seconds) * 1000)
    sign = "-" if seconds < 0 and milliseconds else ""
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


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

    Raises
    ------
    DataError
        When `start_utc` is not a valid time.
    """
    return format_clock_time(clock_start(recording), seconds)


def format_clock_time(start: datetime | None, seconds: float) -> str:
    """Return the wall-clock time of an instant in ISO 8601 (UTC), "" if unknown."""
    if start is None:
        return ""
    moment = start + timedelta(milliseconds=round(seconds * 1000))
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
