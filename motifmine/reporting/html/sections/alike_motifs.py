"""Section: motifs that look alike, and how often one is taken for the other."""

from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext

MOST_ROWS = 20  # most pairs of the table, the most alike


def section(context: ReportContext) -> str:
    """Return a table of alike motifs; "" where there are none."""
    pairs = context.statistics.confusions[:MOST_ROWS]
    if not pairs:
        return ""
    record = context.record
    rows = [
        (
            elements.motif_name(record, pair.first),
            elements.motif_name(record, pair.second),
            f"{pair.cosine:.2f}",
            f"{pair.shift_s:+g} s",
            f"{100 * pair.first_taken:.1f} %",
            f"{100 * pair.second_taken:.1f} %",
        )
        for pair in pairs
    ]
    note = (
        '<p class="note">Decoys measure what chance gives, not that alike motifs are confused. '
        "Events drawn from one motif, as large as its occurrences, look more like the other in "
        "this share of cases; real events vary more, so it is the least to expect.</p>"
    )
    head = ("motif", "other motif", "cosine", "shift", "taken for the other", "the other for it")
    table = elements.table(head, rows, label="Motifs that look alike", numbers=4)
    return elements.section("alike", "Motifs that look alike", note + table)
