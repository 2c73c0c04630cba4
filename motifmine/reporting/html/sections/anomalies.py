"""The section of the stretches that the motifs explain worst."""

from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.tables.anomalies import MEANING, anomaly_rows
from motifmine.reporting.times import format_length

MOST = 20
"""Stretches that the page shows."""


def section(context: ReportContext) -> str:
    """Return the `MOST` most surprising stretches, "" when there is none."""
    record = context.record
    rows = anomaly_rows(record)
    if not rows:
        return ""
    body = [
        (
            elements.name(row.recording),
            elements.moment(
                record,
                row.document,
                row.start_s,
                row.end_s,
                elements.text(row.start_utc or row.start_time),
            ),
            elements.text(format_length(row.end_s - row.start_s)),
            f"{elements.text(row.sense)}<small>{elements.text(MEANING[row.sense])}</small>",
            f"{row.surprise:.1f}",
        )
        for row in rows[:MOST]
    ]
    more = f" The first {MOST} of {len(rows):,}." if len(rows) > MOST else ""
    note = (
        '<p class="note">What happens here fits the motifs badly, judged by these recordings '
        "themselves: a surprise of 2 is reached in one of a hundred time bins, of 3 in one of a "
        f"thousand.{more}</p>"
    )
    head = ("recording", "start", "lasts", "sense", "surprise")
    return elements.section(
        "surprises",
        "What does not fit",
        note + elements.table(head, body, label="Stretches explained worst", numbers=1),
    )
