"""Section: one card per motif."""

from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.motif_card import render_motif_card
from motifmine.reporting.rows import list_motifs
from motifmine.reporting.sentences.significance import significance_sentences


def section(context: ReportContext) -> str:
    """Return a card for each motif, or why there is none."""
    if not len(context.record.motifs):
        reasons = "; ".join(significance_sentences(context.record)) or "the fit has none"
        return elements.section("motifs", "The motifs", f"<p>{elements.text(reasons)}</p>")
    cards = [render_motif_card(context, row) for row in list_motifs(context.record)]
    reading = elements.text(context.view.reading)
    body = "\n".join([f'<p class="note">{reading}</p>', *cards])
    return elements.section("motifs", "The motifs", body)
