"""The table that a document of a fit was made from, as long as it is there."""

from pathlib import Path

from motifmine.errors import FormatError
from motifmine.io.hdf5 import store
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable, Recording
from motifmine.workflows.cameras import move_as_in_fit


def read_own_table(
    record: FitRecord, recording: Recording, path: Path | None
) -> ObservationTable | None:
    """Return the table that a document was fitted from, None where it was removed or replaced.

    Its words are moved as they were for the fit.
    """
    if path is None or not path.is_file():
        return None
    try:
        table = store.read_table(path)
    except FormatError:
        return None
    is_same = (
        table.recordings[0].source_digest == recording.source_digest
        and table.n_times == recording.n_times
        and table.n_words <= record.motifs.n_words
        and not record.scene.difference(table.scene)
    )
    return move_as_in_fit(record, table) if is_same else None
