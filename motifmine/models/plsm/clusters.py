"""Clusters of windows, and whether they are found again in another half of the windows."""

from typing import NamedTuple

import numpy as np

from motifmine.types import Floats, Indices

N_BEGINNINGS = 5
N_ITERATIONS = 30
N_HALVINGS = 10
"""Random halvings that the replication of clusters is averaged over."""


class Draws(NamedTuple):
    """Random numbers that the beginnings of `kmeans` need."""

    first: Indices
    """int64 array (B,)"""
    uniform: Floats
    """float64 array (B, k - 1)"""

    @classmethod
    def of(cls, n_points: int, k: int, rng: np.random.Generator) -> "Draws":
        """Return what clusters of `n_points` points begin with."""
        drawn = [(rng.integers(n_points), rng.random(k - 1)) for _ in range(N_BEGINNINGS)]
        first, uniform = zip(*drawn, strict=True)
        return cls(np.array(first), np.array(uniform))


def kmeans(points: Floats, k: int, draws: Draws) -> tuple[Indices, Floats]:
    """Return the cluster of every point, int64 array (n,), and the centres (k, P).

    The best of several beginnings drawn far apart (k-means++, Arthur and Vassilvitskii 2007), which
    are iterated together: alone each would be many calls for little work.

    Parameters
    ----------
    points : float64 array (n, P)
    k : int
        Number of clusters.
    """
    centres = _far_apart(points, draws)
    label = nearest(points, centres)
    for _ in range(N_ITERATIONS):
        # as a product of matrices: a mean for each cluster would be a call for each
        members = (label[:, None] == np.arange(k)[:, None]).astype(np.float64)
        size = members.sum(axis=2, keepdims=True)
        sums = (members.reshape(-1, len(points)) @ points).reshape(centres.shape)
        centres = np.where(size > 0, sums / np.maximum(size, 1), centres)
        moved = nearest(points, centres)
        if (moved == label).all():
            break
        label = moved
    beginning = np.arange(len(label))[:, None]
    within = np.square(points - centres[beginning, label]).sum(axis=(1, 2))
    best = int(within.argmin())
    return label[best], centres[best]


def _far_apart(points: Floats, draws: Draws) -> Floats:
    """Return points to begin with, (B, k, P), each drawn by its squared distance to the others."""
    chosen = [draws.first]
    distance = np.full((len(draws.first), len(points)), np.inf)
    for uniform in draws.uniform.T:
        far = np.square(points - points[chosen[-1]][:, None]).sum(axis=2)
        distance = np.minimum(distance, far)
        # where all points are the same any will do
        share = np.cumsum(distance, axis=1)
        share = np.where(share[:, -1:] > 0, share, np.arange(1, len(points) + 1))
        chosen.append((share / share[:, -1:] <= uniform[:, None]).sum(axis=1))
    start: Floats = points[np.stack(chosen, axis=1)]
    return start


def nearest(points: Floats, centres: Floats) -> Indices:
    """Return the nearest of centres (..., k, P) for every point, int64 array (..., n)."""
    cross = (centres.reshape(-1, points.shape[1]) @ points.T).reshape(*centres.shape[:-1], -1)
    label: Indices = np.argmin(np.square(centres).sum(axis=-1)[..., None] - 2 * cross, axis=-2)
    return label


def adjusted_rand(left: Indices, right: Indices) -> float:
    """Return the adjusted Rand index of two labellings: 1 for the same, 0 for chance.

    Examples
    --------
    >>> adjusted_rand(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
    1.0
    """
    table = np.zeros((left.max() + 1, right.max() + 1))
    np.add.at(table, (left, right), 1)
    pairs = (table * (table - 1)).sum()
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    of_rows, of_columns = (rows * (rows - 1)).sum(), (columns * (columns - 1)).sum()
    # pairs that agree by chance when the sizes of clusters are given
    expected = of_rows * of_columns / max(len(left) * (len(left) - 1), 1)
    highest = 0.5 * (of_rows + of_columns)
    return float((pairs - expected) / (highest - expected)) if highest > expected else 0.0


def replication(points: Floats, k: int, least: float, rng: np.random.Generator) -> float:
    """Return how well k clusters of one half of the points predict those of the other half.

    The mean adjusted Rand index over random halvings (Lange et al., Neural Computation 2004), which
    is 1 at most; too low a value where it cannot reach `least` any more.

    Parameters
    ----------
    points : float64 array (n, P)
    k : int
        Number of clusters.
    least : float
        Mean from which it matters.
    """
    agreement: list[float] = []
    for number in range(N_HALVINGS):
        order = rng.permutation(len(points))
        one, other = points[order[: len(order) // 2]], points[order[len(order) // 2 :]]
        if len(one) <= k:
            return 0.0
        # drawn in any case: what is drawn later must not depend on when this ends
        draws = [Draws.of(len(half), k, rng) for half in (one, other)]
        if sum(agreement) + N_HALVINGS - number >= least * N_HALVINGS:
            predicted = nearest(other, kmeans(one, k, draws[0])[1])
            agreement.append(adjusted_rand(predicted, kmeans(other, k, draws[1])[0]))
    return sum(agreement) / N_HALVINGS
