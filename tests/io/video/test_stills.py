"""Folders, patterns and zip files of still pictures are one recording."""

import struct
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import Result

from motifmine.errors import DataError, FormatError
from motifmine.io.hdf5.store import read_table
from motifmine.io.readers import holds_stills
from motifmine.io.sources import digest_source, expand_sources, make_recording_names
from motifmine.io.video.exif import read_exif_time
from motifmine.io.video.stills import open_stills
from motifmine.records.frames import FrameOptions
from tests.helpers.clips import moving_square, write_clip

Run = Callable[..., Result]
RATE = FrameOptions(rate_hz=5.0)


def write_stills(folder: Path, n: int = 12, *, ending: str = "png", bits: int = 8) -> Path:
    """Write pictures of a moving square, numbered without leading zeros."""
    folder.mkdir()
    for i, picture in enumerate(moving_square(n, step=(4, 0))):
        levels = picture if bits == 8 else (picture.astype(np.uint16) * 4 + 30_000)
        assert cv2.imwrite(str(folder / f"frame_{i}.{ending}"), levels)
    return folder


def make_exif(moment: str, fraction: str = "", *, order: str = "<") -> bytes:
    """Return the EXIF segment of a JPEG with the time of capture."""
    texts = [(0x9003, moment), *([(0x9291, fraction)] if fraction else [])]
    inner = 26
    data = 26 + 2 + 12 * len(texts) + 4
    body, tail = struct.pack(f"{order}H", len(texts)), b""
    for tag, text in texts:
        raw = text.encode() + b"\0"
        if len(raw) <= 4:
            body += struct.pack(f"{order}HHI", tag, 2, len(raw)) + raw.ljust(4, b"\0")
        else:
            body += struct.pack(f"{order}HHII", tag, 2, len(raw), data + len(tail))
            tail += raw
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    first = struct.pack(f"{order}HHHIII", 1, 0x8769, 4, 1, inner, 0)
    block = head + first + body + bytes(4) + tail
    return b"\xff\xe1" + struct.pack(">H", len(block) + 8) + b"Exif\0\0" + block


def read(path: Path, options: FrameOptions = RATE) -> list[float]:
    with open_stills(path, options) as reader:
        return [float(frame.time_s) for frame in reader.frames()]


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "bmp"])
def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path: Path, ending: str) -> None:
    folder = write_stills(tmp_path / "cam", ending=ending)
    (folder / "notes.txt").write_text("not a picture")
    with open_stills(folder, RATE) as reader:
        frames = list(reader.frames())
    assert [float(f.time_s) for f in frames] == pytest.approx([i / 5 for i in range(12)])
    for frame, picture in zip(frames, moving_square(12, step=(4, 0)), strict=True):
        assert np.abs(frame.luma.astype(int) - picture).mean() < 4
    assert frames[0].read_colour(80, 60).shape == (60, 80, 3)


def test_a_folder_a_pattern_and_all_files_are_the_same_source(tmp_path: Path) -> None:
    folder = write_stills(tmp_path / "cam")
    files = sorted(folder.iterdir())
    assert expand_sources([folder]) == [folder]
    assert expand_sources(files) == [folder]
    pattern = folder / "*.png"
    assert expand_sources([pattern]) == [pattern]
    assert make_recording_names([pattern]) == make_recording_names([folder]) == ["cam"]
    assert read(pattern) == read(folder)
    assert digest_source(pattern) == digest_source(folder)
    files[0].write_bytes(files[1].read_bytes())
    assert digest_source(folder) != digest_source(write_stills(tmp_path / "other"))
    with pytest.raises(DataError, match="holds 1 more pictures"):
        expand_sources(files[1:])


def test_videos_and_series_of_a_folder_come_before_a_picture(tmp_path: Path) -> None:
    folder = write_stills(tmp_path / "cam", 2)
    clip = write_clip(folder / "a.mp4", moving_square(5))
    assert expand_sources([folder]) == [clip]
    clip.unlink()
    for name in ("a.csv", "b.csv", "c.csv"):
        (folder / name).touch()
    assert len(expand_sources([folder])) == 3


