"""Tables in other forms: JSON lines, SQLite, MATLAB and Excel files."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat

from motifmine.errors import DataError, FormatError
from motifmine.io.readers import HEAD_BYTES, split_part
from motifmine.io.series.arrays import NamedArray, open_arrays
from motifmine.io.series.column_names import MISSING, split_units
from motifmine.io.series.compressed import open_bytes
from motifmine.io.series.hdf5_files import open_hdf5
from motifmine.io.series.header import HEAD_ROWS
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.typed_reader import Column, TableReader, make_text_head
from motifmine.records.series import SeriesReader
from motifmine.validation import require_package

BATCH_ROWS = 1 << 16
MOST_JSON = 256 << 20  # bytes of a list in JSON, which is held in memory
MOST_TITLES = 20  # rows of a sheet above the names of its columns
# the history of Home Assistant's recorder, from its schema of 2023 on
HOME_ASSISTANT = (
    "SELECT m.entity_id AS entity_id, s.state AS state, s.last_updated_ts AS time "
    "FROM states s JOIN states_meta m ON s.metadata_id = m.metadata_id ORDER BY s.last_updated_ts"
)


def open_json_lines(path: Path, options: SeriesOptions) -> TableReader:
    """Return a reader of rows as JSON objects, one a line or in a list.

    Values of objects within are columns such as `readings.temp`; lists are excluded.
    """
    with open_bytes(path) as file:
        n_lines = len(list(islice((line for line in file if line.strip()), 2)))
    with open_bytes(path) as file:
        # a whole object on the first of several lines: one on each
        is_lines = n_lines > 1 and _is_line_of_json(file.read(HEAD_BYTES).lstrip())
    found = [] if is_lines else _read_object_list(path)

    def objects() -> Iterator[dict[str, Any]]:
        return (dict(_flatten(row)) for row in (_read_object_lines(path) if is_lines else found))

    # the columns of the first rows: those of later ones are not known before the file is read
    first = list(islice(objects(), HEAD_ROWS))
    names = list(dict.fromkeys(name for row in first for name in row))
    if first and not names:
        raise FormatError(
            f"{path} has lists in its objects; write an object of values for each row"
        )

    def rows() -> Iterator[Sequence[Any]]:
        for row in objects():
            yield [row.get(name) for name in names]

    return open_rows(path, names, rows, options)


def _is_line_of_json(begin: bytes) -> bool:
    """Return whether the first line holds all of an object."""
    line, end, _ = begin.partition(b"\n")
    if not end or line.lstrip()[:1] == b"[":
        # a line longer than what was read is the only one, or one of many objects
        return line[:1] == b"{"
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        # damaged lines are found, with their number, as they are read
        return line.rstrip()[-1:] == b"}"


def _read_object_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file with one a line."""
    with open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise FormatError(f"{path}, line {number}: not JSON: {error}") from error
            if not isinstance(row, dict):
                raise FormatError(f"{path}, line {number}: not an object of named values")
            yield row


def _read_object_list(path: Path) -> list[dict[str, Any]]:
    """Return the objects of the list that a file holds, of its lists, or of its only list.

    Lists of equal length next to each other are columns.
    """
    with open_bytes(path) as file:
        text = file.read(MOST_JSON + 1)
    if len(text) > MOST_JSON:
        raise FormatError(f"{path} is too long for a list in JSON; write one object a line")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: not JSON: {error}") from error
    if isinstance(found, dict):
        found = _find_columns(found) or found
    if isinstance(found, dict):
        lists = [value for value in found.values() if isinstance(value, list) and value]
        found = lists[0] if len(lists) == 1 else [found]
    if not isinstance(found, list):
        found = []
    # the history of Home Assistant has a list for every sensor
    if all(isinstance(one, list) for one in found):
        found = [row for one in found for row in one]
    if not found or not all(isinstance(row, dict) for row in found):
        raise FormatError(f"{path} is not a list of objects of named values")
    return found


