"""Documents of tables and fits in HDF5: recordings, and the activations of motifs in them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from motifmine.io.hdf5.reader import Reader, write_attribute, write_dataset
from motifmine.io.hdf5.records import check_values
from motifmine.records.fit import Activations
from motifmine.records.start_layout import n_starts, row_of_start
from motifmine.records.table import Recording
from motifmine.records.wall_clock import clock_start

RECORDING_ATTRIBUTES = tuple(
    f.name for f in fields(Recording) if f.name not in ("name", "bin_start_s")
)


def write_recording(node: h5py.Group, recording: Recording) -> None:
    """Write what is known of a recording as attributes of a group or file."""
    for name in RECORDING_ATTRIBUTES:
        write_attribute(node, name, getattr(recording, name))


def read_recording(reader: Reader, node: h5py.Group, n_times: int | None = None) -> Recording:
    """Read what is known of a recording."""
    values: dict[str, Any] = {}
    for item in fields(Recording):
        # attributes that later versions added are missing in old files: the field has a default
        if item.name in node.attrs:
            found = node.attrs[item.name]
            values[item.name] = str(found) if isinstance(found, str) else found.item()
    times = "time/bin_start_s" if node.name == "/" else f"{node.name}/bin_start_s"
    bin_start_s = reader.array(times, np.float64, (n_times,))
    check_values(reader, times, bin_start_s, "finite", {})
    recording = Recording(name=str(node.attrs["recording"]), bin_start_s=bin_start_s, **values)
    # raises DataError for text that is no time, which the reader reports with the file
    clock_start(recording)
    return recording


def write_documents(file: h5py.File, recordings: Sequence[Recording], parts: Activations) -> None:
    """Append documents and their activations to an open fit."""
    for document, recording in enumerate(recordings):
        group = file.create_group(f"activations/{recording.name}")
        write_attribute(group, "recording", recording.name)
        write_recording(group, recording)
        part = slice(parts.offsets[document], parts.offsets[document + 1])
        units = {"start": "bins", "motif": "", "mass": "observations", "tempo": ""}
        for name, unit in units.items():
            if (values := getattr(parts, name)) is not None:
                write_dataset(group, name, values[part], "activation", unit)
        write_dataset(group, "bin_start_s", recording.bin_start_s, "time", "s")


def read_activations(reader: Reader, names: list[str], sizes: Mapping[str, int]) -> Activations:
    """Read the activations of some documents."""
    columns: dict[str, list[NDArray[Any]]] = {"start": [], "motif": [], "mass": []}
    tempos: list[NDArray[np.int32]] = []
    types: dict[str, type] = {"start": np.int32, "motif": np.int32, "mass": np.float32}
    for name in names:
        place = f"activations/{name}"
        start = reader.array(f"{place}/start", np.int32, (None,))
        motif = reader.array(f"{place}/motif", np.int32, (len(start),))
        mass = reader.array(f"{place}/mass", np.float32, (len(start),))
        n_times = reader.dataset(f"{place}/bin_start_s").shape[0]
        # kernels do not check indices: those of a damaged file must not reach them
        check_values(reader, f"{place}/motif", motif, "index of motif", sizes)
        check_values(reader, f"{place}/mass", mass, "0 or more", sizes)
        rows = {"start row": n_starts(n_times, sizes["relative_time"])}
        row = row_of_start(start.astype(np.int64), sizes["relative_time"])
        check_values(reader, f"{place}/start", row, "index of start row", rows)
        for column, part in (("start", start), ("motif", motif), ("mass", mass)):
            columns[column].append(part)
        if reader.find(f"{place}/tempo") is not None:
            tempo = reader.array(f"{place}/tempo", np.int32, (len(start),))
            check_values(reader, f"{place}/tempo", tempo, "index of tempo", sizes)
            tempos.append(tempo)
    lengths = [len(part) for part in columns["start"]]
    return Activations(
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        **{
            column: np.concatenate([np.zeros(0, types[column]), *parts])
            for column, parts in columns.items()
        },
        tempo=np.concatenate(tempos) if len(tempos) == len(names) > 0 else None,
    )
