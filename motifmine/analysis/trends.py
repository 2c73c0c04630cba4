"""Motifs that become more or less frequent over an archive, and pairs that replace each other.

A fit with surplus motifs may describe a slowly changing activity by two motifs, one for its form
at the beginning and one for its form at the end. Neither of them changes; only their rates do.
"""

from dataclasses import dataclass

import numpy as np

from motifmine.analysis.calendar import HOUR_S, Calendar, compute_day_rates
from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.records.drift import Drift
from motifmine.records.fit import MotifSet

FEWEST_DAYS = 8
LEAST_CHANGE = 2.0  # smallest ratio of the rates of the first and the last third of the days
LARGEST_P = 0.005  # of a trend; an archive has many motifs
# smallest cosine at the best shift of two motifs of which one may replace the other
LEAST_SIMILARITY = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A motif whose rate rises or falls over the archive."""

    motif: int
    first_per_hour: float
    """Occurrences per hour recorded in the first third of the days."""
    last_per_hour: float
    """The same of the last third."""
    resembles: int = -1
    """The most similar motif with the opposite trend, -1 for none."""
    similarity: float = 0.0
    """Cosine with that one at the best shift."""

    @property
    def rises(self) -> bool:
        """Whether the motif becomes more frequent."""
        return self.last_per_hour > self.first_per_hour


def measure_stretch_ratio(drift: Drift, motif: int) -> float:
    """Return the duration of a motif at the end of the archive relative to its beginning.

    This is the ratio of the medians over the last and the first third of the periods that are
    known.
    """
    stretch = drift.stretch[motif]
    known = stretch[np.isfinite(stretch)]
    third = max(1, len(known) // 3)
    return float(np.median(known[-third:]) / np.median(known[:third]))


def find_trends(calendar: Calendar, motifs: MotifSet) -> tuple[Trend, ...]:
    """Return the motifs whose rate rises or falls, in order; () with fewer than `FEWEST_DAYS` days.

    Notes
    -----
    Mann-Kendall test (Mann 1945) on the daily rates. It assumes independent days: a wet month is
    a trend, too.
    """
    from scipy.stats import kendalltau  # noqa: PLC0415  (slow to import)

    days = compute_day_rates(calendar)
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
        if (
            is_large
            and kendalltau(days.day, count / hours, method="asymptotic").pvalue <= LARGEST_P
        ):
            found.append(Trend(motif=motif, first_per_hour=first, last_per_hour=last))
    return _pair_opposite(found, motifs)


def _pair_opposite(found: list[Trend], motifs: MotifSet) -> tuple[Trend, ...]:
    """Return trends, each with the most similar motif of the opposite trend."""
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
