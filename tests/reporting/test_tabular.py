import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from motifmine.errors import DataError
from motifmine.reporting.export.formats import encode_occurrences, stream_occurrences
from motifmine.reporting.rows import list_motifs, list_occurrences
from motifmine.reporting.tables import fit_tables
from motifmine.reporting.tables.fit_tables import (
    NUMBERING,
    format_motifs_json,
    format_motifs_text,
)
from motifmine.reporting.text_table import text_table
from motifmine.reporting.times import (
    format_clock_time,
    format_clock_times,
    format_length,
    format_time,
    format_times,
)
from tests.helpers.fit_records import lane_record


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "00:00:00.000"),
        (59.9996, "00:01:00.000"),
        (90_061.0004, "25:01:01.000"),
        (-0.0001, "00:00:00.000"),
        (-61.5, "-00:01:01.500"),
        (360_000.0, "100:00:00.000"),
    ],
)
def test_time_is_written_to_the_millisecond(seconds: float, text: str) -> None:
    assert format_time(seconds) == text
    assert format_times(np.array([seconds])).to_pylist() == [text]


def test_wall_clocks_of_many_instants_are_those_of_each() -> None:
    starts = [datetime(2026, 3, 1, 23, 59, 59, 999_600, tzinfo=UTC), None]
    seconds = np.array([-0.25, 0.0, 86_400.0004, 3.0])
    document = np.array([0, 0, 0, 1], np.int32)
    assert format_clock_times(starts, document, seconds).to_pylist() == [
        format_clock_time(starts[d], float(s)) for d, s in zip(document, seconds, strict=True)
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0 s"), (3599.7, "1 h"), (3600.0, "1 h"), (119.6, "2 min")]
)
def test_length_is_rounded_into_the_next_unit(seconds: float, text: str) -> None:
    assert format_length(seconds) == text


def test_motif_rows_count_and_rate_occurrences() -> None:
    first, second = list_motifs(lane_record())
    assert (first.occurrences, second.occurrences) == (3, 1)
    assert first.per_hour == pytest.approx(3 / (20 / 3600))  # two recordings of 10 s


def test_duration_is_the_stretch_of_90_percent() -> None:
    assert list_motifs(lane_record())[0].duration_s == 2.0  # 8 bins of equal mass


def test_motif_number_for_people_is_one_above_the_index_in_files() -> None:
    assert [(r.motif, r.number) for r in list_motifs(lane_record())] == [(0, 1), (1, 2)]


def test_motif_without_occurrences_has_no_first_time() -> None:
    row = list_motifs(lane_record(occurrences=()))[1]
    assert (row.occurrences, row.first, row.last) == (0, None, None)


def test_first_and_last_go_by_document_order_without_clocks() -> None:
    row = list_motifs(lane_record())[0]
    assert (str(row.first), str(row.last)) == ("-00:00:00.750 in north", "00:00:07.500 in south")


def test_first_and_last_go_by_the_wall_clock_when_all_have_one() -> None:
    record = lane_record(start_utc="2024-05-01T12:00:00+00:00")
    later, earlier = (
        record.recordings[0],
        replace(record.recordings[1], start_utc="2024-05-01T09:00:00Z"),
    )
    row = list_motifs(replace(record, recordings=(later, earlier)))[0]
    assert str(row.first) == "2024-05-01T09:00:00.500Z"
    assert str(row.last) == "2024-05-01T11:59:59.250Z"


def test_first_and_last_go_by_document_order_when_one_clock_is_unknown() -> None:
    record = lane_record()
    known = replace(record.recordings[1], start_utc="2024-05-01T09:00:00Z")
    row = list_motifs(replace(record, recordings=(record.recordings[0], known)))[0]
    assert str(row.first) == "-00:00:00.750 in north"
    assert str(row.last) == "2024-05-01T09:00:07.500Z"


def test_wall_clock_of_another_zone_is_written_in_utc() -> None:
    rows = list_occurrences(lane_record(start_utc="2024-05-01T12:00:00+02:00"))
    assert rows[1].start_utc == "2024-05-01T10:00:01.250Z"


def test_wall_clock_that_is_no_time_is_refused_with_the_recording() -> None:
    with pytest.raises(DataError, match="'north' is 'noon'"):
        list_occurrences(lane_record(start_utc="noon"))


def test_csv_has_the_promised_columns_and_survives_hostile_names() -> None:
    name = 'a,"b"\n<script>'
    rows = list(
        csv.reader(io.StringIO(encode_occurrences(lane_record(names=(name, "b")), "csv").decode()))
    )
    assert ",".join(rows[0]) == (
        "document,recording,motif,start_bin,start_s,start_time,start_utc,weight,score,end_s,motif_name"
    )
    assert rows[1][:9] == ["0", name, "1", "-3", "0.000", "00:00:00.000", "", "10", "20"]


