"""Fits of many words through a layer of topics."""

from typing import Any

import numpy as np
import pytest

from motifmine.durations import Duration
from motifmine.io.hdf5 import store
from motifmine.models.hdlsm.model import Hdlsm
from motifmine.models.hdlsm.sampling import choose_count_scale
from motifmine.records.table import ObservationTable
from motifmine.records.topics import unfold_record
from motifmine.records.vocabulary import Topics
from motifmine.simulation import Simulation, simulate
from motifmine.workflows.fit_topics import automatic_topics, project_on_topics
from motifmine.workflows.locate import locate_sources
from motifmine.workflows.workspace import Workspace
from tests.helpers.fits import fit_workspace
from tests.helpers.tables import table_of_rows


def wide(n_words: int, n_times: int) -> ObservationTable:
    """Return a table in which every word occurs."""
    rng = np.random.default_rng(0)
    word = np.concatenate([np.arange(n_words), rng.integers(n_words, size=4 * n_times)])
    return table_of_rows(
        rng.integers(n_times, size=len(word)), word, n_times=n_times, n_words=n_words
    )


@pytest.mark.parametrize(
    ("n_words", "n_times", "expected"),
    [(500, 400, "off"), (501, 400, 40), (501, 50, 25), (501, 19, "off")],
)
def test_topics_come_between_where_words_are_many_and_recordings_long_enough(
    n_words: int, n_times: int, expected: object
) -> None:
    assert automatic_topics(wide(n_words, n_times)) == expected


def test_tables_over_topics_and_unwanted_topics_change_nothing(small: Simulation) -> None:
    assert project_on_topics(small.table, "off") is small.table
    assert project_on_topics(small.table, "auto") is small.table
    topics = project_on_topics(small.table, 6)
    assert project_on_topics(topics, 4) is topics


def test_the_topics_are_reported_to_the_user(small: Simulation) -> None:
    lines: list[str] = []
    project_on_topics(small.table, 6, on_message=lines.append)
    assert lines == ["18 words are put into 6 topics (--topics off fits the words themselves)"]


def test_topics_are_thinned_to_twenty_a_bin_and_words_are_not(small: Simulation) -> None:
    topics = project_on_topics(small.table, 6)
    many = topics.with_counts(topics.count * np.float32(100))
    assert choose_count_scale(many) * many.total == pytest.approx(20 * many.n_times)
    assert choose_count_scale(small.table) == 1.0
    assert Hdlsm(motif_length=8).describe_count_scaling(small.table) == ""
    assert "observations are sampled" in Hdlsm(motif_length=8).describe_count_scaling(many)


def test_motifs_over_topics_are_compared_by_their_words(small: Simulation) -> None:
    table = project_on_topics(small.table, 6)
    layout = table.vocabulary.layout
    assert isinstance(layout, Topics)
    view = layout.comparison_matrix(np.arange(6))
    assert view is not None
    folded = np.random.default_rng(0).random((2, 6))
    unfolded = folded @ layout.loadings.astype(np.float64)
    seen = folded @ view
    assert seen[0] @ seen[1] == pytest.approx(unfolded[0] @ unfolded[1])
    assert small.table.vocabulary.layout.comparison_matrix(np.arange(18)) is None


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Simulation]:
    """A workspace of two recordings."""
    truth = simulate(n_motifs=3, motif_length=8, n_words=18, n_times=400, n_documents=2, seed=5)
    workspace = Workspace(tmp_path_factory.mktemp("topics"))
    for document, recording in enumerate(truth.table.recordings):
        part = truth.table.documents([document])
        store.write_table(workspace.tables / f"{recording.name}.h5", part)
    return workspace, truth


def test_motifs_learned_through_topics_unfold_to_those_of_the_words(
    place: tuple[Workspace, Simulation],
) -> None:
    workspace, truth = place
    path, record = fit_workspace(
        workspace,
        model="hdlsm",
        n_topics=14,
        motif_length=Duration(8, "bins"),
        chains=1,
        sweeps=150,
        burn_in=100,
        starts=2,
    )
    shown = unfold_record(store.read_fit(path))
    assert shown.vocabulary.labels == truth.table.vocabulary.labels
    for motif in truth.motifs.probability:
        assert best_cosine(motif, shown.motifs.probability) > 0.8
    # new recordings of words are put into the fit's own topics
    first = workspace.tables / "document-000.h5"
    found = locate_sources(workspace, path.stem, [first])
    here = record.occurrences.document == 0
    starts = record.occurrences.start_bin[here]
    near = np.abs(starts[:, None] - found.occurrences.start_bin[None, :]) <= 1
    assert near.any(axis=1).mean() > 0.85


def best_cosine(motif: np.ndarray, others: np.ndarray) -> float:
    """Return the cosine with the motif most like it, at the best shift."""
    length = len(motif)
    padded = np.pad(others, ((0, 0), (length, length), (0, 0)))
    windows = [padded[:, by : by + length] for by in range(2 * length + 1)]
    norms = np.linalg.norm(motif) * np.linalg.norm(others, axis=(1, 2))
    return float(max(((w * motif).sum(axis=(1, 2)) / norms).max() for w in windows))


def test_other_models_see_words_unless_topics_are_asked_for(
    place: tuple[Workspace, Simulation],
) -> None:
    workspace, _ = place
    settings: dict[str, Any] = {"motif_length": Duration(8, "bins"), "n_motifs": 3, "iterations": 3}
    _, plain = fit_workspace(workspace, model="plsm", **settings)
    _, through = fit_workspace(workspace, model="plsm", n_topics=8, **settings)
    assert plain.motifs.n_words == 18
    assert through.motifs.n_words == 8
    assert through.vocabulary.kind == "topics"
