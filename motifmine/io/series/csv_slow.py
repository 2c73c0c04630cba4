"""The slow CSV parser: one row at a time, with the position of every bad cell."""

import numpy as np

from motifmine.io.series.csv_dialect import TextTable, split_line
from motifmine.io.series.header import NOT_FINITE
from motifmine.io.series.options import BadRows
from motifmine.io.series.row_stream import ONE_LABEL, Rows
from motifmine.io.series.senders import TextColumn
from motifmine.io.series.time_columns import join_time_text
from motifmine.io.series.time_formats import parse_number

SHOWN = 60  # characters of a bad cell or row that a message shows


def parse_rows_slow(
    block: bytes, table: TextTable, first_line: int, first_row: int, bad: BadRows
) -> Rows:
    """Parse a block of complete lines; bad cells become missing, bad rows are excluded.

    Lines count from 1; rows before the block are the time of tables without times. `bad` raises
    unless bad cells are to be skipped.
    """
    parser = _RowParser(table, bad)
    n_read = 0
    # a broken byte spoils its own cell, which is then reported, not the block
    text = block.decode(table.encoding, errors="replace")
    for line_number, line in enumerate(text.split("\n"), start=first_line):
        cells = split_line(line, table.delimiter)
        # spreadsheets write rows of delimiters alone below a table
        if line.strip() and (any(cells) or table.roles.time is None):
            parser.add(cells, line, line_number, first_row + n_read)
            n_read += 1
    return parser.rows(n_read)


def code_texts(texts: list[str], missing: tuple[str, ...] = ()) -> TextColumn:
    """Return texts as codes of distinct names, -1 for those that are empty or missing."""
    names = tuple(text for text in dict.fromkeys(texts) if text and text not in missing)
    # codes in order of first appearance: the same for any size of blocks
    index = {name: code for code, name in enumerate(names)}
    return TextColumn(code=np.array([index.get(text, -1) for text in texts], np.int64), names=names)


class _RowParser:
    """Collects the good rows of a block."""

    def __init__(self, table: TextTable, bad: BadRows) -> None:
        self.table = table
        self.bad = bad
        self.place: list[int] = []
        self.raw: list[float | int] = []
        self.time_text: list[str] = []
        self.value: list[list[float]] = []
        self.label: list[str] = []
        self.end: list[float] = []
        self.states: list[list[str]] = []

    def add(self, cells: list[str], line: str, line_number: int, row_number: int) -> None:
        """Add a row unless it is bad."""
        width = len(self.table.names)
        if len(cells) != width:
            shown = line.strip()[:SHOWN]
            problem = f"the row has {len(cells)} cells instead of {width}: {shown!r}"
            self._note(line_number, min(len(cells), width - 1), problem)
            return
        # without a time a row has no place, whatever its other cells hold
        raw: float | int | None = row_number
        if self.table.roles.time is not None:
            raw = self._time(cells, line_number)
        if raw is None:
            return
        label, end, states = ONE_LABEL, 0.0, [cells[i] for i in self.table.roles.states]
        if self.table.roles.is_long:
            label = " ".join(cells[index] for index in self.table.roles.sensors).strip()
            pairs = [self._number_or_state(cells[index]) for index in self.table.roles.values]
            values, states = [number for number, _ in pairs], [state for _, state in pairs]
            if not label:
                self._note(line_number, self.table.roles.sensors[0], "'' is not a sensor")
                return
        elif self.table.roles.is_events:
            values = self._count(cells, line_number)
            if self.table.roles.end is not None:
                found = self._end(cells, line_number)
                if found is None:
                    return
                end = found
            if self.table.roles.label is not None:
                label = cells[self.table.roles.label]
            if not label:
                self._note(line_number, self.table.roles.label or 0, "'' is not a label")
                return
        else:
            values = [self._value(cells, index, line_number) for index in self.table.roles.values]
        # only now: a row that turned out to be bad must be in none of the lists
        if values:
            self.place.append(line_number)
            self.raw.append(raw)
            self.time_text.append(join_time_text(cells, self.table.roles))
            self.value.append(values)
            self.label.append(label)
            self.end.append(end)
            self.states.append(states)

    def rows(self, n_read: int) -> Rows:
        """Return all good rows."""
        roles = self.table.roles
        has_labels = roles.is_events or roles.is_long
        labels = code_texts(self.label if has_labels else [])
        n_columns = 1 if roles.is_events else len(roles.values)
        time_type = np.int64 if self.table.reading.is_wall else np.float64
        return Rows(
            raw=np.array(self.raw, time_type),
            value=np.array(self.value, np.float64).reshape(len(self.raw), n_columns),
            code=labels.code,
            label_names=labels.names,
            n_read=n_read,
            place=np.array(self.place, np.int64),
            time_text=tuple(self.time_text),
            end=None
            if roles.end is None
            else np.array(self.end, np.float64 if roles.is_duration else time_type),
            states=tuple(
                code_texts([states[at] for states in self.states], self.table.missing)
                for at in range(len(roles.values if roles.is_long else roles.states))
            ),
        )

    def _number_or_state(self, cell: str) -> tuple[float, str]:
        """Return a number, or NaN and the text that is a state (an empty one: missing)."""
        if cell in self.table.missing:
            return np.nan, ""
        number = parse_number(cell, self.table.decimal, self.table.thousands)
        if number is not None:
            return number, ""
        # the result of a computation is no state
        return np.nan, "" if cell.lower().lstrip("+-") in NOT_FINITE else cell

    def _end(self, cells: list[str], line_number: int) -> float | int | None:
        """Return the end of an event, or its duration; None if it is bad."""
        roles = self.table.roles
        cell = cells[roles.end or 0]
        if roles.is_duration:
            found = parse_number(cell, self.table.decimal)
        else:
            found = self.table.reading.parse(cell, self.table.decimal)
        if found is None:
            self._note(line_number, roles.end or 0, f"{cell[:SHOWN]!r} is not the end of an event")
        return found

    def _note(self, line_number: int, column: int, problem: str) -> None:
        self.bad.note(f"line {line_number}, column {self.table.names[column]!r}", problem)

    def _time(self, cells: list[str], line_number: int) -> float | int | None:
        text = join_time_text(cells, self.table.roles)
        raw = self.table.reading.parse(text, self.table.decimal)
        if raw is None:
            problem = f"{text[:SHOWN]!r} is not a time; expected {self.table.reading.describe()}"
            self._note(line_number, self.table.roles.time or 0, problem)
        return raw

    def _count(self, cells: list[str], line_number: int) -> list[float]:
        """Return the count of an event in a list, which is empty if the count is bad."""
        weight = self.table.roles.weight
        if weight is None:
            return [1.0]
        count = parse_number(cells[weight], self.table.decimal)
        if count is None or count < 0:
            problem = f"{cells[weight][:SHOWN]!r} is not a count; counts are numbers >= 0"
            self._note(line_number, weight, problem)
            return []
        return [count]

    def _value(self, cells: list[str], index: int, line_number: int) -> float:
        """Return one value, NaN where it is missing or bad."""
        if cells[index] in self.table.missing:
            return np.nan
        value = parse_number(cells[index], self.table.decimal, self.table.thousands)
        if value is None:
            shown = f"{cells[index][:SHOWN]!r} is not a finite number"
            self._note(line_number, index, f"{shown}; write missing values as NA or nothing")
            return np.nan
        return value
