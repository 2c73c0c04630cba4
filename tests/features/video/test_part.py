"""Parts of recordings by their own time and by the wall clock."""

import math
from pathlib import Path

import pytest

from motifmine.errors import SpecError
from motifmine.features.video.extract import extract_documents
from motifmine.features.video.part import Part, find_limit
from motifmine.records.frames import FrameOptions
from tests.helpers.clips import extract_video, frames_of, moving_square, write_clip

START = "2026-03-14T08:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "start", "seconds"),
    [
        ("90s", "", 90), ("2min", START, 120), ("08:01", START, 60), ("07:59:30", START, -30),
        ("2026-03-15T08:00", START, 86400), ("2026-03-14T09:00:10+01:00", START, 10),
        ("09:00:10+01:00", START, 10),
    ],
)  # fmt: skip
def test_limits_are_own_times_times_of_day_and_moments(
    text: str, start: str, seconds: float
) -> None:
    assert find_limit(text, start) == seconds


@pytest.mark.parametrize("text", ["08:61", "2026-13-01T00:00", "soon", "5"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        find_limit(text, START)


def test_a_wall_clock_time_needs_a_start() -> None:
    with pytest.raises(SpecError, match="--start or --name-time"):
        find_limit("08:15", "")


def test_a_part_is_a_document_of_its_own_time(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", moving_square(150))
    whole = extract_video(path)
    part = extract_video(path, options=FrameOptions(begin="2s", end="4s"))
    recording = part.recordings[0]
    assert recording.frames_decoded == 50
    assert recording.bin_start_s[0] == 2.0
    assert part.n_times == 8
    assert math.isnan(recording.truncated_at_s)
    assert 0 < part.total < whole.total


def test_a_part_without_a_frame_is_refused() -> None:
    part = Part.of_options(FrameOptions(begin="1h"), "")
    with pytest.raises(SpecError, match="no frame lies in the part --from 1h"):
        list(part.choose(frames_of(moving_square(10))))


def test_a_part_of_each_period_is_a_document_of_its_own(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", moving_square(200))
    options = FrameOptions(begin="1s", end="2s", every="3s")
    tables = list(extract_documents(path, options=options))
    # the third stretch ends with the recording, after 8 s
    begins = [float(table.recordings[0].bin_start_s[0]) for table in tables]
    assert begins == [1.0, 4.0, 7.0]
    assert [table.recordings[0].frames_decoded for table in tables] == [25, 25, 25]
    assert all(table.total > 0 for table in tables)


def test_a_part_of_each_period_follows_the_wall_clock() -> None:
    options = FrameOptions(begin="07:50", end="07:55", every="15min")
    part = Part.of_options(options, START)
    minutes = [part.number_at(60.0 * minute) for minute in (0, 4, 5, 9, 10, 15, 20, 24.9, 25)]
    assert minutes == [None, None, 1, 1, None, None, 2, 2, None]


@pytest.mark.parametrize(
    ("begin", "end"), [("", ""), ("10min", ""), ("10min", "20min"), ("10min", "5min")]
)
def test_parts_that_overlap_or_have_no_end_are_refused(begin: str, end: str) -> None:
    with pytest.raises(SpecError, match="write where the first one ends"):
        Part.of_options(FrameOptions(begin=begin, end=end, every="10min"), "")
