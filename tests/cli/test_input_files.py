"""Input files that cannot be read: every command that takes one says which, and what it expects."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from motifmine.io.hdf5.store import write_fit
from tests.helpers.commands import start
from tests.helpers.fit_records import lane_record

# PATH is the input; FIT a fit that is good
COMMANDS = [
    "extract PATH.csv",
    "extract PATH.mp4",
    "info PATH.h5",
    "convert PATH.h5",
    "export PATH.h5",
    "fit --model plsm PATH.h5",
    "fit --update PATH.h5",
    "show-motifs PATH.h5",
    "compare PATH.h5 FIT",
    "locate PATH.h5 FIT",
    "locate FIT PATH.mp4",
    "evaluate FIT --truth PATH.csv",
    "evaluate FIT --truth PATH.json",
    "simulate --from FIT --starts PATH.csv",
]


def make_missing(path: Path) -> None:
    path.with_name("imput" + path.suffix).touch()


def make_empty(path: Path) -> None:
    path.touch()


def make_folder(path: Path) -> None:
    path.mkdir()


def make_loop(path: Path) -> None:
    # unreadable for every user, root too
    path.symlink_to(path.name)


@pytest.mark.parametrize("line", COMMANDS)
@pytest.mark.parametrize("make", [make_missing, make_empty, make_folder, make_loop])
def test_an_input_that_cannot_be_read_is_one_line_with_path_and_what_was_expected(
    line: str, make: Callable[[Path], None], motifmine: Callable[..., Result], tmp_path: Path
) -> None:
    write_fit(tmp_path / "good.h5", lane_record())
    words = line.replace("PATH", "input").replace("FIT", "good.h5").split()
    name = next(word for word in words if word.startswith("input"))
    make(tmp_path / name)
    result = motifmine(*words)
    # click refuses folders itself where a file is an option's value
    assert result.exit_code in (1, 2), result.stderr
    complaint = result.stderr.strip().splitlines()[-1]
    assert name in complaint
    assert "Errno" not in complaint
    assert not list(tmp_path.glob("motifmine-work/*/*.h5"))


@pytest.mark.parametrize(
    "line",
    ["-w= info", "extract ", "info ", "watch FIT ", "batch ", "occurrences -o=", "clips -o="],
)
def test_an_empty_name_is_not_the_current_folder(
    line: str, motifmine: Callable[..., Result]
) -> None:
    # an argument that a shell made of a variable that is not set
    result = motifmine(*line.replace("=", " ").split(" "))
    assert result.exit_code == 2
    assert "the name is empty" in result.stderr


def test_a_workspace_where_no_folder_can_be_is_refused(motifmine: Callable[..., Result]) -> None:
    Path("log.csv").write_text("time,a\n0,1\n1,0\n")
    Path("dangling").symlink_to("nowhere")
    for place, message in (("log.csv/sub", "is a file"), ("dangling/sub", "is a link to nothing")):
        result = motifmine("-w", place, "extract", "log.csv")
        assert result.exit_code == 2
        assert message in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("line", ["--help", "fit --help", "--version", "plugins"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_under_standard_output_is_one_line(
    line: str, unbuffered: str, tmp_path: Path
) -> None:
    with Path("/dev/full").open("w") as full:
        process = start(*line.split(), cwd=tmp_path, stdout=full, PYTHONUNBUFFERED=unbuffered)
        assert process.communicate(timeout=60)[1] == "Error: No space left on device\n"
    assert process.returncode == 1
