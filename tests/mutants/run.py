"""Plant each fault of `mutants.toml` in a copy of the package and expect its tests to fail.

python -m tests.mutants.run [NAME...]
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.paths import ROOT

PACKAGES = ("motifmine", "cli", "tests", "sample_data", "pyproject.toml")
FAILED = 1
"""Exit status of pytest when tests failed; others are wrong usage, or no test at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A fault, and the tests that have to notice it."""

    name: str
    file: str
    """Below `motifmine/`."""
    old: str
    new: str
    tests: list[str]
    """Arguments of pytest."""


def read_mutants() -> list[Mutant]:
    """Return the faults of `mutants.toml`."""
    content = tomllib.loads((Path(__file__).parent / "mutants.toml").read_text())
    return [Mutant(**item) for item in content["mutant"]]


@contextmanager
def copied_project() -> Iterator[Path]:
    """Yield a copy of the project, one for all faults: kernels are compiled once."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for name in PACKAGES:
            source, copy = ROOT / name, tree / name
            if source.is_dir():
                shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, copy)
        # the command line is installed under this name
        (tree / "motifmine_cli").symlink_to("cli")
        yield tree


def run_tests(tree: Path, tests: list[str]) -> int:
    """Run tests in a copy of the project and return the exit status of pytest."""
    line = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    settings = {**os.environ, "PYTHONPATH": str(tree), "NUMBA_CACHE_DIR": str(tree / "cache")}
    done = subprocess.run(
        line, cwd=tree, env=settings, check=False, capture_output=True, timeout=900
    )
    return done.returncode


def is_noticed(tree: Path, mutant: Mutant) -> bool:
    """Return whether the tests of a fault fail with it; the copy is mended afterwards."""
    path = tree / "motifmine" / mutant.file
    path.write_text(path.read_text().replace(mutant.old, mutant.new))
    try:
        return run_tests(tree, mutant.tests) == FAILED
    finally:
        # with its time of modification, from which Python and numba know their caches
        shutil.copy2(ROOT / "motifmine" / mutant.file, path)


def list_missed(mutants: Iterable[Mutant]) -> list[str]:
    """Return the names of the faults that their tests do not notice, and print a line a fault."""
    missed = []
    with copied_project() as tree:
        for mutant in mutants:
            noticed = is_noticed(tree, mutant)
            if not noticed:
                missed.append(mutant.name)
            print(f"{'noticed' if noticed else 'MISSED'}: {mutant.name}", flush=True)
    return missed


if __name__ == "__main__":
    chosen = sys.argv[1:]
    faults = [mutant for mutant in read_mutants() if not chosen or mutant.name in chosen]
    sys.exit(len(list_missed(faults)))
