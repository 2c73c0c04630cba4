"""The command line: exit status, stdout, stderr and the files it makes."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import pytest
from click import Command
from click.testing import Result

from motifmine.io.hdf5.store import read_fit, write_table
from motifmine.models.options import options_of
from motifmine.models.registry import all_entries, default_of, settings_of
from motifmine.models.request import FitRequest
from motifmine.records.vocabulary import Channels, Vocabulary
from motifmine.simulation import Simulation
from motifmine.workflows.specify import specify_model
from motifmine.workflows.workspace import Workspace
from tests.helpers.paths import ROOT

Run = Callable[..., Result]


@pytest.fixture
def filled(motifmine: Run, small: Simulation) -> Run:
    """`motifmine` in a folder whose workspace holds two small tables."""
    workspace = Workspace(Path("motifmine-work"))
    for document, recording in enumerate(small.table.recordings):
        write_table(workspace.table_path(recording.name), small.table.document(document))
    return motifmine


FIT = ("fit", "--model", "plsm", "--motifs", "3", "--motif-length", "8s", "--restarts", "1")


def commands(group: Command) -> dict[str, Command]:
    assert isinstance(group, click.Group)
    return dict(group.commands)


def test_every_command_of_the_folder_is_listed_in_one_line(
    command: Command, motifmine: Run
) -> None:
    files = [file for file in (ROOT / "cli").glob("*.py") if "@click.command(" in file.read_text()]
    assert set(commands(command)) == {file.stem.replace("_", "-") for file in files}
    lines = motifmine("--help").stdout.partition("Commands:\n")[2].partition("\n\n")[0]
    assert len(lines.splitlines()) == len(files)


def test_every_command_has_help_with_an_example(command: Command, motifmine: Run) -> None:
    for name in commands(command):
        result = motifmine(name, "--help")
        assert result.exit_code == 0
        assert f"motifmine {name}" in result.stdout.partition("Example")[2], name


def test_no_command_has_an_option_twice(command: Command) -> None:
    for name, each in commands(command).items():
        options = [option for parameter in each.params for option in parameter.opts]
        assert len(options) == len(set(options)), name


def test_every_command_is_in_the_page_of_commands(command: Command) -> None:
    text = (ROOT / "docs/command-line.md").read_text()
    assert not [name for name in commands(command) if f"`motifmine {name}" not in text]


def test_help_of_fit_lists_all_options_with_their_defaults(motifmine: Run) -> None:
    text = " ".join(motifmine("fit", "--help").stdout.split())
    heads = "|".join(f"{model}:" for model in all_entries())
    common, *of_models = re.split(rf"Options of (?={heads})", text)
    shown = {part.partition(":")[0]: part for part in of_models}
    for option in options_of(FitRequest):
        if not option.setting.capability:
            assert option.flag in common
            assert option.default is None or option.is_switch or f"{option.default}]" in common
    for model, entry in all_entries().items():
        for option in settings_of(entry):
            assert f"{option.flag} {option.metavar}".strip() in shown[model].replace(
                ", --keep", " --keep"
            )
            assert " ".join(option.help.split()) in shown[model]
    for model, entry in all_entries().items():
        if (n_motifs := default_of(entry, "n_motifs")) is not None:
            assert f"{n_motifs} for {model}" in common
        assert re.search(rf"{entry.default_topics} for [a-z ]*{model}", common)


def test_fit_without_tables_is_one_line_and_status_1(motifmine: Run) -> None:
    result = motifmine("fit", "--model", "plsm")
    assert result.exit_code == 1
    assert result.stderr.strip().count("\n") == 0
    assert "motifmine extract" in result.stderr


def test_wrong_usage_is_status_2(motifmine: Run) -> None:
    assert motifmine("fit").exit_code == 2
    assert motifmine("no-such-command").exit_code == 2


def test_a_bare_number_is_no_duration(filled: Run) -> None:
    result = filled("fit", "--model", "plsm", "--motif-length", "12")
    assert result.exit_code == 2
    assert "did you mean 12s or 12bins?" in result.stderr


@pytest.mark.parametrize(
    "line",
    [
        "watch f x --idle",
        "extract x --bin",
        "batch x --settle",
        "simulate --bin",
    ],
)
def test_a_time_in_bins_is_refused_where_they_have_no_length(line: str, motifmine: Run) -> None:
    result = motifmine(*line.split(), "20bins")
    assert result.exit_code == 2
    assert "'20bins' is a number of bins; write a time" in result.stderr


def test_fits_are_numbered_and_reported(filled: Run) -> None:
    for number in ("001", "002"):
        result = filled(*FIT)
        assert result.exit_code == 0, result.stderr
        assert f"plsm-{number}.h5" in result.stdout
    assert "2 documents document-000..document-001" in result.stderr
    assert "seed 0" in result.stderr


def test_a_fit_is_not_overwritten_without_force(filled: Run) -> None:
    assert filled(*FIT, "--name", "mine").exit_code == 0
    again = filled(*FIT, "--name", "mine")
    assert again.exit_code == 1
    assert "--force" in again.stderr
    assert filled(*FIT, "--name", "mine", "--force").exit_code == 0


def test_the_same_fit_twice_holds_the_same_motifs(filled: Run) -> None:
    for _ in range(2):
        filled(*FIT)
    first, second = (
        read_fit(Path(f"motifmine-work/fits/plsm-00{i}.h5")).motifs.probability.tobytes()
        for i in (1, 2)
    )
    assert first == second


@pytest.mark.parametrize("where", ["before", "after", "environment"])
def test_the_workspace_can_be_named(
    where: str, filled: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("motifmine-work").rename("elsewhere")
    option: tuple[str, ...] = ("-w", "elsewhere")
    if where == "environment":
        monkeypatch.setenv("MOTIFMINE_WORKSPACE", "elsewhere")
        option = ()
    result = filled(*option, *FIT) if where == "before" else filled(*FIT, *option)
    assert result.exit_code == 0, result.stderr
    assert Path("elsewhere/fits/plsm-001.h5").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--motif-length", "401bins"), "--motif-length is 401 bins (401 s) but the longest"),
        (("--motifs", "100000"), "100000 motifs were asked of"),
        (("--motifs", "0"), "Error: --motifs is 0"),
        (("--restarts", "-1"), "--restarts is -1"),
        (("--iterations", "0"), "--iterations is 0"),
        (("--seed", "-1"), "--seed is -1"),
        (("--false-alarms", "-1"), "--false-alarms is -1"),
        (("--name", "../x"), "'../x' cannot name a fit"),
    ],
)
def test_settings_that_cannot_work_are_one_clear_line(
    filled: Run, options: tuple[str, ...], message: str
) -> None:
    result = filled("fit", "--model", "plsm", *options)
    assert result.exit_code == 1
    assert message in result.stderr
    assert not list(Path("motifmine-work").glob("fits/*"))


def test_show_motifs_prints_one_row_a_motif_and_the_report(filled: Run) -> None:
    filled(*FIT)
    result = filled("show-motifs")
    assert result.exit_code == 0, result.stderr
    rows = [line for line in result.stdout.splitlines() if line.strip()[:1].isdigit()]
    assert len(rows) == 3
    report = Path("motifmine-work/reports/plsm-001/report.html")
    assert str(report) in result.stdout
    assert report.is_file()


def test_motifs_as_json_are_nothing_but_json(filled: Run) -> None:
    filled(*FIT)
    motifs = json.loads(filled("show-motifs", "--json").stdout)
    assert [motif["number"] for motif in motifs] == [1, 2, 3]


def test_occurrences_as_csv_are_nothing_but_rows(filled: Run) -> None:
    filled(*FIT)
    result = filled("occurrences", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    record = read_fit(Path("motifmine-work/fits/plsm-001.h5"))
    assert len(rows) == len(record.occurrences)
    assert float(rows[0]["start_s"]) == pytest.approx(record.occurrences.start_s[0])


def test_occurrences_as_json_can_be_written_to_a_file(filled: Run) -> None:
    filled(*FIT)
    result = filled("occurrences", "--format", "json", "-o", "out.json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert json.loads(Path("out.json").read_text())[0]["recording"] == "document-000"


def test_a_fit_that_is_not_there_is_named(filled: Run) -> None:
    result = filled("show-motifs", "plsm-009")
    assert result.exit_code == 1
    assert "'plsm-009'" in result.stderr


def test_a_damaged_fit_is_named(filled: Run) -> None:
    path = Path("motifmine-work/fits/plsm-001.h5")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    result = filled("show-motifs")
    assert result.exit_code == 1
    assert str(path) in result.stderr


@pytest.mark.parametrize("path", ["", "motifmine-work/tables/document-000.h5", "fit"])
def test_info_describes_workspaces_tables_and_fits(filled: Run, path: str) -> None:
    filled(*FIT)
    if path == "fit":
        path = "motifmine-work/fits/plsm-001.h5"
    result = filled("info", *([path] if path else []), "--json")
    assert result.exit_code == 0, result.stderr
    assert "hours" in result.stdout or "length_s" in json.loads(result.stdout)


def test_info_refuses_what_is_none_of_ours(filled: Run) -> None:
    Path("notes.txt").write_text("hello")
    result = filled("info", "notes.txt")
    assert result.exit_code == 1
    assert "notes.txt" in result.stderr


def test_a_fit_is_exported_as_the_authors_files(filled: Run) -> None:
    filled(*FIT)
    result = filled("export", "--format", "tdoc", "-o", "out/x")
    assert result.exit_code == 0, result.stderr
    assert sorted(p.name for p in Path("out").iterdir()) == ["x.ptrwz", "x.ptszd", "x.pwz", "x.pzd"]


def test_a_table_is_exported_as_tdoc(filled: Run) -> None:
    result = filled("export", "motifmine-work/tables/document-001.h5")
    assert result.stdout == "document-001.tdoc\n"
    assert len(Path("document-001.tdoc").read_text().splitlines()) == 400


def test_motifs_are_located_in_a_text_file_and_in_its_table_alike(filled: Run) -> None:
    filled(*FIT)
    table = "motifmine-work/tables/document-001.h5"
    filled("export", table, "-o", "tuesday")
    text = filled("locate", "plsm-001", "tuesday.tdoc", "--format", "csv")
    assert text.exit_code == 0, text.stderr
    same = filled("locate", "plsm-001", table, "--format", "csv")
    starts = [[r["start_s"] for r in csv.DictReader(io.StringIO(x.stdout))] for x in (text, same)]
    assert starts[0] == starts[1]
    assert len(starts[0]) > 10


def test_a_source_of_another_scene_is_not_located(filled: Run) -> None:
    filled(*FIT)
    Path("wide.tdoc").write_text("0:1 99:2\n" * 30)
    result = filled("locate", "plsm-001", "wide.tdoc")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_a_source_that_cannot_be_read_is_named(filled: Run) -> None:
    filled(*FIT)
    Path("broken.tdoc").write_text("0:1 what\n")
    result = filled("locate", "plsm-001", "broken.tdoc")
    assert result.exit_code == 1
    assert "broken.tdoc" in result.stderr


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("hdlsm", ("--chains", "2", "--sweeps", "40", "--burn-in", "20")),
        ("tcae", ("--motifs", "6", "--epochs", "4", "--device", "cpu")),
    ],
)
def test_every_model_fits_shows_and_locates(
    filled: Run, model: str, options: tuple[str, ...]
) -> None:
    line = ("fit", "--model", model, "--motif-length", "8s", *options)
    result = filled(*line)
    assert result.exit_code == 0, result.stderr
    assert filled("show-motifs").exit_code == 0
    located = filled("locate", f"{model}-001", "motifmine-work/tables/document-001.h5")
    assert located.exit_code == 0, located.stderr


def test_a_setting_of_another_model_is_refused(filled: Run) -> None:
    result = filled("fit", "--model", "hdlsm", "--sparsity", "2", "--motifs", "4")
    assert result.exit_code == 1
    assert "hdlsm has no setting --motifs, --sparsity" in result.stderr


@pytest.mark.long
def test_killing_a_fit_leaves_no_file_that_cannot_be_read(filled: Run) -> None:
    executable = Path(sys.executable).with_name("motifmine")
    line: list[str | Path] = [executable, "fit", "--model", "plsm", "--motif-length", "8s"]
    for delay in [0.4 + 0.12 * i for i in range(10)]:
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.kill()
        process.wait()
        for path in Workspace(Path("motifmine-work")).root.glob("fits/[!.]*.h5"):
            read_fit(path)
    assert subprocess.run(line, check=False, capture_output=True, env=os.environ).returncode == 0


def test_a_simulation_is_fitted_and_held_against_its_truth(motifmine: Run) -> None:
    made = motifmine("simulate", "--motifs", "2", "--times", "600", "--documents", "2")
    assert made.exit_code == 0, made.stderr
    assert (
        motifmine("fit", "--model", "plsm", "--motifs", "2", "--motif-length", "10bins").exit_code
        == 0
    )
    line = (
        "--truth",
        "motifmine-work/truth.csv",
        "--true-motifs",
        "motifmine-work/true-motifs.npz",
    )
    found = json.loads(motifmine("evaluate", *line, "--tolerance", "1s", "--json").stdout)
    assert found["overall"]["f1"] > 0.9
    again = motifmine("simulate", "--motifs", "2")
    assert again.exit_code == 1
    assert "exists already" in again.stderr


def test_an_archive_that_is_not_there_leaves_nothing_behind(motifmine: Run) -> None:
    result = motifmine("batch", "nowhere")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert list(Path().iterdir()) == []


def test_a_missing_truth_is_reported_in_one_line(motifmine: Run) -> None:
    assert motifmine("simulate", "--motifs", "2", "--times", "300").exit_code == 0
    line = ("fit", "--model", "plsm", "--motifs", "2", "--activity", "sparse", "--rounds", "1")
    assert motifmine(*line).exit_code == 0
    result = motifmine("evaluate", "--truth", "missing.csv")
    assert result.exit_code == 1
    assert "missing.csv" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_kind_of_words_has_the_same_defaults_wherever_it_is_fitted() -> None:
    channels = Channels(
        channels=("a",), units=("",), words="counts", per_channel=1, coding=np.zeros((1, 2))
    )
    words = Vocabulary(labels=("a",), layout=channels)
    assert specify_model(FitRequest(model="plsm"), words, 1.0).activity == "sparse"
    dense = FitRequest.of("plsm", activity="dense")
    assert specify_model(dense, words, 1.0).activity == "dense"
