"""Time bins: by time and never by row; gaps end documents; events are added up."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motifmine.errors import DataError, SpecError
from motifmine.features.series.binning import bin_series, measure_period_s
from motifmine.features.series.holding import HeldChannels
from motifmine.records.series import (
    BinnedSeries,
    Chunk,
    EventChunk,
    SampleChunk,
    UpdateChunk,
)
from motifmine.types import Floats
from tests.helpers.memory_series import Given

pytestmark = pytest.mark.kernel


def samples(time_s: Floats, value: Floats, cuts: list[int] | None = None) -> Given:
    edges = [0, *(cuts or []), len(time_s)]
    pieces = tuple(SampleChunk(time_s=time_s[a:b], value=value[a:b]) for a, b in pairwise(edges))
    return Given(pieces, tuple(f"c{i}" for i in range(value.shape[1])))


def events(time_s: list[float], label: list[int], count: list[float]) -> Given:
    chunk = EventChunk(
        time_s=np.array(time_s), label=np.array(label), count=np.array(count, np.float64)
    )
    return Given((chunk,), ("a", "b"))


def plain_bins(time_s: Floats, value: Floats, bin_s: float) -> dict[tuple[int, int], list[float]]:
    """Return the values of every bin and channel, one by one."""
    found: dict[tuple[int, int], list[float]] = {}
    for time, row in zip(time_s, value, strict=True):
        for channel, x in enumerate(row):
            if not np.isnan(x):
                found.setdefault((int(np.floor(time / bin_s + 1e-6)), channel), []).append(float(x))
    return found


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 60), max_size=4))
def test_bins_are_those_of_the_plain_road_however_the_chunks_are_cut(
    seed: int, cuts: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    time_s = np.cumsum(rng.exponential(0.3, size=60)) + rng.uniform(-5, 5)
    value = np.where(rng.random((60, 2)) < 0.2, np.nan, rng.normal(size=(60, 2)))
    series = samples(time_s, value, sorted(cuts))
    parts = list(bin_series(series, bin_s=0.5, max_gap_s=1.0, hold="off"))
    wanted = plain_bins(time_s, value, 0.5)
    found: dict[tuple[int, int], tuple[float, int]] = {}
    for part in parts:
        assert part.samples[0].any()
        assert part.samples[-1].any()
        for row, start in enumerate(part.bin_start_s):
            for channel in range(2):
                n = int(part.samples[row, channel])
                assert np.isnan(part.value[row, channel]) == (n == 0)
                if n:
                    found[round(start / 0.5), channel] = (float(part.value[row, channel]), n)
    assert {key: n for key, (_, n) in found.items()} == {k: len(v) for k, v in wanted.items()}
    for key, (mean, _) in found.items():
        assert mean == pytest.approx(np.mean(wanted[key]), abs=1e-6)


def test_a_time_on_an_edge_belongs_to_the_bin_that_begins_there() -> None:
    time_s = np.round(np.arange(0, 100) * 0.1, 1)
    (part,) = bin_series(samples(time_s, np.ones((100, 1))), bin_s=0.1)
    assert part.samples[:, 0].tolist() == [1] * 100


def test_irregular_samples_are_binned_by_time_and_not_by_row() -> None:
    (part,) = bin_series(
        samples(np.array([0.0, 0.1, 0.2, 3.9]), np.array([[1.0], [2], [3], [8]])), bin_s=1.0
    )
    assert part.samples[:, 0].tolist() == [3, 0, 0, 1]
    assert part.value[0, 0] == 2
    assert np.isnan(part.value[1, 0])


def test_a_long_gap_ends_a_document_and_a_short_one_does_not() -> None:
    time_s = np.array([0.0, 1, 2, 5, 6, 10, 11])
    parts = list(bin_series(samples(time_s, np.ones((7, 1))), bin_s=1.0, max_gap_s=3.0))
    assert [part.bin_start_s.tolist() for part in parts] == [[0, 1, 2, 3, 4, 5, 6], [10, 11]]


def test_slow_sensors_are_not_cut_at_every_sample_by_short_bins() -> None:
    series = samples(np.array([0.0, 60, 120, 180, 900]), np.ones((5, 1)))
    parts = list(bin_series(series, bin_s=1.0))
    assert [len(part.bin_start_s) for part in parts] == [181, 1]


def test_rows_without_any_value_are_a_gap() -> None:
    value = np.ones((10, 2))
    value[3:8] = np.nan
    parts = list(bin_series(samples(np.arange(10.0), value), bin_s=1.0, max_gap_s=2.0))
    assert [len(part.bin_start_s) for part in parts] == [3, 2]


def test_a_gap_lies_across_chunks_too() -> None:
    series = samples(np.array([0.0, 1, 9, 10]), np.ones((4, 1)), [2])
    assert len(list(bin_series(series, bin_s=1.0, max_gap_s=2.0))) == 2


def test_long_recordings_are_cut_into_documents_of_the_wanted_length() -> None:
    series = samples(np.arange(0, 10, 0.25), np.ones((40, 1)), [5, 6, 30])
    parts = list(bin_series(series, bin_s=0.5, document_s=3.0))
    assert [part.bin_start_s[0] for part in parts] == [0, 3, 6, 9]
    assert [len(part.bin_start_s) for part in parts] == [6, 6, 6, 2]
    assert all((part.samples == 2).all() for part in parts)


def test_documents_are_no_longer_than_fits_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motifmine.features.series.binning.DOCUMENT_CELLS", 8)
    held = HeldChannels("auto", 1.0)
    # ten seconds of two channels, the second of which begins after three
    update = UpdateChunk(
        time_s=np.array([0.0, 1.5, 3.0, 9.0, 9.5, 9.6]),
        channel=np.array([0, 0, 1, 0, 0, 1]),
        value=np.array([1.0, 2, 5, 3, 4, 6]),
    )
    parts = list(bin_series(Given((update,), ("a", "b")), bin_s=1.0, hold=held))
    assert [part.bin_start_s.tolist() for part in parts] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    joined = np.concatenate([part.value for part in parts])
    assert joined[:, 0].tolist() == [1, 1.5, 2, 2, 2, 2, 2, 2, 2, 3.5]
    assert joined[3:9, 1].tolist() == [5.0] * 6
    assert held.document_s == 4.0


def test_documents_come_as_soon_as_they_are_complete() -> None:
    asked: list[int] = []

    class Slow(Given):
        def chunks(self) -> Iterator[Chunk]:
            for index, piece in enumerate(self.pieces):
                asked.append(index)
                yield piece

    base = samples(np.arange(30.0), np.ones((30, 1)), [10, 20])
    parts = bin_series(Slow(base.pieces, base.names), bin_s=1.0, document_s=5.0)
    next(parts)
    assert asked == [0]


def test_events_are_added_up_and_silence_is_nothing() -> None:
    (part,) = bin_series(events([0.1, 0.2, 0.2, 50.0], [0, 0, 1, 1], [1, 2, 1, 0.5]), bin_s=1.0)
    assert part.value.shape == (51, 2)
    assert part.value[0].tolist() == [3, 1]
    assert part.value[1:50].tolist() == [[0.0, 0.0]] * 49
    assert part.samples[0].tolist() == [2, 1]


def test_labels_that_come_later_widen_later_documents() -> None:
    first = EventChunk(time_s=np.array([0.0]), label=np.array([0]), count=np.ones(1))
    second = EventChunk(time_s=np.array([0.5, 20]), label=np.array([1, 0]), count=np.ones(2))

    class Growing(Given):
        seen = 0

        def chunks(self) -> Iterator[Chunk]:
            for piece in self.pieces:
                type(self).seen += 1
                yield piece

        def labels(self) -> tuple[str, ...]:
            return ("a", "b")[: self.seen]

    parts = list(bin_series(Growing((first, second), ()), bin_s=1.0, max_gap_s=5.0))
    assert [part.value.tolist() for part in parts] == [[[1, 1]], [[1, 0]]]


def test_the_native_period_is_free_of_noise() -> None:
    assert (
        measure_period_s(
            samples(np.arange(100, dtype=np.float64) * 0.1, np.ones((100, 1))).pieces[0]
        )
        == 0.1
    )
    assert np.isnan(measure_period_s(samples(np.zeros(1), np.ones((1, 1))).pieces[0]))


def test_a_document_that_no_memory_holds_is_refused() -> None:
    series = samples(np.array([0.0, 1e12]), np.ones((2, 1)))
    with pytest.raises(DataError, match="--max-gap"):
        list(bin_series(series, bin_s=1.0, max_gap_s=1e13))


@pytest.mark.parametrize(
    "wrong", [{"bin_s": 0.0}, {"bin_s": 1.0, "max_gap_s": 0.0}, {"bin_s": 1.0, "document_s": 0.5}]
)
def test_durations_that_cannot_work_are_refused(wrong: dict[str, float]) -> None:
    parts: Iterator[BinnedSeries] = bin_series(samples(np.zeros(1), np.ones((1, 1))), **wrong)
    with pytest.raises(SpecError):
        next(parts)
