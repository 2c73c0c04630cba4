"""Section: the gallery, a card per motif."""

from motifmine.records.fit import FitRecord
from motifmine.records.vocabulary import FlowGrid
from motifmine.reporting.figures import motif_pictures as figures
from motifmine.reporting.figures.rates import archive_rates, day_rates
from motifmine.reporting.html import elements
from motifmine.reporting.html.motif_card import motif_card
from motifmine.reporting.tables import fit_tables as tabular

_READING_SCENE = (
    "Colour tells when a cell is active inside the motif, from violet (its first moment) to red "
    "(its last); the fuller the colour, the more of the motif happens there. Arrows show where the "
    "motion goes. In the matrix each row is a word (a place and a direction) and ink grows with "
    "the square root of its probability at that relative time. Marks below show when the motif "
    "began in each recording; their height is the number of observations it explains there. "
    "Motifs are numbered from 1, the heaviest first; in files they count from 0."
)
_READING_LABELS = (
    "In the matrix each row is a word and ink grows with the square root of its probability at "
    "that relative time. Marks below show when the motif began in each recording; their height is "
    "the number of observations it explains there. Motifs are numbered from 1, the heaviest "
    "first; in files they count from 0."
)
_READING_CHANNELS = (
    "Curves show what the raw values do while the motif occurs; all motifs share a channel's "
    "scale. In the matrix each row is a word, grouped by channel, and ink grows with the square "
    "root of its probability at that relative time. Marks below show when the motif began in each "
    "recording; their height is the number of observations it explains there. Motifs are numbered "
    "from 1, the heaviest first; in files they count from 0."
)


def section(record: FitRecord) -> str:
    """Return a card for each motif."""
    has_scene = isinstance(record.vocabulary.layout, FlowGrid)
    occurrences = tabular.occurrence_rows(record)
    rates = [found for found in (day_rates(record), archive_rates(record)) if found is not None]
    cards = [
        motif_card(
            record,
            row,
            figures.scene_overlay(record, row.motif) if has_scene else None,
            occurrences,
            rates,
        )
        for row in tabular.motif_rows(record)
    ]
    reading = elements.text(_reading(record))
    body = "\n".join([f'<p class="note">{reading}</p>', *cards])
    return elements.section("motifs", "The motifs", body)


def _reading(record: FitRecord) -> str:
    """Return how the cards are read."""
    if isinstance(record.vocabulary.layout, FlowGrid):
        return _READING_SCENE
    return _READING_CHANNELS if figures.is_by_channel(record) else _READING_LABELS
