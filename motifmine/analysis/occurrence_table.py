"""Occurrences as observations: a table whose words are the motifs of a fit."""

import numpy as np

from motifmine.errors import DataError
from motifmine.records.fit import FitRecord
from motifmine.records.table import (
    ObservationTable,
    Recording,
    bin_starts,
    join_tables,
    table_from_rows,
)
from motifmine.records.vocabulary import Vocabulary


def make_occurrence_table(record: FitRecord, bin_s: float | None = None) -> ObservationTable:
    """Return a table with one document a recording, and an observation where a motif starts.

    Raises
    ------
    DataError
        When the fit has no occurrence.
    """
    found = record.occurrences
    if not len(found):
        raise DataError("the fit has no occurrences; there is nothing to extract from it")
    bin_s = bin_s or record.bin_s
    words = Vocabulary.of_labels([record.title_of(motif) for motif in range(len(record.motifs))])
    tables = []
    for document, recording in enumerate(record.recordings):
        first_s, end_s = recording.extent_s(record.bin_s)
        n_times = max(1, int(np.ceil((end_s - first_s) / bin_s - 1e-6)))
        mine = found.document == document
        # motifs may begin before the recording does
        time = np.floor((found.start_s[mine] - first_s) / bin_s + 1e-6).astype(np.int64)
        table = table_from_rows(
            time=np.clip(time, 0, n_times - 1),
            word=found.motif[mine],
            count=np.ones(len(time)),
            n_times=n_times,
            vocabulary=words,
            bin_s=bin_s,
            name=recording.name,
        )
        copy = Recording(
            name=recording.name,
            bin_start_s=first_s + bin_starts(n_times, bin_s),
            source=recording.source,
            source_digest=recording.source_digest,
            start_utc=recording.start_utc,
            origin_s=recording.origin_s,
        )
        tables.append(table.of_recording(copy))
    return join_tables(tables)
