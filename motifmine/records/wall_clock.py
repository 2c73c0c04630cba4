"""Wall-clock times of recordings, in UTC and in a time zone.

Starts of recordings are in UTC. Hours of the day and days of the week are those of a time zone.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import numpy as np

from motifmine.errors import DataError, SpecError
from motifmine.records.table import Recording
from motifmine.types import Floats, Indices

# offsets of all time zones are multiples of a quarter of an hour, and so are their changes
SLOT_S = 900
DAY_S = 86_400


def find_time_zone(name: str) -> tzinfo:
    """Return a time zone by its IANA name.

    Raises
    ------
    SpecError
        When there is no such zone on this machine.

    Examples
    --------
    >>> find_time_zone("Europe/Zurich")
    zoneinfo.ZoneInfo(key='Europe/Zurich')
    """
    # known without tzdata, which Windows does not bring
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    # ValueError: a path out of the database; OSError: a folder of it, as "Europe"
    except (KeyError, ValueError, OSError) as error:
        raise SpecError(
            f"there is no time zone {name!r} on this machine; give one like 'Europe/Zurich', or "
            "install the package tzdata"
        ) from error


def local_seconds(utc_s: Floats, zone: tzinfo) -> Floats:
    """Return local times of a zone as seconds since local 1970-01-01, float64 array (N,)."""
    if zone is UTC:
        return utc_s
    slot = np.floor(utc_s / SLOT_S).astype(np.int64)
    # the database is asked once a quarter of an hour, not once an occurrence
    known, where = np.unique(slot, return_inverse=True)
    local: Floats = utc_s + _offsets_s(known, zone)[where]
    return local


def _offsets_s(slots: Indices, zone: tzinfo) -> Floats:
    """Return the offset from UTC at quarters of an hour since 1970, seconds, float64 array (N,).

    Raises `DataError` when a time is outside the calendar of the standard library.
    """
    try:
        offsets = [
            datetime.fromtimestamp(slot * SLOT_S, tz=zone).utcoffset() for slot in slots.tolist()
        ]
    except (ValueError, OverflowError, OSError) as error:
        raise DataError(f"the time of a recording is out of range: {error}") from error
    return np.array([offset.total_seconds() if offset else 0.0 for offset in offsets])


def clock_starts(recordings: Sequence[Recording]) -> list[datetime | None]:
    """Return the wall-clock time of second 0 of each recording, None where unknown."""
    return [clock_start(recording) for recording in recordings]


def clock_start(recording: Recording) -> datetime | None:
    """Return the wall-clock time of second 0 of a recording, None where unknown.

    Raises `DataError` when `start_utc` is not a valid time.
    """
    if not recording.start_utc:
        return None
    try:
        start = datetime.fromisoformat(recording.start_utc)
        # A time without a zone is UTC, as the field's name says.
        return start.replace(tzinfo=start.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DataError(
            f"start_utc of recording {recording.name!r} is {recording.start_utc!r}, "
            "which is not a time in ISO 8601"
        ) from error
