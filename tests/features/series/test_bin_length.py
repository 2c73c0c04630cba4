"""Default time bins of series and events."""

import numpy as np
import pytest

from motifmine.features.series.bin_length import choose_bin_s, choose_event_bin_s
from motifmine.features.series.binning import find_onsets
from motifmine.records.series import UpdateChunk
from motifmine.seeding import generator


def test_faster_loggers_have_no_coarser_bins() -> None:
    periods = np.geomspace(0.001, 10, 200).tolist()
    bins = [choose_bin_s(period) for period in periods]
    assert bins == sorted(bins)


def draw_clicks(n_sequences: int) -> tuple[np.ndarray, np.ndarray]:
    """Return events of ten pages, of which three follow one another 3 and 7 s apart."""
    rng = generator(4)
    time, label = rng.uniform(0, 7200, 800), rng.integers(10, size=800)
    start = rng.uniform(0, 7150, n_sequences)
    time = np.concatenate([time, start, start + 3, start + 10])
    label = np.concatenate([label, np.repeat([0, 1, 2], n_sequences)])
    order = np.argsort(time)
    return time[order], label[order]


def test_bins_of_events_show_the_order_of_what_recurs() -> None:
    assert choose_event_bin_s(*draw_clicks(0), 10) >= 5
    assert choose_event_bin_s(*draw_clicks(60), 10) <= 2


@pytest.mark.parametrize("time", [[], [3.0], [3.0, 3.0]])
def test_events_without_a_duration_have_the_usual_bins(time: list[float]) -> None:
    assert choose_event_bin_s(np.array(time), np.zeros(len(time), np.int64), 1) == 1


def test_states_that_are_sent_on_change_are_binned_by_when_they_begin() -> None:
    """Sent: `a` and `b` are on or off at irregular times; a number among them has its own pace."""
    time_s = np.array([0.0, 0.0, 3.0, 3.0, 40.0, 41.0, 41.0, 77.0, 78.5, 78.5])
    channel = np.array([0, 1, 0, 1, 2, 0, 1, 2, 0, 1])
    value = np.array([1.0, 0, 0, 1, 1, 1, 0, 0, 0, 1])
    onsets = find_onsets(UpdateChunk(time_s=time_s, channel=channel, value=value))
    assert onsets is not None
    assert onsets.time_s.tolist() == [0, 3, 40, 41, 78.5]
    assert onsets.label.tolist() == [0, 1, 2, 0, 1]
    value[4] = 21.5
    assert find_onsets(UpdateChunk(time_s=time_s, channel=channel, value=value)) is None
    never_on = UpdateChunk(time_s=time_s, channel=channel, value=np.zeros(10))
    assert find_onsets(never_on) is None
