import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.analysis.calendar import (
    Calendar,
    compute_day_rates,
    compute_week_rates,
    format_date,
    make_calendar,
)
from motifmine.analysis.fit_statistics import FitStatistics
from motifmine.analysis.trends import find_trends
from motifmine.analysis.unusual_days import (
    SURPRISE,
    UnusualDay,
    estimate_overdispersion,
    find_unusual_days,
)
from motifmine.errors import SpecError
from motifmine.io.hdf5.store import read_fit, write_fit
from motifmine.records.anomalies import Anomalies, AnomalyScale
from motifmine.records.drift import Drift
from motifmine.records.fit import FitRecord, MotifSet
from motifmine.records.table import Recording, bin_starts
from motifmine.records.wall_clock import find_time_zone, local_seconds
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.sections import drift as drift_section
from motifmine.reporting.html.sections import unusual_days as unusual_days_section
from motifmine.reporting.html.sections import weekly_rates as weekly_rates_section
from motifmine.reporting.html.sections.unusual_days import describe_day
from motifmine.types import Floats
from tests.helpers.fit_records import BIN_S, lane_record

MONDAY = 20514
"""2 March 2026."""


def recorded_at(*starts: str, n_times: int = 40, starts_bin: int = 2) -> FitRecord:
    """Return recordings at wall-clock times, motif 0 once in each."""
    names = tuple(f"clip {i:02d}" for i in range(len(starts)))
    occurrences = tuple((d, starts_bin, 0) for d in range(len(starts)))
    record = lane_record(names=names, occurrences=occurrences)
    begins = bin_starts(n_times, BIN_S)
    return replace(
        record,
        recordings=tuple(
            Recording(name=name, bin_start_s=begins, start_utc=start)
            for name, start in zip(names, starts, strict=True)
        ),
    )


def calendar_of_counts(*counts: Floats, hours: Sequence[int] = range(24)) -> Calendar:
    """Return a calendar of whole days from a Monday on, counts by (day, hour) for each motif."""
    n_days = len(counts[0])
    keep = np.tile(np.isin(np.arange(24), hours), n_days)
    return Calendar(
        zone="UTC",
        day=np.repeat(MONDAY + np.arange(n_days), 24)[keep],
        hour=np.tile(np.arange(24), n_days)[keep],
        recorded_s=np.full(keep.sum(), 3600.0),
        count=np.array([count.ravel()[keep] for count in counts], dtype=np.int32),
        surprising_s=None,
        n_left_out=0,
    )


def usual(rng: np.random.Generator, n_days: int, level: float = 6, spread: float = 0.0) -> Floats:
    """Return counts (day, hour) that go by hour and are half as high at the weekend."""
    profile = np.exp(np.cos(2 * np.pi * (np.arange(24) - 8) / 24))
    weekend = np.where(np.arange(n_days) % 7 >= 5, 0.5, 1.0)
    each = rng.gamma(1 / spread, spread, n_days) if spread else np.ones(n_days)
    counts: Floats = rng.poisson(level * profile * (weekend * each)[:, None]).astype(np.float64)
    return counts


def test_occurrences_are_counted_by_the_hour_recorded() -> None:
    calendar = make_calendar(
        recorded_at("2026-03-02T08:59:55Z", "2026-03-02T08:00:00Z", "2026-03-03T08:00:00Z")
    )
    assert calendar is not None
    assert calendar.day.tolist() == [MONDAY, MONDAY, MONDAY + 1]
    assert calendar.hour.tolist() == [8, 9, 8]
    assert calendar.recorded_s.tolist() == [15.0, 5.0, 10.0]
    assert calendar.count[0].tolist() == [2, 0, 1]
    assert calendar.weekday.tolist() == [0, 0, 1]


def test_motif_that_crosses_the_beginning_counts_inside_the_recording() -> None:
    calendar = make_calendar(recorded_at("2026-03-02T08:00:00Z", starts_bin=-3))
    assert calendar is not None and calendar.count[0].tolist() == [1]


def test_hours_are_those_of_the_time_zone() -> None:
    record = recorded_at("2026-03-28T23:30:00Z", "2026-03-29T23:30:00Z")
    calendar = make_calendar(replace(record, time_zone="Europe/Zurich"))
    assert calendar is not None
    # summer time begins between the two
    assert calendar.hour.tolist() == [0, 1]
    assert [format_date(int(day)) for day in calendar.day] == [
        "Sunday 29 March 2026",
        "Monday 30 March 2026",
    ]


