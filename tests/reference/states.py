"""A hidden semi-Markov model by enumeration of all paths of states and ages.

`hazard[k][d]` is the probability that a visit of age d ends; the last age stays the last. Nothing
is shared with the package but the meaning of the arrays.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Path = tuple[tuple[int, int], ...]


@dataclass
class Enumerated:
    log_likelihood: float
    posterior: Array
    left: Array
    stayed: Array
    moved: Array
    best: Path


def paths(
    first: Array, transition: Array, hazard: Array, n_times: int
) -> Iterator[tuple[Path, float]]:
    """Yield every path of (state, age) with its probability."""
    n_states, n_ages = hazard.shape

    def extend(path: Path, weight: float) -> Iterator[tuple[Path, float]]:
        if len(path) == n_times:
            yield path, weight
            return
        k, d = path[-1]
        yield from extend((*path, (k, min(d + 1, n_ages - 1))), weight * (1 - hazard[k, d]))
        for j in range(n_states):
            if j != k:
                yield from extend((*path, (j, 0)), weight * hazard[k, d] * transition[k, j])

    for k in range(n_states):
        for d in range(n_ages):
            yield from extend(((k, d),), first[k, d])


def enumerate_paths(
    first: Array, transition: Array, hazard: Array, likelihood: Array
) -> Enumerated:
    """Return what all paths together say; `likelihood` is that of bins under states (T, K)."""
    n_times, n_states = likelihood.shape
    weighed = []
    for path, prior in paths(first, transition, hazard, n_times):
        seen = math.prod(likelihood[t, k] for t, (k, _) in enumerate(path))
        weighed.append((path, prior * seen))
    total = math.fsum(weight for _, weight in weighed)
    posterior, moved = np.zeros_like(likelihood), np.zeros((n_states, n_states))
    left, stayed = np.zeros_like(hazard), np.zeros_like(hazard)
    for path, weight in weighed:
        for t, (k, d) in enumerate(path):
            posterior[t, k] += weight / total
            if t + 1 == n_times:
                continue
            after = path[t + 1][0]
            if after == k:
                stayed[k, d] += weight / total
            else:
                left[k, d] += weight / total
                moved[k, after] += weight / total
    best = max(weighed, key=lambda pair: pair[1])[0]
    return Enumerated(math.log(total), posterior, left, stayed, moved, best)
