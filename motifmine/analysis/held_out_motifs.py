"""Motifs without what they owe to some stretch of time, so that they can be tested on it.

The words of a motif are an average over its occurrences. Without those of one fold of the time they
are nearly what a fit to the other folds would give, at the price of one pass over the data: every
probability is multiplied by the share of its expected observations that lie outside of the fold.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import sparse

from motifmine.kernels.likelihood import compute_rates
from motifmine.records.fit import Activations, Background, MotifSet, make_dense_activation
from motifmine.records.start_layout import (
    StartLayout,
    compute_background_rates,
    make_phi,
    start_layout,
)
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Floats32

N_FOLDS = 8
"""Folds of the time: an eighth is little to lose for the motifs."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldOutFold:
    """A stretch of time, and the fit without what it owes to it."""

    first: int
    end: int
    """Time bins `first <= t < end` of the table."""
    motifs: MotifSet
    background: Background


def leave_out_folds(
    table: ObservationTable,
    motifs: MotifSet,
    background: Background,
    activations: Activations,
    floor: float,
) -> Iterator[HeldOutFold]:
    """Yield consecutive folds of the time, each with the motifs that the other folds give.

    Parameters
    ----------
    table : ObservationTable
        What the motifs were learned from.
    motifs : MotifSet
        (K, L, W)
    activations : Activations
        In `table`.
    floor : float
        Share of the observations that any word could always explain.
    """
    edges = np.linspace(0, table.n_times, min(N_FOLDS, max(table.n_times, 1)) + 1).astype(np.int64)
    folds = list(pairwise(edges.tolist()))
    left = leave_out_parts(table, motifs, background, activations, floor, [[f] for f in folds])
    for (first, end), (some, flat) in zip(folds, left, strict=True):
        yield HeldOutFold(first=first, end=end, motifs=some, background=flat)


def leave_out_parts(
    table: ObservationTable,
    motifs: MotifSet,
    background: Background,
    activations: Activations,
    floor: float,
    parts: Sequence[Sequence[tuple[int, int]]],
    *,
    relearns: bool = False,
) -> Iterator[tuple[MotifSet, Background]]:
    """Yield the motifs and the background that all but a part of the time gives, for each part.

    Parameters
    ----------
    table, motifs, background, activations, floor
        See `leave_out_folds`.
    parts : sequence of sequences of (int, int)
        Time bins `first <= t < end` of the table, several stretches a part.
    relearns : bool
        Whether motifs that were learned from little of the table become what the table says, by a
        step of EM.
    """
    (everywhere, *own), (background_everywhere, *of_background) = _expect_parts(
        table, motifs, background, activations, floor, parts
    )
    probability, of_word = motifs.probability, background.probability
    if relearns:
        probability = _shares(everywhere, probability, axis=(1, 2))
        of_word = _shares(background_everywhere, of_word, axis=0)
    for here, background_here in zip(own, of_background, strict=True):
        left = _leave_out(probability, here, everywhere, axis=(1, 2))
        of_rest = _leave_out(of_word, background_here, background_everywhere, axis=0)
        yield replace(motifs, probability=left), replace(background, probability=of_rest)


def _expect_parts(
    table: ObservationTable,
    motifs: MotifSet,
    background: Background,
    activations: Activations,
    floor: float,
    parts: Sequence[Sequence[tuple[int, int]]],
) -> tuple[Floats32, Floats]:
    """Return the expected observations in the whole table, and then in each part.

    Those of motifs are a float32 array (1 + parts, K, L, W), of the background float64 (1 + parts,
    W).

    Parameters
    ----------
    table, motifs, background, activations, floor, parts
        See `leave_out_parts`.
    """
    layout = start_layout(table, motifs.motif_length)
    activation = make_dense_activation(layout, activations, len(motifs))
    own = np.zeros((1 + len(parts), *motifs.probability.shape), dtype=np.float32)
    of_background = np.zeros((1 + len(parts), motifs.n_words))
    stretches = [[(0, table.n_times)], *parts]
    edges = np.unique([edge for part in stretches for stretch in part for edge in stretch])
    # stretch by stretch: rates of all observations at once would be many times the table
    for first, end in pairwise(edges.tolist()):
        bins = np.searchsorted(layout.offsets, table.offsets[[first, end]]).tolist()
        here = _expect(layout.bins(*bins), activation, motifs, background, floor)
        for number, part in enumerate(stretches):
            if any(a <= first and end <= b for a, b in part):
                own[number] += here[0]
                of_background[number] += here[1]
    return own, of_background


def _expect(
    layout: StartLayout,
    activation: Floats32,
    motifs: MotifSet,
    background: Background,
    floor: float,
) -> tuple[Floats32, Floats]:
    """Return the expected observations of motifs, float32 (K, L, W), and of the background, (W,).

    Parameters
    ----------
    layout : StartLayout
        Of some time bins.
    activation : float32 array (R, K)
    floor : float
        See `leave_out_folds`.
    """
    n_words = motifs.n_words
    even = np.full(n_words, 1 / n_words, dtype=np.float32)
    base = compute_background_rates(layout, background.weight, background.probability)
    rates = compute_rates(
        layout.bin_row,
        layout.offsets,
        layout.word,
        base + compute_background_rates(layout, floor, even),
        activation,
        make_phi(motifs.probability),
    )
    ratio = layout.count / rates
    row = np.repeat(layout.bin_row, np.diff(layout.offsets))
    first, end = (int(row[0]), int(row[-1]) + 1) if len(row) else (0, 1)
    by_row = sparse.csr_matrix((ratio, (layout.word, row - first)), shape=(n_words, end - first))
    expected = np.zeros(motifs.probability.shape, dtype=np.float32)
    for lag in range(motifs.motif_length):
        # a bin's L start rows begin at its row, with the oldest start first
        oldest = first + motifs.motif_length - 1 - lag
        share = by_row @ activation[oldest : oldest + end - first]
        expected[:, lag] = share.T * motifs.probability[:, lag]
    of_background = np.bincount(layout.word, ratio * base, minlength=n_words)
    return expected, of_background.astype(np.float64)


def _leave_out(
    probability: Floats32,
    own: Floats | Floats32,
    everywhere: Floats | Floats32,
    *,
    axis: int | tuple[int, ...],
) -> Floats32:
    """Return probabilities times the share of their observations that are elsewhere."""
    elsewhere = np.divide(
        np.maximum(everywhere - own, 0.0),
        everywhere,
        out=np.zeros_like(everywhere),
        where=everywhere > 0,
    )
    return _shares(probability * elsewhere, probability, axis=axis)


def _shares(
    kept: Floats | Floats32, probability: Floats32, *, axis: int | tuple[int, ...]
) -> Floats32:
    """Return what is kept, scaled to sum to 1.

    Where nothing is, the probabilities stay: all that is known is from the part.
    """
    kept = np.maximum(kept, 0)
    total = kept.sum(axis=axis, keepdims=True)
    left = np.divide(kept, total, out=probability.astype(kept.dtype).copy(), where=total > 0)
    result: Floats32 = left.astype(np.float32)
    return result
