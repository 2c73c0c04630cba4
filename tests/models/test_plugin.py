"""A model of another package: an entry point makes it one of motifmine's, in every command."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from click.testing import Result

from motifmine.io.hdf5.store import read_fit, write_table
from motifmine.models.registry import OWN
from motifmine.records.settings import Preparation
from motifmine.simulation import Simulation, simulate
from motifmine.workflows.workspace import Workspace
from tests.helpers.archives import make_archive
from tests.helpers.paths import ROOT

LENGTH = ("--motif-length", "8bins")
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed template of the documentation, which holds a model."""
    folder = tmp_path_factory.mktemp("site")
    source = shutil.copytree(ROOT / "docs/plugins/motifmine-template", folder.with_name("source"))
    line = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "install", *line, str(source)], check=True)
    return folder


@pytest.fixture(scope="module")
def truth() -> Simulation:
    return simulate(n_motifs=3, motif_length=8, n_words=18, n_times=1500, n_documents=2, seed=5)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, truth: Simulation) -> Path:
    """A workspace with two tables."""
    workspace = Workspace(tmp_path_factory.mktemp("scene"))
    for document, recording in enumerate(truth.table.recordings):
        write_table(workspace.table_path(recording.name), truth.table.document(document))
    return workspace.root


def run(plugin: Path, *line: str | Path) -> str:
    """Run a command where the distribution is installed; return what it prints."""
    path = os.pathsep.join([str(plugin), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-m", "motifmine_cli", *map(str, line)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_here(plugin: Path, motifmine: Run, patch: pytest.MonkeyPatch, *line: str | Path) -> str:
    """Do the same in this process, which costs no imports."""
    with patch.context() as context:
        context.syspath_prepend(plugin)
        done = motifmine(*line)
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def fitted(plugin: Path, scene: Path) -> Path:
    """The workspace with a fit of the model."""
    line = ("--model", "mean-windows", "--motifs", "3", "--windows", "24", *LENGTH)
    assert "mean-windows-001.h5" in run(plugin, "fit", "-w", scene, *line)
    return scene


def test_its_options_are_in_the_help(plugin: Path) -> None:
    text = " ".join(run(plugin, "fit", "--help").split())
    assert f"--model [{'|'.join(OWN)}|mean-windows]" in text
    section = text.partition("Options of mean-windows:")[2]
    assert "--windows N Windows that are averaged for a motif. [default: 30]" in section
    assert "2 for mean-windows" in text


def test_a_fit_keeps_what_it_was_made_with(fitted: Path, truth: Simulation) -> None:
    record = read_fit(fitted / "fits/mean-windows-001.h5")
    assert len(record.motifs) == 3
    assert len(record.occurrences) == pytest.approx(len(truth.occurrences), rel=0.1)
    assert record.provenance.model == "mean-windows"
    assert record.provenance.spec.settings == {"n_motifs": 3, "motif_length": 8, "windows": 24}


def test_commands_show_and_locate_its_motifs(
    plugin: Path, fitted: Path, motifmine: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = partial(run_here, plugin, motifmine, monkeypatch)
    shown = here("show-motifs", "-w", fitted)
    assert len([line for line in shown.splitlines() if line.strip()[:1].isdigit()]) == 3
    report = (fitted / "reports/mean-windows-001/report.html").read_text()
    assert "motifmine fit --model mean-windows --motifs 3 --motif-length 8bins" in report
    assert "--windows 24" in report
    found = here("occurrences", "-w", fitted, "--format", "csv").splitlines()
    assert len(found) - 1 == len(read_fit(fitted / "fits/mean-windows-001.h5").occurrences)
    table = fitted / "tables/document-001.h5"
    located = here("locate", "mean-windows-001", table, "-w", fitted, "--format", "csv")
    assert len(located.splitlines()) > 100
    facts = json.loads(here("info", fitted / "fits/mean-windows-001.h5", "--json"))
    assert facts["model"] == "mean-windows" and facts["motifs"] == 3


def test_its_fits_are_read_and_located_where_it_is_not_installed(fitted: Path) -> None:
    from motifmine.io.hdf5.store import read_table
    from motifmine.models.registry import locate_motifs, model_names

    assert "mean-windows" not in model_names()
    record = read_fit(fitted / "fits/mean-windows-001.h5")
    table = Preparation().apply(read_table(fitted / "tables/document-000.h5"))
    assert locate_motifs(record, table).activations.mass.sum() > 0


@pytest.mark.long
@pytest.mark.release
def test_an_archive_is_fitted_with_it(plugin: Path, tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "archive", n_clips=1)
    (archive / "south/2026/03/202603012300.mkv").unlink()
    (archive / "south/2026/03/202603012200.mkv").unlink()
    line = ("--model", "mean-windows", "--windows", "9", "--motif-length", "4bins")
    done = run(
        plugin, "batch", archive, "-o", tmp_path / "out", "--name-time", "%Y%m%d%H%M",
        "--settle", "50ms", "--workers", "1", *line,
    )  # fmt: skip
    assert "north" in done
    record = read_fit(tmp_path / "out/north/fits/mean-windows.h5")
    assert record.provenance.spec.settings["windows"] == 9


def test_plugins_lists_what_it_adds(
    plugin: Path, motifmine: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = json.loads(run_here(plugin, motifmine, monkeypatch, "plugins", "--json"))
    found = {item["name"]: item for item in listed}
    assert found["mean-windows"]["kind"] == "model" and found["mean-windows"]["problem"] == ""
    assert found["gauge"]["package"] == "motifmine-template 0.1.0"


def test_its_reader_reads_a_file(plugin: Path, tmp_path: Path) -> None:
    rows = "\n".join(f"{t} {t % 60} {(t + 10) % 60}" for t in range(600))
    (tmp_path / "a.gauge").write_text(f"#GAUGE\n{rows}\n")
    done = run(plugin, "extract", tmp_path / "a.gauge", "-w", tmp_path / "w")
    assert done.startswith("ok: ")


def test_a_broken_package_is_named_and_the_others_go_on(plugin: Path, tmp_path: Path) -> None:
    info = tmp_path / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[motifmine.models]\nbroken = no_such_module:ENTRY\n")
    text = run(tmp_path, "fit", "--help")
    assert "Options of plsm" in text and "Options of broken" not in text
