"""Lists of segments (`.m3u8`) of local files as one recording.

The list is read here and not by FFmpeg, whose reader opens any address that a list names and waits
for more segments of a list without an end. A segment must lie in the folder of the list.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from motifmine.errors import FormatError, VideoError
from motifmine.io.regular import check_input
from motifmine.io.video.reader import Frame, VideoReader, open_video
from motifmine.records.frames import FrameOptions, ReaderCounts

MOST_BYTES = 2**24
"""Longest list that is read, bytes: some hundred thousand segments."""
NOT_READ = {
    "#EXT-X-STREAM-INF": "lists other lists; name one of them",
    "#EXT-X-MAP": "has segments that need an initialisation section; join them with FFmpeg first",
    "#EXT-X-BYTERANGE": "has segments that are parts of files; join them with FFmpeg first",
}


@dataclass(slots=True, kw_only=True)
class PlaylistReader(ReaderCounts):
    """Reads the segments of a list one after the other; made by `open_playlist`."""

    path: Path
    segments: Sequence[Path]
    options: FrameOptions
    mean_gap_s: Fraction
    duration_s: float
    """Sum of the durations in the list, seconds."""
    created: str = ""
    frames_expected: int = -1
    n_missing: int = 0
    """Segments that cannot be read."""

    def __enter__(self) -> "PlaylistReader":
        return self

    def __exit__(self, *_: object) -> None:
        return

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided about the list."""
        missing = f", {self.n_missing} unreadable" if self.n_missing else ""
        return (f"{len(self.segments)} segments{missing}",)

    def frames(self) -> Iterator[Frame]:
        """Yield the frames of all segments, in order.

        Raises
        ------
        VideoError
            If no segment can be read.
        """
        last_s, first_origin_s = -self.mean_gap_s, None
        document = 0
        for segment in self.segments:
            try:
                reader = open_video(segment, self.options)
            except (FormatError, VideoError):
                self.n_missing += 1
                continue
            with reader:
                before, offset_s, repaired = document, None, self.stamps_repaired
                for frame in reader.frames():
                    if first_origin_s is None:
                        first_origin_s = self.origin_s = reader.origin_s
                    if offset_s is None:
                        offset_s = self._find_offset(reader, first_origin_s, last_s)
                    last_s = offset_s + frame.time_s
                    document = before + frame.document
                    self.frames_decoded += 1
                    self.stamps_repaired = repaired + reader.stamps_repaired
                    yield replace(
                        frame, index=self.frames_decoded - 1, time_s=last_s, document=document
                    )
                self.frames_damaged += reader.frames_damaged
        if not self.frames_decoded:
            raise VideoError(f"{self.path}: none of its {len(self.segments)} segments can be read")

    def _find_offset(self, reader: VideoReader, origin_s: float, last_s: Fraction) -> Fraction:
        """Return the time of the first frame of a segment: by its stamp where that runs on."""
        stamped_s = Fraction(reader.origin_s - origin_s).limit_denominator(10**6)
        ahead_s = stamped_s - last_s
        runs_on = 0 < ahead_s <= max(Fraction(self.options.max_gap_s), 3 * self.mean_gap_s)
        return stamped_s if runs_on else last_s + self.mean_gap_s


def open_playlist(path: Path, options: FrameOptions | None = None) -> PlaylistReader:
    """Open a list of segments; without options the defaults are used.

    Raises
    ------
    FormatError
        If it is no list, or names anything but files in its own folder.
    VideoError
        If it cannot be read.
    """
    options = options or FrameOptions()
    segments, duration_s = _parse(path)
    for segment in segments:
        if segment.is_file():
            with open_video(segment, options) as reader:
                return PlaylistReader(
                    path=path,
                    segments=segments,
                    options=options,
                    mean_gap_s=reader.mean_gap_s,
                    duration_s=duration_s or math.nan,
                    created=reader.created,
                )
    raise VideoError(f"{path}: none of its {len(segments)} segments is there")


def _parse(path: Path) -> tuple[list[Path], float]:
    """Return the segments of a list, and the sum of their durations in seconds."""
    check_input(path, "a list of segments")
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    lines = [line.strip() for line in data.decode("utf-8-sig", "replace").splitlines()]
    if len(data) > MOST_BYTES or not lines or lines[0] != "#EXTM3U":
        raise FormatError(f"{path} is not a list of segments: it does not begin with #EXTM3U")
    folder, segments, duration_s = path.parent.resolve(), [], 0.0
    for number, line in enumerate(lines, start=1):
        tag = line.partition(":")[0]
        if tag in NOT_READ:
            raise FormatError(f"{path} {NOT_READ[tag]}")
        if tag == "#EXT-X-KEY" and "METHOD=NONE" not in line:
            raise FormatError(f"{path} has encrypted segments, which are not read")
        if tag == "#EXTINF":
            duration_s += _read_number(line.partition(":")[2].partition(",")[0])
        if not line or line.startswith("#"):
            continue
        segment = folder / line
        # links count as what they lead to
        if ":" in line.partition("/")[0] or not segment.resolve().is_relative_to(folder):
            raise FormatError(
                f"{path}, line {number}: {line!r} is not a file in the folder of the list; nothing "
                "else is opened"
            )
        segments.append(segment)
    if not segments:
        raise FormatError(f"{path} names no segment")
    return segments, duration_s


def _read_number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0
