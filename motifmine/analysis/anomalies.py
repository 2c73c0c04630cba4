"""Anomalies: words that are unexpected, missing, or too many under the motifs of a fit.

With the motifs held fixed, every word has a rate in every time bin of a document (background and
active motifs). Kinds of surprise are measured against these rates, smoothed over most of a
motif's length, and calibrated on the documents of the fit, each stretch with motifs less what they
owe to it: the surprise of a value is -log10 of the probability that a new time bin reaches it.

- unexpected: the part of the Poisson deviance where more was counted than expected,
- missing: the part where less was counted than expected, and stretches with too low a total
  (half a motif's length to four),
- too many: stretches of half a motif's length with too high a total,
- implausible, of models with a critic: windows seem less real to it than those of the fit that it
  did not learn from.

The deviance is s3 of the abnormality measures in the PLSM papers, split by its sign. Totals are
needed because motifs that never start do not lower the deviance.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from motifmine.analysis.anomaly_scale import (
    describe_measures,
    join_scales,
    surprise_of,
)
from motifmine.analysis.held_out_motifs import HeldOutFold, leave_out_folds
from motifmine.models.protocol import Located, Verdicts
from motifmine.models.registry import judge_documents, locate_motifs
from motifmine.records.anomalies import Anomalies, AnomalyScale
from motifmine.records.fit import (
    Activations,
    Background,
    FitRecord,
    MotifSet,
    make_dense_activation,
    separate_tempos,
)
from motifmine.records.start_layout import StartLayout, make_phi, start_layout
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Floats32, Indices32

# share of a document's observations added to the rates, distributed as the fit's background
FLOOR = 0.03
SMOOTH = 2 / 3  # motif lengths over which the deviance is averaged
# windows of totals, in motif lengths; the first is also used for quiet bins and for too high totals
LOW_ACTIVITY_WINDOWS = (0.5, 1, 2, 4)
LEAST_TOTAL = 0.5  # observations added to the total of a window, whose logarithm is taken
# a bin is quiet when the surprise of its low total is at least this: the quietest quarter
QUIET = 0.6
LEAST_SURPRISE = 2.0  # smallest surprise of an anomaly: reached in one of a hundred time bins
MOST = 1000  # most stretches that are kept, the most surprising
CHUNK_CELLS = 1 << 22  # most cells of the rate matrix in memory at a time
N_OF_RATES = 3 + len(LOW_ACTIVITY_WINDOWS)  # measures of the rates; a critic's come after


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surprise:
    """The surprise of every time bin of one document, in every sense."""

    value: Floats
    """float64 array (sense, T), -log10 of the probability that a new time bin reaches it."""

    @property
    def overall(self) -> Floats:
        """Return the highest surprise of any sense, float64 array (T,)."""
        highest: Floats = self.value.max(axis=0)
        return highest


def measure_documents(
    table: ObservationTable, motifs: MotifSet, background: Background, activations: Activations
) -> list[Floats]:
    """Return the raw measures of every document: float64 arrays (measure, T).

    Measures are unexpected and missing deviance, how low the total of each bin's window is (see
    `LOW_ACTIVITY_WINDOWS`), and how high that of the first; windows are cut off at the edges of the
    document.
    """
    motifs, activations = separate_tempos(motifs, activations)
    whole = HeldOutFold(first=0, end=table.n_times, motifs=motifs, background=background)
    return _measure(table, [whole], motifs, activations)


def measure_held_out(
    table: ObservationTable, motifs: MotifSet, background: Background, activations: Activations
) -> list[Floats]:
    """Return the measures of documents that the motifs were learned from, as of new documents.

    Every stretch of time is measured with the motifs less what they owe to it: against their own
    data, rates that were learned in ten minutes seem better than they are.
    """
    motifs, activations = separate_tempos(motifs, activations)
    folds = leave_out_folds(table, motifs, background, activations, FLOOR)
    return _measure(table, folds, motifs, activations)


def _measure(
    table: ObservationTable,
    folds: Iterable[HeldOutFold],
    motifs: MotifSet,
    activations: Activations,
) -> list[Floats]:
    length = motifs.motif_length
    layout = start_layout(table, length)
    activation = make_dense_activation(layout, activations, len(motifs))
    total = table.time_totals()
    above, below = np.zeros(table.n_times), np.zeros(table.n_times)
    for fold in folds:
        deviances = _deviances(table, layout, activation, fold)
        above[fold.first : fold.end], below[fold.first : fold.end] = deviances
    documents = []
    for first, last in pairwise(table.document_offsets):
        smooth = [window_means(part[first:last], SMOOTH * length) for part in (above, below)]
        widths = [max(1, round(n * length)) for n in LOW_ACTIVITY_WINDOWS]
        sums = [window_means(total[first:last], width) * width for width in widths]
        # the lower tail of a gamma distribution is a power of the value: exponential in its log
        low = [-np.log(part + LEAST_TOTAL) for part in sums]
        documents.append(np.stack([*smooth, *low, sums[0]]))
    return documents


def add_verdicts(measures: Sequence[Floats], verdicts: Sequence[Verdicts]) -> list[Floats]:
    """Return the measures of documents (measure, T) with those of a critic, if there is one.

    Parameters
    ----------
    measures : sequence of float64 arrays (measure, T)
    verdicts : sequence of Verdicts
        Of the same documents, or empty.
    """
    if not verdicts:
        return list(measures)
    pairs = zip(measures, verdicts, strict=True)
    return [np.concatenate([rates, [-verdict.value]]) for rates, verdict in pairs]


def window_means(value: Floats, width: float) -> Floats:
    """Return the means of `value` (T,) over windows of about `width` bins around every bin."""
    n_bins = max(1, round(width))
    # centred windows, so that a stretch is reported when it happens
    before = n_bins // 2
    sums = np.concatenate([[0.0], np.cumsum(value)])
    at = np.arange(len(value))
    first = np.maximum(at - before, 0)
    last = np.minimum(at - before + n_bins, len(value))
    means: Floats = (sums[last] - sums[first]) / np.maximum(last - first, 1)
    return means


def calibrate(
    measures: Sequence[Floats], motif_length: int, unseen: Sequence[NDArray[np.bool_]] = ()
) -> AnomalyScale:
    """Return the distribution of every measure, and of their combination, over some documents.

    Parameters
    ----------
    measures : sequence of float64 arrays (measure, T)
        Of documents that the motifs were not learned from, or of `measure_held_out`.
    motif_length : int
    unseen : sequence of bool arrays (T,)
        Bins of the documents that a critic did not learn from, where there are its measures.

    Raises
    ------
    DataError
        When there is no time bin.
    """
    every = np.concatenate(measures, axis=1)
    scale = describe_measures(every[:N_OF_RATES], motif_length)
    if unseen:
        held_out = np.concatenate(unseen)
        judged = describe_measures(every[N_OF_RATES:, held_out], motif_length)
        scale = join_scales([scale, judged])
        # a scale of its own for all together must not hold what the critic knows by heart
        measures = [every[:, held_out]]
    # the highest of dependent measures has a distribution of its own
    overall = np.concatenate([_combine(document, scale).max(axis=0) for document in measures])
    return join_scales([scale, describe_measures(overall[None], motif_length)])


def calibrate_surprise(measures: Floats, scale: AnomalyScale) -> Surprise:
    """Return the calibrated surprise of one document's measures (measure, T)."""
    senses = _combine(measures, scale)
    last = len(scale.tail) - 1
    # the measures' tails are predictive; a second time would count the uncertainty twice
    value = np.stack([surprise_of(row, scale, last, predictive=False) for row in senses])
    return Surprise(value=np.maximum(value, 0.0))


