"""Section: the gallery, a card per motif."""

from motifmine.reporting.figures.motif_pictures import scene_overlay
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.motif_card import motif_card
from motifmine.reporting.rows import motif_rows, occurrence_rows


def section(context: ReportContext) -> str:
    """Return a card for each motif."""
    record, statistics = context.record, context.statistics
    has_scene = context.background is not None
    occurrences = occurrence_rows(record)
    rates = [each for each in (statistics.hour_of_day, statistics.archive) if each is not None]
    cards = [
        motif_card(
            record,
            row,
            scene_overlay(record, row.motif) if has_scene else None,
            occurrences,
            rates,
        )
        for row in motif_rows(record)
    ]
    reading = elements.text(context.view.reading)
    body = "\n".join([f'<p class="note">{reading}</p>', *cards])
    return elements.section("motifs", "The motifs", body)
