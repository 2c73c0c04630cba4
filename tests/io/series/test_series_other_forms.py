"""Tables in other forms than text: what is read, and what is refused with the way out."""

import json
import re
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather
from scipy.io import savemat

from motifmine.errors import DataError, FormatError
from motifmine.io.readers import reader_of_content, reader_of_name
from motifmine.io.series.open import open_series
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.other_files import FORMATS
from motifmine.io.series.signal_files import open_edf
from motifmine.io.series.table_files import open_sqlite
from motifmine.records.series import EventChunk, UpdateChunk
from tests.helpers.corpus import (
    TIMES,
    VALUES,
    N,
    write_arrow_times,
    write_edf,
    write_excel,
    write_feather,
    write_json_lines,
    write_midi,
    write_sqlite,
)
from tests.helpers.series_files import read_all


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("t.feather", write_feather),
        ("t.arrow", write_arrow_times),
        ("t.jsonl", write_json_lines),
        ("t.sqlite", write_sqlite),
        ("t.xlsx", write_excel),
    ],
)
def test_a_table_is_the_same_in_every_form(
    tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    write(tmp_path / name)
    read = read_all(tmp_path / name)
    assert read.header.channels == ("temp", "power")
    assert read.header.start_utc == "2026-03-02T08:00:00+00:00"
    assert read.time_s.tolist() == [60.0 * n for n in range(N)]
    np.testing.assert_array_equal(read.value, VALUES)


def test_a_sheet_is_named(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    write_excel(tmp_path / "two.xlsx")
    assert len(read_all(tmp_path / "two.xlsx", sheet="log").time_s) == N
    with pytest.raises(DataError, match=r"no sheet 'x' \(--sheet\); it has second, log"):
        read_all(tmp_path / "two.xlsx", sheet="x")


def test_titles_of_a_sheet_and_units_below_its_names(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    above = [["Plant 7, weekly export"], ["made on 2026-03-09"], ["", "air", ""]]
    write_excel(tmp_path / "t.xlsx", above, ["", "°C", "W"])
    read = read_all(tmp_path / "t.xlsx")
    assert read.header.channels == ("temp", "power")
    assert read.header.units == ("°C", "W")
    np.testing.assert_array_equal(read.value, VALUES)


def test_values_of_objects_within_objects_are_columns(tmp_path: Path) -> None:
    lines = [
        json.dumps({"time": t, "of": [a], "read": {"temp": a, "more": {"power": b}}, "late": None})
        for t, (a, b) in zip(TIMES, VALUES.tolist(), strict=True)
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    read = read_all(tmp_path / "t.jsonl")
    assert read.header.channels == ("read.temp", "read.more.power", "late")
    np.testing.assert_array_equal(read.value[:, :2], VALUES)


def test_a_workbook_without_sheets_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    write_excel(tmp_path / "t.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "t.xlsx") as whole,
        zipfile.ZipFile(tmp_path / "none.xlsx", "w") as copy,
    ):
        for name in whole.namelist():
            copy.writestr(name, re.sub(rb"<sheet .*/>(?=</sheets>)", b"", whole.read(name)))
    with pytest.raises(FormatError, match="no sheets"):
        read_all(tmp_path / "none.xlsx")


def test_arrays_of_matlab_are_columns(tmp_path: Path) -> None:
    names = np.array(["temp", "power"], dtype=object)
    arrays = {"time": np.arange(N) / 4.0, "temp": VALUES[:, 0], "power": VALUES[:, 1]}
    savemat(tmp_path / "t.mat", {**arrays, "remark": names})
    read = read_all(tmp_path / "t.mat")
    assert sorted(read.header.channels) == ["power", "temp"]
    assert read.time_s.tolist() == [n / 4 for n in range(N)]
    assert reader_of_content(tmp_path / "t.mat") is reader_of_name("x.mat")


def test_the_database_of_home_assistant_is_its_history(tmp_path: Path) -> None:
    path = tmp_path / "home-assistant_v2.db"
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE states_meta (metadata_id INTEGER, entity_id TEXT)")
        base.execute("CREATE TABLE states (metadata_id INTEGER, state TEXT, last_updated_ts REAL)")
        base.execute("CREATE TABLE events (event_id INTEGER)")
        base.execute("INSERT INTO states_meta VALUES (1, 'sensor.plug'), (2, 'door')")
        begin = 1_772_000_000.0
        states = [(1, "0.5", 0), (2, "on", 1), (1, "2000.5", 60), (1, "unavailable", 90)]
        states += [(2, "off", 120), (1, "0.5", 200)]
        listed = [(entity, state, begin + t) for entity, state, t in reversed(states)]
        base.executemany("INSERT INTO states VALUES (?, ?, ?)", listed)
    with open_series(path) as reader:
        chunks, names = list(reader.chunks()), reader.labels()
    assert names == ("sensor.plug", "door=on", "door=off")
    (chunk,) = chunks
    assert isinstance(chunk, UpdateChunk)
    plug = chunk.value[chunk.channel == 0]
    assert plug[[0, 1, 3]].tolist() == [0.5, 2000.5, 0.5] and np.isnan(plug[2])


def test_one_of_several_tables_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    write_sqlite(path)
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE other (a INTEGER)")
    with pytest.raises(DataError, match=r"several tables \(log, other\).*t\.db:TABLE"):
        read_all(path)
    assert len(read_all(f"{path}:log").time_s) == N
    with pytest.raises(DataError, match="no table 'x'"):
        open_sqlite(Path(f"{path}:x"), SeriesOptions())


def test_a_column_of_sqlite_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    write_sqlite(tmp_path / "t.sqlite")
    content = (tmp_path / "t.sqlite").read_bytes()
    (tmp_path / "t.sqlite").write_bytes(content.replace(b"power", b"p\xc1wer"))
    with pytest.raises(FormatError, match="cannot be read as a SQLite"):
        read_all(tmp_path / "t.sqlite")


@pytest.mark.parametrize("name", ["t.feather", "t.sqlite", "t.mat", "t.xlsx"])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 8)
    with pytest.raises(FormatError, match="cannot be read as"):
        read_all(tmp_path / name)


def test_texts_outside_of_an_arrow_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.arrow"
    feather.write_feather(pa.table({"a": ["first", "second"]}), path, compression="uncompressed")
    ends = np.array([0, 5, 11], np.int32).tobytes()
    assert path.read_bytes().count(ends) == 1
    path.write_bytes(path.read_bytes().replace(ends, np.array([0, -5, 11], np.int32).tobytes()))
    with pytest.raises(FormatError, match="cannot be read"):
        read_all(path)
    feather.write_feather(pa.table({"temperature": [1.0]}), path, compression="uncompressed")
    path.write_bytes(path.read_bytes().replace(b"temperature", b"t\xe5mperature"))
    with pytest.raises(FormatError, match="cannot be read"):
        read_all(path)


@pytest.mark.parametrize(
    ("line", "problem"), [("{", "line 3: not JSON"), ("[1]", "line 3: not an object")]
)
def test_a_bad_line_of_json_is_reported(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"time": 0, "a": 1}\n{"time": 1, "a": 2}\n' + line + "\n")
    with pytest.raises(FormatError, match=problem):
        read_all(path)


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_other_formats_are_refused_with_the_way_out(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"MThd or any other")
    entry = reader_of_name(path)
    assert entry is not None and entry.gives == "series"
    with pytest.raises(FormatError, match="which is not read; "):
        read_all(path)


@pytest.mark.parametrize("suffix", ["edf", "bdf"])
def test_edf_is_read_at_the_rate_of_most_signals(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"night.{suffix}"
    wave = write_edf(path)
    with open_edf(path, SeriesOptions()) as reader:
        assert reader.header.channels == ("EEG A", "EEG B")
    read = read_all(path)
    assert read.header.channels == ("EEG A", "EEG B")
    assert read.header.units == ("uV", "uV")
    assert read.header.start_utc == "2026-03-01T10:30:00+00:00"
    assert "excluded because of another rate: temperature; --columns chooses" in read.header.notes
    np.testing.assert_allclose(read.time_s, np.arange(len(wave)) / 128, atol=1e-9)
    # 16 bits over the range of the signal
    np.testing.assert_allclose(read.value, wave, atol=2e-3)
    slow = read_all(path, columns=("temperature",))
    np.testing.assert_array_equal(slow.time_s, np.arange(20.0))


def test_damaged_edf_is_refused_and_what_was_cut_off_noted(tmp_path: Path) -> None:
    path = tmp_path / "night.edf"
    write_edf(path)
    content = path.read_bytes()
    # the sampling rate cannot be computed from this duration of a data record
    damaged = content[:244] + b"0       " + content[252:]
    for each in (b"", content[:100], content[:1000], damaged):
        path.write_bytes(each)
        with pytest.raises(FormatError):
            read_all(path)
    path.write_bytes(content[:3000])
    cut = read_all(path)
    assert len(cut.time_s) == 3 * 128
    assert any("EDF" in note for note in cut.header.notes)


def test_notes_of_midi_are_events_with_ends(tmp_path: Path) -> None:
    write_midi(tmp_path / "tune.mid")
    with open_series(tmp_path / "tune.mid") as reader:
        (chunk,) = reader.chunks()
        labels = reader.labels()
    assert isinstance(chunk, EventChunk)
    assert chunk.end_s is not None
    found = zip(chunk.time_s.tolist(), chunk.end_s.tolist(), chunk.label.tolist(), strict=True)
    assert [(start, end, labels[label]) for start, end, label in found] == [
        (1.0, 2.0, "C4"),
        (1.5, 3.0, "drum 36"),
        (2.0, 3.0, "C4"),
    ]


def test_damaged_midi_is_refused(tmp_path: Path) -> None:
    write_midi(tmp_path / "tune.mid")
    content = (tmp_path / "tune.mid").read_bytes()
    for n in (0, 4, 10, 20, len(content) - 9):
        (tmp_path / "cut.mid").write_bytes(content[:n])
        with pytest.raises(FormatError):
            read_all(tmp_path / "cut.mid")


@pytest.mark.parametrize("form", ["lines", "list", "named list", "lists"])
def test_objects_of_json_are_read_from_lines_and_lists(tmp_path: Path, form: str) -> None:
    rows = [{"time": 10 * i, "entity": "ab"[i % 2], "value": f"{i}.5"} for i in range(8)]
    content: object = rows
    if form == "named list":
        content = {"status": "ok", "data": rows}
    elif form == "lists":
        content = [rows[::2], rows[1::2]]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    text = lines if form == "lines" else json.dumps(content, indent=1)
    (tmp_path / "log.json").write_text(text)
    with open_series(tmp_path / "log.json") as reader:
        found = list(reader.chunks())
    value = [v for chunk in found for v in chunk.value.tolist()]  # type: ignore[union-attr]
    assert value == [i + 0.5 for i in range(8)]


@pytest.mark.parametrize("form", ["lists", "rows by number", "below other things"])
def test_columns_of_json_are_a_table(tmp_path: Path, form: str) -> None:
    content: dict[str, object] = {"time": TIMES, "temp": VALUES[:, 0].tolist(), "n": list(range(N))}
    if form == "rows by number":
        content = {k: {str(i): x for i, x in enumerate(v)} for k, v in content.items()}  # type: ignore[arg-type, var-annotated]
    if form == "below other things":
        content = {"place": "roof", "units": {"time": "iso", "temp": "C"}, "hourly": content}
    (tmp_path / "log.json").write_text(json.dumps(content))
    read = read_all(tmp_path / "log.json", columns=("temp",))
    np.testing.assert_array_equal(read.value[:, 0], VALUES[:, 0])


@pytest.mark.parametrize(
    "text",
    [
        '{"columns": ["a"], "data": [[1], [2]]}',
        "[1, 2]",
        '[{"a": 1}',
        '{"a": [1], "b": [2]}\n{',
        "[]",
        "5",
    ],
)
def test_json_without_rows_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "log.jsonl").write_text(text)
    with pytest.raises(FormatError, match=r"log\.json"):
        open_series(tmp_path / "log.jsonl")


def test_numbers_as_texts_are_numbers(tmp_path: Path) -> None:
    rows = [{"time": 10 * i, "a": f"{i}.5", "b": i} for i in range(8)]
    rows[5]["a"] = "NA"
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open_series(tmp_path / "log.jsonl") as reader:
        (chunk,) = reader.chunks()
    assert str(chunk.value[:, 0].tolist()) == "[0.5, 1.5, 2.5, 3.5, 4.5, nan, 6.5, 7.5]"  # type: ignore[union-attr]