def _combine(measures: Floats, scale: AnomalyScale) -> Floats:
    """Return the surprise of one document in every sense, each on its own, float64 (sense, T)."""
    parts = [
        surprise_of(row, scale, measure, predictive=True) for measure, row in enumerate(measures)
    ]
    low = _combine_low_totals(parts[2 : 2 + len(LOW_ACTIVITY_WINDOWS)])
    # Bonferroni correction for the maximum of two
    missing = np.maximum(parts[1], low) - np.log10(2)
    senses = [parts[0], missing, parts[N_OF_RATES - 1]]
    if len(parts) > N_OF_RATES:
        senses.append(parts[N_OF_RATES])
    return np.stack(senses)


def _combine_low_totals(surprises: Sequence[Floats]) -> Floats:
    """Return the surprise of low totals, the maximum over windows of growing length.

    A long empty window does not make a busy bin at its edge surprising: the bin's own short window
    must be quiet, too.
    """
    # windows of one place are so alike that a correction for their number would hide a silence
    best: Floats = np.max(surprises, axis=0)
    return np.where(surprises[0] >= QUIET, best, 0.0)


def find_anomalies_of(
    table: ObservationTable,
    motifs: MotifSet,
    background: Background,
    activations: Activations,
    scale: AnomalyScale | None,
    verdicts: Sequence[Verdicts] = (),
) -> Anomalies:
    """Return the anomalies of documents in which the motifs were located.

    Parameters
    ----------
    table : ObservationTable
        The table in which the motifs were located.
    motifs, background, activations
        `background` with its share of these documents.
    scale : AnomalyScale or None
        None: these are the documents of the fit, calibrate on them.
    verdicts : sequence of Verdicts
        Of every document, of models with a critic.
    """
    # on its own documents a fit is judged without what it owes to them
    measure = measure_held_out if scale is None else measure_documents
    measures = measure(table, motifs, background, activations)
    measures = add_verdicts(measures, verdicts)
    unseen = [v.is_held_out for v in verdicts]
    usual = calibrate(measures, motifs.motif_length, unseen) if scale is None else scale
    return find_anomalies(
        table, [calibrate_surprise(document, usual) for document in measures], usual
    )


