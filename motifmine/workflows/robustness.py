"""Robustness of a fit of a workspace."""

from motifmine.analysis.robustness import Change, Robustness, measure_robustness
from motifmine.errors import DataError
from motifmine.io.hdf5 import store
from motifmine.models.registry import finds_occurrences, locate_motifs, part_of
from motifmine.records.fit import FitRecord
from motifmine.workflows.own_tables import read_own_table
from motifmine.workflows.workspace import Workspace

# observations that are read, to bound time; the documents after them are not tried
MOST_OBSERVATIONS = 4_000_000


def measure_fit(
    workspace: Workspace, name: str | None, *, change: Change, seed: int
) -> tuple[FitRecord, Robustness]:
    """Return a fit, and how little change of the counts makes its occurrences vanish or appear.

    Raises `DataError` when no table of the fit is there, or its model gives no activations.
    """
    record = store.read_fit(workspace.find_fit(name))
    if finds_occurrences(record.provenance.model):
        raise DataError(
            f"{record.provenance.model} does not infer starts of motifs, whose robustness it would "
            "be; use a fit of a model of motifs"
        )
    tables, n_read = {}, 0
    for document, recording in enumerate(record.recordings):
        table = read_own_table(record, recording, workspace.table_path(recording.name))
        if table is not None and n_read < MOST_OBSERVATIONS:
            tables[document] = record.provenance.spec.preparation.apply_counts(table)
            n_read += len(table.word)
    if not tables:
        raise DataError("no table of the fit is in the workspace as it was; extract again")
    response_of = part_of(record.provenance.model, "response")
    return record, measure_robustness(
        record,
        tables,
        lambda counts: locate_motifs(record, counts),
        response=None if response_of is None else response_of(record),
        change=change,
        seed=seed,
    )
