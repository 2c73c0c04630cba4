"""What a fit explains badly, to and from HDF5."""

import h5py
import numpy as np

from motifmine.io.hdf5.reader import Reader, write_dataset
from motifmine.records.anomalies import Anomalies, AnomalyScale

COLUMNS: dict[str, tuple[type, str]] = {
    "document": (np.int32, ""),
    "start_s": (np.float64, "s"),
    "end_s": (np.float64, "s"),
    "sense": (np.int32, ""),
    "surprise": (np.float64, ""),
}
"""Datasets of the stretches: type and unit."""


def write_anomalies(file: h5py.File, anomalies: Anomalies) -> None:
    """Write stretches and scale as `/anomalies` of an open fit."""
    for name, (_, unit) in COLUMNS.items():
        write_dataset(file, f"anomalies/{name}", getattr(anomalies, name), "anomaly", unit)
    scale = anomalies.scale
    write_dataset(file, "anomalies/quantile", scale.quantile, "measure, quantile")
    write_dataset(file, "anomalies/share", scale.share, "quantile", "share")
    write_dataset(file, "anomalies/tail", scale.tail, "measure, tail")
    file["anomalies"].attrs["n_bins"] = scale.n_bins


def read_anomalies(reader: Reader) -> Anomalies | None:
    """Read `/anomalies` of a fit, None when it has none."""
    if "anomalies" not in reader.file:
        return None
    group = reader.group("anomalies")
    length = group["document"].shape
    return Anomalies(
        **{
            name: reader.array(f"anomalies/{name}", dtype, length)
            for name, (dtype, _) in COLUMNS.items()
        },
        scale=AnomalyScale(
            quantile=reader.array("anomalies/quantile", np.float64, (None, None)),
            share=reader.array("anomalies/share", np.float64, (None,)),
            tail=reader.array("anomalies/tail", np.float64, (None, 3)),
            n_bins=int(group.attrs["n_bins"]),
        ),
    )
