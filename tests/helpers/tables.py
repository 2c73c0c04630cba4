"""Tables of one document, of words that are only numbered."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.records.vocabulary import Vocabulary


def table_of_rows(
    time: NDArray[np.integer],
    word: NDArray[np.integer],
    *,
    n_times: int,
    n_words: int,
    count: ArrayLike = 1,
    bin_s: float = 1.0,
    name: str = "document",
) -> ObservationTable:
    """Return observations of words 0, 1, ... in time bins, each once unless counts are given."""
    return table_from_rows(
        time=time,
        word=word,
        count=np.broadcast_to(np.asarray(count), len(time)),
        n_times=n_times,
        vocabulary=Vocabulary.of_labels([f"w{number}" for number in range(n_words)]),
        bin_s=bin_s,
        name=name,
    )


def table_of_counts(
    counts: NDArray[np.integer] | NDArray[np.floating],
    *,
    bin_s: float = 1.0,
    name: str = "document",
) -> ObservationTable:
    """Return counts (T, W)."""
    time, word = np.nonzero(counts)
    n_times, n_words = counts.shape
    return table_of_rows(
        time,
        word,
        n_times=n_times,
        n_words=n_words,
        count=counts[time, word],
        bin_s=bin_s,
        name=name,
    )
