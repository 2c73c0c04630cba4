"""The PLSM pass over live starts only: late iterations cost what the sparsity prior left alive.

A start that reached zero stays zero under EM, so the cells of the activation above zero are kept as
one list a motif. The observations a start can reach stand next to each other in the table, and with
the motifs laid out as phi_k[z, tr * W + w] each of them meets the start's cell at a place that is
the sum of a number of the start and a number of the observation. Work: live cells times the
observations within L bins of each.
"""

from typing import NamedTuple

import numpy as np

from motifmine.jit import fast_kernel as kernel
from motifmine.kernels.plsm_dense import sweep_background_counts, sweep_background_rates, sweep_ratios


class Live(NamedTuple):
    """Cells of the activation above zero, motif by motif.

    motif_offsets : int64 (K + 1,), first cell of each motif
    row : int64 (M,), start row, increasing within a motif
    mass : float32 (M,), expected counts
    """

    motif_offsets: np.ndarray
    row: np.ndarray
    mass: np.ndarray


class Places(NamedTuple):
    """Where the observations of each tile stand; the same for every pass.

    place : int32 (N,), (row0 - first row0 of the tile) * W + w
    reach : int32 (R,), for each row of a tile its first observation at or after that row, counted
        from the first of the tile, and the number of observations last
    tile_reach : int64 (n_tiles + 1,), first row of each tile in `reach`
    """

    place: np.ndarray
    reach: np.ndarray
    tile_reach: np.ndarray


@kernel
def live_offsets(activation, n_rows, n_motifs):
    """Return int64 (K + 1,): cells above zero in `activation` (P * K + 16,) before motif k."""
    offsets = np.zeros(n_motifs + 1, np.int64)
    for row in range(n_rows):
        for k in range(n_motifs):
            offsets[k + 1] += np.int64(activation[row * n_motifs + k] > 0)
    for k in range(n_motifs):
        offsets[k + 1] += offsets[k]
    return offsets


@kernel
def live_cells(activation, offsets, n_rows):
    """Return row int64 (M,) and mass float32 (M,) of the cells above zero, motif by motif."""
    n_motifs = offsets.shape[0] - 1
    row = np.empty(offsets[-1], np.int64)
    mass = np.empty(offsets[-1], np.float32)
    place = offsets.copy()
    for r in range(n_rows):
        for k in range(n_motifs):
            x = activation[r * n_motifs + k]
            if x > 0:
                row[place[k]] = r
                mass[place[k]] = x
                place[k] += 1
    return row, mass


@kernel
def places_of(table, tiles, n_words):
    """Return place int32 (N,), reach int32 (R,) and tile_reach int64 (n_tiles + 1,) of `Places`."""
    n_tiles = tiles.tile_bin.shape[0] - 1
    tile_reach = np.empty(n_tiles + 1, np.int64)
    tile_reach[0] = 0
    for tile in range(n_tiles):
        span = table.bin_row[tiles.tile_bin[tile + 1] - 1] - table.bin_row[tiles.tile_bin[tile]]
        tile_reach[tile + 1] = tile_reach[tile] + span + 2
    place = np.empty(table.word.shape[0], np.int32)
    reach = np.empty(tile_reach[-1], np.int32)
    for tile in range(n_tiles):
        bin0 = tiles.tile_bin[tile]
        first = table.offsets[bin0]
        r = tile_reach[tile]
        for b in range(bin0, tiles.tile_bin[tile + 1]):
            at = table.bin_row[b] - table.bin_row[bin0]
            while r <= tile_reach[tile] + at:
                reach[r] = table.offsets[b] - first
                r += 1
            for i in range(table.offsets[b], table.offsets[b + 1]):
                place[i] = at * n_words + table.word[i]
        reach[r] = table.offsets[tiles.tile_bin[tile + 1]] - first
    return place, reach, tile_reach


@kernel
def sweep_live_start(mass, base, phi, place, rate):
    """Add A * phi of one start to the rates of the observations it reaches, in place. (rate)

    phi : float32 (K * L * W,); place int32 and rate float32 (n,); the cell of observation i is
    base + place[i].
    """
    for i in range(place.shape[0]):
        rate[i] += mass * phi[np.uint64(base + place[i])]


@kernel
def sum_live_start(base, phi, place, weight):
    """Return sum R * phi over the observations one start reaches. (c)"""
    s = np.float32(0)
    for i in range(place.shape[0]):
        s += weight[i] * phi[np.uint64(base + place[i])]
    return s


@kernel
def sweep_live_motif(mass, base, place, weight, new_phi):
    """Add R * A of one start to the cells it reaches in new_phi (K * L * W,), in place. (e)"""
    for i in range(place.shape[0]):
        j = np.uint64(base + place[i])
        new_phi[j] += mass * weight[i]


