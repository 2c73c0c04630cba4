"""Changes of a saved fit: names, time zone and drift. The time of modification is kept."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py

from motifmine.files import open_atomic
from motifmine.io.hdf5.reader import write_strings
from motifmine.io.hdf5.records import write_record
from motifmine.io.hdf5.store import write_zone_attribute
from motifmine.records.drift import Drift


def write_names(path: Path, names: Sequence[str]) -> None:
    """Replace the names of a fit's motifs, atomically."""
    with _open_copy(path) as file:
        if "motifs/name" in file:
            del file["motifs/name"]
        if names:
            write_strings(file, "motifs/name", tuple(names), "motif")


def write_time_zone(path: Path, time_zone: str) -> None:
    """Replace the time zone of a fit, atomically."""
    with _open_copy(path) as file:
        write_zone_attribute(file, time_zone)


def write_drift(path: Path, drift: Drift | None) -> None:
    """Replace the drift of a fit, atomically."""
    with _open_copy(path) as file:
        if "drift" in file:
            del file["drift"]
        if drift is not None:
            write_record(file, "drift", drift)


@contextmanager
def _open_copy(path: Path) -> Iterator[h5py.File]:
    """Open a copy of a fit for changes, which replaces the fit at the end.

    The copy keeps the time of modification: the newest fit of a workspace is the one fitted last,
    and naming the motifs of an old fit must not change that.
    """
    with open_atomic(path, force=True) as part:
        shutil.copyfile(path, part)
        with h5py.File(part, "r+") as file:
            yield file
        made = path.stat()
        os.utime(part, ns=(made.st_atime_ns, made.st_mtime_ns))
