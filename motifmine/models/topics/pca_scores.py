"""Topics of PCA: each component as two topics, one for its positive and one for its negative part.

The score of a time bin x for a component v is s = v . (x - mean). The positive part of v is one
topic, the absolute value of its negative part another; max(s, 0) and max(-s, 0) are their
strengths. The counts of a bin are its strengths, scaled to its number of observations.
"""

import numpy as np

from motifmine.models.topics.projection import drop_unknown_words, make_topic_table
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import Topics, Vocabulary
from motifmine.types import Floats


def make_signed_topics(axes: Floats, mean: Floats, inner: Vocabulary) -> Topics:
    """Return two topics per axis: 2c for the positive part of axis c, 2c + 1 for the negative.

    `coding` of the result has, for each topic, the factor between its loadings and its part of the
    axis, and the score of the mean with its sign, which is sufficient for scoring new bins.

    Parameters
    ----------
    axes : float64 array (component, word)
    mean : float64 array (word,)
        Mean count in a time bin.
    """
    halves = np.stack([np.maximum(axes, 0), np.maximum(-axes, 0)], axis=1).reshape(-1, len(mean))
    gain = halves.sum(axis=1)
    # a part without words has a gain of 0, so that its loadings, which must sum to 1, do not matter
    even = np.full(len(mean), 1 / max(len(mean), 1))
    loadings = np.where(gain[:, None] > 0, halves / np.maximum(gain, 1e-300)[:, None], even)
    level = (axes @ mean).repeat(2) * np.tile([1.0, -1.0], len(axes))
    return Topics(
        model="pca",
        loadings=loadings.astype(np.float32),
        inner=inner,
        coding=np.stack([gain, level], axis=1),
    )


def compute_scores(table: ObservationTable, topics: Topics) -> Floats:
    """Compute max(s, 0) of every topic in every time bin, float64 array (T, topic)."""
    import scipy.sparse  # noqa: PLC0415 - heavy

    bins = scipy.sparse.csr_matrix(
        (table.count.astype(np.float64), table.word, table.offsets),
        shape=(table.n_times, table.n_words),
    )
    gain, level = topics.coding.T
    parts = np.asarray(bins @ topics.loadings.astype(np.float64).T) * gain
    twin = np.arange(topics.n_words) ^ 1
    scores: Floats = np.maximum(parts - parts[:, twin] - level, 0)
    return scores


def project_by_scores(table: ObservationTable, topics: Topics) -> ObservationTable:
    """Project `table` onto topics of PCA, with counts proportional to scores."""
    known = drop_unknown_words(table, topics)
    scores = compute_scores(known, topics)
    total = scores.sum(axis=1, keepdims=True)
    shares = np.divide(scores, total, out=np.zeros_like(scores), where=total > 0)
    return make_topic_table(known, topics, shares.astype(np.float32))
