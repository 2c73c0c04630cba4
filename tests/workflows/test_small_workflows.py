"""Export, simulation, summaries, surveys, and the sums of fits from files."""

import csv
from pathlib import Path

import numpy as np
import pytest

from motifmine.analysis.occurrences import join_occurrences
from motifmine.errors import FormatError, WorkspaceError
from motifmine.features.series.survey import SeriesSettings
from motifmine.io.hdf5.store import read_table, write_fit
from motifmine.io.tdoc import read_tdoc
from motifmine.records.anomalies import Anomalies, AnomalyScale
from motifmine.records.fit import Activations, Occurrences
from motifmine.simulation import Simulation
from motifmine.workflows.demo import run_demo
from motifmine.workflows.export import export_text, write_simulation
from motifmine.workflows.info import summarise
from motifmine.workflows.out_of_core.locate import (
    choose_most_surprising,
)
from motifmine.workflows.survey_series import series_scene
from motifmine.workflows.workspace import Workspace
from tests.helpers.fit_records import lane_record


def test_a_simulation_is_written_with_its_truth(tmp_path: Path, small: Simulation) -> None:
    workspace = Workspace(tmp_path / "w")
    paths = write_simulation(workspace, small, force=False)
    assert [path.name for path in paths[2:]] == ["truth.csv", "true-motifs.npz"]
    np.testing.assert_array_equal(read_table(paths[0]).count, small.table.document(0).count)
    with paths[2].open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["start_s"]) for row in rows] == small.occurrences.start_s.tolist()
    with np.load(paths[3]) as archive:
        np.testing.assert_array_equal(archive["motifs"], small.motifs.probability)
    paths[0].unlink()
    with pytest.raises(WorkspaceError, match="--force"):
        write_simulation(workspace, small, force=False)
    assert not paths[0].exists()


def test_a_table_is_exported_as_a_tdoc_and_a_fit_as_four_files(
    tmp_path: Path, small: Simulation
) -> None:
    workspace = Workspace(tmp_path / "w")
    table, *_ = write_simulation(workspace, small, force=False)
    (tdoc,) = export_text(workspace, str(table), tmp_path / "out")
    assert read_tdoc(tdoc).total == pytest.approx(small.table.document(0).total)
    write_fit(workspace.fit_path("lanes"), lane_record())
    paths = export_text(workspace, None, tmp_path / "fit")
    assert len(paths) == 4
    assert all(path.stat().st_size for path in paths)


def test_summaries_of_tables_fits_workspaces_and_other_files(
    tmp_path: Path, small: Simulation
) -> None:
    workspace = Workspace(tmp_path / "w")
    table, *_ = write_simulation(workspace, small, force=False)
    write_fit(workspace.fit_path("lanes"), lane_record())
    assert summarise(table)["observations"] == len(small.table.document(0).word)
    assert summarise(workspace.fit_path("lanes"))["motifs"] == 2
    whole = summarise(workspace.root)
    assert (whole["tables"], whole["fits"], whole["words"]) == (2, "lanes", 18)
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(FormatError, match="no format attribute"):
        summarise(tmp_path / "a.txt")
    with pytest.raises(FormatError, match=r"b\.txt does not exist; expected a table, .*a\.txt"):
        summarise(tmp_path / "b.txt")


def test_sample_data_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="name their folder with --data"):
        run_demo(Workspace(tmp_path / "w"), tmp_path, on_message=lambda _: None)


def test_series_of_one_extraction_share_words_and_bins(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in "ab":
        values = rng.normal(size=200)
        lines = [f"{t / 10},{v}" for t, v in enumerate(values)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["time,v", *lines]))
    (tmp_path / "broken.csv").write_text("time,v\n")
    sources = [tmp_path / f"{name}.csv" for name in ("broken", "a", "b")]
    scene = series_scene(
        sources, SeriesSettings(), None, place=tmp_path, workers=1, patience_s=60.0
    )
    assert scene is not None
    assert scene.bin_s == pytest.approx(0.5)
    assert scene.vocabulary.kind == "channels"
    nothing = series_scene(
        sources[:1], SeriesSettings(), None, place=tmp_path, workers=1, patience_s=60.0
    )
    assert nothing is None


def stretches(*surprise: float) -> Anomalies:
    n = len(surprise)
    scale = AnomalyScale(
        quantile=np.zeros((3, 2)), share=np.array([1.0, 0.1]), tail=np.ones((3, 3)), n_bins=80
    )
    return Anomalies(
        document=np.zeros(n, np.int32),
        start_s=np.arange(n, dtype=np.float64),
        end_s=np.arange(n, dtype=np.float64) + 0.5,
        sense=np.zeros(n, np.int32),
        surprise=np.array(surprise),
        scale=scale,
    )


def test_the_parts_of_a_fit_from_files_are_joined() -> None:
    found = lane_record().occurrences
    both = join_occurrences([Occurrences.none(), found, found])
    np.testing.assert_array_equal(both.motif, [*found.motif, *found.motif])
    top = choose_most_surprising([None, stretches(1, 3), stretches(2)])
    assert top is not None
    assert top.surprise.tolist() == [3, 2, 1]
    assert choose_most_surprising([None]) is None
    assert Activations.none(3).offsets.tolist() == [0, 0, 0, 0]
    assert not lane_record().trace.clear_seconds().seconds.any()
