"""Poisson rates of observations under a fit, and log-likelihood ratios of single occurrences."""

from typing import NamedTuple

import numpy as np

from motifmine.kernels.jit import kernel
from motifmine.kernels.selection import first_not_below
from motifmine.types import Floats, Floats32, Indices, Indices32


class Observed(NamedTuple):
    """Observations; those of time bin b are `offsets[b]:offsets[b + 1]`."""

    bin_row: Indices
    """Row of every time bin, ascending, int64 array (B,); see `motifmine.records.start_layout`."""
    offsets: Indices
    """int64 array (B + 1,)."""
    word: Indices32
    """int32 array (N,)."""
    counts: Floats32
    """float32 array (N,)."""


class Stretches(NamedTuple):
    """Start rows `first_row <= row < last_row` of a motif, int64 arrays (O,)."""

    first_row: Indices
    last_row: Indices
    motif: Indices


@kernel
def compute_rates(
    bin_row: Indices,
    offsets: Indices,
    word: Indices32,
    base: Floats32,
    activation: Floats32,
    phi: Floats32,
) -> Floats:
    """Return the rate of every observation, float64 array (N,).

    Parameters
    ----------
    bin_row : int64 array (B,)
        Row of every time bin, see `motifmine.records.start_layout`.
    offsets : int64 array (B + 1,)
        Observations of bin b are `[b]:[b + 1]`.
    word : int32 array (N,)
    base : float32 array (N,)
        Rates without the motifs (the background).
    activation : float32 array (R, K)
        Mass of every motif at every start row.
    phi : float32 array (W, L * K)
        Relative time reversed, see `motifmine.records.start_layout`.
    """
    size = phi.shape[1]
    n_motifs = activation.shape[1]
    a = activation.ravel()
    rates = np.empty(len(word))
    live = np.empty(size + 1, np.int64)
    for b in range(len(bin_row)):
        window = a[bin_row[b] * n_motifs : bin_row[b] * n_motifs + size]
        # the starts that can reach this bin; most are 0, so only the others are visited below
        n_live = 0
        for j in range(size):
            live[n_live] = j
            n_live += window[j] > 0.0
        for i in range(offsets[b], offsets[b + 1]):
            rate = np.float64(base[i])
            for m in range(n_live):
                rate += window[live[m]] * phi[word[i], live[m]]
            rates[i] = rate
    return rates


@kernel
def score_occurrences(
    stretches: Stretches,
    observed: Observed,
    rates: Floats,
    activation: Floats32,
    probability: Floats32,
) -> Floats:
    """Return the log-likelihood ratio of every occurrence, nats, float64 array (O,).

    An occurrence is the mass of a motif in a stretch of start rows. If it is removed, an
    observation of rate r has the rate r - o, and the Poisson log-likelihood decreases by
    sum n log(r / (r - o)) - (mass of the occurrence).

    Parameters
    ----------
    rates : float64 array (N,)
        Rates under the whole fit.
    activation : float32 array (R, K)
    probability : float32 array (K, L, W)
    """
    first_row, last_row, motif = stretches
    bin_row, offsets, word, count = observed
    length = probability.shape[1]
    scores = np.empty(len(first_row))
    for o in range(len(first_row)):
        k = motif[o]
        score = 0.0
        for row in range(first_row[o], last_row[o]):
            score -= activation[row, k]
        # bins whose L start rows (bin_row .. bin_row + L - 1) overlap with those of the occurrence
        b = first_not_below(bin_row, first_row[o] - length + 1, 0, len(bin_row))
        while b < len(bin_row) and bin_row[b] < last_row[o]:
            newest = bin_row[b] + length - 1
            for i in range(offsets[b], offsets[b + 1]):
                part = 0.0
                for row in range(max(first_row[o], bin_row[b]), min(last_row[o], newest + 1)):
                    part += activation[row, k] * probability[k, newest - row, word[i]]
                if part > 0.0:
                    # rounding can make `part` reach the rate; the floor keeps the log finite
                    score += count[i] * np.log(rates[i] / max(rates[i] - part, 1e-9 * rates[i]))
            b += 1
        scores[o] = score
    return scores
