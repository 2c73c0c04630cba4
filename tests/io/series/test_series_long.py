"""Logs of senders in long form, states, and labels with ends."""

import gzip
import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import feather, parquet

from motifmine.errors import DataError, FormatError
from motifmine.io.series import csv_reader
from motifmine.io.series.clock_steps import ClockSteps
from motifmine.io.series.long_form import MOST_STATES
from motifmine.io.series.open import open_series
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.senders import ChannelList, TextColumn, make_updates
from motifmine.io.series.sorting import sort_chunks
from motifmine.records.series import EventChunk, SampleChunk, UpdateChunk
from tests.helpers.corpus import write_workbook
from tests.helpers.series_files import read_all, read_text

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
Updates = list[tuple[float, str, float]]


def read_updates(path: Path, **options: object) -> Updates:
    """Return time, channel and value of everything in a log of senders."""
    with open_series(path, SeriesOptions(**options)) as reader:  # type: ignore[arg-type]
        chunks = list(reader.chunks())
        names = reader.labels()
    found: Updates = []
    for chunk in chunks:
        assert isinstance(chunk, UpdateChunk)
        rows = zip(chunk.time_s, chunk.channel, chunk.value, strict=True)
        found += [(round(float(t), 6), names[c], float(v)) for t, c, v in rows]
    return found


def read_log(folder: Path, text: str, name: str = "log.csv", **options: object) -> Updates:
    (folder / name).write_text(text)
    return read_updates(folder / name, **options)


LONG = "time,sensor,value\n0,a,1.5\n0.4,b,20\n10,a,2.5\n10.4,b,21\n20,a,3.5\n20.4,b,22\n"
EXPECTED = [(0, "a", 1.5), (0.4, "b", 20), (10, "a", 2.5), (10.4, "b", 21), (20, "a", 3.5)]
EXPECTED.append((20.4, "b", 22))


def test_the_long_form_is_recognised(tmp_path: Path) -> None:
    assert read_log(tmp_path, LONG) == EXPECTED
    assert read_log(tmp_path, LONG.replace("value", "amount")) == EXPECTED
    assert read_log(tmp_path, LONG.replace("time,sensor,value\n", "")) == EXPECTED


