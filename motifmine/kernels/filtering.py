"""The online posterior over starts of motifs: the last bins, and the starts that can reach them.

Row j of the arrays of starts is the start at bin j of the arrays of observations, so that an
observation of bin b comes from the rows b - r at relative time r. What starts before the first row
owe to an observation is in its base.
"""

import math

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import inner_kernel, kernel

Reals = NDArray[np.float64]
Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
DEAD = -12.0  # log-odds below which a start is left alone until new bins speak for it


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


@inner_kernel
def _chance(odds: float) -> float:
    """Return the probability of log-odds."""
    return float(1.0 / (1.0 + np.exp(-odds)) if odds > -700.0 else 0.0)


@inner_kernel
def _add(
    data: tuple[Longs, Ints, Reals, Reals, NDArray[np.float32]], row: int, k: int, by: float
) -> None:
    """Add a start of the amplitude `by` to the rates of all observations."""
    offsets, word, _, rate, probability = data
    for b in range(row, min(row + probability.shape[1], len(offsets) - 1)):
        for i in range(offsets[b], offsets[b + 1]):
            rate[i] += by * probability[k, b - row, word[i]]


@inner_kernel
def _visit(
    data: tuple[Longs, Ints, Reals, Reals, NDArray[np.float32]],
    prior: tuple[Reals, Reals, Reals],
    row: int,
    k: int,
    odds: Reals,
    weight: Reals,
    shown: Reals,
    mean: Reals,
) -> None:
    """Compare a start, which the rates are without, with none: set its odds and amplitude."""
    offsets, word, count, rate, probability = data
    prior_odds, prior_shape, prior_rate = prior
    amplitude = weight[row, k]
    explained, gain = 0.0, 0.0
    for b in range(row, min(row + probability.shape[1], len(offsets) - 1)):
        for i in range(offsets[b], offsets[b + 1]):
            part = amplitude * probability[k, b - row, word[i]]
            if part > 0.0:
                rest = max(rate[i], 1e-9 * part)
                explained += count[i] * part / (rest + part)
                gain += count[i] * np.log1p(part / rest)
    shape, scale = prior_shape[k] + explained, prior_rate[k] + shown[row, k]
    # the amplitude is integrated out of the bound that its present value gives
    gain += math.lgamma(shape) - math.lgamma(prior_shape[k]) - shape * np.log(scale)
    gain += prior_shape[k] * np.log(prior_rate[k]) - explained * np.log(amplitude)
    odds[row, k] = prior_odds[k] + gain
    weight[row, k] = np.exp(digamma(shape)) / scale
    mean[row, k] = shape / scale


@kernel
def reestimate_starts(
    offsets: Longs,
    word: Ints,
    count: Reals,
    rate: Reals,
    probability: NDArray[np.float32],
    odds: Reals,
    weight: Reals,
    shown: Reals,
    alike_offsets: Longs,
    alike: Longs,
    alike_shift: Longs,
    prior_odds: Reals,
    prior_shape: Reals,
    prior_rate: Reals,
    n_iterations: int,
) -> Reals:
    """Re-estimate the posterior of all starts; return their mean amplitudes, float64 (R, K).

    A start is one after the other compared with none, all others held fixed. Starts that look alike
    are compared together, or the first to be likely would hide a better one for ever.

    Parameters
    ----------
    offsets : int64 array (R + 1,)
        Observations of bin b are `[b]:[b + 1]`.
    word, count : arrays (N,)
    rate : float64 array (N,), changed
        Under the background and all starts, `weight` times their probability each.
    probability : float32 array (K, L, W)
    odds : float64 array (R, K), changed
        Log-odds that there is a start.
    weight : float64 array (R, K), changed
        exp E[log a] of the amplitude a that it has if there is one.
    shown : float64 array (R, K)
        Mass of the motif that the bins so far could show.
    alike_offsets, alike, alike_shift : int64 arrays
        Motif k looks like motif `alike[j]` that starts `alike_shift[j]` bins later, `[k]:[k + 1]`.
    prior_odds, prior_shape, prior_rate : float64 arrays (K,)
        Log-odds, and the gamma distribution of amplitudes, before anything is seen.
    """
    n_rows, n_motifs = weight.shape
    length = probability.shape[1]
    mass = np.zeros((n_rows, n_motifs))
    data = offsets, word, count, rate, probability
    prior = prior_odds, prior_shape, prior_rate
    for iteration in range(n_iterations):
        for row in range(n_rows):
            for k in range(n_motifs):
                before = weight[row, k] * _chance(odds[row, k])
                if odds[row, k] < DEAD:
                    if iteration == 0 and n_rows - row <= length:
                        # what the newest bin could say for it, were it as strong as usual
                        usual = prior_shape[k] / prior_rate[k]
                        for i in range(offsets[n_rows - 1], offsets[n_rows]):
                            part = usual * probability[k, n_rows - 1 - row, word[i]]
                            odds[row, k] += count[i] * np.log1p(part / rate[i])
                    if odds[row, k] < DEAD:
                        continue
                first, end = alike_offsets[k], alike_offsets[k + 1]
                if odds[row, k] < 0:
                    # only what is likely can hide others
                    end = first
                _add(data, row, k, -before)
                for j in range(first, end):
                    r, m = row + alike_shift[j], alike[j]
                    if 0 <= r < n_rows:
                        _add(data, r, m, -weight[r, m] * _chance(odds[r, m]))
                _visit(data, prior, row, k, odds, weight, shown, mass)
                total = odds[row, k]
                for j in range(first, end):
                    r, m = row + alike_shift[j], alike[j]
                    if 0 <= r < n_rows:
                        _visit(data, prior, r, m, odds, weight, shown, mass)
                        total = np.logaddexp(total, odds[r, m])
                # one of them, or none: the odds of each against all others
                for j in range(first - 1, end):
                    r, m = (row, k) if j < first else (row + alike_shift[j], alike[j])
                    if 0 <= r < n_rows:
                        own = odds[r, m]
                        others = total + np.log1p(-min(np.exp(own - total), 1 - 1e-15))
                        odds[r, m] = own - np.logaddexp(0.0, others)
                        _add(data, r, m, weight[r, m] * _chance(odds[r, m]))
    for row in range(n_rows):
        for k in range(n_motifs):
            mass[row, k] *= _chance(odds[row, k])
    return mass


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
        Entries of word w are `[w]:[w + 1]`, by ascending relative time: where motifs have it.
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
