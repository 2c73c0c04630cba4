"""What every model asks of a table before it is fitted."""

from dataclasses import replace

import numpy as np
import pytest

from motifmine.errors import DataError
from motifmine.models.checks import check_size, drop_unused_words
from motifmine.records.vocabulary import Vocabulary
from motifmine.simulation import Simulation


def test_tables_that_are_too_small_are_refused(small: Simulation) -> None:
    check_size(small.table, n_motifs=3, motif_length=400)
    with pytest.raises(DataError, match="motif_length is 401 bins"):
        check_size(small.table, n_motifs=3, motif_length=401)
    with pytest.raises(DataError, match="ask for fewer"):
        check_size(small.table, n_motifs=10**9, motif_length=8)
    with pytest.raises(DataError, match="no observations"):
        empty = small.table.with_counts(np.zeros_like(small.table.count))
        check_size(empty, n_motifs=1, motif_length=1)


def test_unused_words_are_dropped_and_restored(small: Simulation) -> None:
    labels = (*small.table.vocabulary.labels, "never", "ever")
    wide = replace(small.table, vocabulary=Vocabulary.of_labels(labels))
    used, table = drop_unused_words(wide)
    assert table.n_words == len(used) == len(np.unique(small.table.word))
    np.testing.assert_array_equal(used[table.word], small.table.word)
    assert table.vocabulary.labels == tuple(labels[w] for w in used)
