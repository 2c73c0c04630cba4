"""Patterns longer than the motifs of a fit, by the lags between its occurrences."""

import numpy as np

from motifmine.analysis.continuations import find_whole_length
from tests.helpers.fit_records import occurrences_at

LENGTH = 20
N_TIMES = 10_000


def find(starts: list[np.ndarray], last_bin: int = LENGTH) -> tuple[int, int]:
    """Return the length for motifs that start there, of which the last ends after `last_bin`."""
    probability = np.full((len(starts), LENGTH, 3), 1 / (3 * LENGTH), np.float32)
    probability[-1, last_bin:] = 0
    motif = np.repeat(np.arange(len(starts)), [len(start) for start in starts])
    start = np.concatenate(starts)
    order = np.argsort(start)
    found = occurrences_at(start[order], motif[order])
    return find_whole_length(found, probability, N_TIMES)


def test_an_end_that_two_products_share_makes_motifs_longer() -> None:
    rng = np.random.default_rng(0)
    start = 100 * np.arange(60) + rng.integers(0, 30, 60)
    one, two = start[::2], start[1::2]
    end = np.concatenate([one + 18, two + 12]) + rng.integers(-1, 2, 60)
    length, n_pieces = find([one, two, end], last_bin=10)
    assert (28 <= length <= 29) and n_pieces == 1
    # a third of the ends come by themselves: an end is a thing of its own
    alone = 100 * np.arange(60, 90)
    assert find([one, two, np.concatenate([end, alone])]) == (LENGTH, 0)


def test_motifs_that_follow_one_another_at_any_lag_are_no_pieces() -> None:
    rng = np.random.default_rng(1)
    one = 100 * np.arange(60)
    assert find([one, one + rng.integers(5, LENGTH, 60)]) == (LENGTH, 0)
    assert find([one, np.zeros(0, np.int64)]) == (LENGTH, 0)
    # at a lag that is longer than the motifs, as the next digit after a digit
    assert find([one, one + 30]) == (LENGTH, 0)
