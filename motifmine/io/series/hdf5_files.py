"""Datasets and groups of HDF5 files as series, among them the units of NWB files."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from motifmine.errors import DataError, FormatError
from motifmine.io.readers import split_part
from motifmine.io.series.arrays import NAME_ARRAYS, NamedArray, fields_of, open_arrays
from motifmine.io.series.column_names import is_time_name
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.spike_trains import SpikeTrain, TrainReader
from motifmine.io.series.time_formats import parse_iso
from motifmine.io.series.time_zones import wall_clock
from motifmine.records.series import SeriesReader

RATE_NAMES = ("rate", "rate_hz", "fs", "sampling_rate", "sample_rate", "sampling_frequency")
MOST_LISTED = 10


def open_hdf5(path: Path, options: SeriesOptions) -> SeriesReader:
    """Return a reader of the dataset or group that `file.h5:/path` names, or of the only one.

    Raises
    ------
    FormatError
        When it is no HDF5 file.
    DataError
        When there is no such dataset, or several and none is named.
    """
    path, inner = split_part(path)
    shown = f"{path}:{inner}" if inner else str(path)
    try:
        with h5py.File(path, "r") as file:
            if not inner and isinstance(file.get("units/spike_times"), h5py.Dataset):
                return _open_units(path, file, options)
            node = file.get(inner) if inner else _only_node(path, file)
            if node is None:
                listed = ", ".join(_datasets(file)[:MOST_LISTED])
                raise DataError(f"{path} has no {inner!r}; it has the datasets {listed}")
            arrays, rate_hz = _arrays_of(path, node)
    except OSError as error:
        raise FormatError(f"{path} is no HDF5 file that can be read: {error}") from error
    notes: tuple[str, ...] = ()
    if rate_hz and options.rate_hz is None and not any(map(is_time_name, arrays)):
        options = replace(options, rate_hz=rate_hz)
        notes = (f"the file says {rate_hz:g} samples per second; time is counted from the first",)
    return open_arrays(shown, arrays, options, notes)


def _datasets(file: h5py.Group) -> list[str]:
    found: list[str] = []

    def note(name: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset) and len(node.shape or ()) in (1, 2):
            found.append(f"/{name}")

    file.visititems(note)
    return found


def _only_node(path: Path, file: h5py.File) -> Any:
    """Return the group that holds all datasets."""
    datasets = _datasets(file)
    groups = sorted({name.rsplit("/", 1)[0] or "/" for name in datasets})
    if len(groups) == 1:
        return file[groups[0]]
    if not groups:
        raise DataError(f"{path} holds no dataset of one or two axes")
    more = ", ..." if len(datasets) > MOST_LISTED else ""
    raise DataError(
        f"{path} holds several groups of datasets; name one, as in '{path}:{datasets[0]}' (there "
        f"are {', '.join(datasets[:MOST_LISTED])}{more})"
    )


def _arrays_of(path: Path, node: Any) -> tuple[dict[str, NamedArray], float | None]:
    """Return the arrays of a group, or a dataset with its times beside it; and the rate told."""
    if isinstance(node, h5py.Group):
        members = {name: item for name, item in node.items() if isinstance(item, h5py.Dataset)}
        rate_hz = _rate_of(node, *members.values())
    else:
        name = node.name.rsplit("/", 1)[-1]
        beside = node.parent.items()
        helpers = {
            other: item
            for other, item in beside
            if isinstance(item, h5py.Dataset)
            and other != name
            and (_are_times(other, item, node) or other.lower() in NAME_ARRAYS)
        }
        members = {**helpers, name: node}
        rate_hz = _rate_of(node, node.parent)
    arrays: dict[str, NamedArray] = {}
    for name, item in members.items():
        if not item.shape:
            continue
        array = _array(path, name, item)
        arrays |= fields_of(array) if array.dtype.fields else {name: array}
    return arrays, rate_hz


def _are_times(name: str, times: h5py.Dataset, data: h5py.Dataset) -> bool:
    return is_time_name(name) and len(times.shape) == 1 and times.shape[:1] == data.shape[:1]


def _rate_of(*nodes: Any) -> float | None:
    """Return the samples per second that an attribute tells, None if none does."""
    for node in nodes:
        for name in RATE_NAMES:
            value = np.asarray(node.attrs[name]) if name in node.attrs else np.empty(0)
            if value.size == 1 and value.dtype.kind in "fiu" and float(value.item()) > 0:
                return float(value.item())
    return None


def _array(path: Path, name: str, node: h5py.Dataset) -> NamedArray:
    unit = node.attrs.get("unit", node.attrs.get("units", ""))
    is_text = h5py.check_string_dtype(node.dtype) is not None
    return NamedArray(
        name=name,
        shape=tuple(node.shape or ()),
        dtype=np.dtype(object) if is_text else node.dtype,
        pieces=_pieces(path, node.name, 0, node.shape[0] if node.shape else 0),
        unit=unit if isinstance(unit, str) else "",
    )


def _pieces(
    path: Path, inner: str, first: int, last: int
) -> Callable[[int], Iterator[NDArray[Any]]]:
    """Return what reads the rows `first` to `last` of a dataset."""

    def pieces(n_rows: int) -> Iterator[NDArray[Any]]:
        try:
            with h5py.File(path, "r") as file:
                node = file[inner]
                for start in range(first, last, n_rows):
                    yield node[start : min(start + n_rows, last)]
        except OSError as error:
            raise FormatError(f"{path}, {inner} is damaged: {error}") from error

    return pieces


def _open_units(path: Path, file: h5py.File, options: SeriesOptions) -> TrainReader:
    """Return the units of an NWB file: one train per row of its table of units.

    `spike_times` holds the times of all units one after another; row u of `spike_times_index` says
    where those of unit u end.
    """
    units = file["units"]
    ends = units.get("spike_times_index")
    n_spikes = units["spike_times"].shape[0]
    edges = [0, *(ends[:].tolist() if ends is not None else [n_spikes])]
    if sorted(edges) != edges or edges[-1] > n_spikes:
        raise FormatError(f"{path}: /units/spike_times_index does not fit the {n_spikes} spikes")
    names = units["id"][:].tolist() if "id" in units else list(range(len(edges) - 1))
    inner = "/units/spike_times"
    trains = [
        SpikeTrain(
            label=str(name),
            place=f"{inner} of unit {name}",
            pieces=_pieces(path, inner, edges[unit], edges[unit + 1]),
        )
        for unit, name in enumerate(names)
    ]
    return TrainReader(
        path=str(path),
        trains=trains,
        on_bad=options.on_bad,
        start_utc=_start_of(file),
        notes=("spikes of an NWB file",),
    )


def _start_of(file: h5py.File) -> str:
    """Return the wall-clock time of second 0 of an NWB file in UTC, "" if it tells none."""
    for name in ("timestamps_reference_time", "session_start_time"):
        node = file.get(name)
        text = node[()] if isinstance(node, h5py.Dataset) and node.shape == () else b""
        found = parse_iso(text.decode("utf-8", "replace")) if isinstance(text, bytes) else None
        if found and found[1]:
            return wall_clock(found[0])
    return ""
