"""Spans of occurrences, and the writers of other programs' formats one by one."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from motifmine.records.fit import FitRecord
from motifmine.reporting.export.boris import format_boris
from motifmine.reporting.export.elan import format_eaf
from motifmine.reporting.export.intervals import (
    Span,
    find_media,
    guess_media_type,
    make_distinct_titles,
    make_spans,
    remove_overlap,
)
from motifmine.reporting.export.subtitles import format_audacity_labels, format_srt, format_vtt
from motifmine.reporting.rows import list_occurrences
from tests.helpers.fit_records import lane_record


def span(motif: int, start_ms: int, end_ms: int, score: float = 1.0, title: str = "walk") -> Span:
    return Span(motif=motif, title=title, start_ms=start_ms, end_ms=end_ms, score=score)


def spans_by_document(record: FitRecord) -> dict[int, list[Span]]:
    rows = list_occurrences(record)
    return {
        document: make_spans(record, [row for row in rows if row.document == document])
        for document in range(len(record.recordings))
    }


def test_a_span_begins_in_its_recording_and_lasts_a_bin_at_least() -> None:
    spans = spans_by_document(lane_record())[0]
    assert [s.start_ms for s in spans] == [0, 1250]
    assert all(s.end_ms - s.start_ms >= 250 for s in spans)


def test_spans_of_a_motif_are_cut_where_the_next_one_begins() -> None:
    spans = [span(0, 100, 900), span(0, 500, 700), span(0, 500, 800, score=5.0)]
    kept = remove_overlap(spans)
    assert [(s.start_ms, s.end_ms) for s in kept] == [(100, 500), (500, 800)]
    assert remove_overlap([]) == []


def test_titles_are_distinct() -> None:
    record = replace(lane_record(), names=("car", "car"))
    assert make_distinct_titles(record) == ["car (1)", "car (2)"]


def test_media_are_distinguished_from_other_sources() -> None:
    recording = lane_record().recordings[0]
    assert find_media(recording) is None
    assert guess_media_type(replace(recording, source="a.csv")) == ""
    assert guess_media_type(replace(recording, source="a.mp4")) == "video/mp4"
    assert find_media(replace(recording, source="no/such.wav")) == Path("no/such.wav")


def test_subtitles_hold_no_marks_of_players() -> None:
    spans = [span(0, 1500, 3_723_004, title="<b> & {x}")]
    assert format_srt(spans) == "1\n00:00:01,500 --> 01:02:03,004\n‹b› & ❴x❵\n\n"
    assert format_vtt(spans) == (
        "WEBVTT\n\n1\n00:00:01.500 --> 01:02:03.004\n&lt;b&gt; &amp; {x}\n"
    )
    assert format_audacity_labels(spans) == "1.500\t3723.004\t<b> & {x}\n"


def test_a_boris_project_has_two_rows_an_occurrence_in_order_of_time() -> None:
    record = replace(lane_record(), names=("a|b", ""))
    project = json.loads(format_boris(record, spans_by_document(record)))
    codes = [b["code"] for b in project["behaviors_conf"].values()]
    assert codes == ["a¦b", "motif 2"]
    events = project["observations"]["south"]["events"]
    assert [event[2] for event in events] == ["a¦b"] * 4
    assert [event[0] for event in events] == sorted(event[0] for event in events)


def test_an_elan_document_has_a_tier_a_motif_and_times_that_ascend() -> None:
    record = lane_record()
    spans = spans_by_document(record)[0]
    root = ElementTree.fromstring(format_eaf(record, record.recordings[0], spans))
    tiers = root.findall("TIER")
    assert [tier.get("TIER_ID") for tier in tiers] == ["motif 1", "motif 2"]
    assert [len(tier) for tier in tiers] == [1, 1]
    slots = [int(slot.get("TIME_VALUE", "-1")) for slot in root.iter("TIME_SLOT")]
    assert slots == sorted(slots)
    assert len(slots) == 4
