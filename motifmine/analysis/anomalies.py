"""Anomalies: words that are unexpected, missing, or too many under the motifs of a fit.

With the motifs held fixed, every word has a rate in every time bin of a document (background and
active motifs). Three kinds of surprise are measured against these rates, smoothed over most of a
motif's length, and calibrated on the documents of the fit: the surprise of a value is -log10 of the
share of the fit's own time bins that exceed it.

- unexpected: the part of the Poisson deviance where more was counted than expected,
- missing: the part where less was counted than expected, and stretches with too low a total
  (half a motif's length to four),
- too many: stretches of half a motif's length with too high a total.

The deviance is s3 of the abnormality measures in the PLSM papers, split by its sign. Totals are
needed because motifs that never start do not lower the deviance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from motifmine.errors import DataError
from motifmine.records.anomalies import SENSES, Anomalies, AnomalyScale
from motifmine.records.fit import Activations, Background, MotifSet, make_dense_activation
from motifmine.records.start_layout import make_phi, start_layout
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Indices32

FLOOR = 0.03
"""Share of a document's observations added to the rates, distributed as the fit's background."""
SMOOTH = 2 / 3
"""Motif lengths over which the deviance is averaged."""
LOW_ACTIVITY_WINDOWS = (0.5, 1, 2, 4)
"""Windows of totals, in motif lengths; the first is also used for quiet bins and for too high
totals."""
QUIET = 0.6
"""A bin is quiet when the surprise of its low total is at least this: the quietest quarter."""
N_QUANTILES = 1000
"""Number of quantiles of the distribution of a measure."""
TAIL = 0.02
"""Upper share of a distribution to which an exponential tail is fitted, for extrapolation."""
LEAST_SURPRISE = 2.0
"""Smallest surprise of an anomaly: reached in one of a hundred of the fit's time bins."""
MOST = 1000
"""Most stretches that are kept, the most surprising."""
CHUNK_CELLS = 1 << 22
"""Most cells of the rate matrix in memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surprise:
    """The surprise of every time bin of one document, in every sense."""

    value: Floats
    """float64 array (sense, T), -log10 of the share of the fit's time bins that exceed it."""

    @property
    def overall(self) -> Floats:
        """Return the highest surprise of any sense, float64 array (T,)."""
        highest: Floats = self.value.max(axis=0)
        return highest


def measure_documents(
    table: ObservationTable, motifs: MotifSet, background: Background, activations: Activations
) -> list[Floats]:
    """Return the raw measures of every document: float64 arrays (measure, T).

    Measures are unexpected and missing deviance and the total of each bin's window (see
    `LOW_ACTIVITY_WINDOWS`); windows are cut off at the edges of the document.

    Parameters
    ----------
    table : ObservationTable
        The observations, prepared as for the fit.
    motifs, background, activations
        The fit, with `activations` and the background's share inferred in `table`.
    """
    deviances = _deviances(table, motifs, background, activations)
    total = np.bincount(
        table.row_of_observation(), weights=table.count, minlength=table.n_times
    ).astype(np.float64)
    edges, length = table.document_offsets, motifs.motif_length
    documents = []
    for first, last in pairwise(edges):
        smooth = [window_means(part[first:last], SMOOTH * length) for part in deviances]
        low = [window_means(total[first:last], n * length) for n in LOW_ACTIVITY_WINDOWS]
        documents.append(np.stack([*smooth, *low]))
    return documents


def window_means(value: Floats, width: float) -> Floats:
    """Return the means of `value` (T,) over windows of about `width` bins around every bin."""
    n_bins = max(1, round(width))
    before = n_bins // 2
    sums = np.concatenate([[0.0], np.cumsum(value)])
    at = np.arange(len(value))
    first = np.maximum(at - before, 0)
    last = np.minimum(at - before + n_bins, len(value))
    means: Floats = (sums[last] - sums[first]) / np.maximum(last - first, 1)
    return means


