"""The house itself: imports run downward, kernels go through one decorator, packages are listed."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.helpers.layers import find_faults, read_imports
from tests.helpers.paths import ROOT

MODULES = sorted((ROOT / "motifmine").rglob("*.py"))
HEAVY = ("torch", "cv2", "av", "numba", "scipy", "h5py", "matplotlib", "dask", "rich", "pyarrow")


def test_imports_keep_to_the_layers() -> None:
    assert find_faults(read_imports(ROOT)) == []


PLANTED = {
    "upward, plain": ("files.py", "import motifmine.workflows.fit"),
    "upward, from the package": ("records/table.py", "from motifmine import workflows"),
    "upward, from a module": ("io/sources.py", "from motifmine.workflows.fit import show_fit"),
    "upward, relative": ("analysis/drift.py", "from ..reporting import rows"),
    "upward, in a function": ("records/fit.py", "def f():\n    import motifmine.archive.plan"),
    "upward, for type checks": (
        "features/video/flow.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import motifmine.analysis.drift",
    ),
    "same layer": ("io/sources.py", "from motifmine.kernels import binning"),
    "families": ("models/plsm/em.py", "from motifmine.models.tcae import windows"),
    "door": ("reporting/rows.py", "import cv2"),
    "circle": ("records/vocabulary.py", "from motifmine.records.table import ObservationTable"),
}


def test_each_planted_import_is_noticed(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "motifmine", tmp_path / "motifmine")
    for kind, (file, line) in PLANTED.items():
        module = tmp_path / "motifmine" / file
        source = module.read_text()
        module.write_text(f"{source}\n{line}\n")
        faults = [fault.partition(":")[0] for fault in find_faults(read_imports(tmp_path))]
        assert kind.partition(",")[0] in faults, kind
        module.write_text(source)


def test_kernels_go_through_the_one_decorator() -> None:
    used = re.compile(r"\bn?jit\b(?!\s+import)(?!\.)")
    others = [module for module in MODULES if module.name != "jit.py"]
    assert [m for m in others if used.search(m.read_text().replace(".jit", ""))] == []


def test_listed_packages_are_the_folders_of_the_tree() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = [p.parent for p in (ROOT / "motifmine").rglob("__init__.py")]
    found = {".".join(folder.relative_to(ROOT).parts) for folder in folders} | {"motifmine_cli"}
    assert set(listed) == found


def test_the_command_folder_is_flat() -> None:
    assert not [p for p in (ROOT / "cli").iterdir() if p.is_dir() and p.name != "__pycache__"]


def test_importing_motifmine_loads_nothing_heavy() -> None:
    code = f"import sys, motifmine; print([m for m in {HEAVY} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, motifmine_cli.main as m\n"
        "m.main(['--help'], standalone_mode=False)\n"
        f"print([x for x in {('numpy', *HEAVY)} if x in sys.modules])"
    )
    out = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert out.splitlines()[-1] == "[]"