def _find_columns(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of columns in lists, or in objects by row, here or one level below."""
    for one in (found, *found.values()):
        columns = {
            name: list(column.values()) if isinstance(column, dict) else column
            for name, column in (one.items() if isinstance(one, dict) else ())
            if isinstance(column, dict | list)
        }
        cells = [cell for column in columns.values() for cell in column]
        is_even = len(columns) > 1 and len({len(column) for column in columns.values()}) == 1
        if is_even and not any(isinstance(cell, dict | list) for cell in cells):
            rows = zip(*columns.values(), strict=True)
            return [dict(zip(columns, row, strict=True)) for row in rows]
    return []


def _flatten(row: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the names and values of an object and of all objects within it."""
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{name}.")
        elif not isinstance(value, list):
            yield prefix + name, value


def open_sqlite(path: Path, options: SeriesOptions) -> TableReader:
    """Return a reader of a table of a SQLite database, `file.db:table`.

    The database of Home Assistant is read as the history of its states.

    Raises `FormatError` if it is no database, `DataError` if it has several tables and none is
    named, or not the one that is named.
    """
    file, name = split_part(path)
    try:
        with closing(_connect(file)) as base:
            listed = base.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
            # SQLite lists its own tables, too
            tables = [row[0] for row in listed if not row[0].startswith("sqlite_")]
            query = _choose_query(path, tables, name)
            names = [one[0] for one in base.execute(f"{query} LIMIT 0").description]
    # UnicodeError: of a name that is no text
    except (sqlite3.Error, UnicodeError) as error:
        raise FormatError(f"{file} cannot be read as a SQLite database: {error}") from error

    def rows() -> Iterator[Sequence[Any]]:
        try:
            with closing(_connect(file)) as base:
                yield from base.execute(query)
        except (sqlite3.Error, UnicodeError) as error:
            raise FormatError(f"{file} is a damaged SQLite database: {error}") from error

    return open_rows(path, names, rows, options)


def _connect(path: Path) -> sqlite3.Connection:
    # immutable: a database that another program holds open is only read
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def _choose_query(path: Path, tables: list[str], name: str) -> str:
    if not name and {"states", "states_meta"} <= set(tables):
        return HOME_ASSISTANT
    if not name and len(tables) == 1:
        name = tables[0]
    if name not in tables:
        listed = ", ".join(tables[:20]) or "none"
        what = f"has no table {name!r}" if name else "has several tables"
        raise DataError(f"{path} {what} ({listed}); name one as {split_part(path)[0]}:TABLE")
    quoted = name.replace('"', '""')
    # a name cannot be a parameter of SQL; it is one of the file's tables, with its quotes doubled
    return f'SELECT * FROM "{quoted}"'  # noqa: S608


def open_matlab(path: Path, options: SeriesOptions) -> SeriesReader:
    """Return a reader of the arrays of a MATLAB file, up to version 7.2; see `open_arrays`.

    Files of version 7.3 are HDF5 files, which are recognised as such.
    """
    try:
        found = loadmat(path, squeeze_me=True, chars_as_strings=True)
    except NotImplementedError:
        return open_hdf5(path, options)
    except Exception as error:  # scipy raises many kinds for damaged files
        raise FormatError(f"{path} cannot be read as a MATLAB file: {error}") from error
    arrays: dict[str, NamedArray] = {}
    for name, value in found.items():
        array = np.asarray(value)
        if name.startswith("__") or array.dtype.kind not in "fiubU" or array.ndim not in (1, 2):
            continue
        arrays[name] = NamedArray(
            name=name, shape=array.shape, dtype=array.dtype, pieces=_make_pieces(array)
        )
    return open_arrays(str(path), arrays, options)


def _make_pieces(array: Column) -> Callable[[int], Iterator[Column]]:
    return lambda n: (array[a : a + n] for a in range(0, len(array), n))


def open_excel(path: Path, options: SeriesOptions) -> TableReader:
    """Return a reader of a sheet of an Excel workbook: the first, or `SeriesOptions.sheet`.

    Raises `MissingExtraError` if python-calamine is not installed; `FormatError` if it is no
    workbook; `DataError` if there is no such sheet.
    """
    python_calamine = require_package(
        "python_calamine", f"{path}, an Excel workbook,", "motifmine[formats]"
    )
    try:
        # an open file: the library takes names in UTF-8 only
        with path.open("rb") as file, python_calamine.load_workbook(file) as book:
            sheets = book.sheet_names
            if not sheets:
                raise FormatError(f"{path} has no sheets")
            name = options.sheet or sheets[0]
            if name not in sheets:
                listed = ", ".join(sheets)
                raise DataError(f"{path} has no sheet {name!r} (--sheet); it has {listed}")
            table = book.get_sheet_by_name(name).to_python()
    except (python_calamine.CalamineError, OSError) as error:
        raise FormatError(f"{path} cannot be read as an Excel workbook: {error}") from error
    start = options.skip_rows if options.header_row is None else options.header_row - 1
    table = [row for row in table[start:] if any(str(cell).strip() for cell in row)]
    if options.header_row is None:
        table = table[_find_names(table) :]
    if len(table) < 2:
        raise FormatError(f"{path}, sheet {name!r} has no rows")
    names, units = [str(cell) for cell in table[0]], table[1]
    if len(table) > 2 and _is_text(units) and not _is_text(table[2]):
        names = [
            f"{name} [{unit}]" if unit else name for name, unit in zip(names, units, strict=True)
        ]
        del table[1]
    return open_rows(path, names, lambda: iter(table[1:]), options)


def _find_names(table: list[list[Any]]) -> int:
    """Return the first row of a sheet that names all columns; 0 where none does.

    Titles above it, and names of groups of columns, fill a few cells only.
    """
    n_full = [sum(cell != "" for cell in row) for row in table]
    # an empty cell here and there is a missing value
    usual = max(n_full, default=0)
    for index, n in enumerate(n_full[:MOST_TITLES]):
        if n == usual and _is_text(table[index]):
            return index
    return 0


def _is_text(row: list[Any]) -> bool:
    """Return whether all cells of a row are texts; empty ones are."""
    return all(isinstance(cell, str) for cell in row)


def open_rows(
    path: Path,
    names: Sequence[str],
    rows: Callable[[], Iterator[Sequence[Any]]],
    options: SeriesOptions,
) -> TableReader:
    """Return a reader of rows of Python values.

    `rows` yields all rows, each time it is called.
    """
    first = list(islice(rows(), HEAD_ROWS))
    if not first:
        raise FormatError(f"{path} has no rows")
    missing = frozenset((*MISSING, *options.missing))
    columns = [_to_column([row[index] for row in first], missing) for index in range(len(names))]
    # a column of numbers has only numbers later on, so that a bad one is found
    numeric = [column.dtype.kind in "fiu" or not column.any() for column in columns]
    bare, units = split_units(list(names))
    head = make_text_head(str(path), bare, columns, units=units)

    def batches(wanted: Sequence[int]) -> Iterator[list[Column]]:
        every = rows()
        while batch := list(islice(every, BATCH_ROWS)):
            yield [
                _to_column([row[index] for row in batch], missing, is_numeric=numeric[index])
                for index in wanted
            ]

    return TableReader(head, batches, options, n_bytes=_size_of(path))


def _size_of(path: Path) -> int:
    return split_part(path)[0].stat().st_size


def _to_column(cells: list[Any], missing: frozenset[str], *, is_numeric: bool = True) -> Column:
    """Return a column of numbers (None: NaN) or, if one is something else, of texts."""
    if is_numeric:
        known = [None if isinstance(cell, str) and cell in missing else cell for cell in cells]
        if all(cell is None or isinstance(cell, int | float) for cell in known):
            if any(cell is not None for cell in known):
                return np.array([np.nan if cell is None else float(cell) for cell in known])
            return np.full(len(cells), None, object)
    return np.array([None if cell is None else str(cell) for cell in cells], object)
