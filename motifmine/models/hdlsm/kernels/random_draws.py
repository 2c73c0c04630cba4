"""Draws from weights and from log weights."""

import math

import numpy as np

from motifmine.kernels.jit import kernel
from motifmine.models.hdlsm.kernels.state import Reals


@kernel
def draw_index(weight: Reals, n: int, rng: np.random.Generator) -> int:
    """Return i < n with probability in proportion to `weight[i]`."""
    total = 0.0
    for i in range(n):
        total += weight[i]
    u = rng.random() * total
    for i in range(n - 1):
        u -= weight[i]
        if u < 0.0:
            return i
    return n - 1


@kernel
def draw_log_index(weight: Reals, n: int, rng: np.random.Generator) -> int:
    """Return i < n with probability ~ exp(weight[i]); `weight` is overwritten."""
    top = weight[0]
    for i in range(1, n):
        top = max(top, weight[i])
    for i in range(n):
        weight[i] = math.exp(weight[i] - top)
    return draw_index(weight, n, rng)


@kernel
def log_choice(weight: Reals, n: int, chosen: int) -> float:
    """Return the log probability of `chosen` among `n` log weights."""
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
    """Return i < n with probability ~ exp(weight[i]); `weight` is kept."""
    u = rng.random()
    for i in range(n - 1):
        u -= math.exp(log_choice(weight, n, i))
        if u < 0.0:
            return i
    return n - 1


@kernel
def choose_with_log(weight: Reals, n: int, rng: np.random.Generator) -> tuple[int, float]:
    """Return i < n with probability ~ exp(weight[i]), and the log of that probability."""
    chosen = choose(weight, n, rng)
    return chosen, log_choice(weight, n, chosen)
