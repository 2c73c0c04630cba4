"""Sparse PLSA: expected counts of one EM iteration, and shares of new windows.

A window is a row of the sparse table. Topics are the last axis of shares and loadings, so that the
inner loops run over contiguous memory. Responsibilities are never stored.

Notes
-----
Hofmann, SIGIR 1999: with the rate p(w|m) = sum_a p(a|m) p(w|a) and the ratio R = n / p(w|m), the
expected counts of a share are p(a|m) * sum_w R * p(w|a), those of a loading
p(w|a) * sum_m R * p(a|m).
"""

from typing import NamedTuple

import numpy as np

from motifmine.kernels.jit import fast_kernel
from motifmine.types import Floats32, Indices, Indices32


class WindowCounts(NamedTuple):
    """Counts of words; those of window m are `offsets[m]:offsets[m + 1]`."""

    offsets: Indices
    """int64 array (M + 1,)."""
    word: Indices32
    """int32 array (N,)."""
    counts: Floats32
    """float32 array (N,)."""


@fast_kernel
def expected_counts(
    windows: WindowCounts,
    window0: int,
    window1: int,
    shares: Floats32,
    loadings: Floats32,
    new_shares: Floats32,
    new_loadings: Floats32,
) -> float:
    """Run the E-step over windows `window0 <= m < window1`; return sum n log p(w|m), nats.

    Parameters
    ----------
    shares : float32 array (M, A)
        p(a|m) of every window.
    loadings : float32 array (W, A)
        p(w|a), words in rows.
    new_shares : float32 array (M, A), changed
        Expected counts of the shares.
    new_loadings : float32 array (W, A), changed
        The sum of R * p(a|m) is added, without the factor p(w|a).
    """
    offsets, word, count = windows
    n_topics = shares.shape[1]
    # no division by 0 where no topic has a word
    tiny = np.float32(1e-30)
    total = 0.0
    for m in range(window0, window1):
        share = shares[m]
        new_share = new_shares[m]
        new_share[:] = np.float32(0)
        for i in range(offsets[m], offsets[m + 1]):
            loading = loadings[word[i]]
            new_loading = new_loadings[word[i]]
            rate = tiny
            for a in range(n_topics):
                rate += share[a] * loading[a]
            ratio = count[i] / rate
            for a in range(n_topics):
                new_share[a] += ratio * loading[a]
                new_loading[a] += ratio * share[a]
            # in float32 the sum of millions would not change any more
            total += np.float64(count[i]) * np.log(np.float64(rate))
        for a in range(n_topics):
            new_share[a] *= share[a]
    return total


@fast_kernel
def infer_shares_in_windows(
    windows: WindowCounts,
    window0: int,
    window1: int,
    loadings: Floats32,
    sparsity: float,
    n_iterations: int,
    shares: Floats32,
    scratch: Floats32,
) -> None:
    """Infer the shares of windows `window0 <= m < window1`, loadings held fixed.

    Parameters
    ----------
    loadings : float32 array (W, A)
    sparsity : float
        See `sparsify`.
    shares : float32 array (M, A), changed
        Initial shares; afterwards each row sums to 1, or is 0 for empty windows.
    scratch : float32 array (A,)
    """
    offsets, word, count = windows
    tiny = np.float32(1e-30)
    for m in range(window0, window1):
        share = shares[m]
        if offsets[m] == offsets[m + 1]:
            share[:] = np.float32(0)
            continue
        for _ in range(n_iterations):
            scratch[:] = np.float32(0)
            for i in range(offsets[m], offsets[m + 1]):
                loading = loadings[word[i]]
                rate = tiny
                for a in range(len(share)):
                    rate += share[a] * loading[a]
                ratio = count[i] / rate
                for a in range(len(share)):
                    scratch[a] += ratio * loading[a]
            for a in range(len(share)):
                share[a] *= scratch[a]
            sparsify(share, sparsity)


@fast_kernel
def sparsify(share: Floats32, sparsity: float) -> None:
    """Subtract `sparsity` times the mean from the expected counts and normalise them, in place.

    The M-step with a sparse prior: max(0, c - sparsity * sum c / A). The largest count always
    remains.
    """
    total = np.float32(0)
    largest = np.float32(0)
    for a in range(len(share)):
        total += share[a]
        largest = max(largest, share[a])
    level = min(np.float32(sparsity) * total / len(share), np.float32(0.5) * largest)
    total = np.float32(0)
    for a in range(len(share)):
        share[a] = max(share[a] - level, np.float32(0))
        total += share[a]
    if total > 0:
        for a in range(len(share)):
            share[a] /= total


@fast_kernel
def sparsify_all(shares: Floats32, sparsity: float) -> None:
    """Apply `sparsify` to every window of `shares`, float32 array (M, A), in place."""
    for m in range(len(shares)):
        sparsify(shares[m], sparsity)
