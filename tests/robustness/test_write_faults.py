"""A disk that is full or fails at the n-th file: one line, nothing lost, nothing left."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.helpers.paths import ROOT

Run = Callable[..., Result]
COMMANDS = {
    "simulate": ("simulate", "--motifs", "2", "--force"),
    "name": ("name", "plsm-001", "1", "start"),
    "occurrences": ("occurrences", "plsm-001", "--format", "csv", "-o", "o.csv", "--force"),
    "export": ("export", "plsm-001", "--format", "tdoc", "-o", "out/x", "--force"),
    "show-motifs": ("show-motifs", "plsm-001"),
    "hmm": ("fit", "--model", "hmm", "--states", "2", "--name", "new", "--force"),
}
FAULTS = {
    "the data": (errno.ENOSPC, ("fsync",)),
    "the name": (errno.EIO, ("link", "replace", "rename")),
}


@pytest.fixture
def scene(tmp_path: Path, motifmine: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "tests/golden/channels", tmp_path / "scene")
    monkeypatch.setenv("MOTIFMINE_WORKSPACE", "scene")
    return tmp_path / "scene"


def fail_at(patch: pytest.MonkeyPatch, names: tuple[str, ...], nth: int, code: int) -> list[str]:
    """Let the n-th call of any of some functions of `os` fail, and list the calls."""
    calls: list[str] = []

    def failing(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            calls.append(name)
            if len(calls) == nth:
                raise OSError(code, os.strerror(code))
            return real(*arguments, **more)

        return call

    for name in names:
        patch.setattr(os, name, failing(name, getattr(os, name)))
    return calls


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("what", COMMANDS)
def test_a_disk_that_fails_is_one_line(what: str, fault: str, scene: Path, motifmine: Run) -> None:
    code, functions = FAULTS[fault]
    before = {path: path.read_bytes() for path in scene.rglob("*.h5")}
    for nth in (1, 2):
        with pytest.MonkeyPatch.context() as patch:
            calls = fail_at(patch, functions, nth, code)
            result = motifmine(*COMMANDS[what])
        assert result.exit_code in (0, 1), result.stderr
        assert "Traceback" not in result.stderr
        assert calls or nth > 1 or what == "show-motifs"  # reports can be made again
        # without links a name is given by renaming; data that are not on the disk are lost
        if len(calls) >= nth and (result.exit_code or fault == "the data"):
            assert result.exit_code == 1
            assert os.strerror(code) in result.stderr
        # no file has changed but the one that was to be written, and no other is damaged
        changed = [path for path, content in before.items() if path.read_bytes() != content]
        assert changed in ([], [scene / "fits/plsm-001.h5"])
        assert motifmine("info", "--json").exit_code == 0
    assert motifmine(*COMMANDS[what]).exit_code == 0
    left = [p.name for p in scene.parent.rglob(".*") if ".part-" in p.name or ".reserved" in p.name]
    assert left == []


def test_what_the_disk_refuses_anywhere_is_one_line(scene: Path, motifmine: Run) -> None:
    """Also where no module expects it, such as when the time of a file is set."""
    with pytest.MonkeyPatch.context() as patch:
        fail_at(patch, ("utime",), 1, errno.EIO)
        result = motifmine("convert", str(scene))
    assert result.exit_code == 1
    assert os.strerror(errno.EIO) in result.stderr
    assert "Traceback" not in result.stderr
