"""Recognition of the roles of columns (time, channel, label, count) and of the time format."""

import re
from itertools import pairwise

from motifmine.errors import DataError, FormatError
from motifmine.io.series.column_names import (
    COUNT_NAMES,
    LABEL_NAMES,
    PLAIN_UNITS,
    WEIGHT_NAMES,
    Roles,
    find_column,
    is_time_name,
    normalise_name,
)
from motifmine.io.series.header import Head, ascends
from motifmine.io.series.long_form import (
    choose_interval_roles,
    choose_long_roles,
    find_states,
)
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.time_formats import (
    CLOCKS,
    SLASHED_PATTERNS,
    UNAMBIGUOUS_PATTERNS,
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


def choose_roles(head: Head, options: SeriesOptions) -> Roles:
    """Recognise the roles of the columns of a table.

    Raises `DataError` if there is neither a column of times nor a rate, no column of numbers, or if
    a column that `options` name does not exist.
    """
    time = _find_time_column(head, options)
    clock = None if time is None else _find_clock_column(head, time, options)
    others = [
        index
        for index in range(len(head.names))
        if index not in (time, clock) and not head.is_phantom(index)
    ]
    # before channels: ends of events, and values of the long form, are numbers as well
    intervals = choose_interval_roles(head, time, options)
    found = intervals or choose_long_roles(head, time, clock, others, options)
    if found is not None:
        return found
    is_events = options.is_events
    if is_events is None:
        is_events = _looks_like_events(head, time, others, options)
    if not options.is_events:
        _refuse_units_in_cells(head, others, may_be_labels=is_events)
    if is_events:
        return _choose_event_roles(head, time, clock, others, options)
    # named columns are taken as they are: a count or a state that looks like something else
    if options.columns:
        named = [find_column(head.names, c, head.path, "--columns") for c in options.columns]
        values = [index for index in named if not head.is_text(index)]
        states = tuple(index for index in named if head.is_text(index))
        return Roles(time=time, clock=clock, values=tuple(values), states=states)
    values = [i for i in others if not head.is_text(i) and not _only_counts(head, i, time)]
    states = find_states(head, others)
    if not values and not states:
        raise DataError(f"{head.path} has no column of numbers except its times")
    if (
        options.is_events is None
        and len(states) > 1
        and not values
        and _is_irregular(head, time, options)
    ):
        listed = " and ".join(repr(head.names[index]) for index in states[:5])
        raise DataError(
            f"{head.path}: rows at irregular times have {listed}; if each is an event, give "
            f"--kind labels --columns {head.names[states[-1]]} (or another); if they are states "
            "that last until the next row, --kind channels"
        )
    return Roles(time=time, clock=clock, values=tuple(values), states=states)


def _refuse_units_in_cells(head: Head, others: list[int], *, may_be_labels: bool) -> None:
    """Raise `DataError` for columns such as `20.5 °C`, which would be states or labels."""
    for index in others:
        cells = [cell for cell in head.column(index) if cell not in head.missing]
        parts = [re.fullmatch(r"(.*\d)\s*([^\d\s]\S*)", cell) for cell in cells]
        found = [
            (parse_number(part[1], head.decimal, head.thousands), part[2]) for part in parts if part
        ]
        numbers = [number for number, unit in found if number is not None and unit in PLAIN_UNITS]
        # whole numbers may be the labels of events: 10 Hz, 20 Hz
        has_label_name = not head.has_names or normalise_name(head.names[index]) in LABEL_NAMES
        is_label = may_be_labels and has_label_name
        if 2 * len(numbers) > len(cells) and (any(n % 1 for n in numbers) or not is_label):
            raise DataError(
                f"{head.path}, column {head.names[index]!r} has units in its cells ({cells[0]!r}); "
                "write the numbers alone, and the unit in the header, such as "
                f"{head.names[index]} [{found[0][1]}]; if they are labels of events, --kind labels"
            )


def describe_roles(head: Head, roles: Roles, reading: TimeReading) -> tuple[str, ...]:
    """Return notes on how times were recognised and which columns are excluded."""
    if roles.time is None:
        notes = [f"rows are numbered: {reading.describe()}"]
    else:
        names = [head.names[i] for i in (roles.time, roles.clock) if i is not None]
        listed = " and ".join(f"'{name}'" for name in names)
        notes = [f"times are in column {listed}: {reading.describe()}"]
    if roles.is_long:
        sensor = "+".join(head.names[index] for index in roles.sensors)
        values = ", ".join(repr(head.names[index]) for index in roles.values[:5])
        return (*notes, f"long form: values in column {values} of the sensors in {sensor!r}")
    if roles.end is not None:
        what = "durations" if roles.is_duration else "ends"
        return (*notes, f"events with {what} in column {head.names[roles.end]!r}")
    if roles.states:
        listed = ", ".join(repr(head.names[index]) for index in roles.states[:5])
        notes.append(f"states are in column {listed}")
    used = {*roles.singles, *roles.values, *roles.states}
    text = [name for i, name in enumerate(head.names) if i not in used and head.is_text(i)]
    if text:
        notes.append(f"excluded because they contain text: {', '.join(map(repr, text[:5]))}")
    return tuple(notes)


def _find_time_column(head: Head, options: SeriesOptions) -> int | None:
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
    dated = [i for i in range(len(head.names)) if _holds_dates(head, i)]
    # a date is the surest sign: loggers also have columns such as "run time" in seconds
    for candidates in ([i for i in named if i in dated], dated, named):
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


def _counts_rows(head: Head) -> bool:
    """Return whether the name of the first column is one of row numbers."""
    is_unnamed = head.has_names and head.names[0] == "column 1"
    return is_unnamed or normalise_name(head.names[0]) in COUNT_NAMES


def _only_counts(head: Head, index: int, time: int | None) -> bool:
    """Return whether a column next to times only numbers the records."""
    if time is None or not head.has_names or normalise_name(head.names[index]) not in COUNT_NAMES:
        return False
    numbers = [number for number in head.numbers(index) if number is not None]
    return len(numbers) > 1 and all(b - a == 1 for a, b in pairwise(numbers))


def _is_date(cell: str) -> bool:
    if ("-" in cell[1:] and parse_iso(cell) is not None) or _is_bare_date(cell):
        return True
    return any(parse_pattern(cell, pattern) for pattern in ALL_PATTERNS)


def _holds_dates(head: Head, index: int) -> bool:
    cells = head.column(index)
    # most cells: a few bad ones must not change what the column is
    return sum(map(_is_date, cells)) * 2 > len(cells)


def _find_clock_column(head: Head, time: int, options: SeriesOptions) -> int | None:
    """Return the column of times of day that complements a column of bare dates."""
    # a pattern of date and time of day is that of both columns
    if options.time_column is not None or " " not in (options.time_format or " "):
        return None
    if not all(_is_bare_date(cell) for cell in head.column(time)):
        return None
    for index, name in enumerate(head.names):
        is_clock = all(map(_is_clock, head.column(index)))
        if index != time and is_time_name(name) and is_clock:
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


def _is_irregular(head: Head, time: int | None, options: SeriesOptions) -> bool:
    """Return whether the steps between the first rows differ much."""
    roles = Roles(time=time, values=())
    reading = choose_reading(head, roles, options)
    raw = [reading.parse(text, head.decimal) for text in list_time_texts(head, roles)]
    steps = sorted(b - a for a, b in pairwise(raw) if a is not None and b is not None)
    return len(steps) > 4 and steps[-1 - len(steps) // 10] > 1.5 * steps[len(steps) // 10]


def _looks_like_events(
    head: Head, time: int | None, others: list[int], options: SeriesOptions
) -> bool:
    """Return whether rows are events: a time, and optionally a label and a count."""
    if time is None or options.columns or len(others) > 2:
        return False
    if not others:
        return True
    # a column before the times is most often a row number
    if others[0] < time:
        return False
    if head.has_names and any(
        normalise_name(head.names[i]) not in WEIGHT_NAMES for i in others[1:]
    ):
        return False
    is_label = head.has_names and normalise_name(head.names[others[0]]) in LABEL_NAMES
    return is_label or head.is_text(others[0])


def _choose_event_roles(
    head: Head, time: int | None, clock: int | None, others: list[int], options: SeriesOptions
) -> Roles:
    if time is None:
        raise DataError(f"{head.path} has no column of times; name it with --time-column")
    if options.columns:
        others = [find_column(head.names, c, head.path, "--columns") for c in options.columns]
    if len(others) > 2:
        raise DataError(
            f"{head.path} has {len(head.names)} columns; events have a time, a label and possibly "
            "a count: name the label with --columns"
        )
    label = others[0] if others else None
    weight = others[1] if len(others) > 1 else None
    return Roles(time=time, clock=clock, values=(), label=label, weight=weight, is_events=True)


def choose_reading(head: Head, roles: Roles, options: SeriesOptions) -> TimeReading:
    """Recognise the time format of a table.

    Raises `FormatError` if the format is not recognised.
    """
    if roles.time is None:
        return TimeReading(form="number", unit_s=1 / (options.rate_hz or 1.0), is_count=True)
    zone = options.time_zone or ""
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


def list_time_texts(head: Head, roles: Roles) -> list[str]:
    """Return the texts of the times of the first rows."""
    if roles.time is None:
        return []
    return [join_time_text(row, roles) for row in head.rows if len(row) == len(head.names)]


def join_time_text(cells: list[str], roles: Roles) -> str:
    """Return the text of the time of one row, joined with the column of the time of day."""
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