def test_zone_a_quarter_off_the_hour_is_kept_apart() -> None:
    local = local_seconds(np.array([0.0, 900.0]), find_time_zone("Asia/Kathmandu"))
    assert (local - [0, 900]).tolist() == [5.5 * 3600] * 2
    later = np.array([1.7e9])
    assert (local_seconds(later, find_time_zone("Asia/Kathmandu")) - later).tolist() == [
        5.75 * 3600
    ]


def test_cards_show_hours_in_the_same_zone() -> None:
    record = recorded_at("2026-03-02T08:00:00Z", "2026-03-02T10:00:00Z")
    rates = FitStatistics(replace(record, time_zone="Asia/Tokyo")).hour_of_day
    assert rates is not None and "Asia/Tokyo" in rates.title
    assert np.flatnonzero(rates.recorded_s).tolist() == [17, 19]


@pytest.mark.parametrize("zone", ["Nowhere/Land", "../../etc/passwd", "", "/etc/localtime", "\0"])
def test_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(SpecError, match="no time zone"):
        find_time_zone(zone)


def test_recordings_without_a_clock_are_excluded_and_counted() -> None:
    calendar = make_calendar(recorded_at("2026-03-02T08:00:00Z", ""))
    assert calendar is not None and calendar.n_left_out == 1
    assert calendar.count[0].tolist() == [1]
    assert make_calendar(recorded_at("", "")) is None


def test_surprising_time_is_counted_where_it_lies() -> None:
    record = recorded_at("2026-03-02T08:59:55Z", "2026-03-03T08:00:00Z")
    scale = AnomalyScale(
        quantile=np.zeros((7, 2)), share=np.array([1.0, 0.5]), tail=np.ones((7, 3)), n_bins=9
    )
    found = Anomalies(
        document=np.array([0], dtype=np.int32),
        start_s=np.array([4.0]),
        end_s=np.array([7.5]),
        sense=np.zeros(1, dtype=np.int32),
        surprise=np.array([3.0]),
        scale=scale,
    )
    calendar = make_calendar(replace(record, anomalies=found))
    assert calendar is not None and calendar.surprising_s is not None
    assert calendar.surprising_s.tolist() == [1.0, 2.5, 0.0]


def test_week_is_a_rate_per_hour_recorded_with_nothing_where_nothing_was() -> None:
    counts = np.zeros((14, 24))
    counts[[0, 7], 8] = 3, 5
    rates = compute_week_rates(calendar_of_counts(counts, hours=(8, 9)))
    assert rates.per_hour[0, 0, 8] == 4.0 and rates.per_hour[0, 0, 9] == 0.0
    assert np.isnan(rates.per_hour[0, 0, 10])
    low, high = rates.interval(0)
    # quantiles of a gamma distribution of shape 8.5, over two hours
    np.testing.assert_allclose([low[0, 8], high[0, 8]], [4.3359 / 2, 13.7936 / 2], rtol=1e-3)
    assert low[0, 9] == 0 < high[0, 9] and np.isnan(high[0, 10])


def test_counts_by_day_add_up() -> None:
    counts = usual(np.random.default_rng(0), 9)
    by_day = compute_day_rates(calendar_of_counts(counts))
    np.testing.assert_array_equal(by_day.count[0], counts.sum(axis=1))


def test_day_with_far_too_little_stands_out_and_only_that() -> None:
    rng = np.random.default_rng(1)
    one, other = usual(rng, 28), usual(rng, 28)
    one[15] = rng.binomial(one[15].astype(int), 0.3)
    found = find_unusual_days(calendar_of_counts(other, one))
    assert [(day.day, day.motif) for day in found] == [(MONDAY + 15, 1)]
    assert found[0].found == one[15].sum()
    assert found[0].expected == pytest.approx(24 * 6 * 1.266, rel=0.1)


def test_half_recorded_day_is_judged_by_what_was_recorded() -> None:
    counts = usual(np.random.default_rng(2), 28)
    calendar = calendar_of_counts(counts)
    keep = (calendar.day != MONDAY + 15) | (calendar.hour < 6)
    half = replace(
        calendar,
        day=calendar.day[keep],
        hour=calendar.hour[keep],
        recorded_s=calendar.recorded_s[keep],
        count=calendar.count[:, keep],
    )
    assert find_unusual_days(half) == ()


def test_quiet_weekend_does_not_stand_out() -> None:
    counts = usual(np.random.default_rng(3), 21, level=20)
    assert find_unusual_days(calendar_of_counts(counts)) == ()