def calibrate(measures: Sequence[Floats]) -> AnomalyScale:
    """Return the distribution of every measure over the documents of a fit."""
    signed = np.concatenate([_orient(document) for document in measures], axis=1)
    if signed.shape[1] == 0:
        raise DataError("anomalies cannot be calibrated without a time bin")
    shares = np.concatenate(
        [np.linspace(0, 0.9, N_QUANTILES // 2), 1 - np.geomspace(0.1, 1e-4, N_QUANTILES // 2)[1:]]
    )
    quantile = np.quantile(signed, shares, axis=1, method="lower").T
    edge = np.quantile(signed, 1 - TAIL, axis=1, method="lower")
    above = [np.mean(row[row >= low] - low) for row, low in zip(signed, edge, strict=True)]
    spread = signed.std(axis=1)
    return AnomalyScale(
        share=1 - shares,
        quantile=np.ascontiguousarray(quantile),
        tail=np.stack([edge, np.maximum(above, 1e-3 * spread + 1e-12), signed.max(axis=1)], axis=1),
        n_bins=signed.shape[1],
    )


def calibrate_surprise(measures: Floats, scale: AnomalyScale) -> Surprise:
    """Return the calibrated surprise of one document's measures (measure, T)."""
    parts = [_surprise(row, scale, measure) for measure, row in enumerate(_orient(measures))]
    low = _combine_low_totals(parts[2 : 2 + len(LOW_ACTIVITY_WINDOWS)])
    missing = np.maximum(parts[1], low) - np.log10(2)
    # Bonferroni correction for the maximum over several measures
    value = np.stack([parts[0], missing, parts[-1]]) - np.log10(len(SENSES))
    return Surprise(value=np.maximum(value, 0.0))


def _combine_low_totals(surprises: Sequence[Floats]) -> Floats:
    """Return the surprise of low totals, the maximum over windows of growing length.

    A long empty window does not make a busy bin at its edge surprising: the bin's own short window
    must be quiet, too.
    """
    best: Floats = np.max(surprises, axis=0) - np.log10(len(surprises))
    return np.where(surprises[0] >= QUIET, best, 0.0)


def find_anomalies_of(
    table: ObservationTable,
    motifs: MotifSet,
    background: Background,
    activations: Activations,
    scale: AnomalyScale | None,
) -> Anomalies:
    """Return the anomalies of documents in which the motifs were located.

    Parameters
    ----------
    table : ObservationTable
        The table in which the motifs were located.
    motifs, background, activations
        `background` with its share of these documents.
    scale : AnomalyScale or None
        None: calibrate on these documents.
    """
    measures = measure_documents(table, motifs, background, activations)
    usual = calibrate(measures) if scale is None else scale
    return find_anomalies(
        table, [calibrate_surprise(document, usual) for document in measures], usual
    )


def find_anomalies(
    table: ObservationTable,
    surprises: Sequence[Surprise],
    scale: AnomalyScale,
) -> Anomalies:
    """Return the stretches whose surprise reaches `LEAST_SURPRISE`, the most surprising first.

    Parameters
    ----------
    table : ObservationTable
    surprises : sequence of Surprise
        One per document.
    scale : AnomalyScale
        Stored with the anomalies.
    """
    rows: list[tuple[int, int, int, int, float]] = []
    for document, surprise in enumerate(surprises):
        overall = surprise.overall
        for first, last in _stretches(overall >= LEAST_SURPRISE):
            sense, at = np.unravel_index(
                surprise.value[:, first:last].argmax(), (len(SENSES), last - first)
            )
            rows.append((document, first, last, int(sense), surprise.value[sense, first + at]))
    rows = sorted(rows, key=lambda row: (-row[4], row[0], row[1]))[:MOST]
    columns = list(zip(*rows, strict=True)) or [()] * 5
    documents, firsts, lasts = (np.array(column, dtype=np.int32) for column in columns[:3])
    return Anomalies(
        document=documents,
        start_s=_seconds(table, documents, firsts),
        end_s=_seconds(table, documents, lasts - np.int32(1)) + table.bin_s,
        sense=np.array(columns[3], dtype=np.int32),
        surprise=np.array(columns[4], dtype=np.float64),
        scale=scale,
    )


def _orient(measures: Floats) -> Floats:
    """Return measures with the sign for which larger is more surprising: totals twice."""
    deviance, totals = measures[:2], measures[2:]
    return np.concatenate([deviance, -totals, totals[:1]])


def _surprise(value: Floats, scale: AnomalyScale, measure: int) -> Floats:
    """Return -log10 of the share of the fit's bins with at least this value, float64 (T,)."""
    # of equal values none exceeds the others: only quantiles that are lower count
    at = np.searchsorted(scale.quantile[measure], value, side="left") - 1
    counted = -np.log10(np.maximum(scale.share[np.maximum(at, 0)], 1 / scale.n_bins))
    counted = np.where(at < 0, 0.0, counted)
    edge, mean_excess, highest = scale.tail[measure]
    beyond = -np.log10(TAIL) + (value - edge) / (mean_excess * np.log(10))
    surprise: Floats = np.where(value > highest, np.maximum(beyond, counted), counted)
    return surprise


def _deviances(
    table: ObservationTable, motifs: MotifSet, background: Background, activations: Activations
) -> tuple[Floats, Floats]:
    """Return the deviance of every time bin above and below its rates, two float64 (T,)."""
    layout = start_layout(table, motifs.motif_length)
    phi = make_phi(motifs.probability)
    activation = make_dense_activation(layout, activations, len(motifs)).ravel()
    above, below = np.zeros(table.n_times), np.zeros(table.n_times)
    edges = table.document_offsets
    for document in range(table.n_documents):
        n_times = int(edges[document + 1] - edges[document])
        per_bin = layout.document_total[document] / max(n_times, 1)
        flat = per_bin * (background.weight + FLOOR) * background.probability.astype(np.float64)
        flat += per_bin * FLOOR / motifs.n_words
        step = max(1, CHUNK_CELLS // max(motifs.n_words, 1))
        for first in range(0, n_times, step):
            rows = np.arange(first, min(first + step, n_times))
            starts = (layout.document_rows[document] + rows) * len(motifs)
            windows = activation[starts[:, None] + np.arange(phi.shape[1])]
            rate = flat + windows @ phi.T
            part = slice(edges[document] + rows[0], edges[document] + rows[-1] + 1)
            above[part], below[part] = _split_deviance(table, rate, part)
    return above, below


def _split_deviance(table: ObservationTable, rate: Floats, part: slice) -> tuple[Floats, Floats]:
    """Return the Poisson deviance of some time rows above and below `rate` (rows, W)."""
    start, stop = table.offsets[part.start], table.offsets[part.stop]
    word, count = table.word[start:stop], table.count[start:stop].astype(np.float64)
    row = np.repeat(
        np.arange(part.stop - part.start), np.diff(table.offsets[part.start : part.stop + 1])
    )
    expected = rate[row, word]
    deviance = count * np.log(count / expected) - count + expected
    more = count > expected
    n_rows = len(rate)
    above = np.bincount(row, weights=np.where(more, deviance, 0.0), minlength=n_rows)
    # a word without an observation has the deviance of its rate
    unseen = rate.sum(axis=1) - np.bincount(row, weights=expected, minlength=n_rows)
    below = unseen + np.bincount(row, weights=np.where(more, 0.0, deviance), minlength=n_rows)
    return above.astype(np.float64), below.astype(np.float64)


def _stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and last + 1 of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _seconds(table: ObservationTable, document: Indices32, time: Indices32) -> Floats:
    """Return the start of time bins in seconds of their recordings."""
    starts = np.concatenate([r.bin_start_s for r in table.recordings])
    seconds: Floats = starts[table.document_offsets[document] + time]
    return seconds
