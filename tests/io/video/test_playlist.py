"""Lists of segments: local files in the folder of the list, and nothing else."""

from fractions import Fraction
from pathlib import Path

import pytest

from motifmine.errors import FormatError, VideoError
from motifmine.io.readers import open_frames
from motifmine.io.video.playlist import open_playlist
from tests.helpers.clips import moving_square, write_clip


def write_list(folder: Path, *, offset_s: int = 0, n_segments: int = 3) -> Path:
    """Write segments of a second and their list; stamps run on with an offset, or restart."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:1"]
    for i in range(n_segments):
        start = (offset_s + i) if offset_s else 0
        times_s = [start + Fraction(k, 25) for k in range(25)]
        write_clip(folder / f"seg{i}.ts", moving_square(25), times_s=times_s)
        lines += ["#EXTINF:1.0,", f"seg{i}.ts"]
    path = folder / "cam.m3u8"
    path.write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]))
    return path


@pytest.mark.parametrize("offset_s", [0, 100])
def test_segments_are_one_recording(tmp_path: Path, offset_s: int) -> None:
    with open_frames(write_list(tmp_path, offset_s=offset_s)) as reader:
        frames = list(reader.frames())
        assert list(reader.notes) == ["3 segments"]
        assert reader.duration_s == 3.0
    times = [float(frame.time_s) for frame in frames]
    assert times == pytest.approx([i / 25 for i in range(75)], abs=0.002)
    assert {frame.document for frame in frames} == {0}


def test_a_segment_that_is_missing_is_counted(tmp_path: Path) -> None:
    path = write_list(tmp_path, offset_s=100)
    (tmp_path / "seg1.ts").unlink()
    with open_playlist(path) as reader:
        frames = list(reader.frames())
        assert reader.notes == ("3 segments, 1 unreadable",)
    assert len(frames) == 50
    assert float(frames[25].time_s) == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize(
    "line",
    [
        "http://example.org/a.ts", "https://example.org/a.ts", "rtsp://example.org/a",
        "/etc/passwd", "file:///etc/passwd", "../outside.ts", "sub/../../outside.ts",
        "concat:a.ts|b.ts",
        "tcp:1.2.3.4", "link.ts",
    ],
)  # fmt: skip
def test_nothing_outside_its_folder_is_opened(tmp_path: Path, line: str) -> None:
    folder = tmp_path / "list"
    folder.mkdir()
    path = write_list(folder, n_segments=1)
    write_clip(tmp_path / "outside.ts", moving_square(5))
    (folder / "link.ts").symlink_to(tmp_path / "outside.ts")
    path.write_text(path.read_text().replace("seg0.ts", f"seg0.ts\n#EXTINF:1,\n{line}"))
    with pytest.raises(FormatError, match=r"line 7: .* is not a file in the folder of the list"):
        open_playlist(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("seg0.ts\n", "does not begin with #EXTM3U"),
        ("", "is empty"),
        ("#EXTM3U\n", "names no segment"),
        ("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n", "lists other lists"),
        ('#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="k"\nseg0.ts\n', "encrypted"),
        ('#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\nseg0.m4s\n', "initialisation section"),
        ("#EXTM3U\n#EXTINF:nan,\nabsent.ts\n", "none of its 1 segments is there"),
    ],
)
def test_other_lists_are_refused_in_one_line(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "a.m3u8"
    path.write_text(text)
    with pytest.raises((FormatError, VideoError), match=reason):
        open_playlist(path)
