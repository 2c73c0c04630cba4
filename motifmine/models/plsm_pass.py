"""One expectation pass of PLSM: what stands between a model and the kernels."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from motifmine.kernels import plsm_cutting, plsm_dense as kn, plsm_ratios
from motifmine.kernels import plsm_live as lk
from motifmine.layout import phi_of

N_CHUNKS = 16
CHUNK_OBSERVATIONS = 4096  # smaller chunks cost more in calls than they share out
TILE_BYTES = 1 << 18
TILE_OBSERVATIONS = 1 << 15
TINY = 1e-30
CROSSOVER = 0.05
NO_BACKGROUND = plsm_ratios.Background(np.zeros(0, np.float32), np.zeros(0, np.float32))


class Plan(NamedTuple):
    """A table cut for the pass. Depends on the table, K, L, W: never on the number of threads."""

    table: plsm_cutting.Table
    tiles: plsm_cutting.Tiles
    n_motifs: int
    motif_length: int
    n_words: int


class Expectation(NamedTuple):
    """Result of one pass.

    activation : float32 (P * K + 16,), expected counts of starts (c)
    phi : float64 (W, stride), expected counts of motif cells (e), or None when motifs were fixed
    background_words : float64 (W,)
    background_documents : float64 (D,)
    log_likelihood : float, nats
    unexplained : float, counts of observations with rate 0
    """

    activation: np.ndarray
    phi: np.ndarray | None
    background_words: np.ndarray
    background_documents: np.ndarray
    log_likelihood: float
    unexplained: float


def stride(n_motifs, motif_length):
    """Return L * K rounded up to whole vectors."""
    return -(-n_motifs * motif_length // kn.LANES) * kn.LANES


def aligned(shape, dtype=np.float32):
    """Return zeros that begin on a cache line."""
    n = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(n + 64, np.uint8)
    skip = -raw.ctypes.data % 64
    return raw[skip : skip + n].view(dtype).reshape(shape)


def plan(
    bin_row,
    offsets,
    word,
    count,
    first_row,
    *,
    n_motifs,
    motif_length,
    n_words,
    n_chunks=None,
    tile_rows=None,
):
    """Return the table cut into chunks of equal numbers of observations and tiles for L2."""
    table = plsm_cutting.Table(
        np.ascontiguousarray(bin_row, np.int64),
        np.ascontiguousarray(offsets, np.int64),
        np.ascontiguousarray(word, np.int32),
        np.ascontiguousarray(count, np.float32),
        np.ascontiguousarray(first_row, np.int64),
    )
    n_bins, n_rows = len(table.bin_row), int(table.first_row[-1])
    if tile_rows is None:
        tile_rows = max(TILE_BYTES // (4 * n_motifs), motif_length)
    if n_chunks is None:
        worth = max(len(table.word) // (4 * n_words), 4)  # adding a part must stay cheap
        n_chunks = min(len(table.word) // CHUNK_OBSERVATIONS + 1, worth, N_CHUNKS)
    n_chunks = max(min(n_chunks, n_bins), 1)
    goal = np.arange(n_chunks + 1) * (len(table.word) / n_chunks)
    chunk_bin = np.searchsorted(table.offsets, goal)
    chunk_bin[0], chunk_bin[-1] = 0, n_bins
    chunk_bin = np.unique(chunk_bin).astype(np.int64)
    tile_bin, chunk_tile = plsm_cutting.cut_tiles(
        table.bin_row, table.offsets, chunk_bin, tile_rows, max(TILE_OBSERVATIONS, 8 * n_words)
    )
    order, order_row = plsm_cutting.order_by_word(table.bin_row, table.offsets, table.word, tile_bin, n_words)
    chunk_row = np.concatenate([[0], table.bin_row[chunk_bin[1:-1]], [n_rows]]).astype(np.int64)
    tiles = plsm_cutting.Tiles(chunk_tile, tile_bin, chunk_row, order, order_row)
    return Plan(table, tiles, n_motifs, motif_length, n_words)


def largest_tile(p):
    """Return the most observations of any tile."""
    return int(np.diff(p.table.offsets[p.tiles.tile_bin]).max(initial=0))


def widest_tile(p):
    """Return the most start rows from the first bin of any tile to its last."""
    at = p.tiles.tile_bin
    return int((p.table.bin_row[at[1:] - 1] - p.table.bin_row[at[:-1]]).max(initial=0))


def in_order(n_items, n_threads, work, deliver):
    """Run work(item, worker) on threads and deliver(item, worker, result) in order of the items.

    A worker delivers its item before it takes the next one: one open part per worker.
    """
    if n_threads <= 1:
        for item in range(n_items):
            deliver(item, 0, work(item, 0))
        return
    turn = threading.Condition()
    items = itertools.count()
    state = {"next": 0, "failed": False}

    def loop(worker):
        try:
            while (item := next(items)) < n_items:
                result = work(item, worker)
                with turn:
                    turn.wait_for(lambda: state["next"] == item or state["failed"])
                    if state["failed"]:
                        return
                deliver(item, worker, result)
                with turn:
                    state["next"] += 1
                    turn.notify_all()
        except BaseException:
            with turn:
                state["failed"] = True
                turn.notify_all()
            raise

    with ThreadPoolExecutor(n_threads) as pool:
        for future in [pool.submit(loop, worker) for worker in range(n_threads)]:
            future.result()


def add_parts(parts, first_row, chunk_row):
    """Return per-document sums (D,) of parts (D + C,): chunk c has document d at d + c."""
    total = np.zeros(len(first_row) - 1)
    if not len(total):
        return total
    edge = np.searchsorted(first_row, chunk_row[:-1], side="right") - 1
    back = np.searchsorted(first_row, np.maximum(chunk_row[1:] - 1, 0), side="right") - 1
    back = np.minimum(back, len(total) - 1)
    for c, (lo, hi) in enumerate(zip(edge, back, strict=True)):
        total[lo : hi + 1] += parts[lo + c : hi + 1 + c]
    return total


def run(p, phi, background, learn, n_threads, room, sweep):
    """Run sweep(chunk, part, new_words, documents, room) over the chunks and add the parts.

    Returns e (W, stride) float64 or None, background words and documents, and the two sums.
    """
    n_chunks = len(p.tiles.chunk_row) - 1 if len(p.table.bin_row) else 0
    n_threads = max(min(n_threads, n_chunks), 1)
    shape = phi.shape if learn else (0, phi.shape[1])
    total = aligned(shape, np.float64)
    words = np.zeros(p.n_words)
    n_words = p.n_words if len(background.rate) else 0
    documents = np.zeros(len(p.table.first_row) - 1 + n_chunks)
    sums = [0.0, 0.0]
    own = [(aligned(shape), np.zeros(n_words), room()) for _ in range(n_threads)]

    def work(chunk, worker):
        part, new_words, room = own[worker]
        return sweep(chunk, part, new_words, documents, room)

    def deliver(chunk, worker, result):
        part, new_words, _ = own[worker]
        kn.sweep_total(total, part, phi)
        words[:n_words] += new_words
        new_words[:] = 0
        sums[0] += result[0]
        sums[1] += result[1]

    in_order(n_chunks, n_threads, work, deliver)
    mass = add_parts(documents, p.table.first_row, p.tiles.chunk_row[: n_chunks + 1])
    return total if learn else None, words, mass, *sums


def expectation(
    p, activation, phi, *, background=NO_BACKGROUND, learn=True, n_threads=1, tiny=TINY, out=None
):
    """Return the expected counts under (activation, phi); same bytes at any number of threads.

    activation : float32 (P * K + 16,); phi : float32 (W, stride)
    out : array for the new activation, not `activation` itself
    With learn=False the motifs are fixed (fold-in).
    """
    n_values = int(p.table.first_row[-1]) * p.n_motifs
    if len(activation) < n_values + kn.LANES or phi.shape[1] != stride(p.n_motifs, p.motif_length):
        raise ValueError("activation needs P * K + 16 values, phi rows of a multiple of 16")
    tiny = np.float32(tiny)
    size = (p.n_motifs, p.motif_length)
    new_activation = aligned(activation.shape) if out is None else out
    new_activation[n_values:] = 0  # read with weight 0, so it must be finite
    starts = new_activation[:n_values]
    halo = np.zeros((len(p.tiles.chunk_row) - 1, (p.motif_length - 1) * p.n_motifs), np.float32)
    if not len(p.table.bin_row):
        starts[:] = 0

    def sweep(chunk, part, new_words, documents, room):
        return kn.sweep_chunk(
            activation,
            phi,
            p.table,
            p.tiles,
            chunk,
            background,
            size,
            learn,
            tiny,
            starts,
            halo,
            part,
            new_words,
            documents,
            room,
        )

    def room():
        n_values = (widest_tile(p) + p.motif_length) * p.n_motifs + kn.LANES
        n = largest_tile(p)
        return aligned(n_values), aligned(n), aligned(n, np.int32), aligned(8, np.int64), aligned(8)

    parts = run(p, phi, background, learn, n_threads, room, sweep)
    kn.sweep_halos(activation, halo, p.tiles.chunk_row, tiny, starts)
    return Expectation(new_activation, *parts)


def live_starts(p, activation):
    """Return the cells of `activation` above zero."""
    n_rows = int(p.table.first_row[-1])
    offsets = lk.live_offsets(activation, n_rows, p.n_motifs)
    return lk.Live(offsets, *lk.live_cells(activation, offsets, n_rows))


def live_places(p):
    """Return where the observations stand, made once for all passes over live cells."""
    if (widest_tile(p) + 1) * p.n_words >= 1 << 31:
        raise ValueError("tiles of rows x words beyond int32; make the plan with fewer tile_rows")
    return lk.Places(*lk.places_of(p.table, p.tiles, p.n_words))


def compacted(live):
    """Return `live` without the cells whose mass fell to zero."""
    keep = live.mass > 0
    before = np.concatenate([[0], np.cumsum(keep)])
    return lk.Live(before[live.motif_offsets], live.row[keep], live.mass[keep])


def dense_starts(p, live):
    """Return the activation float32 (P * K + 16,) of live cells."""
    activation = aligned(int(p.table.first_row[-1]) * p.n_motifs + kn.LANES)
    motif = np.repeat(np.arange(p.n_motifs), np.diff(live.motif_offsets))
    activation[live.row * p.n_motifs + motif] = live.mass
    return activation


def live_expectation(
    p, places, live, phi, *, background=NO_BACKGROUND, learn=True, n_threads=1, tiny=TINY
):
    """Return the expected counts of a pass over live cells: `expectation` with mass (M,) first.

    Pays when less than about CROSSOVER of the cells are alive.
    """
    size = (p.n_motifs, p.motif_length, p.n_words)
    by_motif = motif_major(p, phi)
    sums = np.zeros_like(live.mass)
    halo = np.zeros((len(p.tiles.chunk_row) - 1, (p.motif_length - 1) * p.n_motifs), np.float32)

    def room():
        n = largest_tile(p)
        return aligned(n), aligned(n, np.int32)

    def sweep(chunk, part, new_words, documents, room):
        return lk.sweep_live_chunk(
            live,
            places,
            by_motif.reshape(-1),
            p.table,
            p.tiles,
            chunk,
            background,
            size,
            sums,
            halo,
            part.reshape(-1),
            new_words,
            documents,
            room,
        )

    total, *rest = run(p, by_motif, background, learn, n_threads, room, sweep)
    lk.sweep_live_masses(live, halo, p.tiles.chunk_row, np.float32(tiny), sums)
    return Expectation(sums, word_major(p, total) if learn else None, *rest)


def motif_major(p, phi):
    """Return float32 (K, L * W) of phi (W, stride): relative time forwards, words fastest."""
    cells = p.n_motifs * p.motif_length
    table = phi[:, :cells].reshape(p.n_words, p.motif_length, p.n_motifs)
    by_motif = aligned((p.n_motifs, p.motif_length * p.n_words), phi.dtype)
    by_motif.reshape(p.n_motifs, p.motif_length, -1)[:] = table[:, ::-1].transpose(2, 1, 0)
    return by_motif


def word_major(p, by_motif):
    """Return (W, stride) of (K, L * W), the way back from `motif_major`."""
    table = by_motif.reshape(p.n_motifs, p.motif_length, p.n_words).transpose(2, 1, 0)[:, ::-1]
    phi = aligned((p.n_words, stride(p.n_motifs, p.motif_length)), by_motif.dtype)
    phi[:, : p.n_motifs * p.motif_length] = table.reshape(p.n_words, -1)
    return phi


def normalised(p, counts, prior=0.0):
    """Return phi float32 (W, stride) from expected counts (W, stride): each motif sums to 1.

    `prior` is added to every cell. A motif without any count keeps zeros.
    """
    cells = p.n_motifs * p.motif_length
    shape = (len(counts), p.motif_length, p.n_motifs)
    e = counts[:, :cells].reshape(shape) + prior
    total = e.sum((0, 1))
    phi = aligned(counts.shape)
    phi[:, :cells] = (e / np.where(total > 0, total, 1)).reshape(len(counts), cells)
    return phi


def padded_starts(starts):
    """Return starts (R, K) as the flat, padded activation of a pass."""
    activation = aligned(starts.size + kn.LANES)
    activation[: starts.size] = starts.reshape(-1)
    return activation


def padded_phi(p, motifs):
    """Return motifs (K, L, W) as the padded rows of words of a pass."""
    phi = aligned((p.n_words, stride(p.n_motifs, p.motif_length)))
    phi[:, : p.n_motifs * p.motif_length] = phi_of(motifs)
    return phi


def background_of(word, scale):
    """Return the background of a pass: rate scale[d] * word[w]."""
    return plsm_ratios.Background(word.astype(np.float32), scale.astype(np.float32))
