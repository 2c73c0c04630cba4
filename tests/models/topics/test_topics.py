"""The layer of topics between words and motifs: in tables, in workspaces, and unfolded again."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from motifmine.errors import DataError, MissingExtraError, SpecError
from motifmine.io.hdf5.store import read_fit, read_table, write_fit, write_table
from motifmine.models.topics.external import TOPIC_MODELS, TopicSpec, learn_topics, project
from motifmine.models.topics.pca_scores import compute_scores, make_signed_topics
from motifmine.models.topics.projection import make_topic_vocabulary
from motifmine.records.fit import FitRecord, MotifSet
from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.records.topics import (
    compute_topic_shares,
    make_topic_motifs,
    unfold_record,
)
from motifmine.records.vocabulary import Topics, Vocabulary
from motifmine.reporting.html.page import write_report
from motifmine.seeding import generator
from motifmine.types import Floats
from motifmine.workflows.extract_jobs import ExtractionSettings
from motifmine.workflows.extract_topics import extract_recordings, topic_settings
from motifmine.workflows.locate import locate_sources
from motifmine.workflows.workspace import Workspace
from tests.helpers.clips import moving_square, write_clip
from tests.helpers.fit_records import label_record, lane_record
from tests.helpers.tables import table_of_counts

RUN = Callable[..., Result]
GROUP = np.repeat(np.arange(4), 6)


def spots(seed: int = 0, n_times: int = 300) -> ObservationTable:
    """Return a table in which four groups of six words come and go together."""
    rng = generator(seed)
    active = rng.random((n_times, 4)) < 0.3
    counts = rng.poisson(4.0 * active[:, GROUP] + 0.02)
    return table_of_counts(counts)


@pytest.fixture(scope="module")
def layers() -> dict[str, Topics]:
    """Topics of `spots`, learned by every model."""
    pytest.importorskip("sklearn")
    pytest.importorskip("tomotopy")
    table = spots()
    return {
        model: learn_topics(table, TopicSpec(model=model, n_topics=6, iterations=40), seed=1)
        for model in TOPIC_MODELS
    }


@pytest.mark.parametrize("model", TOPIC_MODELS)
def test_loadings_of_every_model_are_distributions(layers: dict[str, Topics], model: str) -> None:
    loadings = layers[model].loadings
    assert 1 <= len(loadings) <= 6
    assert loadings.min() >= 0
    np.testing.assert_allclose(loadings.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("model", ["plsa", "lda", "nmf", "hdp"])
def test_every_group_of_words_has_a_topic(layers: dict[str, Topics], model: str) -> None:
    held = np.array([[t[g == GROUP].sum() for g in range(4)] for t in layers[model].loadings])
    assert held.max(axis=0).min() > 0.75


@pytest.mark.parametrize("model", TOPIC_MODELS)
def test_projection_keeps_the_observations_of_every_bin(
    layers: dict[str, Topics], model: str
) -> None:
    table = spots(seed=9)
    topics = project(table, layers[model])
    sums = [
        np.bincount(t.row_of_observation(), weights=t.count, minlength=t.n_times)
        for t in (table, topics)
    ]
    told = sums[1] > 0
    np.testing.assert_allclose(sums[1][told], sums[0][told], rtol=0.02)
    assert told.sum() > 0.9 * (sums[0] > 0).sum()
    assert topics.vocabulary.layout == layers[model]


@pytest.mark.parametrize("model", TOPIC_MODELS)
def test_a_layer_comes_back_from_a_table_file(
    layers: dict[str, Topics], model: str, tmp_path: Path
) -> None:
    table = project(spots(), layers[model])
    write_table(tmp_path / "t.h5", table)
    found = read_table(tmp_path / "t.h5")
    assert found.vocabulary == table.vocabulary
    again = project(spots(seed=3), found.vocabulary.layout)  # type: ignore[arg-type]
    expected = project(spots(seed=3), layers[model])
    assert again.count.tobytes() == expected.count.tobytes()


def test_signs_of_a_component_become_two_topics() -> None:
    axes, mean = np.array([[0.6, -0.8, 0.0]]), np.array([1.0, 1.0, 5.0])
    topics = make_signed_topics(axes, mean, Vocabulary.of_labels(["a", "b", "c"]))
    np.testing.assert_allclose(topics.loadings, [[1, 0, 0], [0, 1, 0]])
    bins = table_from_rows(
        time=np.array([0, 0, 1, 1]),
        word=np.array([0, 2, 1, 2]),
        count=np.array([3.0, 2.0, 4.0, 1.0]),
        n_times=2,
        vocabulary=topics.inner,
        bin_s=1.0,
    )
    expected = [axes[0] @ (np.array(x) - mean) for x in ([3.0, 0, 2], [0, 4.0, 1])]
    scores = compute_scores(bins, topics)
    np.testing.assert_allclose(scores[:, 0] - scores[:, 1], expected)
    assert (scores >= 0).all()
    assert (scores.min(axis=1) == 0).all()


def test_pca_needs_an_even_number_of_topics() -> None:
    with pytest.raises(SpecError, match="n_topics is 5; it must be even for pca"):
        TopicSpec(model="pca", n_topics=5)


@pytest.mark.parametrize(("model", "package"), [("nmf", "sklearn"), ("hdp", "tomotopy")])
def test_a_missing_package_is_named_with_the_pip_line(
    model: Any, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("sklearn.decomposition", "tomotopy"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=rf"{package}.*pip install 'motifmine\[topics\]'"):
        learn_topics(spots(), TopicSpec(model=model, n_topics=2))


def folded(record: FitRecord, n_topics: int = 5, seed: int = 0) -> FitRecord:
    """Return a fit like `record` over random topics of its words."""
    rng = generator(seed)
    loadings = rng.dirichlet(np.full(record.vocabulary.n_words, 0.1), size=n_topics)
    layout = Topics(model="plsa", loadings=loadings.astype(np.float32), inner=record.vocabulary)
    n_motifs, length = record.motifs.probability.shape[:2]
    phi = rng.dirichlet(np.ones(length * n_topics), size=n_motifs)
    return replace(
        record,
        motifs=MotifSet(
            probability=phi.reshape(n_motifs, length, n_topics).astype(np.float32),
            weight=record.motifs.weight,
        ),
        background=replace(
            record.background, probability=np.full(n_topics, 1 / n_topics, dtype=np.float32)
        ),
        vocabulary=make_topic_vocabulary(layout),
    )


def test_unfolded_motifs_sum_to_one_and_are_the_mixture_of_their_topics() -> None:
    record = folded(lane_record())
    shown = unfold_record(record)
    assert isinstance(record.vocabulary.layout, Topics)
    assert shown.vocabulary == record.vocabulary.layout.inner
    np.testing.assert_allclose(shown.motifs.probability.sum(axis=(1, 2)), 1, atol=1e-5)
    np.testing.assert_allclose(shown.background.probability.sum(), 1, atol=1e-5)
    one = record.motifs.probability[1, 3].astype(np.float64) @ record.vocabulary.layout.loadings
    np.testing.assert_allclose(shown.motifs.probability[1, 3], one, rtol=1e-4, atol=1e-9)
    assert shown.occurrences is record.occurrences
    assert shown.folded is record


def test_a_fit_over_words_unfolds_to_itself() -> None:
    record = lane_record()
    assert unfold_record(record) is record


def test_topics_of_topics_unfold_to_the_words_at_the_bottom() -> None:
    inner = folded(label_record())
    twice = folded(replace(inner, motifs=inner.motifs), n_topics=3, seed=1)
    shown = unfold_record(twice)
    assert shown.vocabulary == label_record().vocabulary
    np.testing.assert_allclose(shown.motifs.probability.sum(axis=(1, 2)), 1, atol=1e-5)


def test_shares_of_topics_sum_to_what_is_explained() -> None:
    record = folded(lane_record())
    total = record.motifs.weight.sum() + record.background.weight
    assert compute_topic_shares(record).sum() == pytest.approx(total, rel=1e-5)


def test_topics_are_drawn_as_motifs_of_one_bin() -> None:
    record = folded(lane_record())
    assert isinstance(record.vocabulary.layout, Topics)
    drawn = make_topic_motifs(record)
    np.testing.assert_allclose(drawn.motifs.probability[:, 0], record.vocabulary.layout.loadings)


def test_the_report_shows_words_and_the_topics_behind_them(tmp_path: Path) -> None:
    for record, picture in ((lane_record(), True), (label_record(), False)):
        page = write_report(folded(record), tmp_path / str(picture)).read_text()
        section = page[page.index('id="topics"') :]
        assert section.count("<b>Topic ") == 5
        assert ("motif-01.png" in page) == picture
        assert ("data:image/jpeg" in section[: section.index("</section>")]) == picture


def test_labels_of_words_are_escaped_in_the_list_of_topics(tmp_path: Path) -> None:
    record = folded(label_record(labels=("<script>alert(1)</script>", "b", "c", "d")))
    page = write_report(record, tmp_path / "r").read_text()
    assert "<script>alert(1)" not in page


def test_a_fit_over_topics_comes_back_from_its_file(tmp_path: Path) -> None:
    record = folded(lane_record())
    write_fit(tmp_path / "f.h5", record)
    assert read_fit(tmp_path / "f.h5").vocabulary == record.vocabulary


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three clips of one scene: a square that goes right, back, and right again."""
    folder = tmp_path_factory.mktemp("clips")
    ways = [((8.0, 40.0), (2.0, 0.0)), ((120.0, 60.0), (-2.0, 0.0)), ((20.0, 42.0), (2.0, 0.0))]
    for number, (start, step) in enumerate(ways, 1):
        pictures = moving_square(70, start=start, step=step)
        write_clip(folder / f"clip{number}.mp4", pictures)
    return folder


