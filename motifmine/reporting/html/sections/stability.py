"""Section: stability of the motifs under refits to resampled data."""

from motifmine.records.fit import Stability
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext

DRAWN = {
    "documents": "the same number of recordings, drawn with replacement",
    "blocks": "the same number of blocks of time, drawn with replacement",
}


def section(context: ReportContext) -> str:
    """Return a table of the stability of all motifs; "" where it was not measured."""
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
    return elements.section(
        "stability", "Stability of the motifs", _describe_stability(stability) + table
    )


def _describe_stability(stability: Stability) -> str:
    drawn = DRAWN.get(stability.drawn, stability.drawn)
    note = (
        f"The model was refitted {stability.n_refits} times, each time to {drawn}. A motif is "
        f"found again where a refit has one whose cosine with it, at the best shift, is at least "
        f"{stability.least:g}. A motif that is found again does not depend on a few recordings; "
        "a motif that seldom is should be doubted."
    )
    return f'<p class="note">{elements.text(note)}</p>'
