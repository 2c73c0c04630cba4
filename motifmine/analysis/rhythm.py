"""Rhythm of a motif: its usual interval, and the time of day at which it occurs."""

from dataclasses import dataclass

import numpy as np

from motifmine.records.fit import FitRecord
from motifmine.records.wall_clock import (
    DAY_S,
    clock_starts,
    find_time_zone,
    local_seconds,
)
from motifmine.types import Floats

FEWEST = 4  # intervals, or occurrences at a time of day, that make a rhythm
FEWEST_DAYS = 3
# an interval is the usual one within this part of it, and this share of them must be: by chance 14
# % are
WITHIN, REGULAR_SHARE = 0.2, 0.6
ALWAYS_SHARE = 0.9  # share of usual intervals from which there are no pauses
# a motif is daily if this share of its occurrences is this near to one time of day
DAILY_WITHIN_S, DAILY_SHARE = 3600.0, 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When a motif comes again; None for what it has not."""

    interval_s: float | None = None
    """Usual time from one start to the next, seconds."""
    has_pauses: bool = False
    """Whether this holds within runs, between which there are pauses."""
    time_of_day_s: float | None = None
    """Usual start, seconds since midnight in the fit's time zone."""
    spread_s: float = 0.0
    """Half of the range that the middle half of the starts are in, seconds."""


def find_rhythm(record: FitRecord, motif: int) -> Rhythm:
    """Return the rhythm of the occurrences of a motif."""
    found = record.occurrences
    mine = np.flatnonzero(found.motif == motif)
    daily = _find_time_of_day(record, mine)
    if daily is not None:
        return daily
    steps = np.diff(found.start_s[mine])
    steps = steps[(np.diff(found.document[mine]) == 0) & (steps > 0)]
    if len(steps) < FEWEST:
        return Rhythm()
    usual = float(np.median(steps))
    near = np.abs(steps - usual) <= WITHIN * usual
    if near.mean() < REGULAR_SHARE:
        return Rhythm()
    return Rhythm(
        interval_s=float(np.median(steps[near])), has_pauses=bool(near.mean() < ALWAYS_SHARE)
    )


def _find_time_of_day(record: FitRecord, mine: np.ndarray) -> Rhythm | None:
    """Return the time of day of most occurrences `mine`, None if there is none."""
    found, clock = record.occurrences, clock_starts(record.recordings)
    began = np.array([np.nan if start is None else start.timestamp() for start in clock])
    utc: Floats = began[found.document[mine]] + found.start_s[mine]
    if len(mine) < FEWEST or np.isnan(utc).any():
        return None
    local = local_seconds(utc, find_time_zone(record.time_zone))
    if len(np.unique(local // DAY_S)) < FEWEST_DAYS:
        return None
    angle = np.exp(2j * np.pi * (local % DAY_S) / DAY_S)
    mean_s = float(np.angle(angle.mean()) / (2 * np.pi) * DAY_S)
    off_s = (local - mean_s + DAY_S / 2) % DAY_S - DAY_S / 2
    if np.mean(np.abs(off_s) <= DAILY_WITHIN_S) < DAILY_SHARE:
        return None
    low, middle, high = np.quantile(off_s, [0.25, 0.5, 0.75])
    return Rhythm(time_of_day_s=float((mean_s + middle) % DAY_S), spread_s=float(high - low) / 2)
