"""Files appear whole or not at all; digests; the version."""

import hashlib
from importlib.metadata import version
from pathlib import Path

import pytest

from motifmine.errors import WorkspaceError
from motifmine.files import open_atomic, sha256, write_bytes, write_text
from motifmine.version import __version__


def test_a_file_gets_its_name_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "new/folder/a.bin"
    with open_atomic(path, force=False) as part:
        part.write_bytes(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert [item.name for item in path.parent.iterdir()] == ["a.bin"]


def test_a_body_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "före", force=False)
    with pytest.raises(KeyError), open_atomic(path, force=True) as part:
        part.write_text("half")
        raise KeyError
    assert path.read_text(encoding="utf-8") == "före"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"1", force=False)
    with pytest.raises(WorkspaceError, match="--force"):
        write_bytes(path, b"2", force=False)
    write_bytes(path, b"3", force=True)
    assert path.read_bytes() == b"3"


def test_a_failed_write_is_reported_with_the_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        write_text(tmp_path / "file" / "a.txt", "x", force=False)


def test_the_digest_of_a_file_of_several_blocks(tmp_path: Path) -> None:
    content = bytes(range(256)) * 9000
    (tmp_path / "a.bin").write_bytes(content)
    assert sha256(tmp_path / "a.bin") == hashlib.sha256(content).hexdigest()


def test_the_version_is_that_of_the_installed_package() -> None:
    assert version("motifmine") == __version__
