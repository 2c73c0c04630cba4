"""How the columns, units, times and rows of a table are recognised, part by part."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from motifmine.errors import DataError, FormatError, SpecError
from motifmine.io.series.arrays import NamedArray, split_fields
from motifmine.io.series.arrow_files import open_parquet
from motifmine.io.series.column_names import (
    find_column,
    is_time_name,
    make_distinct,
    split_unit,
    split_units,
)
from motifmine.io.series.column_roles import choose_roles
from motifmine.io.series.hdf5_files import open_hdf5
from motifmine.io.series.header import Head, ascends, is_data, parse_head
from motifmine.io.series.numpy_files import open_npy, open_npz
from motifmine.io.series.options import BadRows, SeriesOptions
from motifmine.io.series.row_stream import NO_LABELS, Rows, RowStream
from motifmine.io.series.spike_trains import SpikeTrain, TrainReader
from motifmine.io.series.time_columns import choose_reading, read_first_time
from motifmine.io.series.time_formats import (
    TimeReading,
    find_pattern,
    guess_number,
    parse_clock,
    parse_iso,
    parse_number,
    parse_pattern,
    parse_time_format,
)
from motifmine.io.series.time_zones import convert_to_utc, find_nonexistent, make_clock
from motifmine.io.series.typed_reader import make_text_head
from motifmine.records.series import SampleChunk, SeriesReader
from tests.helpers.series_files import read_all, read_text

PLAIN = SeriesOptions()


def head_of(text: str, decimal: str = ".") -> Head:
    return parse_head("t.csv", [line.split(";") for line in text.splitlines()], [], decimal)


def values_of(reader: SeriesReader) -> tuple[np.ndarray, np.ndarray]:
    chunks = [chunk for chunk in reader.chunks() if isinstance(chunk, SampleChunk)]
    times = np.concatenate([chunk.time_s for chunk in chunks])
    return times, np.concatenate([chunk.value for chunk in chunks])


# names and headers


@pytest.mark.parametrize("name", ["time", "Time [s]", "unix_time", "Zeit", "t (ms)", "timestamp_x"])
def test_names_of_times(name: str) -> None:
    assert is_time_name(name)


@pytest.mark.parametrize("name", ["runtime", "speed", "times_called_by", "temperature"])
def test_names_of_other_things(name: str) -> None:
    assert not is_time_name(name)


def test_units_are_read_from_brackets_that_hold_a_unit() -> None:
    assert split_unit("speed [furlongs]") == ("speed", "furlongs")
    assert split_unit("speed (km/h)") == ("speed", "km/h")
    assert split_unit("speed (left)") == ("speed (left)", "")
    # the bare names would be alike
    assert split_units(["v [m/s]", "v [km/h]"]) == (("v [m/s]", "v [km/h]"), ("m/s", "km/h"))


def test_names_become_distinct() -> None:
    assert make_distinct(["a", "a", "", "a (2)"]) == ("a", "a (2)", "column 3", "a (2) (2)")


def test_an_unknown_column_is_refused_with_those_there_are() -> None:
    assert find_column(("a", "b"), "b [m]", "t.csv", "--columns") == 1
    with pytest.raises(DataError, match=r"t\.csv has no column 'c' \(--columns\); it has 'a', 'b'"):
        find_column(("a", "b"), "c", "t.csv", "--columns")


def test_a_header_and_a_row_of_units_are_distinguished_from_data() -> None:
    head = head_of("time;speed\ns;km/h\n0;1\n1;2")
    assert (head.names, head.units, head.n_skipped) == (("time", "speed"), ("s", "km/h"), 2)
    assert head.rows == [["0", "1"], ["1", "2"]]
    assert not head_of("0;1\n1;2").has_names
    assert is_data("12:30:00", ".")
    assert not is_data("speed", ".")


def test_a_header_of_another_width_is_refused() -> None:
    with pytest.raises(FormatError, match="header has 3 cells"):
        head_of("a;b;c\n0;1\n1;2")


def test_numbers_ascend() -> None:
    assert ascends([1, 2, 3], strictly=True)
    assert not ascends([1, 1, 2], strictly=True)
    assert ascends([1, 1, 2], strictly=False)
    assert not ascends([1, None, 2], strictly=False)


# roles and times


def test_a_column_is_taken_for_times_by_name_by_dates_or_because_it_ascends() -> None:
    assert choose_roles(head_of("x;time\n5;0\n6;1"), PLAIN).time == 1
    assert choose_roles(head_of("x;when it was\n5;2024-01-01\n6;2024-01-02"), PLAIN).time == 1
    assert choose_roles(head_of("0;5\n1;4"), PLAIN).time == 0
    with pytest.raises(DataError, match="--time-column"):
        choose_roles(head_of("a;b\n3;5\n1;4"), PLAIN)


def test_events_are_a_time_and_a_label() -> None:
    roles = choose_roles(head_of("time;label;count\n0;a;2\n1;b;1"), PLAIN)
    assert (roles.is_events, roles.time, roles.label, roles.weight) == (True, 0, 1, 2)
    assert not choose_roles(head_of("time;speed\n0;5\n1;6"), PLAIN).is_events


def test_the_first_time_and_its_reading() -> None:
    head = head_of("time_ms;v\n1500;1\n1600;2")
    roles = choose_roles(head, PLAIN)
    reading = choose_reading(head, roles, PLAIN)
    assert reading.unit_s == 1e-3
    assert read_first_time(head, roles, reading) == 1500


@pytest.mark.parametrize(
    ("name", "step"), [("ms", 0.05), ("minutes", 3000.0), ("hours", 180_000.0)]
)
def test_a_unit_may_be_the_name_of_the_times(tmp_path: Path, name: str, step: float) -> None:
    """Next to T, a temperature that is called as times are."""
    table = "".join(f"{50 * n},{20 + n % 7 / 2},{n % 3}\n" for n in range(20))
    read = read_text(tmp_path, f"{name},T,n\n" + table)
    assert read.header.channels == ("T", "n")
    np.testing.assert_allclose(np.diff(read.time_s), step)


def test_states_of_a_machine_are_no_senders(tmp_path: Path) -> None:
    states = ("ON", "OFF", "OFF")
    table = "".join(f"{n},{20 + n % 7 / 2},{states[n % 3]}\n" for n in range(30))
    assert read_text(tmp_path, "time,temp,pump\n" + table).header.channels == (
        "temp",
        "pump=ON",
        "pump=OFF",
    )


@pytest.mark.parametrize(
    ("head", "row", "problem"),
    [
        ("", "{n} t={n}.5 p={n} q={n}", "has names in its cells"),
        ("time,acc", '{n},"[{n}.5, 1.2]"', "another text in every row"),
    ],
)
def test_several_values_in_a_cell_are_refused(
    tmp_path: Path, head: str, row: str, problem: str
) -> None:
    table = "".join(row.format(n=n) + "\n" for n in range(30))
    with pytest.raises(DataError, match=problem):
        read_text(tmp_path, f"{head}\n{table}")


def test_times_as_they_are_written() -> None:
    assert parse_number("1,5", ",") == 1.5
    assert parse_number("nan") is None
    assert parse_clock("01:02:03.5") == 3723.5
    assert parse_clock("25:00") is None
    assert parse_iso("1970-01-01T00:00:00.000000001Z") == (1, True)
    assert parse_iso("1970-01-02") == (86_400 * 10**9, False)
    assert parse_iso("1970-13-01") is None
    assert parse_iso("1970-01-01 00:00:01 UTC") == (10**9, True)
    for text in ("02-Jan-1970 00:00:00", "02.01.1970 00:00:00.000", "Fri Jan 02 00:00:00 1970"):
        assert parse_pattern(text, find_pattern([text], "")) == (86_400 * 10**9, False)
    assert parse_time_format("unix-ms", None).unit_s == 1e-3
    assert guess_number([1.7e9, 1.7e9 + 1], "x", None).is_unix
    assert not guess_number([1.0, 2.0], "x", None).is_unix
    with pytest.raises(SpecError, match="unix-ms"):
        parse_time_format("fortnights", None)


NS = 10**9


def nanoseconds(*moment: int) -> int:
    return int(datetime(*moment).replace(tzinfo=ZoneInfo("UTC")).timestamp()) * NS  # type: ignore[arg-type]


def test_local_times_over_the_end_of_summer_time() -> None:
    """Paris, 27 October 2024: half past two comes twice."""
    local = np.array([nanoseconds(2024, 10, 27, 2, m) for m in (0, 30, 0, 30)], np.int64)
    falls = np.array([False, False, True, False])
    utc, is_second = convert_to_utc(local, "Europe/Paris", falls, False)
    hours = (utc - nanoseconds(2024, 10, 27)) / NS / 3600
    np.testing.assert_array_equal(hours, [0, 0.5, 1, 1.5])
    assert is_second


def test_local_times_that_summer_time_leaves_out() -> None:
    local = np.array([nanoseconds(2024, 3, 31, h, 30) for h in (1, 2, 3)], np.int64)
    assert find_nonexistent(local, "Europe/Paris").tolist() == [False, True, False]


# rows


def stream(on_bad: str = "fail") -> RowStream:
    return RowStream(
        clock=make_clock(TimeReading(form="number"), 0.0),
        is_events=False,
        bad=BadRows("t.csv", on_bad),  # type: ignore[arg-type]
        time_name="time",
        row_noun="row",
    )


def rows(*times: float) -> Rows:
    return Rows(
        raw=np.array(times), value=np.ones((len(times), 1)), code=NO_LABELS, n_read=len(times)
    )


def test_a_row_out_of_order_is_refused_with_its_place() -> None:
    ordered = stream()
    ordered.chunk(rows(0, 1))
    assert ordered.chunk_if_clean(rows(3, 2)) is None
    with pytest.raises(FormatError, match=r"row 4, column 'time'.*runs back 1 s"):
        ordered.chunk(rows(3, 2))


def test_rows_out_of_order_can_be_skipped() -> None:
    ordered = stream("skip")
    ordered.chunk(rows(0, 1))
    assert ordered.chunk(rows(1, 3, 2, 4)).time_s.tolist() == [3, 4]
    assert rows(0, 1, 2).select(np.array([True, False, True])).raw.tolist() == [0, 2]


def train(label: str, times: list[float]) -> SpikeTrain:
    def pieces(n: int) -> Iterator[np.ndarray]:
        yield from np.array_split(np.array(times), 2)

    return SpikeTrain(label=label, place=label, pieces=pieces)


def test_spike_trains_are_merged_in_order_of_time() -> None:
    trains = [train("a", [0.1, 0.4, 2.0]), train("b", [0.2, 0.4])]
    reader = TrainReader(path="t.npz", trains=trains, on_bad="fail")
    chunks = list(reader.chunks())
    times = np.concatenate([chunk.time_s for chunk in chunks])
    labels = np.concatenate([chunk.label for chunk in chunks])
    assert times.tolist() == [0.1, 0.2, 0.4, 0.4, 2.0]
    assert labels.tolist() == [0, 1, 0, 1, 0]
    assert reader.header.channels == ("a", "b")


# files of arrays


def test_typed_columns_become_text_to_be_recognised() -> None:
    columns = [np.array(["2024-01-01"], "M8[ns]"), np.array([np.nan]), np.array([True])]
    head = make_text_head("t", ["time", "a", "b"], columns, zoned=frozenset({0}))
    assert head.rows == [["2024-01-01T00:00:00.000000000Z", "", "1"]]


def test_fields_of_records_are_arrays(tmp_path: Path) -> None:
    records = np.array([(0.0, 5.0), (1.0, 6.0)], dtype=[("time", "f8"), ("v", "f8")])
    array = NamedArray(name="r", shape=(2,), dtype=records.dtype, pieces=lambda n: iter([records]))
    assert split_fields(array)["v"].first(2).tolist() == [5, 6]
    np.save(tmp_path / "r.npy", records)
    with open_npy(tmp_path / "r.npy", PLAIN) as reader:
        times, values = values_of(reader)
    assert (times.tolist(), values.tolist()) == ([0, 1], [[5], [6]])


def test_the_same_table_from_npz_hdf5_and_parquet(tmp_path: Path) -> None:
    time, value = np.arange(4.0), np.arange(4.0) ** 2
    np.savez(tmp_path / "a.npz", time=time, v=value)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["time"], file["v"] = time, value
    pq.write_table(pa.table({"time": time, "v": value}), tmp_path / "a.parquet")
    readers = (
        open_npz(tmp_path / "a.npz", PLAIN),
        open_hdf5(tmp_path / "a.h5", PLAIN),
        open_parquet(tmp_path / "a.parquet", PLAIN),
    )
    for reader in readers:
        with reader:
            times, values = values_of(reader)
            assert reader.header.channels == ("v",)
        np.testing.assert_array_equal(times, time)
        np.testing.assert_array_equal(values[:, 0], value)


def test_python_objects_are_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "o.npy", np.array([{"a": 1}], dtype=object))
    with pytest.raises(FormatError, match="Python objects"):
        open_npy(tmp_path / "o.npy", PLAIN)


def test_a_time_is_put_together_from_year_month_day_and_hour(tmp_path: Path) -> None:
    rows = "".join(f"{i + 1},2026,{1 + i // 20},{28 + i % 3},{i % 24},{i}.5\n" for i in range(20))
    (tmp_path / "air.csv").write_text("No,year,month,day,hour,pm\n" + rows)
    with pytest.raises(FormatError, match=r"line 5, column 'year': '2026-01-28 03:.*runs back"):
        read_all(tmp_path / "air.csv")
    hours = "".join(f"{i + 1},2026,2,{1 + i // 24},{i % 24},{i}.5\n" for i in range(60))
    (tmp_path / "air.csv").write_text("No,year,month,day,hour,pm\n" + hours)
    found = read_all(tmp_path / "air.csv")
    assert found.time_s.tolist() == [3600 * i for i in range(60)]
    assert found.value.tolist() == [[i + 0.5] for i in range(60)]


def test_times_in_other_units_are_no_channels(tmp_path: Path) -> None:
    rows = "".join(f"2026-03-01 08:{i:02d}:00,{60 * i},{i},{i % 3}.5\n" for i in range(20))
    (tmp_path / "t.csv").write_text("date,seconds_elapsed,time_min,x\n" + rows)
    found = read_all(tmp_path / "t.csv")
    assert found.value.tolist() == [[i % 3 + 0.5] for i in range(20)]


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("time_a,a,time_b,b", "{i},1.5,{i}.3,2.5", None),
        ("time_a,a,time_b,b", "{i},1.5,{j},2.5", "times of different steps"),
        ("date," + ",".join(f"h{h}" for h in range(24)), "2026-03-{d:02d}" + ",1" * 24, "of a day"),
        ("time,x", "{m},1.5", "hours and minutes as one number"),
    ],
)  # fmt: skip
def test_tables_with_several_times_a_row_are_refused(
    tmp_path: Path, header: str, row: str, message: str | None
) -> None:
    rows = [
        row.format(i=i, j=1.3 * i, d=i + 1, m=800 + 100 * (i * 5 // 60) + i * 5 % 60)
        for i in range(20)
    ]
    (tmp_path / "t.csv").write_text(header + "\n" + "\n".join(rows) + "\n")
    if message is None:
        found = read_all(tmp_path / "t.csv")
        assert found.value.shape == (20, 2)
        return
    with pytest.raises(DataError, match=message):
        read_all(tmp_path / "t.csv")
