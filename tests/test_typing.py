"""Type information is part of the package: a script of a user passes mypy and pyright."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.paths import ROOT

SCRIPT = """
from pathlib import Path

import motifmine as mm

table: mm.Table = mm.Table.from_array([[0, 1], [2, 0]], bin_s=0.5, words=["a", "b"])
fit: mm.Fit = mm.Plsm(n_motifs=2, motif_length="3s", iterations=5).fit(table)
weights = fit.motifs.weight.tolist()
page: Path = fit.report("x.html")
"""
WRONG = """
import motifmine as mm

mm.Plsm(iterations="many")
mm.Fit().reprot("x.html")
"""


CHECKERS = {
    "mypy": ("mypy", "--strict", "--no-site-packages"),
    # pyright, with its runtime in the package
    "pyright": ("basedpyright", "--level", "error"),
}


@pytest.mark.long
@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize(("script", "n_errors"), [(SCRIPT, 0), (WRONG, 3)])
def test_a_script_of_a_user_is_checked(
    checker: str, script: str, n_errors: int, tmp_path: Path
) -> None:
    (tmp_path / "script.py").write_text(script)
    settings = {"typeCheckingMode": "standard", "extraPaths": [str(ROOT)]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [sys.executable, "-m", *CHECKERS[checker], "script.py"],
        cwd=tmp_path,
        env={"MYPYPATH": str(ROOT), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stdout.splitlines() if "script.py:" in line]
    assert len([line for line in ours if "error:" in line or " - error" in line]) == n_errors, (
        done.stdout
    )
