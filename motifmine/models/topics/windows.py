"""Short windows of recordings, the documents of topic models."""

from dataclasses import dataclass

import numpy as np

from motifmine.records.table import ObservationTable
from motifmine.types import Floats32, Indices, Indices32

WINDOW_S = 1.0  # default length of the windows that topics are learned from, seconds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Windows:
    """Sparse counts of windows over the words that occur."""

    offsets: Indices
    """Observations of window m are `[m]:[m + 1]`, int64 array (M + 1,)."""
    word: Indices32
    """Index into `used`, int32 array (N,)."""
    count: Floats32
    used: Indices
    """Words of the table that occur, ascending, int64 array (U,)."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def n_words(self) -> int:
        """Number of words that occur."""
        return len(self.used)

    @property
    def total(self) -> float:
        """Sum of all counts."""
        return float(self.count.sum(dtype=np.float64))


def choose_window_bins(table: ObservationTable, window_bins: int | None) -> int:
    """Return the length of a window in time bins: as given, or `WINDOW_S`, at least one bin."""
    return window_bins or max(1, round(WINDOW_S / table.bin_s))


def cut_windows(table: ObservationTable, window_bins: int, most_windows: int) -> Windows:
    """Cut documents into windows; windows do not extend over the edge of a document.

    Of more than `most_windows` windows that are not empty a regular subset is used.
    """
    lengths = [recording.n_times for recording in table.recordings]
    n_windows = [-(-length // window_bins) for length in lengths]
    first = np.concatenate([[0], np.cumsum(n_windows)])[:-1]
    window_of_time = np.concatenate(
        [np.zeros(0, np.int64)]
        + [f + np.arange(n) // window_bins for f, n in zip(first, lengths, strict=True)]
    )
    window = window_of_time[table.row_of_observation()]
    filled = np.unique(window)
    if len(filled) > most_windows:
        # a regular subset keeps all hours of the day
        filled = filled[np.arange(most_windows) * len(filled) // most_windows]
    # searchsorted gives the end for windows after the last
    at = np.searchsorted(filled, window).clip(max=len(filled) - 1)
    taken = filled[at] == window if len(filled) else np.zeros(0, bool)
    used, word = np.unique(table.word[taken], return_inverse=True)
    key = at[taken] * len(used) + word
    cell, inverse = np.unique(key, return_inverse=True)
    count = np.bincount(inverse, weights=table.count[taken], minlength=len(cell))
    n_words = max(len(used), 1)
    return Windows(
        offsets=np.searchsorted(cell // n_words, np.arange(len(filled) + 1)).astype(np.int64),
        word=(cell % n_words).astype(np.int32),
        count=count.astype(np.float32),
        used=used.astype(np.int64),
    )


def make_single_bin_windows(table: ObservationTable) -> Windows:
    """Return every time bin as a window, including empty ones, over the whole vocabulary."""
    return Windows(
        offsets=table.offsets,
        word=table.word,
        count=table.count,
        used=np.arange(table.n_words, dtype=np.int64),
    )
