"""Rates of motifs by hour of the day and day of the week, per hour recorded.

Counts are divided by the time recorded: a camera that ran only at night has no rate at noon. Hours
and days are those of the fit's time zone.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from motifmine.records.fit import FitRecord
from motifmine.records.wall_clock import (
    DAY_S,
    SLOT_S,
    clock_starts,
    find_time_zone,
    local_seconds,
)
from motifmine.types import Floats, Indices, Indices32

HOUR_S = 3600
LEVEL = 0.9  # probability of the confidence intervals of rates
LITTLE_S = 1800.0  # rates of hours with less time recorded are not compared with others, seconds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calendar:
    """Occurrences in every hour of the clock with a recording, in order of time."""

    zone: str
    day: Indices
    """Days since 1970 on the zone's calendar, int64 array (n,)."""
    hour: Indices
    """Hour of the day, 0 to 23."""
    recorded_s: Floats
    """Seconds recorded in it, > 0."""
    count: Indices32
    """Occurrences that begin in it, int32 array (K, n)."""
    surprising_s: Floats | None
    """Seconds that the motifs explain badly, None where the fit has no anomalies."""
    n_left_out: int
    """Recordings of which the wall clock is unknown."""

    @property
    def weekday(self) -> Indices:
        """Day of the week, 0 for Monday; the first of January 1970 was a Thursday."""
        return (self.day + 3) % 7

    def __repr__(self) -> str:
        return f"Calendar({len(self.count)} motifs, {len(self.day)} hours, {self.zone})"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeekRates:
    """Occurrences by day of the week (Monday first) and hour of the day."""

    recorded_s: Floats
    """float64 array (7, 24)."""
    count: Indices
    """int64 array (K, 7, 24)."""

    @property
    def per_hour(self) -> Floats:
        """Occurrences per hour recorded, float64 array (K, 7, 24); NaN where none was."""
        hours = np.where(self.recorded_s > 0, self.recorded_s / HOUR_S, np.nan)
        rates: Floats = self.count / hours
        return rates

    def interval(self, motif: int) -> tuple[Floats, Floats]:
        """Return the bounds of a motif's rates per hour, two float64 arrays (7, 24).

        They are the central `LEVEL` interval of the posterior of a Poisson rate under the Jeffreys
        prior, a gamma distribution; NaN where nothing was recorded.
        """
        from scipy.special import gammaincinv  # noqa: PLC0415  (slow to import)

        hours = np.where(self.recorded_s > 0, self.recorded_s / HOUR_S, np.nan)
        # the Jeffreys prior of a rate is a gamma distribution of shape 1/2
        shape = self.count[motif] + 0.5
        low = gammaincinv(shape, (1 - LEVEL) / 2) / hours
        high = gammaincinv(shape, (1 + LEVEL) / 2) / hours
        # nothing found is no evidence against a rate of 0
        return np.where(self.count[motif] == 0, 0 * hours, low), high

    def peak(self, motif: int) -> tuple[int, int]:
        """Return day of the week and hour of the day at which a motif is most frequent.

        Hours of the week with less than `LITTLE_S` recorded are used only where there are no
        others.
        """
        per_hour = self.per_hour[motif]
        enough = np.where(self.recorded_s >= LITTLE_S, per_hour, np.nan)
        if np.isnan(enough).all():
            enough = per_hour
        day, hour = np.unravel_index(int(np.nanargmax(enough)), enough.shape)
        return int(day), int(hour)

    def busiest_hours(self, most: int) -> tuple[int, ...]:
        """Return the hours of the day with the highest rate of all motifs, the highest first.

        Hours of the day with less than `LITTLE_S` recorded are ignored; () where fewer than two
        hours remain.
        """
        count, recorded_s = self.count.sum(axis=(0, 1)), self.recorded_s.sum(axis=0)
        enough = np.flatnonzero((recorded_s >= LITTLE_S) & (count > 0))
        # a single hour is the busiest whatever happened in it
        if len(enough) <= 1:
            return ()
        order = np.argsort(-count[enough] / recorded_s[enough], kind="stable")[:most]
        return tuple(enough[order].tolist())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayRates:
    """Occurrences by day, in order of time; days without a recording are omitted."""

    day: Indices
    """Days since 1970, int64 array (D,)."""
    recorded_s: Floats
    count: Indices
    """int64 array (K, D)."""


def make_calendar(record: FitRecord) -> Calendar | None:
    """Return occurrences by hour of the clock, None when no recording has a wall clock.

    Raises
    ------
    SpecError
        When the fit's time zone is unknown on this machine.
    DataError
        When a recording's start is not a valid time.
    """
    slots = _find_slots(record)
    if not any(len(slot) for slot in slots):
        return None
    known, weight = _count_bins(slots)
    # quarters of an hour in UTC first: offsets of all zones are multiples of them
    local_s = local_seconds(known * np.float64(SLOT_S), find_time_zone(record.time_zone))
    hours, hour_of_slot = np.unique(
        np.floor(local_s / HOUR_S).astype(np.int64), return_inverse=True
    )
    n_hours, n_motifs = len(hours), len(record.motifs)
    motif, begun = _find_starts(record, slots)
    key = motif * n_hours + hour_of_slot[np.searchsorted(known, begun)]
    surprising = _find_surprising_slots(record, slots)
    return Calendar(
        zone=record.time_zone,
        day=hours // 24,
        hour=hours % 24,
        recorded_s=_sum_weights(hour_of_slot, (weight * record.bin_s).astype(np.float64), n_hours),
        count=np.bincount(key, minlength=n_motifs * n_hours)
        .reshape(n_motifs, n_hours)
        .astype(np.int32),
        surprising_s=None
        if surprising is None
        else _sum_weights(
            hour_of_slot[np.searchsorted(known, surprising)],
            np.full(len(surprising), record.bin_s),
            n_hours,
        ),
        n_left_out=sum(not recording.start_utc for recording in record.recordings),
    )


