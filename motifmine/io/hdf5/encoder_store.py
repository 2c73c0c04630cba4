"""The encoder of an auto-encoder's fit, to and from HDF5."""

from dataclasses import fields

import h5py
import numpy as np

from motifmine.io.hdf5.reader import Reader, write_dataset
from motifmine.records.encoder import Encoder

NUMBERS = tuple(item.name for item in fields(Encoder) if item.name not in ("filters", "bias"))


def write_encoder(file: h5py.File, encoder: Encoder) -> None:
    """Write an encoder as `/encoder` of an open fit."""
    write_dataset(file, "encoder/filters", encoder.filters, "motif, relative_time, word")
    write_dataset(file, "encoder/bias", encoder.bias, "motif")
    file["encoder"].attrs.update({name: getattr(encoder, name) for name in NUMBERS})


def read_encoder(reader: Reader, shape: tuple[int, int, int]) -> Encoder | None:
    """Read `/encoder` of a fit whose motifs have this shape, None when it has none."""
    if "encoder" not in reader.file:
        return None
    attributes = reader.group("encoder").attrs
    return Encoder(
        filters=reader.array("encoder/filters", np.float32, shape),
        bias=reader.array("encoder/bias", np.float32, shape[:1]),
        **{name: float(attributes[name]) for name in NUMBERS},
    )
