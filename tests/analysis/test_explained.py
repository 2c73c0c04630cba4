from pathlib import Path

import numpy as np
import pytest

from motifmine.analysis.explained import explain_occurrences
from motifmine.io.hdf5 import store
from motifmine.models.plsm.model import Plsm
from motifmine.records.fit import FitRecord
from motifmine.simulation import Simulation
from motifmine.workflows.mine import mine
from motifmine.workflows.report import explained_in_workspace
from motifmine.workflows.workspace import Workspace


@pytest.fixture(scope="module")
def record(small: Simulation) -> FitRecord:
    return mine(small.table, Plsm(n_motifs=3, motif_length=8), seed=0)


@pytest.fixture
def workspace(small: Simulation, tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    for index, recording in enumerate(small.table.recordings):
        store.write_table(workspace.table_path(recording.name), small.table.document(index))
    return workspace


def test_an_occurrence_explains_as_much_as_it_weighs(
    record: FitRecord, workspace: Workspace
) -> None:
    found = explained_in_workspace(record, workspace)
    assert len(found) == min(len(record.occurrences), 400)
    mass = np.array([explained.mass.sum() for explained in found.values()])
    weight = record.occurrences.weight[list(found)]
    # the fit's last step moves the activations a little
    assert np.median(np.abs(mass / weight - 1)) < 0.03


def test_no_observation_is_explained_more_than_once(record: FitRecord, small: Simulation) -> None:
    chosen = np.flatnonzero(record.occurrences.document == 1)
    found = explain_occurrences(record, small.table.document(1), 1, chosen)
    total = np.zeros((small.table.n_words, small.table.document(1).n_times + 16))
    for i, explained in found.items():
        time = explained.time + record.occurrences.start_bin[i] + 8
        np.add.at(total, (explained.word, time), explained.mass)
    dense = small.table.dense(1)
    assert (total[:, 8:-8] <= dense + 1e-6).all()


def test_entries_lie_inside_the_motif(record: FitRecord, workspace: Workspace) -> None:
    for explained in explained_in_workspace(record, workspace).values():
        assert explained.time.min() >= 0 and explained.time.max() < 8 and explained.mass.min() > 0


def test_tables_that_are_gone_or_others_explain_nothing(
    record: FitRecord, workspace: Workspace, small: Simulation
) -> None:
    first, second = small.table.recordings
    workspace.table_path(first.name).unlink()
    kept = explained_in_workspace(record, workspace)
    assert {int(record.occurrences.document[i]) for i in kept} == {1}
    workspace.table_path(second.name).write_bytes(b"no table")
    assert explained_in_workspace(record, workspace) == {}
