"""Unusual days, as sentences."""

from motifmine.analysis.calendar import date_text
from motifmine.analysis.unusual_days import SURPRISE, UnusualDay
from motifmine.records.fit import FitRecord
from motifmine.reporting.times import format_length


def day_sentence(record: FitRecord, unusual: UnusualDay) -> str:
    """Return what is unusual about a day, plain text.

    Examples
    --------
    A sentence reads "Tuesday 3 March 2026: motif 2 occurred 12 times, 41 were to be expected".
    """
    day = date_text(unusual.day)
    if unusual.motif == SURPRISE:
        found, expected = (format_length(s) for s in (unusual.found, unusual.expected))
        return f"{day}: {found} fit the motifs badly, {expected} were to be expected"
    name = record.name_of(unusual.motif)
    title = f"motif {unusual.motif + 1}" + (f" ({name})" if name else "")
    times = "once" if round(unusual.found) == 1 else f"{unusual.found:,.0f} times"
    if not unusual.found:
        return f"{day}: {title} did not occur, {counted(unusual.expected)} to be expected"
    return f"{day}: {title} occurred {times}, {counted(unusual.expected)} to be expected"


def counted(expected: float) -> str:
    """Return an expected count with its verb, exact where it is small.

    Examples
    --------
    >>> [counted(x) for x in (0.04, 1.0, 2.34, 41.3)]
    ['0.04 were', '1 was', '2.3 were', '41 were']
    """
    number = f"{expected:,.0f}" if expected >= 10 else f"{expected:.2g}"
    return f"{number} was" if number == "1" else f"{number} were"
