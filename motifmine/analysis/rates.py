"""Rates of each motif by hour of the day and over the archive, per hour of recording.

The report shows them in the cards of motifs; `motifmine.analysis.calendar` has the rates by day and
by hour of the week.
"""

from dataclasses import dataclass

import numpy as np

from motifmine.analysis.calendar import Calendar
from motifmine.records.fit import FitRecord
from motifmine.types import Floats, Indices

FEWEST_DAYS = 3  # smallest number of days for rates by day; with fewer, rates are by recording

MOST_BARS = 120
FEWER_BARS = 40  # most bars of a chart, with up to 60 motifs and with more


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rates:
    """Occurrences per hour of recording in consecutive stretches of time."""

    title: str
    labels: tuple[str, ...]
    """Name of each stretch."""
    recorded_s: Floats
    """Seconds recorded in each stretch, float64 array (n,)."""
    count: Indices
    """Occurrences, int64 array (K, n)."""

    @property
    def per_hour(self) -> Floats:
        """Rates, float64 array (K, n); NaN where nothing was recorded."""
        hours = np.where(self.recorded_s > 0, self.recorded_s / 3600, np.nan)
        rates: Floats = self.count / hours
        return rates


def compute_hour_of_day_rates(calendar: Calendar | None) -> Rates | None:
    """Return rates by hour of the day in the calendar's time zone.

    None unless all recordings have a wall clock and cover at least two hours of the day.
    """
    if calendar is None or calendar.n_left_out or len(np.unique(calendar.hour)) < 2:
        return None
    return _sum_hours(
        calendar,
        f"By hour of the day ({calendar.zone})",
        tuple(f"{h:02d}:00" for h in range(24)),
        calendar.hour,
    )


def compute_archive_rates(record: FitRecord, calendar: Calendar | None) -> Rates | None:
    """Return rates over the archive, None for a single recording.

    The stretches are days (or several days) where the wall clock is known and there are at least
    three days, else recordings (or several recordings) in their order; at most `MOST_BARS`.
    """
    most = MOST_BARS if len(record.motifs) <= 60 else FEWER_BARS
    if calendar is not None and not calendar.n_left_out:
        n_days = int(calendar.day.max() - calendar.day.min()) + 1
        if n_days >= FEWEST_DAYS:
            return _compute_by_day(calendar, n_days, most)
    n_recordings = len(record.recordings)
    if n_recordings < 2:
        return None
    group = -(-n_recordings // most)
    names = [recording.name for recording in record.recordings]
    n_times = np.array([recording.n_times for recording in record.recordings])
    place = np.arange(n_recordings) // group
    n_bars = int(place[-1]) + 1
    return Rates(
        title="By recording" if group == 1 else f"By {group} recordings each",
        labels=tuple(
            _format_span(names[i * group], names[i * group : (i + 1) * group][-1])
            for i in range(n_bars)
        ),
        recorded_s=np.bincount(place, weights=n_times * record.bin_s, minlength=n_bars).astype(
            float
        ),
        count=_count_occurrences(record, place[record.occurrences.document], n_bars),
    )


def _compute_by_day(calendar: Calendar, n_days: int, most: int) -> Rates:
    group = next((g for g in (1, 7, 28, 91, 364) if n_days <= g * most), -(-n_days // most))
    first = int(calendar.day.min())
    start = np.datetime64("1970-01-01") + np.timedelta64(first, "D")
    begins = [start + np.timedelta64(i * group, "D") for i in range(-(-n_days // group))]
    title = "By day" if group == 1 else f"By {group} days each"
    labels = tuple(str(begin) for begin in begins)
    return _sum_hours(calendar, title, labels, (calendar.day - first) // group)


def _sum_hours(calendar: Calendar, title: str, labels: tuple[str, ...], place: Indices) -> Rates:
    """Return the hours of a calendar summed by place, one place a label."""
    n = len(labels)
    count = [np.bincount(place, weights=row, minlength=n) for row in calendar.count]
    return Rates(
        title=title,
        labels=labels,
        recorded_s=np.bincount(place, calendar.recorded_s, n).astype(np.float64),
        count=np.reshape(count, (-1, n)).astype(np.int64),
    )


def _count_occurrences(record: FitRecord, place: Indices, n_places: int) -> Indices:
    """Return occurrences by motif and place, int64 array (K, places)."""
    n_motifs = len(record.motifs)
    key = record.occurrences.motif.astype(np.int64) * n_places + place
    counts = np.bincount(key, minlength=n_motifs * n_places)
    return counts.reshape(n_motifs, n_places).astype(np.int64)


def _format_span(first: str, last: str) -> str:
    return first if first == last else f"{first} .. {last}"
