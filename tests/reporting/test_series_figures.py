"""What a motif of a series looks like, and how it reads."""

import re
from dataclasses import replace

import numpy as np
import pytest

from motifmine.analysis.motif_views import matrix_view
from motifmine.analysis.raw_segments import average_segments
from motifmine.models.plsm.model import Plsm
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.records.vocabulary import Channels, Vocabulary
from motifmine.reporting.html.series_figures import draw_segment
from motifmine.reporting.sentences.motifs import describe_all_motifs
from motifmine.reporting.sentences.series import describe_series
from motifmine.workflows.mine import mine
from tests.helpers.fit_records import occurrences_at


def layout_of(words: str, channels: tuple[str, ...], per_channel: int, unit: str = "") -> Channels:
    n_numbers = per_channel - 1 if words == "levels" else 2
    coding = np.tile(np.arange(1.0, n_numbers + 1), (len(channels), 1))
    return Channels(
        channels=channels,
        units=(unit,) * len(channels),
        words=words,
        per_channel=per_channel,
        coding=coding,
    )


def make_phi(length: int, n_words: int, *cells: tuple[int, int]) -> np.ndarray:
    phi = np.zeros((length, n_words))
    for time, word in cells:
        phi[time, word] = 1.0
    phi /= phi.sum()
    return phi


