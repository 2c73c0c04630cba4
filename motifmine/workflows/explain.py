"""What single occurrences of a fit explain, from the tables of its workspace."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from motifmine.analysis.explained import Explained, explain_occurrences
from motifmine.analysis.occurrences import rank_by_weight
from motifmine.errors import DataError
from motifmine.io.hdf5 import store
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable
from motifmine.types import Indices
from motifmine.workflows.own_tables import read_own_table
from motifmine.workflows.workspace import Workspace

MOST_OCCURRENCES = 400  # occurrences that are explained: of each motif the heaviest, in turn
# observations that are read for them at most, to bound time and the size of a report
MOST_OBSERVATIONS = 4_000_000


def explain_heaviest_in_workspace(
    record: FitRecord, workspace: Workspace, path: Path | None = None
) -> Mapping[int, Explained]:
    """Return the observations that the heaviest occurrences explain, by index.

    Activations are those of the record, or are read from the fit `path` for each recording.

    At most `MOST_OCCURRENCES` are returned and `MOST_OBSERVATIONS` read. There are none for fits
    over topics, nor for recordings whose table was removed or has changed.
    """

    def read(document: int) -> ObservationTable | None:
        recording = record.recordings[document]
        return read_own_table(record, recording, workspace.table_path(recording.name))

    def activate(document: int) -> FitRecord:
        if path is None:
            return record
        return replace(record, activations=store.read_document_activations(path, document))

    return _explain_heaviest(record, read, activate)


def explain_heaviest(record: FitRecord, table: ObservationTable) -> Mapping[int, Explained]:
    """Return the same, of a table in memory that the fit is of."""
    return _explain_heaviest(record, table.document, lambda _: record)


def explain_in_workspace(record: FitRecord, workspace: Workspace, number: int) -> Explained:
    """Return what an occurrence explains, and its score with and without others.

    Occurrences are numbered from 1, in the order of `record.occurrences`.

    Raises `DataError` when there is no such occurrence, the fit is over topics, or its table is not
    there.
    """
    if not 1 <= number <= len(record.occurrences):
        raise DataError(
            f"there is no occurrence {number}; the fit has {len(record.occurrences)}, numbered "
            "from 1 in the order that `motifmine occurrences` lists them"
        )
    index = number - 1
    document = int(record.occurrences.document[index])
    recording = record.recordings[document]
    path = workspace.table_path(recording.name)
    table = read_own_table(record, recording, path)
    if table is None and record.vocabulary.layout.topics() is not None:
        raise DataError("a fit over topics keeps no observations of words; fit with --topics off")
    if table is None:
        raise DataError(f"{path}, the table of the fit, was removed or has changed; extract again")
    prepared = record.provenance.spec.preparation.apply_counts(table)
    return explain_occurrences(record, prepared, document, np.array([index]))[index]


def _explain_heaviest(
    record: FitRecord,
    read: Callable[[int], ObservationTable | None],
    activate: Callable[[int], FitRecord],
) -> Mapping[int, Explained]:
    """Return what the heaviest occurrences explain, by the table and the activations of each."""
    if record.folded is not None or not len(record.occurrences):
        return {}
    preparation = record.provenance.spec.preparation
    chosen = _heaviest(record)
    found: dict[int, Explained] = {}
    n_read = 0
    for document in np.unique(record.occurrences.document[chosen]).tolist():
        table = read(document)
        if table is None:
            continue
        n_read += len(table.word)
        # a long table cannot be read in part, so the limit is between tables
        if n_read > MOST_OBSERVATIONS:
            break
        mine = chosen[record.occurrences.document[chosen] == document]
        prepared = preparation.apply_counts(table)
        found |= explain_occurrences(activate(document), prepared, document, mine)
    return found


def _heaviest(record: FitRecord) -> Indices:
    """Return occurrences, the heaviest of each motif first, then the second of each, and so on."""
    found = record.occurrences
    # rank within the motif: a frequent motif must not take all places
    index, rank = rank_by_weight(found, len(record.motifs), MOST_OCCURRENCES)
    return index[np.lexsort((-found.weight[index], rank))][:MOST_OCCURRENCES]
