"""The stream with motion is taken; headers that lie make no file a partial one."""

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition

from motifmine.errors import FormatError, SpecError
from motifmine.io.video.completeness import count_missing_bytes
from motifmine.io.video.reader import VideoReader, open_video
from motifmine.io.video.streams import SURVEYED
from motifmine.records.frames import FrameOptions
from tests.helpers.clips import cut, moving_square, write_clip, write_sound, write_streams

SMALL, LARGE = (64, 48), (160, 120)


def read(path: Path, **options: Any) -> tuple[VideoReader, list[Fraction], tuple[int, ...]]:
    """Return the reader, the times, and the size (width, height) of the frames."""
    with open_video(path, FrameOptions(**options)) as reader:
        frames = [(frame.time_s, frame.luma.shape[::-1]) for frame in reader.frames()]
    return reader, [time_s for time_s, _ in frames], frames[0][1]


def test_the_only_stream_is_no_choice_worth_a_note(tmp_path: Path) -> None:
    assert read(write_clip(tmp_path / "a.mp4"))[0].notes == ()


@pytest.mark.parametrize("ending", ["mkv", "mp4", "ts"])
@pytest.mark.parametrize("sizes", [[SMALL, LARGE], [LARGE, SMALL]])
def test_of_several_streams_the_largest_is_taken(
    tmp_path: Path, ending: str, sizes: list[tuple[int, int]]
) -> None:
    path = write_streams(tmp_path / f"a.{ending}", [(size, 60) for size in sizes])
    reader, times, size = read(path)
    assert (size, len(times)) == (LARGE, 60)
    assert reader.notes == (f"stream {sizes.index(LARGE) + 1} of 2",)


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
@pytest.mark.parametrize("n_large", [1, 20])
def test_a_large_stream_that_does_not_last_is_not_taken(
    tmp_path: Path, ending: str, n_large: int
) -> None:
    path = write_streams(tmp_path / f"a.{ending}", [(LARGE, n_large), (SMALL, 80)])
    reader, times, size = read(path)
    assert (size, len(times)) == (SMALL, 80)
    assert reader.notes == ("stream 2 of 2",)


def test_a_stream_is_chosen_by_number(tmp_path: Path) -> None:
    path = write_streams(tmp_path / "a.mkv", [(SMALL, 60), (LARGE, 60)])
    assert read(path, stream=1)[2] == SMALL
    with pytest.raises(SpecError, match=r"has 2 video streams; --stream 3 names none"):
        open_video(path, FrameOptions(stream=3))


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_a_cover_picture_in_front_is_passed_over(tmp_path: Path, ending: str) -> None:
    path = write_streams(
        tmp_path / f"a.{ending}", [(LARGE, 1), (SMALL, 60)], cover=Disposition.attached_pic
    )
    reader, times, size = read(path)
    assert (size, len(times)) == (SMALL, 60)
    assert reader.notes in ((), ("stream 2 of 2",))  # Matroska does not keep the mark


def test_sound_in_several_tracks_and_chapters_do_not_matter(tmp_path: Path) -> None:
    path = write_streams(tmp_path / "a.mkv", [(LARGE, 60)], n_sounds=2, chapters=3)
    reader, times, _ = read(path)
    assert (len(times), reader.stamps_repaired, reader.notes) == (60, 0, ())
    assert math.isnan(reader.truncated_at_s)


def test_the_survey_of_a_stream_loses_no_frame(tmp_path: Path) -> None:
    n_frames = SURVEYED + 30
    _, times, _ = read(write_streams(tmp_path / "a.mkv", [(LARGE, n_frames)], n_sounds=1))
    assert times == [Fraction(i, 25) for i in range(n_frames)]


@pytest.mark.parametrize("ending", ["mkv", "ts", "mp4", "mov"])
@pytest.mark.parametrize("offset_s", [7, 3600, 95_000])
def test_a_start_offset_is_a_start_and_no_loss(tmp_path: Path, ending: str, offset_s: int) -> None:
    times_s = [offset_s + Fraction(i, 25) for i in range(50)]
    path = write_clip(tmp_path / f"a.{ending}", moving_square(50), times_s=times_s)
    reader, times, _ = read(path)
    assert times == pytest.approx([Fraction(i, 25) for i in range(50)], abs=1e-3)
    assert math.isnan(reader.truncated_at_s)
    assert reader.origin_s == pytest.approx(offset_s, abs=2)


