"""Section: days on which a motif occurs far more or far less often than on comparable days."""

from motifmine.analysis.calendar import format_date
from motifmine.analysis.unusual_days import FALSE_DISCOVERY_RATE, FEWEST_DAYS, SURPRISE, UnusualDay
from motifmine.records.fit import FitRecord
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.times import format_length

MOST = 50  # most days listed


def section(context: ReportContext) -> str:
    """Return the `MOST` most unusual days, "" with fewer than `FEWEST_DAYS` days."""
    record, statistics = context.record, context.statistics
    calendar, n_days, found = statistics.calendar, statistics.n_days, statistics.unusual_days
    if calendar is None or n_days < FEWEST_DAYS:
        return ""
    note = (
        f"Every day is compared with the others of {n_days:,} ({calendar.zone}), given the time "
        "recorded, the hours of the day, the day of the week and the usual variation between "
        f"days. At most {100 * FALSE_DISCOVERY_RATE:.0f} % of the listed days are expected to be "
        "false discoveries; the last column is this share among the days down to each line."
    )
    if not found:
        note = f"None of {n_days:,} days is unusual ({calendar.zone})."
    more = f" The first {MOST} of {len(found):,}." if len(found) > MOST else ""
    rows = [
        (
            _link_sentence(record, day.motif, describe_day(record, day)),
            f"{day.found / day.expected:.2g}" if day.expected > 0 else "&ndash;",
            f"{day.q_value:.1g}" if day.q_value >= 1e-9 else "&lt; 1e-09",
        )
        for day in found[:MOST]
    ]
    head = ("day", "times as often", "chance")
    body = f'<p class="note">{elements.text(note + more)}</p>'
    if rows:
        body += elements.table(head, rows, label="Unusual days", numbers=2)
    return elements.section("days", "Unusual days", body)


def _link_sentence(record: FitRecord, motif: int, sentence: str) -> str:
    shown = elements.name(sentence)
    if motif == SURPRISE or not len(record.occurrences):
        return shown
    return f'<a href="#timeline" data-motif="{motif}">{shown}</a>'


def describe_day(record: FitRecord, unusual: UnusualDay) -> str:
    """Return a sentence on an unusual day, plain text.

    Examples
    --------
    A sentence reads "Tuesday 3 March 2026: motif 2 occurred 12 times, 41 expected".
    """
    day = format_date(unusual.day)
    if unusual.motif == SURPRISE:
        found, expected = (format_length(s) for s in (unusual.found, unusual.expected))
        return f"{day}: motifs explain {found} badly, {expected} expected"
    name = record.name_of(unusual.motif)
    title = f"motif {unusual.motif + 1}" + (f" ({name})" if name else "")
    times = "once" if round(unusual.found) == 1 else f"{unusual.found:,.0f} times"
    if not unusual.found:
        return f"{day}: {title} did not occur, {format_expected(unusual.expected)} expected"
    return f"{day}: {title} occurred {times}, {format_expected(unusual.expected)} expected"


def format_expected(expected: float) -> str:
    """Return an expected count, with two digits where it is small.

    Examples
    --------
    >>> [format_expected(x) for x in (0.04, 1.0, 2.34, 41.3)]
    ['0.04', '1', '2.3', '41']
    """
    return f"{expected:,.0f}" if expected >= 10 else f"{expected:.2g}"
