"""From a state of the sampler to motifs, occurrences and background."""

import numpy as np

from motifmine.models.hdlsm.chains import expand_tokens, run_sweep
from motifmine.models.hdlsm.kernels.state import (
    IN_BACKGROUND,
    MOTIFS,
    OCCURRENCES,
    make_empty_state,
)
from motifmine.models.hdlsm.model import Hdlsm
from motifmine.models.hdlsm.reading import (
    LEAST_OCCURRENCES,
    build_activations,
    collect_occurrences,
    estimate_background,
    expand_to_vocabulary,
    select_recurring_motifs,
)
from motifmine.models.hdlsm.sampling import make_prior
from motifmine.simulation import Simulation


def test_a_state_is_read_without_losing_observations(small: Simulation) -> None:
    rng = np.random.default_rng(0)
    tokens, words = expand_tokens(small.table, 8, 1.0, rng)
    prior = make_prior(Hdlsm(motif_length=8), len(words))
    state = make_empty_state(tokens, prior, len(words), 16)
    for _ in range(10):
        state = run_sweep(tokens, state, prior, rng)
    order = select_recurring_motifs(state)
    size = state.motif_size[state.live[order]]
    assert np.all(np.diff(size) <= 0)
    assert np.all(state.motif_count[state.live[order]] >= LEAST_OCCURRENCES)
    row, motif, mass = collect_occurrences(state, order)
    np.testing.assert_array_equal(np.bincount(motif, mass, minlength=len(order)), size)
    assert len(row) <= state.tally[OCCURRENCES]
    background = estimate_background(state, words, small.table)
    assert background.weight == state.tally[IN_BACKGROUND] / len(tokens.word)
    assert abs(background.probability.sum() - 1) < 1e-5
    everything = np.arange(state.tally[MOTIFS])
    assert collect_occurrences(state, everything)[2].sum() + state.tally[IN_BACKGROUND] == len(
        tokens.word
    )


def test_occurrences_are_placed_in_their_documents(small: Simulation) -> None:
    tokens, _ = expand_tokens(small.table, 8, 1.0, np.random.default_rng(0))
    n_rows = 400 + 8 - 1
    row = np.array([0, 7, n_rows - 1, n_rows, n_rows + 17])
    found = build_activations(tokens, row, np.zeros(5, np.int64), np.ones(5), 8)
    assert found.offsets.tolist() == [0, 3, 5]
    assert found.start.tolist() == [-7, 0, 399, -7, 10]


def test_words_that_were_never_seen_have_probability_0(small: Simulation) -> None:
    words = np.array([2, 5])
    whole = expand_to_vocabulary(np.full((1, 8, 2), 1 / 16), words, small.table)
    assert whole.shape == (1, 8, 18)
    np.testing.assert_array_equal(np.flatnonzero(whole.sum(axis=(0, 1))), words)
