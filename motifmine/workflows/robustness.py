"""Robustness of a fit of a workspace."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from motifmine.analysis.attacks import Attacks, Change, attack_counts
from motifmine.analysis.robustness import BUDGETS, Robustness, measure_robustness
from motifmine.errors import DataError
from motifmine.io.hdf5 import store
from motifmine.io.truth_files import read_truth
from motifmine.models.registry import finds_occurrences, locate_motifs, part_of
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable, join_tables
from motifmine.records.truth import Truth
from motifmine.types import Floats
from motifmine.workflows.own_tables import read_own_table
from motifmine.workflows.workspace import Workspace

# observations that are read, and of which all are attacked, to bound time; the documents after
# them are not tried
MOST_OBSERVATIONS, MOST_ATTACKED = 4_000_000, 400_000


def measure_fit(
    workspace: Workspace,
    name: str | None,
    *,
    change: Change,
    seed: int,
    truth: Path | None = None,
) -> tuple[FitRecord, Robustness, Attacks]:
    """Return a fit, how little change makes its occurrences vanish or appear, and attacks on all.

    Raises `DataError` when no table of the fit is there, or its model gives no activations, and
    `FormatError` when the file of the truth cannot be read.
    """
    record = store.read_fit(workspace.find_fit(name))
    if finds_occurrences(record.provenance.model):
        raise DataError(
            f"{record.provenance.model} does not infer starts of motifs, whose robustness it would "
            "be; use a fit of a model of motifs"
        )
    known = None if truth is None else read_truth(truth, record)
    tables, n_read = {}, 0
    for document, recording in enumerate(record.recordings):
        table = read_own_table(record, recording, workspace.table_path(recording.name))
        if table is not None and n_read < MOST_OBSERVATIONS:
            tables[document] = record.provenance.spec.preparation.apply_counts(table)
            n_read += len(table.word)
    if not tables:
        raise DataError("no table of the fit is in the workspace as it was; extract again")
    found = measure_robustness(
        record,
        tables,
        lambda counts: locate_motifs(record, counts),
        response=_response_of(record),
        change=change,
        seed=seed,
    )
    joined = _take_first(join_tables(list(tables.values())))
    attacks = attack_counts(
        record,
        joined,
        lambda counts: locate_motifs(record, counts),
        BUDGETS,
        response=_response_of(record),
        truth=None if known is None else _number_by(known, list(tables)[: joined.n_documents]),
        change=change,
        seed=seed,
    )
    return record, found, attacks


def describe_attack(record: FitRecord, counts: ObservationTable, share: float) -> str:
    """Return how well a fit finds its occurrences again in counts of which a share was attacked.

    Parameters
    ----------
    record : FitRecord
    counts : ObservationTable
        Of the fit, prepared.
    share : float
        Of the observations.
    """
    attacks = attack_counts(
        record,
        _take_first(counts),
        lambda other: locate_motifs(record, other),
        (share,),
        response=_response_of(record),
    )
    return (
        f"with {share:.0%} of the observations moved against it, the model finds the occurrences "
        f"of the counts as they are with an F1 of {attacks.f1[0]:.3f} "
        f"({attacks.f1_by_chance[0]:.3f} where as many are moved at random)"
    )


def _take_first(table: ObservationTable) -> ObservationTable:
    """Return the first documents, with enough observations for a bounded time."""
    before = table.offsets[table.document_offsets[:-1]]
    return table.documents(list(range(int(np.count_nonzero(before < MOST_ATTACKED)))))


def _response_of(record: FitRecord) -> Floats | None:
    response_of = part_of(record.provenance.model, "response")
    return None if response_of is None else response_of(record)


def _number_by(truth: Truth, documents: list[int]) -> Truth:
    """Return the events of some documents, numbered in their order."""
    number = {document: i for i, document in enumerate(documents)}
    kept = [i for i, document in enumerate(truth.document.tolist()) if document in number]
    return replace(
        truth,
        document=np.array([number[truth.document[i]] for i in kept], np.int64),
        label=tuple(truth.label[i] for i in kept),
        start_s=truth.start_s[kept],
        end_s=truth.end_s[kept],
    )
