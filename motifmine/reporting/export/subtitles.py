"""Occurrences as subtitles (SubRip, WebVTT) and as a label track of Audacity."""

import html
from collections.abc import Sequence

from motifmine.reporting.export.intervals import Span
from motifmine.reporting.times import format_time

# SubRip has no escapes, and players would parse these as tags and line breaks
LOOK_ALIKES = str.maketrans({"<": "‹", ">": "›", "{": "❴", "}": "❵", "\\": "⧵"})


def format_srt(spans: Sequence[Span]) -> str:
    """Return spans as SubRip subtitles, with the characters of `LOOK_ALIKES` replaced."""
    return "".join(
        f"{number}\n{_format_cue(span).replace('.', ',')}\n{span.title.translate(LOOK_ALIKES)}\n\n"
        for number, span in enumerate(spans, start=1)
    )


def format_vtt(spans: Sequence[Span]) -> str:
    """Return spans as WebVTT subtitles, names escaped as in HTML."""
    cues = [
        f"{number}\n{_format_cue(span)}\n{html.escape(span.title, quote=False)}\n"
        for number, span in enumerate(spans, start=1)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def format_audacity_labels(spans: Sequence[Span]) -> str:
    """Return spans as a label track of Audacity: start, end (seconds) and name, tab-separated."""
    return "".join(
        f"{span.start_ms / 1000:.3f}\t{span.end_ms / 1000:.3f}\t{span.title}\n" for span in spans
    )


def _format_cue(span: Span) -> str:
    return f"{format_time(span.start_ms / 1000)} --> {format_time(span.end_ms / 1000)}"
