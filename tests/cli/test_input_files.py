"""Input files that cannot be read: every command that takes one says which, and what it expects."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from motifmine.io.hdf5.store import write_fit
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
