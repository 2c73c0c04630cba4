"""Motifs of common instants: only their direction in time can show that they recur."""

import numpy as np
import pytest

from motifmine.analysis.common_instants import need_direction
from motifmine.analysis.decoys import draw_lags, motifs_with_decoys
from motifmine.records.fit import MotifSet
from motifmine.seeding import generator
from tests.helpers.tables import table_of_counts


def motif_set(probability: np.ndarray) -> MotifSet:
    scaled = probability / probability.sum(axis=(1, 2), keepdims=True)
    return MotifSet(
        probability=scaled.astype(np.float32), weight=np.full(len(scaled), 0.5 / len(scaled))
    )


def sequence() -> np.ndarray:
    """Return a motif of six words, one bin each, two bins apart."""
    motif = np.zeros((1, 12, 6))
    motif[0, 2 * np.arange(6), np.arange(6)] = 1
    return motif


@pytest.mark.parametrize("common", [False, True])
def test_channels_that_share_a_disturbance_need_a_direction(common: bool) -> None:
    rng = generator(1)
    rate = rng.gamma(0.5, 2, (3000, 1)) if common else np.ones((3000, 1))
    table = table_of_counts(rng.poisson(rate * np.full(6, 0.8)))
    assert need_direction(table, motif_set(sequence())).tolist() == [common]


def test_words_that_come_together_in_a_motif_need_a_direction() -> None:
    table = table_of_counts(generator(2).poisson(0.8, (3000, 6)))
    rhythm = np.array([0, 3, 1, 0, 2, 0])[:, None] * np.ones((1, 6))
    assert need_direction(table, motif_set(rhythm[None])).tolist() == [True]


def test_their_first_decoy_is_the_motif_reversed() -> None:
    motifs = motif_set(sequence())
    lags = draw_lags(motifs, 5, generator(3), against_reverse=np.array([True]))
    rivals = motifs_with_decoys(motifs, lags)
    assert rivals.n_decoys[0] > 1
    assert rivals.against_reverse.tolist() == [True]
    np.testing.assert_array_equal(rivals.motifs.probability[1], motifs.probability[0, ::-1])
