"""Named arrays (of an NPZ file, an HDF5 group) as the columns of a table, or as spike trains."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.errors import DataError, FormatError
from motifmine.io.series.column_names import is_time_name
from motifmine.io.series.header import HEAD_ROWS
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.spike_trains import SpikeTrain, TrainReader
from motifmine.io.series.typed_reader import Column, TableReader, text_head
from motifmine.records.series import SeriesReader

BATCH_VALUES = 1 << 19
NAME_ARRAYS = frozenset({"channels", "channel", "columns", "names", "labels", "channel_names"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedArray:
    """An array in a file that is read piece by piece."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pieces: Callable[[int], Iterator[NDArray[Any]]]
    """Yields the rows of the array, so many at a time."""
    unit: str = ""

    def first(self, n_rows: int) -> NDArray[Any]:
        """Return the first rows."""
        return next(self.pieces(n_rows), np.empty((0, *self.shape[1:]), self.dtype))


def open_arrays(
    path: str,
    arrays: Mapping[str, NamedArray],
    options: SeriesOptions,
    notes: Sequence[str] = (),
) -> SeriesReader:
    """Return a reader of the arrays of one file.

    Arrays of equal length are columns (a 2-D array gives one column per channel, named by an array
    `channels` where there is one); 1-D arrays of different lengths are spike trains, one per unit.

    Raises
    ------
    FormatError
        When an array has more than two axes or holds no rows.
    DataError
        When the arrays do not fit together.
    """
    names, tables = _part_names(arrays)
    if not tables:
        raise FormatError(f"{path} holds no array of one or two axes")
    if _are_trains(tables, options):
        trains = [_train(path, array) for array in tables.values()]
        return TrainReader(path=path, trains=trains, on_bad=options.on_bad, notes=tuple(notes))
    kept, left_out = _of_one_length(path, tables)
    columns = [column for array in kept for column in _columns_of(array, names)]
    rows = max(1, BATCH_VALUES // max(1, len(columns)))

    def batches(wanted: Sequence[int]) -> Iterator[list[Column]]:
        pieces = [array.pieces(rows) for array in kept]
        for parts in zip(*pieces, strict=True):
            flat = [c for part in parts for c in (part.T if part.ndim == 2 else [part])]
            yield [_decoded(flat[index]) for index in wanted]

    head = text_head(
        path,
        [name for name, _ in columns],
        [_decoded(column) for column in _first_columns(kept)],
        units=[unit for _, unit in columns],
        has_names=any(not name.startswith("column ") for name, _ in columns),
    )
    told = (f"left out, for they have another length: {', '.join(left_out[:5])}",)
    return TableReader(head, batches, options, (*notes, *(told if left_out else ())))


def fields_of(array: NamedArray) -> dict[str, NamedArray]:
    """Return the fields of an array of records as arrays of their own."""

    def pieces_of(field: str) -> Callable[[int], Iterator[NDArray[Any]]]:
        return lambda n_rows: (piece[field] for piece in array.pieces(n_rows))

    fields: Mapping[str, Any] = array.dtype.fields or {}
    types: dict[str, np.dtype[Any]] = {name: field[0] for name, field in fields.items()}
    return {
        name: NamedArray(
            name=name,
            shape=(*array.shape, *dtype.shape),
            dtype=dtype.base,
            pieces=pieces_of(name),
        )
        for name, dtype in types.items()
    }


def _part_names(
    arrays: Mapping[str, NamedArray],
) -> tuple[tuple[str, ...], dict[str, NamedArray]]:
    """Return the channels' names, where an array holds them, and the arrays of data."""
    tables = {}
    names: tuple[str, ...] = ()
    for key, array in arrays.items():
        if key.lower() in NAME_ARRAYS and array.dtype.kind in "USOT" and len(array.shape) == 1:
            names = tuple(_texts_of(array))
        elif len(array.shape) in (1, 2) and array.shape[0] and array.dtype.kind in "fiubMUSOT":
            tables[key] = array
    return names, tables


def _texts_of(array: NamedArray) -> list[str]:
    return [str(x) for piece in array.pieces(BATCH_VALUES) for x in _decoded(piece).tolist()]


def _decoded(column: Column) -> Column:
    """Return bytes as text, everything else as it is."""
    if column.dtype.kind in "SO":
        decoded = [x.decode("utf-8", "replace") if isinstance(x, bytes) else x for x in column]
        return np.array(decoded, object)
    return column


def _are_trains(arrays: Mapping[str, NamedArray], options: SeriesOptions) -> bool:
    """Return whether the arrays are spike trains: 1-D numbers, several, of different lengths."""
    if options.rate_hz is not None or options.is_events is False or options.time_column:
        return False
    one_axis = all(len(a.shape) == 1 and a.dtype.kind in "fiu" for a in arrays.values())
    lengths = {array.shape[0] for array in arrays.values()}
    differ = len(lengths) > 1 or bool(options.is_events)
    return one_axis and differ and not any(map(is_time_name, arrays))


def _train(path: str, array: NamedArray) -> SpikeTrain:
    return SpikeTrain(label=array.name, place=f"array {array.name!r}", pieces=array.pieces)


def _of_one_length(
    path: str, arrays: Mapping[str, NamedArray]
) -> tuple[list[NamedArray], list[str]]:
    """Return the arrays as long as the times (else the longest), and the names of the others."""
    times = [array for name, array in arrays.items() if is_time_name(name)]
    length = times[0].shape[0] if times else max(a.shape[0] for a in arrays.values())
    kept = [array for array in arrays.values() if array.shape[0] == length]
    others = [f"{a.name!r} ({a.shape[0]})" for a in arrays.values() if a.shape[0] != length]
    if times and len(kept) == 1 and others:
        raise DataError(
            f"{path}: {times[0].name!r} holds {length} times, but {', '.join(others[:5])} have "
            "another length; arrays are (time, channel)"
        )
    return kept, others


def _columns_of(array: NamedArray, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the name and unit of every column that an array gives."""
    if len(array.shape) == 1:
        return [(array.name or "column 1", array.unit)]
    if len(names) == array.shape[1]:
        return [(name, array.unit) for name in names]
    stem = f"{array.name} " if array.name else "column "
    return [(f"{stem}{index + 1}", array.unit) for index in range(array.shape[1])]


def _first_columns(arrays: Sequence[NamedArray]) -> list[Column]:
    firsts = [array.first(HEAD_ROWS) for array in arrays]
    return [c for first in firsts for c in (first.T if first.ndim == 2 else [first])]
