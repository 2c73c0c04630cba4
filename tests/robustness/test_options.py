"""Options of every command with any value: a result, a refusal in a line, or wrong usage."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.golden.make import write_series
from tests.helpers.commands import load_command
from tests.helpers.paths import ROOT

# what each command is given besides: those that compute long find nothing to compute with
ARGUMENTS: dict[str, list[str]] = {
    "run": ["nosuch.csv", "-w", "empty"],
    "extract": ["nosuch.csv"],
    "info": [],
    "fit": ["--model", "plsm", "-w", "empty"],
    "show-motifs": ["plsm-001", "--force"],
    "name": ["plsm-001", "1", "a"],
    "occurrences": ["plsm-001"],
    "locate": ["plsm-001", "nosuch.csv"],
    "watch": ["plsm-001", "nosuch.csv"],
    "phases": ["plsm-001"],
    "forecast": ["plsm-001"],
    "export": ["plsm-001", "-o", "out/x", "--force"],
    "anomalies": ["plsm-001"],
    "robustness": ["plsm-001"],
    "clips": ["plsm-001", "--sources", "."],
    "evaluate": ["plsm-001", "--truth", "truth.csv"],
    "compare": ["plsm-001", "hdlsm-001"],
    "simulate": ["--force", "--times", "50", "--motif-length", "5bins"],
    "batch": ["nosuch"],
    "config": [],
    "convert": [],
    "doctor": [],
    "plugins": [],
}
ODD = (
    *("", "0", "-1", "1", "2.5", "nan", "inf", "1e308", "99999999999999999999", "1000000000"),
    *(
        "x",
        "\x00",
        "a\x00b",
        "\ud800",
        "\x1b[31m",
        "\u00e9\n",
        "[1]",
        "*",
        "a" * 5000,
        "a,b",
        "1,2,3",
        "1-3",
    ),
    *("5s", "1ms", "10bins", "0s", "1e9h", "auto", "off", "2026-03-01T08:30:00", "Europe/Paris"),
    *("/nosuch/x", ".", "truth.csv", "motifmine-work/fits/plsm-001.h5"),
)
# no thousands: as many documents would be simulated, which takes minutes and is right
NUMBERS = st.one_of(st.integers(-(10**30), 50), st.integers(min_value=10**10))
VALUES = st.one_of(
    st.sampled_from(ODD), st.text(max_size=20), NUMBERS.map(str), st.floats(max_value=50).map(str)
)


RELEASE = [pytest.mark.long, pytest.mark.release]


def list_options() -> list[tuple[str, click.Option]]:
    """Return every option of every command but `demo`, whose only work takes a minute."""
    group = load_command()
    assert isinstance(group, click.Group)
    return [
        (name, option)
        for name in group.commands
        if name != "demo"
        for option in group.commands[name].params
        if isinstance(option, click.Option)
    ]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with tables and fits, which is the current one."""
    folder = tmp_path_factory.mktemp("options")
    shutil.copytree(ROOT / "tests/golden/channels", folder / "motifmine-work")
    write_series(folder / "plant.csv")
    (folder / "truth.csv").write_text("document,label,start_s\nplant+0001,a,3600\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        # no browser for --open
        patch.setattr("click.launch", lambda *_, **__: 0)
        yield folder


def test_every_command_is_tried() -> None:
    group = load_command()
    assert isinstance(group, click.Group)
    assert {*ARGUMENTS, "demo"} == set(group.commands)


@pytest.mark.parametrize("n", [25, pytest.param(400, marks=RELEASE)])
def test_options_with_any_value_end_in_a_line(n: int, scene: Path) -> None:
    @settings(max_examples=n, suppress_health_check=list(HealthCheck))
    @given(which=st.sampled_from(list_options()), value=VALUES, other=st.sampled_from(["", "-q"]))
    def run(which: tuple[str, click.Option], value: str, other: str) -> None:
        name, option = which
        line = [name, *ARGUMENTS[name], option.opts[-1], *([] if option.is_flag else [value])]
        done = CliRunner().invoke(load_command(), [*filter(None, [other]), *line])
        assert done.exception is None or isinstance(done.exception, SystemExit), (line, done)
        assert done.exit_code in (0, 1, 2), line
        assert not re.search(r"Traceback|unexpected \w*Error", done.output), line

    run()