@kernel
def sweep_live_tile(
    live, phi, bins, row0, n_rows, size, back, place, reach, weight, sums, halo, new_phi
):
    """Add rates (bins < 0) or counts (otherwise) of the live starts of one tile, in place.

    row0, n_rows : first window row of the tile, and the span of its bins
    size = (K, L, W); back : first row of the next chunk, whose sums go to halo ((L-1) * K,)
    weight (n,) are the rates, or the ratios n / r; sums (M,); new_phi (K * L * W,) or empty.
    """
    n_motifs, motif_length, n_words = size
    for k in range(n_motifs):
        lo = live.motif_offsets[k]
        hi = live.motif_offsets[k + 1]
        begin = lo + np.searchsorted(live.row[lo:hi], row0)
        for m in range(begin, hi):
            s = live.row[m] - row0
            if s >= n_rows + motif_length - 1:
                break
            a = reach[max(s - motif_length + 1, 0)]
            z = reach[min(s + 1, n_rows)]
            base = (k * motif_length + motif_length - 1 - s) * n_words
            if bins < 0:
                sweep_live_start(live.mass[m], base, phi, place[a:z], weight[a:z])
            else:
                x = sum_live_start(base, phi, place[a:z], weight[a:z])
                if s + row0 < back:
                    sums[m] += x
                else:
                    halo[(s + row0 - back) * n_motifs + k] += x
                if new_phi.shape[0] > 0:
                    sweep_live_motif(live.mass[m], base, place[a:z], weight[a:z], new_phi)


@kernel
def sweep_live_chunk(
    live,
    places,
    phi,
    table,
    tiles,
    chunk,
    background,
    size,
    sums,
    halo,
    new_phi,
    new_words,
    new_documents,
    scratch,
):
    """Do the pass over one chunk and return its log-likelihood and unexplained counts.

    Adds to sums (M,) float32 of the cells the chunk owns, to halo (C, (L-1) * K) for those behind
    it, to new_phi (K * L * W,) [without the factor phi; empty when motifs are fixed], to new_words
    and new_documents. size = (K, L, W). scratch = (rate float32, bits int32).
    """
    rates, bits = scratch
    total = 0.0
    unexplained = 0.0
    back = tiles.chunk_row[chunk + 1]
    for tile in range(tiles.chunk_tile[chunk], tiles.chunk_tile[chunk + 1]):
        bin0 = tiles.tile_bin[tile]
        bin1 = tiles.tile_bin[tile + 1]
        n = table.offsets[bin1] - table.offsets[bin0]
        row0 = table.bin_row[bin0]
        n_rows = table.bin_row[bin1 - 1] - row0 + 1
        rate = rates[:n]
        place = places.place[table.offsets[bin0] : table.offsets[bin1]]
        reach = places.reach[places.tile_reach[tile] : places.tile_reach[tile + 1]]
        if background.rate.shape[0] > 0:
            sweep_background_rates(table, bin0, bin1, background, rate)
        else:
            rate[:] = np.float32(0)
        sweep_live_tile(
            live, phi, -1, row0, n_rows, size, back, place, reach, rate, sums, halo[chunk], new_phi
        )
        count = table.count[table.offsets[bin0] : table.offsets[bin1]]
        t, u = sweep_ratios(rate, count, bits[:n])
        total += t
        unexplained += u
        sweep_live_tile(
            live, phi, 1, row0, n_rows, size, back, place, reach, rate, sums, halo[chunk], new_phi
        )
        if background.rate.shape[0] > 0:
            sweep_background_counts(
                table, bin0, bin1, background, rate, new_words, new_documents[chunk:]
            )
    return total, unexplained


@kernel
def sweep_live_masses(live, halo, chunk_row, tiny, sums):
    """Turn sums (M,) into new masses A * (sum + what earlier chunks owe) in place. (c)"""
    n_motifs = live.motif_offsets.shape[0] - 1
    span = halo.shape[1] // n_motifs
    for c in range(halo.shape[0] - 1):
        for k in range(n_motifs):
            lo = live.motif_offsets[k]
            hi = live.motif_offsets[k + 1]
            for m in range(lo + np.searchsorted(live.row[lo:hi], chunk_row[c + 1]), hi):
                at = live.row[m] - chunk_row[c + 1]
                if at >= span:
                    break
                sums[m] += halo[c, at * n_motifs + k]
    for m in range(sums.shape[0]):
        x = live.mass[m] * sums[m]
        sums[m] = x if x >= tiny else np.float32(0)
