"""Kernels of PLSA against NumPy, and the seeds that topics begin at."""

import numpy as np
import pytest

from motifmine.models.topics.kernels import (
    WindowCounts,
    expected_counts,
    infer_shares_in_windows,
    sparsify,
)
from motifmine.models.topics.plsa import initialise_loadings
from motifmine.models.topics.windows import Windows

OFFSETS = np.array([0, 3, 3, 5])
WORD = np.array([0, 1, 3, 2, 3], np.int32)
COUNT = np.array([2, 1, 4, 3, 5], np.float32)
WINDOWS = WindowCounts(OFFSETS, WORD, COUNT)


def drawn(rows: int, columns: int, seed: int) -> np.ndarray:
    numbers = np.random.default_rng(seed).random((rows, columns)).astype(np.float32)
    scaled: np.ndarray = numbers / numbers.sum(axis=1, keepdims=True)
    return scaled


@pytest.mark.kernel
def test_expected_counts_are_those_of_the_formula() -> None:
    shares, loadings = drawn(3, 2, 0), np.ascontiguousarray(drawn(2, 4, 1).T)
    new_shares, new_loadings = np.zeros_like(shares), np.zeros_like(loadings)
    value = expected_counts(WINDOWS, 0, 3, shares, loadings, new_shares, new_loadings)
    dense = np.zeros((3, 4))
    dense[np.repeat(np.arange(3), np.diff(OFFSETS)), WORD] = COUNT
    rate = shares @ loadings.T
    ratio = dense / rate
    np.testing.assert_allclose(new_shares, shares * (ratio @ loadings), rtol=1e-5)
    np.testing.assert_allclose(new_loadings, ratio.T @ shares, rtol=1e-5)
    assert value == pytest.approx(np.sum(dense * np.log(rate)), rel=1e-5)


@pytest.mark.kernel
def test_shares_sum_to_1_and_an_empty_window_has_none() -> None:
    loadings = np.ascontiguousarray(drawn(2, 4, 1).T)
    shares = np.full((3, 2), 0.5, np.float32)
    scratch = np.zeros(2, np.float32)
    infer_shares_in_windows(WINDOWS, 0, 3, loadings, 0.0, 30, shares, scratch)
    np.testing.assert_allclose(shares.sum(axis=1), [1, 0, 1], rtol=1e-5)


@pytest.mark.kernel
def test_thinning_takes_an_even_part_off_and_leaves_the_largest() -> None:
    share = np.array([0.7, 0.2, 0.1], np.float32)
    sparsify(share, 0.5)
    level = 0.5 / 3
    np.testing.assert_allclose(
        share, np.array([0.7 - level, 0.2 - level, 0]) / (0.9 - 2 * level), rtol=1e-5
    )
    sparsify(share, 1000.0)
    assert share.sum() == pytest.approx(1)
    assert share.argmax() == 0


def test_topics_begin_at_words_that_come_together() -> None:
    rng = np.random.default_rng(0)
    block = rng.integers(0, 3, size=120)
    word = (4 * block[:, None] + np.array([rng.permutation(4)[:3] for _ in block])).astype(np.int32)
    windows = Windows(
        offsets=np.arange(121) * 3,
        word=np.sort(word, axis=1).ravel(),
        count=np.ones(360, np.float32),
        used=np.arange(12),
    )
    loadings = initialise_loadings(windows, 3, rng)
    np.testing.assert_allclose(loadings.sum(axis=1), 1, rtol=1e-5)
    by_block = loadings.reshape(3, 3, 4).sum(axis=2)
    assert sorted(by_block.argmax(axis=1).tolist()) == [0, 1, 2]
    assert by_block.max(axis=1).min() > 0.85
