"""Tables whose words are topics, from the shares of topics."""

from dataclasses import replace

import numpy as np

from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import Topics, Vocabulary
from motifmine.types import Floats, Floats32

MIN_SHARE = 1e-3  # least share of a topic in a time bin; smaller shares are set to 0


def make_topic_vocabulary(layout: Topics) -> Vocabulary:
    """Return the vocabulary of topics; labels name the most probable word of each topic."""
    heaviest = layout.loadings.argmax(axis=1) if layout.n_words else ()
    labels = (f"topic {n}: {layout.inner.labels[word]}" for n, word in enumerate(heaviest, 1))
    return Vocabulary(labels=tuple(labels), layout=layout)


def drop_unknown_words(table: ObservationTable, layout: Topics) -> ObservationTable:
    """Return the table with counts of 0 for words that no topic has.

    This includes words that are not in the inner vocabulary.
    """
    known = np.zeros(max(table.n_words, layout.inner.n_words), bool)
    known[: layout.inner.n_words] = layout.loadings.any(axis=0)
    kept = table.with_counts(np.where(known[table.word], table.count, np.float32(0)))
    return replace(kept, vocabulary=layout.inner)


def make_topic_table(table: ObservationTable, layout: Topics, shares: Floats32) -> ObservationTable:
    """Return the table of topics: n(topic, bin) = observations of the bin * share of the topic.

    This is the weighting of Varadarajan, Emonet and Odobez (BMVC 2010), which preserves the number
    of observations of a bin.

    Parameters
    ----------
    table : ObservationTable
        Over the inner words, see `drop_unknown_words`.
    shares : float32 array (T, topic)
        Shares of topics in every time bin, >= 0; those below `MIN_SHARE` are set to 0, and the
        others are normalised to sum to 1.
    """
    kept = np.where(shares < MIN_SHARE, 0, shares).astype(np.float64)
    total = kept.sum(axis=1, keepdims=True)
    observed: Floats = table.time_totals()
    np.divide(kept * observed[:, None], total, out=kept, where=total > 0)
    counts = kept.astype(np.float32)
    bins, topics = np.nonzero(counts)
    return replace(
        table,
        offsets=np.searchsorted(bins, np.arange(table.n_times + 1)).astype(np.int64),
        word=topics.astype(np.int32),
        count=counts[bins, topics],
        vocabulary=make_topic_vocabulary(layout),
    )
