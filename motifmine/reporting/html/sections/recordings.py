"""Section: the recordings, with defects found on reading."""

import re

import numpy as np

from motifmine.records.table import Recording
from motifmine.reporting.figures.images import encode_jpeg
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.times import format_length, format_time, format_wall_clock

MASKED = (230, 40, 40)  # colour of what was excluded from the picture, rgb
BOX = re.compile(r"(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})")


def section(context: ReportContext) -> str:
    """Return the table of all recordings."""
    record = context.record
    found = np.bincount(record.occurrences.document, minlength=len(record.recordings))
    columns = {
        "recording": [elements.name(r.name) for r in record.recordings],
        "begins": [elements.text(format_wall_clock(r, 0.0)) for r in record.recordings],
        "notes": [elements.text(_describe_reading(r)) for r in record.recordings],
        "length": [
            elements.text(format_length(record.bin_s * r.n_times)) for r in record.recordings
        ],
        "occurrences": [f"{n:,}" for n in found],
    }
    shown = {title: cells for title, cells in columns.items() if any(cells)}
    body = zip(*shown.values(), strict=True)
    table = elements.table(list(shown), body, label="Recordings", numbers=2)
    return elements.section("recordings", "Recordings", table + _show_overlays(context))


def _show_overlays(context: ReportContext) -> str:
    """Return the scene with the cells of burnt-in clocks, which were excluded, "" without any."""
    record, grid = context.record, context.record.vocabulary.layout.picture_grid()
    boxes = {box for r in record.recordings for box in BOX.findall(r.overlays)}
    if not boxes or grid is None or record.picture is None:
        return ""
    picture = record.picture.copy()
    for box in boxes:
        x, y, width, height = map(int, box)
        area = picture[y : y + height, x : x + width]
        area[:] = area // 2 + np.array(MASKED, dtype=np.uint8) // 2
    uri = elements.data_uri("image/jpeg", encode_jpeg(picture, quality=70))
    caption = "Burnt-in clocks, whose cells have no words, in red."
    return f'<figure><img alt="{caption}" src="{uri}"><figcaption>{caption}</figcaption></figure>'


def _describe_reading(recording: Recording) -> str:
    """Return the defects that were found when a recording was read, "" without any."""
    notes = []
    if np.isfinite(recording.truncated_at_s):
        notes.append(f"truncated at {format_time(recording.truncated_at_s)}")
    if 0 <= recording.frames_decoded < recording.frames_expected:
        notes.append(
            f"{recording.frames_decoded:,} of {recording.frames_expected:,} frames decoded"
        )
    if recording.notes:
        notes.append(recording.notes)
    if recording.stamps_repaired:
        notes.append(f"{recording.stamps_repaired:,} time stamps repaired")
    return "; ".join(notes)
