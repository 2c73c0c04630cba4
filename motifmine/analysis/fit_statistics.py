"""All statistics of a fit that its report shows, from the fit record alone.

Each is computed on first access and cached: co-occurrence shuffles starts 400 times, and four
other statistics use the calendar.
"""

from functools import cached_property

import numpy as np

from motifmine.analysis.alike_motifs import Confusion, find_confusions
from motifmine.analysis.calendar import Calendar, WeekRates, compute_week_rates, make_calendar
from motifmine.analysis.cooccurrence import Cooccurrence, find_relations
from motifmine.analysis.cycle import Cycle, find_cycle
from motifmine.analysis.followers import Follower, find_followers
from motifmine.analysis.posterior_summary import PosteriorSummary, summarise_posterior
from motifmine.analysis.rates import Rates, compute_archive_rates, compute_hour_of_day_rates
from motifmine.analysis.trends import Trend, find_trends
from motifmine.analysis.unusual_days import UnusualDay, find_unusual_days
from motifmine.records.fit import FitRecord


class FitStatistics:
    """Statistics of a fit: rates over time, co-occurrence, unusual days, trends.

    Examples
    --------
    ``FitStatistics(store.read_fit(path)).unusual_days`` are the unusual days of the report.
    """

    def __init__(self, record: FitRecord) -> None:
        self.record = record

    @cached_property
    def calendar(self) -> Calendar | None:
        """Occurrences by hour of the clock, None when no recording has a wall clock."""
        return make_calendar(self.record)

    @cached_property
    def n_days(self) -> int:
        """Number of days with a recording, 0 without a wall clock."""
        return 0 if self.calendar is None else len(np.unique(self.calendar.day))

    @cached_property
    def week(self) -> WeekRates | None:
        """Rates by day of the week and hour of the day, None without a wall clock."""
        return None if self.calendar is None else compute_week_rates(self.calendar)

    @cached_property
    def hour_of_day(self) -> Rates | None:
        """Rates by hour of the day, see `compute_hour_of_day_rates`."""
        return compute_hour_of_day_rates(self.calendar)

    @cached_property
    def archive(self) -> Rates | None:
        """Rates over the archive, by days or recordings, see `compute_archive_rates`."""
        return compute_archive_rates(self.record, self.calendar)

    @cached_property
    def unusual_days(self) -> tuple[UnusualDay, ...]:
        """Unusual days, the least likely first."""
        return () if self.calendar is None else find_unusual_days(self.calendar)

    @cached_property
    def trends(self) -> tuple[Trend, ...]:
        """Motifs that become more or less frequent."""
        return () if self.calendar is None else find_trends(self.calendar, self.record.motifs)

    @cached_property
    def cooccurrence(self) -> Cooccurrence:
        """Relations between motifs, with shuffles drawn from the seed of the fit."""
        return find_relations(
            self.record.occurrences,
            [recording.n_times for recording in self.record.recordings],
            n_motifs=len(self.record.motifs),
            motif_length=self.record.motifs.motif_length,
            seed=self.record.provenance.seed,
        )

    @cached_property
    def cycle(self) -> Cycle | None:
        """The common cycle of the starts, None where there are too few."""
        return find_cycle(self.record, seed=self.record.provenance.seed)

    @cached_property
    def followers(self) -> tuple[Follower, ...]:
        """Which motif is often the next to start after which."""
        return find_followers(self.record.occurrences, len(self.record.motifs))

    @cached_property
    def confusions(self) -> tuple[Confusion, ...]:
        """Pairs of motifs that look alike, and how often one is taken for the other."""
        return find_confusions(self.record)

    @cached_property
    def posterior(self) -> PosteriorSummary | None:
        """Summary of the posterior, None where nothing was sampled."""
        return None if self.record.posterior is None else summarise_posterior(self.record.posterior)
