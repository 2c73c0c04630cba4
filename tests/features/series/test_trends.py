"""Trends: what is slow and apart is taken out, all else stays."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.features.series.coding import CodingSpec, encode_series, learn_coding
from motifmine.features.series.sample import sample_series
from motifmine.features.series.trends import (
    WINDOWS,
    choose_trends,
    count_bins_before,
    count_day_bins,
    find_trend_bins,
    measure_trends,
    remove_trend,
)
from motifmine.records.series import BinnedSeries
from motifmine.records.vocabulary import Channels

Run = Callable[..., Result]

DAY = 2880
RNG = np.random.default_rng(5)
N = 3 * DAY
SUN = 8 * np.sin(2 * np.pi * np.arange(N) / DAY)
STARTS = np.arange(60, N - 60, 97)


def programmes() -> np.ndarray:
    """Return bumps of 15 bins at `STARTS`."""
    value = np.zeros(N)
    for start in STARTS:
        value[start : start + 15] += 1.0
    return value


def noise(size: float = 0.05) -> np.ndarray:
    return np.random.default_rng(7).normal(0, size, N)


def windows_of(*channels: np.ndarray) -> list[int]:
    value = np.stack(channels, axis=1).astype(np.float32)
    return [int(window) for window in choose_trends([measure_trends(value)]).windows]


def test_a_drift_that_all_channels_share_is_taken_out_though_it_is_less_than_the_rest() -> None:
    drift = 0.5 * np.sin(3 * np.pi * np.arange(N) / N)
    rest = [np.roll(programmes() + noise(0.2), 30 * k) for k in range(3)]
    windows = windows_of(*(drift + column for column in rest))
    assert min(windows) == max(windows) >= N // 20
    # one channel of three: a drift that small is kept
    assert windows_of(drift + rest[0], *rest[1:]) == [0, 0, 0]


def test_a_daily_rhythm_is_taken_out_and_programmes_stay() -> None:
    column = 20 + SUN + programmes() + noise()
    (window,) = windows_of(column)
    assert 60 <= window <= DAY // 2
    left = remove_trend(column, window)
    assert np.abs(left - programmes())[DAY // 4 : -DAY // 4].max() < 0.6
    assert np.std(left - programmes()) < 0.15


TEN_MINUTES = 144  # bins of a day
N_DAYS = 20


def outdoors(n: int = N_DAYS * TEN_MINUTES) -> np.ndarray:
    """Return a temperature: the sun, and weather that changes from day to day."""
    time = np.arange(n) / TEN_MINUTES
    clear = np.maximum(np.sin(2 * np.pi * (time - 0.3)), -0.2)
    temperature: np.ndarray = 10 + 8 * clear + 4 * np.sin(2 * np.pi * time / 7.3)
    return temperature


def gusts(n: int = N_DAYS * TEN_MINUTES) -> np.ndarray:
    """Return falls of 13 bins, two hours, at any time of the day."""
    value = np.zeros(n)
    for start in range(40, n - 20, 101):
        value[start : start + 13] -= 2.0
    return value


def test_a_day_of_few_bins_is_taken_out_and_what_lasts_hours_stays() -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, N_DAYS * TEN_MINUTES)
    column = (outdoors() + gusts() + noise).astype(np.float32)[:, None]
    trends = choose_trends([measure_trends(column, TEN_MINUTES)], TEN_MINUTES)
    assert trends.windows.tolist() == [-TEN_MINUTES]
    assert "daily rhythm" in trends.describe(["t"], trends.windows, 600.0)[0]
    left = remove_trend(column[:, 0].astype(np.float64), -TEN_MINUTES)
    inner = slice(TEN_MINUTES, -TEN_MINUTES)
    assert np.std((left - gusts())[inner]) < 0.5
    # without bins that divide a day nothing is known of it
    assert choose_trends([measure_trends(column)]).windows[0] >= 0
    assert count_day_bins(600.0) == TEN_MINUTES
    assert count_day_bins(7 * 60.0) == count_day_bins(86_400.0) == 0


def test_busy_hours_that_no_other_day_has_stay() -> None:
    rng = np.random.default_rng(4)
    column = rng.normal(0, 0.2, N_DAYS * TEN_MINUTES)
    for day in range(N_DAYS):
        start = day * TEN_MINUTES + 45 + int(rng.integers(0, 30))
        column[start : start + int(rng.integers(6, 18))] -= 3
    sums = measure_trends(column.astype(np.float32)[:, None], TEN_MINUTES)
    assert choose_trends([sums], TEN_MINUTES).windows.tolist() == [0]


def test_too_few_days_show_no_rhythm() -> None:
    left = remove_trend(outdoors(n=3 * TEN_MINUTES), -TEN_MINUTES)
    assert np.isnan(left).all()
    column = outdoors()
    column[8 * TEN_MINUTES : 10 * TEN_MINUTES + 30] = np.nan
    left = remove_trend(column, -TEN_MINUTES)
    assert np.array_equal(np.isnan(left), np.isnan(column))
    layout = Channels(
        channels=("t",),
        units=("",),
        words="rectified",
        per_channel=2,
        coding=np.array([[0.0, 1.0, -float(TEN_MINUTES)]]),
    )
    # a live source has the words that the recording has, once it lasts long enough
    n_before = count_bins_before(layout)
    assert np.isfinite(remove_trend(column[-n_before:], -TEN_MINUTES)[-1])


def test_drift_over_the_recording_is_taken_out() -> None:
    assert windows_of(np.linspace(0, 30, N) + programmes() + noise())[0] > 0


@pytest.mark.parametrize(
    "column",
    [
        programmes() + noise(),
        np.cumsum(RNG.normal(size=N)),
        RNG.normal(size=N),
        np.sin(2 * np.pi * np.arange(N) / 40) + noise(),
        np.zeros(N),
    ],
    ids=["programmes", "random walk", "white", "fast rhythm", "constant"],
)
def test_other_channels_are_left_as_they_are(column: np.ndarray) -> None:
    assert windows_of(column) == [0]


def test_what_is_only_slow_is_kept_unless_another_channel_is_not() -> None:
    sun = np.round(SUN, 1)
    assert windows_of(sun, -sun) == [0, 0]
    assert windows_of(sun, programmes() + noise())[0] > 0


def test_sums_of_documents_add_up() -> None:
    column = (SUN + programmes() + noise()).astype(np.float32)[:, None]
    parts = [measure_trends(column[:DAY]) + measure_trends(column[DAY:])]
    whole = choose_trends([measure_trends(column)])
    assert choose_trends(parts).windows[0] > 0
    assert choose_trends(parts).spread[0] == pytest.approx(whole.spread[0], rel=0.3)


def test_levels_of_sources_are_no_trend() -> None:
    column = (programmes() + noise()).astype(np.float32)[:, None]
    low, high = measure_trends(column), measure_trends(column + 5)
    assert choose_trends([low, high]).windows[0] == 0
    # in one source they are: the sensor drifted while nothing was recorded
    assert choose_trends([low + high]).windows[0] > 0


@pytest.mark.parametrize("n", [1, 10, 30, 60, 1000])
def test_documents_of_any_length_and_missing_values(n: int) -> None:
    column = np.linspace(0, 5, n)
    column[n // 3 : n // 2] = np.nan
    left = remove_trend(column, WINDOWS[3])
    assert np.array_equal(np.isnan(left), np.isnan(column))
    # a line is its own trend where there are two blocks to draw it through
    assert np.nanmax(np.abs(left), initial=0.0) <= (1.0 if n >= 60 else 5.0)
    assert np.isnan(remove_trend(np.full(n, np.nan), 100)).all()


@pytest.mark.parametrize("words", ["rectified", "mixed"])
def test_words_code_the_residual(words: str) -> None:
    value = np.stack([20 + SUN + programmes() + noise(), programmes()], axis=1).astype(np.float32)
    part = BinnedSeries(
        bin_start_s=np.arange(N, dtype=float),
        value=value,
        samples=np.ones(value.shape, np.int32),
        channels=("temperature", "valve"),
    )
    vocabulary = learn_coding(
        sample_series([part], seed=0, stream=0),
        channels=part.channels,
        units=("degC", ""),
        spec=CodingSpec(words=words),  # type: ignore[arg-type]
        trends=choose_trends([measure_trends(value)]),
    )
    layout = vocabulary.layout
    assert isinstance(layout, Channels)
    assert find_trend_bins(layout)[0] > 0
    assert find_trend_bins(layout)[1] == 0
    assert vocabulary.labels[:2] == ("temperature above its trend", "temperature below its trend")
    time, word, count = encode_series(part, layout)
    above = np.zeros(N)
    above[time[word == 0]] = count[word == 0]
    is_on = programmes() > 0
    assert above[is_on].mean() > 10 * above[~is_on].mean()


def write_plant(step_s: float = 30.0) -> None:
    """Write two days of a plant: the sun in four channels, two programmes of some minutes."""
    rng = np.random.default_rng(1)
    n = int(2 * 86_400 / step_s)
    day = 2 * np.pi * np.arange(n) * step_s / 86_400
    temperature = 18 + 6 * np.sin(day - 1) + rng.normal(0, 0.1, n)
    humidity = 60 - 12 * np.sin(day - 1.1) + rng.normal(0, 0.5, n)
    level = 40 + 4 * np.sin(day - 2) + rng.normal(0, 0.1, n)
    pressure = 3 + 0.3 * np.linspace(0, 1, n) + rng.normal(0, 0.01, n)
    flow = 5 + rng.normal(0, 0.2, n)
    rows = ["document,label,start_s,end_s"]
    for start in np.sort(rng.choice(np.arange(20, n - 60, 45), n // 110, replace=False)).tolist():
        if rng.random() < 0.5:
            name, length = "rinse", 16
            flow[start : start + 9] += 3
            pressure[start + 3 : start + 12] -= 0.15
            temperature[start + 8 : start + 16] += 0.8
        else:
            name, length = "dose", 14
            flow[start : start + 5] -= 2.5
            level[start + 4 : start + 14] += 0.8
            pressure[start + 10 : start + 14] += 0.2
        rows.append(f"plant,{name},{start * step_s},{(start + length) * step_s}")
    Path("truth.csv").write_text("\n".join(rows))
    columns = np.stack([temperature, humidity, level, pressure, flow], axis=1)
    lines = [
        f"{k * step_s:.0f}," + ",".join(f"{v:.2f}" for v in row) for k, row in enumerate(columns)
    ]
    header = "time_s,temperature [degC],humidity [%],level [cm],pressure [bar],flow [m3/h]"
    Path("plant.csv").write_text("\n".join([header, *lines]))


@pytest.mark.long
@pytest.mark.release
def test_a_plant_log_shows_its_programmes_and_not_the_sun(motifmine: Run) -> None:
    write_plant()
    extracted = motifmine("extract", "plant.csv")
    for channel in ("temperature", "humidity"):
        assert re.search(rf"{channel}: (9\d|100)% of its variance is slower", extracted.stderr)
    assert motifmine("fit", "--model", "plsm").exit_code == 0
    rated = motifmine("evaluate", "--truth", "truth.csv", "--json")
    found = json.loads(rated.stdout)
    assert found["overall"]["f1"] >= 0.95, found["overall"]
    assert all(label["f1"] >= 0.95 for label in found["labels"])


@pytest.mark.long
def test_trends_are_kept_on_request_and_not_mixed(motifmine: Run) -> None:
    write_plant(step_s=60.0)
    kept = motifmine("extract", "plant.csv", "--detrend", "off", "--workspace", "kept")
    assert kept.exit_code == 0
    assert "taken out" not in kept.stderr
    assert motifmine("extract", "plant.csv").exit_code == 0
    Path("other.csv").write_bytes(Path("plant.csv").read_bytes())
    mixed = motifmine("extract", "other.csv", "--detrend", "off")
    assert mixed.exit_code != 0
    assert "trends taken out" in mixed.stderr