@pytest.mark.parametrize("flags", ["frag_keyframe+empty_moov", "frag_keyframe+default_base_moof"])
def test_a_fragmented_file_is_whole_and_a_cut_one_is_not(tmp_path: Path, flags: str) -> None:
    times_s = [100 + Fraction(i, 25) for i in range(60)]
    path = write_clip(tmp_path / "a.mp4", moving_square(60), times_s=times_s, movflags=flags)
    reader, times, _ = read(path)
    assert (len(times), math.isnan(reader.truncated_at_s)) == (60, True)
    reader, times, _ = read(cut(path, 0.6))
    assert 10 < len(times) < 60
    assert reader.truncated_at_s == pytest.approx(float(times[-1]) + 0.04)


def test_a_transport_stream_whose_clock_wraps_has_one_run_of_times(tmp_path: Path) -> None:
    times_s = [Fraction(2**33, 90_000) - 3 + Fraction(i, 25) for i in range(100)]
    path = write_clip(tmp_path / "a.ts", moving_square(100), times_s=times_s)
    with open_video(path) as reader:
        frames = list(reader.frames())
    assert {frame.document for frame in frames} == {0}
    assert float(frames[-1].time_s) == pytest.approx(99 * 0.04, abs=0.01)


def lengthen_header(path: Path) -> Path:
    """Make the duration in the header of a Matroska file ten times as long."""
    import struct

    data = bytearray(path.read_bytes())
    place = data.index(b"\x44\x89\x88") + 3
    (duration,) = struct.unpack(">d", data[place : place + 8])
    data[place : place + 8] = struct.pack(">d", 10 * duration)
    path.write_bytes(data)
    return path


def append(path: Path, data: bytes) -> Path:
    path.write_bytes(path.read_bytes() + data)
    return path


WHOLE: dict[str, Callable[[Path], Path]] = {
    "a duration in the header that is too long": lambda d: lengthen_header(write_clip(d / "a.mkv")),
    "zeros after the end of an MP4": lambda d: append(write_clip(d / "a.mp4"), bytes(5000)),
    "text after the end of an MP4": lambda d: append(write_clip(d / "a.mp4"), b"\xff~ " * 99),
    "zeros after the end of an AVI": lambda d: append(write_clip(d / "a.avi"), bytes(5000)),
}


@pytest.mark.parametrize("case", WHOLE)
def test_what_the_header_says_makes_no_file_partial(tmp_path: Path, case: str) -> None:
    reader, times, _ = read(WHOLE[case](tmp_path))
    assert (len(times), math.isnan(reader.truncated_at_s)) == (100, True)


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv", "avi"])
def test_bytes_that_are_missing_are_counted(tmp_path: Path, ending: str) -> None:
    path = write_clip(tmp_path / f"a.{ending}", faststart=ending == "mp4")
    size = path.stat().st_size
    assert count_missing_bytes(path) == 0
    cut(path, 0.7)
    assert count_missing_bytes(path) is not None
    assert 0 < (count_missing_bytes(path) or 0) <= size - path.stat().st_size


def test_a_transport_stream_does_not_say_its_size(tmp_path: Path) -> None:
    assert count_missing_bytes(write_clip(tmp_path / "a.ts")) is None


def test_a_jump_of_the_stamps_in_a_file_is_a_new_document(tmp_path: Path) -> None:
    times_s = [Fraction(i, 25) + (600 if i >= 30 else 0) for i in range(60)]
    path = write_clip(tmp_path / "a.mkv", moving_square(60), times_s=times_s)
    with open_video(path) as reader:
        documents = [(frame.document, float(frame.time_s)) for frame in reader.frames()]
    assert [document for document, _ in documents] == [0] * 30 + [1] * 30
    assert documents[30][1] == pytest.approx(601.2)


def test_sound_with_a_cover_is_no_video(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "sound.mp4")
    with av.open(str(path)) as container:
        assert not container.streams.video
    with pytest.raises(FormatError, match="no video stream"):
        open_video(path)


def test_the_last_pictures_after_a_stream_of_sound_are_decoded(tmp_path: Path) -> None:
    """The empty packet that ends a decoder has no number of a stream; pictures wait for it."""
    path = tmp_path / "sound-first.mp4"
    pictures = moving_square(30)
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=8000)
        stream = container.add_stream("h264", rate=25)
        stream.height, stream.width = pictures[0].shape
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
        silence.sample_rate = 8000
        for each in (sound.encode(silence), sound.encode(), stream.encode()):
            container.mux(each)
    assert len(read(path)[1]) == 30


def test_a_packet_of_no_listed_stream_is_skipped(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.ts", moving_square(12))
    content = bytearray(path.read_bytes())
    # the last packet of 188 bytes, now of a stream that no table names
    last = len(content) - 188
    content[last + 1 : last + 3] = bytes([content[last + 1] & 0xE0 | 1, 0x40])
    path.write_bytes(content)
    assert 10 <= len(read(path)[1]) <= 12
