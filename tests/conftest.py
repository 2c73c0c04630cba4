"""Fixtures that several test modules share."""

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from click import Command
from click.testing import CliRunner, Result

from motifmine.simulation import Simulation, simulate
from tests.helpers.paths import ROOT

SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings beside the checkout; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"no real recordings: {SHARED} is absent")
    return SHARED


@pytest.fixture(scope="session")
def small() -> Simulation:
    """Two documents of three well separated motifs."""
    return simulate(n_motifs=3, motif_length=8, n_words=18, n_times=400, n_documents=2, seed=5)


@pytest.fixture(scope="session")
def command() -> Command:
    """The installed command `motifmine`, found the way a shell finds it."""
    (entry,) = entry_points(group="console_scripts", name="motifmine")
    loaded: Command = entry.load()
    return loaded


@pytest.fixture
def motifmine(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Run `motifmine ARGUMENTS...` in an empty folder and return its result."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MOTIFMINE_WORKSPACE", raising=False)

    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(command, [str(a) for a in arguments], prog_name="motifmine")

    return run