def test_hours_that_no_other_day_has_say_nothing() -> None:
    counts = np.zeros((28, 24))
    counts[:, 8] = np.random.default_rng(4).poisson(20, 28)
    counts[20, 3] = 500
    calendar = calendar_of_counts(counts)
    keep = (calendar.hour == 8) | ((calendar.hour == 3) & (calendar.day == MONDAY + 20))
    rare = replace(
        calendar,
        day=calendar.day[keep],
        hour=calendar.hour[keep],
        recorded_s=calendar.recorded_s[keep],
        count=calendar.count[:, keep],
    )
    assert find_unusual_days(rare) == ()


@pytest.mark.parametrize("spread", [0.0, 0.1, 0.3])
def test_days_that_only_vary_seldom_stand_out(spread: float) -> None:
    rng = np.random.default_rng(5)
    alarms = 0
    for _ in range(12):
        counts = [usual(rng, 28, level=2, spread=spread) for _ in range(3)]
        alarms += bool(find_unusual_days(calendar_of_counts(*counts)))
    # of 12 archives each has an alarm by chance with 0.05
    assert alarms <= 3


def test_few_days_say_nothing() -> None:
    counts = usual(np.random.default_rng(6), 9)
    counts[4] = 0
    assert find_unusual_days(calendar_of_counts(counts)) == ()


def test_day_of_much_surprise_stands_out() -> None:
    rng = np.random.default_rng(7)
    calendar = calendar_of_counts(usual(rng, 28))
    surprising = 10 * rng.poisson(0.3, 28 * 24).astype(np.float64)
    surprising[24 * 17 : 24 * 18] += 600
    found = find_unusual_days(replace(calendar, surprising_s=surprising))
    assert [(day.day, day.motif) for day in found] == [(MONDAY + 17, SURPRISE)]


def test_overdispersion_is_not_too_low_and_bears_an_outlier() -> None:
    rng = np.random.default_rng(8)
    expected = np.full(400, 50.0)
    found = rng.negative_binomial(1 / 0.2, 1 / (1 + 0.2 * 50), 400).astype(np.float64)
    calm = estimate_overdispersion(found, expected)
    assert 0.18 < calm < 0.3
    found[0] = 100_000
    assert estimate_overdispersion(found, expected) == pytest.approx(calm, rel=0.1)
    assert estimate_overdispersion(rng.poisson(expected).astype(np.float64), expected) < 0.01


def uniform(n_motifs: int) -> MotifSet:
    return MotifSet(
        probability=np.full((n_motifs, 2, 3), 1 / 6, dtype=np.float32), weight=np.ones(n_motifs)
    )


def test_motifs_that_appear_and_vanish_are_reported_together() -> None:
    rng = np.random.default_rng(11)
    share = np.linspace(0, 1, 21)[:, None]
    going, coming = rng.poisson(1 - share, (21, 24)), rng.poisson(share, (21, 24))
    calendar = calendar_of_counts(going.astype(float), usual(rng, 21), coming.astype(float))
    first, last = find_trends(calendar, uniform(3))
    assert (first.motif, first.rises, first.resembles) == (0, False, 2)
    assert (last.motif, last.rises, last.resembles) == (2, True, 0)
    assert first.first_per_hour == pytest.approx(going[:7].sum() / (7 * 24))


def test_rates_that_only_vary_have_no_trend() -> None:
    rng = np.random.default_rng(12)
    counts = [usual(rng, 28, level=1, spread=0.5) for _ in range(40)]
    assert find_trends(calendar_of_counts(*counts), uniform(40)) == ()


def sentence(found: float, expected: float, motif: int = 1) -> str:
    record = replace(lane_record(), names=("", "trams"))
    return describe_day(
        record,
        UnusualDay(day=MONDAY + 1, motif=motif, found=found, expected=expected, q_value=0.01),
    )


def test_sentences_are_plain() -> None:
    assert sentence(12, 41.2, 0) == ("Tuesday 3 March 2026: motif 1 occurred 12 times, 41 expected")
    assert sentence(0, 8.04).endswith("motif 2 (trams) did not occur, 8 expected")
    assert sentence(3600, 90, SURPRISE).endswith("motifs explain 1 h badly, 1 min 30 s expected")


def weeks(n_days: int, odd: int | None = None) -> FitRecord:
    """Return an archive of some days, four recordings each, of which one may be odd."""
    rng = np.random.default_rng(9)
    starts = [
        f"{np.datetime64('2026-03-02') + day}T{hour:02d}:00:00Z"
        for day in range(n_days)
        for hour in (8, 9, 10, 11)
    ]
    counts = rng.poisson(12, len(starts))
    if odd is not None:
        counts[4 * odd : 4 * odd + 4] = 60
    occurrences = [
        (document, int(start), 0)
        for document, count in enumerate(counts)
        for start in np.sort(rng.integers(0, 3600, count))
    ]
    record = recorded_at(*starts, n_times=3600)
    found = lane_record(names=("a",), occurrences=tuple(occurrences)).occurrences
    return replace(record, occurrences=found)


