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
    n_found, n_shown = len(record.occurrences), len(context.shown_occurrences)
    left_out = (
        f'<p class="note">The {n_shown:,} heaviest of {n_found:,} occurrences are shown.</p>'
        if n_shown < n_found
        else ""
    )
    return elements.section("timeline", "Time line", elements.source("timeline.html") + left_out)
