"""Named arrays (of an NPZ file or an HDF5 group) as columns of a table, or as spike trains."""

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
from motifmine.io.series.typed_reader import Column, TableReader, make_text_head
from motifmine.records.series import SeriesReader

BATCH_VALUES = 1 << 19
NAME_ARRAYS = frozenset({"channels", "channel", "columns", "names", "labels", "channel_names"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedArray:
    """An array in a file that is read in pieces."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pieces: Callable[[int], Iterator[NDArray[Any]]]
    """Called with a number of rows; yields the array in pieces of that many rows."""
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

    Arrays of equal length are columns (a 2-D array has one column per channel, named by an array
    `channels` if there is one); 1-D arrays of different lengths are spike trains, one per unit.

    Raises `FormatError` if no array has one or two axes, `DataError` if lengths of arrays do not
    match.
    """
    names, tables = _split_names(arrays)
    if not tables:
        raise FormatError(f"{path} has no array of one or two axes")
    if _are_trains(tables, options):
        trains = [_make_train(array) for array in tables.values()]
        return TrainReader(path=path, trains=trains, on_bad=options.on_bad, notes=tuple(notes))
    kept, excluded = _select_by_length(path, tables)
    columns = [column for array in kept for column in _list_columns(array, names)]
    # a batch holds about the same number of values, however many channels there are
    rows = max(1, BATCH_VALUES // max(1, len(columns)))

    def batches(wanted: Sequence[int]) -> Iterator[list[Column]]:
        pieces = [array.pieces(rows) for array in kept]
        for parts in zip(*pieces, strict=True):
            flat = [c for part in parts for c in (part.T if part.ndim == 2 else [part])]
            yield [_decode_bytes(flat[index]) for index in wanted]

    head = make_text_head(
        path,
        [name for name, _ in columns],
        [_decode_bytes(column) for column in _read_first_columns(kept)],
        units=[unit for _, unit in columns],
        has_names=any(not name.startswith("column ") for name, _ in columns),
    )
    if excluded:
        notes = (*notes, f"excluded because of their length: {', '.join(excluded[:5])}")
    return TableReader(head, batches, options, notes)


def split_fields(array: NamedArray) -> dict[str, NamedArray]:
    """Split an array of records into one array per field."""

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


def _split_names(
    arrays: Mapping[str, NamedArray],
) -> tuple[tuple[str, ...], dict[str, NamedArray]]:
    """Return the names of channels, if an array holds them, and the arrays of data."""
    tables = {}
    names: tuple[str, ...] = ()
    for key, array in arrays.items():
        if key.lower() in NAME_ARRAYS and array.dtype.kind in "USOT" and len(array.shape) == 1:
            names = tuple(_read_texts(array))
        elif len(array.shape) in (1, 2) and array.shape[0] and array.dtype.kind in "fiubMUSOT":
            tables[key] = array
    return names, tables


def _read_texts(array: NamedArray) -> list[str]:
    return [str(x) for piece in array.pieces(BATCH_VALUES) for x in _decode_bytes(piece).tolist()]


def _decode_bytes(column: Column) -> Column:
    """Decode bytes as UTF-8; leave everything else unchanged."""
    if column.dtype.kind in "SO":
        decoded = [x.decode("utf-8", "replace") if isinstance(x, bytes) else x for x in column]
        return np.array(decoded, object)
    return column


def _are_trains(arrays: Mapping[str, NamedArray], options: SeriesOptions) -> bool:
    """Return whether the arrays are spike trains: 1-D numeric arrays of different lengths."""
    if options.rate_hz is not None or options.is_events is False or options.time_column:
        return False
    one_axis = all(len(a.shape) == 1 and a.dtype.kind in "fiu" for a in arrays.values())
    lengths = {array.shape[0] for array in arrays.values()}
    differ = len(lengths) > 1 or bool(options.is_events)
    return one_axis and differ and not any(map(is_time_name, arrays))


def _make_train(array: NamedArray) -> SpikeTrain:
    return SpikeTrain(label=array.name, place=f"array {array.name!r}", pieces=array.pieces)


def _select_by_length(
    path: str, arrays: Mapping[str, NamedArray]
) -> tuple[list[NamedArray], list[str]]:
    """Select the arrays as long as the times, or the longest; also return the names of others."""
    times = [array for name, array in arrays.items() if is_time_name(name)]
    length = times[0].shape[0] if times else max(a.shape[0] for a in arrays.values())
    kept = [array for array in arrays.values() if array.shape[0] == length]
    others = [f"{a.name!r} ({a.shape[0]})" for a in arrays.values() if a.shape[0] != length]
    if times and len(kept) == 1 and others:
        raise DataError(
            f"{path}: {times[0].name!r} has {length} times, but {', '.join(others[:5])} have "
            "another length; arrays are (time, channel)"
        )
    return kept, others


def _list_columns(array: NamedArray, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return name and unit of every column of an array."""
    if len(array.shape) == 1:
        return [(array.name or "column 1", array.unit)]
    if len(names) == array.shape[1]:
        return [(name, array.unit) for name in names]
    stem = f"{array.name} " if array.name else "column "
    return [(f"{stem}{index + 1}", array.unit) for index in range(array.shape[1])]


def _read_first_columns(arrays: Sequence[NamedArray]) -> list[Column]:
    firsts = [array.first(HEAD_ROWS) for array in arrays]
    return [c for first in firsts for c in (first.T if first.ndim == 2 else [first])]
