"""Formats of times: numbers, ISO 8601, times of day and patterns."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from motifmine.errors import DataError, SpecError

UNITS_S = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
# units of times that count from the beginning of a recording
LONG_UNITS_S = {"min": 60.0, "h": 3600.0, "d": 86_400.0}
# units at the end of the name of a column of times
UNIT_NAMES = {
    **dict.fromkeys(("ms", "millis", "msec"), "ms"),
    **dict.fromkeys(("us", "µs", "usec", "micros"), "us"),
    **dict.fromkeys(("ns", "nanos"), "ns"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "min"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
}
UNIT_AT_END = re.compile(rf"(?:^|[_\s\[(])\s*({'|'.join(UNIT_NAMES)})\s*[\])]?$")
EPOCH = datetime(1970, 1, 1)
DAY_S = 86_400.0
# ways to number days: the number of 1970-01-01, and what they are called
DAY_NUMBERS = {
    "excel": (25_569.0, "days since 1899-12-30, as of Excel"),
    "matlab": (719_529.0, "days since the year 0, as of MATLAB"),
    "jd": (2_440_587.5, "Julian dates"),
    "mjd": (40_587.0, "modified Julian dates"),
}
CENTURY = (10_957, 47_481)  # days of the years 2000 to 2099, since 1970
# resolution of numbers of days, seconds: they are written with about eight decimals (1 ms), and a
# minute that comes out as 59.9996 s would lie in another bin
DAY_TICK_S = 0.01
# days with six decimals are whole seconds within this time, and of how many days it must hold: by
# chance it does for one in ten
ROUNDED_TICK_S, MANY_DAYS = 0.05, 8
DATE_NAME = re.compile("date|datum|fecha|dato|m?jd|julian")

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
ISO = re.compile(
    r"(\d{4}-\d\d-\d\d|\d{8})([T ]\d\d:?\d\d(:?\d\d([.,](?P<part>\d+))?)?)?"
    r"\s?(?P<zone>Z|z|UTC|[+-]\d\d(:?\d\d)?)?"
)
CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d)(?:[.,](\d+))?)?")
# patterns in which day and month cannot be confused
UNAMBIGUOUS_PATTERNS = (
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y.%m.%d %H:%M:%S",
    "%d.%m.%y %H:%M:%S",
    "%d.%m.%y %H:%M",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d %I:%M %p",
    "%d.%m.%Y %H:%M:%S.%f",
    "%d.%m.%Y %H:%M:%S,%f",
    "%Y/%m/%d %H:%M:%S.%f",
    "%d-%b-%Y %H:%M:%S",
    "%d-%b-%Y %H:%M",
    "%a %b %d %H:%M:%S %Y",
)
# patterns of dates without separators, by their number of digits
DIGIT_PATTERNS = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M", 8: "%Y%m%d"}
CLOCKS = ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
# patterns with the day first and with the month first, between which the cells decide
SLASHED_PATTERNS = tuple(
    (f"%d{sep}%m{sep}%{year} {clock}", f"%m{sep}%d{sep}%{year} {clock}")
    for sep in "/-"
    for year in "Yy"
    for clock in CLOCKS
)
# directives of `strptime` that pyarrow parses in the same way as `datetime`
FAST_DIRECTIVES = frozenset("YmdHMS%")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeReading:
    """Format of the cells of a time column."""

    form: str
    """`number`, `iso`, `clock` or `pattern`."""
    unit_s: float = 1.0
    """Unit of `number`, seconds."""
    is_unix: bool = False
    """Whether `number` is a Unix time, counted from 1970."""
    is_count: bool = False
    """Whether `number` is a sample number, which must be an integer."""
    epoch_s: float = 0.0
    """Unix time of number 0 where `is_unix`, seconds."""
    tick_s: float = 0.0
    """To what times of numbers of days are rounded, seconds; 0: they are not."""
    pattern: str = ""
    """As for `datetime.strptime`."""
    has_zone: bool = False
    """Whether the text of times includes a zone."""
    zone: str = ""
    """Zone of times without one; "" is UTC."""

    @property
    def is_wall(self) -> bool:
        """Whether raw times are nanoseconds since 1970 (int64) instead of numbers (float64)."""
        return self.form in ("iso", "pattern")

    @property
    def has_wall_clock(self) -> bool:
        """Whether times give the date and time of the recording."""
        return self.is_wall or self.is_unix

    def parse(self, text: str, decimal: str = ".") -> float | int | None:
        """Return the raw time of one cell, None if it is not a time."""
        text = text.strip()
        if self.form == "number":
            number = parse_number(text, decimal)
            if number is None or (self.is_count and number != int(number)):
                return None
            return number
        if self.form == "clock":
            return parse_clock(text)
        found = parse_iso(text) if self.form == "iso" else parse_pattern(text, self.pattern)
        return found[0] if found and found[1] == self.has_zone else None

    def describe(self) -> str:
        """Describe the format in a few words."""
        if self.is_count:
            return f"numbers of samples at {1 / self.unit_s:g} Hz"
        if self.form == "number":
            for day, name in DAY_NUMBERS.values():
                if self.epoch_s == -day * DAY_S:
                    return f"{name}, taken as UTC"
            names = {1.0: "seconds", 1e-3: "milliseconds", 1e-6: "microseconds"}
            names |= {60.0: "minutes", 3600.0: "hours", DAY_S: "days"}
            unit = names.get(self.unit_s, "nanoseconds")
            return f"{unit} since 1970" if self.is_unix else unit
        if self.form == "clock":
            return "times of day"
        kind = "ISO 8601" if self.form == "iso" else repr(self.pattern)
        if self.has_zone:
            return f"{kind} with zone"
        if self.zone.startswith("Etc/GMT"):
            return f"{kind} of UTC{-int(self.zone.removeprefix('Etc/GMT')):+d}"
        return f"{kind} of zone {self.zone}" if self.zone else f"{kind} without zone, taken as UTC"


def parse_number(text: str, decimal: str = ".", thousands: str = "") -> float | None:
    """Parse a finite number; None if the text is not one, including nan and inf."""
    if thousands and thousands in text and is_grouped(text, decimal, thousands):
        text = text.replace(thousands, "")
    if decimal == ",":
        # a point next to a decimal comma would be a group of thousands that was not recognised
        text = text.replace(",", ".") if "." not in text else "?"
    if not NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if abs(number) != float("inf") else None


def is_grouped(text: str, decimal: str, thousands: str) -> bool:
    """Return whether a number has its digits in groups of three, such as 1,197.8."""
    group, point = re.escape(thousands), re.escape(decimal)
    return re.fullmatch(rf"[+-]?\d{{1,3}}({group}\d{{3}})+({point}\d*)?", text) is not None


def parse_iso(text: str) -> tuple[int, bool] | None:
    """Parse ISO 8601 to nanoseconds since 1970 and whether there is a zone; None if it is not."""
    match = ISO.fullmatch(text)
    if not match:
        return None
    # datetime has microseconds only, so the fraction is added apart
    part = (match["part"] or "")[:9]
    whole = text.replace(",", ".").replace("UTC", "Z")
    if part:
        whole = whole.replace("." + (match["part"] or ""), "", 1)
    try:
        moment = datetime.fromisoformat(re.sub(r"\s(?=[Z+-]|$)", "", whole))
        return _to_nanoseconds(moment) + int(part.ljust(9, "0")), match["zone"] is not None
    except (ValueError, OverflowError):
        return None


def parse_pattern(text: str, pattern: str) -> tuple[int, bool] | None:
    """Parse by a pattern, with the result of `parse_iso`."""
    try:
        moment = datetime.strptime(text, pattern)
        return _to_nanoseconds(moment), moment.tzinfo is not None
    except (ValueError, OverflowError):
        return None


def find_pattern(cells: list[str], where: str) -> str:
    """Return the pattern of dates whose cells all match it, "" for none.

    Raises `DataError` if either number may be the day.
    """
    if not cells:
        return ""
    for pattern in UNAMBIGUOUS_PATTERNS:
        if parse_pattern(cells[0], pattern):
            return pattern
    if len({len(cell) for cell in cells}) == 1 and all(cell.isdecimal() for cell in cells):
        pattern = DIGIT_PATTERNS.get(len(cells[0]), "")
        # 2026 and not 0001: numbers that count something begin low
        is_date = pattern and all(
            cell[:2] in ("19", "20") and parse_pattern(cell, pattern) for cell in cells
        )
        return pattern if is_date else ""
    for pair in SLASHED_PATTERNS:
        if not any(parse_pattern(cells[0], pattern) for pattern in pair):
            continue
        fitting = [pattern for pattern in pair if all(parse_pattern(c, pattern) for c in cells)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise DataError(
                f"{where}: {cells[0]!r} may have the day or the month first; give --time-format "
                f"'{pair[0]}' or '{pair[1]}'"
            )
    return ""


def parse_clock(text: str) -> float | None:
    """Parse HH:MM[:SS[.fff]] to seconds since midnight; None if the text is not such a time."""
    match = CLOCK.fullmatch(text)
    if not match:
        return None
    hours, minutes, seconds, part = match.groups()
    if int(hours) > 23:
        return None
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
    return whole + (float(f"0.{part}") if part else 0.0)


def _to_nanoseconds(moment: datetime) -> int:
    """Return the time since 1970; raises `OverflowError` outside 1678 to 2261."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    if not 1678 <= moment.year <= 2261:
        raise OverflowError
    # by integers: timestamp() is a float and loses the last digits
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


