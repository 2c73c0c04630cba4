"""Commands of motifmine in processes of their own, to be run at once, interrupted and killed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from tests.helpers.paths import ROOT


def load_command() -> Any:
    """Return the command `motifmine`."""
    # by name: the type checker finds no such package before it is installed
    return import_module("motifmine_cli.main").main


def start(
    *arguments: str, cwd: Path, stdout: int | IO[str] = subprocess.PIPE, **more: str
) -> subprocess.Popen[str]:
    """Start `motifmine ARGUMENTS...` as leader of a process group of its own.

    Parameters
    ----------
    *arguments : str
    cwd : Path
    stdout : int or file
        As that of `subprocess.Popen`.
    **more : str
        Environment variables.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "motifmine_cli", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **more},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(*arguments: str, cwd: Path) -> str:
    """Run a command that must succeed and return its standard output."""
    process = start(*arguments, cwd=cwd)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


def wait_for(condition: object, timeout_s: float) -> float:
    """Wait until a callable returns something true; return the seconds it took.

    Raises
    ------
    TimeoutError
    """
    assert callable(condition)
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > timeout_s:
            raise TimeoutError
        time.sleep(0.02)
    return time.monotonic() - began


def processes_of_session(leader: int) -> list[int]:
    """Return the processes that a command started and that still run, by its session."""
    return [pid for pid, session, state in _processes() if session == leader and state != "Z"]


def _processes() -> Iterator[tuple[int, int, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, session, *_ = (folder / "stat").read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        yield int(folder.name), int(session), state


def leftovers(folder: Path) -> list[str]:
    """Return hidden files and folders below a folder, by their paths in it."""
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob(".*") if path.name != ".lock"
    )
