"""Mean raw values of a series at the occurrences of each motif."""

from itertools import pairwise

import numpy as np

from motifmine.features.series.trends import find_trend_bins, remove_trend
from motifmine.records.fit import Occurrences, Segments
from motifmine.records.table import ObservationTable
from motifmine.records.topics import find_innermost
from motifmine.types import Floats32


def average_segments(
    table: ObservationTable, occurrences: Occurrences, *, n_motifs: int, motif_length: int
) -> Segments | None:
    """Return mean and standard deviation of the raw series over each motif's occurrences.

    None for tables without a series. Bins outside the document and missing values are ignored, and
    occurrences at another tempo are read at the motif's own. Channels whose trend gives no words
    are read without it, around their usual level: else the sun would hide what occurs.
    """
    if table.series is None:
        return None
    raw = _without_trends(table, table.series)
    n_channels = raw.shape[1]
    # sums are centred at the channels' means: squares of large values would lose digits
    known = np.isfinite(raw)
    level = np.where(known, raw, 0.0).sum(axis=0, dtype=np.float64) / np.maximum(
        known.sum(axis=0), 1
    )
    edges = table.document_offsets
    first, last = edges[occurrences.document], edges[occurrences.document + 1]
    shape = (n_motifs, motif_length, n_channels)
    mean, spread = np.full(shape, np.nan, np.float32), np.full(shape, np.nan, np.float32)
    tempo = np.ones(len(occurrences)) if occurrences.tempo is None else occurrences.tempo
    for relative in range(motif_length):
        row = first + occurrences.start_bin + np.rint(relative / tempo).astype(np.int64)
        inside = (row >= first) & (row < last)
        value = raw[row[inside]].astype(np.float64) - level
        motif = occurrences.motif[inside]
        is_known = np.isfinite(value)
        value[~is_known] = 0.0
        n = np.zeros((n_motifs, n_channels))
        total, square = np.zeros_like(n), np.zeros_like(n)
        np.add.at(n, motif, is_known)
        np.add.at(total, motif, value)
        np.add.at(square, motif, value**2)
        here = total / np.where(n > 0, n, np.nan)
        variance = np.maximum(square / np.where(n > 0, n, np.nan) - here**2, 0.0)
        mean[:, relative] = here + level
        spread[:, relative] = np.sqrt(variance)
    return Segments(
        mean=mean,
        spread=spread,
        n_occurrences=np.bincount(occurrences.motif, minlength=n_motifs).astype(np.int64),
    )


def _without_trends(table: ObservationTable, series: Floats32) -> Floats32:
    """Return raw values without the trends that the coding takes out, at the usual level."""
    windows = find_trend_bins(find_innermost(table.vocabulary).layout)
    if not windows.any():
        return series
    flat = series.copy()
    edges = table.document_offsets.tolist()
    for channel in np.flatnonzero(windows).tolist():
        level = float(np.nanmedian(series[:, channel]))
        for first, last in pairwise(edges):
            column = series[first:last, channel].astype(np.float64)
            flat[first:last, channel] = remove_trend(column, int(windows[channel])) + level
    return flat
