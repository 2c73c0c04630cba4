"""Motifs and occurrences against a truth."""

import numpy as np

from motifmine.analysis.matching import match_motifs
from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.types import Floats32


def motifs(seed: int, n: int = 3, length: int = 6, n_words: int = 5) -> Floats32:
    flat = np.random.default_rng(seed).dirichlet(np.full(length * n_words, 0.2), size=n)
    return flat.reshape(n, length, n_words).astype(np.float32)


def test_a_motif_is_itself_at_shift_zero() -> None:
    cosine, shift = max_shifted_cosine(motifs(1), motifs(1))
    np.testing.assert_allclose(np.diag(cosine), 1.0, rtol=1e-5)
    assert np.diag(shift).tolist() == [0, 0, 0]


def test_a_motif_that_begins_later_is_found_at_its_shift() -> None:
    reference = motifs(1)
    later = np.zeros((3, 9, 5), dtype=np.float32)
    later[:, 2:8] = reference
    cosine, shift = max_shifted_cosine(reference, later)
    np.testing.assert_allclose(np.diag(cosine), 1.0, rtol=1e-5)
    assert np.diag(shift).tolist() == [-2, -2, -2]


def test_motifs_in_another_order_are_matched() -> None:
    reference = motifs(2)
    match = match_motifs(reference, reference[[2, 0, 1]])
    assert match.found.tolist() == [1, 2, 0]


def test_a_surplus_motif_is_left_over() -> None:
    match = match_motifs(motifs(2), motifs(2, n=5))
    assert len(match.reference) == 3


def test_motifs_without_a_word_in_common_have_a_cosine_of_0() -> None:
    one, other = np.zeros((2, 3, 4), dtype=np.float32), np.zeros((1, 2, 4), dtype=np.float32)
    one[:, :, :2], other[:, :, 2:] = 0.5, 0.5
    assert max_shifted_cosine(one, other)[0].tolist() == [[0.0], [0.0]]