@pytest.fixture(scope="module")
def made(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with four topics learned from the first two clips."""
    root = tmp_path_factory.mktemp("made")
    topics = topic_settings(4)
    sources = [clips / "clip1.mp4", clips / "clip2.mp4"]
    outcomes = extract_recordings(sources, Workspace(root), ExtractionSettings(), topics, workers=2)
    assert [outcome.status for outcome in outcomes] == ["ok", "ok"]
    return root


@pytest.fixture
def work(motifmine: RUN, made: Path) -> Path:
    """A copy of it as the default workspace of the commands."""
    shutil.copytree(made, "motifmine-work")
    return Path("motifmine-work")


def extracted(motifmine: RUN, *arguments: str | Path) -> Result:
    result = motifmine("extract", *arguments, "--workers", "2")
    assert result.exit_code == 0, result.output
    return result


def test_extract_with_topics_keeps_words_and_makes_tables_of_topics(work: Path) -> None:
    words, topics = read_table(work / "words/clip1.h5"), read_table(work / "tables/clip1.h5")
    assert words.vocabulary.kind == "flow-grid"
    assert isinstance(topics.vocabulary.layout, Topics)
    assert topics.vocabulary.layout.inner == words.vocabulary
    assert topics.n_words == 4
    assert topics.total == pytest.approx(float(np.sqrt(words.count).sum()), rel=0.05)
    assert topics.spec["words"] == words.spec
    assert topics.picture is not None


def test_new_recordings_get_the_stored_topics_byte_for_byte(
    motifmine: RUN, clips: Path, work: Path
) -> None:
    before = (work / "tables/clip1.h5").read_bytes()
    extracted(motifmine, clips / "clip3.mp4")
    assert (work / "tables/clip1.h5").read_bytes() == before
    old, new = (read_table(work / f"tables/clip{n}.h5") for n in (1, 3))
    assert isinstance(old.vocabulary.layout, Topics)
    assert isinstance(new.vocabulary.layout, Topics)
    assert new.vocabulary.layout.loadings.tobytes() == old.vocabulary.layout.loadings.tobytes()


def test_a_recording_is_put_into_topics_alike_whether_they_were_learned_from_it_or_not(
    motifmine: RUN, clips: Path, work: Path
) -> None:
    table = work / "tables/clip1.h5"
    before = table.read_bytes()
    table.unlink()
    result = extracted(motifmine, clips / "clip1.mp4")
    assert "its words were there already" in result.stdout
    assert table.read_bytes() == before


def test_finished_tables_are_skipped_and_other_topics_are_refused(
    motifmine: RUN, clips: Path, work: Path
) -> None:
    sources = clips / "clip1.mp4", clips / "clip2.mp4"
    again = extracted(motifmine, *sources, "--topics", "4")
    assert again.stdout.count("skipped:") == 2
    other = motifmine("extract", clips, "--topics", "3")
    assert other.exit_code == 1
    assert "are over 4 topics of plsa (seed 0)" in other.stderr
    assert {read_table(path).n_words for path in (work / "tables").glob("*.h5")} == {4}


def test_force_learns_topics_again_for_all_recordings(
    motifmine: RUN, clips: Path, work: Path
) -> None:
    forced = extracted(motifmine, clips / "clip1.mp4", "--topics", "3", "--force", "--seed", "7")
    assert "learning 3 topics (plsa) from 2 tables" in forced.stderr
    tables = [read_table(path) for path in sorted((work / "tables").glob("*.h5"))]
    assert [table.n_words for table in tables] == [3, 3]
    notes = tables[1].spec["topics"]
    assert (notes["model"], notes["n_topics"], notes["seed"]) == ("plsa", 3, 7)
    assert notes["preparation"]["counts"] == "sqrt"


def test_topics_are_not_mixed_with_tables_of_words(motifmine: RUN, clips: Path) -> None:
    extracted(motifmine, clips / "clip1.mp4")
    result = motifmine("extract", clips, "--topics", "4")
    assert result.exit_code == 1
    assert "holds tables of words" in result.stderr
    assert "--workspace" in result.stderr


def test_too_many_topics_are_refused_and_the_words_kept(motifmine: RUN, clips: Path) -> None:
    result = motifmine("extract", clips / "clip1.mp4", "--topics", "500")
    assert result.exit_code == 1
    assert "500 topics are too many for" in result.stderr
    assert [p.name for p in Path("motifmine-work/words").glob("*.h5")] == ["clip1.h5"]
    assert not Path("motifmine-work/tables").exists()


def test_a_topic_model_needs_a_number_of_topics(motifmine: RUN, clips: Path) -> None:
    result = motifmine("extract", clips, "--topic-model", "plsa")
    assert result.exit_code == 1
    assert "--topics 40" in result.stderr


def test_a_video_is_located_with_the_topics_of_the_fit(
    motifmine: RUN, clips: Path, work: Path
) -> None:
    plain = ("--activity", "dense", "--keep-surplus", "--motifs", "2", "--motif-length", "1s")
    fit = motifmine("fit", "--model", "plsm", *plain)
    assert fit.exit_code == 0, fit.output
    located = motifmine("locate", "plsm-001", clips / "clip3.mp4")
    assert located.exit_code == 0, located.output
    extracted(motifmine, clips / "clip3.mp4")
    sources = clips / "clip3.mp4", work / "words/clip3.h5"
    found = [locate_sources(Workspace(work), "plsm-001", [source]) for source in sources]
    assert found[0].n_observations > 0
    assert found[0].vocabulary == read_table(work / "tables/clip3.h5").vocabulary
    assert found[0].log_likelihood == found[1].log_likelihood != 0
    assert found[0].activations.mass.tobytes() == found[1].activations.mass.tobytes()
    shown = motifmine("show-motifs")
    assert shown.exit_code == 0, shown.output
    assert "The topics" in (work / "reports/plsm-001/report.html").read_text()


def test_words_unknown_to_the_topics_are_dropped(layers: dict[str, Topics]) -> None:
    labels = [f"w{w}" for w in range(30)]
    table = table_from_rows(
        time=np.array([0, 0, 1]),
        word=np.array([2, 29, 28]),
        count=np.array([3.0, 5.0, 1.0]),
        n_times=2,
        vocabulary=Vocabulary.of_labels(labels),
        bin_s=1.0,
    )
    for model in ("plsa", "pca"):
        assert project(table, layers[model]).total == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("loadings", "coding", "message"),
    [
        (np.ones((2, 3)), np.zeros((0, 2)), "shape"),
        (np.full((2, 2), np.nan), np.zeros((0, 2)), "finite"),
        (-np.ones((2, 2)), np.zeros((0, 2)), "negative"),
        (np.ones((3, 2)), np.zeros((3, 2)), "pairs"),
    ],
)
def test_topics_that_break_their_own_rules_are_refused(
    loadings: Floats, coding: Floats, message: str
) -> None:
    inner = Vocabulary.of_labels(["a", "b"])
    with pytest.raises(DataError, match=message):
        Topics(model="pca", loadings=loadings.astype(np.float32), inner=inner, coding=coding)
