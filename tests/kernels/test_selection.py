"""Bisection and median in kernels, compared with those of NumPy."""

import numpy as np
import pytest

from motifmine.kernels.jit import kernel
from motifmine.kernels.selection import find_median, first_not_below
from motifmine.types import Floats, Indices

pytestmark = pytest.mark.kernel


@kernel
def search(values: Indices, least: int, begin: int, end: int) -> int:
    return first_not_below(values, least, begin, end)


@kernel
def median(values: Floats, n: int) -> float:
    return find_median(values, n)


def test_the_first_place_is_that_of_bisection_in_a_part() -> None:
    values = np.array([0, 2, 2, 5, 9, 9])
    for begin, end in ((0, 6), (2, 4), (3, 3)):
        for least in range(-1, 11):
            expected = begin + int(np.searchsorted(values[begin:end], least))
            assert search(values, least, begin, end) == expected


@pytest.mark.parametrize("n", [1, 2, 7, 8])
def test_the_median_is_that_of_the_first_values(n: int) -> None:
    values = np.random.default_rng(n).normal(size=9)
    expected = np.median(values[:n])
    assert median(values.copy(), n) == expected
