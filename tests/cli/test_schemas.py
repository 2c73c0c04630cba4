"""JSON that commands print is as `docs/schemas/` describes it, for every command that has some."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
from click.testing import Result

from motifmine.io.hdf5.store import read_table, write_table
from tests.helpers.clips import moving_square, write_clip
from tests.helpers.paths import ROOT

Run = Callable[..., Result]
SCHEMAS = {path.stem: json.loads(path.read_text()) for path in ROOT.glob("docs/schemas/*.json")}
GOLDEN = ROOT / "tests/golden/channels"
READERS: dict[str, list[tuple[str, ...]]] = {
    "show-motifs": [("plsm-001", "--json")],
    "occurrences": [("plsm-001", "--format", "json"), ("hdlsm-001", "--format", "json")],
    "occurrences-explain": [("plsm-001", "--explain", "1")],
    "robustness": [("plsm-001", "--format", "json")],
    "anomalies": [("plsm-001", "--format", "json")],
    "compare": [("plsm-001", "tcae-001", "--json")],
    "evaluate": [("plsm-001", "--truth", "truth.csv", "--json")],
    "info": [
        ("--json",),
        ("scene/tables/plant+0001.h5", "--json"),
        ("scene/fits/plsm-001.h5", "--json"),
    ],
    "phases": [("plsm-001", "--json")],
    "forecast": [
        ("plsm-001", "scene/tables/plant+0002.h5", "--format", "json"),
        ("plsm-001", "--score", "other.h5", "--format", "json"),
    ],
    "doctor": [("--json",)],
    "plugins": [("--json",)],
    "config": [("--json",)],
}
"""Arguments of the commands that read a workspace or nothing."""
DRY_RUN = ("--dry-run", "--format", "json")


def check(name: str, result: Result) -> Any:
    """Check the output of a command against its schema, and return it."""
    assert result.exit_code == 0, result.stderr
    content = json.loads(result.stdout)
    jsonschema.Draft202012Validator(SCHEMAS[name]).validate(content)
    return content


def prints_json(command: click.Command) -> bool:
    options = {name: item for item in command.params for name in item.opts}
    formats = options["--format"].type if "--format" in options else None
    return "--json" in options or "json" in getattr(formats, "choices", ())


def test_every_command_that_prints_json_has_a_schema(command: click.Group) -> None:
    found = {name for name, item in command.commands.items() if prints_json(item)}
    # locate writes what occurrences writes
    assert found - {"locate"} | {"occurrences-explain"} == set(SCHEMAS)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_schema_is_valid_and_describes_its_fields(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["title"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [(name, arguments) for name, runs in READERS.items() for arguments in runs],
    ids=lambda value: value if isinstance(value, str) else " ".join(map(str, value)),
)
def test_output_is_as_described(
    name: str, arguments: tuple[str, ...], motifmine: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(GOLDEN, "scene")
    other = read_table(GOLDEN / "tables/plant+0002.h5")
    write_table(Path("other.h5"), other.of_recording(replace(other.recordings[0], name="other")))
    Path("truth.csv").write_text("document,start_s,label\nplant+0001,4800,start\n")
    monkeypatch.setenv("MOTIFMINE_WORKSPACE", "scene")
    command = "occurrences" if name == "occurrences-explain" else name
    content = check(name, motifmine(command, *arguments))
    assert content or name in ("plugins", "config")
    if name == "config":
        assert [row["option"] for row in content] == ["workspace"]


def test_the_plan_of_an_archive_is_as_described(motifmine: Run) -> None:
    Path("archive/gate").mkdir(parents=True)
    write_clip(Path("archive/gate/202603141200.mp4"), moving_square(12))
    Path("archive/gate/notes.avi").write_text("no video")
    plan = motifmine("batch", "archive", "--name-time", "%Y%m%d%H%M", *DRY_RUN)
    content = check("batch", plan)
    assert content["scenes"][0]["files"][0]["time_from"] == "name"


def test_output_of_extract_and_fit_is_as_described(motifmine: Run) -> None:
    Path("ticks.csv").write_text(
        "time_s,label\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(60))
    )
    assert check("extract", motifmine("extract", "ticks.csv", "--bin", "1s", "--json"))
    content = check(
        "fit",
        motifmine("fit", "--model", "plsm", "--motifs", "1", "--motif-length", "2s", "--json"),
    )
    assert Path(content["fit"]).is_file()


def test_a_schema_refuses_what_it_does_not_describe() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"fit": "f.h5", "motifs": 1}, SCHEMAS["fit"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(
            {"fit": "f.h5", "motifs": 1, "occurrences": 1, "more": 1}, SCHEMAS["fit"]
        )
