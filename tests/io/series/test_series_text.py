"""Text tables: what is recognised without options, and how times are read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from motifmine.errors import DataError, FormatError, SpecError
from motifmine.io.readers import OWN, reader_of_name, split_part
from motifmine.io.series import csv_reader
from motifmine.io.series.options import SeriesOptions
from tests.helpers.series_files import read_all, read_text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " ", "   "])
def test_the_delimiter_is_recognised(tmp_path: Path, delimiter: str) -> None:
    rows = [["time", "a", "b"], ["0.5", "1.5", "-2"], ["1.0", "2e-1", "3"]]
    read = read_text(tmp_path, "\n".join(delimiter.join(row) for row in rows) + "\n")
    assert read.header.channels == ("a", "b")
    assert read.time_s.tolist() == [0.5, 1.0]
    assert read.value.tolist() == [[1.5, -2.0], [0.2, 3.0]]


def test_a_decimal_comma_is_recognised_and_reported(tmp_path: Path) -> None:
    read = read_text(tmp_path, "Zeit;T\n0,5;1,25\n1,0;-2\n")
    assert read.value[:, 0].tolist() == [1.25, -2.0]
    assert "the decimal is ','" in read.header.notes[0]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks_do_not_matter(tmp_path: Path, end: str, mark: str) -> None:
    read = read_text(tmp_path, mark + end.join(["t,ä", "0,1", "1,2"]))
    assert read.header.channels == ("ä",)
    assert read.value.tolist() == [[1.0], [2.0]]


def test_text_of_an_old_encoding_is_read(tmp_path: Path) -> None:
    path = tmp_path / "series.csv"
    path.write_bytes("Zeit;Wärme [°C]\n0;1\n1;2\n".encode("latin-1"))
    with_units = read_text(tmp_path, "Zeit;Wärme [°C]\n0;1\n1;2\n", "utf8.csv").header
    assert read_all(path).header.channels == with_units.channels == ("Wärme",)
    assert with_units.units == ("°C",)


def test_a_file_without_header_numbers_its_columns(tmp_path: Path) -> None:
    read = read_text(tmp_path, "0,5,6\n1,7,8\n2,9,1\n")
    assert read.header.channels == ("column 2", "column 3")
    assert read.time_s.tolist() == [0, 1, 2]


@pytest.mark.parametrize("mark", "#%")
def test_comments_above_the_header_are_passed_over(mark: str, tmp_path: Path) -> None:
    read = read_text(tmp_path, f"{mark} logger 7\n\n{mark} Tuesday\ntime,a\n0,1\n1,2\n")
    assert read.header.channels == ("a",)


@pytest.mark.parametrize("mark", "#%")
def test_a_header_in_a_comment_is_taken(mark: str, tmp_path: Path) -> None:
    assert read_text(tmp_path, f"{mark} time,a\n0,1\n1,2\n").header.channels == ("a",)


def test_a_row_of_units_below_the_header_is_no_data(tmp_path: Path) -> None:
    read = read_text(tmp_path, "time,a,b\ns,mV,bar\n0,1,2\n1,3,4\n")
    assert read.header.units == ("mV", "bar")
    assert len(read.time_s) == 2


def test_empty_cells_and_na_are_missing_values(tmp_path: Path) -> None:
    read = read_text(tmp_path, "t,a,b\n0,,1\n1,NA,2\n2,null,3\n")
    assert np.isnan(read.value[:, 0]).all()
    assert read.value[:, 1].tolist() == [1, 2, 3]


def test_quoted_cells_may_hold_the_delimiter(tmp_path: Path) -> None:
    read = read_text(tmp_path, 'time,label\n0.5,"door, left"\n1,bell\n')
    assert read.events == [(0.5, "door, left"), (1.0, "bell")]


def test_a_column_of_text_is_excluded_and_reported(tmp_path: Path) -> None:
    read = read_text(tmp_path, "t,device,a,b\n0,x,1,5\n1,x,2,6\n")
    assert read.header.channels == ("a", "b")
    assert any("'device'" in note for note in read.header.notes)


def test_named_columns_come_in_the_order_they_are_named(tmp_path: Path) -> None:
    read = read_text(tmp_path, "t,a,b,c\n0,1,2,3\n1,4,5,6\n", columns=("c", "a"))
    assert read.header.channels == ("c", "a")
    assert read.value.tolist() == [[3, 1], [6, 4]]


def test_a_column_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no column 'x' .*'t', 'a'"):
        read_text(tmp_path, "t,a\n0,1\n1,2\n", columns=("x",))


def test_a_file_without_times_asks_for_a_rate(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--time-column.*--rate"):
        read_text(tmp_path, "a,b\n3,1\n2,5\n")


def test_rows_are_numbered_with_a_rate(tmp_path: Path) -> None:
    read = read_text(tmp_path, "a,b\n3,1\n2,5\n4,4\n", rate_hz=4.0)
    assert read.time_s.tolist() == [0, 0.25, 0.5]
    assert read.header.channels == ("a", "b")


def test_integer_times_count_samples_with_a_rate(tmp_path: Path) -> None:
    read = read_text(tmp_path, "sample,a\n100,1\n102,2\n105,3\n", rate_hz=10.0)
    assert read.time_s.tolist() == pytest.approx([10, 10.2, 10.5])
    assert read.header.channels == ("a",)


@pytest.mark.parametrize(
    ("header", "cells", "start"),
    [
        ("time_ms", "0 1500", ""),
        ("t [us]", "0 1500000", ""),
        ("time", "1767225600 1767225601.5", "2026-01-01T00:00:00+00:00"),
        ("timestamp", "1767225600000 1767225601500", "2026-01-01T00:00:00+00:00"),
        ("time", "2026-01-01T00:00:00Z 2026-01-01T00:00:01.5Z", "2026-01-01T00:00:00+00:00"),
        ("x", "2026-01-01T01:00:00+01:00 2026-01-01T00:00:01.5+00:00", "2026-01-01T00:00:00+00:00"),
        ("time", "20260101T000000Z 20260101T000001.5Z", "2026-01-01T00:00:00+00:00"),
        ("time", "00:00:00 00:00:01.5", ""),
    ],
)
def test_times_of_every_form_are_recognised(
    tmp_path: Path, header: str, cells: str, start: str
) -> None:
    first, second = cells.split(" ")
    read = read_text(tmp_path, f"{header},a,b\n{first},1,2\n{second},3,4\n")
    assert read.time_s.tolist() == [0, 1.5]
    assert read.header.start_utc == start


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("01.03.2026 10:00:00;01.03.2026 10:00:30", None),
        ("03/01/26 10:00:00;03/01/26 10:00:30", "%m/%d/%y %H:%M:%S"),
        ("10:00:00.25 1 Mar 2026;10:00:30.25 1 Mar 2026", "%H:%M:%S.%f %d %b %Y"),
        ("01032026100000;01032026100030", "%d%m%Y%H%M%S"),
    ],
)
def test_a_pattern_says_how_times_are_written(
    tmp_path: Path, text: str, pattern: str | None
) -> None:
    first, second = text.split(";")
    read = read_text(tmp_path, f"time;a\n{first};1\n{second};2\n", time_format=pattern)
    assert read.time_s.tolist() == [0, 30]
    assert read.header.start_utc.startswith("2026-03-01T10:00:00")


@pytest.mark.parametrize("days", ["2026-03-01 2026-03-02", "01.03.2026 02.03.2026"])
def test_a_date_and_a_time_of_day_in_two_columns_are_one_time(tmp_path: Path, days: str) -> None:
    first, second = days.split(" ")
    read = read_text(tmp_path, f"Date;Time;a\n{first};23:59:59;1\n{second};00:00:01;2\n")
    assert read.time_s.tolist() == [0, 2]
    assert read.header.channels == ("a",)
    assert read.header.start_utc == "2026-03-01T23:59:59+00:00"


@pytest.mark.parametrize("name", ["", "index", "Sample"])
def test_a_column_that_numbers_the_rows_is_not_taken_for_seconds(tmp_path: Path, name: str) -> None:
    text = f"{name},a\n0,5\n1,6\n2,7\n"
    with pytest.raises(DataError, match=r"numbers its rows.*--rate"):
        read_text(tmp_path, text)
    assert read_text(tmp_path, text, rate_hz=2.0).time_s.tolist() == [0, 0.5, 1]


def test_what_excel_says_of_cells_is_no_data(tmp_path: Path) -> None:
    assert read_text(tmp_path, "sep=;\ntime;a\n0;1\n1;2\n").header.channels == ("a",)


def local_table(zone: str, first: datetime, step_min: int) -> tuple[str, str]:
    """Return 16 rows with times as a clock on the wall shows them, without and with the zone."""
    steps = [first + timedelta(minutes=step_min * i) for i in range(16)]
    moments = [step.astimezone(ZoneInfo(zone)) for step in steps]
    bare = [f"{m:%Y-%m-%d %H:%M:%S},{i}" for i, m in enumerate(moments)]
    zoned = [f"{m.isoformat()},{i}" for i, m in enumerate(moments)]
    return "time,a\n" + "\n".join(bare) + "\n", "time,a\n" + "\n".join(zoned) + "\n"


@pytest.mark.parametrize(
    ("zone", "first", "step_min"),
    [
        ("Europe/Paris", datetime(2026, 3, 28, 22, tzinfo=UTC), 20),
        ("Europe/Paris", datetime(2026, 10, 24, 22, tzinfo=UTC), 20),
        ("Europe/Paris", datetime(2026, 10, 24, 20, tzinfo=UTC), 60),
        ("America/New_York", datetime(2026, 11, 1, 4, tzinfo=UTC), 60),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 12, tzinfo=UTC), 30),
    ],
)
@pytest.mark.parametrize("block", [64, 1 << 20])
def test_local_times_go_on_evenly_over_a_change_of_the_clocks(
    tmp_path: Path,
    zone: str,
    first: datetime,
    block: int,
    step_min: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("motifmine.io.series.csv_reader.BLOCK_BYTES", block)
    bare, zoned = local_table(zone, first, step_min)
    for text, options in ((bare, {"time_zone": zone}), (zoned, {})):
        read = read_text(tmp_path, text, **options)
        assert np.diff(read.time_s).tolist() == [60.0 * step_min] * 15
        assert datetime.fromisoformat(read.header.start_utc) == first


@pytest.mark.parametrize(
    ("first", "way"),
    [
        (datetime(2026, 10, 24, 23, tzinfo=UTC), "back by an hour on 2026-10-25"),
        (datetime(2026, 3, 28, 23, tzinfo=UTC), "forward by an hour on 2026-03-29"),
    ],
)
def test_local_times_without_zone_go_on_evenly_over_a_change_of_the_clocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: datetime, way: str
) -> None:
    bare, _ = local_table("Europe/Paris", first, 20)
    for block_bytes in (8 << 20, 100):
        monkeypatch.setattr(csv_reader, "BLOCK_BYTES", block_bytes)
        read = read_text(tmp_path, bare)
        assert np.diff(read.time_s).tolist() == [1200.0] * 15
        assert any(way in note for note in read.header.notes)


def test_other_times_that_run_back_ask_for_the_zone(tmp_path: Path) -> None:
    bare, _ = local_table("Europe/Paris", datetime(2026, 10, 24, 23, tzinfo=UTC), 20)
    with pytest.raises(FormatError, match=r"line 8, column 'time'.*--time-zone"):
        read_text(tmp_path, bare.replace("2026-10-25", "2026-10-26"))


def test_a_local_time_that_never_was_is_refused(tmp_path: Path) -> None:
    text = "time,a\n2026-03-29 01:30:00,1\n2026-03-29 02:30:00,2\n"
    with pytest.raises(FormatError, match=r"line 3, column 'time'.*does not exist in Europe/Paris"):
        read_text(tmp_path, text, time_zone="Europe/Paris")


def test_events_are_recognised_by_a_column_of_labels(tmp_path: Path) -> None:
    read = read_text(tmp_path, "onset_s,label\n0.5,3\n0.5,1\n2,3\n")
    assert read.header.is_events
    assert read.events == [(0.5, "3"), (0.5, "1"), (2.0, "3")]


def test_events_may_carry_counts_and_zero_is_none(tmp_path: Path) -> None:
    text = "time,unit,count\n0,a,2\n1,b,0\n2,a,1.5\n"
    assert read_text(tmp_path, text, is_events=True).value.tolist() == [2, 1.5]
    assert read_text(tmp_path, text.replace("1.5", "3")).value.tolist() == [2, 3]
    with pytest.raises(DataError, match=r"--long time,unit,count.*--kind labels"):
        read_text(tmp_path, text)


def test_a_list_of_mere_times_is_events_of_one_kind(tmp_path: Path) -> None:
    read = read_text(tmp_path, "0.5\n0.75\n2\n", "spikes.txt")
    assert read.events == [(0.5, "event"), (0.75, "event"), (2.0, "event")]


def test_the_user_decides_between_samples_and_events(tmp_path: Path) -> None:
    text = "time,state\n0,1\n1,4\n"
    assert read_text(tmp_path, text).header.is_events
    assert read_text(tmp_path, text, is_events=False).value.tolist() == [[1], [4]]


def test_kinds_are_recognised_by_the_name() -> None:
    assert reader_of_name("A.CSV") is OWN["text"]
    assert reader_of_name("a.h5:/x/y") is OWN["hdf5"]
    assert reader_of_name("a.mp4") is OWN["video"]
    assert split_part("dir/a.h5:/x") == (Path("dir/a.h5"), "/x")


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_hz": 0.0},
        {"on_bad": "ignore"},
        {"delimiter": ",", "decimal": ","},
        {"time_zone": "Mars/Olympus"},
        {"columns": ()},
        {"n_bands": 0},
    ],
)
def test_options_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SpecError):
        SeriesOptions(**wrong)  # type: ignore[arg-type]


def test_a_time_format_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="'fortnights' is not known"):
        read_text(tmp_path, "t,a\n0,1\n1,2\n", time_format="fortnights")
