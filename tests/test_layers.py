"""The house itself: imports run downward, kernels go through one decorator, packages are listed."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = [
    {"errors", "version", "seeding", "jit", "durations", "arrays", "mapping"},
    {"vocabulary"},
    {"table", "series"},
    {"motifs", "similarity", "anomalies", "posterior", "encoder", "segments"}
    | {"drift", "local_time"},
    {"layout", "kernels", "simulation", "preparation", "topics"},
    {"io", "features"},
    {"models", "workspace"},
    {"inference"},
    {"reporting", "summary", "exchange", "naming"},
    {"isolation", "series_listening", "series_spool", "series_words"},
    {"series_extraction", "series_surveys", "extraction_jobs"},
    {"topic_null"},
    {"extraction", "pipeline", "stability", "located_groups", "streaming", "updating"}
    | {"archive_drift"},
    {"topic_extraction"},
    {"topic_fits"},
    {"jobs"},
    {"distributed", "streamed_jobs", "demonstration"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
MODULES = sorted((ROOT / "motifmine").rglob("*.py"))
HEAVY = ("torch", "cv2", "av", "numba", "scipy", "h5py", "matplotlib", "dask", "rich", "pyarrow")


def part_of(module: Path) -> str:
    return module.relative_to(ROOT / "motifmine").with_suffix("").parts[0]


def imported(module: Path) -> list[str]:
    nodes = ast.walk(ast.parse(module.read_text()))
    names = [n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)]
    return [name.split(".")[1] for name in names if name.startswith("motifmine.")]


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(ROOT)))
def test_imports_run_downward(module: Path) -> None:
    here = part_of(module)
    if here == "__init__":
        return
    upward = [name for name in imported(module) if LEVEL[name] > LEVEL[here]]
    assert not upward


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(ROOT)))
def test_kernels_go_through_the_one_decorator(module: Path) -> None:
    if module.name != "jit.py":
        assert not re.search(
            r"\bn?jit\b(?!\s+import)(?!\.)", module.read_text().replace(".jit", "")
        )


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
