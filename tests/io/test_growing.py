"""Files that grow while they are read."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from motifmine.errors import DataError
from motifmine.io.growing import GrowingFile, Stopped


def opened(path: Path, on_wait: Callable[[], None], stop: threading.Event) -> GrowingFile:
    return GrowingFile(path, stop, 0.0, on_wait)


def test_what_is_appended_is_read_and_a_file_that_rests_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(b"a\n")
    file = opened(path, lambda: None, threading.Event())
    assert file.read() == b"a\n"
    with path.open("ab") as more:
        more.write(b"b\n")
    assert file.read() == b"b\n" and file.read() == b""


def test_reading_ends_when_it_is_stopped(tmp_path: Path) -> None:
    path, stop = tmp_path / "log.csv", threading.Event()
    path.touch()
    file = GrowingFile(path, stop, 60.0, stop.set)
    with pytest.raises(Stopped):
        file.read()


def test_a_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(b"1\n2\n")
    file = opened(path, lambda: None, threading.Event())
    file.read()
    path.write_bytes(b"1\n")
    with pytest.raises(DataError, match="was cut from 4 to 2 bytes"):
        file.read()
