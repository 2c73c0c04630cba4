"""The part of a recording that is read, by its own time or by the wall clock."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time

from motifmine.durations import Duration
from motifmine.errors import SpecError
from motifmine.records.frames import FrameOptions, VideoFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Stretches of a recording: one, or one in every period."""

    begin_s: float = -math.inf
    end_s: float = math.inf
    """Of the first, in seconds since the first frame."""
    every_s: float = math.inf
    """From the begin of one stretch to that of the next."""
    said: str = ""
    """The options that name it."""

    @classmethod
    def of_options(cls, options: FrameOptions, start_utc: str) -> "Part":
        """Return the part that options name.

        Parameters
        ----------
        start_utc : str
            Wall-clock time of the first frame, ISO 8601; "" if unknown.

        Raises
        ------
        SpecError
            If a limit is no time, or one of an unknown wall clock, or if stretches overlap.
        """
        begin_s = find_limit(options.begin, start_utc) if options.begin else -math.inf
        end_s = find_limit(options.end, start_utc) if options.end else math.inf
        named = (("--from", options.begin), ("--to", options.end), ("--every", options.every))
        said = " ".join(f"{option} {text}" for option, text in named if text)
        if not options.every:
            return cls(begin_s=begin_s, end_s=end_s, said=said)
        begin_s = max(begin_s, 0.0) if not options.begin else begin_s
        every_s = Duration.parse(options.every).seconds(math.nan)
        if not begin_s < end_s < begin_s + every_s:
            raise SpecError(
                f"{said} is no part of each {options.every}: write where the first one ends, less "
                f"than {options.every} after it begins, --from 10min --to 15min --every 1h"
            )
        return cls(begin_s=begin_s, end_s=end_s, every_s=every_s, said=said)

    def number_at(self, time_s: float) -> int | None:
        """Return the number of the stretch that a time lies in, None for a time between them."""
        if not self.begin_s <= time_s:
            return None
        number = 0 if math.isinf(self.every_s) else int((time_s - self.begin_s) // self.every_s)
        is_inside = time_s < self.end_s + (number * self.every_s if number else 0.0)
        return number if is_inside else None

    def choose(self, frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
        """Yield the frames of the part.

        Raises
        ------
        SpecError
            If there is none.
        """
        if not self.said:
            yield from frames
            return
        is_empty = True
        for frame in frames:
            time_s = float(frame.time_s)
            if time_s >= self.end_s and math.isinf(self.every_s):
                break
            if self.number_at(time_s) is not None:
                is_empty = False
                yield frame
        if is_empty:
            raise SpecError(f"no frame lies in the part {self.said}")


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