def find_anomalies_in(
    record: FitRecord,
    table: ObservationTable,
    located: Located | None = None,
    scale: AnomalyScale | None = None,
) -> Anomalies:
    """Return the anomalies of documents by the likelihood of a fit, and by its model's critic.

    Parameters
    ----------
    record : FitRecord
    table : ObservationTable
        Prepared as for the fit.
    located : Located or None
        Where the motifs are in it; None: they are located.
    scale : AnomalyScale or None
        None: these are the documents of the fit, calibrate on them.
    """
    located = located or locate_motifs(record, table)
    has_critic = scale is None or len(scale.tail) > N_OF_RATES + 1
    verdicts = judge_documents(record, table) if has_critic else []
    if scale is None and not any(verdict.is_held_out.any() for verdict in verdicts):
        # a short table is learned from wholly, so that nothing is known of what is usual
        verdicts = []
    return find_anomalies_of(
        table, record.motifs, located.background, located.activations, scale, verdicts
    )


def find_anomalies(
    table: ObservationTable,
    surprises: Sequence[Surprise],
    scale: AnomalyScale,
) -> Anomalies:
    """Return the stretches whose surprise reaches `LEAST_SURPRISE`, the most surprising first."""
    rows: list[tuple[int, int, int, int, float]] = []
    for document, surprise in enumerate(surprises):
        overall = surprise.overall
        for first, last in _stretches(overall >= LEAST_SURPRISE):
            sense, at = np.unravel_index(
                surprise.value[:, first:last].argmax(), (len(surprise.value), last - first)
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


def _deviances(
    table: ObservationTable, layout: StartLayout, activation: Floats32, fold: HeldOutFold
) -> tuple[Floats, Floats]:
    """Return the deviance of a fold's time bins above and below their rates, two float64 (T,)."""
    motifs, background = fold.motifs, fold.background
    phi, mass = make_phi(motifs.probability), activation.ravel()
    above, below = np.zeros(fold.end - fold.first), np.zeros(fold.end - fold.first)
    edges = table.document_offsets
    step = max(1, CHUNK_CELLS // max(motifs.n_words, 1))
    for document in range(table.n_documents):
        n_times = int(edges[document + 1] - edges[document])
        per_bin = layout.document_total[document] / max(n_times, 1)
        flat = per_bin * (background.weight + FLOOR) * background.probability.astype(np.float64)
        flat += per_bin * FLOOR / motifs.n_words
        begin = max(fold.first, int(edges[document]))
        end = min(fold.end, int(edges[document + 1]))
        for first in range(begin, end, step):
            last = min(first + step, end)
            rows = layout.document_rows[document] + np.arange(first, last) - edges[document]
            windows = mass[(rows * len(motifs))[:, None] + np.arange(phi.shape[1])]
            rate = flat + windows @ phi.T
            part = slice(first - fold.first, last - fold.first)
            above[part], below[part] = _split_deviance(table, rate, slice(first, last))
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
