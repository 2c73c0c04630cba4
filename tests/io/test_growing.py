"""Reading of files that are being written."""

import threading
from pathlib import Path

import pytest

from motifmine.errors import DataError, FormatError
from motifmine.io.growing import TEXT_BYTES, GrowingFile, Prefixed, Stopped


def open_growing(
    path: Path, stop: threading.Event, idle_s: float, waits: list[int] | None = None
) -> GrowingFile:
    return GrowingFile(path, stop, idle_s, lambda: (waits or []).append(1))


def test_it_reads_on_when_the_file_grows_and_ends_when_it_does_not(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("a\nb\n")
    file = open_growing(path, threading.Event(), 0.0)
    assert file.read() == b"a\nb\n"
    with path.open("a") as more:
        more.write("c\n")
    assert file.read() == b"c\n"
    assert file.read() == b""
    assert file.n_bytes == 6


def test_lines_that_were_read_for_a_look_come_again(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("x\n" * 3 * TEXT_BYTES)
    file = open_growing(path, threading.Event(), 0.0)
    head = file.read_lines(2)
    again = Prefixed(head, file)
    found = b""
    while block := again.read(1 << 30):
        assert len(block) <= TEXT_BYTES
        found += block
    assert found == path.read_bytes()


def test_it_stops_and_refuses_files_that_are_not_what_they_were(tmp_path: Path) -> None:
    path, stop = tmp_path / "log.csv", threading.Event()
    path.write_text("a\nb\n")
    file = open_growing(path, stop, 60.0)
    assert file.read() == b"a\nb\n"
    path.write_text("a\n")
    with pytest.raises(DataError, match="was cut from 4 to 2 bytes"):
        file.read()
    (tmp_path / "other.csv").write_text("0123456789")
    (tmp_path / "other.csv").replace(path)
    with pytest.raises(DataError, match="was replaced"):
        file.read()
    path.unlink()
    with pytest.raises(DataError, match="is gone"):
        file.read()
    stop.set()
    with pytest.raises(Stopped):
        file.read()
    with pytest.raises(FormatError, match="cannot be read"):
        open_growing(path, stop, 0.0)
