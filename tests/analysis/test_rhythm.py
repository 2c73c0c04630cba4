"""Rhythm: usual intervals, runs with pauses, and times of the day."""

from dataclasses import replace

import numpy as np

from motifmine.analysis.rhythm import find_rhythm
from motifmine.records.fit import FitRecord, Occurrences
from motifmine.records.table import Recording, bin_starts
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.sections.motif_cards import render_motif_card
from motifmine.reporting.rows import list_motifs
from tests.helpers.fit_records import label_record

DAY_S = 86_400.0


def record_of(starts_s: np.ndarray, *, start_utc: str = "", zone: str = "UTC") -> FitRecord:
    """Return a fit of one recording whose first motif begins at these times."""
    record = label_record()
    n = len(starts_s)
    times = bin_starts(int(starts_s.max() / record.bin_s) + 100, record.bin_s)
    found = Occurrences(
        document=np.zeros(n, np.int32),
        start_bin=(starts_s / record.bin_s).astype(np.int32),
        start_s=starts_s,
        motif=np.zeros(n, np.int32),
        weight=np.ones(n),
        score=np.ones(n),
    )
    recordings = (Recording(name="log", bin_start_s=times, start_utc=start_utc),)
    return replace(record, recordings=recordings, occurrences=found, time_zone=zone)


def test_a_usual_interval_is_found() -> None:
    rng = np.random.default_rng(0)
    rhythm = find_rhythm(record_of(540 * np.arange(20) + rng.normal(0, 20, 20) + 100), 0)
    assert rhythm.interval_s is not None
    assert abs(rhythm.interval_s - 540) < 20
    assert not rhythm.has_pauses


def test_runs_with_pauses_have_the_interval_within_runs() -> None:
    starts = np.concatenate([run * 20_000 + 540.0 * np.arange(5) for run in range(4)])
    rhythm = find_rhythm(record_of(starts), 0)
    assert rhythm.interval_s == 540
    assert rhythm.has_pauses


def test_starts_by_chance_have_no_rhythm() -> None:
    rng = np.random.default_rng(1)
    for n in (3, 100):
        starts = np.sort(rng.uniform(0, 10 * DAY_S, n))
        record = record_of(starts, start_utc="2026-03-02T00:00:00+00:00")
        rhythm = find_rhythm(record, 0)
        assert rhythm.interval_s is None
        assert rhythm.time_of_day_s is None
    # a motif that does not occur
    assert find_rhythm(record, 1).interval_s is None


def test_a_time_of_day_is_that_of_the_zone() -> None:
    rng = np.random.default_rng(2)
    # around midnight in Paris, which is 23:00 UTC in winter
    starts = 23 * 3600 + DAY_S * np.arange(8) + rng.normal(0, 400, 8)
    record = record_of(starts, start_utc="2026-01-05T00:00:00+00:00", zone="Europe/Paris")
    rhythm = find_rhythm(record, 0)
    assert rhythm.time_of_day_s is not None
    assert abs((rhythm.time_of_day_s + DAY_S / 2) % DAY_S - DAY_S / 2) < 600
    assert 0 < rhythm.spread_s < 900


def test_the_card_of_a_motif_shows_rhythm_tempo_and_ends() -> None:
    record = record_of(540.0 * np.arange(10))
    tempo = np.linspace(0.7, 1.4, 10)
    record = replace(record, occurrences=replace(record.occurrences, tempo=tempo))
    page = render_motif_card(ReportContext(record), list_motifs(record)[0])
    assert "<dt>every</dt><dd>9 min</dd>" in page
    assert "<dt>tempo</dt><dd>0.7 to 1.4</dd>" in page
    assert ">1.40</td>" in page
    assert ">end</th>" in page
