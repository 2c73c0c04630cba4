"""Lags at which words follow one another, from the surest pairs."""

import numpy as np
import pytest

from motifmine.kernels.order_in_time import measure_order
from motifmine.seeding import generator

N_TIMES = 6000


def with_sequence(lags: tuple[int, ...], n: int, seed: int, n_words: int = 12) -> np.ndarray:
    """Return rare events of which word i + 1 comes `lags[i]` bins after word 0, n times."""
    rng = generator(seed)
    counts = rng.poisson(0.03, (N_TIMES, n_words)).astype(np.float32)
    for start in rng.integers(0, N_TIMES - max(lags), n):
        for word, lag in enumerate((0, *lags)):
            counts[start + lag, word] += 1
    return counts


@pytest.mark.parametrize("lags", [(4, 9), (20, 50)])
def test_the_lags_of_a_sequence_of_rare_events_are_found(lags: tuple[int, ...]) -> None:
    order = measure_order(with_sequence(lags, 80, seed=1), (0, N_TIMES), 200)
    span = order.span()
    assert span is not None
    shortest, longest = span
    # the lags between any two of them, within the band that holds them
    assert 0.75 * min(lags[0], lags[1] - lags[0]) <= shortest <= lags[0]
    assert lags[1] <= longest <= 1.3 * lags[1]


@pytest.mark.statistical
def test_standard_deviations_are_those_of_chance() -> None:
    squares = []
    for seed in range(3):
        rng = generator(seed)
        # each word depends on its own past, and all on what is busy
        own = rng.standard_normal((N_TIMES, 6)).cumsum(axis=0)
        own -= np.roll(own, 10, axis=0)
        busy = 1 + np.sin(np.arange(N_TIMES) / 300)[:, None]
        order = measure_order((own[20:] * busy[20:]).astype(np.float32), (0, N_TIMES - 20), 100)
        squares.append(np.square(order.strength).mean())
        assert order.span() is None
    # the largest of 15 standard normal values has a mean square of about 5
    assert 3 < np.mean(squares) < 7


def test_nothing_follows_from_one_document_to_the_next() -> None:
    counts = np.zeros((4000, 2), np.float32)
    # word 1 opens each document, word 0 closed the one before
    counts[49::50, 0] = counts[::50, 1] = 1
    counts += generator(3).random(counts.shape, dtype=np.float32) / 100
    edges = range(0, 4001, 50)
    apart, together = (measure_order(counts, e, 3).strength[0] for e in (edges, (0, 4000)))
    assert apart < 1
    assert together > 4


def test_what_never_occurs_has_no_order() -> None:
    assert measure_order(np.zeros((100, 3), np.float32), (0, 100), 20).span() is None
