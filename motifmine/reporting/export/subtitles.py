"""Occurrences as subtitles (SubRip, WebVTT) and as a label track of Audacity."""

import html
from collections.abc import Sequence

from motifmine.reporting.export.intervals import Span
from motifmine.reporting.times import format_time

LOOK_ALIKES = str.maketrans({"<": "‹", ">": "›", "{": "❴", "}": "❵", "\\": "⧵"})
"""SubRip has no escapes, and players take these for tags and line breaks; so they are replaced."""


def srt_text(spans: Sequence[Span]) -> str:
    """Return spans as SubRip subtitles.

    Names keep their letters, but for those that players would take for marks: `LOOK_ALIKES`.
    """
    return "".join(
        f"{number}\n{_cue_times(span).replace('.', ',')}\n{span.title.translate(LOOK_ALIKES)}\n\n"
        for number, span in enumerate(spans, start=1)
    )


def vtt_text(spans: Sequence[Span]) -> str:
    """Return spans as WebVTT subtitles, names escaped as in HTML."""
    cues = [
        f"{number}\n{_cue_times(span)}\n{html.escape(span.title, quote=False)}\n"
        for number, span in enumerate(spans, start=1)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def labels_text(spans: Sequence[Span]) -> str:
    """Return spans as a label track of Audacity: start and end in seconds, and a name, by tabs."""
    return "".join(
        f"{span.start_ms / 1000:.3f}\t{span.end_ms / 1000:.3f}\t{span.title}\n" for span in spans
    )


def _cue_times(span: Span) -> str:
    return f"{format_time(span.start_ms / 1000)} --> {format_time(span.end_ms / 1000)}"
