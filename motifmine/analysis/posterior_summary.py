"""Summary of a posterior: number of motifs, statistics, and uncertainty of each motif."""

from dataclasses import dataclass

import numpy as np

from motifmine.records.posterior import Posterior
from motifmine.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PosteriorSummary:
    """Summary statistics of a posterior."""

    least_motifs: int
    """Lower end of the 90 % interval of the number of motifs of 1 % of the observations or more."""
    most_motifs: int
    """Upper end of that interval."""
    statistic_mean: Floats
    """Mean of each statistic after the burn-in, all chains together, float64 array (statistic,)."""
    presence: Floats
    """Share of the kept sweeps that have each motif, float64 array (K,)."""
    least_presence: Floats
    """The smallest of these shares over the chains, float64 array (K,)."""
    relative_spread: Floats
    """Distance of the sweeps' motifs from their mean (root mean square), in units of the mean's
    norm, float64 array (K,); NaN for a motif that no sweep has."""


def summarise_posterior(posterior: Posterior) -> PosteriorSummary:
    """Return summary statistics of a posterior."""
    low, high = posterior.number_interval()
    spread = np.sqrt((posterior.motif_spread.astype(np.float64) ** 2).sum(axis=(1, 2)))
    size = np.sqrt((posterior.motif_mean.astype(np.float64) ** 2).sum(axis=(1, 2)))
    return PosteriorSummary(
        least_motifs=low,
        most_motifs=high,
        statistic_mean=posterior.trace[:, posterior.burn_in :].mean(axis=(0, 1)),
        presence=posterior.motif_presence.mean(axis=0),
        least_presence=posterior.motif_presence.min(axis=0),
        relative_spread=np.where(size > 0, spread, np.nan) / np.where(size > 0, size, 1.0),
    )
