"""Channels that follow from others: another unit, a sum."""

import numpy as np

from motifmine.features.series.derived import find_derived


def test_a_second_unit_and_a_sum_are_derived_and_noisy_copies_are_not() -> None:
    rng = np.random.default_rng(0)
    one, two = np.round(20 + rng.normal(size=(2, 2000)), 1)
    fahrenheit, total = np.round(1.8 * one + 32, 1), one + two
    like = one + 0.05 * rng.normal(size=2000)
    value = np.stack([one, two, fahrenheit, total, like], axis=1).astype(np.float32)
    value[5, 1] = np.nan
    derived, notes = find_derived(value, np.ones(5, np.bool_), ("a", "b", "f", "sum", "like"))
    assert derived.tolist() == [False, False, True, True, False]
    assert "'f' follows from a" in notes[0]
    assert "'sum' follows from a, b" in notes[1]


def test_few_rows_prove_nothing() -> None:
    value = np.repeat(np.arange(30.0)[:, None], 2, axis=1)
    assert not find_derived(value, np.ones(2, np.bool_), ("a", "b"))[0].any()
