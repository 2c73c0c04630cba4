"""Clusters of windows, and whether they are found again in another half of the windows."""

import numpy as np

from motifmine.types import Floats, Indices

N_BEGINNINGS = 5
N_ITERATIONS = 30
N_HALVINGS = 10
"""Random halvings that the replication of clusters is averaged over."""


def kmeans(points: Floats, k: int, rng: np.random.Generator) -> tuple[Indices, Floats]:
    """Return the cluster of every point, int64 array (n,), and the centres (k, P).

    The best of several beginnings drawn far apart (k-means++, Arthur and Vassilvitskii 2007).

    Parameters
    ----------
    points : float64 array (n, P)
    k : int
        Number of clusters.
    """
    best, lowest = None, np.inf
    for _ in range(N_BEGINNINGS):
        centres = _far_apart(points, k, rng)
        label = nearest(points, centres)
        for _ in range(N_ITERATIONS):
            # as a product of matrices: a mean for each cluster would be a call for each
            members = (label == np.arange(k)[:, None]).astype(np.float64)
            size = members.sum(axis=1, keepdims=True)
            centres = np.where(size > 0, members @ points / np.maximum(size, 1), centres)
            moved = nearest(points, centres)
            if (moved == label).all():
                break
            label = moved
        within = float(np.square(points - centres[label]).sum())
        if within < lowest:
            best, lowest = (label, centres), within
    assert best is not None, "there is at least one beginning, and its sum of squares is finite"
    return best


def _far_apart(points: Floats, k: int, rng: np.random.Generator) -> Floats:
    """Return points to begin with, each drawn by its squared distance from those before."""
    chosen = [int(rng.integers(len(points)))]
    distance = np.full(len(points), np.inf)
    for _ in range(k - 1):
        distance = np.minimum(distance, np.square(points - points[chosen[-1]]).sum(axis=1))
        total = float(distance.sum())
        share = distance / total if total > 0 else None
        chosen.append(int(rng.choice(len(points), p=share)))
    start: Floats = points[chosen]
    return start


def nearest(points: Floats, centres: Floats) -> Indices:
    """Return the nearest of the centres for every point, int64 array (n,)."""
    cross = points @ centres.T
    label: Indices = np.argmin(np.square(centres).sum(axis=1)[None] - 2 * cross, axis=1)
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


def replication(points: Floats, k: int, rng: np.random.Generator) -> float:
    """Return how well k clusters of one half of the points predict those of the other half.

    The mean adjusted Rand index over random halvings (Lange et al., Neural Computation 2004).

    Parameters
    ----------
    points : float64 array (n, P)
    k : int
        Number of clusters.
    """
    agreement = []
    for _ in range(N_HALVINGS):
        order = rng.permutation(len(points))
        one, other = points[order[: len(order) // 2]], points[order[len(order) // 2 :]]
        if len(one) <= k:
            return 0.0
        predicted = nearest(other, kmeans(one, k, rng)[1])
        agreement.append(adjusted_rand(predicted, kmeans(other, k, rng)[0]))
    return float(np.mean(agreement))
