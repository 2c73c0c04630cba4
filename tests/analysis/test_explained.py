import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motifmine.analysis.explained import Explained, explain_occurrences, score_mass
from motifmine.analysis.occurrences import find_occurrences
from motifmine.errors import DataError
from motifmine.io.hdf5 import store
from motifmine.models.plsm.model import Plsm
from motifmine.records.fit import Activations, Background, FitRecord, MotifSet
from motifmine.records.table import table_from_rows
from motifmine.records.vocabulary import Vocabulary
from motifmine.reporting.tables.explaining import explaining_sentences, format_explained
from motifmine.simulation import Simulation
from motifmine.workflows.explain import explain_heaviest_in_workspace, explain_in_workspace
from motifmine.workflows.mine import mine
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
    found = explain_heaviest_in_workspace(record, workspace)
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
    for explained in explain_heaviest_in_workspace(record, workspace).values():
        assert explained.time.min() >= 0 and explained.time.max() < 8 and explained.mass.min() > 0


def test_tables_that_are_gone_or_others_explain_nothing(
    record: FitRecord, workspace: Workspace, small: Simulation
) -> None:
    first, second = small.table.recordings
    workspace.table_path(first.name).unlink()
    kept = explain_heaviest_in_workspace(record, workspace)
    assert {int(record.occurrences.document[i]) for i in kept} == {1}
    workspace.table_path(second.name).write_bytes(b"no table")
    assert explain_heaviest_in_workspace(record, workspace) == {}


def test_the_score_is_that_of_the_best_mass_by_hand() -> None:
    count, rest = np.array([3.0, 1.0, 7.0]), np.array([0.5, 0.2, 4.0])
    shape = np.array([0.6, 0.4, 0.0])
    masses = np.linspace(0, 20, 200_001)[:, None]
    by_hand = (count * np.log((rest + masses * shape) / rest)).sum(axis=1) - masses[:, 0]
    assert score_mass(count, rest, shape) == pytest.approx(by_hand.max(), abs=1e-3)
    assert score_mass(np.array([0.1]), np.array([50.0]), np.array([1.0])) < 0.1


def test_a_motif_that_is_there_explains_another_away(record: FitRecord) -> None:
    """Two motifs that share a word: with the one there, the other has little left to explain."""
    vocabulary = Vocabulary.of_labels(["a", "b", "c"])
    table = table_from_rows(
        time=np.array([5, 6, 6]),
        word=np.array([0, 1, 2]),
        count=np.array([10.0, 10.0, 1.0]),
        n_times=20,
        vocabulary=vocabulary,
        bin_s=1.0,
        name="one",
    )
    phi = np.zeros((2, 2, 3), np.float32)
    phi[0, 0, 0] = phi[0, 1, 1] = 0.5
    phi[1, 0, 0], phi[1, 1, 2] = 0.9, 0.1
    activations = Activations(
        offsets=np.array([0, 2]),
        start=np.array([5, 5], np.int32),
        motif=np.array([0, 1], np.int32),
        mass=np.array([19.0, 2.0], np.float32),
    )
    motifs = MotifSet(probability=phi, weight=np.array([0.9, 0.05]))
    flat = Background(probability=np.full(3, 1 / 3, np.float32), weight=0.05)
    found = find_occurrences(table, motifs, flat, activations)
    record = replace(
        record,
        motifs=motifs,
        background=flat,
        activations=activations,
        occurrences=found,
        drift=None,
        stability=None,
    )
    explained = explain_occurrences(record, table, 0, np.array([0, 1]))
    second = explained[1]
    assert explained[1].seen == 21
    (rival,) = second.rivals
    assert rival.motif == 0
    assert second.score_alone > 20
    assert second.score < 3
    assert rival.score_with == pytest.approx(second.score)
    assert rival.score_without == pytest.approx(second.score_alone)
    assert second.mass.sum() + rival.mass + second.background == pytest.approx(21)
    seen, line = explaining_sentences(record, 1, second)
    alone, together = f"{second.score_alone:.0f} nats", f"{second.score:.0f}"
    assert line == f"motif 2 explains it alone: {alone}; with motif 1 there: {together}"
    assert seen.startswith("21 observations in its time: motif 2 explains ")
    assert first_line(record, explained[0]).startswith("motif 1 explains it alone: ")


def first_line(record: FitRecord, explained: Explained) -> str:
    return explaining_sentences(record, 0, explained)[1]


def test_the_command_refuses_numbers_and_tables_that_are_not_there(
    record: FitRecord, workspace: Workspace
) -> None:
    found = explain_in_workspace(record, workspace, 1)
    assert found.seen >= found.mass.sum() > 0
    content = json.loads(format_explained(record, 1, found))
    assert content["motif"] == record.occurrences.motif[0] + 1
    assert sum(row["explained"] for row in content["words"]) <= content["explained"] + 0.1
    with pytest.raises(DataError, match="no occurrence 100000"):
        explain_in_workspace(record, workspace, 100_000)
    workspace.table_path(record.recordings[0].name).unlink()
    with pytest.raises(DataError, match="extract again"):
        explain_in_workspace(record, workspace, 1)
