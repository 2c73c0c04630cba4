"""What is usual: how often each measure of surprise reaches a value, in data not learned from.

A measure's distribution is known from a fit's own time, which may be ten minutes of a handful of
events. The tail is therefore predictive: exceedances of a high value are exponential with a mean
that is itself uncertain, which gives a Lomax distribution; its shape is the number of independent
exceedances. Values of neighbouring bins are alike, so the time bins are divided by their
autocorrelation time first.
"""

from collections.abc import Sequence

import numpy as np

from motifmine.errors import DataError
from motifmine.records.anomalies import AnomalyScale
from motifmine.types import Floats

N_QUANTILES = 1000  # number of quantiles of the distribution of a measure
# upper share of a distribution that its tail is fitted to, for extrapolation: the smaller, unless
# this leaves too few independent exceedances; the larger is the limit of what is a tail
TAIL, MOST_TAIL = 0.02, 0.25
# independent exceedances that a tail is fitted to, where `MOST_TAIL` allows it
ENOUGH_EXCEEDANCES = 4
ALIKE = 0.05  # autocorrelation below which time bins are independent
# longest lag of the autocorrelation in motif lengths, that of the longest window of totals
LONGEST_LAG = 4
# motif lengths that are added to the autocorrelation time: what exceeds is an occurrence, or some
# that overlap, whose bins stay high together for longer than they correlate
APART = 2


def describe_measures(measures: Floats, motif_length: int) -> AnomalyScale:
    """Return the distribution of measures for which larger is more surprising.

    Parameters
    ----------
    measures : float64 array (measure, T)

    Raises
    ------
    DataError
        When there is no time bin.
    """
    n_bins = measures.shape[1]
    if n_bins == 0:
        raise DataError("anomalies cannot be calibrated without a time bin")
    shares = np.concatenate(
        [np.linspace(0, 0.9, N_QUANTILES // 2), 1 - np.geomspace(0.1, 1e-4, N_QUANTILES // 2)[1:]]
    )
    quantile = np.quantile(measures, shares, axis=1, method="lower").T
    return AnomalyScale(
        share=1 - shares,
        quantile=np.ascontiguousarray(quantile),
        tail=np.array([_describe_tail(row, motif_length) for row in measures]),
        n_bins=n_bins,
    )


def join_scales(scales: Sequence[AnomalyScale]) -> AnomalyScale:
    """Return the scales of several groups of measures of the same time bins as one."""
    return AnomalyScale(
        share=scales[0].share,
        quantile=np.concatenate([scale.quantile for scale in scales]),
        tail=np.concatenate([scale.tail for scale in scales]),
        n_bins=scales[0].n_bins,
    )


def autocorrelation_time(value: Floats, longest_lag: int) -> float:
    """Return how many bins of a series (T,) hold one independent value, at least 1."""
    centred = value - value.mean()
    n = len(value)
    spectrum = np.fft.rfft(centred, 2 * n)
    correlation = np.fft.irfft(np.square(np.abs(spectrum)))[: min(n, longest_lag + 1)]
    if correlation[0] <= 0:
        # a constant: all bins are one value, but none exceeds another either
        return 1.0
    correlation = correlation / correlation[0]
    below = np.flatnonzero(correlation <= ALIKE)
    until = below[0] if len(below) else len(correlation)
    return float(max(1.0, 1 + 2 * correlation[1:until].sum()))


def surprise_of(value: Floats, scale: AnomalyScale, measure: int, *, predictive: bool) -> Floats:
    """Return -log10 of the probability that a new time bin reaches a value, float64 (T,).

    Parameters
    ----------
    value : float64 array (T,)
    measure : int
        Row of the scale.
    predictive : bool
        Whether the mean of the tail is uncertain (Lomax) or not (exponential).
    """
    edge, mean_excess, share, n_independent = scale.tail[measure]
    # of equal values none exceeds the others: only quantiles that are lower count
    at = np.searchsorted(scale.quantile[measure], value, side="left") - 1
    counted = np.where(at < 0, 1.0, scale.share[np.maximum(at, 0)])
    # the new bin is one more: a share of n values is known to 1 / (n + 1) at best
    counted = (np.minimum(counted, 1.0) * n_independent + 1) / (n_independent + 1)
    beyond = np.maximum(value - edge, 0) / mean_excess
    n_exceeding = max(share * n_independent, 1.0)
    lost = n_exceeding * np.log1p(beyond / n_exceeding) if predictive else beyond
    at_edge = (share * n_independent + 1) / (n_independent + 1)
    surprise: Floats = np.where(
        value > edge, lost / np.log(10) - np.log10(at_edge), -np.log10(counted)
    )
    return surprise


def _describe_tail(value: Floats, motif_length: int) -> tuple[float, float, float, float]:
    """Return where a tail begins, its mean excess, the share above, and independent values."""
    # longer autocorrelation is that of slow changes, not of single exceedances
    together = autocorrelation_time(value, LONGEST_LAG * motif_length) + APART * motif_length
    n_independent = len(value) / together
    wanted = np.clip(ENOUGH_EXCEEDANCES / n_independent, TAIL, MOST_TAIL)
    edge = np.quantile(value, 1 - wanted, method="lower")
    above = value[value > edge] - edge
    # the least mean guards against a tail without width
    least = 1e-3 * float(value.std()) + 1e-12
    mean = max(float(above.mean()), least) if len(above) else least
    return float(edge), mean, len(above) / len(value), n_independent
