"""The pages under docs/: their Python runs, links lead somewhere, the reference is complete."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from click.testing import Result
from nbclient import NotebookClient

import motifmine as mm
from tests.helpers.paths import ROOT

DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.glob("*.md")])
PYTHON = re.findall(r"```python\n(.*?)```", (DOCS / "python.md").read_text(), flags=re.DOTALL)
MARKED = [
    block
    for page in sorted(DOCS.glob("*.md"))
    for block in re.findall(r"<!-- run -->\n```console\n(.*?)```", page.read_text(), re.DOTALL)
]
Run = Callable[..., Result]


@pytest.mark.parametrize("code", PYTHON)
def test_python_of_the_documentation_runs(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "python.md", "exec"), {})
    assert capsys.readouterr().out


@pytest.mark.long
@pytest.mark.parametrize("block", MARKED)
def test_marked_console_blocks_run(block: str, motifmine: Run) -> None:
    Path("sample_data").symlink_to(ROOT / "sample_data")
    for line in block.splitlines():
        result = motifmine(*shlex.split(line)[1:])
        assert result.exit_code == 0, (line, result.stderr)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_is_in_a_table_of_contents() -> None:
    index = (DOCS / "index.md").read_text()
    listed = {
        line
        for block in re.findall(r"```{toctree}(.*?)```", index, re.DOTALL)
        for line in block.splitlines()
    }
    assert {page.stem for page in DOCS.glob("*.md")} - listed == {"index"}


def test_the_reference_has_every_public_name() -> None:
    text = (DOCS / "api.md").read_text()
    listed = set(re.findall(r"motifmine\.(\w+)$", text, flags=re.MULTILINE))
    assert listed == set(mm.__all__) - {"__version__"}


def test_the_pages_have_blocks_to_run() -> None:
    assert len(PYTHON) >= 3
    assert len(MARKED) >= 2


@pytest.mark.long
@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.ipynb")), ids=lambda path: path.name)
def test_notebooks_run(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    assert len(notebook.cells) >= 10
    # the kernel is that of the tests, in a folder without anything of the checkout
    done = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    assert any(
        "image/png" in output.get("data", {})
        for cell in done.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    assert (tmp_path / "building.html").exists()
