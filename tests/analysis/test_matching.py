"""Motifs and occurrences against a truth."""

import numpy as np
import pytest

from motifmine.analysis.matching import match_motifs, match_occurrences
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


def agreement(start_s: list[float], motif: list[int]) -> object:
    return match_occurrences(
        true_document=np.array([0, 0, 1, 1]),
        true_start_s=np.array([10.0, 30.0, 12.0, 40.0]),
        true_label=["left", "left", "left", "right"],
        document=np.array([0, 0, 1, 1]),
        start_s=np.array(start_s),
        motif=np.array(motif),
        n_motifs=2,
        tolerance_s=0.5,
        longest_offset_s=3.0,
    )


def test_a_constant_offset_per_motif_is_removed() -> None:
    match = agreement([12.0, 32.0, 14.0, 39.0], [1, 1, 1, 0])
    assert match.f1 == 1.0  # type: ignore[attr-defined]
    assert match.offset_s == pytest.approx([-2.0, 1.0], abs=0.5)  # type: ignore[attr-defined]


def test_an_occurrence_off_by_more_than_the_tolerance_does_not_match() -> None:
    match = agreement([12.0, 33.5, 14.0, 39.0], [1, 1, 1, 0])
    assert match.n_matched.tolist() == [2, 1]  # type: ignore[attr-defined]


def test_the_same_time_in_another_document_does_not_match() -> None:
    match = agreement([10.0, 30.0, 13.9, 40.0], [1, 1, 1, 0])
    assert match.n_matched.tolist() == [2, 1]  # type: ignore[attr-defined]
