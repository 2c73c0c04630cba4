"""Sums of samples and events per time bin against NumPy's own."""

import numpy as np
import pytest

from motifmine.kernels.binning import add_events, add_samples

pytestmark = pytest.mark.kernel


def test_samples_are_added_to_their_bins_and_missing_values_are_not() -> None:
    rng = np.random.default_rng(0)
    row = np.sort(rng.integers(0, 6, size=40))
    value = rng.normal(size=(40, 3))
    value[rng.random(value.shape) < 0.2] = np.nan
    total, samples = np.zeros((6, 3)), np.zeros((6, 3))
    add_samples(row, value, total, samples)
    for t in range(6):
        np.testing.assert_allclose(total[t], np.nansum(value[row == t], axis=0), atol=1e-12)
        np.testing.assert_array_equal(samples[t], np.isfinite(value[row == t]).sum(axis=0))


def test_events_are_added_with_their_counts() -> None:
    rng = np.random.default_rng(1)
    row, label = rng.integers(0, 5, size=30), rng.integers(0, 4, size=30)
    count = rng.integers(1, 9, size=30).astype(np.float64)
    total, samples = np.zeros((5, 4)), np.zeros((5, 4))
    add_events(row, label, count, total, samples)
    expected = np.zeros((5, 4))
    np.add.at(expected, (row, label), count)
    np.testing.assert_array_equal(total, expected)
    assert samples.sum() == 30
