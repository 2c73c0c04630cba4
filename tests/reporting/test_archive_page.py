import base64
import json
from dataclasses import replace
from urllib.parse import unquote

import numpy as np
import pytest

from motifmine.errors import FormatError
from motifmine.records.table import Recording, bin_starts
from motifmine.reporting.html.archive_page import (
    MOST_TROUBLES,
    ArchiveScene,
    FileTrouble,
    render_archive_page,
)
from motifmine.reporting.html.scene_summary import (
    SceneFacts,
    decode_facts,
    decode_facts_key,
    encode_facts,
    summarise_scene,
)
from tests.helpers.fit_records import label_record, lane_record
from tests.helpers.html_page import Page

NASTY = '../x"><script>alert(1)</script>&amp;?#%2f \u202e'


def facts() -> SceneFacts:
    """Return the facts of 14 days, an hour each at 8 and at 17, and of one hour at noon."""
    starts = [
        f"{np.datetime64('2026-03-02') + day}T{hour:02d}:00:00Z"
        for day in range(14)
        for hour in (8, 17)
    ]
    names = tuple(f"clip {i:02d}" for i in range(len(starts)))
    often = [(d, start, 0) for d in range(len(names)) for start in range(0, 9 if d % 2 else 3)]
    record = lane_record(names=names, occurrences=tuple(often))
    return summarise_scene(
        replace(
            record,
            recordings=tuple(
                Recording(name=name, bin_start_s=bin_starts(14400, 0.25), start_utc=start)
                for name, start in zip(names, starts, strict=True)
            ),
        )
    )


def scene(**other: object) -> ArchiveScene:
    known = {
        "name": "north",
        "files": 28,
        "done": 28,
        "hours": 28.0,
        "report": "north/reports/plsm/report.html",
        "facts": facts(),
    }
    return ArchiveScene(**{**known, **other})  # type: ignore[arg-type]


def test_facts_hold_days_and_the_busiest_hours() -> None:
    found = facts()
    assert (found.days, found.first_day, found.last_day) == (14, "2026-03-02", "2026-03-15")
    assert found.busiest_hours == (17, 8)
    assert (found.recordings, found.hours, found.occurrences) == (28, 28.0, 14 * 12)
    assert base64.b64decode(found.picture)[:2] == b"\xff\xd8"


def test_scene_without_clock_and_picture_has_facts() -> None:
    found = summarise_scene(label_record())
    assert (found.days, found.first_day, found.busiest_hours, found.picture) == (0, "", (), "")


def test_facts_come_back_from_their_file() -> None:
    text = encode_facts(facts(), "the key")
    assert decode_facts(text, "scene.json") == facts()
    assert (
        decode_facts_key(text) == "the key"
        and decode_facts_key(None) == decode_facts_key("[]") == ""
    )


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": "motifmine.scene/1"}'])
def test_damaged_facts_are_named(text: str) -> None:
    with pytest.raises(FormatError, match=r"north/scene\.json"):
        decode_facts(text, "north/scene.json")


def test_facts_with_more_than_a_picture_are_refused() -> None:
    values = {**json.loads(encode_facts(facts())), "picture": '"><script>'}
    with pytest.raises(FormatError):
        decode_facts(json.dumps(values), "scene.json")


def test_page_lists_every_scene_and_links_its_report() -> None:
    days = ("Tuesday 3 March 2026: motif 1 did not occur, 8 expected",)
    odd = replace(facts(), unusual_days=days, n_unusual=3)
    page = Page(render_archive_page([scene(facts=odd), scene(name="south", report="")]))
    assert set(page.values("a", "href")) == {"./north/reports/plsm/report.html"}
    for told in ("2 scenes: 56 of 56 files", "busiest 17 h, 8 h", "28 h", days[0], "2 more"):
        assert told in page.text
    assert "No report yet" in page.text and page.count("article") == 2


def test_names_are_escaped_and_links_stay_below_the_page() -> None:
    trouble = FileTrouble(path=NASTY, status="failed", reason=NASTY)
    odd = replace(facts(), unusual_days=(NASTY,), n_unusual=1, time_zone=NASTY)
    html = render_archive_page(
        [scene(name=NASTY, report=f"{NASTY}/r.html", facts=odd, troubles=(trouble,))],
        archive=NASTY,
        others=NASTY,
    )
    page = Page(html)
    assert not page.count("script") and page.text.count("<script>alert(1)") >= 6
    assert len(set(page.values("a", "href"))) == 1
    link = page.values("a", "href")[0]
    assert link.startswith("./") and not set('"<>?#& ') & set(link)
    assert unquote(link) == f"./{NASTY}/r.html".replace("../", "", 1)


def test_page_asks_nothing_of_any_network_and_runs_no_script() -> None:
    html = render_archive_page([scene()])
    assert "default-src 'none'" in html.replace("&#x27;", "'")
    assert "<script" not in html and "http://" not in html and "https://" not in html


def test_failed_files_are_listed_with_their_reason() -> None:
    troubles = [FileTrouble(path="b.mkv", status="failed", reason="is no video")]
    troubles += [
        FileTrouble(path=f"c{i}.mkv", status="open", reason="not begun yet") for i in range(30)
    ]
    page = Page(render_archive_page([scene(done=25, troubles=tuple(troubles))]))
    assert "b.mkv: failed \u2013 is no video" in page.text and "1 failed." in page.text
    assert "25 of 28" in page.text and f"and {31 - MOST_TROUBLES} more" in page.text
    assert page.count("li") == MOST_TROUBLES + 1


def test_scene_that_could_not_be_fitted_still_has_its_card() -> None:
    trouble = FileTrouble(path="north", status="failed", reason="too short")
    page = Page(render_archive_page([scene(facts=None, report="", troubles=(trouble,))]))
    assert "too short" in page.text and not page.values("a", "href")
