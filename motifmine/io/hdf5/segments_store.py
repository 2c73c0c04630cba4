"""Mean raw segments of motifs to and from HDF5."""

import h5py
import numpy as np

from motifmine.io.hdf5.reader import Reader, write_dataset
from motifmine.records.segments import Segments

AXES = "motif, relative_time, channel"


def write_segments(file: h5py.File, segments: Segments) -> None:
    """Write segments as `/segments` of an open fit."""
    write_dataset(file, "segments/mean", segments.mean, AXES)
    write_dataset(file, "segments/spread", segments.spread, AXES)
    write_dataset(file, "segments/n_occurrences", segments.n_occurrences, "motif")


def read_segments(reader: Reader, n_motifs: int, motif_length: int) -> Segments | None:
    """Read `/segments` of a fit, None when it has none."""
    if "segments" not in reader.file:
        return None
    shape = (n_motifs, motif_length, None)
    mean = reader.array("segments/mean", np.float32, shape)
    return Segments(
        mean=mean,
        spread=reader.array("segments/spread", np.float32, mean.shape),
        n_occurrences=reader.array("segments/n_occurrences", np.int64, (n_motifs,)),
    )
