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

    Time bins are half as long as the motifs unless their length is given, seconds.

    Raises
    ------
    DataError
        When the fit has no occurrence.
    """
    found = record.occurrences
    if not len(found):
        raise DataError("the fit has no occurrences; there is nothing to extract from it")
    # starts are known to some bins of the fit only, and what follows on a motif is about its length
    # away: of batches of three motifs F1 was .77 to .97 in the fit's bins, .97 to 1.00 in these
    bin_s = bin_s or record.bin_s * max(1, record.motifs.usual_length // 2)
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
