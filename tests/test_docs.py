"""The pages under docs/: their Python runs, links lead somewhere, the reference is complete."""

import re
import shlex
import wave
from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
import pytest
from click.testing import Result
from nbclient import NotebookClient

import motifmine as mm
from tests.helpers import layout_page
from tests.helpers.paths import ROOT

DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
PYTHON = re.findall(r"```python\n(.*?)```", (DOCS / "python.md").read_text(), flags=re.DOTALL)
CONSOLE = {
    page.name: blocks
    for page in sorted(DOCS.glob("*.md"))
    if (blocks := re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL))
}
"""Blocks that run, one after the other in a folder; those in `sh` need what is not there."""
Run = Callable[..., Result]


@pytest.mark.parametrize("code", PYTHON)
def test_python_of_the_documentation_runs(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "python.md", "exec"), {})
    assert capsys.readouterr().out


@pytest.mark.release
@pytest.mark.long
@pytest.mark.parametrize("page", CONSOLE)
def test_console_blocks_of_a_page_run(
    page: str, motifmine: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.launch", lambda *_, **__: 0)
    Path("sample_data").symlink_to(ROOT / "sample_data")
    Path("video.mp4").symlink_to(min(ROOT.glob("sample_data/junction/*.mp4")))
    spikes = [f"{t / 7:.3f},unit {t % 3}" for t in range(600)]
    Path("spikes.csv").write_text("\n".join(["time,unit", *spikes]))
    sound = np.random.default_rng(0).normal(0, 2000, 80_000).astype("<i2")
    with wave.open("drums.wav", "wb") as file:
        file.setparams((1, 2, 8000, len(sound), "NONE", ""))
        file.writeframes(sound.tobytes())
    for line in "".join(CONSOLE[page]).splitlines():
        result = motifmine(*shlex.split(line)[1:])
        assert result.exit_code == 0, (line, result.stderr)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as Sphinx and code hosts make them."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_dead(link: str, page: Path) -> bool:
    """Return whether a link has no target: a file, its heading, or a well-formed address."""
    if re.match(r"\w+:", link):
        return re.fullmatch(r"https://[\w-]+(\.[\w-]+)+(/[^\s<>]*)?", link) is None
    target, _, anchor = link.partition("#")
    path = page.parent / target if target else page
    return not path.exists() or bool(anchor and anchor not in anchors(path))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)]+)\)|<(\w+:[^>]+)>", text)
    assert [link for pair in links for link in pair if link and is_dead(link, page)] == []


def test_dead_links_are_noticed() -> None:
    page = DOCS / "index.md"
    dead = ["nosuch.md", "video.md#no-such-heading", "#nothing", "https://nohost", "ftp://a.b/c"]
    assert [link for link in dead if not is_dead(link, page)] == []
    assert not is_dead("reliability.md#in-a-container", page)


def test_the_readme_is_two_screens() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 90


def test_every_page_is_in_a_table_of_contents() -> None:
    index = (DOCS / "index.md").read_text()
    listed = {
        line
        for block in re.findall(r"```{toctree}(.*?)```", index, re.DOTALL)
        for line in block.splitlines()
    }
    assert {page.stem for page in DOCS.glob("*.md")} - listed == {"index"}


def test_the_page_of_layouts_is_that_of_the_records() -> None:
    # python -m tests.helpers.layout_page writes it
    assert layout_page.PAGE.read_text() == layout_page.make_page()


def test_the_reference_has_every_public_name() -> None:
    text = (DOCS / "api.md").read_text()
    listed = set(re.findall(r"motifmine\.(\w+)$", text, flags=re.MULTILINE))
    assert listed == set(mm.__all__) - {"__version__"}


def test_the_pages_have_blocks_to_run() -> None:
    assert len(PYTHON) >= 3
    assert set(CONSOLE) == {"live.md", "tutorial.md"}


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
