"""The auto-encoder in plain NumPy, whole documents, loops as the paper writes them."""

import numpy as np

from motifmine.types import Floats

TAPS = np.array([0.05399, 0.24197, 0.39894, 0.24197, 0.05399])


def encode(counts: Floats, filters: Floats, bias: Floats, inhibition: float) -> Floats:
    """Activations (M, T + L - 1) of counts (W, T) before AdaReLU; column 0 is start 1 - L."""
    n_filters, _, length = filters.shape
    n_times = counts.shape[1]
    response = np.zeros((n_filters, n_times + length - 1))
    for f in range(n_filters):
        for start in range(1 - length, n_times):
            value = bias[f]
            for r in range(length):
                if 0 <= start + r < n_times:
                    value += filters[f, :, r] @ counts[:, start + r]
            response[f, start + length - 1] = max(value, 0.0)
    sharpened = response.copy()
    for f in range(n_filters):
        for s in range(response.shape[1]):
            for by in range(-2, 3):
                if 0 <= s + by < response.shape[1]:
                    sharpened[f, s] -= inhibition * TAPS[by + 2] * response[f, s + by]
    return sharpened


def ada_relu(activation: Floats, share: float) -> Floats:
    """The largest positive activations that hold `share` of the energy."""
    values = sorted((float(v) for v in activation.ravel() if v > 0), reverse=True)
    goal, held = share * sum(v * v for v in values), 0.0
    least = np.inf
    for value in values:
        if held >= goal:
            break
        held += value * value
        least = value
    return np.where((activation > 0) & (activation >= least), activation, 0.0)


def decode(activation: Floats, filters: Floats, background: Floats) -> Floats:
    """Reconstruction (W, T) of activations (M, T + L - 1)."""
    n_filters, _, length = filters.shape
    n_times = activation.shape[1] - length + 1
    sound = np.repeat(background[:, None], n_times, axis=1)
    for f in range(n_filters):
        for column in range(activation.shape[1]):
            for r in range(length):
                time = column - length + 1 + r
                if 0 <= time < n_times:
                    sound[:, time] += activation[f, column] * filters[f, :, r]
    return sound


def improve(
    counts: Floats, activation: Floats, motifs: Floats, base: Floats
) -> tuple[Floats, float]:
    """One multiplicative update of masses (K, T + L - 1), and sum n log rate before it."""
    rate = decode(activation, motifs, base)
    ratio = np.where(counts > 0, counts / rate, 0.0)
    gain = np.zeros_like(activation)
    for k in range(len(motifs)):
        for column in range(activation.shape[1]):
            for r in range(motifs.shape[2]):
                time = column - motifs.shape[2] + 1 + r
                if 0 <= time < counts.shape[1]:
                    gain[k, column] += ratio[:, time] @ motifs[k, :, r]
    filled = counts > 0
    return activation * gain, float(np.sum(counts[filled] * np.log(rate[filled])))


def touch(counts: Floats, activation: Floats, motifs: Floats, base: Floats, price: float) -> Floats:
    """One update of the motifs (K, W, L): few cells preferred."""
    rate = decode(activation, motifs, base)
    ratio = np.where(counts > 0, counts / rate, 0.0)
    touched = np.zeros_like(motifs)
    for k in range(len(motifs)):
        for r in range(motifs.shape[2]):
            for column in range(activation.shape[1]):
                time = column - motifs.shape[2] + 1 + r
                if 0 <= time < counts.shape[1]:
                    touched[k, :, r] += activation[k, column] * ratio[:, time] * motifs[k, :, r]
        touched[k] = np.maximum(touched[k] - price * touched[k].mean(), 0.0)
        touched[k] /= touched[k].sum()
    return touched
