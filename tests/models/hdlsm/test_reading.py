"""From a state of the sampler to motifs, occurrences and background."""

import numpy as np

from motifmine.models.hdlsm.chains import one_sweep, tokens_of
from motifmine.models.hdlsm.kernels.state import MOTIFS, NOISE, OCCURRENCES, blank_state
from motifmine.models.hdlsm.model import Hdlsm
from motifmine.models.hdlsm.reading import (
    LEAST_OCCURRENCES,
    activations_of,
    background_of,
    found_occurrences,
    over_vocabulary,
    reported_motifs,
)
from motifmine.models.hdlsm.sampling import prior_of
from motifmine.simulation import Simulation


def test_a_state_is_read_without_losing_observations(small: Simulation) -> None:
    rng = np.random.default_rng(0)
    tokens, words = tokens_of(small.table, 8, 1.0, rng)
    prior = prior_of(Hdlsm(motif_length=8), len(words))
    state = blank_state(tokens, prior, len(words), 16)
    for _ in range(10):
        state = one_sweep(tokens, state, prior, rng)
    order = reported_motifs(state)
    size = state.motif_size[state.live[order]]
    assert np.all(np.diff(size) <= 0)
    assert np.all(state.motif_count[state.live[order]] >= LEAST_OCCURRENCES)
    row, motif, mass = found_occurrences(state, order)
    np.testing.assert_array_equal(np.bincount(motif, mass, minlength=len(order)), size)
    assert len(row) <= state.tally[OCCURRENCES]
    background = background_of(state, words, small.table)
    assert background.weight == state.tally[NOISE] / len(tokens.word)
    assert abs(background.probability.sum() - 1) < 1e-5
    everything = np.arange(state.tally[MOTIFS])
    assert found_occurrences(state, everything)[2].sum() + state.tally[NOISE] == len(tokens.word)


def test_occurrences_are_placed_in_their_documents(small: Simulation) -> None:
    tokens, _ = tokens_of(small.table, 8, 1.0, np.random.default_rng(0))
    n_rows = 400 + 8 - 1
    row = np.array([0, 7, n_rows - 1, n_rows, n_rows + 17])
    found = activations_of(tokens, row, np.zeros(5, np.int64), np.ones(5), 8)
    assert found.offsets.tolist() == [0, 3, 5]
    assert found.start.tolist() == [-7, 0, 399, -7, 10]


def test_words_that_were_never_seen_have_probability_0(small: Simulation) -> None:
    words = np.array([2, 5])
    whole = over_vocabulary(np.full((1, 8, 2), 1 / 16), words, small.table)
    assert whole.shape == (1, 8, 18)
    np.testing.assert_array_equal(np.flatnonzero(whole.sum(axis=(0, 1))), words)
