"""Markers of missing values among numbers, as loggers write them."""

from pathlib import Path

import numpy as np
import pytest

from motifmine.io.series import csv_reader
from motifmine.io.series.cleaning import SENTINELS, CleanReader
from motifmine.io.series.open import open_series
from motifmine.records.series import SampleChunk
from tests.helpers.series_files import read_text

TABLE = [[20 + n % 9 / 4, 5 + n % 5] for n in range(60)]


def table_with(marks: dict[tuple[int, int], float]) -> str:
    rows = [list(row) for row in TABLE]
    for (row, channel), mark in marks.items():
        rows[row][channel] = mark
    return "time,temp,flow\n" + "".join(f"{n},{a:g},{b:g}\n" for n, (a, b) in enumerate(rows))


@pytest.mark.parametrize("block_bytes", [80, 1 << 20])
def test_a_marker_is_missing_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr(csv_reader, "BLOCK_BYTES", block_bytes)
    text = table_with({(2, 0): -9999, (3, 0): -9999, (41, 0): -9999})
    path = tmp_path / "t.csv"
    path.write_text(text)
    with open_series(path) as reader:
        assert isinstance(reader, CleanReader)
        chunks = list(reader.chunks())
        value = np.concatenate([c.value for c in chunks if isinstance(c, SampleChunk)])
        notes = reader.header.notes
    assert np.flatnonzero(np.isnan(value[:, 0])).tolist() == [2, 3, 41]
    assert not np.isnan(value[:, 1]).any()
    assert "-9999 (3 times in temp)" in notes[-1] and "--missing none" in notes[-1]


def test_a_marker_is_kept_on_request(tmp_path: Path) -> None:
    read = read_text(tmp_path, table_with({(2, 0): -9999, (3, 0): -9999}), missing=("none",))
    assert read.value[2, 0] == -9999


@pytest.mark.parametrize(
    "marks",
    [
        {(2, 0): -9999.0},  # once: it may be a value
        {(2, 0): -1234.0, (3, 0): -1234.0},  # nobody's marker
        {(2, 1): 85.0 / 10, (3, 1): 85.0 / 10},
        {(row, 0): -9999.0 for row in range(40)},  # most of the time
    ],
)
def test_other_values_stay(tmp_path: Path, marks: dict[tuple[int, int], float]) -> None:
    assert np.isfinite(read_text(tmp_path, table_with(marks)).value).all()


def test_values_among_the_others_are_no_markers(tmp_path: Path) -> None:
    rows = "".join(f"{n},{x}\n" for n, x in enumerate([-9999, -9999, -9000, 8000, 9999, 9999, 100]))
    assert np.isfinite(read_text(tmp_path, "time,a\n" + rows).value).all()


def test_the_user_names_a_marker(tmp_path: Path) -> None:
    text = table_with({(2, 0): 20.25, (3, 1): -1})
    read = read_text(tmp_path, text, missing=("-1.0",))
    assert np.isnan(read.value[3, 1]) and np.isfinite(read.value[:, 0]).all()
    assert len(set(SENTINELS)) == len(SENTINELS)


def test_markers_of_the_long_form_are_missing(tmp_path: Path) -> None:
    rows = [f"{n},{'ab'[n % 2]},{(-9999 if n in (4, 8) else n / 4)}" for n in range(40)]
    path = tmp_path / "long.csv"
    path.write_text("time,sensor,value\n" + "\n".join(rows) + "\n")
    with open_series(path) as reader:
        (chunk,) = reader.chunks()
    assert np.flatnonzero(np.isnan(chunk.value)).tolist() == [4, 8]  # type: ignore[union-attr]
