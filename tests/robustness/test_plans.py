"""Plans and journals of `batch` that were edited: checked like any other file of somebody else."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from motifmine.archive.journal import JobRecord, record_from_json, record_to_json
from motifmine.archive.json_values import read_record
from motifmine.archive.plan import (
    Grouping,
    Plan,
    PlannedFile,
    PlannedScene,
    format_plan,
    parse_plan,
)
from motifmine.errors import FormatError
from motifmine.models.request import FitRequest
from motifmine.workflows.extract_jobs import ExtractionSettings

FILES = tuple(PlannedFile(path=f"n/{i}.mp4", name=f"{i}", n_bytes=1, stamp="1") for i in range(2))
PLAN = Plan(
    archive="/archive",
    grouping=Grouping(),
    extraction=ExtractionSettings(),
    fit=FitRequest.of("plsm").as_plain(),
    scenes=tuple(PlannedScene(name=name, group="n", files=FILES) for name in ("north", "south")),
)

Edit = Callable[[dict[str, Any]], object]
EDITS: dict[str, Edit] = {
    "start is no time": lambda p: p["scenes"][0]["files"][0].update(start_utc="garbage"),
    "fit is a list": lambda p: p.update(fit=[]),
    "fit of no model": lambda p: p.update(fit={"model": "none"}),
    "scene without a name": lambda p: p["scenes"][0].update(name=""),
    "scene named .": lambda p: p["scenes"][0].update(name="."),
    "scene named ..": lambda p: p["scenes"][0].update(name="../../x"),
    "scene named twice": lambda p: p["scenes"][0].update(name="south"),
    "recording named twice": lambda p: p["scenes"][0]["files"][0].update(name="1"),
    "file outside": lambda p: p["scenes"][0]["files"][0].update(path="../../etc/passwd"),
    "absolute file": lambda p: p["scenes"][0]["files"][0].update(path="/etc/passwd"),
    "size is text": lambda p: p["scenes"][0]["files"][0].update(n_bytes="many"),
    "length is NaN": lambda p: p["scenes"][0]["files"][0].update(length_s=float("nan")),
    "files are a number": lambda p: p["scenes"][0].update(files=3),
    "unknown value": lambda p: p["scenes"][0].update(colour="red"),
    "scene without files": lambda p: p["scenes"][0].pop("files"),
    "no grouping": lambda p: p.pop("grouping"),
    "grouping is text": lambda p: p.update(grouping="folder"),
    "settings unknown": lambda p: p["extraction"].update(colour="red"),
    "scenes are an object": lambda p: p.update(scenes={"a": 1}),
}


def test_a_plan_that_was_not_edited_is_the_same() -> None:
    assert format_plan(parse_plan(format_plan(PLAN), "plan.json")) == format_plan(PLAN)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_that_breaks_a_plan_is_refused_with_its_place(edit: str) -> None:
    values = json.loads(format_plan(PLAN))
    EDITS[edit](values)
    with pytest.raises(FormatError, match=r"plan\.json"):
        parse_plan(json.dumps(values), "plan.json")


@pytest.mark.parametrize("text", ["", "[]", "3", "null", "{}", "[" * 100_000, '{"format": 1}'])
def test_text_that_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match=r"plan\.json"):
        parse_plan(text, "plan.json")


def test_records_of_the_journal_are_checked() -> None:
    record = JobRecord(job="north/1", kind="extract", key="k", status="ok")
    assert record_from_json({**record_to_json(record), "later": 1}) == record
    for wrong in ({"status": "great"}, {"n_bytes": "1"}, {"job": None}, {"elapsed_s": [1]}):
        with pytest.raises(FormatError, match=next(iter(wrong))):
            record_from_json({**record_to_json(record), **wrong})
    with pytest.raises(FormatError, match="must be an object"):
        read_record(Grouping, [], "here")
