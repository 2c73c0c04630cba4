"""What motifs explain badly: planted oddities are found, and ordinary days are not."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from scipy.stats import rankdata

from motifmine.analysis.anomalies import (
    calibrate,
    calibrate_surprise,
    measure_documents,
    window_means,
)
from motifmine.io.hdf5 import store
from motifmine.models.plsm.model import Plsm
from motifmine.models.registry import locate_motifs
from motifmine.records.anomalies import SENSES
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.simulation import Simulation, simulate
from motifmine.workflows.mine import locate, mine
from motifmine.workflows.workspace import Workspace
from tests.helpers.paths import ROOT

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def ordinary() -> Simulation:
    return simulate(n_motifs=3, motif_length=8, n_words=24, n_times=1500, seed=7)


@pytest.fixture(scope="module")
def record(ordinary: Simulation) -> FitRecord:
    return mine(ordinary.table, Plsm(n_motifs=3, motif_length=8))


def another_day(day: Simulation) -> ObservationTable:
    """More of the same motifs: the same table with its halves swapped."""
    table = day.table
    rows = table.row_of_observation()
    return table_from_rows(
        time=(rows + 750) % table.n_times,
        word=table.word,
        count=table.count,
        n_times=table.n_times,
        vocabulary=table.vocabulary,
        bin_s=table.bin_s,
    )


def with_rows(
    table: ObservationTable, time: np.ndarray, word: np.ndarray, count: float
) -> ObservationTable:
    return table_from_rows(
        time=np.concatenate([table.row_of_observation(), time]),
        word=np.concatenate([table.word, word]),
        count=np.concatenate([table.count, np.full(len(time), count)]),
        n_times=table.n_times,
        vocabulary=table.vocabulary,
        bin_s=table.bin_s,
    )


def worst(record: FitRecord, table: ObservationTable) -> tuple[str, float, float]:
    found = locate(record, table).anomalies
    assert found is not None
    return SENSES[found.sense[0]], float(found.start_s[0]), float(found.end_s[0])


def test_a_window_mean_is_the_mean_of_the_bins_around() -> None:
    value = np.array([1.0, 2.0, 3.0, 10.0])
    np.testing.assert_allclose(window_means(value, 3), [1.5, 2.0, 5.0, 6.5])


def test_words_in_an_order_that_no_motif_has_are_unexpected(
    ordinary: Simulation, record: FitRecord
) -> None:
    time = np.arange(600, 608).repeat(6)
    word = np.tile(np.arange(24), 2)
    odd = with_rows(another_day(ordinary), time, word, 6.0)
    sense, start, end = worst(record, odd)
    assert sense in ("unexpected", "too many")
    assert start <= 604 * odd.bin_s <= end


def test_a_silence_is_missing(ordinary: Simulation, record: FitRecord) -> None:
    table = another_day(ordinary)
    rows = table.row_of_observation()
    quiet = (rows >= 400) & (rows < 480)
    silent = table.with_counts(np.where(quiet, 0, table.count).astype(np.float32))
    sense, start, end = worst(record, silent)
    assert sense == "missing"
    assert abs(start - 400 * table.bin_s) < 12 * table.bin_s
    assert abs(end - 480 * table.bin_s) < 12 * table.bin_s


def test_an_ordinary_day_surprises_about_as_often_as_it_may(
    ordinary: Simulation, record: FitRecord
) -> None:
    found = locate(record, another_day(ordinary)).anomalies
    assert found is not None
    surprising_s = float((found.end_s - found.start_s).sum())
    assert surprising_s <= 0.06 * ordinary.table.n_times * ordinary.table.bin_s


def test_the_documents_of_the_fit_exceed_a_surprise_as_often_as_it_says(
    record: FitRecord, ordinary: Simulation
) -> None:
    found = locate_motifs(record, ordinary.table)
    measures = measure_documents(ordinary.table, record.motifs, found.background, found.activations)
    surprise = calibrate_surprise(measures[0], calibrate(measures)).overall
    for level in (1.0, 2.0):
        assert 0.2 * 10**-level <= np.mean(surprise >= level) <= 1.5 * 10**-level


def test_anomalies_come_back_from_the_file(record: FitRecord, tmp_path: Path) -> None:
    store.write_fit(tmp_path / "f.h5", record)
    read = store.read_fit(tmp_path / "f.h5").anomalies
    assert read is not None
    assert record.anomalies is not None
    np.testing.assert_array_equal(read.surprise, record.anomalies.surprise)
    np.testing.assert_array_equal(read.scale.quantile, record.anomalies.scale.quantile)


def test_a_fit_without_a_scale_says_what_to_do(
    record: FitRecord, tmp_path: Path, motifmine: Run
) -> None:
    store.write_fit(tmp_path / "motifmine-work/fits/old.h5", replace(record, anomalies=None))
    result = motifmine("anomalies", "old")
    assert result.exit_code == 1
    assert "fit again" in result.stderr


def test_the_command_writes_csv_and_json(record: FitRecord, tmp_path: Path, motifmine: Run) -> None:
    store.write_fit(tmp_path / "motifmine-work/fits/day.h5", record)
    assert motifmine("anomalies", "--format", "csv", "-o", "odd.csv").exit_code == 0
    rows = list(csv.DictReader(Path("odd.csv").read_text().splitlines()))
    assert rows == [
        {key: str(value) for key, value in row.items()}
        for row in json.loads(motifmine("anomalies", "--format", "json").stdout)
    ]


def area_under_roc(score: np.ndarray, is_odd: np.ndarray) -> float:
    n_odd, n_other = is_odd.sum(), (~is_odd).sum()
    return float((rankdata(score)[is_odd].sum() - n_odd * (n_odd + 1) / 2) / (n_odd * n_other))


@pytest.mark.long
@pytest.mark.statistical
def test_odd_events_on_the_rendered_junction_stand_out(motifmine: Run) -> None:
    for name in ("junction", "odd"):
        assert (
            motifmine("-w", name, "extract", ROOT / "sample_data" / name, "--static").exit_code == 0
        )
    line = ("-w", "junction", "fit", "--model", "plsm", "--restarts", "1", "--activity", "sparse")
    assert motifmine(*line).exit_code == 0
    record = store.read_fit(Workspace(Path("junction")).find_fit())
    assert record.anomalies is not None
    table = Workspace(Path("odd")).read_tables()
    prepared = record.provenance.spec.preparation.apply_counts(table)
    found = locate_motifs(record, prepared)
    measures = measure_documents(prepared, record.motifs, found.background, found.activations)
    truth = list(csv.DictReader((ROOT / "sample_data/odd_events.csv").read_text().splitlines()))
    score, is_odd, is_edge = [], [], []
    for recording, document in zip(table.recordings, measures, strict=True):
        middle = recording.bin_start_s + table.bin_s / 2
        spans = [
            (float(row["start_s"]), float(row["end_s"]))
            for row in truth
            if row["document"] == recording.name
        ]
        score.append(calibrate_surprise(document, record.anomalies.scale).overall)
        is_odd.append(np.any([(middle >= a) & (middle < b) for a, b in spans], axis=0))
        is_edge.append(np.any([abs(middle - t) < 0.75 for span in spans for t in span], axis=0))
    inner = ~np.concatenate(is_edge)
    area = area_under_roc(np.concatenate(score)[inner], np.concatenate(is_odd)[inner])
    assert area >= 0.93
