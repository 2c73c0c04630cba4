"""Draws from categorical distributions given by weights or log weights."""

import math

import numpy as np

from motifmine.kernels.jit import kernel
from motifmine.models.hdlsm.kernels.state import Reals


@kernel
def draw_index(weight: Reals, n: int, rng: np.random.Generator) -> int:
    """Draw i < n with probability proportional to `weight[i]`.

    Parameters
    ----------
    weight : float64 array, at least n entries
        Weights, >= 0.
    """
    total = 0.0
    for i in range(n):
        total += weight[i]
    u = rng.random() * total
    # the last index takes what rounding leaves of `u`
    for i in range(n - 1):
        u -= weight[i]
        if u < 0.0:
            return i
    return n - 1


@kernel
def draw_log_index(weight: Reals, n: int, rng: np.random.Generator) -> int:
    """Draw i < n with probability proportional to exp(weight[i]); `weight` is overwritten.

    Parameters
    ----------
    weight : float64 array, at least n entries
        Log weights; overwritten.
    """
    # the maximum is subtracted so that exp cannot overflow
    top = weight[0]
    for i in range(1, n):
        top = max(top, weight[i])
    for i in range(n):
        weight[i] = math.exp(weight[i] - top)
    return draw_index(weight, n, rng)


@kernel
def log_choice_probability(weight: Reals, n: int, chosen: int) -> float:
    """Return the log probability of `chosen` among `n` log weights.

    Parameters
    ----------
    weight : float64 array, at least n entries
        Log weights.
    chosen : int
        Index whose probability is returned, 0 <= chosen < n.
    """
    top = weight[0]
    for i in range(1, n):
        top = max(top, weight[i])
    total = 0.0
    for i in range(n):
        total += math.exp(weight[i] - top)
    value: float = weight[chosen] - top - math.log(total)
    return value


@kernel
def choose(weight: Reals, n: int, rng: np.random.Generator) -> int:
    """Draw i < n with probability proportional to exp(weight[i]); `weight` is not changed.

    Parameters
    ----------
    weight : float64 array, at least n entries
        Log weights.
    """
    u = rng.random()
    for i in range(n - 1):
        u -= math.exp(log_choice_probability(weight, n, i))
        if u < 0.0:
            return i
    return n - 1


@kernel
def choose_with_log(weight: Reals, n: int, rng: np.random.Generator) -> tuple[int, float]:
    """Draw i < n with probability proportional to exp(weight[i]); also return its log.

    Parameters
    ----------
    weight : float64 array, at least n entries
        Log weights.
    """
    chosen = choose(weight, n, rng)
    return chosen, log_choice_probability(weight, n, chosen)
