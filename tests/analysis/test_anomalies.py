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
    measure_held_out,
    window_means,
)
from motifmine.analysis.anomaly_scale import autocorrelation_time, describe_measures, surprise_of
from motifmine.analysis.held_out_motifs import leave_out_folds
from motifmine.io.hdf5 import store
from motifmine.models.plsm.model import Plsm
from motifmine.models.registry import locate_motifs
from motifmine.records.anomalies import SENSES, usable_scale
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


def rows_of(table: ObservationTable, first: int, end: int) -> ObservationTable:
    """Return the time bins `first <= t < end` of a document."""
    rows = table.row_of_observation()
    kept = (rows >= first) & (rows < end)
    return table_from_rows(
        time=rows[kept] - first,
        word=table.word[kept],
        count=table.count[kept],
        n_times=end - first,
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
    # after 1500 bins only windows of four motif lengths are sure, of which half may be outside
    assert abs(start - 400 * table.bin_s) <= 16 * table.bin_s
    assert abs(end - 480 * table.bin_s) <= 16 * table.bin_s


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
    measures = measure_held_out(ordinary.table, record.motifs, found.background, found.activations)
    surprise = calibrate_surprise(measures[0], calibrate(measures, 8)).overall
    for level in (1.0, 2.0):
        assert 0.2 * 10**-level <= np.mean(surprise >= level) <= 1.5 * 10**-level


def test_new_recordings_exceed_a_surprise_as_often_after_ten_minutes_of_learning() -> None:
    above = []
    for seed in range(3):
        day = simulate(n_motifs=3, motif_length=8, n_words=24, n_times=3000, seed=seed)
        known, fresh = rows_of(day.table, 0, 600), rows_of(day.table, 600, 3000)
        fit = Plsm(n_motifs=3, motif_length=8, restarts=1).fit(known, seed=seed)
        found, there = fit.locate(known), fit.locate(fresh)
        scale = calibrate(
            measure_held_out(known, fit.motifs, found.background, found.activations), 8
        )
        measures = measure_documents(fresh, fit.motifs, there.background, there.activations)
        above.append(calibrate_surprise(measures[0], scale).overall >= 2)
    # on the data learned from, as it once was, five times as many exceed it
    assert 0.001 <= np.mean(above) <= 0.02


def test_a_fold_is_measured_without_the_words_that_only_it_has(
    ordinary: Simulation, record: FitRecord
) -> None:
    time = np.arange(0, 180, 20).repeat(3)
    odd = with_rows(ordinary.table, time, np.full(len(time), 23), 30.0)
    found = locate_motifs(record, odd)
    folds = list(leave_out_folds(odd, record.motifs, found.background, found.activations, 0.03))
    assert [fold.first for fold in folds][1:] == [fold.end for fold in folds][:-1]
    assert (folds[0].first, folds[-1].end) == (0, 1500)
    for fold in folds:
        assert np.allclose(fold.motifs.probability.sum(axis=(1, 2)), 1, atol=1e-5)
    # what the background needed word 23 for lies in the first fold
    first, last = folds[0].background.probability, folds[-1].background.probability
    assert first[23] < 0.3 * last[23]


def test_the_tail_of_few_values_is_heavier_than_that_of_many() -> None:
    rng = np.random.default_rng(3)
    many = describe_measures(rng.exponential(size=(1, 50_000)), 10)
    few = describe_measures(rng.exponential(size=(1, 100)), 10)
    far = np.array([12.0])
    assert surprise_of(far, few, 0, predictive=True) < surprise_of(far, many, 0, predictive=True)
    known = surprise_of(far, many, 0, predictive=True)[0]
    assert known == pytest.approx(12 / np.log(10), abs=0.5)


def test_a_moving_mean_of_ten_bins_is_one_value_in_ten() -> None:
    noise = np.random.default_rng(4).normal(size=20_000)
    mean = np.convolve(noise, np.full(10, 0.1), mode="valid")
    assert autocorrelation_time(noise, 100) < 1.5
    assert autocorrelation_time(mean, 100) == pytest.approx(10, rel=0.15)
    assert autocorrelation_time(np.ones(50), 100) == 1.0


def test_a_scale_of_an_older_version_is_not_used(ordinary: Simulation, record: FitRecord) -> None:
    assert record.anomalies is not None
    assert usable_scale(record.anomalies) is record.anomalies.scale
    scale = record.anomalies.scale
    older = replace(record.anomalies, scale=replace(scale, tail=scale.tail[:, :3]))
    assert usable_scale(older) is None
    assert (
        locate(replace(record, anomalies=older), rows_of(ordinary.table, 0, 300)).anomalies is None
    )


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
@pytest.mark.release
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
