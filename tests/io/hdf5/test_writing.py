"""HDF5 files are made in memory; large ones on the disk, with the same content."""

import os
import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from motifmine.io.hdf5 import writing
from tests.helpers.paths import ROOT


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


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from motifmine.errors import WorkspaceError
from motifmine.io.hdf5.writing import open_new
with open_new(Path("b.h5"), force=False, grows=True) as file:
    file["x"] = np.arange(10)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    with open_new(Path("a.h5"), force=False, grows=sys.argv[1] == "grows") as file:
        for number in range(40):
            file.create_dataset(str(number), data=np.arange(10000.0) + number, chunks=(1000,))
except WorkspaceError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
@pytest.mark.parametrize("where", ["grows", "in memory"])
def test_a_full_disk_is_one_line(tmp_path: Path, where: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FULL, where],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(r"a\.h5 cannot be written: .*File too large\n", ended.stdout)
    assert ended.stderr == ""
    assert [path.name for path in tmp_path.iterdir()] == ["b.h5"]


def test_other_errors_stay_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="another"), writing.open_new(tmp_path / "a", force=False):
        raise ValueError("another error")
    assert list(tmp_path.iterdir()) == []
