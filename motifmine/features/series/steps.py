"""Channels at rest most of the time that are else at a few levels, of different sizes.

The plug of an appliance has the power of each phase of its programme, a tenth or a hundredth of the
largest in some of them. As sizes these would not be seen, and a programme would be no more than the
rise and fall of one word; as levels its phases follow each other.
"""

import numpy as np

from motifmine.types import Floats, Floats32

MOST_STEPS = 3
REST_SHARE = 0.6
"""Share of the values that is at rest, at least."""
BEYOND_REST = 4.0
"""Distance of a value from rest from which it is not, in units of the distance within which
`REST_SHARE` of all are,"""
LEAST_BEYOND = 1e-3
"""and in units of the standard deviation at least."""
MOST_BELOW = 0.05
"""Share of the values not at rest that may be below."""
SAME = 0.15
"""Difference of the logs of two values in a row that are of one level: a bin in which one changes
to another is of neither."""
FEWEST = 30
"""Values from which levels are recognised."""
LEAST_APART = np.log(2.0)
"""Difference of the logs of neighbouring steps."""
LEAST_SHARE = 0.05
"""Share of the values that a step has."""
EXPLAINED = 0.9
"""Share of the variance of the logs that is between steps."""
MARGIN = 1.5
"""Ratio of the smallest values of the first step to its edge."""
MOST_VALUES = 1 << 15
"""Sampled values in which steps are looked for."""


def find_steps(value: Floats32, change: Floats32) -> Floats | None:
    """Return the edges of the steps of a channel, ascending, float64 (3,); None: it has no steps.

    With two steps the last edge is infinite.

    Parameters
    ----------
    value : float32 array (n,)
        Sampled bins in any order; NaN where unknown.
    change : float32 array (n,)
        Value minus that of the previous bin.
    """
    value, change = value[:MOST_VALUES], change[:MOST_VALUES]
    known = np.isfinite(value)
    if np.count_nonzero(known) < FEWEST:
        return None
    now = value[known].astype(np.float64)
    rest = float(np.median(now))
    beyond = BEYOND_REST * float(np.quantile(np.abs(now - rest), REST_SHARE))
    spread = float(now.std())
    if beyond > BEYOND_REST * LEAST_BEYOND * spread:
        # REST_SHARE of its values are not at rest, but about it
        return None
    beyond = max(beyond, LEAST_BEYOND * spread)
    size, before = now - rest, now - change[known] - rest
    n_above = np.count_nonzero(size > beyond)
    if np.count_nonzero(size < -beyond) > MOST_BELOW * n_above:
        return None
    stays = (size > beyond) & (before > beyond)
    log_size, log_before = np.log(size[stays]), np.log(before[stays])
    levels = np.sort(log_size[np.abs(log_size - log_before) <= SAME])
    if len(levels) < FEWEST:
        return None
    first = max(beyond, float(np.exp(np.quantile(levels, 0.01))) / MARGIN)
    for n_steps in range(MOST_STEPS, 1, -1):
        centres = _find_centres(levels, n_steps)
        between = (centres[1:] + centres[:-1]) / 2
        step = np.searchsorted(between, levels)
        n = np.bincount(step, minlength=n_steps)
        rest_variance = float(np.mean((levels - centres[step]) ** 2))
        if (
            np.diff(centres).min() >= LEAST_APART
            and n.min() >= LEAST_SHARE * len(levels)
            and rest_variance <= (1 - EXPLAINED) * float(levels.var())
        ):
            edges = np.full(MOST_STEPS, np.inf)
            edges[:n_steps] = rest + np.append(first, np.exp(between))
            return edges
    return None


def _find_centres(value: Floats, n: int) -> Floats:
    """Return the centres of n groups of sorted values, float64 (n,), by the best of some starts."""
    best, least = np.zeros(n), np.inf
    for start in (
        np.quantile(value, (np.arange(n) + 0.5) / n),
        np.linspace(value[0], value[-1], n),
    ):
        centres = start
        for _ in range(50):
            group = np.searchsorted((centres[1:] + centres[:-1]) / 2, value)
            size = np.bincount(group, minlength=n)
            total = np.bincount(group, value, minlength=n)
            moved = np.where(size > 0, total / np.maximum(size, 1), centres)
            if np.array_equal(moved, centres):
                break
            centres = moved
        rest = float(np.sum((value - centres[group]) ** 2))
        if rest < least:
            best, least = centres, rest
    return best
