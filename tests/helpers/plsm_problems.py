"""Small tables for the PLSM pass, of the shapes that break things, and random parameters."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motifmine.models.plsm import passes as plsm_pass
from motifmine.models.plsm.kernels.ratios import Background
from motifmine.models.plsm.passes import Plan
from motifmine.types import Floats, Floats32, Indices, Indices32

Array = NDArray[np.float64]

# name: (lengths of documents, W, K, L, observations a bin)
SHAPES: dict[str, tuple[list[int], int, int, int, float]] = {
    "one document": ([30], 7, 3, 5, 2.0),
    "one word": ([25], 1, 2, 4, 0.8),
    "L = 1": ([20], 6, 3, 1, 2.0),
    "L = T": ([9], 5, 2, 9, 2.0),
    "L > T": ([6], 5, 2, 11, 2.0),
    "empty document first": ([8, 20], 5, 2, 4, 1.5),
    "several documents": ([12, 3, 40, 1, 17], 9, 4, 6, 2.0),
    "documents without bins": ([0, 10, 0, 0, 12, 0], 5, 2, 3, 2.0),
    "K = 1": ([30], 6, 1, 7, 1.5),
    "many words a bin": ([15], 40, 3, 4, 30.0),
    "long and thin": ([400], 4, 2, 3, 0.05),
    "K L = 16": ([30], 5, 4, 4, 2.0),
}


class Rows(NamedTuple):
    """Observations as rows (document, time, word, count), and the sizes around them."""

    rows: Indices
    lengths: list[int]
    n_words: int
    n_motifs: int
    motif_length: int


class Binned(NamedTuple):
    """Observations as the pass wants them."""

    bin_row: Indices
    offsets: Indices
    word: Indices32
    counts: Floats32
    first_row: Indices


def drawn(name: str, seed: int = 0) -> Rows:
    """Return observations thrown at random into a shape of `SHAPES`."""
    lengths, n_words, n_motifs, motif_length, density = SHAPES[name]
    rng = np.random.default_rng(seed)
    cells = []
    for d, n_times in enumerate(lengths):
        if name == "empty document first" and d == 0:
            continue
        n = rng.poisson(density * n_times)
        times, words = rng.integers(0, max(n_times, 1), n), rng.integers(0, n_words, n)
        cells += [(d, int(t), int(w)) for t, w in zip(times, words, strict=True)]
    unique, count = np.unique(np.array(cells), axis=0, return_counts=True)
    rows = np.column_stack([unique, count]).astype(np.int64)
    return Rows(rows, lengths, n_words, n_motifs, motif_length)


def binned(rows: Indices, lengths: list[int], motif_length: int) -> Binned:
    """Return rows (document, time, word, count) by non-empty time bin."""
    rows = rows.reshape(-1, 4)
    rows = rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]
    ends = np.cumsum(np.array(lengths) + motif_length - 1)
    first_row = np.concatenate([[0], ends]).astype(np.int64)
    bin_row, n = np.unique(first_row[rows[:, 0]] + rows[:, 1], return_counts=True)
    offsets = np.concatenate([[0], np.cumsum(n)]).astype(np.int64)
    word, count = rows[:, 2].astype(np.int32), rows[:, 3].astype(np.float32)
    return Binned(bin_row.astype(np.int64), offsets, word, count, first_row)


def posed(
    data: Rows, *, n_chunks: int | None = None, tile_rows: int | None = None
) -> tuple[Plan, Floats32, Floats32]:
    """Return plan, activation and phi: starts near uniform, Dirichlet motifs."""
    table = binned(data.rows, data.lengths, data.motif_length)
    plan = plsm_pass.plan(
        *table,
        n_motifs=data.n_motifs,
        motif_length=data.motif_length,
        n_words=data.n_words,
        n_chunks=n_chunks,
        tile_rows=tile_rows,
    )
    return plan, *parameters(plan)


def parameters(plan: Plan, seed: int = 1) -> tuple[Floats32, Floats32]:
    """Return activation (R * K + 16,) with the total of the table, and phi (W, stride)."""
    rng = np.random.default_rng(seed)
    starts = (0.5 + rng.random((plan.n_rows, plan.n_motifs))).astype(np.float32)
    starts *= plan.table.counts.sum() / max(starts.size, 1)
    motifs = rng.standard_gamma(5.0, (plan.n_motifs, plan.motif_length, plan.n_words))
    motifs /= motifs.sum(axis=(1, 2), keepdims=True)
    return plsm_pass.padded_starts(starts), plsm_pass.padded_phi(plan, motifs.astype(np.float32))


def random_background(plan: Plan, seed: int = 3) -> Background:
    """Return a background of random words, another share in every document."""
    rng = np.random.default_rng(seed)
    scale = rng.random(len(plan.table.first_row) - 1)
    return plsm_pass.background_of(0.1 * rng.random(plan.n_words), scale)


def normalised(plan: Plan, counts: Floats) -> Floats32:
    """Return phi (W, stride) from expected counts (K, L, W): every motif sums to 1."""
    total = counts.sum(axis=(1, 2), keepdims=True)
    return plsm_pass.padded_phi(plan, (counts / np.where(total > 0, total, 1)).astype(np.float32))
