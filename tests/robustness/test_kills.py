"""Commands that are killed or whose disk is full: the short form of `tests.robustness.kills`."""

import tempfile
from pathlib import Path

import pytest

from tests.robustness.kills import Scene, disturbances, warm_up


@pytest.mark.long
@pytest.mark.release
def test_nothing_is_lost_and_nothing_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command twice, in ways that the seed chooses."""
    monkeypatch.delenv("MOTIFMINE_WORKSPACE", raising=False)
    wrong: list[str] = []
    # short: the names of sockets in it have at most 107 characters
    with tempfile.TemporaryDirectory(prefix="k", dir="/tmp") as folder:
        scene = Scene(Path(folder))
        warm_up(scene)
        ends = [end for *_, end in disturbances(scene, 40, 0, wrong.append)]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)
    assert ends.count("killed") > 3
