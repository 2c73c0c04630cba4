"""What killed commands leave is removed by the next one; what runs is left alone."""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from motifmine.parallel import scratch
from motifmine.parallel.parent import end_with_parent
from motifmine.parallel.scratch import (
    make_token,
    parse_token,
    scratch_folder,
    sweep_workspace,
    temporary_name,
    use_temporary_area,
)
from tests.helpers.commands import leftovers, processes_of_session, start, wait_for
from tests.helpers.paths import ROOT

CHILD = """
from pathlib import Path
import sys, time
from motifmine.parallel.reservations import reserve
from motifmine.parallel.scratch import scratch_folder, temporary_name
root = Path(sys.argv[1])
for folder in ("tables", "fits", "reports", "watch"):
    (root / folder).mkdir(parents=True)
temporary_name(root / "tables/a.h5").write_bytes(b"half")
temporary_name(root / "reports/plsm-001", "part").mkdir()
temporary_name(root / "reports/plsm-001", "old").mkdir()
reserve(root / "fits/plsm-001.h5")
reserve(root / "watch/plsm-001-log.csv.h5")
with scratch_folder(root) as folder:
    folder.mkdir(parents=True)
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path: Path) -> subprocess.Popen[str]:
    """A process that has begun to write everywhere in a workspace."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_files_of_a_process_that_runs_stay(tmp_path: Path, writer: subprocess.Popen[str]) -> None:
    before = leftovers(tmp_path)
    try:
        sweep_workspace(tmp_path)
        assert leftovers(tmp_path) == before
        assert len(before) == 6
    finally:
        writer.kill()
        writer.wait()


def test_files_of_a_killed_process_go_and_a_report_comes_back(
    tmp_path: Path, writer: subprocess.Popen[str]
) -> None:
    writer.kill()
    writer.wait()
    sweep_workspace(tmp_path)
    assert leftovers(tmp_path) == []
    assert (tmp_path / "reports/plsm-001").is_dir()


def test_a_process_with_the_number_of_a_dead_one_is_distinguished() -> None:
    own = parse_token(make_token())
    assert own is not None
    assert own.is_gone() is False
    later = parse_token(make_token().replace(f"~{own.start}~", f"~{int(own.start) + 1}~"))
    assert later is not None
    assert later.is_gone() is True
    elsewhere = parse_token(make_token().replace(own.place, "0" * 8))
    assert elsewhere is not None
    assert elsewhere.is_gone() is None


def test_files_of_another_host_stay_for_a_week(tmp_path: Path) -> None:
    own = parse_token(make_token())
    assert own is not None
    path = temporary_name(tmp_path / "a.h5")
    path = path.with_name(path.name.replace(own.place, "0" * 8))
    path.touch()
    sweep_workspace(tmp_path)
    assert path.exists()
    week_ago = path.stat().st_mtime - 8 * 86400
    os.utime(path, (week_ago, week_ago))
    sweep_workspace(tmp_path)
    assert not path.exists()


def test_a_scratch_folder_leaves_no_empty_workspace(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "work") as folder:
        folder.mkdir(parents=True)
        (folder / "big.npy").touch()
    assert list(tmp_path.iterdir()) == []


AREA = """
import multiprocessing.util, time
from motifmine.parallel.scratch import use_temporary_area
use_temporary_area()
print(multiprocessing.util.get_temp_dir(), flush=True)
time.sleep(60 if "killed" in __import__("sys").argv else 0)
"""


def test_temporary_files_of_libraries_go_with_the_process_or_the_next_one() -> None:
    """The folder is short, for the names of sockets have at most 107 characters."""
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": place}
        command = [sys.executable, "-c", AREA]
        killed = subprocess.Popen(
            [*command, "killed"], env=environment, stdout=subprocess.PIPE, text=True
        )
        assert killed.stdout is not None
        made = Path(killed.stdout.readline().strip())
        assert made.parent.parent == Path(place)
        killed.kill()
        killed.wait()
        assert made.is_dir()
        again = subprocess.run(command, env=environment, check=True, capture_output=True)
        assert again.stderr == b""
        assert list(Path(place).iterdir()) == []


def test_two_commands_may_remove_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of eight commands at once that found what a killed one left, two or three ended here."""
    left = tmp_path / f"{scratch.TEMPORARY_PREFIX}{make_token()}"
    left.mkdir()

    def lose_race(path: Path, _token: str) -> bool:
        path.rmdir()
        return True

    monkeypatch.setattr(scratch, "is_left", lose_race)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    use_temporary_area()
    assert not left.exists()


def test_a_number_that_no_process_can_have_is_gone() -> None:
    own = parse_token(make_token())
    assert own is not None
    impossible = parse_token(make_token().replace(f"~{own.pid}~", f"~{10**30}~"))
    assert impossible is not None
    assert impossible.is_gone() is True


PARENT = """
import multiprocessing, time
from motifmine.parallel.parent import end_with_parent
def child():
    end_with_parent()
    print("ready", flush=True)
    time.sleep(60)
if __name__ == "__main__":
    multiprocessing.get_context("spawn").Process(target=child).start()
    time.sleep(60)
"""


def test_a_child_ends_with_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    parent = subprocess.Popen(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    assert len(processes_of_session(parent.pid)) > 1
    parent.kill()
    parent.wait()
    wait_for(lambda: not processes_of_session(parent.pid), 5)


def test_a_child_of_a_living_parent_lives() -> None:
    child = multiprocessing.get_context("spawn").Process(target=end_with_parent)
    child.start()
    child.join(30)
    assert child.exitcode == 0


@pytest.mark.long
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        pytest.param(signal.SIGTERM, 143, marks=pytest.mark.release),
        pytest.param(signal.SIGHUP, 129, marks=pytest.mark.release),
    ],
)
@pytest.mark.parametrize("model", ["hdlsm", "plsm", "tcae", "stream"])
def test_a_fit_ends_within_two_seconds(number: int, code: int, model: str, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "motifmine_cli", "simulate", "--times", "20000"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    options = ["plsm", "--stream", "--workers", "2"] if model == "stream" else [model]
    process = start("fit", "--model", *options, cwd=tmp_path, TMPDIR=str(tmp_path))
    work = tmp_path / "motifmine-work"
    wait_for(lambda: list((work / "fits").glob(".*.reserved")), 60)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=4)
    os.kill(process.pid, number)
    # two seconds on an idle machine
    assert process.wait(timeout=15) == code
    wait_for(lambda: not processes_of_session(process.pid), 5)
    assert leftovers(work) == []
    # torch keeps an empty folder for its compiler, under the same name at every start
    left = {p.name for p in tmp_path.iterdir() if not p.name.startswith("torchinductor_")}
    assert left == {"motifmine-work"}


@pytest.mark.long
def test_children_end_with_a_killed_parent(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "motifmine_cli", "simulate", "--times", "5000", "--documents", "8"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    process = start("fit", "--model", "plsm", "--stream", "--workers", "2", cwd=tmp_path)
    wait_for(lambda: len(processes_of_session(process.pid)) >= 3, 60)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert wait_for(lambda: not processes_of_session(process.pid), 5) < 5
    sweep_workspace(tmp_path / "motifmine-work")
    assert leftovers(tmp_path) == []
