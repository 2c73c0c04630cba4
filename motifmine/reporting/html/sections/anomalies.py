"""Section: anomalies, the stretches of time that the motifs explain worst."""

from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.tables.anomalies import MEANING, ONCE, AnomalyRow, list_anomalies
from motifmine.reporting.times import format_length

MOST = 20  # most stretches shown


def _explain(row: AnomalyRow) -> str:
    """Return what the sense of a stretch means, and whether it is an event that happened once."""
    return f"{ONCE}: {MEANING[row.sense]}" if row.happened_once else MEANING[row.sense]


def section(context: ReportContext) -> str:
    """Return the `MOST` most surprising stretches, "" when there is none."""
    record = context.record
    rows = list_anomalies(record)
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
            f"{elements.text(row.sense)}<small>{elements.text(_explain(row))}</small>",
            f"{row.surprise:.1f}",
        )
        # sorted by their surprise: the page has the largest, the command has all
        for row in rows[:MOST]
    ]
    more = f" The first {MOST} of {len(rows):,}." if len(rows) > MOST else ""
    note = (
        '<p class="note">Stretches of time that the motifs explain badly. The surprise is '
        "calibrated on these recordings: a surprise of 2 is reached in one of a hundred time "
        f"bins, of 3 in one of a thousand.{more}</p>"
    )
    head = ("recording", "start", "lasts", "sense", "surprise")
    return elements.section(
        "surprises",
        "Anomalies",
        note + elements.table(head, body, label="Stretches explained worst", numbers=1),
    )
