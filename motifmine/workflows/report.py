"""What the report needs of a workspace beyond the fit itself."""

from collections.abc import Mapping

import numpy as np

from motifmine.analysis.explained import Explained, explained_observations
from motifmine.errors import FormatError
from motifmine.io.hdf5 import store
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable
from motifmine.types import Indices
from motifmine.workflows.workspace import Workspace

MOST_OCCURRENCES = 400
"""Occurrences that are explained: of each motif the heaviest, in turn."""


MOST_OBSERVATIONS = 4_000_000
"""Observations that are read for them."""


def explained_in_workspace(record: FitRecord, workspace: Workspace) -> Mapping[int, Explained]:
    """Return what the heaviest occurrences explain, by index, as far as their tables are there.

    At most `MOST_OCCURRENCES` are told and `MOST_OBSERVATIONS` read. Nothing comes back for fits
    over topics, nor for recordings whose table is gone or is another one by now.
    """
    if record.folded is not None or not len(record.occurrences):
        return {}
    preparation = record.provenance.spec.preparation
    chosen = _heaviest(record)
    found: dict[int, Explained] = {}
    n_read = 0
    for document in np.unique(record.occurrences.document[chosen]).tolist():
        table = _table_of(record, workspace, document)
        if table is None:
            continue
        n_read += len(table.word)
        if n_read > MOST_OBSERVATIONS:
            break
        mine = chosen[record.occurrences.document[chosen] == document]
        prepared = preparation.apply_counts(table)
        found |= explained_observations(record, prepared, document, mine)
    return found


def _heaviest(record: FitRecord) -> Indices:
    """Return occurrences, the heaviest of each motif first, then the second of each, and so on."""
    found = record.occurrences
    order = np.lexsort((-found.weight, found.motif))
    first = np.searchsorted(found.motif[order], found.motif[order])
    rank = np.arange(len(order)) - first
    return order[np.lexsort((-found.weight[order], rank))][:MOST_OCCURRENCES].astype(np.int64)


def _table_of(record: FitRecord, workspace: Workspace, document: int) -> ObservationTable | None:
    """Return the table that a document was fitted from, None where it is gone or another."""
    recording = record.recordings[document]
    path = workspace.table_path(recording.name)
    if not path.is_file():
        return None
    try:
        table = store.read_table(path)
    except FormatError:
        return None
    is_same = (
        table.recordings[0].source_digest == recording.source_digest
        and table.n_times == recording.n_times
        and table.bin_s == record.bin_s
        and not record.vocabulary.difference(table.vocabulary)
    )
    return table if is_same else None
