"""Heads of text tables as loggers and spreadsheets write them, and compressed text."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from motifmine.errors import DataError, FormatError
from motifmine.io.readers import reader_of_name
from motifmine.io.series import csv_reader
from motifmine.io.series.compressed import open_bytes
from motifmine.io.series.header import find_thousands
from motifmine.io.series.time_formats import guess_number, is_grouped, parse_number
from tests.helpers.series_files import Read, read_all, read_text

MINUTES = tuple(f"2026-03-02T08:{minute:02d}:00Z" for minute in range(30))
VALUES = np.array([[20 + minute / 8, 990 + minute] for minute in range(30)])


def rows(form: str = "{},{},{}", end: str = "") -> list[str]:
    return [
        form.format(time, *pair) + end for time, pair in zip(MINUTES, VALUES.tolist(), strict=True)
    ]


def expect_table(read: Read, *, units: tuple[str, str] = ("", "")) -> None:
    assert read.header.channels == ("temp", "power")
    assert read.header.units == units
    np.testing.assert_allclose(read.time_s, 60.0 * np.arange(30))
    np.testing.assert_array_equal(read.value, VALUES)


def read_lines(folder: Path, lines: list[str], name: str = "t.csv", **options: object) -> Read:
    return read_text(folder, "\n".join(lines) + "\n", name, **options)


def test_a_campbell_file_has_four_lines_of_header(tmp_path: Path) -> None:
    head = [
        '"TOA5","plant","CR1000X","1234","CR1000X.Std.05.01","CPU:tank.CR1X","4711","Tab"',
        '"TIMESTAMP","RECORD","temp","power"',
        '"TS","RN","Deg C","W"',
        '"","","Smp","Avg"',
    ]
    table = [
        f'"{time[:10]} {time[11:19]}",{n},{temp},{power:.0f}'
        for n, (time, (temp, power)) in enumerate(zip(MINUTES, VALUES.tolist(), strict=True))
    ]
    table[7] = table[7].rsplit(",", 1)[0] + ',"NAN"'
    read = read_lines(tmp_path, [*head, *table], "station.dat")
    assert np.isnan(read.value[7, 1])
    read.value[7, 1] = VALUES[7, 1]
    expect_table(read, units=("Deg C", "W"))


def test_a_preamble_of_other_widths_is_passed_over(tmp_path: Path) -> None:
    preamble = ["Logger 7, firmware 2, Basel, cellar, north", "Tuesday", ""]
    read = read_lines(tmp_path, [*preamble, "time,temp,power", *rows()])
    expect_table(read)
    assert "lines before the header that are not read: 3" in read.header.notes


@pytest.mark.parametrize(
    "head",
    [
        ["#separator \\x09", "#fields\tts\ttemp\tpower", "#types\ttime\treal\treal"],
        ["LabVIEW Measurement\t", "Separator\tTab", "***End_of_Header***\t", "", "Channels\t2\t",
         "Samples\t30\t30", "***End_of_Header***\t\t", "X_Value\ttemp\tpower"],
    ],
)  # fmt: skip
def test_headers_of_zeek_and_labview(tmp_path: Path, head: list[str]) -> None:
    expect_table(read_lines(tmp_path, head + rows("{}\t{}\t{}"), "log.txt"))


def test_numbers_of_rows_without_a_name_are_no_channel(tmp_path: Path) -> None:
    table = [f"{n},{row}" for n, row in enumerate(rows())]
    expect_table(read_lines(tmp_path, [",time,temp,power", *table]))


@pytest.mark.parametrize(
    ("name", "hour"), [("Date Time, GMT+01:00", 7), ("time (UTC-5)", 13), ("time UTC", 8)]
)
def test_a_zone_in_the_name_of_times(tmp_path: Path, name: str, hour: int) -> None:
    table = [row.replace("T", " ").replace("Z", "") for row in rows()]
    read = read_lines(tmp_path, [f'"{name}",temp,power', *table])
    expect_table(read)
    assert read.header.start_utc == f"2026-03-02T{hour:02d}:00:00+00:00"


def test_a_zone_of_half_hours_in_the_name_of_times_is_asked_for(tmp_path: Path) -> None:
    table = [row.replace("T", " ").replace("Z", "") for row in rows()]
    lines = ['"Date Time, GMT+05:30",temp,power', *table]
    with pytest.raises(DataError, match=r"give --time-zone, such as Asia/Kolkata"):
        read_lines(tmp_path, lines)
    read = read_lines(tmp_path, lines, time_zone="Asia/Kolkata")
    assert read.header.start_utc == "2026-03-02T02:30:00+00:00"


def test_the_user_names_the_line_of_the_header(tmp_path: Path) -> None:
    """The preamble has as many cells as the table, so that it looks like a header."""
    lines = ["Logger 7,Basel,cellar", "about,this,file", "time,temp,power", *rows()]
    expect_table(read_lines(tmp_path, lines, header_row=3))
    expect_table(read_lines(tmp_path, lines, skip_rows=2))


@pytest.mark.parametrize(
    "unit_line", ["yyyy-mm-ddThh:mm:ss,degC,W", ",degC,W", "s,[degC],(W)", ";degC;W;"]
)
def test_units_are_in_the_second_line(tmp_path: Path, unit_line: str) -> None:
    mark = unit_line[-1] if ";" in unit_line else ""
    form = "{};{};{}" if mark else "{},{},{}"
    header = form.format("time", "temp", "power") + mark
    read = read_lines(tmp_path, [header, unit_line, *rows(form, mark)])
    expect_table(read, units=("degC", "W"))


@pytest.mark.parametrize("header_end", ["", ","])
def test_a_delimiter_at_the_end_of_lines_is_no_channel(tmp_path: Path, header_end: str) -> None:
    expect_table(read_lines(tmp_path, [f"time,temp,power{header_end}", *rows(end=",")]))


def test_a_last_column_without_values_that_has_a_name_is_a_channel(tmp_path: Path) -> None:
    read = read_lines(tmp_path, ["time,temp,power,valve", *rows(end=",")])
    assert read.header.channels == ("temp", "power", "valve")


@pytest.mark.parametrize("block_bytes", [64, 1 << 20])
def test_headers_within_the_rows_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr(csv_reader, "BLOCK_BYTES", block_bytes)
    head = ["time;temp;power;", ";°C;W;"]
    table = [line.replace(".", ",") for line in rows("{};{};{}", ";")]
    read = read_lines(tmp_path, [*head, *table[:11], *head, *table[11:25], *head, *table[25:]])
    expect_table(read, units=("°C", "W"))
    assert csv_reader.REPEATED in read.header.notes


def test_the_line_of_a_bad_cell_counts_repeated_headers(tmp_path: Path) -> None:
    head, table = "time,temp,power", rows()
    with pytest.raises(FormatError, match="line 14, column 'temp'"):
        read_lines(tmp_path, [head, *table[:11], head, "2026-03-02T08:11:00Z,oops,1"])


@pytest.mark.parametrize(
    ("form", "decimal", "mark"),
    [('{},"{}","{}"', ".", ","), ("{};{};{}", ",", "."), ("{};{};{}", ".", "'")],
)
def test_thousands_are_grouped(tmp_path: Path, form: str, decimal: str, mark: str) -> None:
    table = []
    for time, (temp, power) in zip(MINUTES, VALUES.tolist(), strict=True):
        cells = (f"{x:,.3f}".replace(",", "_").replace(".", decimal) for x in (temp, power))
        table.append(form.format(time, *(cell.replace("_", mark) for cell in cells)))
    read = read_lines(tmp_path, [form.format("time", "temp", "power"), *table])
    expect_table(read)
    assert f"thousands are separated by '{mark}'" in read.header.notes[0]


def test_groups_have_three_digits() -> None:
    assert is_grouped("-1,234,567.5", ".", ",")
    assert not is_grouped("1,23", ".", ",")
    assert not is_grouped("1234,567", ".", ",")
    assert parse_number("1.197,8", ",", ".") == 1197.8
    assert parse_number("5,1", ".", ",") is None
    assert find_thousands([["1,5", "1.234,5"]], ",") == "."
    assert find_thousands([["0.125", "1200.5"]], ".") == ""


def test_days_of_excel_are_times(tmp_path: Path) -> None:
    table = [
        f"{46083 + 1 / 3 + n / 1440:.8f},{temp},{power}"
        for n, (temp, power) in enumerate(VALUES.tolist())
    ]
    read = read_lines(tmp_path, ["time,temp,power", *table])
    expect_table(read)
    assert read.header.start_utc == "2026-03-02T08:00:00+00:00"
    assert any("Excel" in note for note in read.header.notes)


@pytest.mark.parametrize(
    "values", [[46083.0, 46084.0, 46085.0], [46083.1234, 46083.1239, 46083.1246], [12.5, 13.5]]
)
def test_seconds_that_are_as_large_are_no_days(values: list[float]) -> None:
    assert guess_number(values, "time", None).unit_s == 1.0


def test_further_markers_of_missing_values(tmp_path: Path) -> None:
    table = rows()
    table[3] = f"{MINUTES[3]},kaputt,unavailable"
    read = read_lines(tmp_path, ["time,temp,power", *table], missing=("kaputt",))
    assert np.isnan(read.value[3]).all() and np.isfinite(read.value[4:]).all()


def _to_zstd(data: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), (".zst", _to_zstd)],
)
def test_compressed_text_is_read_in_a_stream(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"t.csv{suffix}"
    path.write_bytes(pack("\n".join(["time,temp,power", *rows()]).encode()))
    entry = reader_of_name(path)
    assert entry is not None and entry.gives == "series"
    expect_table(read_all(path))
    with open_bytes(path) as file:
        assert file.read(4) == b"time"


def test_a_compressed_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress("\n".join(["time,temp,power", *rows()]).encode())[:-30])
    with pytest.raises(FormatError, match="damaged compressed file"):
        read_all(path)


def test_a_compressed_video_is_not_taken_for_one() -> None:
    assert reader_of_name("a.mp4.gz") is None


AT = [datetime(2026, 3, 14, 11, 30) + timedelta(minutes=minute) for minute in range(30)]
EXCEL_DAY = 46_095.0
"""2026-03-14."""


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Time,temp,power", lambda n, t, p: f"{AT[n]:%m/%d/%Y %I:%M:%S %p},{t},{p}"),
        ("Time,temp,power", lambda n, t, p: f"{AT[n]:%d/%m/%Y %H:%M},{t},{p}"),
        ("Time,temp,power", lambda n, t, p: f"{AT[n]:%d-%m-%y %H:%M:%S},{t},{p}"),
        ("Time;temp;power", lambda n, t, p: f"{AT[n]:%d.%m.%y %H:%M};{t};{p}"),
        ("Time,temp,power", lambda n, t, p: f"{AT[n]:%Y-%m-%d %I:%M %p},{t},{p}"),
        ("when,temp,power", lambda n, t, p: f"{AT[n]:%Y%m%d%H%M%S},{t},{p}"),
        ("when,temp,power", lambda n, t, p: f"{AT[n]:%Y%m%d%H%M},{t},{p}"),
        ("time [min],temp,power", lambda n, t, p: f"{n},{t},{p}"),
        ("time_h,temp,power", lambda n, t, p: f"{n / 60:.9f},{t},{p}"),
        ("t (h),temp,power", lambda n, t, p: f"{n / 60:.9f},{t},{p}"),
        ("elapsed minutes,temp,power", lambda n, t, p: f"{n},{t},{p}"),
        ("stamp,temp,power", lambda n, t, p: f"{EXCEL_DAY + n / 1440:.6f},{t},{p}"),
        ("Date,temp,power", lambda n, t, p: f"{EXCEL_DAY + n / 1440:.8f},{t},{p}"),
        ("datenum,temp,power", lambda n, t, p: f"{EXCEL_DAY + 693_960 + n / 1440:.8f},{t},{p}"),
        ("JD,temp,power", lambda n, t, p: f"{EXCEL_DAY + 2_415_018.5 + n / 1440:.7f},{t},{p}"),
        ("MJD,temp,power", lambda n, t, p: f"{EXCEL_DAY + 15_018 + n / 1440:.7f},{t},{p}"),
        ("Date,Time,temp,power", lambda n, t, p: f"2/20/2026,{AT[n]:%I:%M:%S %p},{t},{p}"),
        ('"#","Date Time",temp,power', lambda n, t, p: f"{n},{AT[n]:%m/%d/%y %I:%M %p},{t},{p}"),
        (
            "Logger: north, 12\nmade by me, twice\n\nTime,temp,power",
            lambda n, t, p: f"{AT[n]},{t},{p}",
        ),
    ],
)
def test_times_that_loggers_and_spreadsheets_write(
    tmp_path: Path, header: str, row: Callable[[int, float, float], str]
) -> None:
    lines = [header, *(row(n, t, p) for n, (t, p) in enumerate(VALUES.tolist()))]
    found = read_lines(tmp_path, lines)
    assert found.header.channels == ("temp", "power")
    np.testing.assert_array_equal(found.value, VALUES)
    np.testing.assert_allclose(found.time_s - found.time_s[0], 60.0 * np.arange(30), atol=1e-4)


def test_days_as_dates_without_separators(tmp_path: Path) -> None:
    days = [datetime(2026, 2, 20) + timedelta(days=day) for day in range(20)]
    found = read_lines(tmp_path, ["date,x", *(f"{day:%Y%m%d},{day.day}" for day in days)])
    np.testing.assert_array_equal(found.time_s, 86_400.0 * np.arange(20))
    assert found.header.start_utc.startswith("2026-02-20")


@pytest.mark.parametrize("mark", [".", " ", "\u202f"])
def test_thousands_where_every_number_has_them(tmp_path: Path, mark: str) -> None:
    numbers = [f"1{mark}{n:03d},5" for n in range(30)]
    lines = ["time;power", *(f"{time};{cell}" for time, cell in zip(MINUTES, numbers, strict=True))]
    found = read_lines(tmp_path, lines)
    assert not found.header.is_events
    np.testing.assert_array_equal(found.value[:, 0], 1000.5 + np.arange(30))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (lambda n: f"{AT[n].replace(day=5):%d/%m/%Y %H:%M},{n}", "day or the month first"),
        (lambda n: f"{MINUTES[n]},{20 + n % 3 / 4} °C", "has units in its cells"),
        (lambda n: f"{MINUTES[n]},{20 + n % 3 / 4}%", "has units in its cells"),
        (lambda n: f"{MINUTES[n]},{20 + n % 3} °C", "has units in its cells"),
        (lambda n: f"{MINUTES[29 - n]},{n}", "rows have the newest first"),
        (lambda n: f"{(1_715_000_000 + n) * 10 ** (3 if n < 20 else 9)},{n}", "of two units"),
    ],
)
def test_what_may_be_read_in_two_ways_is_refused(
    tmp_path: Path, cells: Callable[[int], str], message: str
) -> None:
    with pytest.raises((DataError, FormatError), match=message):
        read_lines(tmp_path, ["time,temp", *map(cells, range(30))])


@pytest.mark.parametrize(
    ("delimiter", "mark"), [(";", "."), ("\t", ","), (",", ","), (",", "'"), (";", " ")]
)
def test_thousands_of_whole_numbers_that_few_reach(
    tmp_path: Path, delimiter: str, mark: str
) -> None:
    quote = '"' if delimiter == mark else ""
    numbers = [f"{980 + n:,}".replace(",", mark) for n in range(30)]
    cells = (
        f"{time}{delimiter}{quote}{n}{quote}" for time, n in zip(MINUTES, numbers, strict=True)
    )
    found = read_lines(tmp_path, [f"time{delimiter}power", *cells])
    np.testing.assert_array_equal(found.value[:, 0], 980 + np.arange(30))


@pytest.mark.parametrize("decimal", ".,")
def test_three_decimals_are_no_thousands(tmp_path: Path, decimal: str) -> None:
    numbers = [f"{1 + n * 0.037:.3f}".replace(".", decimal) for n in range(30)]
    cells = (
        f"{time};{n};{100 + k}" for k, (time, n) in enumerate(zip(MINUTES, numbers, strict=True))
    )
    found = read_lines(tmp_path, ["time;level;count", *cells])
    np.testing.assert_allclose(found.value[:, 0], 1 + 0.037 * np.arange(30))


def test_units_behind_a_name(tmp_path: Path) -> None:
    lines = ['"time","temp in °C","power, kW"', *rows()]
    found = read_lines(tmp_path, lines)
    expect_table(found, units=("°C", "kW"))
