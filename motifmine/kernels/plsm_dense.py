"""Kernels of the PLSM expectation pass over sparse count tables.

Numba and NumPy only. `motifmine.models.plsm_pass` cuts the work, lends the scratch and adds the parts.

Layout (``stride`` is L * K rounded up to a multiple of 16, so that rows are whole vectors)::

    activation[row * K + k]             expected counts of motif k started at start row `row`
    phi[w, j * K + k]                   p(w, tr = L-1-j | k); columns L*K.. are zero
    row(ts) = base_d + ts + L - 1       ts = -(L-1) .. T_d - 1, documents behind each other

The starts that reach bin t of document d are then ``activation[row0 * K : row0 * K + L * K]`` with
row0 = base_d + t, and their relative times run along the columns of `phi`.
The pass is that of Varadarajan, Emonet, Odobez (BMVC 2010; IJCV 2013); equation numbers are those
of the README of the papers: (rate) p(w,ta|d), (R) n/p, (c) expected counts of starts, (e) of motif cells.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from motifmine.kernels.plsm_rows import (
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

# The named flags allow sums in vector order and fused multiply-add. nnan and ninf are left out, so
# isnan and isfinite keep their meaning.
FAST = {"reassoc", "contract", "nsz", "arcp"}
kernel = njit(nogil=True, cache=True, error_model="numpy", fastmath=FAST)

FLOOR = np.float32(1.1754944e-38)
"""Rates below the smallest normal float32 count as zero: nothing explains the observation."""


class Table(NamedTuple):
    """Observations in bins, documents behind each other.

    bin_row : int64 (B,), first start row of the window of each non-empty bin, increasing
    offsets : int64 (B + 1,), first observation of each bin
    word : int32 (N,)
    count : float32 (N,), > 0
    first_row : int64 (D + 1,), first start row of each document, and the number of rows P
    """

    bin_row: np.ndarray
    offsets: np.ndarray
    word: np.ndarray
    count: np.ndarray
    first_row: np.ndarray


class Tiles(NamedTuple):
    """How the bins are cut: chunks (units of work) of tiles (what stays in cache).

    chunk_tile : int64 (C + 1,), first tile of each chunk
    tile_bin : int64 (n_tiles + 1,), first bin of each tile
    chunk_row : int64 (C + 1,), first start row owned by each chunk; 0 first and P last
    order : int32 (N,), the observations of each tile sorted by word, then time
    order_row : int32 (N,), window row of each of them
    """

    chunk_tile: np.ndarray
    tile_bin: np.ndarray
    chunk_row: np.ndarray
    order: np.ndarray
    order_row: np.ndarray


class Background(NamedTuple):
    """Rate that no motif explains: ``scale[d] * rate[w]``.

    rate : float32 (W,), empty for no background
    scale : float32 (D,)
    """

    rate: np.ndarray
    scale: np.ndarray




@kernel
def cut_tiles(bin_row, offsets, chunk_bin, tile_rows, tile_observations):
    """Return the bins at which tiles begin, and the first tile of each chunk.

    bin_row (B,), offsets (B + 1,), chunk_bin (C + 1,) int64. A tile spans fewer than `tile_rows`
    start rows and, unless it is a single bin, no more than `tile_observations` observations.
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


