"""New HDF5 files, and changed copies of others: complete under their name, or not there."""

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from motifmine.files import open_atomic

MOST_IN_MEMORY = 1 << 29
"""Files up to this size are changed in memory, bytes."""
IN_MEMORY: dict[str, Any] = {"driver": "core", "backing_store": False}


@contextmanager
def open_new(
    path: Path, *, force: bool, base: Path | None = None, grows: bool = False
) -> Iterator[h5py.File]:
    """Open an HDF5 file for writing, which is renamed into place at the end; see `open_atomic`.

    It is made in memory and written in one piece, unless it grows larger than that may be. HDF5
    never sees that a write fails: objects that it cannot close stay open, print a traceback each,
    and crash the process at its end.

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
        mode = "w" if base is None else "r+"
        if grows:
            with _open_on_disk(part, mode) as file:
                yield file
        else:
            with h5py.File(part, mode, track_order=False, **IN_MEMORY) as file:
                yield file
                file.flush()
                image = file.id.get_file_image()
            part.write_bytes(image)
        if base == path:
            made = path.stat()
            os.utime(part, ns=(made.st_atime_ns, made.st_mtime_ns))


class _NotingFile(io.FileIO):
    """A file that HDF5 takes for one without errors; what the system refused is raised later."""

    refused: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all bytes, unless the system has refused some before."""
        left = memoryview(data).cast("B")
        n_bytes = len(left)
        while len(left) and self.refused is None:
            try:
                left = left[super().write(left) :]
            except OSError as error:
                self.refused = error
        return n_bytes

    def truncate(self, size: int | None = None) -> int:
        """Set the length of the file, as above."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.refused = self.refused or error
            return size or 0


@contextmanager
def _open_on_disk(path: Path, mode: str) -> Iterator[h5py.File]:
    """Open a file for writing step by step; raises the first `OSError` of its writes at the end."""
    with _NotingFile(path, "w+b" if mode == "w" else "r+b") as raw:
        try:
            with h5py.File(raw, mode, track_order=False) as file:
                yield file
        except Exception as error:
            # what HDF5 reads again may be what was not written
            if raw.refused is None:
                raise
            raise raw.refused from error
        if raw.refused is not None:
            raise raw.refused
