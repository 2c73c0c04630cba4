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

# what follows comes a bin earlier or later: with whole observations F1 of batches of three motifs
# was .81 to 1.00 (eight sets), with these parts of them .97 to 1.00
SPREAD = ((-1, 0.25), (0, 0.5), (1, 0.25))


def make_occurrence_table(
    record: FitRecord, bin_s: float | None = None, *, is_spread: bool = False
) -> ObservationTable:
    """Return a table with one document a recording, and an observation where a motif starts.

    Parameters
    ----------
    record : FitRecord
    bin_s : float or None
        Length of the time bins, seconds; None: half of the motifs' length.
    is_spread : bool
        Half of each observation goes to the bins before and after, for motifs of this table whose
        parts do not follow one another to the bin.

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
        shift, part = np.array(SPREAD).T if is_spread else np.array([[0.0], [1.0]])
        around = time[:, None] + shift.astype(np.int64)
        table = table_from_rows(
            time=np.clip(around, 0, n_times - 1).ravel(),
            word=np.repeat(found.motif[mine], len(shift)),
            count=np.tile(part, len(time)),
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
