"""Columns of the long form, values of one sensor a row, and of labels with start and end."""

from collections import Counter
from itertools import pairwise

from motifmine.errors import DataError
from motifmine.io.series.column_names import (
    DURATION_NAMES,
    END_WORDS,
    LABEL_NAMES,
    REMARK_NAMES,
    SENSOR_NAMES,
    START_WORDS,
    STATE_TEXTS,
    VALUE_NAMES,
    WEIGHT_NAMES,
    Roles,
    find_column,
    is_sender_name,
    names_moment,
    normalise_name,
)
from motifmine.io.series.header import Head
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.time_columns import holds_moments

# different texts of a column of states, and the characters of one: more are remarks
MOST_STATES, LONGEST_STATE = 12, 32
LARGEST_COUNT = 1000


def choose_long_roles(
    head: Head, time: int | None, clock: int | None, others: list[int], options: SeriesOptions
) -> Roles | None:
    """Return the roles of the columns of a table in long form; None if it is not.

    Raises `DataError` if the table may be in long form or a list of events with counts.
    """
    if options.long:
        return _given_roles(head, clock, options)
    if options.is_events or time is None:
        return None
    named = {i: head.names[i].strip().lower() for i in others} if head.has_names else {}
    values = [i for i in others if named.get(i) in VALUE_NAMES]
    sensors = [i for i in others if named.get(i) in SENSOR_NAMES and i not in values]
    # of several, as a device and its quantity, all together; numbers of rows do not repeat
    sensors = [i for i in sensors if repeats(head, i)]
    if "_value" in named.values() and "_field" in named.values():
        # InfluxDB: columns of text are tags, apart from its own
        own = {"result", "table", "_start", "_stop", "_value"}
        tags = [i for i in others if head.is_text(i) and named[i] not in own]
        value = next(i for i in others if named[i] == "_value")
        return _long(time, clock, tags, [value])
    if len(values) == 1 and sensors:
        # whole numbers next to a label may also be counts of events
        if not _may_be_count(head, values[0], named):
            more = _find_further_tags(head, time, sensors, values[0], others)
            return _long(time, clock, [*sensors, *more], values)
        return None
    if len(others) == 2 and head.is_text(others[0]) and not head.is_text(others[1]):
        label, number = others
        if _may_be_count(head, number, named) or not repeats(head, label):
            return None
        is_value = number in values and named[number] not in WEIGHT_NAMES
        if not head.has_names or label in sensors or is_value:
            return _long(time, clock, [label], [number])
        if named[label] in LABEL_NAMES and options.is_events is None:
            raise DataError(
                f"{head.path}: column {head.names[number]!r} has real numbers; if they are values "
                f"of the sensors in {head.names[label]!r}, give --long {head.names[time]},"
                f"{head.names[label]},{head.names[number]}; if they count events, --kind labels"
            )
    return _choose_panel_roles(head, time, clock, others, options) if named else None


def _choose_panel_roles(
    head: Head, time: int, clock: int | None, others: list[int], options: SeriesOptions
) -> Roles | None:
    """Return the roles of a table whose rows have the values of one of several senders.

    By their names, as a host and its loads; where rows have the same time, also by texts that
    distinguish these.
    """
    times = _join_times(head, others)
    if options.columns:
        values = [find_column(head.names, name, head.path, "--columns") for name in options.columns]
        others = [index for index in others if index not in values]
    named = [index for index in others if _is_sender(head, index)]
    if len(set(times)) < len(times):
        texts = [i for i in others if head.is_text(i) and repeats(head, i) and i not in named]
        senders, keys = _distinguish_rows(head, times, [*named, *texts])
        if len(set(keys)) < len(keys):
            return None
    else:
        senders, keys = _distinguish_rows(head, [""] * len(times), named)
        # the room that somebody is in stays the same for some rows
        if not _alternates(keys):
            return None
    if not options.columns:
        rest = [index for index in others if index not in senders and index not in named]
        states = find_states(head, rest)
        values = [index for index in rest if not head.is_text(index) or index in states]
    return _long(time, clock, senders, values) if values else None


def _is_sender(head: Head, index: int) -> bool:
    """Return whether a column names or numbers what the values of a row are of."""
    if not repeats(head, index):
        return False
    if head.is_text(index):
        says_how = any(cell.lower() in STATE_TEXTS for cell in head.column(index))
        return is_sender_name(head.names[index]) and not says_how
    is_whole = all(n is not None and n == int(n) for n in head.numbers(index))
    return is_whole and is_sender_name(head.names[index], has_number=True)


def _alternates(keys: list[str]) -> bool:
    """Return whether rows change from one key to another about as often as in any order."""
    by_chance = len(keys) - sum(n * n for n in Counter(keys).values()) / max(len(keys), 1)
    changes = sum(one != two for one, two in pairwise(keys))
    return 2 * changes > by_chance > 0


def _distinguish_rows(
    head: Head, keys: list[str], candidates: list[int]
) -> tuple[list[int], list[str]]:
    """Return the columns that make keys of rows more distinct, and the keys with them."""
    found: list[int] = []
    n_distinct = len(set(keys))
    for index in candidates:
        longer = [f"{key}\n{cell}" for key, cell in zip(keys, head.column(index), strict=False)]
        if len(set(longer)) > n_distinct:
            found.append(index)
            keys, n_distinct = longer, len(set(longer))
    return found, keys


