"""Robustness: the worst change is worse than chance, and stays inside its budget."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.analysis.robustness import BUDGETS, Robustness, measure_robustness
from motifmine.errors import DataError
from motifmine.io.hdf5.store import write_fit, write_table
from motifmine.models.plsm.model import Plsm
from motifmine.models.protocol import Located
from motifmine.models.registry import locate_motifs
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable
from motifmine.reporting.tables.robustness import list_robustness
from motifmine.simulation import Simulation
from motifmine.workflows.mine import mine
from motifmine.workflows.robustness import measure_fit
from motifmine.workflows.workspace import Workspace

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def record(small: Simulation) -> FitRecord:
    return mine(small.table, Plsm(n_motifs=3, motif_length=8), seed=0)


@pytest.fixture(scope="module")
def tables(small: Simulation) -> dict[int, ObservationTable]:
    return {d: small.table.document(d) for d in range(small.table.n_documents)}


def measure(
    record: FitRecord, tables: dict[int, ObservationTable], **options: object
) -> tuple[Robustness, list[ObservationTable]]:
    seen = []

    def locate(table: ObservationTable) -> Located:
        seen.append(table)
        return locate_motifs(record, table)

    return measure_robustness(record, tables, locate, **options), seen  # type: ignore[arg-type]


@pytest.mark.parametrize("change", ["moved", "counts"])
def test_the_worst_change_is_worse_than_chance(
    change: str, record: FitRecord, tables: dict[int, ObservationTable]
) -> None:
    found, _ = measure(record, tables, change=change)
    assert found.n_occurrences.min() > 3
    assert found.n_places.min() > 3
    # all motifs together, over the budgets
    assert (found.vanished.mean(axis=0) >= found.vanished_by_chance.mean(axis=0)).all()
    assert (found.appeared.mean(axis=0) >= found.appeared_by_chance.mean(axis=0)).all()
    assert found.vanished[:, -1].mean() > found.vanished_by_chance[:, -1].mean() + 0.2
    assert found.appeared[:, -1].mean() > found.appeared_by_chance[:, -1].mean() + 0.2
    assert found.vanished[:, 0].mean() < 0.3
    again, _ = measure(record, tables, change=change)
    np.testing.assert_array_equal(again.vanished_by_chance, found.vanished_by_chance)


def test_moves_keep_the_words_and_stay_inside_the_budget(
    record: FitRecord, tables: dict[int, ObservationTable]
) -> None:
    _, (seen,) = measure(record, tables)
    n_variants = 1 + 2 * len(BUDGETS)
    assert seen.n_documents % n_variants == 0
    usual = max(
        np.median(record.occurrences.weight[record.occurrences.motif == k]) for k in range(3)
    )
    for first in range(0, seen.n_documents, 5 * n_variants):
        clean = seen.document(first).dense(0)
        for i in range(1, n_variants):
            other = seen.document(first + i).dense(0)
            np.testing.assert_allclose(other.sum(axis=1), clean.sum(axis=1), atol=1e-3)
            budget = BUDGETS[(i - 1) // 2] * usual
            assert np.abs(other - clean).sum() / 2 <= budget + 1e-3


def test_where_nothing_can_be_tried_is_refused(
    record: FitRecord, tables: dict[int, ObservationTable], tmp_path: Path
) -> None:
    few = np.flatnonzero(record.occurrences.start_bin < 8)[:1]
    found = replace(
        record.occurrences,
        document=record.occurrences.document[few],
        start_bin=record.occurrences.start_bin[few],
        start_s=record.occurrences.start_s[few],
        motif=record.occurrences.motif[few],
        weight=record.occurrences.weight[few],
        score=record.occurrences.score[few],
        false_probability=None,
        false_per_hour=None,
    )
    with pytest.raises(DataError, match="away from the edges"):
        measure(replace(record, occurrences=found), tables)
    write_fit(tmp_path / "fits/plsm-001.h5", record)
    with pytest.raises(DataError, match="extract again"):
        measure_fit(Workspace(tmp_path), None, change="moved", seed=0)


def test_the_command_prints_a_row_for_every_motif_and_change(
    record: FitRecord, tables: dict[int, ObservationTable], motifmine: Run
) -> None:
    for table in tables.values():
        write_table(Path(f"motifmine-work/tables/{table.recordings[0].name}.h5"), table)
    write_fit(Path("motifmine-work/fits/plsm-001.h5"), record)
    text = motifmine("robustness").stdout.splitlines()
    assert len(text) == 2 + 4 * len(BUDGETS) + 2
    rows = list(csv.DictReader(motifmine("robustness", "--format", "csv").stdout.splitlines()))
    assert [row["motif"] for row in rows[:: len(BUDGETS)]] == ["0", "1", "2", "3"]
    _, found = measure_fit(Workspace(Path("motifmine-work")), None, change="moved", seed=0)
    expected = list_robustness(record, found)
    assert [float(row["vanished"]) for row in rows] == [row.vanished for row in expected]
