"""The null of occurrences for tables over topics: the words under the topics, moved in time.

Were the topics themselves moved, each would keep the course that a car gives it, and chance would
be asked only whether the topics follow one another; a motif that crosses few topics would never be
more than chance. So topics are unfolded to words, the words are moved as they are where there are
no topics, and what comes out is put into the topics again: the same question as for words.
"""

from dataclasses import replace

import numpy as np

from motifmine.analysis.chance_level import rolled_words
from motifmine.models.topics.external import project
from motifmine.records.table import ObservationTable, cut_documents, join_tables
from motifmine.records.topics import unfold_table

PIECE_BINS = 20_000
"""Longer documents are moved piece by piece: unfolded they would not fit in memory."""


def rolled_under_topics(table: ObservationTable, rng: np.random.Generator) -> ObservationTable:
    """Return the table with every word's series moved around its document by a lag of its own.

    Of a table over topics the words are those under the topics; documents of more than `PIECE_BINS`
    time bins are moved in pieces.
    """
    layout = table.vocabulary.layout.topics()
    if layout is None:
        return rolled_words(table, rng)
    pieces = cut_documents(table, PIECE_BINS)
    moved = [
        project(rolled_words(unfold_table(pieces.document(d)), rng), layout)
        for d in range(pieces.n_documents)
    ]
    return replace(join_tables(moved), recordings=table.recordings)
