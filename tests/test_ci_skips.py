"""In CI a test that skips because something is missing fails; a few may skip."""

import pytest

from tests.helpers.paths import ROOT

pytest_plugins = ["pytester"]

MODULE = """
import pytest

@pytest.fixture
def shared_data():
    pytest.skip("no recordings")

def test_a_missing_tool():
    pytest.skip("no tool")

def test_a_missing_module():
    pytest.importorskip("no_such_module_as_this")

@pytest.mark.skipif(True, reason="never here")
def test_a_condition():
    pass

@pytest.mark.gpu
def test_a_gpu():
    pytest.skip("no GPU")

def test_real_recordings(shared_data):
    pass

@pytest.mark.xfail(reason="known")
def test_known_to_fail():
    assert False

def test_that_passes():
    pass
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder of tests with this project's conftest."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini("[pytest]\nmarkers = gpu: needs a GPU")
    pytester.makeconftest((ROOT / "tests/conftest.py").read_text())
    pytester.makepyfile(MODULE)
    return pytester


# in two processes as `make test` runs them, where reports of skips come over a channel
@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["serial", "parallel"])
def test_in_ci_only_gpus_and_recordings_may_be_missing(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, processes: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CI_REQUIRES_ALL", "1")
    outcomes = {"failed": 2, "errors": 1, "skipped": 2, "xfailed": 1, "passed": 1}
    project.runpytest_subprocess(*processes).assert_outcomes(**outcomes)


def test_elsewhere_all_of_them_skip(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI_REQUIRES_ALL", raising=False)
    project.runpytest_subprocess().assert_outcomes(skipped=5, xfailed=1, passed=1)


def test_in_ci_a_module_that_skips_itself_fails(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_REQUIRES_ALL", "1")
    project.makepyfile(test_module="import pytest\npytest.importorskip('no_such_module_as_this')")
    project.runpytest_subprocess("test_module.py").assert_outcomes(errors=1)
