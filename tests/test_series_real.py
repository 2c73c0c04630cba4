"""The real recordings beside the checkout are read with no option at all."""

from pathlib import Path

import numpy as np
import pytest

from tests.series_files import read_all

SHAPES = {
    "drums_808_mel.csv": (764, 40),
    "ecg_mitdb214.csv": (3600, 2),
    "losloop_speed_5min.csv": (2016, 207),
    "watch_subject1_right.csv": (13470, 6),
    "drums_808.wav": (762, 40),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_real_series_is_read_without_options(shared_data: Path, name: str) -> None:
    read = read_all(shared_data / "series" / name)
    assert read.value.shape == SHAPES[name]
    assert np.isfinite(read.value).all()
    assert not read.header.is_events


@pytest.mark.parametrize(
    ("name", "n_events", "n_labels"),
    [("ephys_spikes_events.csv", 11778, 31), ("drums_808_gt.csv", 52, 3)],
)
def test_a_real_list_of_events_is_read_without_options(
    shared_data: Path, name: str, n_events: int, n_labels: int
) -> None:
    read = read_all(shared_data / "series" / name)
    assert len(read.events) == n_events
    assert len({label for _, label in read.events}) == n_labels


def test_drum_strokes_are_heard_when_they_fall(shared_data: Path) -> None:
    sound = read_all(shared_data / "series" / "drums_808.wav")
    strokes = read_all(shared_data / "series" / "drums_808_gt.csv").events
    rise = np.clip(np.diff(np.log(sound.value + 1e-4), axis=0), 0, None).sum(axis=1)
    at_strokes = [rise[max(0, round(t * 100) - 3) : round(t * 100) + 2].max() for t, _ in strokes]
    assert np.mean(np.array(at_strokes) > np.quantile(rise, 0.9)) > 0.9
