"""Columns of times: which they are, in which form, and which have the times once more."""

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from motifmine.errors import DataError, FormatError
from motifmine.io.series.column_names import (
    COUNT_NAMES,
    DATE_PARTS,
    END_WORDS,
    START_WORDS,
    Roles,
    find_column,
    is_time_name,
    names_moment,
    normalise_name,
)
from motifmine.io.series.header import Head, ascends
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.time_formats import (
    CLOCKS,
    SLASHED_PATTERNS,
    UNAMBIGUOUS_PATTERNS,
    UNIT_AT_END,
    UNIT_NAMES,
    TimeReading,
    find_pattern,
    guess_number,
    parse_clock,
    parse_iso,
    parse_number,
    parse_pattern,
    parse_time_format,
)

ALL_PATTERNS = (*UNAMBIGUOUS_PATTERNS, *(form for pair in SLASHED_PATTERNS for form in pair))
LEAST_DATE, MOST_DATE = 6, 10  # characters of a date, from 5/6/24 to 2024-06-05


def find_other_clocks(
    head: Head, time: int | None, clock: int | None, values: list[int], options: SeriesOptions
) -> list[int]:
    """Return the columns that have the times once more, in another unit or from another start.

    Raises `DataError` for a column of times at which other columns of its row were measured.
    """
    named = [i for i in values if head.has_names and is_time_name(head.names[i])]
    ascending = [i for i in named if ascends(head.numbers(i), strictly=True)]
    if time is None or not ascending:
        return []
    roles = Roles(time=time, clock=clock, values=())
    reading = choose_reading(head, roles, options)
    texts = list_time_texts(head, roles) or [""]
    raw = [reading.parse(text, head.decimal) for text in (texts[0], texts[-1])]
    # bad times, and those of the newest row first, are found where rows are read
    span = raw[1] - raw[0] if raw[0] is not None and raw[1] is not None else 0
    for index in ascending:
        numbers = head.numbers(index)
        if span <= 0:
            break
        ratio = ((numbers[-1] or 0) - (numbers[0] or 0)) / span
        units = (ratio, ratio * 60, ratio / 60, ratio * 3600, ratio / 3600)
        # milliseconds, seconds and so on: powers of 1000
        if not any(abs((math.log10(unit) + 1.5) % 3 - 1.5) < 0.01 for unit in units):
            raise DataError(
                f"{head.path}: columns {head.names[time]!r} and {head.names[index]!r} are times of "
                "different steps; put what was measured at other times into a file of its own, or "
                "name the channels with --columns"
            )
    return ascending


def refuse_hours_in_columns(head: Head, time: int | None, others: list[int]) -> None:
    """Raise `DataError` for a table of days whose columns are the hours, as of many meters."""
    names = [re.fullmatch(r"(?:h|hr|hour)?[ _]?(\d{1,2})(?:[:.h](\d\d))?", head.names[i].lower())
             for i in others]  # fmt: skip
    clocks = [int(name[1]) + int(name[2] or 0) / 60 for name in names if name]
    is_day = time is not None and all(map(_is_bare_date, head.column(time)))
    if is_day and len(clocks) >= 24 and ascends(clocks, strictly=True) and clocks[-1] <= 24:
        first, last = (head.names[others[at]] for at in (0, -1))
        raise DataError(
            f"{head.path}: columns {first!r} to {last!r} are hours of a day; write one row for "
            "each time, such as time,value"
        )


