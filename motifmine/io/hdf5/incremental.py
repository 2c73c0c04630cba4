"""Writing a fit document by document, for out-of-core fits."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py

from motifmine.io.hdf5.documents import write_documents
from motifmine.io.hdf5.store import write_fit_head
from motifmine.io.hdf5.writing import open_new
from motifmine.records.fit import Activations, FitRecord
from motifmine.records.table import Recording


class GrowingFit:
    """An open fit file: documents are added first, and everything else at the end."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file

    def add(self, recordings: Sequence[Recording], activations: Activations) -> None:
        """Write a few documents and their activations."""
        write_documents(self._file, recordings, activations)

    def finish(self, record: FitRecord) -> None:
        """Write everything except documents; the documents of `record` are ignored.

        `record.provenance.inputs` must name all documents, in order.
        """
        for name in set(self._file) - {"activations"}:
            del self._file[name]
        write_fit_head(self._file, record)


@contextmanager
def open_growing_fit(path: Path, *, force: bool, base: Path | None = None) -> Iterator[GrowingFit]:
    """Open a fit for writing, which is renamed into place at the end; see `open_new`.

    With a base the new fit begins as a copy of it and keeps its documents.

    Raises `WorkspaceError` when `path` exists and `force` is not set.
    """
    with open_new(path, force=force, base=base, grows=True) as file:
        yield GrowingFit(file)
