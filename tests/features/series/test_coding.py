"""Values of channels become words."""

import numpy as np
import pytest

from motifmine.errors import DataError, SpecError
from motifmine.features.series.coding import (
    CodingSpec,
    encode_series,
    find_level_edges,
    learn_coding,
)
from motifmine.features.series.sample import SeriesSample, merge_samples, sample_series
from motifmine.features.series.word_choice import choose_words
from motifmine.records.series import BinnedSeries
from motifmine.records.vocabulary import Channels, Vocabulary


def binned(*columns: list[float]) -> BinnedSeries:
    value = np.array(columns, dtype=np.float32).T
    return BinnedSeries(
        bin_start_s=np.arange(len(value), dtype=float),
        value=value,
        samples=np.isfinite(value).astype(np.int32),
    )


def sample_of(series: BinnedSeries) -> SeriesSample:
    return sample_series([series], seed=0, stream=0)


def learned(series: BinnedSeries, words: str, unit: str = "m", **spec: object) -> Vocabulary:
    channels = [f"c{i}" for i in range(series.value.shape[1])]
    chosen = CodingSpec(words=words, **spec)  # type: ignore[arg-type]
    return learn_coding(
        sample_of(series), channels=channels, units=[unit] * len(channels), spec=chosen
    )


def dense(series: BinnedSeries, vocabulary: Vocabulary) -> np.ndarray:
    assert isinstance(vocabulary.layout, Channels)
    time, word, count = encode_series(series, vocabulary.layout)
    matrix = np.zeros((len(series.value), vocabulary.n_words))
    matrix[time, word] = count
    return matrix


def test_rectified_words_count_deviations_above_and_below_the_mean() -> None:
    series = binned([0.0, 4.0, 0.0, 4.0])  # mean 2, deviation 2
    counts = dense(series, learned(series, "rectified"))
    np.testing.assert_allclose(counts, [[0, 2], [2, 0], [0, 2], [2, 0]])


def test_one_spike_does_not_outweigh_the_rest() -> None:
    series = binned([*np.tile([-1.0, 1.0], 500), 1e6])
    counts = dense(series, learned(binned([-1.0, 1.0]), "rectified"))
    assert counts.max() == 16
    assert counts[:-1].max() == 2


def test_missing_values_give_no_words() -> None:
    known = [1.0, np.nan, 3.0, 5.0, np.nan, 2.0]
    for words in ("counts", "rectified", "levels", "changes"):
        series = binned(known)
        counts = dense(series, learned(series, words))
        assert not counts[[1, 4]].any(), words


def test_a_change_over_a_gap_is_no_change() -> None:
    series = binned([0.0, 1.0, np.nan, 9.0, 10.0])
    counts = dense(series, learned(series, "changes"))
    assert list(np.flatnonzero(counts.any(axis=1))) == [1, 4]


def test_a_constant_channel_gives_no_words() -> None:
    series = binned([1.0, 2.0, 1.0, 2.0], [0.1] * 4)
    for words in ("rectified", "changes"):
        assert not dense(series, learned(series, words))[:, 2:].any()


def test_counts_are_kept_as_they_are() -> None:
    series = binned([0.0, 3.0, 1.0, 0.0])
    np.testing.assert_array_equal(dense(series, learned(series, "counts"))[:, 0], [0, 3, 1, 0])


def test_negative_counts_are_refused_with_the_channel() -> None:
    with pytest.raises(DataError, match=r"'c0' has the value -3, .*--words rectified"):
        learned(binned([-3.0, 1.0]), "counts")


def test_sound_counts_what_stands_above_a_bands_usual_level() -> None:
    series = binned([10.0, 10.0, 10.0, 16.0, 4.0])
    counts = dense(series, learned(series, "counts", unit="dB"))
    np.testing.assert_allclose(counts[:, 0], [0, 0, 0, 2, 0])


def test_levels_are_seen_equally_often() -> None:
    value = np.random.default_rng(0).exponential(size=1000)
    series = binned(list(value))
    counts = dense(series, learned(series, "levels", n_levels=4)).sum(axis=0)
    np.testing.assert_allclose(counts, 250, atol=2)


def test_labels_name_channel_range_and_unit() -> None:
    series = binned([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    assert learned(series, "levels", n_levels=2).labels == ("c0 < 4.5 m", "c0 >= 4.5 m")
    assert learned(series, "rectified").labels == ("c0 above 4.5 m", "c0 below 4.5 m")
    assert learned(series, "changes").labels == ("c0 rises", "c0 falls")


def test_a_state_gets_a_level_for_each_value() -> None:
    edges = find_level_edges(np.array([0.0, 0, 0, 1, 1, 7]), 5)
    np.testing.assert_allclose(edges, [0.5, 4, np.inf, np.inf])


@pytest.mark.parametrize(
    ("columns", "unit", "words"),
    [
        ([[0.0, 1.5, -2.0, 3.1, 0.7, 9.0]], "", "rectified"),
        ([[0.0, 0.0, 3.0, 0.0, 12.0, 1.0, 2.0, 7.0]], "", "counts"),
        ([[2.0, 5.0, 5.0, 2.0, 5.0]], "", "levels"),
        ([[0.0, 1.0, 1.0, 0.0, 1.0]], "", "mixed"),
        ([[3.0, 10.0, 5.0, 7.0, 8.0, 1.0]], "dB", "counts"),
    ],
)
def test_words_are_chosen_by_the_data(columns: list[list[float]], unit: str, words: str) -> None:
    assert choose_words(sample_of(binned(*columns)), [unit]).words == words


def test_a_sample_of_parts_is_the_sample_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motifmine.features.series.sample.MAX_CELLS", 50)
    parts = [binned(list(np.arange(40.0) + 100 * i)) for i in range(3)]
    together = sample_series(parts, seed=3, stream=0)
    assert together.value.shape == (50, 1)
    assert together.n_bins == 120
    joined = merge_samples([sample_of(parts[0]), together])
    assert np.all(np.diff(joined.key) >= 0)
    assert joined.n_bins == 160


def test_channels_without_values_are_refused() -> None:
    with pytest.raises(DataError, match="no channel has values"):
        learned(binned([np.nan, np.nan]), "rectified")


def test_one_level_is_refused() -> None:
    with pytest.raises(SpecError, match="n_levels is 1"):
        CodingSpec(n_levels=1)
