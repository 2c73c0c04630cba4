"""Tables of given counts."""

import numpy as np

from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.records.vocabulary import Vocabulary
from motifmine.types import Indices


def table_of_counts(count: Indices) -> ObservationTable:
    """Return one document of counts (T, W), bins of a second."""
    time, word = np.nonzero(count)
    return table_from_rows(
        time=time,
        word=word,
        count=count[time, word],
        n_times=len(count),
        vocabulary=Vocabulary.of_labels([f"w{i}" for i in range(count.shape[1])]),
        bin_s=1.0,
    )
