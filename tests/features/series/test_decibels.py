"""Levels of sound, and readers that report their progress."""

from pathlib import Path

import numpy as np
import pytest

from motifmine.features.series.decibels import QUIET, ProgressReader, compute_sound_level
from motifmine.io.series.open import open_series
from motifmine.io.series.options import SeriesOptions


def test_ten_times_the_strength_is_20_decibels_more() -> None:
    strength = np.array([[QUIET * 1e3], [QUIET * 1e4]])
    level = compute_sound_level(strength, np.array([440.0]))
    assert level[1, 0] - level[0, 0] == pytest.approx(20, abs=0.01)
    assert compute_sound_level(np.zeros((1, 1)), np.array([440.0])).tolist() == [[0.0]]


def test_wide_bands_count_for_more() -> None:
    level = compute_sound_level(np.full((1, 3), 1.0), np.array([100.0, 200.0, 600.0]))
    assert np.all(np.diff(level[0]) > 0)


def test_a_reader_reports_progress_and_passes_on_what_is_no_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time,v\n0,1\n1,4\n2,9\n")
    told: list[float] = []
    with open_series(path, SeriesOptions()) as reader:
        listened = ProgressReader(reader, told.append)
        assert not listened.is_sound
        assert listened.header == reader.header
        (chunk,) = listened.chunks()
    assert chunk.value[:, 0].tolist() == [1, 4, 9]  # type: ignore[union-attr]
    assert told == [2.0]
