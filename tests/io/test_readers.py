"""Formats of files: those of the package, and one that another package brings."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from motifmine.errors import MotifmineWarning
from motifmine.io.hdf5 import store
from motifmine.io.readers import (
    OWN,
    all_readers,
    open_frames,
    reader_for,
    reader_of_content,
    reader_of_name,
)
from motifmine.io.series.open import open_series
from motifmine.io.sources import expand_sources
from tests.helpers.clips import moving_square

PACKAGE = '''
"""Two formats: `.gauge`, a line per sample; `.stack`, an array of pictures, ten a second."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from motifmine.io.readers import ReaderEntry
from motifmine.records.series import SampleChunk, SeriesHeader


class GaugeReader:
    def __init__(self, path, options):
        self.rows = np.loadtxt(path, skiprows=1, ndmin=2)
        self.header = SeriesHeader(channels=("depth", "flow"), units=("m", ""))

    def chunks(self):
        yield SampleChunk(time_s=self.rows[:, 0], value=self.rows[:, 1:])

    def labels(self):
        return self.header.channels

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Picture:
    document = 0

    def __init__(self, index, luma):
        self.time_s, self.luma = Fraction(index, 10), luma

    def read_colour(self, width, height):
        return cv2.cvtColor(cv2.resize(self.luma, (width, height)), cv2.COLOR_GRAY2RGB)


class StackReader:
    created, origin_s, mean_gap_s = "", 0.0, Fraction(1, 10)
    frames_damaged = stamps_repaired = frames_decoded = 0
    truncated_at_s = float("nan")
    notes = ()

    def __init__(self, path, options):
        self.path, self.pictures = Path(path), np.load(path)["pictures"]
        self.frames_expected = len(self.pictures)
        self.duration_s = len(self.pictures) / 10

    def frames(self):
        for index, luma in enumerate(self.pictures):
            self.frames_decoded += 1
            yield Picture(index, luma)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


GAUGE = ReaderEntry(
    suffixes=(".gauge",), gives="series", open="tide_tools:GaugeReader", signature=b"#GAUGE"
)
STACK = ReaderEntry(suffixes=(".stack",), gives="frames", open="tide_tools:StackReader")
BROKEN = "no entry"
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package with two readers, and one that is broken."""
    folder = tmp_path / "site"
    information = folder / "tide_tools-1.0.dist-info"
    information.mkdir(parents=True)
    (folder / "tide_tools.py").write_text(PACKAGE)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: tide-tools\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(
        "[motifmine.readers]\ngauge = tide_tools:GAUGE\nstack = tide_tools:STACK\n"
        "broken = tide_tools:BROKEN\n"
    )
    monkeypatch.syspath_prepend(folder)
    all_readers.cache_clear()
    yield folder
    all_readers.cache_clear()
    sys.modules.pop("tide_tools", None)


def motifmine(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command in a process that knows the package in `folder`."""
    paths = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-m", "motifmine_cli", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def gauge_file(path: Path) -> Path:
    """Write a file of 600 samples, one a second, with a tide every minute."""
    time = np.arange(600)
    depth = np.sin(2 * np.pi * time / 60)
    rows = np.column_stack([time, depth, np.roll(depth, 10)])
    np.savetxt(path, rows, header="GAUGE", comments="#")
    return path


@pytest.mark.filterwarnings("ignore:the reader broken")
def test_a_series_of_another_package_is_read_by_name_and_by_content(
    package: Path, tmp_path: Path
) -> None:
    for name in ("a.gauge", "a.unknown"):
        with open_series(gauge_file(tmp_path / name)) as reader:
            assert reader.header.channels == ("depth", "flow")
    assert expand_sources([tmp_path]) == [tmp_path / "a.gauge"]


def test_a_series_of_another_package_is_extracted(package: Path, tmp_path: Path) -> None:
    source = gauge_file(tmp_path / "harbour.gauge")
    done = motifmine(package, "extract", source, "--workspace", tmp_path / "w", "--bin", "5s")
    assert done.returncode == 0, done.stderr
    assert "the reader broken is excluded" in done.stderr
    table = store.read_table(tmp_path / "w" / "tables" / "harbour.h5")
    assert table.vocabulary.kind == "channels" and table.n_times == 120
    assert table.series is not None and table.series.shape == (120, 2)


def test_a_video_of_another_package_is_extracted(package: Path, tmp_path: Path) -> None:
    source = tmp_path / "yard.stack"
    with source.open("wb") as file:
        np.savez(file, pictures=np.stack(moving_square(30)))
    done = motifmine(package, "extract", source, "--workspace", tmp_path / "w")
    assert done.returncode == 0, done.stderr
    table = store.read_table(tmp_path / "w" / "tables" / "yard.h5")
    assert table.vocabulary.kind == "flow-grid" and len(table.word) > 0
    assert table.recordings[0].frames_decoded == 30


def test_a_broken_reader_is_warned_of_and_ignored(package: Path) -> None:
    with pytest.warns(MotifmineWarning, match="the reader broken is excluded.*no entry"):
        found = all_readers()
    assert set(found) == {*OWN, "gauge", "stack"}


@pytest.mark.parametrize(
    ("name", "kind", "reader"),
    [
        ("a.MP4", None, "video"),
        ("a.unknown", None, "video"),
        ("a.csv", None, "text"),
        ("a.csv", "labels", "text"),
        ("a.csv", "flow-grid", "video"),
        ("a.tdoc", None, "tdoc"),
        ("a.unknown", "labels", "tdoc"),
        ("a.nwb:/units", None, "hdf5"),
    ],
)
def test_a_source_is_read_by_its_name_unless_another_kind_is_asked_for(
    name: str, kind: str, reader: str
) -> None:
    assert reader_for(Path(name), kind) is OWN[reader]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "reader"), [("time,a\n0,1\n", "text"), ('{"time": 0}\n', "jsonl"), ("", "video")]
)
def test_a_text_of_unknown_name_is_a_series(text: str, reader: str, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(text)
    assert reader_for(tmp_path / "a.log") is OWN[reader]


def test_no_ending_is_listed_twice() -> None:
    endings = [suffix for entry in OWN.values() for suffix in entry.suffixes]
    assert len(endings) == len(set(endings))
    assert reader_of_name("notes") is None


@pytest.mark.parametrize(
    ("head", "reader"),
    [
        (b"RIFF\n\x00\r\nWAVEfmt ", "audio"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "text"),
        (b"\x89HDF\r\n\x1a\nrest", "hdf5"),
        (b"\x93NUMPY\x01", "npy"),
        (b"time,value\n", "text"),
    ],
)
def test_a_format_is_recognised_by_content(head: bytes, reader: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(head)
    assert reader_of_content(tmp_path / "x") is OWN[reader]


def test_every_reader_of_the_package_can_be_loaded() -> None:
    assert all(callable(entry.load()) for entry in OWN.values())


def test_frames_of_a_clip_are_opened_whatever_it_is_called(tmp_path: Path) -> None:
    from tests.helpers.clips import write_clip

    clip = write_clip(tmp_path / "a.mp4", moving_square(5))
    with open_frames(clip.rename(tmp_path / "a.unknown")) as reader:
        assert len(list(reader.frames())) == 5 == reader.frames_decoded
