"""Folders, patterns and zip files of still pictures as one recording.

Their times come from the names (`--name-time`), a given rate, or EXIF data, in this order.
"""

import glob
import itertools
import statistics
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from motifmine.errors import DataError, FormatError, VideoError
from motifmine.io.readers import is_still, natural_key
from motifmine.io.sources import find_time
from motifmine.io.video.clock import FrameClock
from motifmine.io.video.exif import read_exif_time
from motifmine.io.video.streams import DEFAULT_GAP_S
from motifmine.records.frames import FrameOptions, ReaderCounts
from motifmine.types import Pixels

MOST_BYTES = 512 * 2**20
"""Largest picture in a zip file, bytes after unpacking."""
STRETCHED = 16
"""Pictures, evenly spread, whose levels decide how more than 8 bits are brought to 8."""
LOW_PERCENT, HIGH_PERCENT = 0.5, 99.5


@dataclass(frozen=True, slots=True, kw_only=True)
class StillFrame:
    """One picture."""

    time_s: Fraction
    document: int
    luma: Pixels
    colour: Pixels
    """uint8 array (height, width, bgr)."""

    def read_colour(self, width: int, height: int) -> Pixels:
        """Return the picture in colour at a reduced size, uint8 array (height, width, rgb)."""
        small = cv2.resize(self.colour, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), dtype=np.uint8)