@pytest.mark.parametrize("order", [(2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_columns_of_the_long_form_come_in_any_order(tmp_path: Path, order: Sequence[int]) -> None:
    lines = [line.split(",") for line in LONG.splitlines()]
    text = "\n".join(",".join(cells[i] for i in order) for cells in lines) + "\n"
    assert read_log(tmp_path, text) == EXPECTED


@pytest.mark.parametrize("mark", ["\t", " "])
def test_the_long_form_without_header_begins_with_its_first_row(tmp_path: Path, mark: str) -> None:
    sent = [("M003", "ON"), ("T002", "20.5"), ("M003", "OFF"), ("T002", "21.0")] * 3
    rows = [f"2026-03-02 08:00:{5 * i:02d}.25{mark}{s}{mark}{v}\n" for i, (s, v) in enumerate(sent)]
    found = read_log(tmp_path, "".join(rows))
    assert {name for _, name, _ in found} == {"M003=ON", "M003=OFF", "T002"}
    assert found[0] == (0, "M003=ON", 1)
    assert [row for row in found if row[1] == "T002"][:2] == [(5, "T002", 20.5), (15, "T002", 21)]


def test_the_user_names_the_columns_of_the_long_form(tmp_path: Path) -> None:
    text = LONG.replace("time,sensor,value", "t,what,level").replace("\n", ",x\n")
    assert read_log(tmp_path, text, long=("t", "what", "level")) == EXPECTED
    joined = read_log(tmp_path, text.replace(",x", ",7"), long=("t", "what+7", "level"))
    assert joined[0] == (0, "a 7", 1.5)


def test_real_numbers_next_to_labels_are_no_counts(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--long time,label,amount.*--kind labels"):
        read_log(tmp_path, LONG.replace("sensor,value", "label,amount"))


def test_counts_next_to_sensors_stay_events(tmp_path: Path) -> None:
    assert read_text(tmp_path, "time,channel,count\n0,a,1\n1,b,2\n2,a,1\n").header.is_events


def test_a_device_and_its_quantity_are_one_sensor(tmp_path: Path) -> None:
    lines = ["id,timestamp,device_id,metric,value,unit"]
    for n in range(20):
        for k, (device, metric) in enumerate([("d1", "temp"), ("d1", "hum"), ("d2", "temp")]):
            time = f"{BEGIN + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ}"
            lines.append(f"{3 * n + k},{time},{device},{metric},{10 * k + n % 4},x")
    (tmp_path / "t.csv").write_text("\n".join(lines))
    assert read_updates(tmp_path / "t.csv")[:3] == [
        (0.0, "d1 temp", 0.0),
        (0.0, "d1 hum", 10.0),
        (0.0, "d2 temp", 20.0),
    ]


def test_sensors_one_after_the_other_are_sorted_by_time(tmp_path: Path) -> None:
    rows = LONG.splitlines()[1:]
    text = "\n".join(["time,sensor,value", *rows[1::2], *rows[::2]]) + "\n"
    assert read_log(tmp_path, text) == EXPECTED


def test_the_recording_begins_with_the_earliest_row(tmp_path: Path) -> None:
    text = "time,sensor,value\n2026-03-02T00:10:00Z,a,1\n2026-03-02T00:20:00Z,a,2\n"
    path = tmp_path / "log.csv"
    path.write_text(text + "2026-03-02T00:00:00Z,b,3\n2026-03-02T00:05:00Z,b,4\n")
    with open_series(path) as reader:
        assert reader.header.start_utc == "2026-03-02T00:00:00+00:00"
        assert reader.header.is_open
    assert [time for time, *_ in read_updates(path)] == [0, 300, 600, 1200]


def test_long_files_are_read_in_a_stream_and_must_be_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motifmine.io.series.sorting.MOST_BYTES", 0)
    monkeypatch.setattr(csv_reader, "BLOCK_BYTES", 40)
    assert read_log(tmp_path, LONG) == EXPECTED
    with pytest.raises(FormatError, match=r"line 8, column 'time'"):
        read_log(tmp_path, LONG + "5,a,1\n")


def test_states_are_channels_of_zero_and_one(tmp_path: Path) -> None:
    text = "entity_id,state,last_changed\ndoor,on,2026-03-02T00:00:00Z\n"
    text += "lamp,40.5,2026-03-02T00:00:10Z\n"
    text += "door,off,2026-03-02T00:01:00Z\nlamp,unavailable,2026-03-02T00:02:00Z\n"
    text += "door,unknown,2026-03-02T00:03:00Z\ndoor,on,2026-03-02T00:04:00Z\n"
    found = read_log(tmp_path, text)
    lamp = [(time, value) for time, name, value in found if name == "lamp"]
    assert lamp[0] == (10, 40.5) and lamp[1][0] == 120 and np.isnan(lamp[1][1])
    on = [(time, value) for time, name, value in found if name == "door=on"]
    assert [time for time, _ in on] == [0, 60, 180, 240]
    assert [on[0][1], on[1][1], on[3][1]] == [1, 0, 1] and np.isnan(on[2][1])
    off = [value for _, name, value in found if name == "door=off"]
    assert off[:2] == [0, 1]


def test_numbers_among_states_stay_numbers(tmp_path: Path) -> None:
    text = "time,sensor,value\n0,a,idle\n1,a,5\n2,a,idle\n3,a,6\n"
    found = read_log(tmp_path, text)
    assert [value for _, name, value in found if name == "a=idle"] == [1, 0, 1, 0]
    numbers = [value for _, name, value in found if name == "a"]
    assert numbers[1] == 5 and np.isnan(numbers[2])


def test_numbers_alone_are_read_as_numbers_among_states_are() -> None:
    rng = np.random.default_rng(2)
    n = 400
    time_s = np.sort(rng.integers(0, 100, n)).astype(float)
    code = rng.integers(0, 5, n)
    value = np.where((rng.random(n) < 0.1) | (code == 3), np.nan, rng.normal(size=n))
    names = ("a", "b", "c", "never", "d")
    found = []
    # with a state, rows are gone through sensor by sensor
    for more in ((), ("on",)):
        state = TextColumn(code=np.full(n, -1, np.int64), names=more)
        channels = ChannelList()
        sensor = TextColumn(code=code, names=names)
        found.append((make_updates(time_s, sensor, value, state, channels), channels.index))
    (one, channels_of_one), (two, channels_of_two) = found
    assert channels_of_one == channels_of_two == {"a": 0, "b": 1, "c": 2, "d": 3}
    for name in ("time_s", "channel", "value"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_a_text_in_a_late_block_is_a_state(tmp_path: Path) -> None:
    rows = [f"{n},{'ab'[n % 2]},{n % 7}.5" for n in range(6000)]
    rows[5990] = "5990,a,offline"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("motifmine.io.series.csv_reader.BLOCK_BYTES", 4096)
        found = read_log(tmp_path, "time,sensor,value\n" + "\n".join(rows) + "\n")
    changes = [(time, value) for time, name, value in found if name == "a=offline"]
    assert [time for time, value in changes if value == 1.0] == [5990.0]
    assert len([value for _, name, value in found if name == "b"]) == 3000


def test_a_sensor_of_many_texts_has_no_more_channels() -> None:
    channels = ChannelList()
    texts = tuple(f"text {n}" for n in range(50))
    updates = make_updates(
        np.arange(50.0),
        TextColumn(code=np.zeros(50, np.int64), names=("a",)),
        np.full(50, np.nan),
        TextColumn(code=np.arange(50), names=texts),
        channels,
    )
    assert channels.is_cut and len(channels.index) <= 20
    assert len(updates.time_s) == 50 * len(channels.index)


def test_columns_of_states_in_a_table_are_channels(tmp_path: Path) -> None:
    lines = [f"{n},{n / 8},{'open' if n % 4 else 'shut'}" for n in range(16)]
    lines[5] = "5,0.625,NA"
    read = read_text(tmp_path, "time,level,valve\n" + "\n".join(lines) + "\n")
    assert read.header.channels == ("level", "valve=shut", "valve=open")
    assert read.value[:5, 1].tolist() == [1, 0, 0, 0, 1]
    assert np.isnan(read.value[5, 1:]).all() and read.value[5, 0] == 0.625


def test_remarks_are_no_states(tmp_path: Path) -> None:
    lines = [f"{n},{n / 8},remark {n % (MOST_STATES + 1)}" for n in range(60)]
    read = read_text(tmp_path, "time,level,note\n" + "\n".join(lines) + "\n")
    assert read.header.channels == ("level",)


def test_influx_annotated_csv(tmp_path: Path) -> None:
    head = "#group,false,false,true,false,false,true,true\n#datatype,string,long,string,x,y,z,w\n"
    head += "#default,_result,,,,,,\n,result,table,_start,_time,_value,_field,host\n"
    row = ",,0,2026-03-01T00:00:00Z,2026-03-02T00:00:{:02d}Z,{},{},h1\n"
    text = head + "".join(row.format(10 * n, n + 0.5, "temp") for n in range(4))
    text += "\n" + head + "".join(row.format(10 * n, n + 7, "flow") for n in range(4))
    found = read_log(tmp_path, text)
    assert found[:2] == [(0, "temp h1", 0.5), (0, "flow h1", 7)]
    assert len(found) == 8


# labels with ends


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("", "{start}\t{end}\t{label}"),
        ("start_s,end_s,label\n", "{start},{end},{label}"),
        ("label,end,start\n", "{label},{end},{start}"),
        ("onset,duration,label\n", "{start},{duration},{label}"),
        ("Subject,Behavior,Start (s),Stop (s)\n", "x,{label},{start},{end}"),
    ],
)
def test_labels_with_starts_and_ends(tmp_path: Path, header: str, form: str) -> None:
    events = [(0.5, 0.75, "knock"), (1.25, 3.5, "ring"), (1.5, 1.75, "knock"), (9.0, 9.25, "ring")]
    lines = [form.format(start=a, end=b, duration=b - a, label=name) for a, b, name in events]
    path = tmp_path / "labels.txt"
    path.write_text(header + "\n".join([lines[3], *lines[:3]] if header else lines) + "\n")
    with open_series(path) as reader:
        (chunk,) = reader.chunks()
        names = reader.labels()
    assert isinstance(chunk, EventChunk) and chunk.end_s is not None
    rows = zip(chunk.time_s.tolist(), chunk.end_s.tolist(), chunk.label, strict=True)
    assert [(a, b, names[label]) for a, b, label in rows] == events


def test_a_bad_end_is_reported_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"line 3, column 'end'"):
        read_text(tmp_path, "start,end,label\n0,1,a\n2,soon,b\n3,4,a\n")


def test_spikes_of_one_unit_after_the_other_are_events(tmp_path: Path) -> None:
    path = tmp_path / "spikes.csv"
    rows = [f"{unit},{2 * i + unit / 10}\n" for unit in (3, 1, 2) for i in range(5)]
    path.write_text("unit,spike_time\n" + "".join(rows))
    events = read_all(path).events
    assert events == [(2 * i + unit / 10, str(unit)) for i in range(5) for unit in (1, 2, 3)]


def test_labels_of_other_names_next_to_starts_and_ends(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    rows = "".join(f"{i},{i + 0.5},{'ab'[i % 2]},{'xyz'[i % 3]}\n" for i in range(12))
    path.write_text("start_time,end_time,machine,job\n" + rows)
    with pytest.raises(DataError, match="labels in 'machine' or 'job'"):
        read_all(path)
    assert [label for _, label in read_all(path, columns=("job",)).events] == list("xyz" * 4)
    path.write_text(path.read_text().replace(",a,", ",1,").replace(",b,", ",2,"))
    assert [label for _, label in read_all(path).events] == list("xyz" * 4)


@pytest.mark.parametrize(
    ("names", "row"),
    [
        ("activity,start time,end time", "{label},2026-03-01 10:00:{a},2026-03-01 10:00:{b}"),
        ("Start (s),Stop (s),Observation date,Behavior", "{a},{b},2026-03-01,{label}"),
        ("Channel,Begin Time (s),End Time (s),Low Freq (Hz),Annotation", "1,{a},{b},200,{label}"),
        ("time_begin,time_end,species", "{a},{b},{label}"),
        ("begin,end,label", "10:00:{a},10:00:{b},{label}"),
    ],
)
def test_starts_and_ends_as_programs_call_them(tmp_path: Path, names: str, row: str) -> None:
    rows = [row.format(a=10 + 4 * i, b=12 + 4 * i, label="ab"[i % 2]) for i in range(12)]
    (tmp_path / "events.csv").write_text("\n".join([names, *rows, ""]))
    with open_series(tmp_path / "events.csv") as reader:
        (chunk,) = reader.chunks()
    assert isinstance(chunk, EventChunk)
    assert reader.labels() == ("a", "b")
    assert chunk.end_s is not None
    np.testing.assert_allclose(chunk.end_s - chunk.time_s, 2.0)
    np.testing.assert_allclose(np.diff(chunk.time_s), 4.0)


def test_ends_without_the_date_of_their_starts_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"2026-03-01,10:00:{10 + i},10:00:{11 + i},a\n" for i in range(9))
    with pytest.raises(FormatError, match="'10:00:11' is not the end of an event"):
        read_text(tmp_path, "date,start,end,label\n" + rows)


def test_nothing_to_sort() -> None:
    assert sort_chunks([]) == []


def test_clocks_are_not_changed_on_other_nights() -> None:
    monday = int(np.datetime64("2026-10-26T02:40", "ns").astype(np.int64))
    raw = monday + 60_000_000_000 * np.array([0, 10, -30, -20])
    seconds, steps = ClockSteps().correct((raw - raw[0]) / 1e9, raw)
    assert steps.notes == () and seconds[2] == -1800


# every form, from one hidden truth


def _rows_of(truth: Updates) -> list[dict[str, float | None]]:
    """Return the rows of a table with a column of times and one a channel."""
    rows: dict[float, dict[str, float | None]] = {}
    for time, name, value in truth:
        rows.setdefault(time, {"time": time, "depth": None, "flow": None})[name] = value
    return list(rows.values())


def _wide(truth: Updates, missing: str = "") -> str:
    body = (
        ",".join(missing if cell is None else repr(cell) for cell in row.values())
        for row in _rows_of(truth)
    )
    return "time,depth,flow\n" + "\n".join(body) + "\n"


def _missing_marked(truth: Updates) -> str:
    return "\ufeff# made by a logger\nLogger 7\n\n" + _wide(truth, "---")


def _toa5(truth: Updates) -> str:
    head = '"TOA5","CR1000X","7"\n"TIMESTAMP","RECORD","depth","flow"\n"TS","RN","m","l/s"\n'
    rows = "".join(
        f'"{BEGIN + timedelta(seconds=row["time"] or 0):%Y-%m-%d %H:%M:%S.%f}",{n},'
        + ",".join('"NAN"' if row[x] is None else repr(row[x]) for x in ("depth", "flow"))
        + "\n"
        for n, row in enumerate(_rows_of(truth))
    )
    return head + '"","","Smp","Avg"\n' + rows


def _influx(truth: Updates) -> str:
    head = "#group,false,false,false,false,true\n#datatype,string,long,dateTime,double,string\n"
    head += "#default,_result,,,,\n,result,table,_time,_value,_field\n"
    texts = []
    for k, name in enumerate(("depth", "flow")):
        rows = ((BEGIN + timedelta(seconds=t), v) for t, n, v in truth if n == name)
        texts.append(head + "".join(f",,{k},{t.isoformat()},{v!r},{name}\n" for t, v in rows))
    return "\n".join(texts)


def _long(truth: Updates) -> str:
    return "time,sensor,value\n" + "".join(f"{t!r},{n},{v!r}\n" for t, n, v in truth)


def _grouped(truth: Updates) -> str:
    return _long(sorted(truth, key=lambda one: one[1]))


def _decimal_comma(truth: Updates) -> str:
    rows = (f"{t!r};{n};{v!r}".replace(".", ",") for t, n, v in truth)
    return "Zeit;Sensor;Wert;\ns;;m;\n" + "".join(f"{row};\n" for row in rows)


def _thousands(truth: Updates) -> str:
    return "time,sensor,value\n" + "".join(f'{t!r},{n},"{v:,.3f}"\n' for t, n, v in truth)


def _history(truth: Updates) -> str:
    rows = ((n, v, (BEGIN + timedelta(seconds=t)).isoformat()) for t, n, v in truth)
    return "entity_id,state,last_changed\n" + "".join(f"{n},{v!r},{t}\n" for n, v, t in rows)


def _concatenated(truth: Updates) -> str:
    half = len(truth) // 2
    return _long(truth[:half]) + _long(truth[half:])


def _json_lines(truth: Updates) -> str:
    return "".join(json.dumps(row) + "\n" for row in _rows_of(truth))


FORMS: list[Callable[[Updates], str]] = [
    _wide, _missing_marked, _long, _grouped, _decimal_comma, _thousands, _history, _concatenated,
    _toa5, _influx, _json_lines
]  # fmt: skip
WITH_DATES = (_history, _toa5, _influx)


def _feather(path: Path, truth: Updates) -> None:
    feather.write_feather(pa.Table.from_pylist(_rows_of(truth)), path)


def _parquet(path: Path, truth: Updates) -> None:
    parquet.write_table(pa.Table.from_pylist(_rows_of(truth)), path)


def _xlsx(path: Path, truth: Updates) -> None:
    rows = [["" if cell is None else cell for cell in row.values()] for row in _rows_of(truth)]
    write_workbook(path, [["time", "depth", "flow"], *rows])


def _sqlite(path: Path, truth: Updates) -> None:
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE log (time REAL, depth REAL, flow REAL)")
        base.executemany("INSERT INTO log VALUES (:time, :depth, :flow)", _rows_of(truth))


BINARY: list[Callable[[Path, Updates], None]] = [_feather, _parquet, _xlsx, _sqlite]


@pytest.mark.long
@settings(max_examples=6)
@given(
    steps=st.lists(st.integers(1, 200), min_size=12, max_size=40),
    seed=st.integers(0, 2**16),
    is_packed=st.booleans(),
)
def test_every_form_gives_the_same_observations(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], seed: int, is_packed: bool
) -> None:
    rng = np.random.default_rng(seed)
    time_s = np.cumsum(steps) / 4 - steps[0] / 4
    truth = [
        (float(t), name, float(np.round(rng.normal(0, 3000), 3)))
        for t in time_s
        for name in ("depth", "flow")
        if rng.random() < 0.7
    ]
    truth += [(float(time_s[-1]) + 1, name, 0.125) for name in ("depth", "flow")]
    begin = truth[0][0]
    folder = tmp_path_factory.mktemp("forms")
    for form in (*FORMS, *BINARY):
        name = form.__name__.strip("_")
        if form in FORMS:
            name = f"{name}.jsonl" if form is _json_lines else f"{name}.csv"
            text = form(truth).encode()
            path = folder / (name + ".gz" * is_packed)
            path.write_bytes(gzip.compress(text) if is_packed else text)
        else:
            path = folder / f"{name}.{name}"
            cast(Callable[[Path, Updates], None], form)(path, truth)
        with open_series(path) as reader:
            chunks, names = list(reader.chunks()), reader.labels()
        found = set()
        for chunk in chunks:
            if isinstance(chunk, UpdateChunk):
                rows = zip(chunk.time_s, chunk.channel, chunk.value, strict=True)
                found |= {(float(t), names[c], float(v)) for t, c, v in rows}
            elif isinstance(chunk, SampleChunk):
                for t, row in zip(chunk.time_s, chunk.value, strict=True):
                    pairs = zip(names, row.tolist(), strict=True)
                    found |= {(float(t), name, v) for name, v in pairs if not np.isnan(v)}
        shift = begin if form in WITH_DATES else 0.0
        wanted = {(t - shift, name, v) for t, name, v in truth}
        assert found == wanted, form.__name__
