import re
from dataclasses import replace

import numpy as np
import pytest

from motifmine.analysis.fit_statistics import FitStatistics
from motifmine.analysis.rates import compute_archive_rates
from motifmine.records.fit import FitRecord
from motifmine.records.table import Recording
from motifmine.reporting.html.sections.motif_cards import draw_bars
from tests.helpers.fit_records import lane_record


def recorded_at(*starts: str) -> FitRecord:
    """Return recordings of 10 s at wall-clock times, motif 0 once in each."""
    names = tuple(f"clip {i:02d}" for i in range(len(starts)))
    record = lane_record(names=names, occurrences=tuple((d, 2, 0) for d in range(len(starts))))
    return replace(
        record,
        recordings=tuple(
            Recording(name=r.name, bin_start_s=r.bin_start_s, start_utc=start)
            for r, start in zip(record.recordings, starts, strict=True)
        ),
    )


def test_day_rates_count_by_the_hour_recorded() -> None:
    rates = FitStatistics(
        recorded_at("2026-03-14T08:00Z", "2026-03-15T08:30Z", "2026-03-15T17:00Z")
    ).hour_of_day
    assert rates is not None
    assert rates.recorded_s[[8, 17]].tolist() == [20.0, 10.0]
    np.testing.assert_allclose(rates.per_hour[0, [8, 17]], 360)
    assert np.isnan(rates.per_hour[0, 3]) and rates.per_hour[1, 8] == 0


def test_start_before_the_recording_counts_in_its_first_hour() -> None:
    record = recorded_at("2026-03-14T08:00Z", "2026-03-14T10:00Z")
    found = replace(record.occurrences, start_bin=np.full(2, -2, np.int32))
    rates = FitStatistics(replace(record, occurrences=found)).hour_of_day
    assert rates is not None and rates.count[0, [7, 8, 10]].tolist() == [0, 1, 1]


@pytest.mark.parametrize("starts", [("", ""), ("2026-03-14T08:00Z", "2026-03-15T08:00Z")])
def test_no_day_rates_without_clock_or_with_one_hour(starts: tuple[str, ...]) -> None:
    assert FitStatistics(recorded_at(*starts)).hour_of_day is None


def test_archive_of_days_is_shown_by_day() -> None:
    rates = FitStatistics(
        recorded_at("2026-03-14T08:00Z", "2026-03-14T09:00Z", "2026-03-17T08:00Z")
    ).archive
    assert rates is not None
    assert rates.labels == ("2026-03-14", "2026-03-15", "2026-03-16", "2026-03-17")
    assert rates.count[0].tolist() == [2, 0, 0, 1]


def test_long_archive_is_reported_by_weeks() -> None:
    rates = FitStatistics(recorded_at("2026-01-01T08:00Z", "2026-06-30T08:00Z")).archive
    assert rates is not None and rates.title == "By 7 days each" and len(rates.labels) == 26


def test_archive_without_clock_is_shown_by_recording() -> None:
    rates = FitStatistics(recorded_at("", "")).archive
    assert rates is not None and rates.labels == ("clip 00", "clip 01")


def test_single_recording_has_no_archive() -> None:
    assert compute_archive_rates(recorded_at(""), None) is None


def test_bars_leave_out_what_was_not_recorded() -> None:
    svg = draw_bars(np.array([np.nan, 2.0, 4.0, 0.0]))
    heights = [100 - float(top) for top in re.findall(r"V([\d.]+)H", svg)]
    assert heights == [48, 96] and svg.count("M", svg.index("nothing")) == 1
