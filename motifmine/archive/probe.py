"""A first look at recordings: their length, size, time and first picture, without reading them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from motifmine.errors import MotifmineError
from motifmine.features.video.background import shrink_picture
from motifmine.io.readers import open_frames, reader_for
from motifmine.io.sources import in_utc
from motifmine.parallel.isolated import IsolatedJobs, JobFailure, Report
from motifmine.types import Floats32
from motifmine.workflows.extract import PRELOAD as PRELOAD_EXTRACTION

PRELOAD = (*PRELOAD_EXTRACTION, "motifmine.archive.jobs")
"""What processes for looks and for jobs have imported before they are forked."""
PER_JOB = 32
"""Files that one process looks at."""
PATIENCE_S = 60.0
LOOK_SIZE = (32, 24)
"""Width and height of the small picture that scenes are told apart by."""
LOOK_BLUR = 4.0
FIRST_YEAR = 1990
"""A container's time before this was never set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a first look at a recording tells."""

    length_s: float | None = None
    """What the container promises; None if it does not say."""
    width: int = 0
    """Of the upright picture, pixels; 0 when there is none."""
    height: int = 0
    made_utc: str = ""
    """When the container says that it was made, ISO 8601, UTC."""
    picture: str = field(default="", repr=False)
    """The first picture, small and without its slow shades, bytes in hexadecimal."""


def look_at(paths: Sequence[Path], workers: int) -> list[Look]:
    """Return a first look at every recording, in order; unreadable ones give an empty look.

    Files are opened in processes of their own: one that crashes the decoder costs only itself.
    """
    looks: dict[int, Look] = {}
    chunks = [range(i, min(i + PER_JOB, len(paths))) for i in range(0, len(paths), PER_JOB)]
    for chunk in _look(paths, chunks, workers, looks):
        for _ in _look(paths, [range(i, i + 1) for i in chunk], workers, looks):
            pass
    return [looks.get(index, Look()) for index in range(len(paths))]


def _look(
    paths: Sequence[Path], chunks: Sequence[range], workers: int, looks: dict[int, Look]
) -> Iterable[range]:
    """Fill in the looks at chunks of files; return the chunks whose process died."""
    isolated = IsolatedJobs(
        function=_look_at_chunk, workers=workers, patience_s=PATIENCE_S, preload=PRELOAD
    )
    died = []
    jobs = [[paths[i] for i in chunk] for chunk in chunks]
    for index, ending in isolated.run(jobs, lambda *_: None):
        if isinstance(ending, JobFailure):
            died.append(chunks[index])
        else:
            looks.update(zip(chunks[index], ending, strict=True))
    return died


def _look_at_chunk(paths: list[Path], report: Report) -> list[Look]:
    looks = []
    for path in paths:
        looks.append(_look_at(path))
        report(str(path))
    return looks


def _look_at(path: Path) -> Look:
    if reader_for(path).gives != "frames":
        return Look()
    try:
        with open_frames(path) as reader:
            length_s = reader.duration_s if math.isfinite(reader.duration_s) else None
            made = _made_utc(reader.created)
            luma = next(reader.frames()).luma
            return Look(
                length_s=length_s,
                width=luma.shape[1],
                height=luma.shape[0],
                made_utc=made,
                picture=shrink_picture(luma, LOOK_SIZE, blur=LOOK_BLUR).tobytes().hex(),
            )
    except MotifmineError:
        return Look()


def _made_utc(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return in_utc(moment) if moment.year >= FIRST_YEAR else ""


def likeness(one: str, other: str) -> float:
    """Return the correlation of two small pictures, -1 to 1; 0 when one of them is missing."""
    if not one or not other:
        return 0.0
    a, b = _levels(one), _levels(other)
    spread = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / spread if spread > 0 else 0.0


def _levels(picture: str) -> Floats32:
    levels = np.frombuffer(bytes.fromhex(picture), dtype=np.int8).astype(np.float32)
    centred: Floats32 = levels - levels.mean()
    return centred
