"""How observations are cut into pieces of work for the passes."""

from itertools import pairwise

import numpy as np
import pytest

from motifmine.models.plsm.kernels.dense import block_of
from motifmine.models.plsm.kernels.live import live_cells
from motifmine.models.plsm.kernels.tiles import cut_tiles, order_by_word

pytestmark = pytest.mark.kernel


def test_tiles_cover_all_bins_and_keep_their_limits() -> None:
    rng = np.random.default_rng(0)
    bin_row = np.cumsum(rng.integers(1, 5, size=60))
    sizes = rng.integers(1, 9, size=60)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    chunk_bin = np.array([0, 25, 60])
    tile_bin, chunk_tile = cut_tiles(bin_row, offsets, chunk_bin, 20, 30)
    assert tile_bin[0] == 0
    assert tile_bin[-1] == 60
    assert tile_bin[chunk_tile].tolist() == [0, 25, 60]
    for first, last in pairwise(tile_bin.tolist()):
        assert last > first
        assert bin_row[last - 1] - bin_row[first] < 20
        assert last == first + 1 or offsets[last] - offsets[first] <= 30


def test_the_order_by_word_is_that_of_a_stable_sort() -> None:
    rng = np.random.default_rng(1)
    word = rng.integers(0, 7, size=50).astype(np.int32)
    offsets = np.array([0, 10, 25, 30, 50])
    bin_row = np.array([3, 4, 6, 9])
    tile_bin = np.array([0, 2, 4])
    order, order_row = order_by_word(bin_row, offsets, word, tile_bin)
    halves = [np.argsort(word[:25], kind="stable"), 25 + np.argsort(word[25:], kind="stable")]
    np.testing.assert_array_equal(order, np.concatenate(halves))
    np.testing.assert_array_equal(order_row, np.repeat(bin_row, np.diff(offsets))[order])


def test_live_cells_are_the_starts_that_are_not_zero_motif_by_motif() -> None:
    rng = np.random.default_rng(2)
    dense = np.where(rng.random((9, 4)) < 0.3, rng.random((9, 4)), 0).astype(np.float32)
    offsets, row, mass = live_cells(dense)
    for k in range(4):
        own = slice(offsets[k], offsets[k + 1])
        np.testing.assert_array_equal(row[own], np.flatnonzero(dense[:, k]))
        np.testing.assert_array_equal(mass[own], dense[row[own], k])


@pytest.mark.parametrize("n", range(1, 40))
def test_any_number_of_rows_is_taken_in_blocks_that_there_are(n: int) -> None:
    left = n
    while left:
        assert block_of(left) in (1, 2, 4, 8)
        assert block_of(left) <= left
        left -= block_of(left)
