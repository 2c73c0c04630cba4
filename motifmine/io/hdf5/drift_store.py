"""The time zone of a fit and the drift of its motifs to and from HDF5."""

import h5py
import numpy as np

from motifmine.io.hdf5.reader import Reader, write_dataset
from motifmine.records.drift import Drift

AXES = "motif, period"
UNITS = {"similarity": "", "error": "", "shift_s": "s", "stretch": ""}


def write_drift(file: h5py.File, drift: Drift | None, time_zone: str) -> None:
    """Write drift as `/drift` of an open fit, and the zone unless it is UTC."""
    set_time_zone(file, time_zone)
    if drift is None:
        return
    write_dataset(file, "drift/period_start_s", drift.period_start_s, "period", "s since 1970, UTC")
    for name, unit in UNITS.items():
        write_dataset(file, f"drift/{name}", getattr(drift, name).astype(np.float32), AXES, unit)
    file["drift"].attrs["period_days"] = drift.period_days


def set_time_zone(file: h5py.File, time_zone: str) -> None:
    """Set the zone of an open fit; UTC needs no mention."""
    file.attrs.pop("time_zone", None)
    if time_zone != "UTC":
        file.attrs["time_zone"] = time_zone


def read_drift(reader: Reader, n_motifs: int) -> Drift | None:
    """Read `/drift` of a fit, None when it has none."""
    if "drift" not in reader.file:
        return None
    begins = reader.array("drift/period_start_s", np.float64, (None,))
    shape = (n_motifs, len(begins))
    return Drift(
        period_start_s=begins,
        period_days=int(reader.group("drift").attrs["period_days"]),
        **{
            name: reader.array(f"drift/{name}", np.float32, shape).astype(np.float64)
            for name in UNITS
        },
    )


def read_time_zone(reader: Reader) -> str:
    """Return the zone that a fit's hours and days are told in."""
    return str(reader.file.attrs.get("time_zone", "UTC"))
