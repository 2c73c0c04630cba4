"""Decoding that survives: times, damage, and files that are no videos."""

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from motifmine.errors import FormatError, VideoError
from motifmine.io.video.reader import Frame, VideoReader, open_video
from tests.helpers.clips import cut, moving_square, write_clip, write_sound


def read(path: Path) -> tuple[VideoReader, list[Fraction]]:
    with open_video(path) as reader:
        return reader, [frame.time_s for frame in reader.frames()]


def test_times_are_the_exact_stamps_of_the_container(tmp_path: Path) -> None:
    reader, times = read(write_clip(tmp_path / "a.mp4"))
    assert times == [Fraction(i, 25) for i in range(100)]
    assert (reader.frames_expected, reader.frames_decoded, reader.stamps_repaired) == (100, 100, 0)


@pytest.mark.parametrize("ending", ["mp4", "mkv", "avi", "ts", "mov"])
def test_a_whole_file_is_not_truncated(tmp_path: Path, ending: str) -> None:
    reader, times = read(write_clip(tmp_path / f"a.{ending}"))
    assert len(times) == 100
    assert math.isnan(reader.truncated_at_s)
    assert reader.frames_damaged == 0


def test_times_of_a_variable_frame_rate_are_kept(tmp_path: Path) -> None:
    gaps = [40, 80, 200, 33, 67] * 6
    times_s = [Fraction(int(t), 1000) for t in np.concatenate([[0], np.cumsum(gaps)])]
    pictures = moving_square(len(times_s))
    reader, times = read(write_clip(tmp_path / "a.mkv", pictures, times_s=times_s))
    assert times == times_s
    assert reader.stamps_repaired == 0


def test_times_count_from_the_first_frame(tmp_path: Path) -> None:
    times_s = [Fraction(i, 25) + 7 for i in range(20)]
    reader, times = read(write_clip(tmp_path / "a.mkv", moving_square(20), times_s=times_s))
    assert times[0] == 0
    assert reader.origin_s == 7.0


def test_brightness_is_that_of_the_picture(tmp_path: Path) -> None:
    pictures = moving_square(5)
    path = write_clip(tmp_path / "a.mp4", pictures, pixels="yuvj420p")
    with open_video(path) as reader:
        for frame, picture in zip(reader.frames(), pictures, strict=True):
            assert frame.luma.shape == picture.shape
            assert np.abs(frame.luma.astype(int) - picture).mean() < 2


def test_ten_bits_a_pixel_are_brought_to_eight(tmp_path: Path) -> None:
    pictures = moving_square(5)
    with open_video(write_clip(tmp_path / "a.mp4", pictures, pixels="yuv420p10le")) as reader:
        frame: Frame = next(reader.frames())
    assert frame.luma.dtype == np.uint8
    assert np.corrcoef(frame.luma.ravel(), pictures[0].ravel())[0, 1] > 0.99