def find_time_column(head: Head, options: SeriesOptions) -> int | None:
    """Return the column of times; None if rows are numbered at a given rate.

    In order of preference: a column with a name of times that contains dates, one that contains
    dates, one with a name of times, the first column if its numbers ascend.
    """
    if options.long:
        return find_column(head.names, options.long[0], head.path, "--long")
    if options.time_column is not None:
        return find_column(head.names, options.time_column, head.path, "--time-column")
    numbers = head.numbers(0)
    named = [i for i, name in enumerate(head.names) if head.has_names and is_time_name(name)]
    if options.rate_hz is not None:
        # with a rate, integers that ascend are numbers of samples
        may_count = 0 in named or _counts_rows(head) or not head.has_names
        whole = all(number is not None and number == int(number) for number in numbers)
        is_counted = may_count and whole and ascends(numbers, strictly=True)
        return 0 if is_counted and len(head.names) > 1 else None
    starts = [i for i in named if names_moment(head.names[i], START_WORDS)]
    has_ends = any(names_moment(name, END_WORDS) for name in head.names)
    if starts and has_ends and not all(map(_is_clock, head.column(starts[0]))):
        # a date next to starts and ends in seconds is that of the recording
        return starts[0]
    dated = [i for i in range(len(head.names)) if _holds_dates(head, i)]
    # a date is the surest sign: loggers also have columns such as "run time" in seconds
    # T is also a temperature
    rising = [i for i in named if ascends(head.numbers(i), strictly=False)]
    if not rising and head.has_names and UNIT_AT_END.match(head.names[0].lower()):
        rising = [0] * ascends(numbers, strictly=True)
    for candidates in ([i for i in named if i in dated], dated, rising, named):
        if candidates:
            return candidates[0]
    if head.has_names and _counts_rows(head) and ascends(numbers, strictly=True):
        raise DataError(
            f"{head.path} has no times; column {head.names[0]!r} numbers its rows; give the "
            "samples per second with --rate"
        )
    # events of several labels may happen at the same time
    has_labels = len(head.names) > 1 and head.is_text(1)
    if ascends(numbers, strictly=not has_labels):
        return 0
    listed = ", ".join(repr(name) for name in head.names[:8])
    more = ", ..." if len(head.names) > 8 else ""
    raise DataError(
        f"{head.path} has no column that is recognised as times (columns {listed}{more}); name one "
        "with --time-column, or give the samples per second with --rate"
    )


def find_date_parts(head: Head, options: SeriesOptions) -> tuple[int, ...]:
    """Return the columns of year, month, day, hour and so on; none if times are in another form."""
    asked = options.time_column is not None or options.rate_hz is not None or options.long
    if asked or not head.has_names or any(_holds_dates(head, i) for i in range(len(head.names))):
        return ()
    names = [normalise_name(name) for name in head.names]
    found: list[int] = []
    for known, least, most in DATE_PARTS.values():
        index = next((i for i, name in enumerate(names) if name in known), None)
        if index is None:
            break
        if not all(cell.isdecimal() and least <= int(cell) <= most for cell in head.column(index)):
            break
        found.append(index)
    return tuple(found) if len(found) >= 3 else ()


def _counts_rows(head: Head) -> bool:
    """Return whether the name of the first column is one of row numbers."""
    is_unnamed = head.has_names and head.names[0] == "column 1"
    return is_unnamed or normalise_name(head.names[0]) in COUNT_NAMES


def only_counts(head: Head, index: int, time: int | None) -> bool:
    """Return whether a column next to times only numbers the records."""
    is_unnamed = head.names[index] == f"column {index + 1}"
    is_count = is_unnamed or normalise_name(head.names[index]) in COUNT_NAMES
    if time is None or not head.has_names or not is_count:
        return False
    numbers = [number for number in head.numbers(index) if number is not None]
    return len(numbers) > 1 and all(b - a == 1 for a, b in pairwise(numbers))


def holds_moments(head: Head, index: int) -> bool:
    """Return whether a column has dates or times of day."""
    return _holds_dates(head, index) or all(map(_is_clock, head.column(index)))


def _is_date(cell: str) -> bool:
    if ("-" in cell[1:] and parse_iso(cell) is not None) or _is_bare_date(cell):
        return True
    # all patterns have a time of day after a blank; without one, none of 30 needs to be tried
    is_parted = len(cell.split()) > 1
    return is_parted and any(parse_pattern(cell, pattern) for pattern in ALL_PATTERNS)


def _holds_dates(head: Head, index: int) -> bool:
    cells = head.column(index)
    # most cells: a few bad ones must not change what the column is
    return sum(map(_is_date, cells)) * 2 > len(cells)


def find_clock_column(head: Head, time: int, options: SeriesOptions) -> int | None:
    """Return the column of times of day that complements a column of bare dates."""
    # a pattern of date and time of day is that of both columns
    if options.time_column is not None or " " not in (options.time_format or " "):
        return None
    if not all(_is_bare_date(cell) for cell in head.column(time)):
        return None
    for index, name in enumerate(head.names):
        is_clock = all(map(_is_clock, head.column(index)))
        may_be = is_time_name(name) if head.has_names else index == time + 1
        if index != time and may_be and is_clock:
            return index
    return None


def _is_clock(cell: str) -> bool:
    return parse_clock(cell) is not None or any(parse_pattern(cell, form) for form in CLOCKS)


def _is_bare_date(cell: str) -> bool:
    if not LEAST_DATE <= len(cell) <= MOST_DATE:
        return False
    patterns = {pattern.split(" ")[0] for pattern in ALL_PATTERNS}
    is_iso = len(cell) == MOST_DATE and parse_iso(cell) is not None
    return is_iso or any(parse_pattern(cell, form) for form in patterns)


