"""Motifs of common instants: only their direction in time can show that they recur."""

from dataclasses import replace

import numpy as np
import pytest

from motifmine.analysis.common_instants import (
    are_in_order,
    count_whole_decoys,
)
from motifmine.analysis.decoys import draw_lags, motifs_with_decoys
from motifmine.records.fit import Activations, Background, MotifSet
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import Channels, Vocabulary
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
    assert count_whole_decoys(table, motif_set(sequence())).tolist() == [int(common)]


def test_order_that_another_motif_has_is_not_that_of_a_motif() -> None:
    rng = generator(1)
    counts = rng.poisson(rng.gamma(0.5, 2, (3000, 1)) * np.full(6, 0.4))
    starts = np.arange(20, 2980, 37)
    for start in starts:
        counts[start : start + 12] += 8 * sequence()[0].astype(np.int64)
    table = table_of_counts(counts)
    motifs = motif_set(np.concatenate([sequence(), sequence()[:, :, ::-1] + sequence()]))
    activations = Activations(
        offsets=np.array([0, len(starts)]),
        start=starts.astype(np.int32),
        motif=np.zeros(len(starts), np.int32),
        mass=np.full(len(starts), 48.0, np.float32),
    )
    flat = Background(probability=np.full(6, 1 / 6, np.float32), weight=0.6)
    nothing = np.zeros(0, np.int64)
    assert are_in_order(table, motifs, activations, flat, nothing).tolist() == [True, True]
    assert are_in_order(table, motifs, activations, flat, np.array([0])).tolist() == [False, False]


def test_words_that_come_together_in_a_motif_need_a_direction() -> None:
    table = table_of_counts(generator(2).poisson(0.8, (3000, 6)))
    rhythm = np.array([0, 3, 1, 0, 2, 0])[:, None] * np.ones((1, 6))
    assert count_whole_decoys(table, motif_set(rhythm[None])).tolist() == [1]


def test_their_first_decoy_is_the_motif_reversed() -> None:
    motifs = motif_set(sequence())
    lags = draw_lags(motifs, 5, generator(3), n_whole=np.array([1]))
    rivals = motifs_with_decoys(motifs, lags)
    assert rivals.n_decoys[0] > 1
    assert rivals.n_whole.tolist() == [1]
    np.testing.assert_array_equal(rivals.motifs.probability[1], motifs.probability[0, ::-1])


def channel(values: np.ndarray) -> ObservationTable:
    """Return one channel, above and below its mean."""
    rectified = np.stack([np.maximum(values, 0), np.maximum(-values, 0)], axis=1)
    layout = Channels(
        channels=("x",), units=("",), words="rectified", per_channel=2, coding=np.zeros((1, 2))
    )
    vocabulary = Vocabulary(labels=("x above 0", "x below 0"), layout=layout)
    return replace(table_of_counts(rectified), vocabulary=vocabulary)


def test_what_is_as_much_above_as_below_its_mean_must_surpass_its_opposites() -> None:
    values = generator(4).normal(size=3000)
    motifs = motif_set(np.array([[[3, 0], [1, 0], [0, 1], [0, 0], [0, 2]]], dtype=float))
    assert count_whole_decoys(channel(values), motifs).tolist() == [3]
    assert count_whole_decoys(channel(np.exp(values) - 1.6), motifs).tolist() == [1]
    rivals = motifs_with_decoys(motifs, draw_lags(motifs, 5, generator(5), n_whole=np.array([3])))
    assert rivals.n_whole.tolist() == [3]
    own, found = motifs.probability[0], rivals.motifs.probability
    np.testing.assert_array_equal(found[1], own[::-1])
    np.testing.assert_array_equal(found[2], own[:, ::-1])
    np.testing.assert_array_equal(found[3], own[::-1, ::-1])


def test_a_motif_that_is_its_own_opposite_is_not_compared_with_that() -> None:
    motifs = motif_set(np.tile(np.eye(2), (12, 1))[None])
    rivals = motifs_with_decoys(motifs, draw_lags(motifs, 5, generator(6), n_whole=np.array([3])))
    assert rivals.n_whole.tolist() == [1]
