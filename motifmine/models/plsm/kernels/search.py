"""Passes that the search of PLSM motifs needs in addition to the EM pass.

Array layouts are those of `motifmine.records.start_layout`: `activation` (R, K) with one row
per start time, `phi` (W, >= L * K) with relative time reversed. A window with few live starts is
done over those only.
"""

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import fast_kernel
from motifmine.kernels.selection import first_not_below

Single = NDArray[np.float32]
Index = NDArray[np.int64]


@fast_kernel
def window_counts(
    bin_row: Index,
    offsets: Index,
    word: NDArray[np.int32],
    weight: Single,
    start_row: int,
    motif_length: int,
    n_words: int,
) -> Single:
    """Return the weights that a motif started at `start_row` covers, float32 array (L, W).

    Parameters
    ----------
    bin_row : int64 array (B,), ascending
    offsets : int64 array (B + 1,)
    word : int32 array (N,)
    weight : float32 array (N,)
    """
    counts = np.zeros((motif_length, n_words), np.float32)
    b = first_not_below(bin_row, start_row - motif_length + 1, 0, len(bin_row))
    while b < len(bin_row) and bin_row[b] <= start_row:
        relative_time = motif_length - 1 - (start_row - bin_row[b])
        for i in range(offsets[b], offsets[b + 1]):
            counts[relative_time, word[i]] += weight[i]
        b += 1
    return counts


@fast_kernel
def drop_costs(
    bin_row: Index,
    offsets: Index,
    word: NDArray[np.int32],
    count: Single,
    base: Single,
    activation: Single,
    phi: Single,
    motif_length: int,
    least_rest: float,
) -> NDArray[np.float64]:
    """Return what each motif adds to the log-likelihood, nats, float64 array (K,).

    It is sum n log(r / (r - r_k)) less the mass of the motif: the loss if the motif left and no
    other took over its observations.

    Parameters
    ----------
    bin_row : int64 array (B,)
    offsets : int64 array (B + 1,)
    word, count : int32 and float32 arrays (N,)
    base : float32 array (N,)
        The part of the rates that no motif gives.
    activation : float32 array (R, K)
    phi : float32 array (W, >= L * K)
    least_rest : float
        The rest of a rate counts as at least this share of it, so that one lonely observation
        cannot decide.
    """
    n_motifs = activation.shape[1]
    size = motif_length * n_motifs
    flat = activation.reshape(-1)
    cost = np.zeros(n_motifs)
    part = np.zeros(n_motifs)
    live = np.empty(size + 1, np.int64)
    for b in range(len(bin_row)):
        window = flat[bin_row[b] * n_motifs : bin_row[b] * n_motifs + size]
        n_live = 0
        for c in range(size):
            live[n_live] = c
            n_live += window[c] > 0.0
        for i in range(offsets[b], offsets[b + 1]):
            rate = np.float64(base[i])
            for m in range(n_live):
                share = window[live[m]] * phi[word[i], live[m]]
                part[live[m] % n_motifs] += share
                rate += share
            for m in range(n_live):
                k = live[m] % n_motifs
                if part[k] > 0.0:
                    cost[k] -= count[i] * np.log(max(1.0 - part[k] / rate, least_rest))
                    part[k] = 0.0
    for row in range(activation.shape[0]):
        for k in range(n_motifs):
            cost[k] -= activation[row, k]
    return cost


@fast_kernel
def sweep_threshold(activation: Single, threshold: Single) -> None:
    """Take the threshold of its row off every start's mass, down to 0.

    Parameters
    ----------
    activation : float32 array (R, K), changed
    threshold : float32 array (R,)
    """
    for row in range(activation.shape[0]):
        for k in range(activation.shape[1]):
            activation[row, k] = max(activation[row, k] - threshold[row], np.float32(0.0))
