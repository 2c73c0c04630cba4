"""Bad input: reported with file, line, column and value, or skipped."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from motifmine.errors import DataError, FormatError, MotifmineWarning
from tests.helpers.series_files import read_all, read_text

GOOD = [f"{i},{i * 2},{i * 3}" for i in range(8)]


def with_row(row: str, at: int = 5) -> str:
    """Return a table of which row `at` (line at + 2) is replaced."""
    return "\n".join(["time,a,b", *GOOD[:at], row, *GOOD[at + 1 :]]) + "\n"


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        ("5,nan,1", "a", "'nan'"),
        ("5,1,NaN", "b", "'NaN'"),
        ("5,inf,1", "a", "'inf'"),
        ("5,1,-Infinity", "b", "'-Infinity'"),
        ("5,1e999,1", "a", "'1e999'"),
        ("5,high,1", "a", "'high'"),
        ("5,1,0x1F", "b", "'0x1F'"),
        ("5,1", "b", "'5,1'"),
        ("5,1,2,3", "b", "'5,1,2,3'"),
        (",1,2", "time", "''"),
        ("soon,1,2", "time", "'soon'"),
        ("nan,1,2", "time", "'nan'"),
        ("3.5,1,2", "time", "'3.5' runs back 0.5 s"),
        ("4,1,2", "time", "'4' is also the time of the previous row"),
    ],
)
def test_a_bad_cell_is_reported_with_file_line_column_and_value(
    tmp_path: Path, row: str, column: str, value: str
) -> None:
    with pytest.raises(FormatError) as told:
        read_text(tmp_path, with_row(row))
    assert f"{tmp_path / 'series.csv'}, line 7, column {column!r}" in str(told.value)
    assert value in str(told.value)


@pytest.mark.parametrize("row", ["5,1", "soon,1,2", "3.5,1,2", "4,1,2"])
def test_skip_leaves_out_a_bad_row_and_warns(tmp_path: Path, row: str) -> None:
    with pytest.warns(MotifmineWarning, match="1 bad cell or row was excluded.*line 7"):
        read = read_text(tmp_path, with_row(row), on_bad="skip")
    assert read.time_s.tolist() == [0, 1, 2, 3, 4, 6, 7]


def test_skip_makes_a_bad_value_a_missing_one(tmp_path: Path) -> None:
    with pytest.warns(MotifmineWarning, match="'nan'"):
        read = read_text(tmp_path, with_row("5,nan,1"), on_bad="skip")
    assert np.isnan(read.value[5, 0])
    assert read.value[5, 1] == 1


def test_a_skipped_row_keeps_its_place_among_numbered_rows(tmp_path: Path) -> None:
    with pytest.warns(MotifmineWarning):
        read = read_text(tmp_path, "a,b\n1,2\n3\n5,6\n", rate_hz=1.0, on_bad="skip")
    assert read.time_s.tolist() == [0, 2]


def test_lines_are_counted_over_blocks_comments_and_empty_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motifmine.io.series.csv_reader.BLOCK_BYTES", 16)
    text = "# first\n\ntime,a\n" + "".join(f"{i},{i}\n\n" for i in range(40)) + "40,x\n"
    with pytest.raises(FormatError, match="line 84, column 'a': 'x'"):
        read_text(tmp_path, text)


def test_times_that_run_back_between_blocks_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motifmine.io.series.csv_reader.BLOCK_BYTES", 8)
    with pytest.raises(FormatError, match=r"line 4, column 'time': '0\.5'"):
        read_text(tmp_path, "time,a\n0,1\n1,2\n0.5,3\n")


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [("2,a,-1", "count", "'-1'"), ("2,a,x", "count", "'x'"), ("2,,1", "label", "''")],
)
def test_bad_events_are_reported(tmp_path: Path, row: str, column: str, value: str) -> None:
    text = f"time,label,count\n0,a,1\n1,b,1\n{row}\n3,a,1\n"
    with pytest.raises(FormatError, match=f"line 4, column '{column}': {value}"):
        read_text(tmp_path, text)
    with pytest.warns(MotifmineWarning, match="line 4"):
        assert len(read_text(tmp_path, text, on_bad="skip").events) == 3


def test_events_out_of_order_are_reported(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"line 4, column 'time': '0\.5' runs back 0\.5 s"):
        read_text(tmp_path, "time,label\n0,a\n1,b\n0.5,a\n")


@pytest.mark.parametrize("name", ["x.csv", "x.parquet", "x.npz", "x.npy", "x.h5", "x.wav"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(FormatError, match=f"{name} is empty"):
        read_all(tmp_path / name)


@pytest.mark.parametrize("name", ["x.csv", "x.parquet", "x.h5:/a"])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FormatError, match="does not exist"):
        read_all(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["x.parquet", "x.npz", "x.npy", "x.h5", "x.nwb", "x.wav", "x.flac"]
)
def test_text_under_another_name_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("time,a\n0,1\n1,2\n" * 20)
    with pytest.raises(FormatError, match=name):
        read_all(tmp_path / name)


def test_another_format_under_the_name_of_text_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.csv", "w") as file:
        file["a"] = np.arange(3)
    with pytest.raises(FormatError, match=r"x\.csv is an HDF5 file; expected a table of text"):
        read_all(tmp_path / "x.csv")


@pytest.mark.parametrize("text", ["time,a\n", "# nothing\n", "\n\n \n"])
def test_a_table_without_rows_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(FormatError, match=r"has .*rows|is empty"):
        read_text(tmp_path, text)


def test_an_infinite_value_in_typed_columns_is_reported_with_its_row(tmp_path: Path) -> None:
    value = np.arange(6.0)
    value[3] = np.inf
    np.savez(tmp_path / "x.npz", time=np.arange(6.0), a=value)
    with pytest.raises(FormatError, match=r"x\.npz, row 4, column 'a': 'inf'"):
        read_all(tmp_path / "x.npz")
    with pytest.warns(MotifmineWarning, match="row 4"):
        assert np.isnan(read_all(tmp_path / "x.npz", on_bad="skip").value[3, 0])


def test_typed_times_out_of_order_are_reported_with_their_row(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", time=[0.0, 2.0, 1.0], a=[1.0, 2.0, 3.0])
    with pytest.raises(FormatError, match="row 3, column 'time': '1' runs back 1 s"):
        read_all(tmp_path / "x.npz")


def test_spikes_out_of_order_are_reported_with_their_unit(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", left=[0.0, 1.0, 2.0], right=[0.5, 0.25])
    with pytest.raises(FormatError, match=r"array 'right', row 2: '0\.25' runs back"):
        read_all(tmp_path / "x.npz")


def test_python_objects_are_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(FormatError, match="contains Python objects"):
        read_all(tmp_path / "x.npy")


def test_a_truncated_array_is_reported(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(500, 2)))
    whole = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(whole[:-100])
    with pytest.raises(FormatError, match="100 bytes are missing"):
        read_all(tmp_path / "x.npy", rate_hz=10.0)


def test_several_groups_of_datasets_ask_for_one(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["one/a"] = file["two/a"] = np.arange(3.0)
    with pytest.raises(DataError, match="name one, as in"):
        read_all(tmp_path / "x.h5")


@pytest.mark.parametrize("year", ["0001", "1677", "2262", "2836", "9999"])
@pytest.mark.parametrize("tail", ["", "+14:00", "-14:00"])
def test_a_year_that_nanoseconds_cannot_hold_is_reported(
    tmp_path: Path, year: str, tail: str
) -> None:
    times = [f"2026-03-01T00:00:{i:02d}{tail}" for i in range(8)]
    times[5] = times[5].replace("2026", year)
    text = "\n".join(["time,a", *(f"{time},{i}" for i, time in enumerate(times))])
    with pytest.raises(FormatError, match=rf"line 7, column 'time'.*'{year}.*is not a time"):
        read_text(tmp_path, text)


def test_labels_in_rows_of_different_length_are_reported(tmp_path: Path) -> None:
    with pytest.raises((FormatError, DataError), match=r"series\.csv"):
        read_text(tmp_path, "0,1,x\n1,2,y\n2\n3,4,z\n")