def table_of(value: np.ndarray, layout: Channels) -> ObservationTable:
    n_times = len(value)
    time = np.arange(n_times)
    table = table_from_rows(
        time=time,
        word=(time // 5 % layout.n_words),
        count=np.ones(n_times),
        n_times=n_times,
        vocabulary=Vocabulary(labels=tuple(f"w{n}" for n in range(layout.n_words)), layout=layout),
    )
    return replace(table, series=value.astype(np.float32))


def test_a_motif_reads_in_the_order_of_its_channels() -> None:
    layout = layout_of("rectified", ("flow_in", "pump2"), 2)
    phi = make_phi(10, 4, (1, 1), (2, 0), (3, 0), (7, 2), (8, 2))
    # low at first and high after: it rises; pump2 is high only
    assert describe_series(phi, layout, 1.0) == "flow_in rises, then pump2 high."


def test_with_raw_values_a_sentence_says_by_how_much_how_long_and_how_much_later() -> None:
    layout = layout_of("rectified", ("flow", "pressure"), 2, unit="bar")
    phi = make_phi(12, 4, *((t, 0) for t in range(1, 5)), *((t, 3) for t in range(6, 9)))
    raw = np.full((12, 2), [5.0, 3.0])
    raw[1:5, 0] += 3.04
    raw[6:9, 1] -= 0.149
    assert describe_series(phi, layout, 20.0, raw) == (
        "flow rises by 3 bar for 1 min 20 s, 1 min 40 s later pressure falls by 0.15 bar for 1 min."
    )
    # high all the time: there is nothing to compare with
    steady = make_phi(12, 4, *((t, 0) for t in range(12)))
    assert describe_series(steady, layout, 20.0, raw) == "flow high (8 bar)."
    # flow climbs all the while and is above its usual value in the middle only
    raw[:, 0] = np.linspace(40, 55, 12)
    middle = make_phi(12, 4, *((t, 0) for t in range(4, 7)))
    assert describe_series(middle, layout, 20.0, raw) == "flow rises by 15 bar."


def test_states_and_measurements_are_described_by_their_kind() -> None:
    layout = Channels(
        channels=("power", "door=open", "pump", "lamp=on"),
        units=("W", "", "", ""),
        words="mixed",
        per_channel=3,
        coding=np.array([[0, 1.0, 2.0, 0], [2, 2.0, 4.0, 0], [2, 2.0, 4.0, 0], [2, 0.0, 4.0, 0]]),
    )
    # power above its mean, the door open for three bins, the pump for two; the lamp goes on
    phi = make_phi(10, 12, (0, 0), (1, 0), (2, 3), (3, 3), (4, 3), (6, 6), (7, 6), (9, 10))
    raw = np.zeros((10, 4))
    raw[:2, 0] = 1450.0
    said = (
        "power rises by 1450 W for 2 min, 2 min later door is open for 3 min, "
        "4 min later pump is on for 2 min, 3 min later lamp=on begins."
    )
    assert describe_series(phi, layout, 60.0, raw) == said
    # of steps every word says that it is not at rest
    layout.coding[0] = 4, 10.0, 100.0, 1000.0
    phi[1, [0, 2]] = 0, phi[1, 0]
    assert describe_series(phi, layout, 60.0, raw) == said


def test_a_plug_at_several_levels_is_described_from_rest() -> None:
    layout = Channels(
        channels=("plug",),
        units=("W",),
        words="mixed",
        per_channel=3,
        coding=np.array([[4.0, 20.0, 800.0, 0.0, np.inf]]),
    )
    # bins between two levels have no words: what they hold is not the rest
    phi = make_phi(8, 3, (0, 1), (1, 1), (3, 0), (4, 0), (6, 1))
    raw = np.array([1700.0, 1700, 1050, 60, 60, 900, 1700, 1000])[:, None]
    assert describe_series(phi, layout, 180.0, raw) == "plug rises by 1640 W for 15 min."
    assert describe_series(phi, layout, 180.0) == "plug high."


def test_channels_at_one_moment_are_described_together() -> None:
    layout = layout_of("changes", ("a", "b"), 2)
    assert describe_series(make_phi(10, 4, (4, 0), (4, 3)), layout, 1.0) == "a rises and b falls."


def test_levels_read_with_their_range_and_unit() -> None:
    layout = layout_of("levels", ("temp",), 3, unit="degC")
    rising = make_phi(9, 3, (0, 0), (1, 0), (7, 2), (8, 2))
    assert describe_series(rising, layout, 1.0) == "temp rises to 2 degC and more."
    steady = make_phi(9, 3, (0, 1), (8, 1))
    assert describe_series(steady, layout, 1.0) == "temp at 1 to 2 degC."


def test_sound_reads_as_its_bands() -> None:
    bands = tuple(f"{hz} Hz" for hz in (100, 200, 400, 800))
    layout = layout_of("counts", bands, 1, unit="dB")
    phi = make_phi(10, 4, (2, 1), (3, 1), (3, 2))
    assert describe_series(phi, layout, 0.01) == (
        "Sound from 200 Hz to 400 Hz, most of it at 200 Hz, over 0.02 s."
    )


def test_segments_are_the_mean_of_the_raw_values_at_the_occurrences() -> None:
    value = np.arange(20.0)[:, None] * [1, 100]
    value[11, 1] = np.nan
    layout = layout_of("rectified", ("a", "b"), 2)
    found = average_segments(
        table_of(value, layout), occurrences_at([2, 10, -1]), n_motifs=2, motif_length=3
    )
    assert found is not None
    # bins 2 and 10; -1 is outside; then 3, 11, 0; then 4, 12, 1
    np.testing.assert_allclose(found.mean[0, :, 0], [6, 14 / 3, 17 / 3], rtol=1e-6)
    np.testing.assert_allclose(found.mean[0, :, 1], [600, 150, 1700 / 3], rtol=1e-6)
    np.testing.assert_allclose(found.spread[0, 0], [4, 400], rtol=1e-6)
    assert np.isnan(found.mean[1]).all()
    assert found.n_occurrences.tolist() == [3, 0]


def test_a_table_without_a_series_has_no_segments() -> None:
    layout = layout_of("rectified", ("a",), 2)
    table = replace(table_of(np.zeros((20, 1)), layout), series=None)
    assert average_segments(table, occurrences_at([2]), n_motifs=1, motif_length=3) is None


@pytest.fixture(scope="module")
def record() -> FitRecord:
    """Return a fit of 14 channels, one of them with a hostile name."""
    channels = ("<script>", *(f"c{n}" for n in range(13)))
    layout = layout_of("rectified", channels, 2, unit="m")
    value = np.sin(np.arange(1680)[:, None] / 140 * 2 * np.pi * np.arange(1, 15))
    spec = Plsm(n_motifs=1, motif_length=140, activity="sparse")
    return mine(table_of(value, layout), spec)


def test_at_most_twelve_channels_are_drawn_with_their_names_escaped(record: FitRecord) -> None:
    assert record.segments is not None
    assert record.segments.n_occurrences[0]
    drawn = draw_segment(record, 0)
    assert drawn.count("<svg") == 12
    assert "with a smaller share, not drawn: " in drawn
    assert "<script>" not in drawn


def test_curves_stay_inside_their_drawing(record: FitRecord) -> None:
    drawn = draw_segment(record, 0)
    points = re.findall(r"([\d.-]+),([\d.-]+)", " ".join(re.findall(r'points="([^"]*)"', drawn)))
    assert points
    down = np.array([float(y) for _, y in points])
    assert down.min() >= 0
    assert down.max() <= 60


def test_rows_of_a_matrix_are_grouped_by_channel(record: FitRecord) -> None:
    words = matrix_view(record, 0).words
    assert np.all(np.diff(words) > 0)


def test_every_motif_is_read_on_a_line(record: FitRecord) -> None:
    assert len(describe_all_motifs(record).splitlines()) == len(record.motifs)


def test_trends_are_not_in_the_segments_and_channels_without_share_not_drawn() -> None:
    n = 2000
    sun = 8 * np.sin(2 * np.pi * np.arange(n) / 1500)
    bumps = np.zeros(n)
    starts = np.arange(50, n - 50, 60)
    for start in starts:
        bumps[start + 2 : start + 5] = 1.0
    layout = Channels(
        channels=("temperature", "flow"),
        units=("degC", ""),
        words="rectified",
        per_channel=2,
        coding=np.array([[0.0, 0.5, 200.0], [0.0, 1.0, 0.0]]),
    )
    table = table_of(np.stack([20 + sun + bumps, bumps], axis=1), layout)
    found = occurrences_at(starts)
    segments = average_segments(table, found, n_motifs=1, motif_length=6)
    assert segments is not None
    curve = segments.mean[0, :, 0]
    np.testing.assert_allclose(curve - curve[0], [0, 0, 1, 1, 1, 0], atol=0.1)
    assert abs(curve[0] - np.median(20 + sun)) < 1
    # the sun is not in their spread, either
    assert segments.spread[0, :, 0].max() < 1.0
