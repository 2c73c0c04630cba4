"""Changes of a saved fit: names, time zone and later parts. The time of modification is kept."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from motifmine.errors import MotifmineWarning
from motifmine.io.hdf5.dimensions import name_dimensions
from motifmine.io.hdf5.reader import write_strings
from motifmine.io.hdf5.records import write_record
from motifmine.io.hdf5.store import PARTS, write_zone_attribute
from motifmine.io.hdf5.writing import open_new
from motifmine.parallel.scratch import lock_folder


def change_names(path: Path, change: Callable[[tuple[str, ...]], Sequence[str]]) -> tuple[str, ...]:
    """Replace the names of a fit's motifs, atomically; return what they are now.

    The change gets the names, () where there are none, and returns the new ones; no other process
    changes them meanwhile.
    """
    with _open_copy(path) as file:
        stored = file["motifs/name"].asstr()[:] if "motifs/name" in file else ()
        names = tuple(change(tuple(map(str, stored))))
        if "motifs/name" in file:
            del file["motifs/name"]
        if names:
            write_strings(file, "motifs/name", names, "motif")
    return names


def write_time_zone(path: Path, time_zone: str) -> None:
    """Replace the time zone of a fit, atomically."""
    with _open_copy(path) as file:
        write_zone_attribute(file, time_zone)


def write_part(path: Path, name: str, part: Any) -> None:
    """Replace an optional part of a fit, a field of `FitRecord`, atomically; None removes it."""
    place, _ = PARTS[name]
    with _open_copy(path) as file:
        if place in file:
            del file[place]
        if part is not None:
            write_record(file, place, part)


@contextmanager
def _open_copy(path: Path) -> Iterator[h5py.File]:
    """Open a copy of a fit for changes, which replaces the fit at the end.

    The copy keeps the time of modification: the newest fit of a workspace is the one fitted last,
    and naming the motifs of an old fit must not change that. The folder is locked: of two changes
    at the same time the second one is made to what the first one wrote.
    """
    with lock_folder(path.parent) as locked:
        if not locked:
            warnings.warn(
                f"{path.parent} cannot be locked; do not change {path.name} with two commands at "
                "the same time",
                MotifmineWarning,
                stacklevel=4,
            )
        with open_new(path, force=True, base=path) as file:
            yield file
            name_dimensions(file)
