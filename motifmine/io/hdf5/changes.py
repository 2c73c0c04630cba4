"""Changes of a saved fit: names, time zone, drift; all else stays, and so does its date."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py

from motifmine.files import whole_file
from motifmine.io.hdf5.reader import write_strings
from motifmine.io.hdf5.records import write_record
from motifmine.io.hdf5.store import set_time_zone
from motifmine.records.drift import Drift


def write_names(path: Path, names: Sequence[str]) -> None:
    """Change the names of a fit's motifs, and nothing else of it; whole or not at all."""
    with _changed_copy(path) as file:
        if "motifs/name" in file:
            del file["motifs/name"]
        if names:
            write_strings(file, "motifs/name", tuple(names), "motif")


def write_time_zone(path: Path, time_zone: str) -> None:
    """Change the time zone of a fit, and nothing else of it; whole or not at all."""
    with _changed_copy(path) as file:
        set_time_zone(file, time_zone)


def write_fit_drift(path: Path, drift: Drift | None) -> None:
    """Change the drift of a fit's motifs, and nothing else of it; whole or not at all."""
    with _changed_copy(path) as file:
        if "drift" in file:
            del file["drift"]
        if drift is not None:
            write_record(file, "drift", drift)


@contextmanager
def _changed_copy(path: Path) -> Iterator[h5py.File]:
    """Open a copy of a fit for changes; it takes the place of the fit when the body is through.

    The copy keeps the time of modification: a workspace's newest fit is the one made last, and
    naming the motifs of an old fit does not make it the newest.
    """
    with whole_file(path, force=True) as part:
        shutil.copyfile(path, part)
        with h5py.File(part, "r+") as file:
            yield file
        made = path.stat()
        os.utime(part, ns=(made.st_atime_ns, made.st_mtime_ns))
