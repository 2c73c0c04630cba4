"""Occurrences as intervals of a recording's timeline, for players and annotation tools.

Times are milliseconds from the beginning of the recording. A span begins at relative time 0 of the
occurrence and ends after 90 % of the motif, at least one time bin later. The part before the
recording's beginning is cut off.
"""

import mimetypes
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from motifmine.records.fit import FitRecord
from motifmine.records.table import Recording
from motifmine.reporting.rows import OccurrenceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One occurrence from its first to its last millisecond, `start_ms < end_ms`."""

    motif: int
    title: str
    """The motif's name, or `motif N`."""
    start_ms: int
    end_ms: int
    score: float
    """Nats."""


def make_spans(record: FitRecord, rows: Iterable[OccurrenceRow]) -> list[Span]:
    """Return one span per occurrence of one recording, by start and motif."""
    # an interval without length cannot be clicked on, and is invalid in some formats
    least_ms = max(1, round(1000 * record.bin_s))
    spans = []
    for row in rows:
        # a motif may begin before the recording, where players have no time
        start_ms = max(0, round(1000 * row.start_s))
        spans.append(
            Span(
                motif=row.motif - 1,
                title=record.title_of(row.motif - 1),
                start_ms=start_ms,
                end_ms=max(round(1000 * row.end_s), start_ms + least_ms),
                score=row.score,
            )
        )
    return sorted(spans, key=lambda span: (span.start_ms, span.motif))


def remove_overlap(spans: Sequence[Span]) -> list[Span]:
    """Return the spans of one motif, each cut off where the next one begins.

    Of spans with the same start, the one with the highest score is kept.
    """
    strongest: dict[int, Span] = {}
    # ascending, so that of two that start together the surer one is kept
    for span in sorted(spans, key=lambda span: span.score):
        strongest[span.start_ms] = span
    kept = [strongest[start_ms] for start_ms in sorted(strongest)]
    return [
        replace(span, end_ms=min(span.end_ms, after.start_ms)) for span, after in pairwise(kept)
    ] + kept[-1:]


def make_distinct_titles(record: FitRecord) -> list[str]:
    """Return one distinct title per motif: names of several motifs get a number."""
    titles = [record.title_of(motif) for motif in range(len(record.motifs))]
    distinct: list[str] = []
    for motif, title in enumerate(titles):
        mine = f"{title} ({motif + 1})" if titles.count(title) > 1 else title
        # a name may look like a numbered one: "door (2)"
        while mine in distinct:
            mine += f" ({motif + 1})"
        distinct.append(mine)
    return distinct


def find_media(recording: Recording) -> Path | None:
    """Return the source of a recording, None when it is not a video or sound.

    The path is absolute when the file exists.
    """
    if not guess_media_type(recording):
        return None
    path = Path(recording.source)
    return path.resolve() if path.is_file() else path


def guess_media_type(recording: Recording) -> str:
    """Return the MIME type of a recording's source, "" when it is not a video or sound."""
    found = mimetypes.guess_type(Path(recording.source).name)[0] if recording.source else None
    return found if found and found.startswith(("video/", "audio/")) else ""
