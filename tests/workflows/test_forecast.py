"""Forecasts by a saved fit, their table, and scores on other recordings."""

import pytest

from motifmine.errors import DataError
from motifmine.io.hdf5 import store
from motifmine.models.plsm.model import Plsm
from motifmine.reporting.tables.forecasts import format_forecast, format_scores
from motifmine.simulation import Simulation
from motifmine.workflows.forecast import forecast, score_fits
from motifmine.workflows.mine import mine
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
    found = forecast(workspace, None, 4, None)
    assert found.expected.shape == (4, 18) and (found.expected >= 0).all()
    assert found.end_s == 400.0
    text = format_forecast(
        found.expected, found.record.vocabulary.labels, 1.0, end_s=found.end_s, most=2
    )
    assert len(text.splitlines()) == 2 + 4 and "all words" in text


def test_a_fit_is_scored_on_a_recording_that_it_was_not_learned_from(workspace: Workspace) -> None:
    own, other = workspace.table_paths()
    scores = score_fits(workspace, ["plsm-001"], [other])
    assert f"{scores.best} predicts the next bin best" in format_scores(scores)
    with pytest.raises(DataError, match="was learned from"):
        score_fits(workspace, ["plsm-001"], [own])
