"""Commands at once in one workspace: each result is kept, each name stays, nothing is left."""

import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from motifmine.errors import WorkspaceError
from motifmine.files import open_atomic
from motifmine.io.hdf5 import store
from motifmine.parallel.reservations import read_holder, reservation_of, reserve
from motifmine.parallel.scratch import make_folder, make_token
from motifmine.workflows import explain
from motifmine.workflows.names import name_motifs
from motifmine.workflows.report import read_motifs, show_fit
from motifmine.workflows.workspace import Workspace
from tests.helpers.commands import leftovers
from tests.helpers.faults import Forked
from tests.helpers.fit_records import lane_record

N_ROUNDS = int(os.environ.get("MOTIFMINE_ROUNDS", "2"))
FIT = ("fit", "--model", "plsm", "--motifs", "2", "--motif-length", "5s")


@pytest.fixture
def folder(tmp_path: Path, motifmine: Callable[..., Result]) -> Path:
    """A workspace of which this process has fitted and shown the tables once."""
    for command in (
        ("simulate", "--motifs", "2", "--motif-length", "5s", "--times", "300"),
        (*FIT, "--name", "base"),
        ("show-motifs", "base"),
    ):
        result = motifmine(*command)
        assert result.exit_code == 0, result.stderr
    return tmp_path


def _run_all(commands: Sequence[tuple[str, ...]], folder: Path) -> None:
    """Run commands at the same time; all must succeed, or the whole error output is shown.

    They are forked from this process, which has imported all and compiled the kernels, so that
    they meet in the workspace and not in the imports, and many rounds take little time.
    """
    # short: the names of sockets in it have at most 107 characters
    with tempfile.TemporaryDirectory(prefix="o", dir="/tmp") as place:
        started = [Forked(command, folder, Path(place)) for command in commands]
        ended = [forked.wait()[0] for forked in started]
        assert list(Path(place).iterdir()) == []
    # pytest cuts long values of a comparison, but not the message of a failure
    wrong = [
        f"status {end.status}: {' '.join(command)}\n{end.error}"
        for command, end in zip(commands, ended, strict=True)
        if end.status != 0
    ]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.long
def test_fits_at_once_each_keep_their_result(folder: Path) -> None:
    _run_all([(*FIT, "--seed", str(seed)) for seed in range(3)], folder)
    fits = sorted((folder / "motifmine-work/fits").glob("plsm-*.h5"))
    assert [path.stem for path in fits] == ["plsm-001", "plsm-002", "plsm-003"]
    assert {store.read_fit(path).provenance.seed for path in fits} == {0, 1, 2}
    assert leftovers(folder) == []


@pytest.mark.long
def test_names_given_at_once_are_all_kept(folder: Path) -> None:
    n = store.read_n_motifs(folder / "motifmine-work/fits/base.h5")
    _run_all([("name", "base", str(i + 1), f"lane {i}") for i in range(n)], folder)
    record = store.read_fit(folder / "motifmine-work/fits/base.h5")
    assert record.names == tuple(f"lane {i}" for i in range(n))
    assert leftovers(folder) == []


def test_numbers_of_fits_are_reserved_when_they_begin(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    record = lane_record()
    all_there = threading.Barrier(8)

    def fit(seed: int) -> str:
        with workspace.reserve_fit(None, "plsm") as path:
            all_there.wait(timeout=30)
            made = replace(record, provenance=replace(record.provenance, seed=seed))
            store.write_fit(path, made)
        return path.stem

    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(fit, range(8)))
    assert sorted(names) == [f"plsm-{i:03d}" for i in range(1, 9)]
    seeds = [store.read_fit(workspace.fit_path(name)).provenance.seed for name in names]
    assert seeds == list(range(8))
    assert leftovers(tmp_path) == []


def test_names_at_once_are_all_kept(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    store.write_fit(workspace.fit_path("lanes"), lane_record())
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda i: name_motifs(workspace, "lanes", {i % 2: f"lane {i % 2}"}), range(8))
        )
    assert store.read_fit(workspace.fit_path("lanes")).names == ("lane 0", "lane 1")
    assert leftovers(tmp_path) == []