@pytest.mark.parametrize(
    ("matrix", "upright"),
    [
        ((0, 1, -1, 0), lambda seen: np.rot90(seen, -1)),  # x' = -y, y' = x: clockwise
        ((0, -1, 1, 0), np.rot90),
        ((-1, 0, 0, -1), lambda seen: np.rot90(seen, 2)),
        ((-1, 0, 0, 1), np.fliplr),
        ((1, 0, 0, -1), np.flipud),
        ((0, 1, 1, 0), np.transpose),
        ((0, -1, -1, 0), lambda seen: np.rot90(seen, 2).T),
    ],
)
def test_a_turned_or_mirrored_video_is_set_upright(
    tmp_path: Path, matrix: tuple[int, ...], upright: Callable[[np.ndarray], np.ndarray]
) -> None:
    path = write_clip(tmp_path / "a.mp4", moving_square(3), pixels="yuvj420p")
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = ((value << 16).to_bytes(4, "big", signed=True) for value in matrix)
    last = bytes(12) + (1 << 30).to_bytes(4, "big")
    data[at : at + 36] = a + b + bytes(4) + c + d + last
    path.write_bytes(data)
    with open_video(path) as reader:
        frame = next(reader.frames())
        expected = upright(moving_square(3)[0])
        colour = frame.read_colour(expected.shape[1] // 2, expected.shape[0] // 2)
    assert frame.luma.shape == expected.shape
    assert np.abs(frame.luma.astype(int) - expected).mean() < 3
    half = cv2.resize(expected, colour.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(colour[:, :, 1].astype(int) - half).mean() < 6


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_a_file_cut_in_the_middle_is_read_to_the_cut(tmp_path: Path, name: str) -> None:
    path = cut(write_clip(tmp_path / name, moving_square(100), faststart=name == "a.mp4"), 0.6)
    reader, times = read(path)
    assert 40 < len(times) < 80
    assert reader.truncated_at_s == pytest.approx(float(times[-1]) + 0.04)


def test_a_cut_transport_stream_is_read_to_the_cut(tmp_path: Path) -> None:
    _, times = read(cut(write_clip(tmp_path / "a.ts"), 0.6))
    assert 40 < len(times) < 80


def test_flipped_bytes_cost_only_the_frames_they_hit(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", faststart=True)
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(3)
    first = data.index(b"mdat")
    for position in rng.integers(first + len(data) // 4, len(data), 12):
        data[position] ^= 0xFF
    path.write_bytes(data)
    reader, times = read(path)
    assert len(times) > 80
    assert reader.frames_damaged > 0
    assert math.isnan(reader.truncated_at_s)


def test_a_wrong_number_of_frames_in_the_header_is_no_truncation(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.avi")
    data = bytearray(path.read_bytes())
    for box, offset in ((b"avih", 8 + 16), (b"strh", 8 + 32)):
        place = data.index(box) + offset
        assert int.from_bytes(data[place : place + 4], "little") == 100
        data[place : place + 4] = (900).to_bytes(4, "little")
    path.write_bytes(data)
    reader, times = read(path)
    assert reader.frames_expected == 900
    assert len(times) == 100
    assert math.isnan(reader.truncated_at_s)


def still(path: Path) -> Path:
    cv2.imwrite(str(path.with_suffix(".png")), moving_square(1)[0])
    return path.with_suffix(".png").rename(path)


def text(path: Path) -> Path:
    path.write_text("time,label\n0.5,door\n" * 100)
    return path


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


NO_VIDEOS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda d: d / "a.mp4", "does not exist"),
    "folder": (lambda d: d, "is a folder"),
    "zero bytes": (lambda d: written(d / "a.mp4", b""), r"empty \(0 bytes\)"),
    "text": (lambda d: text(d / "a.mp4"), "is a text file"),
    "noise": (
        lambda d: written(d / "a.mp4", bytes(range(256)) * 40),
        "not a video that FFmpeg can read",
    ),
    "still image": (lambda d: still(d / "a.png"), "is a still image"),
    "still image named .mp4": (lambda d: still(d / "a.mp4"), "is a still image"),
    "sound only": (lambda d: write_sound(d / "a.mp4"), "no video stream"),
    "index cut off": (lambda d: cut(write_clip(d / "a.mp4"), 0.5), "without its index"),
}


@pytest.mark.parametrize("case", NO_VIDEOS)
def test_what_is_no_video_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    make, reason = NO_VIDEOS[case]
    path = make(tmp_path)
    with pytest.raises((FormatError, VideoError), match=reason) as caught:
        open_video(path)
    message = str(caught.value)
    assert str(path) in message
    assert "expected a video file" in message
    assert "\n" not in message


def test_a_video_without_one_decodable_frame_is_refused(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", faststart=True)
    data = bytearray(path.read_bytes())
    first = data.index(b"mdat") + 4
    data[first:] = bytes(len(data) - first)
    path.write_bytes(data)
    with open_video(path) as reader, pytest.raises(VideoError, match="no frame of its"):
        list(reader.frames())


def test_the_log_level_of_the_decoder_is_left_alone(tmp_path: Path) -> None:
    before = av.logging.get_level()
    read(write_clip(tmp_path / "a.mp4", moving_square(3)))
    assert av.logging.get_level() == before