def test_a_zip_of_pictures_is_a_recording(tmp_path: Path) -> None:
    folder = write_stills(tmp_path / "cam")
    with zipfile.ZipFile(tmp_path / "cam.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"inside/{file.name}")
        archive.writestr("inside/readme.txt", "words")
    assert holds_stills(tmp_path / "cam.zip")
    assert read(tmp_path / "cam.zip") == read(folder)


@pytest.mark.parametrize("content", [b"no zip at all", b""])
def test_what_is_no_zip_or_has_no_pictures_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(FormatError, match="is not a zip file"):
        open_stills(tmp_path / "a.zip", RATE)
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("a.txt", "words")
    with pytest.raises(FormatError, match="holds no still pictures"):
        open_stills(tmp_path / "b.zip", RATE)


def test_times_come_from_the_names(tmp_path: Path) -> None:
    folder = write_stills(tmp_path / "cam", 4)
    for i in range(4):
        (folder / f"frame_{i}.png").rename(folder / f"c3_20260301_08300{2 * i}.png")
    with open_stills(folder, FrameOptions(name_time="%Y%m%d_%H%M%S")) as reader:
        times = [float(frame.time_s) for frame in reader.frames()]
        assert reader.created == "2026-03-01T08:30:00+00:00"
    assert times == [0.0, 2.0, 4.0, 6.0]
    with pytest.raises(DataError, match="has no time like"):
        open_stills(folder, FrameOptions(name_time="%Y-%m-%d"))


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_time_of_capture_is_read_from_exif(order: str) -> None:
    segment = make_exif("2026:03:01 08:30:05", "25", order=order)
    jpeg = b"\xff\xd8\xff\xe0\0\x04ab" + segment + b"\xff\xda"
    assert read_exif_time(jpeg) == datetime(2026, 3, 1, 8, 30, 5, 250_000)
    assert read_exif_time(segment[10:]) == datetime(2026, 3, 1, 8, 30, 5, 250_000)


@pytest.mark.parametrize("n_bytes", range(0, 120, 7))
def test_cut_exif_data_has_no_time(n_bytes: int) -> None:
    jpeg = b"\xff\xd8" + make_exif("2026:03:01 08:30:05", "25")
    assert read_exif_time(jpeg[:n_bytes]) is None or n_bytes > 90


def test_pictures_of_one_second_are_spread_over_it(tmp_path: Path) -> None:
    folder = write_stills(tmp_path / "cam", 10, ending="jpg")
    for i in range(10):
        data = (folder / f"frame_{i}.jpg").read_bytes()
        exif = make_exif(f"2026:03:01 08:30:{i // 5:02d}")
        (folder / f"frame_{i}.jpg").write_bytes(data[:2] + exif + data[2:])
    assert read(folder, FrameOptions()) == pytest.approx([i / 5 for i in range(10)])


def test_pictures_of_unknown_times_are_refused_with_what_to_do(
    motifmine: Run, tmp_path: Path
) -> None:
    folder = write_stills(tmp_path / "cam")
    result = motifmine("extract", folder)
    assert result.exit_code == 1
    assert "the times of its 12 pictures are unknown; give their rate" in result.stderr
    assert "--rate 5" in result.stderr
    result = motifmine("extract", folder, "--rate", "5")
    assert result.exit_code == 0, result.stderr
    assert f"ok: {folder}: 12 of 12 frames, 2.4 s, time bins of 0.6 s" in result.stdout
    table = read_table(Path("motifmine-work/tables/cam.h5"))
    assert (table.recordings[0].size_px, table.recordings[0].start_utc) == ((160, 120), "")
    assert "skipped" in motifmine("extract", folder, "--rate", "5").stdout


def test_damaged_pictures_and_those_of_another_size_are_counted(tmp_path: Path) -> None:
    folder = write_stills(tmp_path / "cam")
    (folder / "frame_3.png").write_bytes(b"broken")
    cv2.imwrite(str(folder / "frame_7.png"), moving_square(1, height=60)[0])
    with open_stills(folder, RATE) as reader:
        times = [float(frame.time_s) for frame in reader.frames()]
    assert (len(times), reader.frames_damaged) == (10, 2)
    assert times[3] == pytest.approx(0.8)


def test_sixteen_bits_are_stretched(tmp_path: Path) -> None:
    folder = write_stills(tmp_path / "cam", bits=16)
    with open_stills(folder, RATE) as reader:
        frames = list(reader.frames())
        (note,) = reader.notes
    assert note.startswith("16-bit levels 30")
    for frame, picture in zip(frames, moving_square(12, step=(4, 0)), strict=True):
        assert np.corrcoef(frame.luma.ravel(), picture.ravel())[0, 1] > 0.99