def test_motifs_are_named_while_a_fit_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its reservation is looked at when the file is written, in a folder that is locked already."""
    workspace = Workspace(tmp_path)
    store.write_fit(workspace.fit_path("lanes"), lane_record())
    monkeypatch.setattr("motifmine.parallel.scratch._swept", set())
    with workspace.reserve_fit(None, "plsm"):
        name = threading.Thread(
            target=name_motifs, args=(workspace, "lanes", {0: "left"}), daemon=True
        )
        name.start()
        name.join(30)
        assert not name.is_alive()
    assert store.read_fit(workspace.fit_path("lanes")).names[0] == "left"


def test_a_name_in_use_is_refused_before_computing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with (
        workspace.reserve_fit("lanes", "plsm"),
        pytest.raises(WorkspaceError, match=r"is being made by process .*another name"),
        workspace.reserve_fit("lanes", "plsm"),
    ):
        pass
    assert leftovers(tmp_path) == []


def test_a_folder_may_vanish_while_a_name_in_it_is_reserved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that fails in a new workspace removes its empty folders."""
    workspace = Workspace(tmp_path / "work")
    n_lost = 0

    def lose_folder() -> str:
        nonlocal n_lost
        if n_lost < 2:
            n_lost += 1
            shutil.rmtree(workspace.root)
        return make_token()

    monkeypatch.setattr("motifmine.parallel.reservations.make_token", lose_folder)
    with workspace.reserve_fit(None, "plsm") as path:
        assert reservation_of(path).exists()
    assert n_lost == 2
    assert list(tmp_path.iterdir()) == []


def test_a_parent_may_vanish_while_a_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, made = os.mkdir, []

    def lose_parent(path: Path, *more: int) -> None:
        make(path, *more)
        made.append(Path(path).name)
        if made == ["work"]:
            Path(path).rmdir()

    monkeypatch.setattr(os, "mkdir", lose_parent)
    make_folder(tmp_path / "work" / ".scratch" / "own")
    assert (tmp_path / "work/.scratch/own").is_dir()
    assert made[:2] == ["work", "work"]


def test_reports_of_one_fit_at_once_are_whole(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    store.write_fit(workspace.fit_path("lanes"), lane_record())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: show_fit(workspace, "lanes", force=True), range(4)))
    assert (tmp_path / "reports/lanes/report.html").stat().st_size > 1000
    assert leftovers(tmp_path) == []


def test_names_given_while_a_report_is_written_are_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path)
    store.write_fit(workspace.fit_path("lanes"), lane_record())

    def name_meanwhile(*_: object) -> None:
        name_motifs(workspace, "lanes", {0: "left lane"})

    monkeypatch.setattr(explain, "explain_heaviest_in_workspace", name_meanwhile)
    page = show_fit(workspace, "lanes")
    assert "left lane" not in page.read_text()
    show_fit(workspace, "lanes")
    assert "left lane" in page.read_text()


def test_the_name_of_a_process_that_is_gone_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lanes.h5"
    own = make_token()
    start = own.split("~")[3]
    reservation_of(path).write_text(own.replace(f"~{start}~", "~1~") + "\nprocess 1 on old\n")
    assert read_holder(path) == "process 1 on old"
    assert reserve(path) == reservation_of(path)
    assert reserve(path) is None


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    with (
        pytest.raises(WorkspaceError, match="exists already"),
        open_atomic(tmp_path / "a.txt", force=False) as part,
    ):
        part.write_text("ours")
        (tmp_path / "a.txt").write_text("theirs")
    assert (tmp_path / "a.txt").read_text() == "theirs"


@pytest.mark.long
def test_eight_commands_at_once_keep_all_results(folder: Path) -> None:
    work = folder / "motifmine-work"
    n = store.read_n_motifs(work / "fits/base.h5")
    for number in range(N_ROUNDS):
        commands = [
            *((*FIT, "--seed", str(seed)) for seed in range(3)),
            *(("name", "base", str(i % n + 1), f"{number}.{i}") for i in range(2)),
            ("show-motifs", "base", "--force"),
            ("info", "motifmine-work/fits/base.h5"),
            ("occurrences", "base", "--format", "csv"),
        ]
        _run_all(commands, folder)
        assert len(list((work / "fits").glob("plsm-*.h5"))) == 3 * (number + 1)
        assert leftovers(folder) == []


def test_a_report_that_is_up_to_date_is_shown_without_reading_the_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path / "w")
    store.write_fit(workspace.fit_path("lanes"), lane_record())
    page = show_fit(workspace, "lanes")
    printed = read_motifs(page)
    page.with_name("motifs.txt").unlink()
    # as reports of older versions, which are written again
    assert read_motifs(show_fit(workspace, "lanes")) == printed

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("the fit was read")

    monkeypatch.setattr(store, "read_fit", fail)
    assert show_fit(workspace, "lanes") == page
    assert [row["motif"] for row in json.loads(read_motifs(page, as_json=True))] == [1, 2]
