"""Fixtures that several test modules share; in CI a skip for something missing is a failure."""

import os
from collections.abc import Callable, Generator
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from click import Command
from click.testing import CliRunner, Result
from hypothesis import settings

from motifmine.simulation import Simulation, simulate
from motifmine.workflows.workspace import Workspace
from tests.helpers.commands import load_command
from tests.helpers.paths import CLIP, ROOT

# the same examples in each run, however slow the machine
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

SHARED = ROOT.parent / "shared" / "data"

NOTHING_MAY_BE_MISSING = os.environ.get("CI_REQUIRES_ALL") == "1"
"""Set in CI, where tools are installed: a test that skips for want of one is a failure there."""


def may_skip(item: pytest.Item) -> bool:
    """Return whether a test needs what no installation brings: a GPU, or the real recordings."""
    return "shared_data" in getattr(item, "fixturenames", ()) or (
        item.get_closest_marker("gpu") is not None
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests of the model that takes longest to compile first.

    Workers begin with one half of the tests each. In the order of files both would compile the
    kernels of HDLSM at once, one for `tests/cli` and one for `tests/models`; now the first worker
    compiles them while the second one compiles those of PLSM, and both find the others cached.
    """
    items.sort(key=lambda item: "hdlsm" not in item.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where nothing may be missing."""
    report = yield
    is_skip = report.skipped and not hasattr(report, "wasxfail")
    if NOTHING_MAY_BE_MISSING and is_skip and not may_skip(item):
        report.outcome = "failed"
        report.longrepr = f"skipped, but CI_REQUIRES_ALL=1: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn the skip of a whole module into a failure where nothing may be missing."""
    report = yield
    if NOTHING_MAY_BE_MISSING and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, but CI_REQUIRES_ALL=1: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings next to the checkout; tests skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"no real recordings: {SHARED} is absent")
    return SHARED


@pytest.fixture(scope="session")
def small() -> Simulation:
    """Two documents of three well separated motifs."""
    return simulate(n_motifs=3, motif_length=8, n_words=18, n_times=400, n_documents=2, seed=5)


@pytest.fixture(scope="session")
def junction(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with the table of `CLIP` and a fit; tests must not change it."""
    from motifmine.io.hdf5.store import write_fit
    from motifmine.models.plsm.model import Plsm
    from motifmine.workflows.extract import extract_sources
    from motifmine.workflows.mine import mine
    from tests.helpers.clips import thin_out

    workspace = Workspace(tmp_path_factory.mktemp("junction"))
    extract_sources([CLIP], workspace)
    spec = Plsm(n_motifs=4, motif_length=10, restarts=1, iterations=30, activity="sparse", rounds=2)
    write_fit(workspace.fit_path("plsm-001"), mine(thin_out(workspace.read_tables()), spec))
    return workspace


@pytest.fixture(scope="session")
def command() -> Command:
    """The installed command `motifmine`, found the way a shell finds it."""
    loaded: Command = load_command()
    return loaded


@pytest.fixture
def motifmine(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Run `motifmine ARGUMENTS...` in an empty folder and return its result."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MOTIFMINE_WORKSPACE", raising=False)

    # before click 8.2 a runner has an option to keep stdout and stderr apart
    is_joined = "mix_stderr" in signature(CliRunner).parameters
    apart: dict[str, Any] = {"mix_stderr": False} if is_joined else {}
    runner = CliRunner(**apart)

    def run(*arguments: str | Path) -> Result:
        return runner.invoke(command, [str(a) for a in arguments], prog_name="motifmine")

    return run
