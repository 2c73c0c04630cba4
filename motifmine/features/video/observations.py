"""Observations of a document while it is read: few in memory, many on the disk."""

from array import array
from collections.abc import Iterator
from pathlib import Path
from tempfile import SpooledTemporaryFile

import numpy as np
from numpy.typing import NDArray

from motifmine.features.video.flow import BinRow
from motifmine.parallel.scratch import make_folder
from motifmine.types import Floats32, Indices, Indices32

MOST_IN_MEMORY = 1 << 22
"""Words, and counts, up to this size are kept in memory, bytes: an hour of a quiet camera."""


class ObservationStore:
    """Words of time bins in order, in memory that does not depend on their number.

    Parameters
    ----------
    folder : Path or None
        For files without a name, if there are many; made if need be. None: the system's folder,
        which may itself be in memory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        # a list of numbers would take 36 bytes a bin
        self._per_bin = array("q")
        # files that stay in memory until they are moved; closed with the last map of them
        place = str(folder) if folder else None
        self._words = SpooledTemporaryFile(dir=place)  # noqa: SIM115
        self._counts = SpooledTemporaryFile(dir=place)  # noqa: SIM115
        self._is_on_disk = False

    def add(self, row: BinRow) -> None:
        """Add a time bin that is later than all before."""
        self._per_bin.extend([*[0] * (row.time - len(self._per_bin)), len(row.word)])
        self._words.write(row.word.tobytes())
        self._counts.write(row.count.tobytes())
        if not self._is_on_disk and self._words.tell() > MOST_IN_MEMORY:
            self._move_to_disk()

    def _move_to_disk(self) -> None:
        # only now: an extraction that fails early leaves no folder
        if self._folder is not None:
            make_folder(self._folder)
        self._words.rollover()
        self._counts.rollover()
        self._is_on_disk = True

    def without(self, excluded: NDArray[np.bool_]) -> "ObservationStore":
        """Return what has other words than the excluded ones, bool array (W,)."""
        kept = ObservationStore(self._folder)
        for row in self._rows():
            keep = ~excluded[row.word]
            kept.add(BinRow(row.time, row.word[keep], row.count[keep]))
        return kept

    def offsets(self, n_times: int) -> Indices:
        """Return where the observations of each of `n_times` bins begin, int64 array (T + 1,)."""
        per_bin = np.zeros(n_times + 1, dtype=np.int64)
        per_bin[1 : len(self._per_bin) + 1] = self._per_bin
        return np.cumsum(per_bin)

    def observations(self) -> tuple[Indices32, Floats32]:
        """Return words, int32 array (N,), and counts, float32 array (N,); on the disk as maps."""
        if self._is_on_disk:
            self._words.flush()
            self._counts.flush()
            word: Indices32 = np.memmap(self._words, np.int32, "r")
            return word, np.memmap(self._counts, np.float32, "r")
        self._words.seek(0)
        self._counts.seek(0)
        # copies, as arrays of bytes cannot be written to
        word = np.frombuffer(self._words.read(), np.int32).copy()
        return word, np.frombuffer(self._counts.read(), np.float32).copy()

    def _rows(self) -> Iterator[BinRow]:
        self._words.seek(0)
        self._counts.seek(0)
        for time, n in enumerate(self._per_bin):
            word = np.frombuffer(self._words.read(4 * n), np.int32)
            yield BinRow(time, word, np.frombuffer(self._counts.read(4 * n), np.float32))
