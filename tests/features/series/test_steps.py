"""Levels that channels stay at, as words."""

import numpy as np
import pytest

from motifmine.features.series import mixed
from motifmine.features.series.coding import CodingSpec, encode_series, learn_coding
from motifmine.features.series.sample import sample_series
from motifmine.features.series.steps import find_steps
from motifmine.features.series.word_choice import choose_words
from motifmine.records.series import BinnedSeries
from motifmine.records.vocabulary import Channels
from motifmine.types import Floats, Floats32

IDLE, LOW, MIDDLE, HIGH = 0.6, 50.0, 400.0, 2000.0


def programmes(levels: tuple[float, ...], *, seed: int = 0, n: int = 20) -> Floats:
    """Return runs of four to six bins at each level, the bin between two at neither, and rests."""
    rng = np.random.default_rng(seed)
    parts: list[Floats] = []
    for _ in range(n):
        before = IDLE
        for level in (*levels, IDLE):
            share = rng.uniform()
            parts.append(np.array([share * before + (1 - share) * level]))
            length = int(rng.integers(4, 7)) if level != IDLE else 60
            parts.append(level * rng.normal(1, 0.02 * (level != IDLE), length))
            before = level
    return np.concatenate(parts)


def change_of(value: Floats) -> Floats32:
    return np.diff(value, prepend=np.nan).astype(np.float32)


@pytest.mark.parametrize("levels", [(HIGH, LOW, MIDDLE), (LOW, HIGH), (MIDDLE, LOW, MIDDLE, HIGH)])
@pytest.mark.parametrize("seed", range(3))
def test_edges_lie_between_the_levels(levels: tuple[float, ...], seed: int) -> None:
    value = programmes(levels, seed=seed)
    edges = find_steps(value.astype(np.float32), change_of(value))
    assert edges is not None
    distinct = [IDLE, *sorted(set(levels))]
    bounds = zip(distinct, distinct[1:], edges, strict=False)
    assert all(1.1 * low < edge < 0.9 * high for low, high, edge in bounds)
    assert np.isinf(edges[len(distinct) - 1 :]).all()


def test_channels_that_are_otherwise_have_no_steps() -> None:
    rng = np.random.default_rng(0)
    one_level, two = programmes((HIGH,)), programmes((HIGH, LOW))
    tv = programmes((90.0,)) * rng.lognormal(0, 0.1, len(one_level))
    busy = np.concatenate([two[two > 10], two[:40]])
    waves = np.abs(rng.normal(0, 100, 2000)) * (np.arange(2000) % 50 < 15)
    below = -two
    few = programmes((HIGH, LOW), n=2)
    empty = np.full(100, np.nan)
    for value in (one_level, tv, busy, waves, below, few, empty, np.zeros(100), np.zeros(0)):
        assert find_steps(value.astype(np.float32), change_of(value)) is None


def test_values_that_are_sent_on_change_are_coded_by_their_level() -> None:
    value = programmes((HIGH, LOW, MIDDLE)).astype(np.float32)
    series = BinnedSeries(
        bin_start_s=np.arange(float(len(value))),
        value=value[:, None],
        samples=np.ones((len(value), 1), np.int32),
    )
    sample = sample_series([series], seed=0, stream=0)
    # the values of rows that are measured all the time are sizes
    assert choose_words(sample, ("W",)).words == "rectified"
    choice = choose_words(sample, ("W",), on_change=True)
    assert choice.words == "mixed" and choice.reason == "1 of levels"
    vocabulary = learn_coding(
        sample, channels=("plug",), units=("W",), spec=CodingSpec(), on_change=True
    )
    layout = vocabulary.layout
    assert isinstance(layout, Channels) and layout.coding[0, 0] == mixed.STEPS
    value[-1] = np.nan
    time, word, count = encode_series(series, layout)
    assert set(count) == {mixed.SPENT_COUNT} and (np.diff(time) > 0).all()
    first, second, third = layout.coding[0, mixed.EDGES]
    expected = np.digitize(value[time, None].ravel(), [first, second, third]) - 1
    assert np.array_equal(word, expected)
    assert set(time) == set(np.flatnonzero(value >= first))
    assert vocabulary.labels[2] == f"plug >= {third:.4g} W"
