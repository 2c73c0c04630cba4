"""Sentences on unusual days."""

from motifmine.analysis.calendar import format_date
from motifmine.analysis.unusual_days import SURPRISE, UnusualDay
from motifmine.records.fit import FitRecord
from motifmine.reporting.times import format_length


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
