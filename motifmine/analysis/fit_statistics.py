"""All statistics of a fit that its report shows, from the fit record alone.

Each is computed when it is first asked for and then kept: co-occurrence shuffles starts 400 times,
and the calendar is behind four others.
"""

from functools import cached_property

import numpy as np

from motifmine.analysis.calendar import Calendar, WeekRates, calendar_of, week_rates
from motifmine.analysis.cooccurrence import Cooccurrence, find_relations
from motifmine.analysis.posterior_summary import PosteriorSummary, summarise_posterior
from motifmine.analysis.rates import Rates, archive_rates, hour_of_day_rates
from motifmine.analysis.trends import Trend, rate_trends
from motifmine.analysis.unusual_days import UnusualDay, unusual_days
from motifmine.records.fit import FitRecord


class FitStatistics:
    """Statistics of a fit: rates over time, co-occurrence, unusual days, trends.

    Parameters
    ----------
    record : FitRecord

    Examples
    --------
    ``FitStatistics(store.read_fit(path)).unusual_days`` are the days that the report names.
    """

    def __init__(self, record: FitRecord) -> None:
        self.record = record

    @cached_property
    def calendar(self) -> Calendar | None:
        """Occurrences by hour of the clock, None when no recording has a wall clock."""
        return calendar_of(self.record)

    @cached_property
    def n_days(self) -> int:
        """Days of which anything was recorded, 0 without a wall clock."""
        return 0 if self.calendar is None else len(np.unique(self.calendar.day))

    @cached_property
    def week(self) -> WeekRates | None:
        """Rates by day of the week and hour of the day, None without a wall clock."""
        return None if self.calendar is None else week_rates(self.calendar)

    @cached_property
    def hour_of_day(self) -> Rates | None:
        """Rates by hour of the day, see `hour_of_day_rates`."""
        return hour_of_day_rates(self.record)

    @cached_property
    def archive(self) -> Rates | None:
        """Rates over the archive, by days or recordings, see `archive_rates`."""
        return archive_rates(self.record)

    @cached_property
    def unusual_days(self) -> tuple[UnusualDay, ...]:
        """Unusual days, the least likely first."""
        return () if self.calendar is None else unusual_days(self.calendar)

    @cached_property
    def trends(self) -> tuple[Trend, ...]:
        """Motifs that become more or less frequent."""
        return () if self.calendar is None else rate_trends(self.calendar, self.record.motifs)

    @cached_property
    def cooccurrence(self) -> Cooccurrence:
        """Which motifs follow or exclude which, by shuffles drawn with the seed of the fit."""
        return find_relations(
            self.record.occurrences,
            [recording.n_times for recording in self.record.recordings],
            n_motifs=len(self.record.motifs),
            motif_length=self.record.motifs.motif_length,
            seed=self.record.provenance.seed,
        )

    @cached_property
    def posterior(self) -> PosteriorSummary | None:
        """The posterior in few numbers, None where nothing was sampled."""
        return None if self.record.posterior is None else summarise_posterior(self.record.posterior)
