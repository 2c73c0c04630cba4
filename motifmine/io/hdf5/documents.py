"""Documents of tables and fits in HDF5: recordings, and the activations of motifs in them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import h5py
import numpy as np

from motifmine.io.hdf5.reader import Reader, write_attribute, write_dataset
from motifmine.io.hdf5.records import check_values, read_record, write_record
from motifmine.records.document_activations import (
    DocumentActivations,
    join_activations,
    split_activations,
)
from motifmine.records.fit import Activations
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
    bin_start_s = reader.shared_array(times, np.float64, (n_times,))
    check_values(reader, times, bin_start_s, "finite", {})
    recording = Recording(name=str(node.attrs["recording"]), bin_start_s=bin_start_s, **values)
    # raises DataError for text that is no time, which the reader reports with the file
    clock_start(recording)
    return recording


def write_documents(file: h5py.File, recordings: Sequence[Recording], parts: Activations) -> None:
    """Append documents and their activations to an open fit."""
    for recording, part in zip(recordings, split_activations(parts), strict=True):
        group = file.create_group(f"activations/{recording.name}")
        write_attribute(group, "recording", recording.name)
        write_recording(group, recording)
        write_record(file, f"activations/{recording.name}", part)
        write_dataset(group, "bin_start_s", recording.bin_start_s, "time", "s")


def read_activations(reader: Reader, names: list[str], sizes: Mapping[str, int]) -> Activations:
    """Read the activations of some documents."""
    parts = []
    for name in names:
        place = f"activations/{name}"
        n_times = reader.dataset(f"{place}/bin_start_s").shape[0]
        # kernels do not check indices: those of a damaged file must not reach them
        known = {**sizes, "time": n_times}
        parts.append(read_record(reader, place, DocumentActivations, known))
    return join_activations(parts)