def _days_of(name: str) -> TimeReading:
    """Return the format of days that are numbered in one of `DAY_NUMBERS`."""
    epoch_s = -DAY_NUMBERS[name][0] * DAY_S
    return TimeReading(
        form="number", unit_s=DAY_S, is_unix=True, epoch_s=epoch_s, tick_s=DAY_TICK_S
    )


def parse_time_format(time_format: str, zone: str | None) -> TimeReading:
    """Return the format for the value of `SeriesOptions.time_format`.

    Raises `SpecError` if it is neither a known name nor a pattern.
    """
    if time_format in UNITS_S:
        return TimeReading(form="number", unit_s=UNITS_S[time_format])
    if time_format.startswith("unix"):
        unit = time_format.removeprefix("unix").removeprefix("-") or "s"
        if unit in UNITS_S:
            return TimeReading(form="number", unit_s=UNITS_S[unit], is_unix=True)
    if time_format in DAY_NUMBERS:
        return _days_of(time_format)
    if time_format in ("iso", "clock"):
        return TimeReading(form=time_format, zone=zone or "")
    if "%" not in time_format:
        raise SpecError(
            f"time_format {time_format!r} is not known; use s, ms, us, ns, unix, unix-ms, excel, "
            "matlab, jd, mjd, iso, clock or a pattern such as '%d.%m.%Y %H:%M:%S'"
        )
    has_zone = "%z" in time_format
    return TimeReading(form="pattern", pattern=time_format, has_zone=has_zone, zone=zone or "")


