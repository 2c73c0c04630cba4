"""The PLSM pass over all starts: expected counts of one EM iteration, from what was observed only.

`motifmine.models.plsm.passes` cuts the work, lends the scratch and adds the parts; the layout is
that of `motifmine.models.plsm.kernels.tiles`. Responsibilities are never stored.

Notes
-----
The pass is that of Varadarajan, Emonet and Odobez, IJCV 2013, on joint tables: with the rate
p(w,ta|d) = b(w,d) + sum_{z,ts} A(z,ts,d) phi_z(w, ta - ts) and the ratio R = n / p, the expected
counts of a start are A(z,ts,d) * sum R * phi, those of a motif cell phi_z(w,tr) * sum R * A.
"""

import numpy as np

from motifmine.kernels.jit import fast_kernel, inner_fast_kernel
from motifmine.models.plsm.kernels.ratios import (
    Background,
    ratio,
    sweep_background_counts,
    sweep_background_rates,
    sweep_ratios,
)
from motifmine.models.plsm.kernels.rows import (
    LANES,
    dots1,
    dots2,
    dots4,
    dots8,
    prefetch,
    sweep_rows1,
    sweep_rows2,
    sweep_rows3,
    sweep_rows4,
    sweep_rows8,
)
from motifmine.models.plsm.kernels.tiles import Ints, Longs, Reals, Singles, Table, Tiles

Scratch = tuple[Singles, Singles, Ints, Longs, Singles]
"""window (rows of a tile * K + 16,), rates (n,), bits (n,), places (8,), values (8,)."""


@fast_kernel
def block_of(n: int) -> int:
    """Return how many of n rows to take at once: 8, 4, 2 or 1."""
    if n >= 8:
        return 8
    if n >= 4:
        return 4
    return 2 if n >= 2 else 1


@inner_fast_kernel
def sweep_rates(
    activation: Singles,
    phi: Singles,
    table: Table,
    tiles: Tiles,
    tile: int,
    n_motifs: int,
    learn: bool,
    rate: Singles,
    new_phi: Singles,
    places: Longs,
    values: Singles,
) -> None:
    """Add the motifs' part to the rates of a tile and, when learning, sum R * A to `new_phi`.

    Word by word, so that the row of the word and the windows of the tile stay in the cache.

    Parameters
    ----------
    activation : float32 array (R * K + 16,)
    phi : float32 array (W, stride)
    rate : float32 array (n,), changed
        Rates of the tile's observations in table order, holding those of the background.
    new_phi : float32 array (W, stride), changed when `learn`
    places : int64 array (8,), scratch
    values : float32 array (8,), scratch
    """
    first = table.offsets[tiles.tile_bin[tile]]
    last = table.offsets[tiles.tile_bin[tile + 1]]
    order = tiles.order
    stride = phi.shape[1]
    p = phi.reshape(-1)
    e = new_phi.reshape(-1)
    i = first
    while i < last:
        w = table.word[order[i]]
        end = i + 1
        while end < last and table.word[order[end]] == w:
            end += 1
        row = w * stride
        while i < end:
            n = block_of(end - i)
            for m in range(n):
                places[m] = tiles.order_row[i + m] * np.int64(n_motifs)
            if n == 8:
                dots8(p, row, activation, places, stride, values)
            elif n == 4:
                dots4(p, row, activation, places, stride, values)
            elif n == 2:
                dots2(p, row, activation, places, stride, values)
            else:
                dots1(p, row, activation, places, stride, values)
            for m in range(n):
                o = order[i + m]
                values[m] += rate[o - first]
                rate[o - first] = values[m]
                values[m] = ratio(table.counts[o], values[m])
            if learn:
                if n == 8:
                    sweep_rows8(e, row, activation, places, values, 0, stride)
                elif n == 4:
                    sweep_rows4(e, row, activation, places, values, 0, stride)
                elif n == 2:
                    sweep_rows2(e, row, activation, places, values, 0, stride)
                else:
                    sweep_rows1(e, row, activation, places, values, 0, stride)
            i += n


@inner_fast_kernel
def sweep_starts(
    phi: Singles,
    table: Table,
    bin0: int,
    bin1: int,
    weight: Singles,
    n_motifs: int,
    window: Singles,
    places: Longs,
) -> None:
    """Add sum R * phi to the start rows of `window`, bin by bin.

    Parameters
    ----------
    phi : float32 array (W, stride)
    weight : float32 array (n,)
        Ratios R of the observations of bins bin0..bin1.
    window : float32 array (rows * K + 16,), changed
        Its first row is that of `bin0`.
    places : int64 array (8,), scratch
    """
    first = table.offsets[bin0]
    stride = phi.shape[1]
    p = phi.reshape(-1)
    for b in range(bin0, bin1):
        to = (table.bin_row[b] - table.bin_row[bin0]) * n_motifs
        i = table.offsets[b]
        while i < table.offsets[b + 1]:
            n = min(table.offsets[b + 1] - i, 4)
            for m in range(n):
                places[m] = table.word[i + m] * np.int64(stride)
            if n == 4:
                sweep_rows4(window, to, p, places, weight, i - first, stride)
            elif n == 3:
                sweep_rows3(window, to, p, places, weight, i - first, stride)
            elif n == 2:
                sweep_rows2(window, to, p, places, weight, i - first, stride)
            else:
                sweep_rows1(window, to, p, places, weight, i - first, stride)
            i += n


