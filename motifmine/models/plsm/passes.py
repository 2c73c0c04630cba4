"""One pass of PLSM over a table: the expected counts that an EM iteration needs.

The layer between a model and the kernels: the table cut into chunks, threads, and sums in a fixed
order. The number of chunks depends on the table's size, K and W alone, so that the result has the
same bytes at any number of threads.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from motifmine.models.plsm.cell_layouts import aligned, stride
from motifmine.models.plsm.kernels import dense as kn
from motifmine.models.plsm.kernels import tiles as cut
from motifmine.models.plsm.kernels.ratios import Background
from motifmine.models.plsm.kernels.rows import LANES
from motifmine.parallel.threads import run_in_order
from motifmine.records.start_layout import make_phi, restore_motifs
from motifmine.types import Floats, Floats32, Indices, Indices32

N_CHUNKS = 16
"""Chunks at most: units of work that threads take."""
CHUNK_OBSERVATIONS = 4096
"""The calls of smaller chunks cost more than threads gain."""
TILE_BYTES = 1 << 18
"""Activations of a tile: what stays in the second-level cache with a few rows of words."""
TILE_OBSERVATIONS = 1 << 15
TINY = np.float32(1e-30)
"""Expected masses below it become 0: no denormal numbers, and dead starts can be skipped."""
NO_BACKGROUND = Background(np.zeros(0, np.float32), np.zeros(0, np.float32))

Room = TypeVar("Room")


class Plan(NamedTuple):
    """A table cut for the pass."""

    table: cut.Table
    tiles: cut.Tiles
    n_motifs: int
    motif_length: int
    n_words: int
    largest_tile: int
    """The most observations of any tile."""
    widest_tile: int
    """The most start rows from the first bin of any tile to its last."""

    @property
    def n_rows(self) -> int:
        """Number of start rows."""
        return int(self.table.first_row[-1])

    @property
    def n_chunks(self) -> int:
        """Number of chunks, 0 without observations."""
        return len(self.tiles.chunk_row) - 1 if len(self.table.bin_row) else 0


class Expectation(NamedTuple):
    """Expected counts, and how likely the observations are."""

    activation: Floats32
    """Of starts: float32 array (R * K + 16,), or (M,) for live cells."""
    cells: Floats
    """Of motif cells: float64 array (K, L, W), empty (0, L, W) when motifs were fixed."""
    background_words: Floats
    """Of the background by word: float64 array (W,)."""
    background_documents: Floats
    """Of the background by document: float64 array (D,)."""
    log_likelihood: float
    """Sum n log rate, nats."""
    unexplained: float
    """Counts of observations whose rate is 0; they enter the sum at the smallest rate."""


def plan(
    bin_row: Indices,
    offsets: Indices,
    word: Indices32,
    count: Floats32,
    first_row: Indices,
    *,
    n_motifs: int,
    motif_length: int,
    n_words: int,
    n_chunks: int | None = None,
    tile_rows: int | None = None,
) -> Plan:
    """Return a table cut into chunks of equal numbers of observations, and those into tiles.

    Parameters
    ----------
    bin_row : int64 array (B,)
        First start row of every non-empty time bin, ascending.
    offsets : int64 array (B + 1,)
        Observations of bin b are `[b]:[b + 1]`.
    word : int32 array (N,)
    count : float32 array (N,), > 0
    first_row : int64 array (D + 1,)
        First start row of every document, and R at the end.
    n_motifs : int
        A plan also serves fewer motifs: `plan._replace(n_motifs=...)`.
    n_chunks, tile_rows : int or None
        For tests; None chooses by the size of the table.
    """
    table = cut.Table(
        np.ascontiguousarray(bin_row, np.int64),
        np.ascontiguousarray(offsets, np.int64),
        np.ascontiguousarray(word, np.int32),
        np.ascontiguousarray(count, np.float32),
        np.ascontiguousarray(first_row, np.int64),
    )
    n_bins, n_observations = len(table.bin_row), len(table.word)
    if tile_rows is None:
        tile_rows = max(TILE_BYTES // (4 * n_motifs), motif_length)
    if n_chunks is None:
        worth = max(n_observations // (4 * n_words), 4)  # adding a part must stay cheap
        n_chunks = min(n_observations // CHUNK_OBSERVATIONS + 1, worth, N_CHUNKS)
    n_chunks = max(min(n_chunks, n_bins), 1)
    goal = np.arange(n_chunks + 1) * (n_observations / n_chunks)
    chunk_bin = np.searchsorted(table.offsets, goal)
    chunk_bin[0], chunk_bin[-1] = 0, n_bins
    chunk_bin = np.unique(chunk_bin).astype(np.int64)
    tile_bin, chunk_tile = cut.cut_tiles(
        table.bin_row, table.offsets, chunk_bin, tile_rows, max(TILE_OBSERVATIONS, 8 * n_words)
    )
    order, order_row = cut.order_by_word(table.bin_row, table.offsets, table.word, tile_bin)
    inner = table.bin_row[chunk_bin[1:-1]]
    chunk_row = np.concatenate([[0], inner, table.first_row[-1:]]).astype(np.int64)
    tiles = cut.Tiles(chunk_tile, tile_bin, chunk_row, order, order_row)
    largest = int(np.diff(table.offsets[tile_bin]).max(initial=0))
    span = (
        table.bin_row[tile_bin[1:] - 1] - table.bin_row[tile_bin[:-1]] if n_bins else tile_bin[:0]
    )
    widest = int(span.max(initial=0))
    return Plan(table, tiles, n_motifs, motif_length, n_words, largest, widest)


def expectation(
    plan: Plan,
    activation: Floats32,
    phi: Floats32,
    *,
    background: Background = NO_BACKGROUND,
    learn: bool = True,
    n_threads: int = 1,
    out: Floats32 | None = None,
) -> Expectation:
    """Return the expected counts under starts and motifs.

    Parameters
    ----------
    activation : float32 array (R * K + 16,)
        See `padded_starts`.
    phi : float32 array (W, stride)
        See `padded_phi`.
    learn : bool
        When not set, the counts of motif cells are not computed (fold-in).
    out : float32 array (R * K + 16,) or None
        Where the counts of starts go; not `activation` itself.

    Raises
    ------
    ValueError
        When the arrays lack their padding.
    """
    n_values = plan.n_rows * plan.n_motifs
    if len(activation) < n_values + LANES or phi.shape[1] != stride(*_size(plan)):
        raise ValueError("activation needs R * K + 16 values, phi rows of a multiple of 16")
    new_activation = aligned(len(activation)) if out is None else out
    new_activation[n_values:] = 0  # read with weight 0, so it must be finite
    starts = new_activation[:n_values]
    if not len(plan.table.bin_row):
        starts[:] = 0
    halo = make_halo(plan)

    def sweep(
        chunk: int, part: Floats32, words: Floats, documents: Floats, room: kn.Scratch
    ) -> tuple[float, float]:
        return kn.sweep_chunk(
            activation,
            phi,
            plan.table,
            plan.tiles,
            chunk,
            background,
            _size(plan),
            learn,
            TINY,
            starts,
            halo,
            part,
            words,
            documents,
            room,
        )

    def room() -> kn.Scratch:
        window = aligned((plan.widest_tile + plan.motif_length) * plan.n_motifs + LANES)
        rates, values = aligned(plan.largest_tile), aligned(8)
        return window, rates, np.zeros(len(rates), np.int32), np.zeros(8, np.int64), values

    weight = phi if learn else phi[:0]
    counts, words, documents, value, unexplained = sum_units(
        plan, plan.n_chunks, weight, background, n_threads, room, sweep
    )
    kn.sweep_halos(activation, halo, plan.tiles.chunk_row, TINY, starts)
    cells = np.zeros((0, plan.motif_length, plan.n_words))
    if learn:
        cells = restore_motifs(counts[:, : plan.n_motifs * plan.motif_length], plan.n_motifs)
    return Expectation(new_activation, cells, words, documents, value, unexplained)


def padded_starts(starts: Floats32) -> Floats32:
    """Return starts (R, K) as the flat activation (R * K + 16,) of a pass."""
    activation = aligned(starts.size + LANES)
    activation[: starts.size] = starts.reshape(-1)
    return activation


def padded_phi(plan: Plan, motifs: Floats32) -> Floats32:
    """Return motifs (K, L, W) as the padded rows of words (W, stride) of a pass."""
    phi = aligned((plan.n_words, stride(*_size(plan))))
    phi[:, : plan.n_motifs * plan.motif_length] = make_phi(motifs)
    return phi


def background_of(word: Floats, scale: Floats) -> Background:
    """Return the background whose rate is scale[d] * word[w]."""
    return Background(word.astype(np.float32), scale.astype(np.float32))


def _size(plan: Plan) -> tuple[int, int]:
    return plan.n_motifs, plan.motif_length


def make_halo(plan: Plan) -> Floats32:
    """Return zeros for what every chunk owes to the rows behind it, float32 (C, (L - 1) * K)."""
    width = (plan.motif_length - 1) * plan.n_motifs
    return np.zeros((len(plan.tiles.chunk_row) - 1, width), np.float32)


def sum_units(
    plan: Plan,
    n_units: int,
    weight: Floats32,
    background: Background,
    n_threads: int,
    room: Callable[[], Room],
    sweep: Callable[[int, Floats32, Floats, Floats, Room], tuple[float, float]],
) -> tuple[Floats, Floats, Floats, float, float]:
    """Sweep all units of work and return their sums: all of `Expectation` but the activation.

    Parameters
    ----------
    n_units : int
        Chunks, or runs of chunks.
    weight : float32 array (rows, columns)
        What the sums over the cells are multiplied by; without rows they are not computed.
    room : callable
        Returns the scratch of a thread.
    sweep : callable
        Gets unit, part of the motif cells, background by word and by document, scratch.
    """
    n_threads = max(min(n_threads, n_units), 1)
    counts = np.zeros(weight.shape)
    words = np.zeros(plan.n_words)
    n_words = plan.n_words if len(background.rate) else 0
    documents = np.zeros(len(plan.table.first_row) - 1 + plan.n_chunks)
    sums = np.zeros(2)
    own = [(aligned(weight.shape), np.zeros(n_words), room()) for _ in range(n_threads)]

    def work(unit: int, worker: int) -> tuple[float, float]:
        part, new_words, scratch = own[worker]
        return sweep(unit, part, new_words, documents, scratch)

    def deliver(unit: int, worker: int, result: tuple[float, float]) -> None:
        part, new_words, _ = own[worker]
        # called in the order of units: sums have the same bytes at any number of threads
        kn.sweep_total(counts.reshape(-1), part.reshape(-1), weight.reshape(-1))
        words[:n_words] += new_words
        new_words[:] = 0
        sums[:] += result

    run_in_order(n_units, n_threads, work, deliver)
    mass = _document_sums(documents, plan)
    return counts, words, mass, float(sums[0]), float(sums[1])


def _document_sums(parts: Floats, plan: Plan) -> Floats:
    """Return sums (D,) of parts (D + C,): chunk c has document d at d + c."""
    first_row = plan.table.first_row
    total = np.zeros(len(first_row) - 1)
    if not len(total):
        return total
    chunk_row = plan.tiles.chunk_row[: plan.n_chunks + 1]
    edge = np.searchsorted(first_row, chunk_row[:-1], side="right") - 1
    back = np.searchsorted(first_row, np.maximum(chunk_row[1:] - 1, 0), side="right") - 1
    back = np.minimum(back, len(total) - 1)
    for c, (lo, hi) in enumerate(zip(edge, back, strict=True)):
        total[lo : hi + 1] += parts[lo + c : hi + 1 + c]
    return total
