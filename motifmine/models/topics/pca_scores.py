"""Topics with signs: each component of PCA as two topics, one for what is more and one for less.

A component is an axis v over words, and the score of a time bin x is s = v . (x - mean): positive
where the words of v's positive part are more than usual, negative where those of its negative part
are. The positive part of v becomes one topic and the negative part, its sign taken off, another;
max(s, 0) is the strength of the first and max(-s, 0) that of the second. The strengths of a bin,
scaled to the observations it holds, are its counts.
"""

import numpy as np

from motifmine.models.topics.projection import explained, topic_table
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import Topics, Vocabulary
from motifmine.types import Floats


def signed_topics(axes: Floats, mean: Floats, inner: Vocabulary) -> Topics:
    """Return two topics for each axis: 2c for the positive part of axis c, 2c + 1 for the negative.

    `coding` of the result holds, for each topic, by what its loadings are multiplied to give its
    part of the axis, and the score of the mean with its sign: enough to score new bins.

    Parameters
    ----------
    axes : float64 array (component, word)
    mean : float64 array (word,)
        Mean count in a time bin.
    inner : Vocabulary
    """
    halves = np.stack([np.maximum(axes, 0), np.maximum(-axes, 0)], axis=1).reshape(-1, len(mean))
    gain = halves.sum(axis=1)
    # a part without any word is never strong: its gain is 0, its loadings are but a form
    even = np.full(len(mean), 1 / max(len(mean), 1))
    loadings = np.where(gain[:, None] > 0, halves / np.maximum(gain, 1e-300)[:, None], even)
    level = (axes @ mean).repeat(2) * np.tile([1.0, -1.0], len(axes))
    return Topics(
        model="pca",
        loadings=loadings.astype(np.float32),
        inner=inner,
        coding=np.stack([gain, level], axis=1),
    )


def topic_scores(table: ObservationTable, topics: Topics) -> Floats:
    """Return max(s, 0) of every topic in every time bin, float64 array (T, topic)."""
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
    """Return `table` over topics of PCA: a bin's counts are its scores, scaled to what it holds."""
    known = explained(table, topics)
    scores = topic_scores(known, topics)
    total = scores.sum(axis=1, keepdims=True)
    shares = np.divide(scores, total, out=np.zeros_like(scores), where=total > 0)
    return topic_table(known, topics, shares.astype(np.float32))
