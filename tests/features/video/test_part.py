"""Parts of recordings by their own time and by the wall clock."""

import math
from pathlib import Path

import pytest

from motifmine.errors import SpecError
from motifmine.features.video.part import choose_part, find_limit
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
    options = FrameOptions(begin="1h")
    with pytest.raises(SpecError, match="no frame lies in the part --from 1h"):
        list(choose_part(frames_of(moving_square(10)), options, ""))
