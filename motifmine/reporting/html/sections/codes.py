"""Section: what a generator draws for its codes, which are motif, offset and strength."""

import numpy as np

from motifmine.analysis.motif_views import MatrixView, matrix_view
from motifmine.models.registry import entry_of, model_names
from motifmine.records.expected import add_occurrences
from motifmine.records.fit import FitRecord
from motifmine.reporting.figures.images import encode_png
from motifmine.reporting.figures.motif_pictures import draw_matrix
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.types import Floats, Floats32

MOST_MOTIFS = 12  # of the heaviest, 3 kB each
STRENGTHS = (0.1, 0.5, 0.9)  # quantiles of those that the coder reads
N_OFFSETS = 3
LINE = 0.03  # of the strongest cell: ink is its root


def section(context: ReportContext) -> str:
    """Return each motif as drawn at offsets and strengths; "" for a model without such codes."""
    record = context.record
    model = record.provenance.model
    has_codes = model in model_names() and entry_of(model).has_codes
    heaviest = np.argsort(-record.motifs.weight, kind="stable")[:MOST_MOTIFS]
    rows = [_sweep(record, motif) for motif in sorted(heaviest.tolist())] if has_codes else []
    if not any(rows):
        return ""
    note = (
        '<p class="note">What the generator draws, without background, when a motif is asked for '
        "at the beginning, a quarter and half of a window (from left to right) with the strengths "
        "that a tenth, half and nine tenths of its occurrences stay below (from top to bottom). "
        "Rows are those of the motif's matrix.</p>"
    )
    return elements.section("codes", "Codes of the generator", note + "".join(rows))


def _sweep(record: FitRecord, motif: int) -> str:
    """Return windows of a motif at all offsets and strengths, "" where it has no occurrence."""
    weight = record.occurrences.weight[record.occurrences.motif == motif]
    view = matrix_view(record, motif)
    if not len(weight) or not len(view.words):
        return ""
    length = record.motifs.motif_length
    shape = record.motifs.probability[motif : motif + 1].astype(np.float32)
    # a faint line between windows: where they begin is what is shown
    line = LINE * float(shape.max() * weight.max())
    drawn = [
        [
            _draw_window(view, shape, offset * length // 2, strength, line)
            for offset in range(N_OFFSETS)
        ]
        for strength in np.quantile(weight, STRENGTHS)
    ]
    # one picture, so that all have the same scale
    ink = draw_matrix(
        MatrixView(
            probability=np.block(drawn),
            words=view.words,
            row_offsets=view.row_offsets,
            share=view.share,
        )
    )
    alt = f"Motif {motif + 1} at three offsets and three strengths"
    image = elements.data_uri("image/png", encode_png(ink))
    return (
        f'<figure class="matrix"><div class="plot"><div class="field"><img class="ink" '
        f'alt="{alt}" src="{image}"></div></div><figcaption>{elements.motif_name(record, motif)}'
        "</figcaption></figure>"
    )


def _draw_window(
    view: MatrixView, shape: Floats32, offset: int, strength: float, line: float
) -> Floats:
    """Return expected counts of a window (row, bin), with a line on its right and below it."""
    n_bins = 2 * shape.shape[1]
    first, start = np.zeros(1, np.int64), np.full(1, offset)
    rates = add_occurrences(shape, first, start, np.full(1, strength, np.float64), n_bins)
    rows = np.add.reduceat(rates[:, view.words], view.row_offsets[:-1], axis=1).T
    return np.pad(rows, ((0, 1), (0, 1)), constant_values=line)
