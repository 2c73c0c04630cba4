"""Section: one card per motif."""

from motifmine.reporting.figures.motif_pictures import draw_overlay
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.motif_card import render_motif_card
from motifmine.reporting.rows import list_motifs


def section(context: ReportContext) -> str:
    """Return a card for each motif."""
    record, statistics = context.record, context.statistics
    has_scene = context.background is not None
    rates = [each for each in (statistics.hour_of_day, statistics.archive) if each is not None]
    cards = [
        render_motif_card(
            record,
            row,
            draw_overlay(record, row.motif) if has_scene else None,
            rates,
        )
        for row in list_motifs(record)
    ]
    reading = elements.text(context.view.reading)
    body = "\n".join([f'<p class="note">{reading}</p>', *cards])
    return elements.section("motifs", "The motifs", body)
