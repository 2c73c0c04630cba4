"""Fits from Python: what a notebook does with them."""

from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest

import motifmine as mm
from motifmine.api.fit import load_fit
from motifmine.api.models import fit_model
from motifmine.api.plots import Plots
from motifmine.errors import DataError, MissingExtraError, SpecError, WorkspaceError
from motifmine.validation import require_package
from motifmine.workflows.workspace import Workspace
from tests.helpers.paths import ROOT

matplotlib.use("Agg")


@pytest.fixture(scope="module")
def drawn() -> "mm.simulation.Simulation":
    return mm.simulate(n_motifs=2, n_times=1200, seed=2)


@pytest.fixture(scope="module")
def fit(drawn: "mm.simulation.Simulation") -> mm.Fit:
    counts = drawn.table.dense().T
    return mm.Plsm(motif_length=10).fit([counts[:600], counts[600:]])


def test_sizes_need_not_be_given(fit: mm.Fit) -> None:
    assert len(fit.motifs) == 2
    assert fit.motifs.names == ("motif 1", "motif 2")


def test_occurrences_are_a_data_frame(fit: mm.Fit) -> None:
    frame = fit.occurrences
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == len(fit.record.occurrences)
    assert {"recording", "motif", "start_s", "end_s", "false_probability"} <= set(frame.columns)
    assert len(fit.to_dataframe("polars")) == fit.to_dataframe("pyarrow").num_rows == len(frame)
    with pytest.raises(DataError, match="pandas, polars or pyarrow"):
        fit.to_dataframe("dask")


def test_occurrences_are_intervals_of_pynapple(fit: mm.Fit) -> None:
    found = fit.to_pynapple(1)
    frame = fit.occurrences[fit.occurrences.document == 1]
    assert list(found) == list(fit.motifs.names)
    for motif, intervals in enumerate(found.values(), start=1):
        mine = frame[frame.motif == motif]
        # pynapple joins what overlaps
        assert 0 < len(intervals) <= len(mine)
        assert intervals.start[0] == mine.start_s.min()


def test_motifs_have_labelled_axes(fit: mm.Fit) -> None:
    array = fit.motifs.to_xarray()
    assert array.dims == ("motif", "relative_time", "word")
    assert array.sum(("relative_time", "word")).to_numpy() == pytest.approx(1.0)


def test_transform_is_aligned_with_the_data(fit: mm.Fit) -> None:
    frame = fit.occurrences
    counts = np.zeros((600, fit.motifs.n_words))
    second = fit.transform([fit.table.dense(0).T, fit.table.dense(1).T])[1]  # type: ignore[union-attr]
    assert second.shape == (600, 2)
    late = frame[(frame.document == 1) & (frame.start_bin > 0)].sort_values("score").iloc[-1]
    around = second[late.start_bin - 1 : late.start_bin + 2, late.motif - 1].sum()
    assert around == pytest.approx(late.weight, rel=0.2)
    with pytest.raises(DataError, match="no observations"):
        fit.transform(counts)


def test_other_words_are_refused(fit: mm.Fit) -> None:
    with pytest.raises(DataError, match="20 names of words for 3 columns"):
        fit.locate(np.ones((30, 3)))
    others = mm.Table.from_array(np.ones((30, 2)), words=["door", "lift"])
    with pytest.raises(DataError, match="does not belong to the scene"):
        fit.locate(others)


def test_new_data_are_located_and_scored(fit: mm.Fit) -> None:
    table = mm.simulate(n_motifs=2, n_times=1200, seed=2).table.dense().T
    found = fit.locate(table)
    assert abs(len(found.occurrences) - len(fit.occurrences)) <= 3
    shuffled = np.random.default_rng(0).permutation(table)
    assert fit.score(table) > fit.score(shuffled) + 0.3


def test_a_report_is_one_page_or_a_folder(fit: mm.Fit, tmp_path: Path) -> None:
    page = fit.report(tmp_path / "x.html")
    assert page.read_text().lstrip().lower().startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["x.html"]
    with pytest.raises(WorkspaceError, match="exists already"):
        fit.report(page)
    assert fit.report(tmp_path / "folder") == tmp_path / "folder" / "report.html"


def test_a_saved_fit_is_that_of_the_commands(fit: mm.Fit, tmp_path: Path) -> None:
    path = fit.save(tmp_path / "fits" / "mine.h5")
    again = load_fit(path)
    assert again.occurrences.equals(fit.occurrences)
    assert Workspace(tmp_path).find_fit(None) == path
    assert fit.export(tmp_path / "o.csv", "csv") == [tmp_path / "o.csv"]


def test_figures_show_every_motif(fit: mm.Fit) -> None:
    assert isinstance(fit.plot, Plots)
    panels = fit.plot.motifs()
    assert sum(bool(panel.images) for panel in panels.flat) == len(fit.motifs)
    assert len(fit.plot.occurrences().collections) == 1


def test_notebooks_show_a_table(fit: mm.Fit) -> None:
    assert fit._repr_html_().count("<tr>") == 3
    assert "2 motifs" in repr(fit)


def test_settings_are_checked_when_given() -> None:
    with pytest.raises(SpecError, match="iterations is 0"):
        mm.Plsm(iterations=0)
    with pytest.raises(SpecError, match="did you mean 3s"):
        mm.Plsm(motif_length="3")
    with pytest.raises(SpecError, match="no setting --chains"):
        fit_model("plsm", np.ones((30, 2)), chains=3)


def test_settings_reach_the_model(drawn: "mm.simulation.Simulation") -> None:
    spec = mm.Plsm(n_motifs=3, motif_length="8s", iterations=7)
    used = spec.fit(drawn.table).record.provenance.spec.settings
    assert (used["motif_length"], used["iterations"]) == (8, 7)
    assert spec == mm.Plsm(n_motifs=3, motif_length="8s", iterations=7)


def test_a_missing_package_is_named_with_its_command() -> None:
    with pytest.raises(MissingExtraError, match=r"a figure needs nosuch.*pip install 'motifmine"):
        require_package("nosuch.part", "a figure", "motifmine[notebook]")


@pytest.mark.parametrize("name", mm.DEPRECATED)
def test_a_deprecated_name_works_and_warns_at_the_line_that_uses_it(name: str) -> None:
    with pytest.warns(DeprecationWarning, match=f"{name} is deprecated.*use motifmine") as caught:
        found = getattr(mm, name)
    assert callable(found) and found.__name__ == name
    assert caught[0].filename == __file__
    successor: object = mm
    for part in mm.DEPRECATED[name][1].split("."):
        successor = getattr(successor, part)
    assert callable(successor) and name not in mm.__all__
    changes = (ROOT / "CHANGELOG.md").read_text().partition("### Deprecated")[2].partition("##")[0]
    assert f"`motifmine.{name}`" in changes


def test_public_names_are_importable() -> None:
    assert all(getattr(mm, name) is not None for name in mm.__all__)
    assert set(mm.__all__) == set(dir(mm)) == {"__version__", *mm.HOMES}
