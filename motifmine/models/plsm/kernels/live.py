"""The PLSM pass over live starts only: late iterations cost what the sparsity left alive.

A start that reached zero stays zero under EM, so the cells of the activation above zero are kept as
one list a motif. The observations a start can reach stand next to each other in the table, and with
the motifs laid out as phi_k[z, tr * W + w] each of them meets the start's cell at a place that is
the sum of a number of the start and a number of the observation. The work is live cells times the
observations within L bins of each.
"""

from typing import NamedTuple

import numpy as np

from motifmine.kernels.jit import fast_kernel, inner_fast_kernel
from motifmine.kernels.selection import first_not_below
from motifmine.models.plsm.kernels.ratios import (
    Background,
    sweep_background_counts,
    sweep_background_rates,
    sweep_ratios,
)
from motifmine.models.plsm.kernels.tiles import Ints, Longs, Reals, Singles, Table, Tiles


class Live(NamedTuple):
    """Cells of the activation above zero, motif by motif."""

    motif_offsets: Longs
    """First cell of each motif, int64 array (K + 1,)."""
    row: Longs
    """Start row of each cell, ascending within a motif, int64 array (M,)."""
    mass: Singles
    """float32 array (M,)."""


class Places(NamedTuple):
    """Places of the observations of each tile; the same for every pass."""

    place: Ints
    """(bin_row - first bin_row of the tile) * W + w of each observation, int32 array (N,)."""
    reach: Ints
    """For each row of a tile its first observation at or after that row, counted from the first of
    the tile; behind the rows of a tile the number of its observations. int32 array."""
    tile_reach: Longs
    """Where each tile begins in `reach`, int64 array (tiles + 1,)."""


def live_cells(starts: Singles) -> Live:
    """Return the starts (R, K) above zero."""
    n_motifs = starts.shape[1]
    place = np.flatnonzero(starts > 0)
    row, motif = np.divmod(place, n_motifs)
    order = np.argsort(motif.astype(np.uint16), kind="stable")
    offsets = np.append(0, np.bincount(motif, minlength=n_motifs).cumsum())
    return Live(offsets, row[order], starts.reshape(-1)[place[order]])


def places_of(table: Table, tiles: Tiles, n_words: int) -> Places:
    """Return where the observations of each tile stand."""
    first_bin, end_bin = tiles.tile_bin[:-1], tiles.tile_bin[1:]
    row0 = table.bin_row[first_bin]
    n_rows = table.bin_row[end_bin - 1] - row0 + 2
    tile_reach = np.append(0, np.cumsum(n_rows))
    at = table.bin_row - np.repeat(row0, end_bin - first_bin)
    place = np.repeat((at * n_words).astype(np.int32), np.diff(table.offsets)) + table.word
    # rows without observations point to the next that has some
    row = np.arange(tile_reach[-1]) + np.repeat(row0 - tile_reach[:-1], n_rows)
    reached = np.minimum(np.searchsorted(table.bin_row, row), np.repeat(end_bin, n_rows))
    reach = table.offsets[reached] - np.repeat(table.offsets[first_bin], n_rows)
    return Places(place, reach.astype(np.int32), tile_reach)


@inner_fast_kernel
def sweep_live_start(mass: np.float32, base: int, phi: Singles, place: Ints, rate: Singles) -> None:
    """Add A * phi of one start to the rates of the observations it reaches.

    Parameters
    ----------
    mass : float32
    base : int
        The motif cell of observation i is base + place[i].
    phi : float32 array (K * L * W,)
    place : int32 array (n,)
    rate : float32 array (n,), changed
    """
    for i in range(place.shape[0]):
        # unsigned: numba would test a signed index for wrap-around in the innermost loop
        rate[i] += mass * phi[np.uint64(base + place[i])]


@inner_fast_kernel
def live_start_sum(base: int, phi: Singles, place: Ints, weight: Singles) -> np.float32:
    """Return sum R * phi over the observations that one start reaches.

    Parameters
    ----------
    phi : float32 array (K * L * W,)
    place : int32 array (n,)
    weight : float32 array (n,)
    """
    s = np.float32(0)
    for i in range(place.shape[0]):
        s += weight[i] * phi[np.uint64(base + place[i])]
    return s


@inner_fast_kernel
def sweep_live_motif(
    mass: np.float32, base: int, place: Ints, weight: Singles, new_phi: Singles
) -> None:
    """Add R * A of one start to the motif cells that it reaches.

    Parameters
    ----------
    mass : float32
    place : int32 array (n,)
    weight : float32 array (n,)
    new_phi : float32 array (K * L * W,), changed
    """
    for i in range(place.shape[0]):
        j = np.uint64(base + place[i])
        new_phi[j] += mass * weight[i]


