"""How the observations lie in memory for the PLSM passes, and how they are cut into pieces of work.

The layout, for R start rows, K motifs of L bins and W words; ``stride`` is L * K rounded up to a
multiple of 16, so that rows are whole vector registers::

    activation[row * K + k]            expected mass of motif k started at start row `row`
    phi[w, j * K + k]                  p(w, tr = L-1-j | k); columns from L * K on are zero
    row = first_row[d] + ts + L - 1    ts = -(L-1) .. T_d - 1, documents behind each other

The starts that reach bin t of document d are ``activation[row * K : row * K + L * K]`` with row =
first_row[d] + t, the `bin_row` of the bin, and their relative times run along the columns of `phi`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import fast_kernel

Singles = NDArray[np.float32]
Reals = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]


class Table(NamedTuple):
    """Observations by non-empty time bin, documents behind each other."""

    bin_row: Longs
    """First start row that reaches each bin, int64 array (B,), ascending."""
    offsets: Longs
    """Observations of bin b are `[b]:[b + 1]`, int64 array (B + 1,)."""
    word: Ints
    """int32 array (N,)."""
    counts: Singles
    """float32 array (N,), > 0."""
    first_row: Longs
    """First start row of each document, and R at the end, int64 array (D + 1,)."""


class Tiles(NamedTuple):
    """How the bins are cut: chunks, the units of work, of tiles, which fit into the cache."""

    chunk_tile: Longs
    """First tile of each chunk, int64 array (C + 1,)."""
    tile_bin: Longs
    """First bin of each tile, int64 array (tiles + 1,)."""
    chunk_row: Longs
    """First start row that each chunk owns, 0 first and R last, int64 array (C + 1,)."""
    order: Ints
    """The observations of each tile sorted by word, then time, int32 array (N,)."""
    order_row: Ints
    """`bin_row` of each of them, int32 array (N,)."""


@fast_kernel
def cut_tiles(
    bin_row: Longs, offsets: Longs, chunk_bin: Longs, tile_rows: int, tile_observations: int
) -> tuple[Longs, Longs]:
    """Return the bins at which tiles begin (tiles + 1,), and the first tile of chunks (C + 1,).

    Parameters
    ----------
    bin_row : int64 array (B,)
    offsets : int64 array (B + 1,)
    chunk_bin : int64 array (C + 1,)
        First bin of each chunk.
    tile_rows : int
        A tile spans fewer start rows than this.
    tile_observations : int
        A tile of more than one bin has no more observations than this.
    """
    n_bins = bin_row.shape[0]
    n_chunks = chunk_bin.shape[0] - 1
    tile_bin = np.empty(n_bins + 1, np.int64)
    chunk_tile = np.empty(n_chunks + 1, np.int64)
    n_tiles = 0
    for c in range(n_chunks):
        chunk_tile[c] = n_tiles
        begin = chunk_bin[c]
        for b in range(chunk_bin[c], chunk_bin[c + 1]):
            wide = bin_row[b] - bin_row[begin] >= tile_rows
            full = offsets[b + 1] - offsets[begin] > tile_observations
            if b > begin and (wide or full):
                tile_bin[n_tiles] = begin
                n_tiles += 1
                begin = b
        tile_bin[n_tiles] = begin
        n_tiles += 1
    chunk_tile[n_chunks] = n_tiles
    tile_bin[n_tiles] = n_bins
    return tile_bin[: n_tiles + 1].copy(), chunk_tile


@fast_kernel
def order_by_word(
    bin_row: Longs, offsets: Longs, word: Ints, tile_bin: Longs, n_words: int
) -> tuple[Ints, Ints]:
    """Return `order` and `order_row` of `Tiles`, two int32 arrays (N,).

    A counting sort: it is stable, so that equal words stay in the order of time.

    Parameters
    ----------
    bin_row : int64 array (B,)
    offsets : int64 array (B + 1,)
    word : int32 array (N,)
    tile_bin : int64 array (tiles + 1,)
    """
    order = np.empty(word.shape[0], np.int32)
    order_row = np.empty(word.shape[0], np.int32)
    place = np.empty(n_words + 1, np.int64)
    for tile in range(tile_bin.shape[0] - 1):
        first = offsets[tile_bin[tile]]
        last = offsets[tile_bin[tile + 1]]
        place[:] = 0
        for i in range(first, last):
            place[word[i] + 1] += 1
        place[0] = first
        for w in range(n_words):
            place[w + 1] += place[w]
        for b in range(tile_bin[tile], tile_bin[tile + 1]):
            for i in range(offsets[b], offsets[b + 1]):
                at = place[word[i]]
                place[word[i]] = at + 1
                order[at] = i
                order_row[at] = bin_row[b]
    return order, order_row
