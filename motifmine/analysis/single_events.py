"""Events that happened once: anomalies whose observations belong together, and that have no like.

One event cannot be tested on data it was not learned from. Its observations can: each is judged by
the others alone. A chance clump has one observation in most cells of time and word, and none of
them speaks for another.
"""

from dataclasses import replace

import numpy as np

from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.records.anomalies import SENSES, Anomalies
from motifmine.records.fit import Activations, Background, MotifSet
from motifmine.records.table import ObservationTable
from motifmine.types import Floats

# surprise of an event that happened once, which one in a thousand time bins has by chance
LEAST_SURPRISE = 3.0
# cosine at the best shift with another stretch from which an event happened more than once
ALIKE = 0.5
FLOOR = 1e-3  # share of the observations that any word could always explain


def mark_single_events(
    anomalies: Anomalies,
    table: ObservationTable,
    motifs: MotifSet,
    background: Background,
    activations: Activations,
    least_score: float,
) -> Anomalies:
    """Return anomalies with `happened_once`.

    Parameters
    ----------
    anomalies : Anomalies
        Of the motifs that recur.
    table : ObservationTable
        The recordings, prepared as for the fit.
    motifs, background, activations
        The motifs that recur, and what they explain in `table`.
    least_score : float
        Score from which occurrences are sure, nats.
    """
    length = motifs.motif_length
    is_more = np.array([sense != "missing" for sense in SENSES])[anomalies.sense]
    events = np.flatnonzero(is_more)
    excess = np.zeros((len(events), length, table.n_words), dtype=np.float32)
    score = np.zeros(len(events))
    for number, at in enumerate(events.tolist()):
        document = int(anomalies.document[at])
        begin_s = table.recordings[document].bin_start_s
        middle_s = (anomalies.start_s[at] + anomalies.end_s[at]) / 2
        start = int(np.searchsorted(begin_s, middle_s)) - (length + 1) // 2
        count, rate = _window(table, motifs, background, activations, document, start)
        excess[number, : len(count)] = np.maximum(count - rate, 0.0)
        score[number] = score_of_each_by_others(count, rate)
    alike = np.zeros((len(events), len(events)))
    if len(events):
        alike, _ = max_shifted_cosine(excess, excess)
        np.fill_diagonal(alike, 0.0)
    sure = (anomalies.surprise[events] >= LEAST_SURPRISE) & (score >= least_score)
    once = np.zeros(len(anomalies), dtype=np.bool_)
    once[events] = sure & (alike.max(axis=1, initial=0.0) < ALIKE)
    return replace(anomalies, happened_once=once)


def score_of_each_by_others(count: Floats, rate: Floats) -> float:
    """Return the log-likelihood ratio (nats) of an event that each observation knows by the others.

    Parameters
    ----------
    count : float64 array (L, W)
        Observations.
    rate : float64 array (L, W)
        What they would be without the event, > 0.
    """
    others = np.maximum(count - 1 - rate, 0.0)
    gain = float((count * np.log1p(others / rate)).sum())
    return gain - float(np.maximum(count - rate, 0.0).sum())


def _window(
    table: ObservationTable,
    motifs: MotifSet,
    background: Background,
    activations: Activations,
    document: int,
    start: int,
) -> tuple[Floats, Floats]:
    """Return counts and rates (bins, W) of a motif's length from `start` on in a document."""
    edges = table.document_offsets
    n_times = int(edges[document + 1] - edges[document])
    first, end = max(start, 0), min(start + motifs.motif_length, n_times)
    rows = slice(int(edges[document]) + first, int(edges[document]) + end)
    part = slice(int(table.offsets[rows.start]), int(table.offsets[rows.stop]))
    count = np.zeros((end - first, table.n_words))
    row = np.repeat(np.arange(end - first), np.diff(table.offsets[rows.start : rows.stop + 1]))
    np.add.at(count, (row, table.word[part]), table.count[part])
    whole = slice(int(table.offsets[edges[document]]), int(table.offsets[edges[document + 1]]))
    per_bin = float(table.count[whole].sum()) / n_times
    of_word = background.weight * background.probability + FLOOR / table.n_words
    rate = np.tile(per_bin * of_word.astype(np.float64), (end - first, 1))
    for at in range(int(activations.offsets[document]), int(activations.offsets[document + 1])):
        offset = int(activations.start[at]) - first
        here = slice(max(offset, 0), min(offset + motifs.motif_length, end - first))
        if here.start < here.stop:
            bins = slice(here.start - offset, here.stop - offset)
            motif = motifs.probability[activations.motif[at], bins]
            rate[here] += float(activations.mass[at]) * motif
    return count, rate
