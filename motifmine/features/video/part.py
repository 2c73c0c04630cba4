"""The part of a recording that is read, by its own time or by the wall clock."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, time

from motifmine.durations import Duration
from motifmine.errors import SpecError
from motifmine.records.frames import FrameOptions, VideoFrame


def choose_part(
    frames: Iterator[VideoFrame], options: FrameOptions, start_utc: str
) -> Iterator[VideoFrame]:
    """Yield the frames of the part that the options name.

    Parameters
    ----------
    start_utc : str
        Wall-clock time of the first frame, ISO 8601; "" if unknown.

    Raises
    ------
    SpecError
        If a limit is no time, or one of an unknown wall clock, or if no frame is left.
    """
    if not options.begin and not options.end:
        yield from frames
        return
    begin_s = find_limit(options.begin, start_utc) if options.begin else -math.inf
    end_s = find_limit(options.end, start_utc) if options.end else math.inf
    is_empty = True
    for frame in frames:
        if frame.time_s >= end_s:
            break
        if frame.time_s >= begin_s:
            is_empty = False
            yield frame
    if is_empty:
        said = f"--from {options.begin or 'its begin'} --to {options.end or 'its end'}"
        raise SpecError(f"no frame lies in the part {said}")


def find_limit(text: str, start_utc: str) -> float:
    """Return a limit in seconds since the first frame.

    Parameters
    ----------
    text : str
        A duration, a time of day in UTC or with its zone, or a moment in ISO 8601.
    start_utc : str
        Wall-clock time of the first frame, ISO 8601; "" if unknown.

    Raises
    ------
    SpecError
        If the text is no time, or is one of the wall clock where that is unknown.
    """
    if "T" not in text and ":" not in text:
        return Duration.parse(text).seconds(math.nan)
    try:
        is_moment = "T" in text
        found = datetime.fromisoformat(text) if is_moment else time.fromisoformat(text)
    except ValueError as error:
        raise SpecError(
            f"{text!r} is no time; write 10min, 08:15 or 2026-03-14T08:15 (--from, --to)"
        ) from error
    if not start_utc:
        raise SpecError(
            f"{text} is a time of the wall clock, and nothing says when the recording begins; give "
            "--start or --name-time, or its own time: --from 10min"
        )
    start = datetime.fromisoformat(start_utc)
    if isinstance(found, time):
        zone = found.tzinfo or UTC
        found = datetime.combine(start.astimezone(zone).date(), found, zone)
    moment = found if found.tzinfo else found.replace(tzinfo=UTC)
    return (moment - start).total_seconds()
