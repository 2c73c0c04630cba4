"""Tables with typed columns (Parquet, NumPy, HDF5), converted to chunks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.io.series.column_roles import choose_roles, describe_roles
from motifmine.io.series.csv_slow import code_texts
from motifmine.io.series.header import HEAD_ROWS, NOT_FINITE, Head
from motifmine.io.series.options import BadRows, SeriesOptions
from motifmine.io.series.row_reader import RowReader
from motifmine.io.series.row_stream import NO_LABELS, ONE_LABEL, Rows
from motifmine.io.series.senders import TextColumn
from motifmine.io.series.time_columns import choose_reading, join_time_text, read_first_time
from motifmine.io.series.time_formats import parse_number
from motifmine.records.series import Chunk
from motifmine.types import Floats

# one column of a batch: numbers, datetime64 in UTC or without zone, or text as objects
Column = NDArray[Any]
# called with the indices of columns; yields these columns, one batch of rows at a time
Batches = Callable[[Sequence[int]], Iterator[list[Column]]]


def make_text_head(
    path: str,
    names: Sequence[str],
    columns: Sequence[Column],
    *,
    units: Sequence[str] | None = None,
    has_names: bool = True,
    zoned: frozenset[int] = frozenset(),
) -> Head:
    """Return the first rows of typed columns as text, so that roles are recognised as in CSV.

    Parameters
    ----------
    names : str for every column
    columns : arrays (n,)
    units : str for every column, optional
    has_names : bool
        Whether the file names its columns; False for columns that are only numbered.
    zoned : indices
        Indices of datetime64 columns in UTC.
    """
    texts = [_to_texts(column[:HEAD_ROWS], i in zoned) for i, column in enumerate(columns)]
    return Head(
        path=path,
        names=tuple(names),
        units=tuple(units or ("",) * len(names)),
        rows=[list(row) for row in zip(*texts, strict=True)],
        has_names=has_names,
    )


def _to_texts(column: Column, is_utc: bool) -> list[str]:
    if column.dtype.kind == "M":
        # numpy has no zones: which columns are in UTC is known from the types of the file
        zone = "Z" if is_utc else ""
        return ["" if np.isnat(t) else f"{t.astype('M8[ns]')}{zone}" for t in column]
    if column.dtype.kind == "f":
        return ["" if np.isnan(x) else repr(float(x)) for x in column]
    if column.dtype.kind in "iub":
        return [str(int(x)) for x in column]
    return ["" if x is None else str(x) for x in column]


class TableReader(RowReader):
    """An open table of typed columns; see `SeriesReader`."""

    def __init__(
        self,
        head: Head,
        batches: Batches,
        options: SeriesOptions,
        notes: Sequence[str] = (),
        n_bytes: int = 0,
    ) -> None:
        self.head = head
        self.batches = batches
        roles = choose_roles(head, options)
        if roles.time is not None and _is_dated(head, roles.time):
            # the type of the column determines the format
            options = replace(options, time_format=None)
        reading = choose_reading(head, roles, options)
        self._notes = (*notes, *describe_roles(head, roles, reading))
        super().__init__(
            names=head.names,
            units=head.units,
            roles=roles,
            reading=reading,
            first_time=read_first_time(head, roles, reading),
            bad=BadRows(head.path, options.on_bad),
            row_noun="row",
            n_bytes=n_bytes,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided about the table, for people."""
        return self._notes

    def _read_blocks(self) -> Iterator[Chunk]:
        roles = self.roles
        wanted = list(dict.fromkeys([*roles.singles, *roles.values, *roles.sensors, *roles.states]))
        for columns in self.batches(wanted):
            yield self.stream.chunk(self._make_rows(dict(zip(wanted, columns, strict=True))))

    def _make_rows(self, columns: dict[int, Column]) -> Rows:
        """Return the rows of one batch; bad values become missing, bad rows are excluded."""
        n_rows = len(next(iter(columns.values())))
        place = self.stream.n_rows + 1 + np.arange(n_rows)
        raw, is_good = self._extract_times(columns, n_rows, place)
        if self.roles.is_events:
            rows = self._extract_events(columns, raw, place, is_good)
        elif self.roles.is_long:
            rows = self._extract_long(columns, raw, place)
        else:
            value = np.empty((n_rows, len(self.roles.values)))
            for at, index in enumerate(self.roles.values):
                value[:, at] = self._extract_numbers(columns[index], index, place, is_good)
            states = tuple(self._extract_states(columns[index]) for index in self.roles.states)
            rows = Rows(
                raw=raw, value=value, code=NO_LABELS, n_read=n_rows, place=place, states=states
            )
        return rows.select(is_good)

    def _extract_times(
        self, columns: dict[int, Column], n_rows: int, place: NDArray[np.int64]
    ) -> tuple[Column, NDArray[np.bool_]]:
        """Return the raw times and whether each is valid, arrays (n,)."""
        if self.roles.time is None:
            first = self.stream.n_rows
            return np.arange(first, first + n_rows, dtype=np.float64), np.ones(n_rows, bool)
        column = columns[self.roles.time]
        reading = self.stream.clock.reading
        if column.dtype.kind == "M":
            is_good = ~np.isnat(column)
            raw = column.astype("M8[ns]").astype(np.int64)
        elif column.dtype.kind in "fiub" and not reading.is_wall:
            raw = column.astype(np.float64)
            is_good = np.isfinite(raw)
            if reading.is_count:
                # sample numbers with a fraction mean that the rate is wrong
                is_good &= np.where(is_good, raw, 0.0) % 1 == 0
        else:
            texts = self._time_texts(columns)
            found = [reading.parse(text) for text in texts]
            is_good = np.array([one is not None for one in found], bool)
            raw = np.array([one or 0 for one in found], np.int64 if reading.is_wall else float)
        for row in np.flatnonzero(~is_good).tolist():
            problem = f"'{column[row]}' is not a time; expected {reading.describe()}"
            self._note(int(place[row]), self.roles.time, problem)
        return raw, is_good

    def _extract_states(self, column: Column) -> TextColumn:
        return code_texts([text.strip() for text in _to_texts(column, False)], self.head.missing)

    def _extract_long(
        self, columns: dict[int, Column], raw: Column, place: NDArray[np.int64]
    ) -> Rows:
        """Return rows of single sensors: numbers, and other texts as states."""
        texts = [_to_texts(columns[index], False) for index in self.roles.sensors]
        sensor = code_texts([" ".join(names).strip() or "?" for names in zip(*texts, strict=True)])
        parts = [self._split_numbers(columns[index]) for index in self.roles.values]
        return Rows.of_senders(raw, sensor, parts, place)

    def _split_numbers(self, column: Column) -> tuple[Floats, TextColumn]:
        """Return the numbers of a column, NaN elsewhere, and its other texts as states."""
        states = [""] * len(column)
        if column.dtype.kind in "fiub":
            value = column.astype(np.float64)
        else:
            cells = [text.strip() for text in _to_texts(column, False)]
            numbers = [parse_number(cell) for cell in cells]
            value = np.array([np.nan if one is None else one for one in numbers])
            states = [
                cell if number is None and cell.lower() not in NOT_FINITE else ""
                for cell, number in zip(cells, numbers, strict=True)
            ]
        # in the long form a sensor that fails must not stop the others
        value[~np.isfinite(value)] = np.nan
        return value, code_texts(states, self.head.missing)

    def _time_texts(self, columns: dict[int, Column]) -> list[str]:
        used = self.roles.date_parts or (self.roles.time or 0, self.roles.clock)
        texts = {index: _to_texts(columns[index], False) for index in used if index is not None}
        rows = zip(*texts.values(), strict=True)
        return [join_time_text(dict(zip(texts, row, strict=True)), self.roles) for row in rows]

    def _extract_numbers(
        self, column: Column, index: int, place: NDArray[np.int64], is_good: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return one channel, NaN where it is missing or bad."""
        if column.dtype.kind not in "fiub":
            # JSON and databases also have numbers as texts
            texts = ["" if x is None else str(x).strip() for x in column]
            numbers = [None if text in self.head.missing else parse_number(text) for text in texts]
            for row, (text, number) in enumerate(zip(texts, numbers, strict=True)):
                if number is None and text not in self.head.missing and is_good[row]:
                    self._note(int(place[row]), index, f"{text!r} is not a number")
            return np.array([np.nan if number is None else number for number in numbers])
        value = column.astype(np.float64)
        for row in np.flatnonzero(np.isinf(value) & is_good).tolist():
            problem = f"'{value[row]}' is not a finite number; write a missing value as nan"
            self._note(int(place[row]), index, problem)
            value[row] = np.nan
        return value

    def _extract_events(
        self,
        columns: dict[int, Column],
        raw: Column,
        place: NDArray[np.int64],
        is_good: NDArray[np.bool_],
    ) -> Rows:
        """Return the events; `is_good` is set to False where a label or count is bad."""
        labels = np.full(len(raw), ONE_LABEL, object)
        if self.roles.label is not None:
            labels = np.array(_to_texts(columns[self.roles.label], False), object)
        count = np.ones(len(raw))
        if self.roles.weight is not None:
            count = columns[self.roles.weight].astype(np.float64)
        for row in np.flatnonzero(is_good & ~(np.isfinite(count) & (count >= 0))).tolist():
            problem = f"'{count[row]:g}' is not a count; counts are numbers >= 0"
            self._note(int(place[row]), self.roles.weight or 0, problem)
            is_good[row] = False
        for row in np.flatnonzero(is_good & (labels == "")).tolist():
            self._note(int(place[row]), self.roles.label or 0, "'' is not a label")
            is_good[row] = False
        end = None
        if self.roles.end is not None:
            end = self._extract_ends(columns[self.roles.end], place, is_good)
        names, code = np.unique(labels.astype(str), return_inverse=True)
        return Rows(
            raw=raw,
            value=count[:, None],
            code=code.astype(np.int64),
            label_names=tuple(names.tolist()),
            n_read=len(raw),
            place=place,
            end=end,
        )

    def _extract_ends(
        self, column: Column, place: NDArray[np.int64], is_good: NDArray[np.bool_]
    ) -> Column:
        """Return raw ends or durations; `is_good` is set to False where one is bad."""
        reading = self.stream.clock.reading
        if column.dtype.kind == "M":
            raw = column.astype("M8[ns]").astype(np.int64)
            is_known = ~np.isnat(column)
        elif column.dtype.kind in "fiub":
            raw = column.astype(np.float64)
            is_known = np.isfinite(raw)
        else:
            texts = _to_texts(column, False)
            found = [
                parse_number(text) if self.roles.is_duration else reading.parse(text)
                for text in texts
            ]
            is_known = np.array([one is not None for one in found], bool)
            raw = np.array([one or 0 for one in found])
        for row in np.flatnonzero(is_good & ~is_known).tolist():
            self._note(int(place[row]), self.roles.end or 0, "there is no end")
            is_good[row] = False
        # rows without an end are excluded by `is_good`; 0 keeps the type
        return np.where(is_known, raw, 0)

    def _note(self, place: int, index: int, problem: str) -> None:
        self.stream.bad.note(f"row {place}, column {self.head.names[index]!r}", problem)


def _is_dated(head: Head, index: int) -> bool:
    """Return whether all texts of a column are those of datetime64 (a date with `T`)."""
    cells = [cell for cell in head.column(index) if cell]
    return bool(cells) and all(len(cell) >= 29 and cell[10] == "T" for cell in cells)
