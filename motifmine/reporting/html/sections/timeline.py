"""Section: the time line of all recordings, drawn by the page's script."""

from motifmine.records.fit import FitRecord
from motifmine.reporting.html import elements


def section(record: FitRecord) -> str:
    """Return where the script draws the time line, "" without occurrences.

    Without JavaScript there stands a sentence that leads to the cards.
    """
    if not len(record.occurrences):
        return ""
    return elements.section("timeline", "Time line", elements.source("timeline.html"))
