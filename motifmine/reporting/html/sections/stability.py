"""Section: how surely each motif comes again in fits to resampled data."""

from motifmine.records.fit import Stability
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext

DRAWN = {
    "documents": "as many recordings, drawn with replacement",
    "blocks": "as many blocks of time, drawn with replacement",
}


def section(context: ReportContext) -> str:
    """Return a table of the stability of all motifs, a row each; "" where it was not tried."""
    record = context.record
    stability = record.stability
    if stability is None:
        return ""
    rows = [
        (
            elements.motif_name(record, motif),
            f"{similarity:.2f}",
            f"{round(share * stability.n_refits)} of {stability.n_refits}",
        )
        for motif, (similarity, share) in enumerate(
            zip(stability.similarity.tolist(), stability.share.tolist(), strict=True)
        )
    ]
    head = ("motif", "mean similarity", "found again")
    table = elements.table(head, rows, label="Stability of the motifs", numbers=2)
    return elements.section("stability", "How stable the motifs are", _note(stability) + table)


def _note(stability: Stability) -> str:
    drawn = DRAWN.get(stability.drawn, stability.drawn)
    note = (
        f"The model was fitted {stability.n_refits} more times, each time to {drawn}. A motif is "
        f"found again where a fit holds one whose cosine with it, at the best shift, is at least "
        f"{stability.least:g}. What comes again does not hang on a few recordings; a motif that "
        "seldom does is one to doubt."
    )
    return f'<p class="note">{elements.text(note)}</p>'
