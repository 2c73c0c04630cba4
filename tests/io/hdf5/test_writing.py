"""HDF5 files are made in memory; large ones on the disk, with the same content."""

import errno
import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from motifmine.errors import WorkspaceError
from motifmine.io.hdf5 import writing


@pytest.mark.parametrize("most", [0, 1 << 29])
def test_a_changed_copy_has_the_rest_and_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(writing, "MOST_IN_MEMORY", most)
    path = tmp_path / "a.h5"
    with writing.open_new(path, force=False) as file:
        file["x"] = np.arange(1000)
    os.utime(path, (1e9, 1e9))
    with writing.open_new(path, force=True, base=path) as file:
        file["y"] = np.arange(5)
    with h5py.File(path, "r") as file:
        assert file["x"][:].sum() == 499500
        assert file["y"][:].tolist() == [0, 1, 2, 3, 4]
    assert path.stat().st_mtime == 1e9


@pytest.mark.parametrize("kind", [RuntimeError, ValueError])
def test_what_hdf5_raises_for_a_full_disk_names_the_file(
    tmp_path: Path, kind: type[Exception]
) -> None:
    message = f"file write failed: errno = {errno.ENOSPC}, error message = 'No space left'"
    with (
        pytest.raises(WorkspaceError, match=r"a\.h5 cannot be written: .*No space left"),
        writing.open_new(tmp_path / "a.h5", force=False, grows=True),
    ):
        raise kind(message)
    with pytest.raises(kind, match="another"), writing.open_new(tmp_path / "a.h5", force=False):
        raise kind("another error")
    assert list(tmp_path.iterdir()) == []