def guess_number(values: list[float], name: str, rate_hz: float | None) -> TimeReading:
    """Recognise the format of numeric times.

    With a rate, integers are sample numbers. A unit in the name (`time_ms`, `t [us]`) is used;
    numbers of the magnitude of present Unix times are Unix times.

    Parameters
    ----------
    values : list of float
        The first times.
    name : str
        Of the column.
    rate_hz : float or None
        Samples per second.
    """
    if rate_hz is not None:
        return TimeReading(form="number", unit_s=1 / rate_hz, is_count=True)
    unit = UNIT_AT_END.search(name.lower())
    if unit:
        short = UNIT_NAMES[unit[1]]
        if short in LONG_UNITS_S:
            return TimeReading(form="number", unit_s=LONG_UNITS_S[short])
        return TimeReading(form="number", unit_s=UNITS_S[short], is_unix=_is_unix(values, short))
    # seconds first; the ranges of the units do not overlap
    for short, unit_s in UNITS_S.items():
        if _is_unix(values, short):
            return TimeReading(form="number", unit_s=unit_s, is_unix=True)
    if _is_clock_without_colon(values):
        raise DataError(
            f"{name!r} has hours and minutes as one number ({values[-1]:04.0f}); write times with "
            "their date, such as 2026-03-01 08:30, or give --time-format s if they are seconds"
        )
    return _find_days(values, name) or TimeReading(form="number")


def _is_clock_without_colon(values: list[float]) -> bool:
    """Return whether numbers such as 1450, 1455, 1500 are even steps of hours and minutes."""
    if not all(value % 1 == 0 and value % 100 < 60 and 0 <= value < 2400 for value in values):
        return False
    steps = {b - a for a, b in pairwise(values)}
    minutes = {b - a for a, b in pairwise(value // 100 * 60 + value % 100 for value in values)}
    return len(steps) > 1 and len(minutes) == 1


def _find_days(values: list[float], name: str) -> TimeReading | None:
    """Return the format of numbers that are days of the years 2000 to 2099, None if they are not.

    Their times are whole seconds: seconds of a recording that happen to be as large have no reason
    to be so in units of 1/86400. And seconds are not called a date.
    """
    numbered = [way for way in DAY_NUMBERS if way != "mjd"]
    if name.lower().startswith("mjd"):
        # as large as those of Excel, in other years
        numbered = ["mjd"]
    for way in numbered:
        since_1970 = [value - DAY_NUMBERS[way][0] for value in values]
        if len(values) > 1 and all(CENTURY[0] <= day < CENTURY[1] for day in since_1970):
            break
    else:
        return None
    days = _days_of(way)
    off_s = sorted(abs(v * DAY_S - round(v * DAY_S)) for v in values)
    # whole numbers are whole seconds in any case: days must have a fraction to be recognised
    if any(v % 1 for v in values):
        usual_s = off_s[int(0.9 * (len(off_s) - 1))]
        if usual_s < DAY_TICK_S:
            return days
        if usual_s < ROUNDED_TICK_S and len(values) >= MANY_DAYS:
            return replace(days, tick_s=1.0)
    return days if DATE_NAME.match(name.lower()) else None


def _is_unix(values: list[float], unit: str) -> bool:
    """Return whether all values are between 1998 and 2096 as Unix times."""
    seconds = [value * UNITS_S[unit] for value in values]
    # far from small numbers, which count from the start of a recording
    return bool(seconds) and all(9e8 < value < 4e9 for value in seconds)
