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
) -> Iterator[tuple[MotifSet, Background]]:
    """Yield the motifs and the background that all but a part of the time gives, for each part.

    Parameters
    ----------
    table, motifs, background, activations, floor
        See `leave_out_folds`.
    parts : sequence of sequences of (int, int)
        Time bins `first <= t < end` of the table, several stretches a part; together all bins.
    """
    layout = start_layout(table, motifs.motif_length)
    activation = make_dense_activation(layout, activations, len(motifs))
    # stretch by stretch: rates of all observations at once would be many times the table
    own: list[tuple[Floats32, Floats]] = []
    for stretches in parts:
        of_motifs = np.zeros(motifs.probability.shape, dtype=np.float32)
        of_background = np.zeros(motifs.n_words)
        for stretch in stretches:
            first, last = np.searchsorted(layout.offsets, table.offsets[list(stretch)]).tolist()
            here = _expect(layout.bins(first, last), activation, motifs, background, floor)
            of_motifs += here[0]
            of_background += here[1]
        own.append((of_motifs, of_background))
    all_of_motifs: Floats32 = np.sum([of_motifs for of_motifs, _ in own], axis=0)
    all_of_background: Floats = np.sum([of_background for _, of_background in own], axis=0)
    for of_motifs, of_background in own:
        probability = _leave_out(motifs.probability, of_motifs, all_of_motifs, axis=(1, 2))
        of_word = _leave_out(background.probability, of_background, all_of_background, axis=0)
        yield replace(motifs, probability=probability), replace(background, probability=of_word)


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
    kept = probability * elsewhere
    total = kept.sum(axis=axis, keepdims=True)
    # nothing elsewhere: all that is known of these words is from here, and they stay
    left = np.divide(kept, total, out=probability.astype(kept.dtype).copy(), where=total > 0)
    result: Floats32 = left.astype(np.float32)
    return result
