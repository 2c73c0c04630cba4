"""The online posterior over starts of motifs: the last bins, and the starts that can reach them.

Row j of the arrays of starts is the start at bin j of the arrays of observations, so that an
observation of bin b comes from the rows b - r at relative time r. What starts before the first row
owe to an observation is in its base.
"""

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import kernel

Reals = NDArray[np.float64]
Longs = NDArray[np.int64]
Ints = NDArray[np.int32]


@kernel
def digamma(x: float) -> float:
    """Return the derivative of the logarithm of the gamma function, x > 0."""
    shift = 0.0
    # the series is exact to 1e-9 from 6 on
    while x < 6.0:
        shift -= 1.0 / x
        x += 1.0
    inverse = 1.0 / (x * x)
    series = inverse * (1 / 12 - inverse * (1 / 120 - inverse * (1 / 252 - inverse / 240)))
    value: float = shift + np.log(x) - 0.5 / x - series
    return value


@kernel
def reestimate_starts(
    offsets: Longs,
    word: Ints,
    count: Reals,
    base: Reals,
    entry_offsets: Longs,
    entry_motif: Ints,
    entry_time: Ints,
    entry_probability: Reals,
    weight: Reals,
    shown: Reals,
    shape: Reals,
    rate: Reals,
    least: Reals,
    n_young: int,
    n_iterations: int,
) -> Reals:
    """Re-estimate the posterior of all starts; return their expected observations, float64 (R, K).

    Parameters
    ----------
    offsets : int64 array (R + 1,)
        Observations of bin b are `[b]:[b + 1]`.
    word, count : arrays (N,)
    base : float64 array (N,)
        Rates of the background and of starts before the first row.
    entry_offsets : int64 array (W + 1,)
        Entries of word w are `[w]:[w + 1]`, by ascending relative time.
    entry_motif, entry_time, entry_probability : arrays (entries,)
        Where motifs have the word.
    weight : float64 array (R, K), changed
        exp E[log a] of the amplitude a of every start.
    shown : float64 array (R, K)
        Mass of the motif that the bins so far could show.
    shape, rate : float64 arrays (K,)
        Of the gamma distribution that amplitudes have before anything is seen.
    least : float64 array (K,)
        Least weight of the last `n_young` rows: a weight of 0 could never rise again.
    """
    n_rows, n_motifs = weight.shape
    expected = np.zeros((n_rows, n_motifs))
    for _ in range(n_iterations):
        expected[:] = 0.0
        for b in range(n_rows):
            for i in range(offsets[b], offsets[b + 1]):
                first, end = entry_offsets[word[i]], entry_offsets[word[i] + 1]
                total = base[i]
                for e in range(first, end):
                    row = b - entry_time[e]
                    if row < 0:
                        end = e
                        break
                    total += weight[row, entry_motif[e]] * entry_probability[e]
                ratio = count[i] / total
                for e in range(first, end):
                    row, k = b - entry_time[e], entry_motif[e]
                    expected[row, k] += ratio * weight[row, k] * entry_probability[e]
        for row in range(n_rows):
            for k in range(n_motifs):
                value = np.exp(digamma(shape[k] + expected[row, k])) / (rate[k] + shown[row, k])
                if row >= n_rows - n_young:
                    value = max(value, least[k])
                weight[row, k] = value
    return expected


@kernel
def add_start_rates(
    offsets: Longs,
    word: Ints,
    first_bin: int,
    mass: Reals,
    entry_offsets: Longs,
    entry_motif: Ints,
    entry_time: Ints,
    entry_probability: Reals,
    rate: Reals,
) -> None:
    """Add what some starts contribute to the rates of observations.

    Parameters
    ----------
    offsets : int64 array (R + 1,)
    word : int32 array (N,)
    first_bin : int
        Bin of the start in row 0.
    mass : float64 array (rows, K)
        Observations that each start gives in all.
    entry_offsets, entry_motif, entry_time, entry_probability
        See `reestimate_starts`.
    rate : float64 array (N,), changed
    """
    for b in range(len(offsets) - 1):
        for i in range(offsets[b], offsets[b + 1]):
            for e in range(entry_offsets[word[i]], entry_offsets[word[i] + 1]):
                row = b - entry_time[e] - first_bin
                if row < 0:
                    break
                if row < mass.shape[0]:
                    rate[i] += mass[row, entry_motif[e]] * entry_probability[e]


@kernel
def score_starts(
    row: Longs,
    motif: Longs,
    spread: int,
    offsets: Longs,
    word: Ints,
    count: Reals,
    rate: Reals,
    mass: Reals,
    shown: Reals,
    probability: NDArray[np.float32],
) -> Reals:
    """Return the log-likelihood ratio of starts so far, each with its neighbours, nats (n,).

    Parameters
    ----------
    row, motif : int64 arrays (n,)
    spread : int
        Neighbouring rows on each side that belong to a start.
    offsets, word, count
        See `reestimate_starts`.
    rate : float64 array (N,)
        Of every observation under all starts.
    mass, shown : float64 arrays (R, K)
    probability : float32 array (K, L, W)
    """
    length = probability.shape[1]
    n_rows = mass.shape[0]
    scores = np.zeros(len(row))
    for n in range(len(row)):
        k = motif[n]
        first, last = max(row[n] - spread, 0), min(row[n] + spread + 1, n_rows)
        for r in range(first, last):
            scores[n] -= mass[r, k] * shown[r, k]
        for b in range(first, min(last - 1 + length, n_rows)):
            for i in range(offsets[b], offsets[b + 1]):
                part = 0.0
                for r in range(max(first, b - length + 1), min(last, b + 1)):
                    part += mass[r, k] * probability[k, b - r, word[i]]
                if part > 0.0:
                    # rounding can make `part` reach the rate; the floor keeps the log finite
                    rest = max(rate[i] - part, 1e-9 * rate[i])
                    scores[n] += count[i] * np.log(rate[i] / rest)
    return scores
