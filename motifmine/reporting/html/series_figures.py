"""The mean raw segment of a motif: a curve with its spread per channel, or a spectrogram."""

import numpy as np

from motifmine.features.series.holding import list_names
from motifmine.features.series.trends import find_trend_bins
from motifmine.records.fit import FitRecord, Segments
from motifmine.records.topics import find_innermost, unfold
from motifmine.records.vocabulary import Channels
from motifmine.reporting.figures.images import encode_png
from motifmine.reporting.figures.svg import choose_time_ticks, drawing, format_points
from motifmine.reporting.html import elements
from motifmine.types import Indices

MOST_CURVES = 12  # most channels drawn for a motif, those with the largest share in it
LEAST_SHARE = 0.05  # share of the largest channel's from which a channel is drawn
HEIGHT = 60  # height of a curve in units of its drawing
SPECTROGRAM_TICKS = 5


def draw_segment(record: FitRecord, motif: int) -> str:
    """Return the mean raw segment of a motif as an HTML figure, "" where there is none.

    At most `MOST_CURVES` channels are drawn; sound is drawn as one spectrogram.
    """
    layout = find_innermost(record.vocabulary).layout.series_channels()
    segments = record.segments
    if segments is None or layout is None:
        return ""
    if not segments.n_occurrences[motif]:
        return ""
    if layout.is_sound:
        return _draw_spectrogram(record, segments, layout, motif)
    chosen = _choose_channels(record, layout, motif)
    rows = "".join(_draw_curve(segments, layout, motif, int(c)) for c in chosen)
    left_out = [name for c, name in enumerate(layout.channels) if c not in chosen]
    caption = (
        f"Mean of {int(segments.n_occurrences[motif]):,} occurrences, and one standard deviation "
        "to either side"
    )
    without = [layout.channels[c] for c in chosen if find_trend_bins(layout)[c]]
    if without:
        caption += f"; without their trends: {elements.text(list_names(without))}"
    if left_out:
        caption += f"; with a smaller share, not drawn: {elements.text(list_names(left_out))}"
    ticks = _render_ticks(record)
    return (
        f'<figure class="segment"><div class="plot">{rows}{ticks}</div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _choose_channels(record: FitRecord, layout: Channels, motif: int) -> Indices:
    """Return the channels that matter in a motif, in the order of the source."""
    phi = record.motifs.probability[motif]
    if (topics := record.vocabulary.layout.topics()) is not None:
        phi = unfold(phi, topics.loadings)
    mass = phi.sum(axis=0, dtype=np.float64).reshape(len(layout.channels), -1).sum(axis=1)
    most = np.argsort(-mass, kind="stable")[:MOST_CURVES]
    return np.sort(most[mass[most] >= LEAST_SHARE * mass.max()]).astype(np.int64)


def _draw_curve(segments: Segments, layout: Channels, motif: int, channel: int) -> str:
    """Return one channel: its name, and mean and spread over relative time."""
    mean = segments.mean[motif, :, channel].astype(np.float64)
    spread = np.nan_to_num(segments.spread[motif, :, channel].astype(np.float64))
    known = np.isfinite(mean)
    name = elements.name(layout.channels[channel])
    if not known.any():
        return f'<span class="channel">{name}</span><span class="none">no values</span>'
    low, high = _find_range(segments, channel)
    unit = f" {layout.units[channel]}" if layout.units[channel] else ""
    across = (np.arange(len(mean)) + 0.5) / len(mean) * 1000
    scale = (HEIGHT - 6) / max(high - low, 1e-300)
    parts = []
    for run in _find_runs(known):
        x, middle, wide = across[run], mean[run], spread[run]
        upper = HEIGHT - 3 - (middle + wide - low) * scale
        lower = HEIGHT - 3 - (middle - wide - low) * scale
        line = HEIGHT - 3 - (middle - low) * scale
        band = format_points(np.r_[x, x[::-1]], np.r_[upper, lower[::-1]])
        parts.append(f'<polygon points="{band}"/><polyline points="{format_points(x, line)}"/>')
    return (
        f'<span class="channel">{name}<small>{elements.text(f"{low:.4g} to {high:.4g}{unit}")}'
        f"</small></span>{drawing(''.join(parts), height=HEIGHT)}"
    )


def _find_range(segments: Segments, channel: int) -> tuple[float, float]:
    """Return the range of a channel's segments over all motifs, with their spread."""
    mean = segments.mean[:, :, channel].astype(np.float64)
    spread = np.nan_to_num(segments.spread[:, :, channel].astype(np.float64))
    return float(np.nanmin(mean - spread)), float(np.nanmax(mean + spread))


def _find_runs(known: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[slice]:
    """Return the stretches of bins that are known."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], known.astype(np.int8), [0]])))
    return [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _draw_spectrogram(record: FitRecord, segments: Segments, layout: Channels, motif: int) -> str:
    """Return the mean spectrum over relative time as a picture, low bands at the bottom."""
    mean = np.nan_to_num(segments.mean[motif].astype(np.float64))
    full = max(float(np.nanmax(segments.mean)), 1e-300)
    ink = np.zeros((mean.shape[1], mean.shape[0], 4), dtype=np.uint8)
    ink[..., 3] = np.round(255 * np.clip(mean.T[::-1] / full, 0, 1))
    shown = np.linspace(len(layout.channels) - 1, 0, SPECTROGRAM_TICKS).round().astype(int)
    names = "".join(f"<li>{elements.name(layout.channels[band])}</li>" for band in shown)
    data = elements.data_uri("image/png", encode_png(ink))
    alt = elements.text(f"Spectrogram of {layout.channels[0]} to {layout.channels[-1]}")
    return (
        f'<figure class="segment sound"><div class="plot"><ol>{names}</ol>'
        f'<img class="ink" alt="{alt}" src="{data}">{_render_ticks(record)}</div>'
        f"<figcaption>Mean spectrogram of {int(segments.n_occurrences[motif]):,} occurrences; the "
        f"darker, the louder, up to {full:.0f} dB</figcaption></figure>"
    )


def _render_ticks(record: FitRecord) -> str:
    length_s = record.motifs.motif_length * record.bin_s
    return elements.ticks(choose_time_ticks(0.0, length_s, 6))
