"""New HDF5 files, and changed copies of others: complete under their name, or not there."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from motifmine.errors import WorkspaceError
from motifmine.files import open_atomic

MOST_IN_MEMORY = 1 << 29
"""Files up to this size are changed in memory, bytes."""


@contextmanager
def open_new(
    path: Path, *, force: bool, base: Path | None = None, grows: bool = False
) -> Iterator[h5py.File]:
    """Open an HDF5 file for writing, which is renamed into place at the end; see `open_atomic`.

    It is made in memory and written in one piece, unless it grows larger than that may be. HDF5
    does not recover from a write that fails: objects that cannot be closed stay open, and each
    prints a traceback.

    Parameters
    ----------
    base : Path or None
        The file begins as a copy of this one; one that is changed keeps its time of modification.
    grows : bool
        The file may become larger than memory.

    Raises
    ------
    WorkspaceError
        When `path` exists and `force` is not set, or the file cannot be written.
    """
    with open_atomic(path, force=force) as part:
        if base is not None:
            shutil.copyfile(base, part)
            grows = grows or base.stat().st_size > MOST_IN_MEMORY
        memory: dict[str, Any] = {} if grows else {"driver": "core", "backing_store": False}
        mode = "w" if base is None else "r+"
        try:
            with h5py.File(part, mode, track_order=False, **memory) as file:
                yield file
                file.flush()
                image = b"" if grows else file.id.get_file_image()
        except (RuntimeError, ValueError) as error:
            # what h5py raises for a full disk where it does not read or write values
            if "errno = " not in str(error):
                raise
            raise WorkspaceError(f"{path} cannot be written: {error}") from error
        if not grows:
            part.write_bytes(image)
        if base == path:
            made = path.stat()
            os.utime(part, ns=(made.st_atime_ns, made.st_mtime_ns))
