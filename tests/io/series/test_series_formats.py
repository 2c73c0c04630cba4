"""Every format: what is written comes back equal; the fast parser and its slow twin agree."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motifmine.errors import FormatError
from motifmine.io.series.csv_dialect import detect_dialect
from motifmine.io.series.csv_reader import parse_rows_fast
from motifmine.io.series.csv_slow import parse_rows_slow
from motifmine.io.series.options import BadRows, SeriesOptions
from motifmine.types import Floats
from tests.helpers.series_files import read_all, read_text

NAMES = ("pump 1", "Wärme", "x", "y,z", 'a"b')
FORMATS = ("csv", "tsv", "decimal comma", "iso", "parquet", "npz", "npz matrix", "npy", "h5")


@st.composite
def tables(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """Ascending times in milliseconds, at least two, and values with gaps."""
    steps = draw(st.lists(st.integers(1, 10**7), min_size=2, max_size=12))
    n_channels = draw(st.integers(1, len(NAMES)))
    number = st.one_of(
        st.floats(-1e12, 1e12), st.floats(-1e-3, 1e-3), st.integers(-5, 5).map(float)
    )
    cells = st.one_of(number, number, st.just(float("nan")))
    row = st.lists(cells, min_size=n_channels, max_size=n_channels)
    value = np.array(draw(st.lists(row, min_size=len(steps), max_size=len(steps))))
    # a column that is empty in all rows could be anything
    value[0] = np.where(np.isnan(value[0]), 1.5, value[0])
    return np.cumsum(steps) / 1000, value


def text_cell(x: float, decimal: str) -> str:
    return "" if np.isnan(x) else repr(float(x)).replace(".", decimal)


def write_text(path: Path, times: list[str], value: Floats, delimiter: str, decimal: str) -> None:
    quoted = [f'"{name.replace(chr(34), chr(34) * 2)}"' for name in NAMES[: value.shape[1]]]
    lines = [delimiter.join(["time", *quoted])]
    for time, row in zip(times, value.tolist(), strict=True):
        lines.append(delimiter.join([time, *(text_cell(x, decimal) for x in row)]))
    path.write_text("\n".join(lines) + "\n")


def write_table(path: Path, form: str, time_s: Floats, value: Floats) -> None:
    """Write a table in one of the formats."""
    columns: dict[str, Any] = {"time": time_s}
    columns |= {name: value[:, i] for i, name in enumerate(NAMES[: value.shape[1]])}
    if form in ("csv", "tsv", "decimal comma"):
        decimal = "," if form == "decimal comma" else "."
        delimiter = {"csv": ",", "tsv": "\t", "decimal comma": ";"}[form]
        write_text(path, [text_cell(t, decimal) for t in time_s], value, delimiter, decimal)
    elif form == "iso":
        first = datetime(2026, 3, 1, tzinfo=UTC)
        moments = [first + timedelta(milliseconds=round(t * 1000)) for t in time_s.tolist()]
        write_text(path, [moment.isoformat() for moment in moments], value, ",", ".")
    elif form == "parquet":
        pq.write_table(
            pa.table({k: pa.array(v, from_pandas=True) for k, v in columns.items()}), path
        )
    elif form == "npz":
        np.savez(path, **columns)
    elif form == "npz matrix":
        np.savez(path, time=time_s, value=value, channels=np.array(NAMES[: value.shape[1]]))
    elif form == "npy":
        record = np.empty(len(time_s), [(name, np.float64) for name in columns])
        for name, column in columns.items():
            record[name] = column
        np.save(path, record)
    else:
        with h5py.File(path, "w", track_order=True) as file:
            group = file.create_group("recording", track_order=True)
            for name, column in columns.items():
                group[name] = column


@settings(max_examples=60)
@given(tables(), st.sampled_from(FORMATS))
def test_a_random_table_comes_back_equal(table: tuple[Floats, Floats], form: str) -> None:
    time_s, value = table
    suffix = {"decimal comma": "csv", "iso": "csv", "npz matrix": "npz"}.get(form, form)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table.{suffix}"
        write_table(path, form, time_s, value)
        read = read_all(path)
    assert read.header.channels == NAMES[: value.shape[1]]
    np.testing.assert_array_equal(read.value, value)
    if form == "iso":
        np.testing.assert_allclose(read.time_s, time_s - time_s[0], rtol=0, atol=1e-6)
    else:
        np.testing.assert_array_equal(read.time_s, time_s)


CELLS = [
    "1",
    "-2.5",
    "+3",
    "1e3",
    "",
    "NA",
    " 4 ",
    ".5",
    "5.",
    '"6"',
    "nan",
    "inf",
    "x",
    "1_0",
    "0x1",
]


@settings(max_examples=80)
@given(st.lists(st.lists(st.sampled_from(CELLS), min_size=2, max_size=2), min_size=1, max_size=6))
def test_the_fast_parser_takes_no_row_that_its_slow_twin_refuses(cells: list[list[str]]) -> None:
    text = "time,a,b\n0,1,2\n" + "".join(f"{i},{a},{b}\n" for i, (a, b) in enumerate(cells, 1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_text(text)
        table = detect_dialect(path, SeriesOptions(columns=("a", "b")))
    block = text.encode()[table.offset :]
    bad = BadRows("table.csv", "skip")
    slow = parse_rows_slow(block, table, table.first_line, 0, bad)
    fast = parse_rows_fast(block, table, 0)
    if bad.n_bad:
        assert fast is None
    elif fast is not None:
        np.testing.assert_array_equal(fast.raw, slow.raw)
        np.testing.assert_array_equal(fast.value, slow.value)


@pytest.mark.parametrize("pattern", ["%d/%m/%Y %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S,%f", "%d%m%Y %H%M"])
def test_times_of_a_pattern_are_the_same_on_both_roads(tmp_path: Path, pattern: str) -> None:
    first = datetime(2026, 3, 1, 23, 58, 59, 999_000)
    moments = [first + timedelta(minutes=i, microseconds=100_001 * i) for i in range(9)]
    rows = [f"{moment.strftime(pattern)};{i}" for i, moment in enumerate(moments)]
    path = tmp_path / "x.csv"
    path.write_text("\n".join(["time;a", *rows]))
    table = detect_dialect(path, SeriesOptions(time_format=pattern))
    block = path.read_bytes()[table.offset :]
    fast = parse_rows_fast(block, table, 0)
    slow = parse_rows_slow(block, table, 2, 0, BadRows("x.csv", "fail"))
    assert fast is not None
    np.testing.assert_array_equal(fast.raw, slow.raw)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.sampled_from(["a", "b c", "7", "é"]), st.integers(1, 9)),
        min_size=1,
        max_size=30,
    ),
    st.sampled_from(["csv", "parquet", "npz"]),
)
def test_random_events_come_back_equal(events: list[tuple[int, str, int]], form: str) -> None:
    events = sorted(events, key=lambda event: event[0])
    times, labels, counts = (list(column) for column in zip(*events, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"events.{form}"
        if form == "csv":
            rows = [f"{t},{name},{n}" for t, name, n in events]
            path.write_text("\n".join(["time,label,count", *rows]) + "\n")
        elif form == "parquet":
            columns = {"time": times, "label": labels, "count": counts}
            pq.write_table(pa.table(columns), path)
        else:
            np.savez(path, time=times, label=np.array(labels), count=counts)
        read = read_all(path, is_events=True)
    assert read.events == [(float(t), name) for t, name, _ in events]
    assert read.value.tolist() == counts


def test_small_blocks_and_large_ones_give_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{i / 10},{x:.3f},{y:.3f}" for i, (x, y) in enumerate(rng.normal(size=(200, 2)))]
    text = "\n".join(["time,a,b", *rows])
    whole = read_text(tmp_path, text)
    monkeypatch.setattr("motifmine.io.series.csv_reader.BLOCK_BYTES", 37)
    pieces = read_text(tmp_path, text)
    np.testing.assert_array_equal(whole.time_s, pieces.time_s)
    np.testing.assert_array_equal(whole.value, pieces.value)


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_matrix_needs_only_a_rate(tmp_path: Path, order: Any) -> None:
    value = np.random.default_rng(0).normal(size=(300, 2))
    np.save(tmp_path / "x.npy", np.array(value, order=order))
    read = read_all(tmp_path / "x.npy", rate_hz=100.0)
    np.testing.assert_array_equal(read.value, value)
    assert read.time_s[-1] == pytest.approx(2.99)


def test_arrays_are_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motifmine.io.series.arrays.BATCH_VALUES", 20)
    value = np.random.default_rng(0).normal(size=(100, 3))
    np.savez_compressed(tmp_path / "x.npz", time=np.arange(100.0), value=value)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["time"], file["value"] = np.arange(100.0), value
    for name in ("x.npz", "x.h5"):
        np.testing.assert_array_equal(read_all(tmp_path / name).value, value)


def test_a_dataset_takes_the_times_of_its_group(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        group = file.create_group("day/one")
        group["timestamps"], group["acc"] = np.arange(5) / 2, np.eye(5)[:, :3]
        group["other"] = np.zeros(9)
        group["acc"].attrs["unit"] = "g"
    read = read_all(f"{tmp_path / 'x.h5'}:/day/one/acc")
    assert read.header.channels == ("acc 1", "acc 2", "acc 3")
    assert read.header.units == ("g", "g", "g")
    assert read.time_s.tolist() == [0, 0.5, 1, 1.5, 2]


def test_records_may_hold_rows_of_channels(tmp_path: Path) -> None:
    record = np.zeros(4, [("when", np.int64), ("values", np.float64, (2,))])
    record["when"], record["values"] = np.arange(4) * 20, np.arange(8).reshape(4, 2)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["frame/table"] = record
    read = read_all(tmp_path / "x.h5", time_column="when", time_format="ms")
    assert read.time_s.tolist() == [0, 0.02, 0.04, 0.06]
    np.testing.assert_array_equal(read.value, record["values"])


def test_a_dataset_may_have_a_rate_attribute(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["emg"] = np.arange(4.0)
        file["emg"].attrs["sampling_rate"] = 50
    read = read_all(tmp_path / "x.h5")
    assert read.time_s.tolist() == [0, 0.02, 0.04, 0.06]
    assert "50 samples per second" in read.header.notes[0]


def test_parquet_time_stamps_keep_their_zone(tmp_path: Path) -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    moments = [first + timedelta(minutes=20 * i) for i in range(6)]
    times = pa.array(moments, pa.timestamp("us", "Europe/Paris"))
    pq.write_table(pa.table({"when": times, "a [V]": np.arange(6.0)}), tmp_path / "x.parquet")
    read = read_all(tmp_path / "x.parquet")
    assert np.diff(read.time_s).tolist() == [1200.0] * 5
    assert read.header.start_utc == first.isoformat()
    assert (read.header.channels, read.header.units) == (("a",), ("V",))


def test_spike_trains_are_merged_in_order_of_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motifmine.io.series.spike_trains.PIECE_SPIKES", 7)
    rng = np.random.default_rng(3)
    trains: dict[str, Any] = {
        f"unit {i}": np.sort(rng.uniform(0, 9, size=10 + 11 * i)) for i in range(4)
    }
    np.savez(tmp_path / "x.npz", **trains)
    read = read_all(tmp_path / "x.npz")
    wanted = sorted((t, name) for name, times in trains.items() for t in times.tolist())
    assert read.events == wanted


def test_the_units_of_an_nwb_file_are_events(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.nwb", "w") as file:
        file["units/spike_times"] = [0.1, 0.5, 0.2, 0.9, 0.3]
        file["units/spike_times_index"] = [2, 2, 5]
        file["units/id"] = [10, 11, 12]
        file["session_start_time"] = "2026-03-01T09:00:00+01:00"
    with pytest.raises(FormatError, match=r"unit 12, row 3: '0\.3' runs back"):
        read_all(tmp_path / "x.nwb")
    with h5py.File(tmp_path / "x.nwb", "r+") as file:
        file["units/spike_times"][:] = [0.1, 0.5, 0.2, 0.3, 0.9]
    read = read_all(tmp_path / "x.nwb")
    assert read.header.channels == ("10", "11", "12")
    assert read.events == [(0.1, "10"), (0.2, "12"), (0.3, "12"), (0.5, "10"), (0.9, "12")]
    assert read.header.start_utc == "2026-03-01T08:00:00+00:00"
