"""PLSA as Hofmann writes it, in plain loops and float64: posteriors of topics, and their sums.

Hofmann, SIGIR 1999, equations 5 and 6 in the asymmetric form. No code or layout is shared with the
kernels: windows are dicts from word to count.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Window = Mapping[int, float]


def posterior(shares: Array, loadings: Array, m: int, w: int) -> tuple[list[float], float]:
    """Return p(a|m,w) of every topic, and p(w|m); shares (M, A), loadings (A, W)."""
    joint = [float(shares[m, a] * loadings[a, w]) for a in range(len(loadings))]
    rate = sum(joint)
    return [part / rate if rate > 0 else 0.0 for part in joint], rate


def em_step(
    windows: Sequence[Window], shares: Array, loadings: Array, sparsity: float = 0.0
) -> tuple[Array, Array, float]:
    """Return shares and loadings after one iteration, and sum n log p(w|m) before it."""
    n_topics = len(loadings)
    by_window = np.zeros(shares.shape)
    by_word = np.zeros(loadings.shape)
    value = 0.0
    for m, window in enumerate(windows):
        for w, n in window.items():
            q, rate = posterior(shares, loadings, m, w)
            value += n * math.log(rate)
            for a in range(n_topics):
                by_window[m, a] += n * q[a]
                by_word[a, w] += n * q[a]
    for a in range(n_topics):
        by_word[a] /= by_word[a].sum()
    new_shares = np.array([thinned(row, sparsity) for row in by_window])
    return new_shares, by_word, value


def thinned(counts: Array, sparsity: float) -> Array:
    """Return max(0, c - sparsity * N / A), half of the largest kept at least, scaled to 1."""
    level = min(sparsity * counts.sum() / len(counts), 0.5 * counts.max())
    left = [max(float(c) - level, 0.0) for c in counts]
    return np.array([value / sum(left) for value in left])


def infer_shares(windows: Sequence[Window], loadings: Array, n_iterations: int) -> Array:
    """Return the shares of every window after EM from even ones, loadings held fixed."""
    n_topics = len(loadings)
    shares = np.full((len(windows), n_topics), 1 / n_topics)
    for _ in range(n_iterations):
        counts = np.zeros(shares.shape)
        for m, window in enumerate(windows):
            for w, n in window.items():
                q, _ = posterior(shares, loadings, m, w)
                counts[m] += n * np.array(q)
        shares = np.array([thinned(row, 0.0) for row in counts])
    return shares