@inner_fast_kernel
def sweep_flush(
    activation: Singles,
    window: Singles,
    begin: int,
    end: int,
    n_motifs: int,
    tiny: np.float32,
    new_activation: Singles,
) -> None:
    """Write A * window of start rows begin..end; rows behind the window become 0.

    Parameters
    ----------
    activation : float32 array (R * K + 16,)
    window : float32 array (m,)
        Its first value is that of row `begin`.
    tiny : float32
        Results below it become 0: no denormal numbers, and dead starts can be skipped.
    new_activation : float32 array (R * K,), changed
    """
    at = begin * n_motifs
    old = activation[at : end * n_motifs]
    new = new_activation[at : end * n_motifs]
    n = min(new.shape[0], window.shape[0])
    for j in range(n):
        x = old[j] * window[j]
        new[j] = x if x >= tiny else np.float32(0)
    new[n:] = np.float32(0)


@fast_kernel
def sweep_chunk(
    activation: Singles,
    phi: Singles,
    table: Table,
    tiles: Tiles,
    chunk: int,
    background: Background,
    size: tuple[int, int],
    learn: bool,
    tiny: np.float32,
    new_activation: Singles,
    halo: Singles,
    new_phi: Singles,
    new_words: Reals,
    new_documents: Reals,
    scratch: Scratch,
) -> tuple[float, float]:
    """Do the pass over one chunk; return its log-likelihood, nats, and unexplained counts.

    Parameters
    ----------
    activation : float32 array (R * K + 16,)
    phi : float32 array (W, stride)
    size : K and L
    tiny : float32
        Masses below it become 0.
    new_activation : float32 array (R * K,), changed
        Expected counts of the start rows that the chunk owns.
    halo : float32 array (C, (L - 1) * K), changed
        Row `chunk`: sum R * phi of the rows behind those.
    new_phi : float32 array (W, stride), changed when `learn`
        Sum R * A is added, without the factor phi.
    new_words : float64 array (W,), changed
    new_documents : float64 array (D + C,), changed
        Chunk c has document d at d + c: chunks share documents, threads must not share sums.
    """
    n_motifs, motif_length = size
    window, rates, bits, places, values = scratch
    total = 0.0
    unexplained = 0.0
    window[:] = np.float32(0)
    begin = tiles.chunk_row[chunk]
    for tile in range(tiles.chunk_tile[chunk], tiles.chunk_tile[chunk + 1]):
        bin0 = tiles.tile_bin[tile]
        bin1 = tiles.tile_bin[tile + 1]
        if table.bin_row[bin0] > begin:
            # only before the very first bin: rows that reach no observation
            new_activation[begin * n_motifs : table.bin_row[bin0] * n_motifs] = np.float32(0)
            begin = table.bin_row[bin0]
        # the kernel waits for memory otherwise: these rows are read word by word, not in order
        reach = table.bin_row[bin1 - 1] + motif_length
        prefetch(activation, begin * n_motifs, (reach - begin) * n_motifs)
        counts = table.counts[table.offsets[bin0] : table.offsets[bin1]]
        rate = rates[: counts.shape[0]]
        if background.rate.shape[0] > 0:
            sweep_background_rates(table, bin0, bin1, background, rate)
        else:
            rate[:] = np.float32(0)
        sweep_rates(
            activation, phi, table, tiles, tile, n_motifs, learn, rate, new_phi, places, values
        )
        t, u = sweep_ratios(rate, counts, bits[: counts.shape[0]])
        total += t
        unexplained += u
        sweep_starts(phi, table, bin0, bin1, rate, n_motifs, window, places)
        if background.rate.shape[0] > 0:
            sweep_background_counts(
                table, bin0, bin1, background, rate, new_words, new_documents[chunk:]
            )
        end = tiles.chunk_row[chunk + 1]
        if tile + 1 < tiles.chunk_tile[chunk + 1]:
            end = table.bin_row[bin1]
        live = window[: (reach - begin) * n_motifs]
        sweep_flush(activation, live, begin, end, n_motifs, tiny, new_activation)
        left = max(reach - end, 0) * n_motifs
        gone = (end - begin) * n_motifs
        # the next tile adds to these rows too; ascending, as source and target may overlap
        for j in range(left):
            window[j] = window[gone + j]
        window[left : (reach - begin) * n_motifs + LANES] = np.float32(0)
        begin = end
    for j in range(halo.shape[1]):
        halo[chunk, j] = window[j]
    return total, unexplained


def sweep_halos(
    activation: Singles,
    halo: Singles,
    chunk_row: Longs,
    tiny: np.float32,
    new_activation: Singles,
) -> None:
    """Add what chunks owe to the rows behind them, chunk by chunk.

    Parameters
    ----------
    activation : float32 array (R * K + 16,)
    halo : float32 array (C, (L - 1) * K)
    chunk_row : int64 array (C + 1,)
    tiny : float32
        Masses below it become 0.
    new_activation : float32 array (R * K,), changed
    """
    n_motifs = len(new_activation) // int(chunk_row[-1])
    for owed, row in zip(halo, chunk_row[1:-1].tolist(), strict=False):
        new = new_activation[row * n_motifs :][: len(owed)]
        new += activation[row * n_motifs :][: len(new)] * owed[: len(new)]
        new[new < tiny] = 0


@fast_kernel
def sweep_total(total: Reals, part: Singles, phi: Singles) -> None:
    """Add phi * part to the total of the motif cells' expected counts and clear the part.

    Parameters
    ----------
    total : float64 array (n,), changed
    part : float32 array (n,), changed
    phi : float32 array (n,)
    """
    for j in range(total.shape[0]):
        total[j] += np.float64(phi[j]) * np.float64(part[j])
        part[j] = np.float32(0)
