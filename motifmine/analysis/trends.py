"""Motifs that become more or less frequent over an archive, and such as take another's place.

A fit with motifs to spare describes what slowly changes by two motifs, one for how it was and one
for how it is. Neither of them changes; only their rates do.
"""

from dataclasses import dataclass

import numpy as np

from motifmine.analysis.calendar import HOUR_S, Calendar, day_rates
from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.records.drift import Drift
from motifmine.records.fit import MotifSet
from motifmine.types import Floats

FEWEST_DAYS = 8
LEAST_CHANGE = 2.0
"""Rates of the first and the last third of the days differ by this factor."""
SURE = 2.8
"""Standard deviations that Kendall's statistic is away from what no order would give."""
LEAST_SIMILARITY = 0.3
"""Cosine at the best shift from which one motif may be what another has become."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A motif whose rate rises or falls over the archive."""

    motif: int
    first_per_hour: float
    """Occurrences per hour recorded in the first third of the days."""
    last_per_hour: float
    """The same of the last third."""
    resembles: int = -1
    """The motif most like it that goes the other way, -1 for none."""
    similarity: float = 0.0
    """Cosine with that one at the best shift."""

    @property
    def rises(self) -> bool:
        """Whether the motif becomes more frequent."""
        return self.last_per_hour > self.first_per_hour


def stretch_ratio(drift: Drift, motif: int) -> float:
    """Return how many times as long a motif lasts at the end of the archive as at its beginning.

    The median over the last third of the periods that are known, over that of the first third.
    """
    stretch = drift.stretch[motif]
    known = stretch[np.isfinite(stretch)]
    third = max(1, len(known) // 3)
    return float(np.median(known[-third:]) / np.median(known[:third]))


def rate_trends(calendar: Calendar, motifs: MotifSet) -> tuple[Trend, ...]:
    """Return the motifs whose rate rises or falls, in their order; none of fewer than 8 days.

    Notes
    -----
    The test is that of Mann (1945) and Kendall over the daily rates. It takes days for independent
    of one another: a wet month is a trend, too.
    """
    days = day_rates(calendar)
    if len(days.day) < FEWEST_DAYS:
        return ()
    third = len(days.day) // 3
    hours = days.recorded_s / HOUR_S
    found = []
    for motif, count in enumerate(days.count.astype(np.float64)):
        first, last = (
            float(count[part].sum() / hours[part].sum())
            for part in (slice(None, third), slice(-third, None))
        )
        is_large = max(first, last) >= LEAST_CHANGE * min(first, last) and count.any()
        if is_large and abs(kendall(count / hours)) >= SURE:
            found.append(Trend(motif=motif, first_per_hour=first, last_per_hour=last))
    return _paired(found, motifs)


def kendall(value: Floats) -> float:
    """Return Kendall's statistic of the order in time, over its spread when there is none.

    Examples
    --------
    >>> round(kendall(np.arange(10.0)), 2), kendall(np.ones(10))
    (4.02, 0.0)
    """
    n = len(value)
    order = np.sign(value[None, :] - value[:, None])
    agreeing = float(np.triu(order, 1).sum())
    ties = np.unique(value, return_counts=True)[1]
    variance = (n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
    return agreeing / float(np.sqrt(variance)) if variance > 0 else 0.0


def _paired(found: list[Trend], motifs: MotifSet) -> tuple[Trend, ...]:
    """Return trends with the motif most like each that goes the other way."""
    if not found:
        return ()
    which = [trend.motif for trend in found]
    cosine = max_shifted_cosine(motifs.probability[which], motifs.probability[which])[0]
    rises = np.array([trend.rises for trend in found])
    cosine[rises[:, None] == rises[None, :]] = 0
    paired = []
    for trend, row in zip(found, cosine, strict=True):
        best = int(row.argmax())
        is_like = row[best] >= LEAST_SIMILARITY
        paired.append(
            Trend(
                motif=trend.motif,
                first_per_hour=trend.first_per_hour,
                last_per_hour=trend.last_per_hour,
                resembles=which[best] if is_like else -1,
                similarity=float(row[best]) if is_like else 0.0,
            )
        )
    return tuple(paired)