def _find_further_tags(
    head: Head, time: int, sensors: list[int], value: int, others: list[int]
) -> list[int]:
    """Return columns that distinguish sensors of one name, as the host of a metric.

    Raises `DataError` where it cannot be known whether a column does.
    """
    known = _join_cells(head, sensors)
    rest = [i for i in others if i not in (value, *sensors) and repeats(head, i)]
    varying = [
        i for i in rest if len(set(zip(known, head.column(i), strict=False))) > len(set(known))
    ]
    found = [index for index in varying if _is_sender(head, index)]
    texts = [index for index in varying if head.is_text(index) and index not in found]
    of_sensors = zip(_join_times(head, others), _join_cells(head, [*sensors, *found]), strict=False)
    more, keys = _distinguish_rows(head, ["\n".join(each) for each in of_sensors], texts)
    found += more if len(set(keys)) == len(keys) else []
    for index in texts:
        if index not in found and normalise_name(head.names[index]) not in REMARK_NAMES:
            asked = [head.names[time], "+".join(head.names[i] for i in sensors), head.names[value]]
            raise DataError(
                f"{head.path}: column {head.names[index]!r} may distinguish sensors of one name; "
                f"if so, give --long {asked[0]},{asked[1]}+{head.names[index]},{asked[2]}; if not, "
                f"--long {','.join(asked)}"
            )
    return found


def _join_times(head: Head, others: list[int]) -> list[str]:
    """Return what the first rows have in the columns of times, which are all but `others`."""
    return _join_cells(head, [i for i in range(len(head.names)) if i not in others])


def _join_cells(head: Head, indices: list[int]) -> list[str]:
    return ["\n".join(cells) for cells in zip(*map(head.column, indices), strict=False)]


def _given_roles(head: Head, clock: int | None, options: SeriesOptions) -> Roles:
    time, sensors, values = (
        [find_column(head.names, name, head.path, "--long") for name in names.split("+")]
        for names in options.long
    )
    return _long(time[0], clock, sensors, values)


def _long(time: int, clock: int | None, sensors: list[int], values: list[int]) -> Roles:
    return Roles(time=time, clock=clock, values=tuple(values), sensors=tuple(sensors))


def repeats(head: Head, index: int) -> bool:
    """Return whether a column has the same texts again and again."""
    cells = head.column(index)
    return len(set(cells)) * 2 <= len(cells) or len(cells) < 4


def _may_be_count(head: Head, index: int, named: dict[int, str]) -> bool:
    """Return whether a column has whole numbers that are not large, and no name of values."""
    if named and normalise_name(head.names[index]) not in WEIGHT_NAMES:
        return False
    numbers = [number for number in head.numbers(index) if number is not None]
    return bool(numbers) and all(n < LARGEST_COUNT and n == int(n) for n in numbers)


def choose_interval_roles(head: Head, time: int | None, options: SeriesOptions) -> Roles | None:
    """Return the roles of a list of labels with starts and ends; None if it is not one.

    By the names of the columns in any order, or without names as Audacity writes them: start, end
    and label.
    """
    if options.is_events is False or time is None or options.long:
        return None
    if not head.has_names:
        return None if options.columns else _audacity_roles(head)
    names = [normalise_name(name) for name in head.names]
    stops = [i for i, name in enumerate(head.names) if names_moment(name, END_WORDS)]
    ends = [*stops, *(i for i, name in enumerate(names) if name in DURATION_NAMES)]
    if not ends:
        return None
    labels = _find_labels(head, names, time, options)
    if not labels or (len(head.names) > 3 and not head.is_text(labels[0])):
        return None
    # the end, if there is a duration, too
    end = ends[0]
    if end == time or (head.is_text(end) and not holds_moments(head, end)):
        return None
    is_duration = names[end] in DURATION_NAMES
    return _interval(time, end, labels[0], is_duration=is_duration)


def _find_labels(head: Head, names: list[str], time: int, options: SeriesOptions) -> list[int]:
    """Return the column of labels next to starts and ends, the first; none if it is not known.

    Raises `DataError` if several columns of text may be it.
    """
    if options.columns:
        return [find_column(head.names, name, head.path, "--columns") for name in options.columns]
    labels = [i for i, name in enumerate(names) if name in LABEL_NAMES and i != time]
    if labels or not names_moment(head.names[time], START_WORDS):
        # a number next to a text is that of a channel or of a row
        return sorted(labels, key=lambda i: not head.is_text(i))
    texts = [i for i in range(len(names)) if i != time and head.is_text(i) and repeats(head, i)]
    if len(texts) > 1:
        listed = " or ".join(repr(head.names[index]) for index in texts[:5])
        raise DataError(
            f"{head.path} has starts and ends, and labels in {listed}: name one with --columns"
        )
    return texts


def _audacity_roles(head: Head) -> Roles | None:
    if len(head.names) != 3 or not head.is_text(2) or any(len(row) < 2 for row in head.rows):
        return None
    pairs = zip(head.numbers(0), head.numbers(1), strict=True)
    known = [(start, end) for start, end in pairs if start is not None and end is not None]
    ordered = all(one[0] <= two[0] for one, two in pairwise(known))
    if len(known) < len(head.rows) or not ordered or any(end < start for start, end in known):
        return None
    return _interval(0, 1, 2)


def _interval(time: int, end: int, label: int, *, is_duration: bool = False) -> Roles:
    return Roles(
        time=time, values=(), label=label, end=end, is_duration=is_duration, is_events=True
    )


def find_states(head: Head, others: list[int]) -> tuple[int, ...]:
    """Return the columns of text that are states: a few short texts that come again."""
    found = []
    for index in others:
        cells = [cell for cell in head.column(index) if cell not in head.missing]
        texts = set(cells)
        # a column of one text says nothing, one of many texts is remarks
        few = 2 <= len(texts) <= MOST_STATES and len(texts) * 2 <= len(cells)
        if head.is_text(index) and few and max(map(len, texts)) <= LONGEST_STATE:
            found.append(index)
    return tuple(found)