class StillFiles:
    """The pictures of a folder, a pattern or a zip file, by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.archive: zipfile.ZipFile | None = None
        if path.is_file():
            try:
                self.archive = zipfile.ZipFile(path)
            except (zipfile.BadZipFile, OSError) as error:
                raise FormatError(f"{path} is not a zip file: {error}") from error
            names = [item.filename for item in self.archive.infolist() if not item.is_dir()]
        elif path.is_dir():
            names = [str(item) for item in path.iterdir() if item.is_file()]
        else:
            names = glob.glob(str(path))  # noqa: PTH207  (absolute patterns)
        self.names = sorted(filter(is_still, names), key=natural_key)
        if not self.names:
            raise FormatError(f"{path} holds no still pictures (JPEG, PNG, TIFF)")

    def read(self, name: str) -> bytes:
        """Return the content of a picture, b"" if it cannot be read."""
        try:
            if self.archive is None:
                return Path(name).read_bytes()
            too_large = self.archive.getinfo(name).file_size > MOST_BYTES
            return b"" if too_large else self.archive.read(name)
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
            return b""

    def close(self) -> None:
        """Close the zip file, if there is one."""
        if self.archive is not None:
            self.archive.close()


@dataclass(slots=True, kw_only=True)
class StillsReader(ReaderCounts):
    """Reads still pictures as the frames of a recording; made by `open_stills`."""

    path: Path
    files: StillFiles
    names: Sequence[str]
    """In order of time."""
    stamps: Sequence[Fraction]
    """Time of each picture, seconds; since 1970 where the times are known."""
    mean_gap_s: Fraction
    max_gap_s: Fraction
    created: str = ""
    """When the first picture was taken, ISO 8601, "" if unknown."""
    _levels: tuple[float, float] | None = None
    _notes: list[str] = field(default_factory=list)

    def __enter__(self) -> "StillsReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.files.close()

    @property
    def duration_s(self) -> float:
        """Time from the first to the last picture, seconds."""
        return float(self.stamps[-1] - self.stamps[0])

    @property
    def frames_expected(self) -> int:
        """Number of pictures."""
        return len(self.names)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided about the pictures."""
        return tuple(self._notes)

    def frames(self) -> Iterator[StillFrame]:
        """Yield every picture that can be read, in order of time.

        Raises
        ------
        VideoError
            If none can be read.
        """
        clock = FrameClock(gap_s=self.mean_gap_s, max_gap_s=self.max_gap_s)
        shape: tuple[int, ...] | None = None
        for name, stamp in zip(self.names, self.stamps, strict=True):
            picture = self._read_picture(name)
            if picture is None or shape not in (None, picture.shape[:2]):
                self.frames_damaged += 1
                continue
            shape = picture.shape[:2]
            yield from self._make_frames(clock, stamp, picture)
        yield from self._make_frames(clock, None, None)
        if not self.frames_decoded:
            raise VideoError(f"{self.path}: none of its {len(self.names)} pictures can be read")

    def _make_frames(
        self, clock: FrameClock, stamp: Fraction | None, picture: Pixels | None
    ) -> Iterator[StillFrame]:
        found = clock.flush() if picture is None else clock.push(stamp, picture)
        for stamped in found:
            grey = stamped.item.ndim == 2
            colour = cv2.cvtColor(stamped.item, cv2.COLOR_GRAY2BGR) if grey else stamped.item
            luma = stamped.item if grey else cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY)
            self.frames_decoded += 1
            self.stamps_repaired = clock.repaired
            yield StillFrame(
                time_s=stamped.time_s,
                document=stamped.document,
                luma=np.asarray(luma, dtype=np.uint8),
                colour=np.asarray(colour, dtype=np.uint8),
            )

    def _read_picture(self, name: str) -> Pixels | None:
        """Return a picture of 8 bits, (height, width) or (height, width, bgr), None if damaged."""
        picture = _decode(self.files.read(name))
        if picture is None or picture.dtype == np.uint8:
            return picture
        if self._levels is None:
            self._levels = self._measure_levels()
            low, high = self._levels
            self._notes.append(f"{8 * picture.itemsize}-bit levels {low:.0f}..{high:.0f} stretched")
        low, high = self._levels
        scaled = (picture.astype(np.float32) - low) * (255 / max(high - low, 1.0))
        return np.asarray(np.clip(np.round(scaled), 0, 255), dtype=np.uint8)

    def _measure_levels(self) -> tuple[float, float]:
        """Return the levels between which nearly all pixels of the recording are."""
        step = max(1, len(self.names) // STRETCHED)
        found = [_decode(self.files.read(name)) for name in self.names[::step]]
        pixels = [p[::4, ::4].ravel() for p in found if p is not None and p.dtype != np.uint8]
        low, high = np.percentile(np.concatenate(pixels), [LOW_PERCENT, HIGH_PERCENT])
        return float(low), float(high)


def open_stills(path: Path, options: FrameOptions | None = None) -> StillsReader:
    """Open a folder, a pattern or a zip file of still pictures.

    Parameters
    ----------
    options : FrameOptions or None
        With a rate or a pattern of the times in the names; None: EXIF data.

    Raises
    ------
    FormatError
        If there are no pictures.
    DataError
        If their times are not known.
    """
    options = options or FrameOptions()
    files = StillFiles(path)
    stamps, is_clock = _find_stamps(files, options)
    order = sorted(range(len(stamps)), key=lambda i: (stamps[i], i))
    times = _spread_equal([stamps[i] for i in order])
    steps = [after - before for before, after in itertools.pairwise(times)]
    first = datetime.fromtimestamp(float(times[0]), UTC) if is_clock else None
    return StillsReader(
        path=path,
        files=files,
        names=[files.names[i] for i in order],
        stamps=times,
        mean_gap_s=statistics.median(steps) if steps else DEFAULT_GAP_S,
        max_gap_s=Fraction(options.max_gap_s),
        created=first.isoformat() if first else "",
    )


def _find_stamps(files: StillFiles, options: FrameOptions) -> tuple[list[Fraction], bool]:
    """Return the time of every picture, seconds, and whether it is since 1970."""
    if options.name_time:
        found = [find_time(Path(name).name, options.name_time) for name in files.names]
        for name, time in zip(files.names, found, strict=True):
            if not time:
                pattern = options.name_time
                raise DataError(f"the name of {name} has no time like {pattern!r} (--name-time)")
        return [Fraction(datetime.fromisoformat(time).timestamp()) for time in found], True
    if options.rate_hz is not None:
        return [i / Fraction(options.rate_hz) for i in range(len(files.names))], False
    taken = [read_exif_time(files.read(name)) for name in files.names]
    known = [moment.replace(tzinfo=UTC) for moment in taken if moment is not None]
    if len(known) == len(taken):
        return [Fraction(moment.timestamp()) for moment in known], True
    raise DataError(
        f"{files.path}: the times of its {len(taken)} pictures are unknown; give their rate, such "
        "as --rate 5 (pictures a second), or a pattern of the time in their names: --name-time "
        "'%Y%m%d%H%M%S'"
    )


def _spread_equal(stamps: Sequence[Fraction]) -> list[Fraction]:
    """Return ascending times with those of one second spread over it: EXIF has whole seconds."""
    counts, seen = Counter(stamps), Counter[Fraction]()
    spread = []
    for stamp in stamps:
        spread.append(stamp + Fraction(seen[stamp], counts[stamp]))
        seen[stamp] += 1
    return spread


def _decode(data: bytes) -> Pixels | None:
    if not data:
        return None
    try:
        # turned upright by its EXIF orientation
        flags = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR
        found = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags)
    except cv2.error:
        return None
    return None if found is None else np.asarray(found)