def is_irregular(head: Head, time: int | None, options: SeriesOptions) -> bool:
    """Return whether the steps between the first rows differ much."""
    roles = Roles(time=time, values=())
    reading = choose_reading(head, roles, options)
    raw = [reading.parse(text, head.decimal) for text in list_time_texts(head, roles)]
    steps = sorted(b - a for a, b in pairwise(raw) if a is not None and b is not None)
    return len(steps) > 4 and steps[-1 - len(steps) // 10] > 1.5 * steps[len(steps) // 10]


def choose_reading(head: Head, roles: Roles, options: SeriesOptions) -> TimeReading:
    """Recognise the time format of a table.

    Raises `FormatError` if the format is not recognised.
    """
    if roles.time is None:
        return TimeReading(form="number", unit_s=1 / (options.rate_hz or 1.0), is_count=True)
    zone = options.time_zone or _zone_of_name(head, roles.time)
    cells = [cell for cell in list_time_texts(head, roles) if cell not in head.missing]
    dated = [found for cell in cells if (found := parse_iso(cell))]
    if options.time_format not in (None, "iso"):
        return parse_time_format(options.time_format or "", options.time_zone)
    numbers = [
        n for cell in cells if (n := parse_number(cell, head.decimal, head.thousands)) is not None
    ]
    where = f"{head.path}, column {head.names[roles.time]!r}"
    pattern = find_pattern(cells, where) if options.time_format is None else ""
    if pattern:
        return TimeReading(form="pattern", pattern=pattern, zone=zone)
    # before ISO 8601, which would also take numbers
    if options.time_format is None and len(numbers) * 2 > len(cells):
        unit = head.units[roles.time]
        name = head.names[roles.time] + (f" [{unit}]" if unit.lower() in UNIT_NAMES else "")
        return guess_number(numbers, name, options.rate_hz)
    if dated:
        has_zone = dated[0][1]
        return TimeReading(form="iso", has_zone=has_zone, zone="" if has_zone else zone)
    if cells and parse_clock(cells[0]) is not None:
        return TimeReading(form="clock")
    shown = cells[0] if cells else ""
    raise FormatError(
        f"{head.path}, line {head.n_skipped + 1}, column {head.names[roles.time]!r}: {shown!r} is "
        "not a time; give its format with --time-format, such as '%d.%m.%Y %H:%M:%S'"
    )


def _zone_of_name(head: Head, index: int) -> str:
    """Return the zone that a name such as `Date Time, GMT+01:00` gives, "" for none.

    Raises `DataError` for one of half hours, which has no name of this form.
    """
    name = head.names[index]
    found = re.search(r"\b(?:GMT|UTC) ?([+-])0?(\d{1,2})(?::?00)?(?![\d:])", name)
    if found is None and re.search(r"\b(?:GMT|UTC) ?[+-]\d", name):
        raise DataError(
            f"{head.path}, column {name!r}: the zone is not of whole hours; give --time-zone, "
            "such as Asia/Kolkata"
        )
    # signs are the other way round in the names of these zones
    return f"Etc/GMT{'-' if found[1] == '+' else '+'}{found[2]}" if found else ""


def list_time_texts(head: Head, roles: Roles) -> list[str]:
    """Return the texts of the times of the first rows."""
    if roles.time is None:
        return []
    return [join_time_text(row, roles) for row in head.rows if len(row) == len(head.names)]


def join_time_text(cells: Sequence[str] | Mapping[int, str], roles: Roles) -> str:
    """Return the text of the time of one row, joined with the column of the time of day."""
    if roles.date_parts:
        year, month, day, *clock = (cells[index].strip().zfill(2) for index in roles.date_parts)
        return f"{year}-{month}-{day} {':'.join([*clock, '00', '00'][:3])}"
    text = "" if roles.time is None else cells[roles.time]
    return text if roles.clock is None else f"{text} {cells[roles.clock]}"


def read_first_time(head: Head, roles: Roles, reading: TimeReading) -> float | int:
    """Return the first raw time that can be parsed; 0 if rows are numbered.

    Raises `FormatError` if none of the first rows has one.
    """
    if roles.time is None:
        return 0
    texts = list_time_texts(head, roles)
    for text in texts:
        if (raw := reading.parse(text, head.decimal)) is not None:
            return raw
    raise FormatError(
        f"{head.path}, line {head.n_skipped + 1}, column {head.names[roles.time]!r}: "
        f"{texts[0] if texts else ''!r} is not a time; expected {reading.describe()}, or give the "
        "format with --time-format"
    )
