"""README and the pages that go on from it: shell blocks run, Python runs, tables are true."""

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest
from click import Command, Group, Option
from click.testing import Result

from motifmine.io.hdf5.nodes import list_datasets
from motifmine.workflows.workspace import Workspace
from tests.helpers.layout_page import make_page
from tests.helpers.paths import CLIP, ROOT

USING = (ROOT / "docs/index.md").read_text().partition(":caption: Using motifmine")[2]
MOVED = [
    ROOT / f"docs/{page}.md" for page in re.findall(r"^[\w-]+$", USING.partition("```")[0], re.M)
]
PAGES = [
    ROOT / "README.md",
    *(page for page in MOVED if "```console" not in page.read_text()),
]
"""The README and the pages on using motifmine; `test_docs.py` runs those of console blocks."""
TEXT = "\n".join(page.read_text() for page in PAGES)
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", TEXT, flags=re.DOTALL)
SHELL = [text for kind, text in BLOCKS if kind in ("", "console")]
Run = Callable[..., Result]


def commands(block: str) -> list[list[str]]:
    lines = [line.partition("#")[0] if "'" not in line else line for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("motifmine ")]


RUNNABLE = [block for block in SHELL if commands(block)]


@pytest.mark.long
@pytest.mark.parametrize("block", RUNNABLE)
def test_the_lines_of_a_shell_block_run_as_they_stand(block: str, motifmine: Run) -> None:
    clips = sorted((ROOT / "sample_data/junction").glob("*.mp4"))
    shutil.copy(clips[0], "video.mp4")
    shutil.copy(clips[1], "tuesday.mp4")
    Path("sample_data").symlink_to(ROOT / "sample_data")
    for arguments in commands(block):
        result = motifmine(*arguments)
        assert result.exit_code == 0, (arguments, result.stderr)


def test_there_are_shell_blocks_to_run() -> None:
    assert RUNNABLE


def test_the_plain_lines_are_those_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text().replace("$(BIN)", ".venv/bin")
    makefile = makefile.replace("$(PYTHON)", "python3").replace(" --quiet", "")
    (block,) = [text for text in SHELL if "pip install --constraint" in text]
    assert not [line for line in block.splitlines() if line not in makefile]


def test_the_python_example_runs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) >= 2


def test_every_option_of_every_command_is_in_the_documentation(command: Command) -> None:
    assert isinstance(command, Group)
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    text = "\n".join(page.read_text() for page in pages)
    missing = [
        f"{name} {option}"
        for name, part in command.commands.items()
        for parameter in part.params
        if isinstance(parameter, Option)
        for option in parameter.opts
        if option.startswith("--") and not re.search(rf"{option}(?![\w-])", text)
    ]
    assert missing == []


def test_the_layouts_name_every_dataset(junction: Workspace) -> None:
    layouts = next(text for text in SHELL if "motifmine.table/1" in text) + make_page()
    names: list[str] = []
    for path in junction.root.glob("*/*.h5"):
        with h5py.File(path) as file:
            names += [name for name, _ in list_datasets(file)]
            names += list(file.attrs)
    leaves = {name.rpartition("/")[2] for name in names} - {CLIP.stem}
    assert not [leaf for leaf in leaves if leaf not in layouts]
