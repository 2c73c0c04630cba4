"""A motif over its scene as an HTML figure, and the axis of relative time under it."""

from motifmine.records.fit import FitRecord
from motifmine.reporting.figures.images import encode_webp
from motifmine.reporting.figures.svg import choose_ticks
from motifmine.reporting.html import elements
from motifmine.types import Pixels


def picture_stem(motif: int) -> str:
    """Return the name of a motif's PNG files without `.png` and `-matrix.png`; counts from 0."""
    return f"motif-{motif + 1:02d}"


def render_scene_figure(record: FitRecord, motif: int, overlay: Pixels, sentence: str) -> str:
    """Return a motif's coloured cells over the scene of the page.

    Parameters
    ----------
    overlay : uint8 array (row, column, rgba)
    sentence : str
        What is seen, for those who cannot see it.
    """
    alt = f"The scene with the cells of motif {motif + 1} coloured by time. {sentence}"
    height, width = overlay.shape[:2]
    return (
        f'<figure class="scene"><div class="stage">'
        f'<img width="{width}" height="{height}" alt="{elements.text(alt)}" '
        f'src="{elements.data_uri("image/webp", encode_webp(overlay))}"></div>'
        f"{render_time_bar(record)}<figcaption>"
        f'<a href="{picture_stem(motif)}.png">Picture as PNG</a></figcaption></figure>'
    )


def render_time_bar(record: FitRecord) -> str:
    """Return the colours of relative time with seconds under them."""
    length_s = record.motifs.motif_length * record.bin_s
    ticks = [(s / length_s, f"{s:g} s") for s in choose_ticks(length_s, 6)]
    return f'<div class="spectrum"></div>{elements.ticks(ticks)}'
