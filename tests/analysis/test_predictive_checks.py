"""Does a draw from the fit look like the data, and what is said where it does not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motifmine.analysis.predictive_checks import STATISTICS, check_predictions
from motifmine.io.hdf5 import store
from motifmine.models.plsm.model import Plsm
from motifmine.records.fit import FitRecord
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.sections import predictive
from motifmine.reporting.html.sections.predictive import predictive_sentence
from motifmine.simulation import Simulation, simulate
from motifmine.workflows.mine import mine


@pytest.fixture(scope="module")
def drawn() -> Simulation:
    return simulate(n_motifs=3, motif_length=8, n_words=24, n_times=1500, seed=5)


@pytest.fixture(scope="module")
def record(drawn: Simulation) -> FitRecord:
    return mine(drawn.table, Plsm(n_motifs=3, motif_length=8))


def exceeding(record: FitRecord) -> set[str]:
    assert record.predictive is not None
    return {
        name
        for name, more in zip(
            record.predictive.statistics, record.predictive.exceeds.tolist(), strict=True
        )
        if more
    }


def test_data_of_the_model_look_like_draws(
    record: FitRecord, drawn: Simulation, tmp_path: Path
) -> None:
    # sizes of the simulation vary by half of their mean, which is more than chance
    assert exceeding(record) == {"spread of sizes"}
    assert record.predictive is not None
    assert "vary by 47% of their mean" in predictive_sentence(record.predictive)
    sizes = np.random.default_rng(1).poisson(30.0, len(record.occurrences)).astype(float)
    # two events taken for one, and halves of others
    sizes[:8] *= np.repeat([2.0, 0.4], 4)
    alike = replace(record, occurrences=replace(record.occurrences, weight=sizes))
    checks = check_predictions(alike, drawn.table)
    assert "look like the recordings" in predictive_sentence(checks)
    store.write_fit(tmp_path / "f.h5", record)
    read = store.read_fit(tmp_path / "f.h5").predictive
    assert read is not None
    assert read.statistics == tuple(STATISTICS)
    np.testing.assert_array_equal(read.observed, record.predictive.observed)


def test_busy_and_quiet_times_are_noticed(record: FitRecord, drawn: Simulation) -> None:
    table = drawn.table
    hour = np.sin(2 * np.pi * table.row_of_observation() / 300)
    busy = table.with_counts(np.round(table.count * 3 * (1 + hour)).astype(np.float32))
    changed = replace(record, n_observations=busy.total)
    checked = replace(record, predictive=check_predictions(changed, busy))
    assert {"busy times", "memory beyond a motif"} <= exceeding(checked)
    page = predictive.section(ReportContext(checked))
    assert "busy and quiet times (totals vary" in page


def test_heavy_tails_of_sizes_are_noticed(record: FitRecord, drawn: Simulation) -> None:
    weight = record.occurrences.weight * np.random.default_rng(0).lognormal(
        0, 1, len(record.occurrences)
    )
    heavy = replace(record, occurrences=replace(record.occurrences, weight=weight))
    checked = replace(record, predictive=check_predictions(heavy, drawn.table))
    assert "spread of sizes" in exceeding(checked)


def test_too_little_data_say_nothing(drawn: Simulation) -> None:
    table = simulate(n_motifs=1, motif_length=8, n_words=6, n_times=40, seed=1).table
    short = mine(table, Plsm(n_motifs=1, motif_length=8))
    assert short.predictive is not None
    assert np.isnan(short.predictive.observed).all()
    assert not short.predictive.exceeds.any()
