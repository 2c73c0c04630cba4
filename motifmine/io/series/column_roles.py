"""Recognition of the roles of columns: time, channel, label, count."""

import re
from collections.abc import Sequence
from dataclasses import replace

from motifmine.errors import DataError
from motifmine.io.series.column_names import (
    LABEL_NAMES,
    PLAIN_UNITS,
    WEIGHT_NAMES,
    Roles,
    find_column,
    is_time_name,
    normalise_name,
)
from motifmine.io.series.header import MANY_ROWS, Head
from motifmine.io.series.long_form import (
    choose_interval_roles,
    choose_long_roles,
    find_states,
    repeats,
)
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.time_columns import (
    find_clock_column,
    find_date_parts,
    find_other_clocks,
    find_time_column,
    is_irregular,
    only_counts,
    refuse_hours_in_columns,
)
from motifmine.io.series.time_formats import (
    TimeReading,
    parse_number,
)


def choose_roles(head: Head, options: SeriesOptions) -> Roles:
    """Recognise the roles of the columns of a table.

    Raises `DataError` if there is neither a column of times nor a rate, no column of numbers, or if
    a column that `options` name does not exist.
    """
    date_parts = find_date_parts(head, options)
    if date_parts:
        # read as one time, whatever the roles of the other columns
        rest = _choose_other_roles(head, date_parts[0], None, date_parts, options)
        return replace(rest, date_parts=date_parts)
    time = find_time_column(head, options)
    clock = None if time is None else find_clock_column(head, time, options)
    return _choose_other_roles(head, time, clock, (time, clock), options)


def _choose_other_roles(
    head: Head,
    time: int | None,
    clock: int | None,
    times: Sequence[int | None],
    options: SeriesOptions,
) -> Roles:
    """Return the roles of all columns but `times`."""
    others = [
        index
        for index in range(len(head.names))
        if index not in times and not head.is_phantom(index)
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
    refuse_hours_in_columns(head, time, others)
    values = [i for i in others if not head.is_text(i) and not only_counts(head, i, time)]
    clocks = find_other_clocks(head, time, clock, values, options)
    values = [index for index in values if index not in clocks]
    states = find_states(head, others)
    if not values and not states:
        raise DataError(f"{head.path} has no column of numbers except its times")
    if (
        options.is_events is None
        and len(states) > 1
        and not values
        and is_irregular(head, time, options)
    ):
        listed = " and ".join(repr(head.names[index]) for index in states[:5])
        raise DataError(
            f"{head.path}: rows at irregular times have {listed}; if each is an event, give "
            f"--kind labels --columns {head.names[states[-1]]} (or another); if they are states "
            "that last until the next row, --kind channels"
        )
    return Roles(time=time, clock=clock, values=tuple(values), states=states)


def _refuse_units_in_cells(head: Head, others: list[int], *, may_be_labels: bool) -> None:
    """Raise `DataError` for columns such as `20.5 °C` and `t=20.5`, which would be states."""
    for index in others:
        cells = [cell for cell in head.column(index) if cell not in head.missing]
        if cells and all(re.fullmatch(r"\w+=[+-]?[\d.,]+", cell) for cell in cells):
            raise DataError(
                f"{head.path}, column {head.names[index]!r} has names in its cells ({cells[0]!r}); "
                "write the numbers alone, and the names in a header"
            )
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
        places = roles.date_parts or (roles.time, roles.clock)
        listed = " and ".join(repr(head.names[i]) for i in places if i is not None)
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
    times = [
        name
        for i, name in enumerate(head.names)
        if head.has_names and is_time_name(name) and i not in used and not head.is_text(i)
    ]
    if times and not roles.is_events:
        notes.append(f"excluded because they are times: {', '.join(map(repr, times[:5]))}")
    if text:
        notes.append(f"excluded because they contain text: {', '.join(map(repr, text[:5]))}")
    return tuple(notes)


def _looks_like_events(
    head: Head, time: int | None, others: list[int], options: SeriesOptions
) -> bool:
    """Return whether rows are events: a time, and optionally a label and a count."""
    if time is None or options.columns or len(others) > 2:
        return False
    if not others:
        return True
    is_label = head.has_names and normalise_name(head.names[others[0]]) in LABEL_NAMES
    # a column before the times is most often a row number
    if others[0] < time and not (is_label and repeats(head, others[0])):
        return False
    if head.has_names and any(
        normalise_name(head.names[i]) not in WEIGHT_NAMES for i in others[1:]
    ):
        return False
    cells = head.column(others[0])
    if is_label or not head.is_text(others[0]):
        return is_label
    if options.is_events is None and len(set(cells)) == len(cells) >= MANY_ROWS:
        raise DataError(
            f"{head.path}: column {head.names[others[0]]!r} has another text in every row "
            f"({cells[0][:40]!r}); if they are labels of events, --kind labels"
        )
    return True


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
