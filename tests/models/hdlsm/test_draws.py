"""Draws of the sampler come as often as their weights say; shuffles keep every place."""

import numpy as np
import pytest

from motifmine.models.hdlsm.kernels.random_draws import (
    choose,
    choose_with_log,
    draw_index,
    draw_log_index,
    log_choice_probability,
)
from motifmine.models.hdlsm.kernels.reallocate import shuffle_pairs

pytestmark = pytest.mark.kernel

WEIGHT = np.array([1.0, 0.0, 5.0, 2.0, 100.0])
"""The last one lies beyond the four that are drawn from."""
SHARE = WEIGHT[:4] / WEIGHT[:4].sum()
N = 4000


def shares(drawn: list[int]) -> np.ndarray:
    return np.bincount(drawn, minlength=4) / len(drawn)


def test_indices_are_drawn_in_proportion_to_weights() -> None:
    rng = np.random.default_rng(0)
    found = shares([draw_index(WEIGHT, 4, rng) for _ in range(N)])
    np.testing.assert_allclose(found, SHARE, atol=0.03)
    assert found[1] == 0


def test_indices_are_drawn_in_proportion_to_log_weights_of_any_size() -> None:
    rng = np.random.default_rng(1)
    with np.errstate(divide="ignore"):
        log_weight = np.log(WEIGHT) - 1e4
    found = [draw_log_index(log_weight.copy(), 4, rng) for _ in range(N)]
    np.testing.assert_allclose(shares(found), SHARE, atol=0.03)
    kept = [choose(log_weight, 4, rng) for _ in range(N)]
    np.testing.assert_allclose(shares(kept), SHARE, atol=0.03)


def test_a_choice_comes_with_its_log_probability() -> None:
    rng = np.random.default_rng(2)
    log_weight = np.log(np.array([1.0, 3.0])) + 700
    assert log_choice_probability(log_weight, 2, 1) == pytest.approx(np.log(0.75))
    chosen, value = choose_with_log(log_weight, 2, rng)
    assert value == pytest.approx(np.log([0.25, 0.75][chosen]))


def test_a_shuffle_keeps_pairs_and_brings_the_wanted_one_to_the_front() -> None:
    rng = np.random.default_rng(3)
    orders = set()
    for _ in range(50):
        ours, theirs = np.array([4, 7, 9, 2]), np.array([40, 70, 90, 20])
        shuffle_pairs(ours, theirs, 9, rng)
        assert ours[0] == 9
        np.testing.assert_array_equal(theirs, 10 * ours)
        orders.add(tuple(ours.tolist()))
    assert len(orders) == 6
