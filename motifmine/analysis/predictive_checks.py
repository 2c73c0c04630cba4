"""Does a draw from the fit look like the data: busy times, memory, sizes of occurrences.

A fit says that each motif begins at any time alike, that its occurrences have one mean size, and
that background is the same at all times. Data drawn from that are compared with the data by
statistics of the totals of time bins, which need no more than the motifs' profiles in time.
"""

from collections.abc import Callable

import numpy as np

from motifmine.records.fit import FitRecord
from motifmine.records.posterior import PredictiveChecks
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Indices

# if the fit is right, data lie beyond the highest of these draws with probability .025, in any of
# the three statistics
N_DRAWS = 119
WINDOW = 4  # motif lengths of the windows whose totals are compared
INNER = 2.563  # standard deviations from the lowest to the highest tenth of normal values
FEWEST = 10  # windows or occurrences below which nothing is said of their spread


def check_predictions(record: FitRecord, table: ObservationTable) -> PredictiveChecks:
    """Return statistics of the documents of a fit, and their range in data drawn from the fit."""
    length = record.motifs.motif_length
    total = table.time_totals()
    sizes = _relative_sizes(record.occurrences.weight, record.occurrences.motif.astype(np.int64))
    rng = generator(record.provenance.seed, Stream.PREDICTIVE)
    observed = _measure(total, sizes, length)
    draws = np.array([_measure(*_draw(record, table.n_times, rng), length) for _ in range(N_DRAWS)])
    return PredictiveChecks(
        statistics=tuple(STATISTICS),
        observed=observed,
        expected=np.median(draws, axis=0),
        low=draws.min(axis=0),
        high=draws.max(axis=0),
    )


def _draw(record: FitRecord, n_times: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return totals of time bins and relative sizes of occurrences of one draw."""
    profile = record.motifs.probability.sum(axis=2, dtype=np.float64)
    rate = np.full(n_times, record.background.weight * record.n_observations / max(n_times, 1))
    sizes, motifs = [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
    for k, share in enumerate(record.motifs.weight.tolist()):
        found = record.occurrences.weight[record.occurrences.motif == k]
        mean = float(found.mean()) if len(found) else 0.0
        if mean <= 0:
            # without an occurrence its observations are as likely at any time
            rate += share * record.n_observations / max(n_times, 1)
            continue
        n = rng.poisson(share * record.n_observations / mean)
        start = rng.integers(0, max(n_times, 1), n)
        for r, mass in enumerate(profile[k].tolist()):
            # what leaves the end enters at the beginning: no start is favoured
            rate += np.bincount((start + r) % n_times, minlength=n_times) * mean * mass
        sizes.append(rng.poisson(mean, n).astype(np.float64))
        motifs.append(np.full(n, k))
    relative = _relative_sizes(np.concatenate(sizes), np.concatenate(motifs))
    return rng.poisson(rate).astype(np.float64), relative


def _relative_sizes(weight: Floats, motif: Indices) -> Floats:
    """Return sizes of occurrences over the mean of their motif."""
    n = np.bincount(motif)
    mean = np.bincount(motif, weight) / np.maximum(n, 1)
    relative: Floats = weight / np.maximum(mean[motif], 1e-12)
    return relative


def _measure(total: Floats, sizes: Floats, length: int) -> Floats:
    return np.array([statistic(total, sizes, length) for statistic in STATISTICS.values()])


def _busy_times(total: Floats, sizes: Floats, length: int) -> float:
    """Return variance over mean of the totals of windows."""
    width = WINDOW * length
    windows = total[: len(total) // width * width].reshape(-1, width).sum(axis=1)
    if len(windows) < FEWEST or windows.mean() <= 0:
        return float("nan")
    return float(windows.var() / windows.mean())


def _memory(total: Floats, sizes: Floats, length: int) -> float:
    """Return the mean autocorrelation of totals at lags of one to two motif lengths."""
    centred = total - total.mean()
    power = float(np.square(centred).sum())
    if len(total) < FEWEST * length or power <= 0:
        return float("nan")
    lags = range(length, 2 * length + 1)
    return float(np.mean([centred[:-lag] @ centred[lag:] for lag in lags]) / power)


def _spread_of_sizes(total: Floats, sizes: Floats, length: int) -> float:
    """Return the standard deviation of sizes over their mean, that of the inner four fifths.

    Two events taken for one, and a false one, are a few of the largest and smallest.
    """
    if len(sizes) < FEWEST:
        return float("nan")
    low, high = np.quantile(sizes, [0.1, 0.9])
    return float(high - low) / INNER


# what is compared: by name, a function of totals of bins, relative sizes, and motif length
STATISTICS: dict[str, Callable[[Floats, Floats, int], float]] = {
    "busy times": _busy_times,
    "memory beyond a motif": _memory,
    "spread of sizes": _spread_of_sizes,
}