def compute_week_rates(calendar: Calendar) -> WeekRates:
    """Return rates by day of the week and hour of the day."""
    place = calendar.weekday * 24 + calendar.hour
    recorded_s = _sum_weights(place, calendar.recorded_s, 168)
    return WeekRates(
        recorded_s=recorded_s.reshape(7, 24),
        count=_sum_counts(calendar.count, place, 168).reshape(-1, 7, 24),
    )


def compute_day_rates(calendar: Calendar) -> DayRates:
    """Return rates by day."""
    day, place = np.unique(calendar.day, return_inverse=True)
    return DayRates(
        day=day,
        recorded_s=_sum_weights(place, calendar.recorded_s, len(day)),
        count=_sum_counts(calendar.count, place, len(day)),
    )


def format_date(day: int) -> str:
    """Return a day since 1970 as text.

    Examples
    --------
    >>> format_date(20515)
    'Tuesday 3 March 2026'
    """
    moment = date(1970, 1, 1) + timedelta(days=day)
    return f"{WEEKDAYS[moment.weekday()]} {moment.day} {MONTHS[moment.month - 1]} {moment.year}"


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def find_day(utc_s: float, zone: str) -> int:
    """Return the day since 1970 of an instant in a time zone."""
    return int(local_seconds(np.array([utc_s]), find_time_zone(zone))[0] // DAY_S)


def _find_slots(record: FitRecord) -> list[Indices]:
    """Return the quarter of an hour (since 1970, UTC) of each time bin, one array per recording."""
    nothing = np.zeros(0, dtype=np.int64)
    return [
        nothing
        if start is None
        else np.floor((start.timestamp() + recording.bin_start_s) / SLOT_S).astype(np.int64)
        for start, recording in zip(clock_starts(record.recordings), record.recordings, strict=True)
    ]


def _count_bins(slots: list[Indices]) -> tuple[Indices, Indices]:
    """Return the quarters of an hour with a recording, and the number of time bins in each."""
    # recordings of a year have millions of bins in thousands of quarters of an hour
    # and lie in order, for which `unique` would sort them
    ends = [np.flatnonzero(np.diff(slot, append=-1)) for slot in slots]
    parts = [(slot[end], np.diff(end, prepend=-1)) for slot, end in zip(slots, ends, strict=True)]
    known, place = np.unique(np.concatenate([slot for slot, _ in parts]), return_inverse=True)
    count = np.zeros(len(known), dtype=np.int64)
    np.add.at(count, place, np.concatenate([number for _, number in parts]))
    return known, count


def _find_starts(record: FitRecord, slots: list[Indices]) -> tuple[Indices, Indices]:
    """Return motif and quarter of an hour of the occurrences in recordings with a wall clock."""
    found = record.occurrences
    edges = np.searchsorted(found.document, np.arange(len(slots) + 1))
    motifs, begun = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for document, slot in enumerate(slots):
        mine = slice(edges[document], edges[document + 1])
        if len(slot):
            motifs.append(found.motif[mine].astype(np.int64))
            # motifs may begin before the recording
            begun.append(slot[np.clip(found.start_bin[mine], 0, len(slot) - 1)])
    return np.concatenate(motifs), np.concatenate(begun)


def _find_surprising_slots(record: FitRecord, slots: list[Indices]) -> Indices | None:
    """Return the quarter of an hour of every time bin that the motifs explain badly."""
    found = record.anomalies
    if found is None:
        return None
    parts = [np.zeros(0, dtype=np.int64)]
    for document, start_s, end_s in zip(
        found.document.tolist(), found.start_s.tolist(), found.end_s.tolist(), strict=True
    ):
        begins = record.recordings[document].bin_start_s
        # times were rounded when they were stored
        first, last = np.searchsorted(begins, np.array([start_s, end_s]) - 1e-6 * record.bin_s)
        parts.append(slots[document][first:last])
    return np.concatenate(parts)


def _sum_weights(place: Indices, weight: Floats, n_places: int) -> Floats:
    """Return weights summed by place, float64 array (places,)."""
    return np.bincount(place, weights=weight, minlength=n_places).astype(np.float64)


def _sum_counts(count: Indices32, place: Indices, n_places: int) -> Indices:
    """Return counts (K, n) summed by place, int64 array (K, places)."""
    total = np.zeros((len(count), n_places), dtype=np.int64)
    for motif, row in enumerate(count):
        total[motif] = np.bincount(place, weights=row, minlength=n_places).round()
    return total
