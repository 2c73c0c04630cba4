"""Robustness: the worst change is worse than chance, and stays inside its budget."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.analysis.attacks import attack_counts, find_moves
from motifmine.analysis.occurrences import keep_occurrences
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
    assert len(text) == 2 + 4 * len(BUDGETS) + 3
    rows = list(csv.DictReader(motifmine("robustness", "--format", "csv").stdout.splitlines()))
    assert [row["motif"] for row in rows[:: len(BUDGETS)]] == ["0", "1", "2", "3"]
    work = Workspace(Path("motifmine-work"))
    expected = list_robustness(*measure_fit(work, None, change="moved", seed=0))
    assert [float(row["vanished"]) for row in rows] == [row.vanished for row in expected]


@pytest.mark.parametrize("change", ["moved", "counts"])
def test_the_worst_attack_on_all_counts_costs_more_than_chance(
    change: str, record: FitRecord, small: Simulation
) -> None:
    seen = []

    def locate(table: ObservationTable) -> Located:
        seen.append(table)
        return locate_motifs(record, table)

    shares = (0.05, 0.4)
    found = attack_counts(record, small.table, locate, shares, change=change)  # type: ignore[arg-type]
    assert found.f1_clean == 1
    assert found.f1[1] < found.f1[0] <= 1
    assert (found.f1 <= found.f1_by_chance).all()
    assert found.f1[1] < found.f1_by_chance[1] - 0.03
    clean, *changed = (table.dense(0) for table in seen)
    # random ones first
    for other, share in zip(changed, shares * 2, strict=True):
        assert other.min() >= 0
        cost = np.abs(other - clean).sum() / (2 if change == "moved" else 1)
        assert 0 < cost <= share * small.table.total + 1e-3
        if change == "moved":
            np.testing.assert_allclose(other.sum(axis=1), clean.sum(axis=1), atol=1e-3)


def test_moves_of_an_attack_are_the_best_within_reach(record: FitRecord, small: Simulation) -> None:
    table = small.table.document(0)
    rng = np.random.default_rng(1)
    response = rng.normal(size=(3, 8 + 2 * 2, table.n_words))
    mine = record.occurrences.document == 0
    found = keep_occurrences(record.occurrences, mine)
    gain, target = find_moves(found, table, response, 8, "moved", rng)
    padded = np.zeros((table.n_times + 40, table.n_words))
    for start, k, score in zip(found.start_bin, found.motif, found.score, strict=True):
        padded[20 + start - 2 : 20 + start - 2 + 12] += response[k] / max(score, 1)
    gradient = padded[20:-20]
    row = table.row_of_observation()
    for i in range(len(table.word)):
        first = max(0, row[i] - 8)
        near = gradient[first : row[i] + 9, table.word[i]]
        assert gain[i] == pytest.approx(gradient[row[i], table.word[i]] - near.min())
        assert first <= target[i] < first + len(near)
        assert near[target[i] - first] <= near.min() + 0.1 * gain[i] + 1e-12


def test_attacks_are_judged_against_a_truth(
    record: FitRecord, small: Simulation, tables: dict[int, ObservationTable], motifmine: Run
) -> None:
    for table in tables.values():
        write_table(Path(f"motifmine-work/tables/{table.recordings[0].name}.h5"), table)
    write_fit(Path("motifmine-work/fits/plsm-001.h5"), record)
    known = small.occurrences
    names = [recording.name for recording in record.recordings]
    lines = [
        f"{names[d]},m{k},{s}\n"
        for d, k, s in zip(known.document, known.motif, known.start_s, strict=True)
    ]
    # what the truth does not know counts as false
    del lines[::5]
    Path("truth.csv").write_text("document,label,start_s\n" + "".join(lines))
    rows = json.loads(motifmine("robustness", "--truth", "truth.csv", "--format", "json").stdout)
    evaluation = json.loads(motifmine("evaluate", "--truth", "truth.csv", "--json").stdout)
    clean = {row["f1_clean"] for row in rows if row["motif"] == 0}
    expected = 2 * len(lines) / (len(lines) + len(record.occurrences))
    assert list(clean) == [pytest.approx(expected, abs=0.02)]
    assert list(clean) == [pytest.approx(evaluation["overall"]["f1"], abs=0.02)]
    assert [row["f1"] for row in rows if row["motif"]] == [None] * (3 * len(BUDGETS))
