"""Forecasts by a saved fit, their table, and scores on other recordings."""

import csv
import io
import json

import numpy as np
import pytest

from motifmine.errors import DataError
from motifmine.io.hdf5 import store
from motifmine.models.plsm.model import Plsm
from motifmine.reporting.tables.forecasts import (
    MOST_ROWS,
    WIDTH,
    WRITERS,
    format_scores,
)
from motifmine.simulation import Simulation
from motifmine.workflows.forecast import forecast, score_fits
from motifmine.workflows.mine import mine
from motifmine.workflows.report import show_fit
from motifmine.workflows.workspace import Workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, small: Simulation) -> Workspace:
    """A fit of the first of two documents, and the tables of both."""
    place = Workspace(tmp_path_factory.mktemp("forecast"))
    for number, recording in enumerate(small.table.recordings):
        store.write_table(place.table_path(recording.name), small.table.document(number))
    spec = Plsm(n_motifs=3, motif_length=8, restarts=1, iterations=20)
    store.write_fit(place.fit_path("plsm-001"), mine(small.table.document(0), spec))
    return place


def test_the_bins_after_a_recording_are_expected_and_listed(workspace: Workspace) -> None:
    found = forecast(workspace, None, 25, None)
    assert found.expected.shape == (25, 18) and (found.expected >= 0).all()
    assert found.going_on.shape == (25, 3)
    assert found.going_on.min() >= 0 and found.going_on.max() <= 1
    assert found.end_s == 400.0
    lines = WRITERS["table"](found).splitlines()
    # a terminal shows it all, and three bins are added up in a line
    assert len(lines) == 3 + 9 <= 3 + MOST_ROWS
    assert max(map(len, lines)) <= WIDTH
    assert float(lines[3].split()[1]) == pytest.approx(found.expected[:3].sum(), abs=0.01)
    rows = list(csv.reader(io.StringIO(WRITERS["csv"](found))))
    assert len(rows) == 1 + 25 and {len(row) for row in rows} == {2 + 3 + 18}
    content = json.loads(WRITERS["json"](found))
    assert content["bins"][24]["start_s"] == 424.0
    assert content["bins"][0]["expected"] == pytest.approx(found.expected[0], abs=1e-6)


def test_a_fit_is_scored_on_a_recording_that_it_was_not_learned_from(workspace: Workspace) -> None:
    own, other = workspace.table_paths()
    before = workspace.find_fit("plsm-001").read_bytes()
    scores = score_fits(workspace, ["plsm-001"], [other])
    assert workspace.find_fit("plsm-001").read_bytes() == before
    score_fits(workspace, ["plsm-001"], [other], keep=True)
    assert f"{scores.best} predicts the next bin best" in format_scores(scores)
    report = show_fit(workspace, "plsm-001")
    record = store.read_fit(workspace.find_fit("plsm-001"))
    assert record.forecast is not None and np.array_equal(record.forecast.nats, scores.nats)
    drawn = report.read_text()
    drawn = drawn[drawn.index('id="forecast"') :]
    # a curve and a row of numbers for each predictor
    assert drawn[: drawn.index("</figure>")].count("<path") == len(scores.predictors) == 3
    assert all(f"{value:.3f}" in drawn for value in scores.nats.ravel())
    with pytest.raises(DataError, match="was learned from"):
        score_fits(workspace, ["plsm-001"], [own])
