"""Rates of each motif by hour of the day and over the archive, per hour of recording.

The report shows them in the cards of motifs; `motifmine.analysis.calendar` has the rates by day and
by hour of the week.
"""

from dataclasses import dataclass

import numpy as np

from motifmine.records.fit import FitRecord
from motifmine.records.wall_clock import clock_starts, find_time_zone, local_seconds
from motifmine.types import Floats, Indices

DAY_S = 86_400
FEWEST_DAYS = 3
"""Smallest number of days for rates by day; with fewer, rates are by recording."""

MOST_BARS = 120
FEWER_BARS = 40
"""Most bars of a chart, with up to 60 motifs and with more."""


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


def compute_hour_of_day_rates(record: FitRecord) -> Rates | None:
    """Return rates by hour of the day in the fit's time zone.

    None unless all recordings have a wall clock and cover at least two hours of the day.
    """
    clock = _list_clock_s(record)
    if clock is None:
        return None
    hour = np.floor(_list_bin_times(record, clock) / 3600).astype(np.int64) % 24
    if len(np.unique(hour)) < 2:
        return None
    found = np.floor(_list_start_times(record, clock) / 3600).astype(np.int64) % 24
    return Rates(
        title=f"By hour of the day ({record.time_zone})",
        labels=tuple(f"{h:02d}:00" for h in range(24)),
        recorded_s=_sum_recorded_s(record, hour, 24),
        count=_count_occurrences(record, found, 24),
    )


def compute_archive_rates(record: FitRecord) -> Rates | None:
    """Return rates over the archive, None for a single recording.

    The stretches are days (or several days) where the wall clock is known and there are at least
    three days, else recordings (or several recordings) in their order; at most `MOST_BARS`.
    """
    most = MOST_BARS if len(record.motifs) <= 60 else FEWER_BARS
    clock = _list_clock_s(record)
    if clock is not None and any(recording.n_times for recording in record.recordings):
        day = np.floor(_list_bin_times(record, clock) / DAY_S).astype(np.int64)
        first, last = int(day.min()), int(day.max())
        if last - first + 1 >= FEWEST_DAYS:
            found = np.floor(_list_start_times(record, clock) / DAY_S).astype(np.int64)
            return _compute_by_day(record, day - first, found - first, first, most)
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
        recorded_s=_sum_recorded_s(record, np.repeat(place, n_times), n_bars),
        count=_count_occurrences(record, place[record.occurrences.document], n_bars),
    )


def _compute_by_day(
    record: FitRecord, day: Indices, found: Indices, first: int, most: int
) -> Rates:
    """Return rates by days that count from `first` (days since 1970)."""
    n_days = int(day.max()) + 1
    group = next((g for g in (1, 7, 28, 91, 364) if n_days <= g * most), -(-n_days // most))
    n_bars = -(-n_days // group)
    start = np.datetime64("1970-01-01") + np.timedelta64(first, "D")
    begins = [start + np.timedelta64(i * group, "D") for i in range(n_bars)]
    inside = np.clip(found // group, 0, n_bars - 1)
    return Rates(
        title="By day" if group == 1 else f"By {group} days each",
        labels=tuple(str(begin) for begin in begins),
        recorded_s=_sum_recorded_s(record, day // group, n_bars),
        count=_count_occurrences(record, inside, n_bars),
    )


def _list_clock_s(record: FitRecord) -> Floats | None:
    """Return the wall clock of second 0 of each recording in seconds since 1970, or None."""
    starts = clock_starts(record.recordings)
    known = [start.timestamp() for start in starts if start is not None]
    return np.array(known) if len(known) == len(starts) and known else None


def _list_bin_times(record: FitRecord, clock: Floats) -> Floats:
    """Return the local time of every time bin of every recording, seconds since 1970."""
    times = [start + r.bin_start_s for start, r in zip(clock, record.recordings, strict=True)]
    return local_seconds(np.concatenate(times), find_time_zone(record.time_zone))


def _list_start_times(record: FitRecord, clock: Floats) -> Floats:
    """Return the local time of every occurrence, clipped to its recording, seconds since 1970."""
    found = record.occurrences
    edges = np.array([r.extent_s(record.bin_s) for r in record.recordings])
    last = np.maximum(edges[:, 1] - record.bin_s, edges[:, 0])
    inside = np.clip(found.start_s, edges[found.document, 0], last[found.document])
    return local_seconds(clock[found.document] + inside, find_time_zone(record.time_zone))


def _sum_recorded_s(record: FitRecord, place: Indices, n_places: int) -> Floats:
    """Return the seconds recorded at each place; `place` has one entry per time bin."""
    return np.bincount(place, minlength=n_places).astype(np.float64) * record.bin_s


def _count_occurrences(record: FitRecord, place: Indices, n_places: int) -> Indices:
    """Return occurrences by motif and place, int64 array (K, places)."""
    n_motifs = len(record.motifs)
    key = record.occurrences.motif.astype(np.int64) * n_places + place
    counts = np.bincount(key, minlength=n_motifs * n_places)
    return counts.reshape(n_motifs, n_places).astype(np.int64)


def _format_span(first: str, last: str) -> str:
    return first if first == last else f"{first} .. {last}"
