"""Unfolding of motifs over topics to the words of the topics."""

from dataclasses import replace

import numpy as np

from motifmine.records.fit import Background, FitRecord, MotifSet
from motifmine.records.vocabulary import Vocabulary
from motifmine.types import Floats, Floats32


def find_innermost(vocabulary: Vocabulary) -> Vocabulary:
    """Return the words below all layers of topics; a vocabulary without topics is returned."""
    while (topics := vocabulary.layout.topics()) is not None:
        vocabulary = topics.inner
    return vocabulary


def unfold(probability: Floats32, loadings: Floats32) -> Floats32:
    """Return distributions over topics as distributions over words: p(w) = sum_a p(a) p(w|a).

    Parameters
    ----------
    probability : float32 array (..., topic)
    loadings : float32 array (topic, word), each sums to 1

    Returns
    -------
    float32 array (..., word)
        With the sums that `probability` has.
    """
    words: Floats32 = np.matmul(probability, loadings, dtype=np.float32)
    return words


def unfold_record(record: FitRecord) -> FitRecord:
    """Return a fit over topics as a fit over the innermost words, for pictures and lists of words.

    Motifs and background are unfolded; weights, activations and occurrences do not change.
    `folded` of the result is the fit over topics. A fit without topics is returned unchanged.
    """
    shown = record
    # there may be topics of topics
    while (layout := shown.vocabulary.layout.topics()) is not None:
        shown = replace(
            shown,
            motifs=MotifSet(
                probability=unfold(shown.motifs.probability, layout.loadings),
                weight=shown.motifs.weight,
            ),
            background=Background(
                probability=unfold(shown.background.probability, layout.loadings),
                weight=shown.background.weight,
            ),
            vocabulary=layout.inner,
            folded=record,
        )
    return shown


def compute_topic_shares(record: FitRecord) -> Floats:
    """Return the share of all observations that a fit gives each topic, float64 array (topic,)."""
    by_motif = record.motifs.probability.sum(axis=1, dtype=np.float64)
    background = record.background.weight * record.background.probability.astype(np.float64)
    shares: Floats = record.motifs.weight @ by_motif + background
    return shares


def make_topic_motifs(record: FitRecord) -> FitRecord:
    """Return a fit over topics with the topics themselves as motifs of one time bin, to be drawn.

    The motifs are over the innermost words, in the order of the topics.
    """
    n_topics = record.vocabulary.n_words
    alone = np.eye(n_topics, dtype=np.float32)[:, None, :]
    # names, drift and stability are those of the motifs, and not of the topics
    return unfold_record(
        replace(
            record,
            motifs=MotifSet(probability=alone, weight=compute_topic_shares(record)),
            names=(),
            drift=None,
            stability=None,
        )
    )
