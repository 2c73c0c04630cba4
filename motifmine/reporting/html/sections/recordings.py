"""Section: the recordings, with defects found on reading."""

import numpy as np

from motifmine.records.table import Recording
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.times import format_length, format_time, format_wall_clock


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
    return elements.section("recordings", "Recordings", table)


def _describe_reading(recording: Recording) -> str:
    """Return the defects that were found when a recording was read, "" without any."""
    notes = []
    if np.isfinite(recording.truncated_at_s):
        notes.append(f"truncated at {format_time(recording.truncated_at_s)}")
    if 0 <= recording.frames_decoded < recording.frames_expected:
        notes.append(
            f"{recording.frames_decoded:,} of {recording.frames_expected:,} frames decoded"
        )
    if recording.stamps_repaired:
        notes.append(f"{recording.stamps_repaired:,} time stamps repaired")
    return "; ".join(notes)
