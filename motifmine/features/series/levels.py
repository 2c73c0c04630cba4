"""Edges between the levels of a channel, by quantiles or a Gaussian mixture."""

from typing import Literal

import numpy as np

from motifmine.types import Floats

Method = Literal["quantile", "mixture"]

N_ITERATIONS = 200
LEAST_SPREAD = 1e-3  # least standard deviation of a component, relative to that of all values


def find_level_edges(value: Floats, n_levels: int, method: Method = "quantile") -> Floats:
    """Return the edges between `n_levels` levels of one channel, ascending.

    A channel with at most `n_levels` distinct values gets one level per value. Unused edges are
    infinite: the levels above them are empty.

    Parameters
    ----------
    value : float array (n,)
        Finite values of the channel.
    n_levels : int, > 1
    method : `quantile` or `mixture`
        Levels of equal frequency, or the components of a mixture of normal distributions (for
        channels that switch between a few plateaus).

    Returns
    -------
    float64 array (n_levels - 1,)
        A value belongs to level k if it is at least edge k - 1 and less than edge k.
    """
    distinct = np.unique(value)
    if len(distinct) <= n_levels:
        edges = (distinct[1:] + distinct[:-1]) / 2
    elif method == "quantile":
        edges = np.unique(np.quantile(value, np.arange(1, n_levels) / n_levels))
        # an edge at the minimum would leave the first level empty
        edges = edges[edges > distinct[0]]
    else:
        edges = _find_mixture_edges(value, n_levels)
    return np.concatenate([edges, np.full(n_levels - 1 - len(edges), np.inf)])


def _find_mixture_edges(value: Floats, n_levels: int) -> Floats:
    """Return where the most probable component of a mixture changes."""
    mean, spread, weight = fit_mixture(value, n_levels)
    edges = []
    for k in range(n_levels - 1):
        grid = np.linspace(mean[k], mean[k + 1], 1001)
        density = _log_density(grid, mean, spread, weight)
        edges.append(float(grid[np.argmax(density[:, k + 1] > density[:, k])]))
    return np.unique(edges)


def fit_mixture(value: Floats, n_components: int) -> tuple[Floats, Floats, Floats]:
    """Return mean, spread and weight of a mixture of normal distributions, means ascending.

    Expectation maximisation (Dempster, Laird and Rubin 1977) from two starts, the means of quantile
    groups and even steps over the range; the one with the higher likelihood is returned.
    """
    value = np.asarray(value, dtype=np.float64)
    groups = np.array_split(np.sort(value), n_components)
    steps = np.linspace(value.min(), value.max(), 2 * n_components + 1)[1::2]
    starts = [np.array([group.mean() for group in groups]), steps]
    fits = [_run_em(value, mean) for mean in starts]
    mean, spread, weight = max(fits, key=lambda fit: _log_likelihood(value, *fit))
    order = np.argsort(mean, kind="stable")
    return mean[order], spread[order], weight[order]


def _run_em(value: Floats, mean: Floats) -> tuple[Floats, Floats, Floats]:
    """Run expectation maximisation from components at `mean`."""
    least = max(LEAST_SPREAD * float(value.std()), 1e-300)
    spread = np.full(len(mean), max(float(value.std()) / len(mean), least))
    weight = np.full(len(mean), 1 / len(mean))
    for _ in range(N_ITERATIONS):
        density = _log_density(value, mean, spread, weight)
        share = np.exp(density - density.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        total = np.maximum(share.sum(axis=0), 1e-9)
        new = share.T @ value / total
        variance = np.maximum(share.T @ value**2 / total - new**2, 0.0)
        moved = float(np.abs(new - mean).max())
        mean, spread, weight = new, np.maximum(np.sqrt(variance), least), total / len(value)
        if moved < 1e-6 * float(value.std()):
            break
    return mean, spread, weight


def _log_likelihood(value: Floats, mean: Floats, spread: Floats, weight: Floats) -> float:
    density = _log_density(value, mean, spread, weight)
    highest = density.max(axis=1)
    return float(np.sum(highest + np.log(np.exp(density - highest[:, None]).sum(axis=1))))


def _log_density(value: Floats, mean: Floats, spread: Floats, weight: Floats) -> Floats:
    """Return the log density of every component at every value, up to a constant, (n, k)."""
    z = (value[:, None] - mean) / spread
    density: Floats = np.log(weight) - np.log(spread) - z**2 / 2
    return density
