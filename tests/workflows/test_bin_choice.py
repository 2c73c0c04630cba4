"""Time bins of sampled channels: shorter ones where motifs are lost in the usual ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motifmine.features.series.survey import SeriesSettings
from motifmine.records.series import EventChunk
from motifmine.seeding import generator
from motifmine.workflows.bin_choice import (
    StretchJob,
    choose_event_bins,
    is_finer_better,
    read_stretches,
)
from motifmine.workflows.survey_series import SurveyJob, run_survey, survey_at_better_bins

HZ = 10
STEPS = (
    ((1, 0), (2.5, 0.3), (0.6, 0.8), (0.2, 1.5)),
    ((0.4, 0.4), (0.4, 1.6), (1.8, 0.2), (0.3, 0.9)),
)


def write_strokes(path: Path, stretched: int, duration_s: float = 150) -> None:
    """Write two channels of strokes back to back, of steps of 0.4 s times `stretched`."""
    rng = generator(7)
    value = rng.normal(0, 0.05, (round(duration_s * HZ), 2))
    row = 10
    while row < len(value) - 200:
        stroke = np.repeat(STEPS[rng.integers(2)], 4 * stretched, axis=0)
        value[row : row + len(stroke)] += stroke
        row += len(stroke) + int(rng.integers(1, 12))
    time_s = np.arange(len(value)) / HZ
    np.savetxt(
        path, np.column_stack([time_s, value]), "%.3f", ",", header="time_s,a,b", comments=""
    )


@pytest.mark.long
@pytest.mark.parametrize(
    ("stretched", "duration_s", "is_lost"), [(1, 150, True), (1, 90, True), (4, 150, False)]
)
def test_shorter_bins_are_taken_where_steps_are_lost(
    tmp_path: Path, stretched: int, duration_s: int, is_lost: bool
) -> None:
    path = tmp_path / "press.csv"
    write_strokes(path, stretched, duration_s)
    job = StretchJob(path=path, settings=SeriesSettings(), bins=(0.5, 0.2))
    stretches = read_stretches(job, lambda _: None)
    assert stretches is not None
    usual, finer = stretches
    assert (usual.n_times, finer.n_times) == (2 * duration_s, 5 * duration_s)
    assert is_finer_better(usual, finer) == is_lost


def test_short_recordings_keep_the_usual_bins(tmp_path: Path) -> None:
    path = tmp_path / "press.csv"
    write_strokes(path, 1, duration_s=35)
    job = StretchJob(path=path, settings=SeriesSettings(), bins=(0.5, 0.2))
    assert read_stretches(job, lambda _: None) is None


def test_what_could_not_be_compared_is_said(tmp_path: Path) -> None:
    path = tmp_path / "press.csv"
    write_strokes(path, 1)
    job = SurveyJob(path=path, settings=SeriesSettings(), bin_s=None, stream=0)
    usual = run_survey(job, lambda _: None)
    path.unlink()
    kept = survey_at_better_bins(job, usual, 60)
    assert kept.bin_s == usual.bin_s
    assert "could not be tried" in kept.bin_reason
    assert "press.csv" in kept.bin_reason


def draw_visits(rng: np.random.Generator, n_visits: int) -> EventChunk:
    """Return visits of four steps 20 s apart in five hours, and as many other events."""
    time_s, label = [*rng.uniform(0, 18_000, 4 * n_visits)], [*rng.integers(5, size=4 * n_visits)]
    for start_s in rng.uniform(0, 17_900, n_visits):
        time_s += [*(start_s + 20 * np.arange(4) + rng.normal(0, 1, 4))]
        label += range(4)
    order = np.argsort(time_s)
    return EventChunk(
        time_s=np.array(time_s)[order], label=np.array(label)[order], count=np.ones(len(order))
    )


def test_events_are_binned_so_that_motifs_describe_them_shortest() -> None:
    events = draw_visits(generator(1), 60)
    assert 2 <= choose_event_bins(events, 5, usual_s=100.0) <= 20
    assert choose_event_bins(events, 5, usual_s=5.0) <= 10


def test_events_without_order_keep_the_usual_bins() -> None:
    events = draw_visits(generator(2), 1)
    rng = generator(3)
    noise = replace(
        events,
        time_s=np.sort(rng.uniform(0, 18_000, 400)),
        label=rng.integers(5, size=400),
        count=np.ones(400),
    )
    assert choose_event_bins(noise, 5, usual_s=100.0) == 100.0
