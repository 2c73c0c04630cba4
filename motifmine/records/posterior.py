"""Posterior of a sampled fit, and checks of data drawn from any fit against its own data."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from motifmine.errors import DataError
from motifmine.records.fields import axes
from motifmine.types import Floats, Floats32

# units of the statistics of a sweep; the others are plain numbers
STATISTIC_UNITS = {"log_joint": "nats", "background_share": "share"}
INTERVAL = 0.9  # probability of the central credible interval of the number of motifs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posterior:
    """Uncertainty of a fit that was sampled by several chains.

    Raises `DataError` when the arrays contradict each other.
    """

    n_motifs: Floats = field(metadata=axes("number", "share"))
    """Share of all sweeps after the burn-in that have n motifs of 1 % of the observations or more,
    n = 0, 1, .., float64 array (number,), sums to 1."""
    motif_mean: Floats32 = field(metadata=axes("motif, relative_time, word"))
    """Mean of each motif over the kept sweeps that have it, aligned by shift, (K, L, W)."""
    motif_spread: Floats32 = field(metadata=axes("motif, relative_time, word"))
    """Standard deviation of the same, float32 array (K, L, W)."""
    motif_presence: Floats = field(metadata=axes("chain, motif", "share"))
    """Share of the kept sweeps of every chain that have the motif, float64 array (chain, K)."""
    occurrence_probability: Floats = field(metadata=axes("occurrence"))
    """Probability of each occurrence of the fit: share of the kept sweeps that have it, within a
    time bin, which is calibrated against decoys where the fit was tested, float64 array."""
    statistics: tuple[str, ...] = field(metadata=axes("statistic", name="statistic"))
    """Names of the statistics recorded in every sweep; they do not depend on labels of motifs."""
    trace: Floats = field(
        metadata=axes("chain, sweep, statistic", split="statistics", units=STATISTIC_UNITS)
    )
    """Their values, float64 array (chain, sweep, statistic)."""
    burn_in: int
    """First sweeps of every chain, which are discarded except in the trace."""
    r_hat: Floats = field(metadata=axes("statistic"))
    """Split R-hat of the statistics after the burn-in, NaN where undefined, (statistic,)."""
    effective_sweeps: Floats = field(metadata=axes("statistic", "sweeps"))
    """Effective sample size of the statistics, all chains together, float64 array (statistic,)."""
    chains_agree: bool
    sentence: str
    """Agreement of the chains, as a sentence for reports."""

    def __post_init__(self) -> None:
        n_chains, _, n_statistics = self.trace.shape
        fits = (
            self.motif_mean.shape == self.motif_spread.shape
            and self.motif_presence.shape == (n_chains, len(self.motif_mean))
            and len(self.statistics) == len(self.r_hat) == len(self.effective_sweeps)
            and len(self.statistics) == n_statistics
        )
        if not fits:
            raise DataError(
                f"the posterior of {n_chains} chains and {n_statistics} statistics has motifs "
                f"{self.motif_mean.shape} and presence {self.motif_presence.shape}"
            )

    def __repr__(self) -> str:
        n_chains, n_sweeps, _ = self.trace.shape
        return f"Posterior({n_chains} chains of {n_sweeps} sweeps)"

    def number_interval(self) -> tuple[int, int]:
        """Return the smallest and largest number of motifs of the middle 90 % of the sweeps."""
        below = np.cumsum(self.n_motifs)
        low = int(np.searchsorted(below, (1 - INTERVAL) / 2, side="right"))
        # rounding may leave the last sum just below the share that is looked for
        high = int(np.searchsorted(below, (1 + INTERVAL) / 2 - 1e-12))
        return low, min(high, len(below) - 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PredictiveChecks:
    """Statistics of what a fit was learned from, and their range in data drawn from the fit.

    Raises `DataError` when the arrays contradict each other.
    """

    statistics: tuple[str, ...] = field(metadata=axes("statistic", name="statistic"))
    """Names, see `motifmine.analysis.predictive_checks.STATISTICS`."""
    observed: Floats = field(metadata=axes("statistic"))
    """Of the data, float64 array (statistic,), NaN where there is too little."""
    expected: Floats = field(metadata=axes("statistic"))
    """Median of the draws, float64 array (statistic,)."""
    low: Floats = field(metadata=axes("statistic"))
    high: Floats = field(metadata=axes("statistic"))
    """Smallest and largest of the draws, float64 arrays (statistic,)."""

    def __post_init__(self) -> None:
        arrays = (self.observed, self.expected, self.low, self.high)
        if {len(values) for values in arrays} != {len(self.statistics)}:
            raise DataError(f"{len(self.statistics)} statistics but other numbers of values")

    @property
    def exceeds(self) -> NDArray[np.bool_]:
        """Whether the data have more of a statistic than any draw, bool array (statistic,)."""
        return np.asarray(self.observed > self.high, dtype=np.bool_)
