"""How the observations lie in memory for the PLSM passes, and how they are cut into pieces of work.

The layout, for R start rows, K motifs of L bins and W words; ``stride`` is L * K rounded up to a
multiple of 16, so that rows are whole vector registers::

    activation[row * K + k]            expected mass of motif k started at start row `row`
    phi[w, j * K + k]                  p(w, tr = L-1-j | k); columns from L * K on are zero
    row = first_row[d] + ts + L - 1    ts = -(L-1) .. T_d - 1, documents behind each other

The starts that reach bin t of document d are ``activation[row * K : row * K + L * K]`` with row =
first_row[d] + t, the `bin_row` of the bin, and their relative times run along the columns of `phi`.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
    tile_bin, chunk_tile = [0], [0]
    for end in chunk_bin[1:].tolist():
        while tile_bin[-1] < end:
            begin = tile_bin[-1]
            wide = bin_row[begin:end].searchsorted(bin_row[begin] + tile_rows)
            full = offsets[begin + 1 : end + 1].searchsorted(
                offsets[begin] + tile_observations, side="right"
            )
            tile_bin.append(begin + max(int(min(wide, full)), 1))
        chunk_tile.append(len(tile_bin) - 1)
    return np.array(tile_bin), np.array(chunk_tile)


def order_by_word(bin_row: Longs, offsets: Longs, word: Ints, tile_bin: Longs) -> tuple[Ints, Ints]:
    """Return `order` and `order_row` of `Tiles`, two int32 arrays (N,).

    Parameters
    ----------
    bin_row : int64 array (B,)
    offsets : int64 array (B + 1,)
    word : int32 array (N,)
    tile_bin : int64 array (tiles + 1,)
    """
    # a radix sort, which NumPy has for 16 bits only
    key = word.astype(np.uint16) if word.max(initial=0) < 1 << 16 else word
    order = np.empty(len(word), np.int32)
    edges = offsets[tile_bin].tolist()
    for first, last in pairwise(edges):
        order[first:last] = np.argsort(key[first:last], kind="stable")
        order[first:last] += first
    row = np.repeat(bin_row.astype(np.int32), np.diff(offsets))
    return order, row[order]
