"""Probing of recordings: duration, size, time and first frame, without reading the whole file."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from motifmine.errors import MotifmineError
from motifmine.features.video.background import make_thumbnail
from motifmine.io.readers import open_frames, reader_for
from motifmine.io.sources import to_utc
from motifmine.parallel.isolated import IsolatedJobs, JobFailure, Report
from motifmine.types import Floats32
from motifmine.workflows.extract_jobs import PRELOAD as PRELOAD_EXTRACTION

# modules that the fork server imports for probes and jobs
PRELOAD = (*PRELOAD_EXTRACTION, "motifmine.archive.jobs")
PER_JOB = 32  # files that one process probes
PATIENCE_S = 60.0
THUMBNAIL_SIZE = (32, 24)  # width and height of the thumbnail that scenes are compared by
THUMBNAIL_BLUR = 4.0
FIRST_YEAR = 1990  # creation times before this year are defaults of devices whose clock was not set


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Result of probing a recording."""

    length_s: float | None = None
    """Duration according to the container, seconds; None if unknown."""
    width: int = 0
    """Width of the upright frame, pixels; 0 if no frame could be read."""
    height: int = 0
    gap_s: float = 0.0
    """Usual time between frames, seconds; 0 if no frame could be read."""
    made_utc: str = ""
    """Creation time according to the container, ISO 8601, UTC."""
    picture: str = field(default="", repr=False)
    """Thumbnail of the first frame without its low frequencies, bytes in hexadecimal."""


def probe_files(paths: Sequence[Path], workers: int) -> list[Probe]:
    """Probe recordings and return the results in order; unreadable files give an empty one.

    Files are opened in child processes, since a broken file may crash the decoder.
    """
    probes: dict[int, Probe] = {}
    chunks = [range(i, min(i + PER_JOB, len(paths))) for i in range(0, len(paths), PER_JOB)]
    # a chunk whose process died is repeated file by file, so that only the broken file is lost
    for chunk in _probe_chunks(paths, chunks, workers, probes):
        for _ in _probe_chunks(paths, [range(i, i + 1) for i in chunk], workers, probes):
            pass
    return [probes.get(index, Probe()) for index in range(len(paths))]


def _probe_chunks(
    paths: Sequence[Path], chunks: Sequence[range], workers: int, probes: dict[int, Probe]
) -> Iterable[range]:
    """Probe chunks of files and add to `probes`; return the chunks whose process died."""
    isolated = IsolatedJobs(
        function=_probe_chunk, workers=workers, patience_s=PATIENCE_S, preload=PRELOAD
    )
    died = []
    jobs = [[paths[i] for i in chunk] for chunk in chunks]
    for index, ending in isolated.run(jobs, lambda *_: None):
        if isinstance(ending, JobFailure):
            died.append(chunks[index])
        else:
            probes.update(zip(chunks[index], ending, strict=True))
    return died


def _probe_chunk(paths: list[Path], report: Report) -> list[Probe]:
    probes = []
    for path in paths:
        probes.append(_probe_file(path))
        report(str(path))
    return probes


def _probe_file(path: Path) -> Probe:
    if reader_for(path).gives != "frames":
        return Probe()
    try:
        with open_frames(path) as reader:
            length_s = reader.duration_s if math.isfinite(reader.duration_s) else None
            made = _parse_creation_time(reader.created)
            luma = next(reader.frames()).luma
            return Probe(
                length_s=length_s,
                width=luma.shape[1],
                height=luma.shape[0],
                gap_s=round(float(reader.mean_gap_s), 6),
                made_utc=made,
                picture=make_thumbnail(luma, THUMBNAIL_SIZE, blur=THUMBNAIL_BLUR).tobytes().hex(),
            )
    except MotifmineError:
        return Probe()


def _parse_creation_time(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return to_utc(moment) if moment.year >= FIRST_YEAR else ""


def correlate_pictures(one: str, other: str) -> float:
    """Return the correlation of two thumbnails, -1 to 1; 0 if one of them is missing."""
    if not one or not other:
        return 0.0
    a, b = _center_picture(one), _center_picture(other)
    spread = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / spread if spread > 0 else 0.0


def _center_picture(picture: str) -> Floats32:
    # signed: the thumbnail has no low frequencies, so it is around 0
    levels = np.frombuffer(bytes.fromhex(picture), dtype=np.int8).astype(np.float32)
    centred: Floats32 = levels - levels.mean()
    return centred
