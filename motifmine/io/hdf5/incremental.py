"""A fit that is written document by document, so that its documents need not be in memory."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py

from motifmine.files import whole_file
from motifmine.io.hdf5.store import write_documents, write_fit_head
from motifmine.records.fit import Activations, FitRecord
from motifmine.records.table import Recording


class GrowingFit:
    """An open fit that takes documents first and all the rest at the end."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file

    def add(self, recordings: Sequence[Recording], activations: Activations) -> None:
        """Write a few documents and their activations."""
        write_documents(self._file, recordings, activations)

    def finish(self, record: FitRecord) -> None:
        """Write what is not documents; the documents of `record` are not looked at.

        `record.provenance.inputs` must name all documents, in their order.
        """
        for name in set(self._file) - {"activations"}:
            del self._file[name]
        write_fit_head(self._file, record)


@contextmanager
def growing_fit(path: Path, *, force: bool, base: Path | None = None) -> Iterator[GrowingFit]:
    """Give a fit to write to, which gets its name when the body is through; see `whole_file`.

    With `base` the new fit begins as a copy of that one: its documents stay, untouched.

    Raises
    ------
    WorkspaceError
        When `path` exists and `force` is not set.
    """
    with whole_file(path, force=force) as part:
        if base is not None:
            shutil.copyfile(base, part)
        with h5py.File(part, "w" if base is None else "r+", track_order=False) as file:
            yield GrowingFit(file)
