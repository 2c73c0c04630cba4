"""Section: the time line of all recordings, drawn by the page's script."""

from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext


def section(context: ReportContext) -> str:
    """Return the element in which the script draws the time line, "" without occurrences.

    Without JavaScript a sentence with a link to the cards is shown instead.
    """
    record = context.record
    if not len(record.occurrences):
        return ""
    return elements.section("timeline", "Time line", elements.source("timeline.html"))
