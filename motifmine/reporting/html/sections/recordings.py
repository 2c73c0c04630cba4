"""Section: the recordings, with what a person should know about how each was read."""

import numpy as np

from motifmine.records.table import Recording
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.times import format_length, format_time, wall_clock


def section(context: ReportContext) -> str:
    """Return the table of all recordings."""
    record = context.record
    found = np.bincount(record.occurrences.document, minlength=len(record.recordings))
    columns = {
        "recording": [elements.name(r.name) for r in record.recordings],
        "begins": [elements.text(wall_clock(r, 0.0)) for r in record.recordings],
        "notes": [elements.text(_notes(r)) for r in record.recordings],
        "length": [
            elements.text(format_length(record.bin_s * r.n_times)) for r in record.recordings
        ],
        "occurrences": [f"{n:,}" for n in found],
    }
    shown = {title: cells for title, cells in columns.items() if any(cells)}
    body = zip(*shown.values(), strict=True)
    table = elements.table(list(shown), body, label="Recordings", numbers=2)
    return elements.section("recordings", "Recordings", table)


def _notes(recording: Recording) -> str:
    """Return what a person should know about how a recording was read."""
    notes = []
    if np.isfinite(recording.truncated_at_s):
        notes.append(f"breaks off at {format_time(recording.truncated_at_s)}")
    if 0 <= recording.frames_decoded < recording.frames_expected:
        notes.append(
            f"{recording.frames_decoded:,} of {recording.frames_expected:,} frames decoded"
        )
    if recording.stamps_repaired:
        notes.append(f"{recording.stamps_repaired:,} time stamps repaired")
    return "; ".join(notes)