def test_report_shows_the_week_and_the_unusual_day() -> None:
    record = replace(weeks(21, odd=9), names=("<b>bus</b>", ""))
    maps = weekly_rates_section.section(ReportContext(record))
    assert maps.count("<svg") == 1 and "(UTC)" in maps and "21 days from Monday 2 March" in maps
    told = unusual_days_section.section(ReportContext(record))
    assert "Wednesday 11 March 2026" in told and told.count("<tr>") == 2
    assert "&lt;b&gt;bus" in told and "<b>bus" not in maps + told


def test_report_of_a_week_has_no_days_that_stand_out() -> None:
    assert unusual_days_section.section(ReportContext(weeks(7, odd=3))) == ""
    assert weekly_rates_section.section(ReportContext(weeks(7))) != ""
    assert weekly_rates_section.section(ReportContext(weeks(1))) == ""


def test_calm_archive_says_that_nothing_stands_out() -> None:
    assert "None of 21 days is unusual" in unusual_days_section.section(ReportContext(weeks(21)))


def drifting(n_motifs: int, n_periods: int) -> Drift:
    similarity = np.full((n_motifs, n_periods), 0.99)
    similarity[1, -1], similarity[0, 1] = 0.5, np.nan
    stretch = np.ones_like(similarity)
    stretch[1, -(n_periods // 3) :] = 1.3
    return Drift(
        period_start_s=(86_400 * (MONDAY + 7 * np.arange(n_periods))).astype(np.float64),
        period_days=7,
        similarity=similarity,
        error=np.full_like(similarity, 0.02),
        shift_s=np.zeros_like(similarity),
        stretch=stretch,
    )


def test_report_lists_the_motif_that_changes_most_first() -> None:
    html = drift_section.section(ReportContext(replace(lane_record(), drift=drifting(2, 9))))
    assert "1 of 2 motifs changes:" in html
    assert html.index("Motif 2") < html.index("Motif 1")
    assert "lasts about 1.3 times as long" in html and "27 April 2026" in html
    assert drift_section.section(ReportContext(lane_record())) == ""


def test_report_names_what_becomes_more_frequent() -> None:
    record = weeks(28)
    late = record.occurrences.document >= 56
    motif = np.where(late, 1, 0).astype(np.int32)
    html = drift_section.section(
        ReportContext(
            replace(record, occurrences=replace(record.occurrences, motif=motif), names=("<i>", ""))
        )
    )
    assert "&lt;i&gt;</bdi> becomes less frequent" in html
    assert "Motif 2</bdi> becomes more frequent" in html and "<i>" not in html


def test_gap_of_a_curve_is_a_gap() -> None:
    svg = drift_section.draw_drift(np.array([1, np.nan, 1, 1]), np.full(4, 0.1))
    line = re.search(r'class="line" d="([^"]*)"', svg)
    assert line is not None and line[1].count("M") == 2


def test_map_distinguishes_nothing_recorded_from_nothing_found() -> None:
    rate = np.full((7, 24), np.nan)
    rate[0, :3] = 0, 0, 8
    svg = weekly_rates_section.draw_week(rate, np.where(np.isnan(rate), 0, 7200.0))
    assert 'class="l0" d="M0 0h20v9h-20z"' in svg and 'class="l8" d="M20 0h10v9h-10z"' in svg
    assert svg.count("h234") == 6


def test_page_stays_small_with_many_motifs() -> None:
    rng = np.random.default_rng(10)
    per_hour, recorded_s = rng.random((7, 24)), np.full((7, 24), 7200.0)
    assert len(weekly_rates_section.draw_week(per_hour, recorded_s)) < 3500
    assert (
        len(drift_section.section(ReportContext(replace(lane_record(), drift=drifting(2, 60)))))
        < 40_000
    )


def test_zone_given_to_show_motifs_is_kept_in_the_fit(
    motifmine: Callable[..., Result], tmp_path: Path
) -> None:
    path = tmp_path / "fits" / "one.h5"
    write_fit(path, weeks(2))
    made = path.stat().st_mtime_ns
    show = ("show-motifs", "one", "-w", tmp_path, "--time-zone")
    assert motifmine(*show, "Asia/Tokyo").exit_code == 0
    assert read_fit(path).time_zone == "Asia/Tokyo" and path.stat().st_mtime_ns == made
    assert "Asia/Tokyo" in (tmp_path / "reports" / "one" / "report.html").read_text()
    assert motifmine(*show, "Mars/Olympus").exit_code == 1
    assert read_fit(path).time_zone == "Asia/Tokyo"
