"""The online posterior over starts of motifs: the last bins, and the starts that can reach them.

Row j of the arrays of starts is the start at bin j of the arrays of observations, so that an
observation of bin b comes from the rows b - r at relative time r. What starts before the first row
owe to an observation is in its base.
"""

import math
from typing import NamedTuple

import numpy as np

from motifmine.kernels.jit import inner_kernel, kernel
from motifmine.types import Floats, Floats32, Indices, Indices32

DEAD = -12.0  # log-odds below which a start is left alone until new bins speak for it


class Observed(NamedTuple):
    """Observations of the last bins; those of bin b are `offsets[b]:offsets[b + 1]`."""

    offsets: Indices
    """int64 array (R + 1,)."""
    word: Indices32
    counts: Floats
    rate: Floats
    """Under everything, float64 array (N,)."""


class Starts(NamedTuple):
    """The posterior over starts, float64 arrays (R, K)."""

    odds: Floats
    """Log-odds that there is a start."""
    weight: Floats
    """exp E[log a] of the amplitude a that it has if there is one."""
    shown: Floats
    """Mass of the motif that the bins so far could show."""


class Alike(NamedTuple):
    """Motif k looks like `motif[j]` that starts `shift[j]` bins later, j of `[k]:[k + 1]`."""

    offsets: Indices
    motif: Indices
    shift: Indices


class Prior(NamedTuple):
    """Of starts before anything is seen, float64 arrays (K,)."""

    odds: Floats
    """Log-odds."""
    shape: Floats
    """Of the gamma distribution of amplitudes."""
    rate: Floats


class WordEntries(NamedTuple):
    """Where motifs have each word: entries of word w are `[w]:[w + 1]`, by relative time."""

    offsets: Indices
    motif: Indices32
    time: Indices32
    """Relative time, bins."""
    probability: Floats


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
def _add(observed: Observed, probability: Floats32, row: int, k: int, by: float) -> None:
    """Add a start of the amplitude `by` to the rates of all observations."""
    offsets, word, _, rate = observed
    for b in range(row, min(row + probability.shape[1], len(offsets) - 1)):
        for i in range(offsets[b], offsets[b + 1]):
            rate[i] += by * probability[k, b - row, word[i]]


@inner_kernel
def _visit(
    observed: Observed,
    probability: Floats32,
    prior: Prior,
    row: int,
    k: int,
    starts: Starts,
    mean: Floats,
) -> None:
    """Compare a start, which the rates are without, with none: set its odds and amplitude."""
    offsets, word, count, rate = observed
    amplitude = starts.weight[row, k]
    explained, gain = 0.0, 0.0
    for b in range(row, min(row + probability.shape[1], len(offsets) - 1)):
        for i in range(offsets[b], offsets[b + 1]):
            part = amplitude * probability[k, b - row, word[i]]
            if part > 0.0:
                rest = max(rate[i], 1e-9 * part)
                explained += count[i] * part / (rest + part)
                gain += count[i] * np.log1p(part / rest)
    shape, scale = prior.shape[k] + explained, prior.rate[k] + starts.shown[row, k]
    # the amplitude is integrated out of the bound that its present value gives
    gain += math.lgamma(shape) - math.lgamma(prior.shape[k]) - shape * np.log(scale)
    gain += prior.shape[k] * np.log(prior.rate[k]) - explained * np.log(amplitude)
    starts.odds[row, k] = prior.odds[k] + gain
    starts.weight[row, k] = np.exp(digamma(shape)) / scale
    mean[row, k] = shape / scale


@kernel
def reestimate_starts(
    observed: Observed,
    probability: Floats32,
    starts: Starts,
    alike: Alike,
    prior: Prior,
    n_iterations: int,
) -> Floats:
    """Re-estimate the posterior of all starts; return their mean amplitudes, float64 (R, K).

    A start is one after the other compared with none, all others held fixed. Starts that look alike
    are compared together, or the first to be likely would hide a better one for ever.

    Parameters
    ----------
    observed : Observed
        Its rates, under the background and the expected starts, change.
    probability : float32 array (K, L, W)
    starts : Starts
        Odds and weights change.
    """
    offsets, word, count, rate = observed
    odds, weight, _ = starts
    n_rows, n_motifs = weight.shape
    length = probability.shape[1]
    mass = np.zeros((n_rows, n_motifs))
    for iteration in range(n_iterations):
        for row in range(n_rows):
            for k in range(n_motifs):
                before = weight[row, k] * _chance(odds[row, k])
                if odds[row, k] < DEAD:
                    if iteration == 0 and n_rows - row <= length:
                        # what the newest bin could say for it, were it as strong as usual
                        usual = prior.shape[k] / prior.rate[k]
                        for i in range(offsets[n_rows - 1], offsets[n_rows]):
                            part = usual * probability[k, n_rows - 1 - row, word[i]]
                            odds[row, k] += count[i] * np.log1p(part / rate[i])
                    if odds[row, k] < DEAD:
                        continue
                first, end = alike.offsets[k], alike.offsets[k + 1]
                if odds[row, k] < 0:
                    # only what is likely can hide others
                    end = first
                _add(observed, probability, row, k, -before)
                for j in range(first, end):
                    r, m = row + alike.shift[j], alike.motif[j]
                    if 0 <= r < n_rows:
                        _add(observed, probability, r, m, -weight[r, m] * _chance(odds[r, m]))
                _visit(observed, probability, prior, row, k, starts, mass)
                total = odds[row, k]
                for j in range(first, end):
                    r, m = row + alike.shift[j], alike.motif[j]
                    if 0 <= r < n_rows:
                        _visit(observed, probability, prior, r, m, starts, mass)
                        total = np.logaddexp(total, odds[r, m])
                # one of them, or none: the odds of each against all others
                for j in range(first - 1, end):
                    r, m = (row, k) if j < first else (row + alike.shift[j], alike.motif[j])
                    if 0 <= r < n_rows:
                        own = odds[r, m]
                        others = total + np.log1p(-min(np.exp(own - total), 1 - 1e-15))
                        odds[r, m] = own - np.logaddexp(0.0, others)
                        _add(observed, probability, r, m, weight[r, m] * _chance(odds[r, m]))
    for row in range(n_rows):
        for k in range(n_motifs):
            mass[row, k] *= _chance(odds[row, k])
    return mass


@kernel
def add_start_rates(
    offsets: Indices,
    word: Indices32,
    first_bin: int,
    mass: Floats,
    entries: WordEntries,
    rate: Floats,
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
    rate : float64 array (N,), changed
    """
    for b in range(len(offsets) - 1):
        for i in range(offsets[b], offsets[b + 1]):
            for e in range(entries.offsets[word[i]], entries.offsets[word[i] + 1]):
                row = b - entries.time[e] - first_bin
                if row < 0:
                    break
                if row < mass.shape[0]:
                    rate[i] += mass[row, entries.motif[e]] * entries.probability[e]


@kernel
def score_starts(
    row: Indices,
    motif: Indices,
    spread: int,
    observed: Observed,
    mass: Floats,
    shown: Floats,
    probability: Floats32,
) -> Floats:
    """Return the log-likelihood ratio of starts so far, each with its neighbours, nats (n,).

    Parameters
    ----------
    row, motif : int64 arrays (n,)
    spread : int
        Neighbouring rows on each side that belong to a start.
    observed : Observed
        With rates under all starts.
    mass, shown : float64 arrays (R, K)
    probability : float32 array (K, L, W)
    """
    offsets, word, count, rate = observed
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
