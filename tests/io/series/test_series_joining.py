"""Several files of one recording: in any order, overlapping, with other channels in some."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st

from motifmine.errors import DataError
from motifmine.io.hdf5.store import read_table
from motifmine.io.series import csv_reader
from motifmine.io.series.joining import JoinedReader
from motifmine.io.series.open import open_series
from motifmine.io.series.options import SeriesOptions
from motifmine.records.series import UpdateChunk
from tests.helpers.series_files import Read, read_all

Run = Callable[..., Result]


def write(path: Path, minutes: list[int], header: str = "time,temp,power") -> str:
    names = header.split(",")[1:]
    rows = [
        f"2026-03-02T{8 + m // 60:02d}:{m % 60:02d}:00Z,"
        + ",".join(f"{len(name) * 10 + m / 8}" for name in names)
        for m in minutes
    ]
    path.write_text("\n".join([header, *rows]) + "\n")
    return str(path)


def join(first: str, *others: str) -> Read:
    return read_all(first, join=others)


@settings(max_examples=15)
@given(
    st.lists(st.lists(st.integers(0, 119), min_size=2, max_size=60, unique=True), min_size=2,
             max_size=5),
    st.sampled_from([60, 1 << 20]),
)  # fmt: skip
def test_joined_files_are_the_recording_they_were_cut_from(
    tmp_path_factory: pytest.TempPathFactory, stretches: list[list[int]], block_bytes: int
) -> None:
    folder = tmp_path_factory.mktemp("join")
    names = [write(folder / f"{n}.csv", sorted(one)) for n, one in enumerate(stretches)]
    minutes = sorted(set().union(*stretches))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_reader, "BLOCK_BYTES", block_bytes)
        read = join(*names)
    assert read.time_s.tolist() == [60.0 * (m - minutes[0]) for m in minutes]
    assert read.value[:, 0].tolist() == [40 + m / 8 for m in minutes]


def test_a_channel_that_some_files_lack_is_missing_there(tmp_path: Path) -> None:
    late = write(tmp_path / "b.csv", [5, 6, 7], "time,power,flow")
    read = join(late, write(tmp_path / "a.csv", [0, 1, 2, 5]))
    assert read.header.channels == ("temp", "power", "flow")
    assert read.header.start_utc == "2026-03-02T08:00:00+00:00"
    assert np.isnan(read.value[:3, 2]).all() and np.isnan(read.value[4:, 0]).all()
    assert read.value[3].tolist() == [40 + 5 / 8, 50 + 5 / 8, 40 + 5 / 8]
    assert "rows that are in several files count once: 1" in read.header.notes


def test_logs_of_senders_are_joined(tmp_path: Path) -> None:
    one = "time,sensor,value\n0,a,1.5\n1,b,2.5\n2,a,3.5\n"
    (tmp_path / "a.csv").write_text(one)
    (tmp_path / "b.csv").write_text(one.replace("1,b,2.5\n", "") + "3,c,on\n4,c,off\n")
    options = SeriesOptions(join=(str(tmp_path / "b.csv"),))
    with open_series(tmp_path / "a.csv", options) as reader:
        assert isinstance(reader, JoinedReader)
        chunks = [chunk for chunk in reader.chunks() if isinstance(chunk, UpdateChunk)]
        names = reader.labels()
    found = [
        (float(t), names[c], float(v))
        for chunk in chunks
        for t, c, v in zip(chunk.time_s, chunk.channel, chunk.value, strict=True)
    ]
    assert found[:3] == [(0, "a", 1.5), (1, "b", 2.5), (2, "a", 3.5)]
    assert (3, "c=on", 1.0) in found and len(found) == 7


def test_events_are_joined_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,label\n0,x\n1,y\n")
    (tmp_path / "b.csv").write_text("time,label\n1,y\n2,z\n3,x\n")
    read = read_all(tmp_path / "b.csv", join=(str(tmp_path / "a.csv"),))
    assert read.events == [(0, "x"), (1, "y"), (2, "z"), (3, "x")]


def test_what_cannot_be_one_recording_is_refused(tmp_path: Path) -> None:
    dated = write(tmp_path / "a.csv", [0, 1, 2])
    (tmp_path / "b.csv").write_text("time,temp,power\n0,1,2\n1,2,3\n")
    (tmp_path / "c.csv").write_text("time,label\n0,x\n1,y\n")
    with pytest.raises(DataError, match="no dates"):
        join(dated, str(tmp_path / "b.csv"))
    with pytest.raises(DataError, match="events and samples"):
        join(dated, str(tmp_path / "c.csv"))


def test_overlapping_files_are_reported_and_joined(motifmine: Run) -> None:
    write(Path("rec_a.csv"), list(range(40)))
    write(Path("rec_b.csv"), list(range(30, 60)))
    result = motifmine("-w", "apart", "extract", "rec_a.csv", "rec_b.csv")
    assert result.exit_code == 0
    assert "rec_a.csv and rec_b.csv share 540 s and channels" in result.stderr
    result = motifmine("-w", "joined", "extract", "rec_b.csv", "rec_a.csv", "--join")
    assert result.exit_code == 0 and "rows that are in several files" in result.stderr
    table = read_table(Path("joined/tables/rec_b.h5"))
    assert table.n_times == 60 and table.series is not None and np.isfinite(table.series).all()
