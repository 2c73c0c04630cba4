"""How alike a motif is between periods, chance taken into account."""

import numpy as np

from motifmine.analysis.period_similarity import GROUPS, LEAST_MASS, compare_periods


def drawn(motifs: np.ndarray, size: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return counts (P, GROUPS, L, W) drawn from a motif a period, and how many there are."""
    rng = np.random.default_rng(seed)
    cells = rng.poisson(size * np.repeat(motifs[:, None], GROUPS, axis=1)).astype(np.float32)
    return cells, cells.sum(axis=(2, 3)).astype(np.float64)


def motif(seed: int) -> np.ndarray:
    values: np.ndarray = np.random.default_rng(seed).dirichlet(np.full(60, 0.3)).reshape(10, 6)
    return values


def test_periods_of_one_motif_are_alike_though_few_observations_are_there() -> None:
    found = compare_periods(*drawn(np.stack([motif(0)] * 6), 40, 1))
    assert np.all(found.similarity > 0.9)
    assert np.all(found.error < 0.1)
    assert not found.shift.any()
    np.testing.assert_allclose(found.stretch, 1, atol=0.08)


def test_the_period_that_is_another_motif_stands_out() -> None:
    found = compare_periods(*drawn(np.stack([motif(0)] * 5 + [motif(7)]), 300, 2))
    assert found.similarity[:5].min() > 0.9
    assert found.similarity[5] < 0.6


def test_a_period_that_comes_later_is_moved_before_it_is_compared() -> None:
    still = np.zeros((10, 6))
    still[2:6] = motif(0)[:4] / motif(0)[:4].sum()
    found = compare_periods(*drawn(np.stack([still] * 5 + [np.roll(still, 2, axis=0)]), 300, 3))
    assert found.shift.tolist() == [0, 0, 0, 0, 0, 2]
    assert found.similarity.min() > 0.9


def test_periods_with_too_little_are_left_open() -> None:
    cells, mass = drawn(np.stack([motif(0)] * 4), 200, 4)
    cells[1], mass[1] = 0, LEAST_MASS / 2
    found = compare_periods(cells, mass)
    assert np.isnan(found.similarity).tolist() == [False, True, False, False]
    assert np.isnan(compare_periods(cells[:2], mass[:2]).similarity).all()
