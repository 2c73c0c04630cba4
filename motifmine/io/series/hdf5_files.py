"""Datasets and groups of HDF5 files as series, including the units of NWB files."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from motifmine.errors import DataError, FormatError, MotifmineError
from motifmine.io.hdf5.nodes import (
    check_size,
    find_node,
    list_datasets,
    list_members,
    open_file,
)
from motifmine.io.hdf5.reader import DAMAGE
from motifmine.io.readers import split_part
from motifmine.io.series.arrays import NAME_ARRAYS, NamedArray, open_arrays, split_fields
from motifmine.io.series.column_names import is_time_name
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.spike_trains import SpikeTrain, TrainReader
from motifmine.io.series.time_formats import parse_iso
from motifmine.io.series.time_zones import format_wall_clock
from motifmine.records.series import SeriesReader

RATE_NAMES = ("rate", "rate_hz", "fs", "sampling_rate", "sample_rate", "sampling_frequency")
MAX_LISTED = 10


def open_hdf5(path: Path, options: SeriesOptions) -> SeriesReader:
    """Return a reader of the dataset or group `file.h5:/path`, or of the only group.

    Raises `FormatError` if it is not an HDF5 file, `DataError` if there is no such dataset, or if
    none is named and there are several groups.
    """
    path, inner = split_part(path)
    shown = f"{path}:{inner}" if inner else str(path)
    try:
        with open_file(path) as file:
            if not inner and isinstance(find_node(file, "units/spike_times"), h5py.Dataset):
                return _open_units(path, file, options)
            node = find_node(file, inner) if inner else _find_only_group(path, file)
            if node is None:
                listed = ", ".join(_list_series(file)[:MAX_LISTED])
                raise DataError(f"{path} has no {inner!r}; it has the datasets {listed}")
            arrays, rate_hz = _collect_arrays(path, node)
    except DAMAGE as error:
        # a ValueError of ours, which says more
        if isinstance(error, MotifmineError):
            raise
        raise FormatError(f"{path} cannot be read as an HDF5 file: {error}") from error
    notes: tuple[str, ...] = ()
    # times of samples are worth more than a rate, which is often a nominal one
    if rate_hz and options.rate_hz is None and not any(map(is_time_name, arrays)):
        options = replace(options, rate_hz=rate_hz)
        notes = (f"the file gives {rate_hz:g} samples per second; the first one is at second 0",)
    return open_arrays(shown, arrays, options, notes)


def _list_series(file: h5py.Group) -> list[str]:
    return [name for name, node in list_datasets(file) if len(node.shape or ()) in (1, 2)]


def _find_only_group(path: Path, file: h5py.File) -> Any:
    """Return the group that contains all datasets."""
    datasets = _list_series(file)
    groups = sorted({name.rsplit("/", 1)[0] or "/" for name in datasets})
    if len(groups) == 1:
        return find_node(file, groups[0])
    if not groups:
        raise DataError(f"{path} has no dataset of one or two axes")
    more = ", ..." if len(datasets) > MAX_LISTED else ""
    raise DataError(
        f"{path} has several groups of datasets; name one, as in '{path}:{datasets[0]}' (there "
        f"are {', '.join(datasets[:MAX_LISTED])}{more})"
    )


def _collect_arrays(path: Path, node: Any) -> tuple[dict[str, NamedArray], float | None]:
    """Collect the arrays of a group, or a dataset and its times; also return the sample rate."""
    if isinstance(node, h5py.Group):
        members = {
            name: item for name, item in list_members(node) if isinstance(item, h5py.Dataset)
        }
        rate_hz = _read_rate(node, *members.values())
    else:
        name = node.name.rsplit("/", 1)[-1]
        neighbours = list_members(node.parent)
        helpers = {
            other: item
            for other, item in neighbours
            if isinstance(item, h5py.Dataset)
            and other != name
            # a dataset is named alone, but its times and the names of its channels lie next to it
            and (_are_times(other, item, node) or other.lower() in NAME_ARRAYS)
        }
        members = {**helpers, name: node}
        rate_hz = _read_rate(node, node.parent)
    arrays: dict[str, NamedArray] = {}
    for name, item in members.items():
        if not item.shape:
            continue
        array = _make_array(path, name, item)
        arrays |= split_fields(array) if array.dtype.fields else {name: array}
    return arrays, rate_hz


def _are_times(name: str, times: h5py.Dataset, data: h5py.Dataset) -> bool:
    return is_time_name(name) and len(times.shape) == 1 and times.shape[:1] == data.shape[:1]


def _read_rate(*nodes: Any) -> float | None:
    """Return the samples per second from an attribute, or None."""
    for node in nodes:
        for name in RATE_NAMES:
            value = np.asarray(node.attrs[name]) if name in node.attrs else np.empty(0)
            if value.size == 1 and value.dtype.kind in "fiu" and float(value.item()) > 0:
                return float(value.item())
    return None


def _make_array(path: Path, name: str, node: h5py.Dataset) -> NamedArray:
    check_size(node)
    unit = node.attrs.get("unit", node.attrs.get("units", ""))
    is_text = h5py.check_string_dtype(node.dtype) is not None
    return NamedArray(
        name=name,
        shape=tuple(node.shape or ()),
        dtype=np.dtype(object) if is_text else node.dtype,
        pieces=_make_pieces(path, node.name, 0, node.shape[0] if node.shape else 0),
        unit=unit if isinstance(unit, str) else "",
    )


def _make_pieces(
    path: Path, inner: str, first: int, last: int
) -> Callable[[int], Iterator[NDArray[Any]]]:
    """Return a function that reads the rows `first` to `last` of a dataset in pieces."""

    def pieces(n_rows: int) -> Iterator[NDArray[Any]]:
        try:
            with open_file(path) as file:
                node = find_node(file, inner)
                for start in range(first, last, n_rows):
                    yield node[start : min(start + n_rows, last)]
        except DAMAGE as error:
            if isinstance(error, MotifmineError):
                raise
            raise FormatError(f"{path}, {inner} is damaged: {error}") from error

    return pieces


def _open_units(path: Path, file: h5py.File, options: SeriesOptions) -> TrainReader:
    """Return a reader of the units of an NWB file: one train per row of the units table.

    `spike_times` has the times of all units concatenated; row u of `spike_times_index` is the end
    of those of unit u.
    """
    spikes, ends = find_node(file, "units/spike_times"), find_node(file, "units/spike_times_index")
    ids = find_node(file, "units/id")
    for node in (spikes, ends, ids):
        if node is not None:
            check_size(node)
    n_spikes = spikes.shape[0]
    edges = [0, *(ends[:].tolist() if ends is not None else [n_spikes])]
    # before memory is allocated by these numbers
    if sorted(edges) != edges or edges[-1] > n_spikes:
        raise FormatError(f"{path}: /units/spike_times_index does not match the {n_spikes} spikes")
    names = ids[:].tolist() if ids is not None else list(range(len(edges) - 1))
    if len(names) != len(edges) - 1:
        raise FormatError(f"{path}: /units/id has {len(names)} entries for {len(edges) - 1} units")
    inner = "/units/spike_times"
    trains = [
        SpikeTrain(
            label=str(name),
            place=f"{inner} of unit {name}",
            pieces=_make_pieces(path, inner, edges[unit], edges[unit + 1]),
        )
        for unit, name in enumerate(names)
    ]
    return TrainReader(
        path=str(path),
        trains=trains,
        on_bad=options.on_bad,
        start_utc=_read_start(file),
        notes=("spikes of an NWB file",),
    )


def _read_start(file: h5py.File) -> str:
    """Return the wall-clock time of second 0 of an NWB file in UTC, or "" if it is not given."""
    for name in ("timestamps_reference_time", "session_start_time"):
        node = find_node(file, name)
        text = node[()] if isinstance(node, h5py.Dataset) and node.shape == () else b""
        found = parse_iso(text.decode("utf-8", "replace")) if isinstance(text, bytes) else None
        # a time without zone does not say when it was
        if found and found[1]:
            return format_wall_clock(found[0])
    return ""
