"""Losses of adversarial models and the additive generator in plain numpy, cell by cell."""

import math

import numpy as np

from motifmine.types import Floats


def critic_loss(kind: str, real: Floats, fake: Floats) -> float:
    """Return the critic's loss."""
    if kind == "hinge":
        as_real = [max(0.0, 1 - v) for v in real]
        as_fake = [max(0.0, 1 + v) for v in fake]
        return float(np.mean(as_real) + np.mean(as_fake))
    as_real = [-math.log(1 / (1 + math.exp(-v))) for v in real]
    as_fake = [-math.log(1 - 1 / (1 + math.exp(-v))) for v in fake]
    return float(np.mean(as_real) + np.mean(as_fake))


def generator_loss(kind: str, fake: Floats) -> float:
    """Return the generator's loss."""
    if kind == "hinge":
        return -float(np.mean(fake))
    return float(np.mean([-math.log(1 / (1 + math.exp(-v))) for v in fake]))


def coder_loss(log_odds: Floats, log_strength: Floats, gate: Floats, strength: Floats) -> float:
    """Return minus the log-likelihood of codes a window."""
    total = 0.0
    for index in np.ndindex(gate.shape):
        chance = 1 / (1 + math.exp(-log_odds[index]))
        total -= math.log(chance if gate[index] else 1 - chance)
        wrong = float(log_strength[index]) - math.log(strength[index])
        total += 0.1 * float(gate[index]) * wrong**2
    return total / len(gate)


def rates(activation: Floats, motifs: Floats, background: Floats) -> Floats:
    """Return expected counts (B, W, V) of activations (B, K, V + L - 1), motifs (K, W, L)."""
    n_windows, n_motifs, n_starts = activation.shape
    _, n_words, length = motifs.shape
    n_bins = n_starts - length + 1
    found: Floats = np.tile(background[None, :, None], (n_windows, 1, n_bins))
    for b, k, row, w, r in np.ndindex(n_windows, n_motifs, n_starts, n_words, length):
        time = row - (length - 1) + r
        if 0 <= time < n_bins:
            found[b, w, time] += activation[b, k, row] * motifs[k, w, r]
    return found


def diversity(windows: Floats) -> float:
    """Return the mean squared distance of neighbours, of log(1 + count)."""
    levels = np.log(1 + windows)
    pairs = [np.sum((levels[i] - levels[i - 1]) ** 2) for i in range(len(levels))]
    return float(np.mean(pairs))


def deconvolve(
    codes: Floats, weight: Floats, bias: Floats, last_weight: Floats, last_bias: Floats
) -> Floats:
    """Return rates of codes (Z, N): one transposed convolution (4, stride 2), then one of 3."""
    n_units, n = weight.shape[1], codes.shape[1]
    wide = np.zeros((n_units, 2 * n + 2))
    for z, unit, place, lag in np.ndindex(len(codes), n_units, n, 4):
        wide[unit, 2 * place + lag] += codes[z, place] * weight[z, unit, lag]
    units = np.maximum(wide[:, 1:-1] + bias[:, None], 0.0)
    padded = np.pad(units, ((0, 0), (1, 1)))
    rates: Floats = np.zeros((len(last_weight), 2 * n))
    for word, time in np.ndindex(rates.shape):
        value = last_bias[word] + np.sum(last_weight[word] * padded[:, time : time + 3])
        rates[word, time] = math.log1p(math.exp(value))
    return rates
