"""Parquet, Feather and Arrow files as series."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from motifmine.errors import FormatError
from motifmine.io.series.column_names import split_units
from motifmine.io.series.header import HEAD_ROWS
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.typed_reader import Column, TableReader, make_text_head

BATCH_ROWS = 1 << 16
ReadBatches = Callable[[int, Sequence[str] | None], Iterator[pa.RecordBatch]]


def open_parquet(path: Path, options: SeriesOptions) -> TableReader:
    """Return a reader of the Parquet file at `path`; see `open_arrow`."""

    def read(n_rows: int, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        with _open(path, pa.OSFile) as source, pq.ParquetFile(source) as file:
            yield from file.iter_batches(batch_size=n_rows, columns=columns)

    return open_arrow(path, "Parquet", read, options)


def open_feather(path: Path, options: SeriesOptions) -> TableReader:
    """Return a reader of the Feather or Arrow file at `path`; see `open_arrow`."""

    def read(n_rows: int, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        with _open(path, pa.memory_map) as source, pa.ipc.open_file(source) as file:
            for number in range(file.num_record_batches):
                whole = file.get_batch(number)
                chosen = whole if columns is None else whole.select(columns)
                for begin in range(0, whole.num_rows, n_rows):
                    yield chosen.slice(begin, n_rows)

    return open_arrow(path, "Feather", read, options, n_bytes=path.stat().st_size)


def _open(path: Path, way: Callable[[str], pa.NativeFile]) -> pa.NativeFile:
    """Return a file opened in one of Arrow's ways; these take names in UTF-8 only."""
    try:
        return way(str(path))
    except UnicodeEncodeError:
        return pa.PythonFile(path.open("rb"), "r")


def open_arrow(
    path: Path, kind: str, read: ReadBatches, options: SeriesOptions, *, n_bytes: int = 0
) -> TableReader:
    """Return a reader of batches of Arrow.

    Nulls and NaN are missing values. Nested columns are excluded.

    Parameters
    ----------
    path : Path
    kind : str
        Name of the format.
    read : callable
        Yields batches, given their largest number of rows, and the columns or None for all.
    n_bytes : int
        Size of the file; rows of small files may be in any order.

    Raises
    ------
    FormatError
        If the file is of another format, has no rows, or several columns of one name.
    """
    try:
        first = next(read(HEAD_ROWS, None), None)
        column_names = [] if first is None else first.schema.names
    # ValueError: of a name that is no text
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FormatError(f"{path} cannot be read as a {kind} file: {error}") from error
    if first is None or not first.num_rows:
        raise FormatError(f"{path} has no rows")
    schema = first.schema
    if len(set(column_names)) < len(column_names):
        raise FormatError(f"{path} has several columns of one name; rename them")
    # UTC in Arrow, which the datetime64 of NumPy no longer says
    zoned = frozenset(
        index
        for index, field in enumerate(schema)
        if pa.types.is_timestamp(field.type) and field.type.tz
    )
    names, units = split_units(column_names)
    try:
        columns = [to_array(column) for column in first.columns]
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise FormatError(f"{path} has values that cannot be read: {error}") from error
    head = make_text_head(str(path), names, columns, units=units, zoned=zoned)

    def batches(wanted: Sequence[int]) -> Iterator[list[Column]]:
        fields = [column_names[index] for index in wanted]
        try:
            for batch in read(BATCH_ROWS, fields):
                yield [to_array(batch.column(field)) for field in fields]
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            raise FormatError(f"{path} is a damaged {kind} file: {error}") from error

    return TableReader(head, batches, options, n_bytes=n_bytes)


def to_array(column: pa.Array) -> Column:
    """Convert a column to an array; times of day and durations to seconds.

    Raises `pyarrow.ArrowInvalid` if it is damaged.
    """
    # Arrow trusts offsets of texts, which in a damaged file are outside of it
    column.validate(full=True)
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return np.asarray(column.cast(pa.timestamp("ns")).to_numpy(zero_copy_only=False))
    if pa.types.is_duration(kind):
        ns = column.cast(pa.duration("ns")).cast(pa.int64())
        return np.asarray(ns.to_numpy(zero_copy_only=False), np.float64) / 1e9
    if pa.types.is_time(kind):
        ns = column.cast(pa.time64("ns")).cast(pa.int64())
        return np.asarray(ns.to_numpy(zero_copy_only=False), np.float64) / 1e9
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        return _to_numbers(column)
    if pa.types.is_decimal(kind):
        return _to_numbers(column.cast(pa.float64()))
    texts: Any = column.to_pylist()
    return np.array([None if text is None else str(text) for text in texts], object)


def _to_numbers(column: pa.Array) -> Column:
    """Convert numbers to an array, of type float64 with NaN if values are missing."""
    if column.null_count or pa.types.is_boolean(column.type):
        column = column.cast(pa.float64())
    return np.asarray(column.to_numpy(zero_copy_only=False))
