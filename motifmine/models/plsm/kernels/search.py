"""Passes that the search of PLSM motifs needs in addition to the EM pass.

Array layouts are those of `motifmine.records.start_layout`: `activation` (R, K) with one row
per start time, `phi` (W, >= L * K) with relative time reversed. A window with few live starts is
done over those only.
"""

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import fast_kernel

Single = NDArray[np.float32]
Index = NDArray[np.int64]


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
    begin, end = np.searchsorted(bin_row, [start_row - motif_length + 1, start_row + 1])
    covered = slice(offsets[begin], offsets[end])
    relative_time = motif_length - 1 - start_row + bin_row[begin:end]
    relative_time = np.repeat(relative_time, np.diff(offsets[begin : end + 1]))
    np.add.at(counts, (relative_time, word[covered]), weight[covered])
    return counts


@fast_kernel
def sweep_drop_costs(
    bin_row: Index,
    offsets: Index,
    word: NDArray[np.int32],
    count: Single,
    base: Single,
    activation: Single,
    phi: Single,
    least_rest: float,
    live: Index,
    part: NDArray[np.float64],
    cost: NDArray[np.float64],
) -> None:
    """Add what each motif adds to the log-likelihood, nats, but for its mass.

    It is sum n log(r / (r - r_k)): with the mass of the motif taken off, the loss if the motif left
    and no other took over its observations.

    Parameters
    ----------
    bin_row : int64 array (B,)
    offsets : int64 array (B + 1,)
    word, count : int32 and float32 arrays (N,)
    base : float32 array (N,)
        The part of the rates that no motif gives.
    activation : float32 array (R * K,)
    phi : float32 array (W, >= L * K)
    least_rest : float
        The rest of a rate counts as at least this share of it, so that one lonely observation
        cannot decide.
    live : int64 array (L * K + 1,), scratch
    part : float64 array (K,), scratch of zeros
    cost : float64 array (K,), changed
    """
    n_motifs = cost.shape[0]
    size = live.shape[0] - 1
    for b in range(bin_row.shape[0]):
        first = bin_row[b] * n_motifs
        n_live = 0
        for c in range(size):
            live[n_live] = c
            n_live += activation[first + c] > 0.0
        for i in range(offsets[b], offsets[b + 1]):
            rate = np.float64(base[i])
            for m in range(n_live):
                share = activation[first + live[m]] * phi[word[i], live[m]]
                part[live[m] % n_motifs] += share
                rate += share
            for m in range(n_live):
                k = live[m] % n_motifs
                if part[k] > 0.0:
                    cost[k] -= count[i] * np.log(max(1.0 - part[k] / rate, least_rest))
                    part[k] = 0.0