def test_json_holds_the_same_rows_as_csv() -> None:
    record = lane_record()
    rows = list(csv.DictReader(io.StringIO(encode_occurrences(record, "csv").decode())))
    found = json.loads(encode_occurrences(record, "json"))
    assert [{k: float(r[k]) for k in ("motif", "start_s", "score")} for r in rows] == [
        {k: r[k] for k in ("motif", "start_s", "score")} for r in found
    ]


def test_json_of_no_occurrences_is_an_empty_list() -> None:
    assert json.loads(encode_occurrences(lane_record(occurrences=()), "json")) == []


def test_score_that_is_not_finite_is_null_in_json_and_empty_in_csv() -> None:
    record = lane_record()
    endless = replace(record.occurrences, score=np.full(4, np.inf))
    record = replace(record, occurrences=endless)
    assert json.loads(encode_occurrences(record, "json"))[0]["score"] is None
    (row, *_) = csv.DictReader(io.StringIO(encode_occurrences(record, "csv").decode()))
    assert (row["weight"], row["score"]) == ("10", "")


def test_name_with_bytes_that_are_no_text_can_be_encoded() -> None:
    record = lane_record(names=("cam\udcff", "b"))
    assert b"cam\\udcff" in encode_occurrences(record, "csv")
    assert json.loads(encode_occurrences(record, "json"))[0]["recording"] == "cam\udcff"


def test_motifs_json_counts_motifs_from_one() -> None:
    motifs = json.loads(format_motifs_json(lane_record()))
    assert [(m["motif"], m["number"]) for m in motifs] == [(1, 1), (2, 2)]
    assert motifs[0]["first"]["recording"] == "north"


def test_text_table_aligns_numbers_to_the_right_and_wide_letters_by_their_width() -> None:
    lines = text_table(("name", "数"), [("東京", "5"), ("a", "10")]).splitlines()
    assert lines == ["name  数", "----  --", "東京   5", "a     10"]


def test_text_table_of_no_rows_is_its_head() -> None:
    assert text_table(("a", "bb"), []).splitlines() == ["a  bb", "-  --"]


def test_terminal_tables_escape_control_characters() -> None:
    text = encode_occurrences(lane_record(names=("\x1b[2Jx", "b")), "table").decode()
    assert "\x1b" not in text and "\\x1b[2Jx" in text


@pytest.mark.parametrize("start_utc", ["", "2024-05-01T12:00:00+02:00"])
@pytest.mark.parametrize("names", [("north", "south"), ("1", "22"), ("\x1b[2Jx", "東京")])
def test_occurrences_of_columns_are_those_of_rows(names: tuple[str, str], start_utc: str) -> None:
    record = lane_record(names=names, start_utc=start_utc)
    record = replace(
        record,
        names=('sa"id', ""),
        occurrences=replace(
            record.occurrences,
            false_probability=np.array([0.25, 0.0449, 1.0, 1e-9]),
            score=np.array([0.35, -1234.567, np.nan, 1e-7]),
            end_s=np.array([0.5, 4.0, 9.9996, 3600.0]),
        ),
    )
    rows = list_occurrences(record)
    head = ("recording", "start", "end", "wall clock", "motif", "name", "weight", "score", "false")
    cells = [
        (
            row.recording,
            row.start_time,
            format_time(row.end_s),
            row.start_utc,
            str(row.motif),
            row.motif_name,
            f"{row.weight:.1f}",
            f"{row.score:.1f}",
            f"{100 * (row.false_probability or 0):.1f} %",
        )
        for row in rows
    ]
    shown = [i for i in range(len(head)) if start_utc or head[i] != "wall clock"]
    # rows would align numbers to the left where one of them is not finite
    plain = text_table(
        [head[i] for i in shown],
        [["-" if row[i] == "nan" else row[i] for i in shown] for row in cells],
    )
    found = encode_occurrences(record, "table").decode().removesuffix(NUMBERING + "\n")
    assert found.replace("nan", "  -") == plain
    for row, read in zip(rows, json.loads(encode_occurrences(record, "json")), strict=True):
        expected = {name: getattr(row, name) for name in read}
        assert read == expected | {"score": None if np.isnan(row.score) else row.score}


def test_tables_for_people_number_motifs_from_one_and_say_so() -> None:
    text = format_motifs_text(lane_record())
    assert text.splitlines()[2].split()[0] == "1"
    assert NUMBERING in text


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_occurrences_in_parts_are_the_same_text(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    record = lane_record(names=("\u4e2d\u6587", "south"), start_utc="2024-05-01T12:00:00+02:00")
    score = np.array([-0.25, 1234.5, np.nan, np.inf])
    record = replace(record, occurrences=replace(record.occurrences, score=score))
    whole = encode_occurrences(record, form)
    monkeypatch.setattr(fit_tables, "ROWS_AT_ONCE", 1)
    parts = list(stream_occurrences(record, form))
    assert len(parts) > len(score)
    assert b"".join(parts) == whole
