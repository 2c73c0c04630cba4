"""Section: days on which a motif occurs far more or less often than on others like them."""

from motifmine.analysis.unusual_days import FALSE_SHARE, FEWEST_DAYS, SURPRISE
from motifmine.records.fit import FitRecord
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.sentences.days import day_sentence

MOST = 50
"""Days that are listed, at most."""


def section(context: ReportContext) -> str:
    """Return the `MOST` most unusual days, "" with fewer than `FEWEST_DAYS` days."""
    record, statistics = context.record, context.statistics
    calendar, n_days, found = statistics.calendar, statistics.n_days, statistics.unusual_days
    if calendar is None or n_days < FEWEST_DAYS:
        return ""
    note = (
        f"Every day is judged by the others of {n_days:,} ({calendar.zone}): by what was recorded "
        "of it, the hours of the day, the day of the week, and by how much days differ anyway. "
        f"{100 * FALSE_SHARE:.0f} % at most of the days named here are expected to be chance; the "
        "last column tells the share among those down to each line."
    )
    if not found:
        note = f"No day stands out of {n_days:,} ({calendar.zone})."
    more = f" The first {MOST} of {len(found):,}." if len(found) > MOST else ""
    rows = [
        (
            _sentence(record, day.motif, day_sentence(record, day)),
            f"{day.found / day.expected:.2g}" if day.expected > 0 else "&ndash;",
            f"{day.q_value:.1g}" if day.q_value >= 1e-9 else "&lt; 1e-09",
        )
        for day in found[:MOST]
    ]
    head = ("day", "times as often", "chance")
    body = f'<p class="note">{elements.text(note + more)}</p>'
    if rows:
        body += elements.table(head, rows, label="Days that stand out", numbers=2)
    return elements.section("days", "Days that stand out", body)


def _sentence(record: FitRecord, motif: int, sentence: str) -> str:
    shown = elements.name(sentence)
    if motif == SURPRISE or not len(record.occurrences):
        return shown
    return f'<a href="#timeline" data-motif="{motif}">{shown}</a>'