@inner_fast_kernel
def sweep_live_tile(
    live: Live,
    phi: Singles,
    is_rates: bool,
    rows: tuple[int, int, int],
    size: tuple[int, int, int],
    place: Ints,
    reach: Ints,
    weight: Singles,
    sums: Singles,
    halo: Singles,
    new_phi: Singles,
) -> None:
    """Add the rates (first round) or the expected counts (second) of the live starts of a tile.

    Parameters
    ----------
    phi : float32 array (K * L * W,)
    rows : first row of the tile, span of its bins, first row of the next chunk
    size : K, L and W
    place : int32 array (n,)
    reach : int32 array (span + 1,)
    weight : float32 array (n,), changed when `is_rates`
        The rates, or the ratios R.
    sums : float32 array (M,), changed otherwise
    halo : float32 array ((L - 1) * K,), changed otherwise
        Sums of the rows that the next chunk owns.
    new_phi : float32 array (K * L * W,), changed otherwise, or empty
    """
    row0, n_rows, back = rows
    n_motifs, motif_length, n_words = size
    for k in range(n_motifs):
        lo = live.motif_offsets[k]
        hi = live.motif_offsets[k + 1]
        # rows ascend within a motif: starts before the tile are skipped by bisection
        begin = first_not_below(live.row, row0, lo, hi)
        for m in range(begin, hi):
            s = live.row[m] - row0
            if s >= n_rows + motif_length - 1:
                break
            a = reach[max(s - motif_length + 1, 0)]
            z = reach[min(s + 1, n_rows)]
            # place + base = (k * L + relative time) * W + word, with relative time = bin row + L -
            # 1 - start row
            base = (k * motif_length + motif_length - 1 - s) * n_words
            if is_rates:
                sweep_live_start(live.mass[m], base, phi, place[a:z], weight[a:z])
            else:
                x = live_start_sum(base, phi, place[a:z], weight[a:z])
                # starts that reach into the next chunk are summed apart: that chunk may run in
                # another thread
                if s + row0 < back:
                    sums[m] += x
                else:
                    halo[(s + row0 - back) * n_motifs + k] += x
                if new_phi.shape[0] > 0:
                    sweep_live_motif(live.mass[m], base, place[a:z], weight[a:z], new_phi)


@fast_kernel
def sweep_live_chunks(
    live: Live,
    places: Places,
    phi: Singles,
    table: Table,
    tiles: Tiles,
    chunks: tuple[int, int],
    background: Background,
    size: tuple[int, int, int],
    sums: Singles,
    halo: Singles,
    new_phi: Singles,
    new_words: Reals,
    new_documents: Reals,
    scratch: tuple[Singles, Ints],
) -> tuple[float, float]:
    """Do the pass over some chunks; return their log-likelihood, nats, and unexplained counts.

    Parameters
    ----------
    phi : float32 array (K * L * W,)
    chunks : first chunk, and the one behind the last
    size : K, L and W
    sums : float32 array (M,), changed
        Sum R * phi of the cells that each chunk owns.
    halo : float32 array (C, (L - 1) * K), changed
        One row a chunk: the same for the rows behind those.
    new_phi : float32 array (K * L * W,), changed, or empty when motifs are fixed
        Sum R * A is added, without the factor phi.
    new_words : float64 array (W,), changed
    new_documents : float64 array (D + C,), changed
        Chunk c has document d at d + c.
    scratch : rates float32 (n,) and bits int32 (n,)
    """
    total = 0.0
    unexplained = 0.0
    for chunk in range(chunks[0], chunks[1]):
        back = tiles.chunk_row[chunk + 1]
        documents = new_documents[chunk:]
        for tile in range(tiles.chunk_tile[chunk], tiles.chunk_tile[chunk + 1]):
            bin0 = tiles.tile_bin[tile]
            bin1 = tiles.tile_bin[tile + 1]
            row0 = table.bin_row[bin0]
            rows = (row0, table.bin_row[bin1 - 1] - row0 + 1, back)
            counts = table.counts[table.offsets[bin0] : table.offsets[bin1]]
            rate = scratch[0][: counts.shape[0]]
            place = places.place[table.offsets[bin0] : table.offsets[bin1]]
            reach = places.reach[places.tile_reach[tile] : places.tile_reach[tile + 1]]
            if background.rate.shape[0] > 0:
                sweep_background_rates(table, bin0, bin1, background, rate)
            else:
                # the buffer is reused and holds the rates of the tile before
                rate[:] = np.float32(0)
            sweep_live_tile(
                live, phi, True, rows, size, place, reach, rate, sums, halo[chunk], new_phi
            )
            t, u = sweep_ratios(rate, counts, scratch[1][: counts.shape[0]])
            total += t
            unexplained += u
            sweep_live_tile(
                live, phi, False, rows, size, place, reach, rate, sums, halo[chunk], new_phi
            )
            if background.rate.shape[0] > 0:
                sweep_background_counts(table, bin0, bin1, background, rate, new_words, documents)
    return total, unexplained


@fast_kernel
def sweep_live_masses(
    live: Live, halo: Singles, chunk_row: Longs, tiny: np.float32, sums: Singles
) -> None:
    """Turn sums into expected counts A * (sum + what earlier chunks owe).

    Parameters
    ----------
    halo : float32 array (C, (L - 1) * K)
    chunk_row : int64 array (C + 1,)
    tiny : float32
        Masses below it become 0.
    sums : float32 array (M,), changed
    """
    n_motifs = live.motif_offsets.shape[0] - 1
    span = halo.shape[1] // n_motifs
    for c in range(halo.shape[0] - 1):
        for k in range(n_motifs):
            lo = live.motif_offsets[k]
            hi = live.motif_offsets[k + 1]
            # chunks in order, so that sums have the same bytes at any number of threads
            for m in range(first_not_below(live.row, chunk_row[c + 1], lo, hi), hi):
                at = live.row[m] - chunk_row[c + 1]
                if at >= span:
                    break
                sums[m] += halo[c, at * n_motifs + k]
    for m in range(sums.shape[0]):
        # denormal numbers are many times slower, and a dead start can be dropped from the list
        x = live.mass[m] * sums[m]
        sums[m] = x if x >= tiny else np.float32(0)


def live_above(live: Live, mass: Singles, threshold: Singles) -> Live:
    """Return the cells whose new mass exceeds the threshold.

    Parameters
    ----------
    mass : float32 array (M,)
        New masses of its cells.
    threshold : float32 array (R,)
        Taken off each.
    """
    left = mass - threshold[live.row]
    kept = left > 0
    offsets = np.append(0, np.cumsum(kept))[live.motif_offsets]
    return Live(offsets, live.row[kept], left[kept])
