"""Options from files and the environment, notes and logs, and the commands around them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click import Command
from click.testing import Result

from motifmine.io.video.codecs import describe_codecs, opencv_problem
from motifmine.workflows import doctor
from tests.helpers.commands import start, wait_for
from tests.helpers.paths import ROOT

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def no_user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the settings of whoever runs the tests out; return the path of a user's file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "home"))
    return tmp_path / "home" / "motifmine" / "motifmine.toml"


def settings(run: Run, *arguments: str) -> dict[str, object]:
    result = run("config", "--json", *arguments)
    assert result.exit_code == 0, result.stderr
    return {f"{r['command']} {r['option']}".strip(): r["value"] for r in json.loads(result.stdout)}


def test_nearer_files_take_precedence(
    motifmine: Run, no_user_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_user_file.parent.mkdir(parents=True)
    no_user_file.write_text("[fit]\nmotifs = 1\nseed = 1\nrestarts = 1\nrounds = 1\n")
    Path("pyproject.toml").write_text("[tool.motifmine.fit]\nmotifs = 2\nseed = 2\nrestarts = 2\n")
    Path("motifmine.toml").write_text("[fit]\nmotifs = 3\nseed = 3\n")
    monkeypatch.setenv("MOTIFMINE_FIT_MOTIFS", "4")
    assert settings(motifmine, "fit") == {
        "fit motifs": "4",
        "fit seed": "3",
        "fit restarts": "2",
        "fit rounds": "1",
    }
    rows = json.loads(motifmine("config", "fit", "--json").stdout)
    assert {row["option"]: Path(row["source"]).name for row in rows} == {
        "motifs": "MOTIFMINE_FIT_MOTIFS",
        "seed": "motifmine.toml",
        "restarts": "pyproject.toml",
        "rounds": no_user_file.name,
    }


def test_settings_reach_the_command_and_yield_to_its_options(motifmine: Run) -> None:
    Path("motifmine.toml").write_text(
        'workspace = "from-file"\n[simulate]\nmotifs = 2\nmotif-length = "5s"\n'
    )
    assert motifmine("simulate", "--seed", "1").exit_code == 0
    assert any(Path("from-file/tables").iterdir())
    assert motifmine("simulate", "--seed", "2", "-w", "typed").exit_code == 0
    assert any(Path("typed/tables").iterdir())


def test_settings_of_one_model_in_a_file_do_not_stop_fits_of_another(motifmine: Run) -> None:
    assert motifmine("simulate", "--motifs", "2").exit_code == 0
    Path("motifmine.toml").write_text("[fit]\nrestarts = 1\nmotifs = 3\nstates = 2\n")
    result = motifmine("fit", "--model", "hmm", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["motifs"] == 2
    assert "no setting --restarts" in motifmine("fit", "--model", "hmm", "--restarts", "1").stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[fit]\nmotivs = 3", "no option 'motivs'; did you mean 'motifs'"),
        ("[fitt]\nmotifs = 3", "no command 'fitt'"),
        ("nosuch = 1", "no option 'nosuch'"),
        ("[fit", "no valid TOML"),
        ("[fit]\nmotifs = 'many'", "'many' is not one of"),
        ("[fit]\nmotifs = [1, 2]", "[fit] motifs = [1, 2]: expected a text or a number"),
        ("[fit]\nrestarts = 1.5", "'1.5' is not one of: a whole number"),
        ("[fit]\nmotif-length = 8", "'8'"),
        ("[fit]\nkeep-surplus = 'no'", "expected true or false"),
        ("[fit]\nhelp = true", "no option 'help'"),
    ],
)
def test_unknown_settings_are_refused(motifmine: Run, text: str, message: str) -> None:
    Path("motifmine.toml").write_text(text)
    result = motifmine("fit", "--model", "plsm")
    assert result.exit_code in (1, 2)
    assert message in result.stderr
    assert result.stderr.count(message) == 1


def test_settings_of_other_commands_are_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "motifmine.toml").write_text("[fit]\nmotivs = 3")
    loaded = "import sys; print({'numpy', 'motifmine.models.registry'} & set(sys.modules))"
    code = (
        f"from motifmine_cli.main import main; main(['--version'], standalone_mode=False); {loaded}"
    )
    printed = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, text=True)
    assert printed.endswith("set()\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_while_modules_are_imported_ends_quietly(tmp_path: Path) -> None:
    slow = "from pathlib import Path\nimport time\nPath('importing').touch()\ntime.sleep(60)\n"
    (tmp_path / "click.py").write_text(slow)
    began = start("--version", cwd=tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    wait_for((tmp_path / "importing").exists, 20)
    began.send_signal(signal.SIGINT)
    _, printed = began.communicate(timeout=20)
    assert (began.returncode, printed) == (-signal.SIGINT, "")


def test_a_file_of_windows_is_read_and_lists_are_repeated_options(motifmine: Run) -> None:
    Path("motifmine.toml").write_bytes(b"\xef\xbb\xbf[extract]\r\nmask = ['a.png', 'b.png']\r\n")
    assert settings(motifmine, "extract") == {"extract mask": ["a.png", "b.png"]}


def test_a_misspelt_variable_is_named(motifmine: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTIFMINE_FIT_MOTIVS", "3")
    assert "MOTIFMINE_FIT_MOTIVS is no option" in motifmine("config").stderr


def test_a_broken_file_of_another_tool_is_ignored(motifmine: Run) -> None:
    Path("pyproject.toml").write_text("[project")
    assert motifmine("config").exit_code == 0


def test_negative_options_switch_off(motifmine: Run) -> None:
    Path("motifmine.toml").write_text("[fit]\nkeep-surplus = true")
    assert settings(motifmine) == {"fit drop-surplus": False}


def test_without_a_command_the_next_one_is_named(motifmine: Run) -> None:
    assert "next: motifmine extract SOURCE..." in motifmine().stdout
    assert motifmine("simulate").exit_code == 0
    assert "next: motifmine fit --model plsm" in motifmine().stdout
    assert "motifmine -w else extract" in motifmine("-w", "else").stdout


def test_one_command_does_it_all(motifmine: Run) -> None:
    rows = [f"{t},{int(t % 40 in (3, 4))},{int(t % 40 in (6, 7, 8))}" for t in range(600)]
    Path("log.csv").write_text("\n".join(["time,door,lift", *rows]))
    Path("motifmine.toml").write_text('[fit]\nmotifs = 1\nmotif-length = "8bins"\nrestarts = 1\n')
    result = motifmine("run", "log.csv", "--no-open")
    assert result.exit_code == 0, result.stderr
    assert Path("motifmine-work/reports/plsm-001/report.html").exists()
    assert "report: " in result.stdout
    assert motifmine("run", "nosuch.csv").exit_code == 1


def test_quiet_and_log_file(motifmine: Run) -> None:
    assert motifmine("simulate", "--motifs", "2").exit_code == 0
    line = ("fit", "--model", "plsm", "--motifs", "2", "--motif-length", "10bins", "--json")
    result = motifmine("-q", "--log-file", "log.txt", *line)
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    assert json.loads(result.stdout)["motifs"] <= 2
    assert "INFO fit plsm:" in Path("log.txt").read_text()
    assert motifmine("--log-file", "no/folder/log.txt", "info").exit_code == 1


@pytest.mark.parametrize(
    ("before", "variables", "coloured"),
    [
        ((), {}, None),
        ((), {"NO_COLOR": "1"}, False),
        (("--color",), {"NO_COLOR": "1"}, True),
        (("--no-color",), {}, False),
    ],
)
def test_colours_are_switched_off(
    before: tuple[str, ...],
    variables: dict[str, str],
    coloured: bool | None,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with command.make_context("motifmine", [*before, "info"]) as context:
        assert command.callback is not None
        context.invoke(command.callback, **context.params)
        assert context.color is coloured


def test_verbose_errors_have_a_traceback(motifmine: Run) -> None:
    assert "Traceback" not in motifmine("fit", "--model", "plsm").stderr
    assert "Traceback" in motifmine("-v", "fit", "--model", "plsm").stderr


def test_the_doctor_knows_the_installation(motifmine: Run) -> None:
    result = motifmine("doctor", "--json")
    rows = json.loads(result.stdout)
    assert {"motifmine", "numba", "OpenCV", "codecs", "GPU", "kernel cache", "workspace"} <= set(
        rows
    )
    problems = [row["problem"] for row in rows.values() if row["problem"]]
    assert result.exit_code == int(bool(problems))
    assert opencv_problem() == ""
    assert describe_codecs()[1] == []


def test_the_doctor_says_what_is_wrong(motifmine: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE", 1 << 60)
    result = motifmine("doctor")
    assert result.exit_code == 1
    assert "PROBLEM: less than 1 GiB" in result.stdout


def test_no_plugins_are_listed_where_there_are_none(motifmine: Run) -> None:
    assert json.loads(motifmine("plugins", "--json").stdout) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: str) -> None:
    typed = {"COMP_WORDS": "motifmine ext", "COMP_CWORD": "ext" if shell == "fish" else "1"}
    result = subprocess.run(
        [sys.executable, "-c", "from motifmine_cli.main import main; main(prog_name='motifmine')"],
        env={**os.environ, "_MOTIFMINE_COMPLETE": f"{shell}_complete", **typed},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "extract" in result.stdout