@kernel
def order_by_word(bin_row, offsets, word, tile_bin, n_words):
    """Return the observations of each tile sorted by word then time, and their window rows.

    bin_row (B,), offsets (B + 1,), tile_bin (n_tiles + 1,) int64; word (N,) int32. A counting sort:
    it is stable, so equal words stay in time order.
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


@kernel
def ratio(n, r):
    """Return R = n / r (MODELS 2.2), and 0 where nothing explains the observation."""
    if r > FLOOR:
        return n / r
    return np.float32(0)


@kernel
def sweep_ratios(rate, count, bits):
    """Turn rates into ratios n / r in place and return sum n log r and the unexplained counts.

    rate, count : float32 (n,); bits : int32 (n,), scratch. The logarithm is 2 atanh((m-1)/(m+1)) of
    the mantissa m in [sqrt(1/2), sqrt(2)) plus exponent * log 2, to 1e-10; math.log would keep the
    loop scalar. Rates under FLOOR enter the sum as FLOOR.
    """
    n = rate.shape[0]
    total = 0.0
    unexplained = 0.0
    mantissa = bits.view(np.float32)
    for i in range(n):
        r = max(rate[i], FLOOR)
        mantissa[i] = r
    for i in range(n):
        half = bits[i] - np.int32(0x3F3504F3)
        exponent = half >> np.int32(23)
        bits[i] = bits[i] - (exponent << np.int32(23))
        total += count[i] * (np.float64(exponent) * 0.6931471805599453)
    for i in range(n):
        m = np.float64(mantissa[i])
        s = (m - 1.0) / (m + 1.0)
        z = s * s
        series = 1.0 + z * (1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11)))))
        total += count[i] * (2.0 * s * series)
    for i in range(n):
        r = rate[i]
        rate[i] = count[i] / r if r > FLOOR else np.float32(0)
        total += r - r  # nan for rates that are not finite, which the logarithm above does not see
        unexplained += count[i] if r <= FLOOR else np.float32(0)
    return total, unexplained




@kernel
def sweep_background_rates(table, bin0, bin1, background, rate):
    """Set `rate` (n,) of the observations of bins bin0..bin1 to scale[d] * rate[w] in place."""
    first = table.offsets[bin0]
    d = np.searchsorted(table.first_row, table.bin_row[bin0], side="right") - 1
    for b in range(bin0, bin1):
        while table.bin_row[b] >= table.first_row[d + 1]:
            d += 1
        for i in range(table.offsets[b], table.offsets[b + 1]):
            rate[i - first] = background.scale[d] * background.rate[table.word[i]]


@kernel
def sweep_background_counts(table, bin0, bin1, background, weight, words, documents):
    """Add the expected counts of the background, n * b / r, per word and per document in place.

    weight : float32 (n,), ratios n / r of the observations of bins bin0..bin1
    words : float64 (W,); documents : float64 (D + C,) shifted to this chunk's part
    """
    first = table.offsets[bin0]
    d = np.searchsorted(table.first_row, table.bin_row[bin0], side="right") - 1
    for b in range(bin0, bin1):
        while table.bin_row[b] >= table.first_row[d + 1]:
            d += 1
        mass = 0.0
        for i in range(table.offsets[b], table.offsets[b + 1]):
            w = table.word[i]
            x = np.float64(weight[i - first] * background.scale[d] * background.rate[w])
            words[w] += x
            mass += x
        documents[d] += mass




@kernel
def sweep_rates(
    activation, phi, table, tiles, tile, n_motifs, learn, rate, new_phi, places, values
):
    """Add sum A * phi to `rate` and, when learning, sum R * A to `new_phi`, word by word, in place.

    activation (P * K + 16,), phi and new_phi (W, stride) float32; rate (n,) float32 in table order,
    holding the background. The rows of a word and the windows of the tile stay in cache. (e)
    Scratch: places int64 (8,), values float32 (8,).
    """
    first = table.offsets[tiles.tile_bin[tile]]
    last = table.offsets[tiles.tile_bin[tile + 1]]
    order = tiles.order
    stride = phi.shape[1]
    p = phi.reshape(-1)
    e = new_phi.reshape(-1)
    at, r = places, values
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
                at[m] = tiles.order_row[i + m] * np.int64(n_motifs)
            if n == 8:
                dots8(p, row, activation, at, stride, r)
            elif n == 4:
                dots4(p, row, activation, at, stride, r)
            elif n == 2:
                dots2(p, row, activation, at, stride, r)
            else:
                dots1(p, row, activation, at, stride, r)
            for m in range(n):
                o = order[i + m]
                r[m] += rate[o - first]
                rate[o - first] = r[m]
                r[m] = ratio(table.count[o], r[m])
            if learn:
                if n == 8:
                    sweep_rows8(e, row, activation, at, r, 0, stride)
                elif n == 4:
                    sweep_rows4(e, row, activation, at, r, 0, stride)
                elif n == 2:
                    sweep_rows2(e, row, activation, at, r, 0, stride)
                else:
                    sweep_rows1(e, row, activation, at, r, 0, stride)
            i += n


@kernel
def block_of(n):
    """Return how many of n rows to take at once: 8, 4, 2 or 1."""
    if n >= 8:
        return 8
    if n >= 4:
        return 4
    return 2 if n >= 2 else 1


@kernel
def sweep_starts(phi, table, bin0, bin1, weight, n_motifs, window, places):
    """Add sum R * phi to the start rows of `window`, bin by bin, in place.

    phi (W, stride), weight (n,) ratios, window (rows * K + 16,) float32; the first row of `window`
    is that of bin0. Scratch: places int64 (8,). (c)
    """
    first = table.offsets[bin0]
    stride = phi.shape[1]
    p = phi.reshape(-1)
    at = places
    for b in range(bin0, bin1):
        to = (table.bin_row[b] - table.bin_row[bin0]) * n_motifs
        i = table.offsets[b]
        while i < table.offsets[b + 1]:
            n = min(table.offsets[b + 1] - i, 4)
            for m in range(n):
                at[m] = table.word[i + m] * np.int64(stride)
            if n == 4:
                sweep_rows4(window, to, p, at, weight, i - first, stride)
            elif n == 3:
                sweep_rows3(window, to, p, at, weight, i - first, stride)
            elif n == 2:
                sweep_rows2(window, to, p, at, weight, i - first, stride)
            else:
                sweep_rows1(window, to, p, at, weight, i - first, stride)
            i += n


@kernel
def sweep_flush(activation, window, begin, end, n_motifs, tiny, new_activation):
    """Write A * window of start rows begin..end into `new_activation`, shorter windows as zeros.

    window : float32 (m,), first value that of row `begin`. Results below `tiny` become 0: no
    denormal numbers, and starts that died out can be skipped. (c)
    """
    at = begin * n_motifs
    old = activation[at : end * n_motifs]
    new = new_activation[at : end * n_motifs]
    n = min(new.shape[0], window.shape[0])
    for j in range(n):
        x = old[j] * window[j]
        new[j] = x if x >= tiny else np.float32(0)
    new[n:] = np.float32(0)


@kernel
def sweep_chunk(
    activation,
    phi,
    table,
    tiles,
    chunk,
    background,
    size,
    learn,
    tiny,
    new_activation,
    halo,
    new_phi,
    new_words,
    new_documents,
    scratch,
):
    """Do the pass over one chunk and return its log-likelihood and unexplained counts.

    Reads activation (P * K + 16,) and phi (W, stride) float32; size = (K, L).
    Writes rows chunk_row[c]..chunk_row[c+1] of new_activation (P * K,), the sums that belong to the
    L-1 rows behind them in halo (C, (L-1) * K), and adds to new_phi (W, stride) [without the factor
    phi], new_words (W,) float64 and new_documents (D + C,) float64.
    scratch = (window float32, rate float32, bits int32, places int64 (8,), values float32 (8,)).
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
            # Only before the very first bin: rows that reach no observation.
            new_activation[begin * n_motifs : table.bin_row[bin0] * n_motifs] = np.float32(0)
            begin = table.bin_row[bin0]
        reach = table.bin_row[bin1 - 1] + motif_length
        prefetch(activation, begin * n_motifs, (reach - begin) * n_motifs)
        n = table.offsets[bin1] - table.offsets[bin0]
        rate = rates[:n]
        if background.rate.shape[0] > 0:
            sweep_background_rates(table, bin0, bin1, background, rate)
        else:
            rate[:] = np.float32(0)
        sweep_rates(
            activation, phi, table, tiles, tile, n_motifs, learn, rate, new_phi, places, values
        )
        count = table.count[table.offsets[bin0] : table.offsets[bin1]]
        t, u = sweep_ratios(rate, count, bits[:n])
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
        for j in range(left):
            window[j] = window[gone + j]
        window[left : (reach - begin) * n_motifs + LANES] = np.float32(0)
        begin = end
    for j in range(halo.shape[1]):
        halo[chunk, j] = window[j]
    return total, unexplained


@kernel
def sweep_halos(activation, halo, chunk_row, tiny, new_activation):
    """Add what chunks owe to the rows behind them, chunk by chunk, in place.

    activation (P * K + 16,), halo (C, (L-1) * K), new_activation (P * K,) float32.
    """
    n_values = new_activation.shape[0]
    n_motifs = n_values // chunk_row[-1]
    for c in range(halo.shape[0] - 1):
        at = chunk_row[c + 1] * n_motifs
        n = min(halo.shape[1], n_values - at)
        for j in range(n):
            x = new_activation[at + j] + activation[at + j] * halo[c, j]
            new_activation[at + j] = x if x >= tiny else np.float32(0)


@kernel
def sweep_total(total, part, phi):
    """Add phi * part to the float64 total (W, stride) in place and clear the part. (e)"""
    for w in range(total.shape[0]):
        t = total[w]
        s = part[w]
        p = phi[w]
        for j in range(t.shape[0]):
            t[j] += np.float64(p[j]) * np.float64(s[j])
            s[j] = np.float32(0)
