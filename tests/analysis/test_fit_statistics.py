"""Statistics of a fit, from Python."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from motifmine.analysis import fit_statistics
from motifmine.analysis.cooccurrence import Cooccurrence, find_relations
from motifmine.analysis.fit_statistics import FitStatistics
from motifmine.analysis.motif_views import matrix_view, motif_path
from motifmine.analysis.trends import measure_stretch_ratio
from motifmine.errors import DataError
from tests.analysis.test_calendar import drifting, weeks
from tests.helpers.fit_records import label_record, lane_record
from tests.models.hdlsm.test_posterior import sampled_record


def test_the_odd_day_is_found_from_the_record_alone() -> None:
    statistics = FitStatistics(weeks(21, odd=3))
    assert statistics.n_days == 21
    assert statistics.calendar is not None and statistics.week is not None
    first_day = statistics.calendar.day[0]
    assert {found.day - first_day for found in statistics.unusual_days} == {3}


def test_a_statistic_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def find(*args: Any, **kwargs: Any) -> Cooccurrence:
        calls.append(kwargs["seed"])
        return find_relations(*args, **kwargs)

    monkeypatch.setattr(fit_statistics, "find_relations", find)
    statistics = FitStatistics(weeks(21))
    assert statistics.cooccurrence is statistics.cooccurrence
    assert len(calls) == 1


def test_a_record_without_clock_or_chains_has_no_such_statistics() -> None:
    recordings = tuple(replace(r, start_utc="") for r in lane_record().recordings)
    statistics = FitStatistics(replace(lane_record(), recordings=recordings))
    assert statistics.calendar is None and statistics.week is None
    assert statistics.hour_of_day is None and statistics.posterior is None
    assert statistics.unusual_days == () and statistics.trends == ()


def test_peak_and_busiest_hours_are_those_of_the_highest_rates() -> None:
    week = FitStatistics(weeks(21)).week
    assert week is not None
    day, hour = week.peak(0)
    known = np.where(week.recorded_s >= 1800, week.per_hour[0], -1)
    assert known[day, hour] == known.max()
    rate = week.count.sum(axis=(0, 1)) / np.maximum(week.recorded_s.sum(axis=0), 1)
    busiest = week.busiest_hours(2)
    assert rate[list(busiest)].tolist() == np.sort(rate)[::-1][: len(busiest)].tolist()


def test_a_posterior_in_numbers() -> None:
    record = sampled_record()
    summary = FitStatistics(record).posterior
    posterior = record.posterior
    assert summary is not None and posterior is not None
    low, high = summary.least_motifs, summary.most_motifs
    assert posterior.n_motifs[low : high + 1].sum() >= 0.9
    assert (summary.least_presence <= summary.presence).all()
    after = posterior.trace[:, posterior.burn_in :]
    np.testing.assert_allclose(summary.statistic_mean, after.mean(axis=(0, 1)))


def test_a_motif_that_no_sweep_has_has_no_spread() -> None:
    posterior = sampled_record().posterior
    assert posterior is not None
    empty = replace(posterior, motif_mean=np.zeros_like(posterior.motif_mean))
    summary = FitStatistics(replace(sampled_record(), posterior=empty)).posterior
    assert summary is not None and np.isnan(summary.relative_spread).all()


def test_stretch_is_compared_between_the_ends_of_the_archive() -> None:
    drift = drifting(2, 6)
    stretch = np.array([[1.0, 1.0, np.nan, 1.5, 2.0, 2.0], [1.0] * 6])
    assert measure_stretch_ratio(replace(drift, stretch=stretch), 0) == 2.0


def test_a_lane_is_a_path_and_labels_have_none() -> None:
    path = motif_path(lane_record(), 0)
    assert path is not None
    assert path.end[1] > path.start[1] and path.right > 0.4
    with pytest.raises(DataError, match="no picture"):
        motif_path(label_record(), 0)
    assert matrix_view(label_record(), 0).share > 0.9
