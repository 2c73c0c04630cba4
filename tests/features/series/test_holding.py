"""Values that are sent on change, states and counts: what is held, and the words they become."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motifmine.errors import SpecError
from motifmine.features.series import mixed
from motifmine.features.series.binning import bin_series, measure_period_s, round_up_time
from motifmine.features.series.coding import CodingSpec, encode_series, learn_coding
from motifmine.features.series.event_ends import spread_events
from motifmine.features.series.holding import HeldChannels, is_irregular, is_sent_on_change
from motifmine.features.series.raw_facts import FactsReader, RawFacts, describe_facts
from motifmine.features.series.sample import sample_series
from motifmine.features.series.word_choice import choose_words
from motifmine.kernels.binning import hold_all
from motifmine.records.series import (
    BinnedSeries,
    EventChunk,
    SampleChunk,
    UpdateChunk,
)
from motifmine.records.vocabulary import Channels
from motifmine.types import Floats
from tests.helpers.memory_series import Given

pytestmark = pytest.mark.kernel


def sent(rows: list[tuple[float, int, float]], cuts: list[int] | None = None) -> Given:
    edges = [0, *sorted(cuts or []), len(rows)]
    pieces = []
    for first, last in pairwise(edges):
        time_s, channel, value = np.array(rows[first:last]).reshape(-1, 3).T
        pieces.append(
            UpdateChunk(time_s=time_s.copy(), channel=channel.astype(np.int64), value=value.copy())
        )
    return Given(tuple(pieces), tuple("ab"))


def on_change(rng: np.random.Generator, n: int = 60) -> list[tuple[float, int, float]]:
    """Return two channels that are sent in bursts, missing now and then."""
    time_s = np.cumsum(np.where(rng.random(n) < 0.6, 0.3, 7.0) * rng.exponential(1.0, n))
    value = np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n))
    return [(float(t), int(rng.integers(2)), float(v)) for t, v in zip(time_s, value, strict=True)]


def hold_plainly(rows: list[tuple[float, int, float]], bin_s: float, limit_s: float) -> Floats:
    """Return the means of bins, value by value on a fine grid of exact pieces."""
    end = int(np.floor(rows[-1][0] / bin_s)) + 1
    total, weight = np.zeros((end, 2)), np.zeros((end, 2))
    for channel in range(2):
        mine = [(t, v) for t, c, v in rows if c == channel]
        ends = [t for t, _ in mine[1:]] + [end * bin_s]
        for (begin, value), stop in zip(mine, ends, strict=True):
            for k in range(end):
                span = min(stop, begin + limit_s, (k + 1) * bin_s) - max(begin, k * bin_s)
                if span > 0 and not np.isnan(value):
                    total[k, channel] += span * value
                    weight[k, channel] += span
    return np.where(weight > 1e-9, total / np.where(weight > 1e-9, weight, 1), np.nan)


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**20),
    cuts=st.lists(st.integers(0, 60), max_size=4),
    limit_s=st.sampled_from([np.inf, 5.0]),
    document_s=st.sampled_from([None, 12.0]),
)
def test_bins_have_the_mean_weighted_by_time(
    seed: int, cuts: list[int], limit_s: float, document_s: float | None
) -> None:
    rows = on_change(np.random.default_rng(seed))
    expected = hold_plainly(rows, 2.0, limit_s)
    held = HeldChannels("auto" if np.isinf(limit_s) else limit_s, 2.0)
    held.held, held.is_sparse = np.ones(2, bool), np.zeros(2, bool)
    held.last = np.tile([np.nan, 0.0, 0.0], (2, 1))
    parts = bin_series(sent(rows, cuts), bin_s=2.0, document_s=document_s, hold=held)
    found = np.full(expected.shape, np.nan)
    for part in parts:
        first = round(part.bin_start_s[0] / 2)
        found[first : first + len(part.value)] = part.value
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_channel_sent_on_change_is_recognised() -> None:
    rng = np.random.default_rng(0)
    bursts = np.cumsum(np.where(rng.random(200) < 0.8, 5.0, 600.0))
    assert is_sent_on_change(bursts, rng.normal(size=200)) is True
    assert is_sent_on_change(bursts, np.round(rng.random(200))) is False  # it repeats itself
    regular = np.arange(200.0) * 10 + rng.uniform(-1, 1, 200)
    assert is_sent_on_change(regular, rng.normal(size=200)) is False
    gaps = regular + np.where(np.arange(200) > 100, 1e5, 0)
    assert is_sent_on_change(gaps, rng.normal(size=200)) is False
    beats = np.cumsum(rng.normal(0.9, 0.1, 200))
    assert is_sent_on_change(beats, rng.normal(size=200)) is False
    assert is_sent_on_change(bursts[:4], np.arange(4.0)) is None
    assert is_irregular(bursts) and not is_irregular(regular)


def test_a_log_of_days_is_one_document_with_gaps_where_a_value_is_missing() -> None:
    rows = [(60.0 * n + 400 * (n // 5), 0, float(n)) for n in range(20)]
    rows += [(90_000.0, 0, np.nan), (100_000.0, 0, 5.0), (200_000.0, 0, 6.0)]
    (part,) = bin_series(sent(rows), bin_s=1000.0)
    assert len(part.value) == 201
    assert part.value[50, 0] == 19 and np.isnan(part.value[95, 0]) and part.value[150, 0] == 5


def test_holding_can_be_turned_off_and_limited() -> None:
    rows = on_change(np.random.default_rng(1))
    many = list(bin_series(sent(rows), bin_s=0.2, hold="off"))
    assert len(many) > 1
    (held,) = bin_series(sent(rows), bin_s=0.2, hold="auto")
    (limited,) = bin_series(sent(rows), bin_s=0.2, hold=1.0)
    assert np.isnan(limited.value).sum() > np.isnan(held.value).sum()
    with pytest.raises(SpecError, match="hold is 'on'"):
        HeldChannels("on", 1.0)  # type: ignore[arg-type]
    assert HeldChannels("off", 1.0).describe(("a",)) == ()


def test_empty_cells_of_a_table_mean_as_before() -> None:
    rng = np.random.default_rng(3)
    time_s = np.cumsum(np.where(rng.random(100) < 0.8, 1.0, 50.0))
    value = np.full((100, 3), np.nan)
    value[np.arange(100), rng.integers(3, size=100)] = rng.normal(size=100)
    series = Given((SampleChunk(time_s=time_s, value=value),), ("a", "b", "c"))
    held = HeldChannels("auto", 5.0)
    (part,) = bin_series(series, bin_s=5.0, hold=held)
    assert held.held.all() and held.is_sparse.all()
    assert np.isfinite(part.value[-50:]).all()
    (note,) = held.describe(("a", "b", "c"))
    assert note.endswith("all channels")


def test_regular_sensors_of_a_log_are_sampled_and_slow_ones_held() -> None:
    rows = [(10.0 * n, 0, float(n)) for n in range(60)]
    rows += [(60.0 * n + 0.4, 1, float(n)) for n in range(10)]
    rows.sort()
    assert measure_period_s(sent(rows).pieces[0]) == 10
    held = HeldChannels("auto", 10.0)
    (part,) = bin_series(sent(rows), bin_s=10.0, hold=held)
    assert held.held.tolist() == [False, True]
    assert part.value[:, 0].tolist() == list(range(60))
    assert np.isfinite(part.value[:, 1]).all()


def test_bins_follow_the_intervals_of_what_is_sent() -> None:
    rng = np.random.default_rng(2)
    steps = np.where(rng.random(80) < 0.7, 170.0, 4000.0)
    numbers = [
        (float(t), 0, float(v)) for t, v in zip(np.cumsum(steps), rng.random(80), strict=True)
    ]
    states = [(float(t) + 3, 1, float(n % 2)) for n, t in enumerate(np.cumsum(steps / 9))]
    assert measure_period_s(sent(numbers).pieces[0]) == 180
    # a door is open for seconds: that is no measure for appliances
    assert measure_period_s(sent(sorted(numbers + states)).pieces[0]) == 180
    assert measure_period_s(sent(states).pieces[0]) == round_up_time(170 / 9) == 20
    assert round_up_time(1e9) == 86_400
    assert np.isnan(measure_period_s(sent(numbers[:1]).pieces[0]))


def test_values_are_held_no_longer_than_the_rows() -> None:
    last = np.array([[2.0, 0.0, 100.0]])
    total, weight = np.zeros((2, 1)), np.zeros((2, 1))
    hold_all(50.0, np.ones(1, bool), last, 10.0, 0, total, weight)
    assert total[:, 0].tolist() == [20, 20] and weight[:, 0].tolist() == [10, 10]


# events with ends


def test_an_event_counts_in_every_bin_it_covers() -> None:
    one = EventChunk(
        time_s=np.array([0.5, 2.0]),
        label=np.array([0, 1]),
        count=np.ones(2),
        end_s=np.array([4.2, 3.0]),
    )
    two = EventChunk(
        time_s=np.array([2.5]), label=np.array([1]), count=np.ones(1), end_s=np.array([2.5])
    )
    spread = list(spread_events([one, two], 1.0))
    assert all(np.all(np.diff(chunk.time_s) >= 0) for chunk in spread)
    (part,) = bin_series(Given((one, two), ("a", "b")), bin_s=1.0)
    assert part.value.T.tolist() == [[1, 1, 1, 1, 1], [0, 0, 2, 0, 0]]


# kinds of words


def facts_of(value: Floats) -> RawFacts:
    chunk = SampleChunk(time_s=np.arange(float(len(value))), value=value)
    reader = FactsReader(Given((chunk,), tuple("abcd"[: value.shape[1]])))
    list(reader.chunks())
    return reader.facts


def test_facts_of_rows_and_of_single_values_agree() -> None:
    value = np.array([[0, 1.5, 0], [0, 1.5, 1], [3, 2.0, 0], [0, np.nan, 0]])
    rows = [(float(t), c, v) for t, row in enumerate(value.tolist()) for c, v in enumerate(row)]
    one = facts_of(value)
    two = FactsReader(Given(sent(rows).pieces, tuple("abc")))
    list(two.chunks())
    for name in ("n", "n_zero", "n_fraction", "low", "high", "n_repeated"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two.facts, name))
    assert one.is_count.tolist() == [True, False, True]
    assert one.is_state.tolist() == [False, False, True]
    assert one.select([2, -1]).n.tolist() == [4, 0]


def test_dead_and_stuck_channels_are_reported() -> None:
    value = np.array([[5.0, 1.5, 0.1 * n] for n in range(40)])
    value[39, 1] = 2.0
    notes = describe_facts(tuple("abc"), facts_of(value), on_change=False)
    assert notes[0].startswith("channels constant") and notes[0].endswith(": a")
    assert "stuck" in notes[1] and notes[1].endswith(": b")


def binned(value: list[list[float]]) -> BinnedSeries:
    array = np.array(value, np.float32)
    return BinnedSeries(
        bin_start_s=np.arange(float(len(array))),
        value=array,
        samples=np.ones(array.shape, np.int32),
    )


def test_each_kind_of_channel_has_its_words() -> None:
    rows = [[n % 7 / 2, 0, 1, 0.0] for n in range(24)]
    for start in (5, 13):
        for n in range(start, start + 3):
            rows[n][1:] = [1, 0, 4.0]
    series, names = binned(rows), ("temp", "door=on", "door=off", "steps")
    sample, units = sample_series([series], seed=0, stream=0), ("K", "", "", "")
    facts = facts_of(np.array(rows)[:, :4])
    choice = choose_words(sample, units, facts)
    assert choice.words == "mixed" and "2 of states" in choice.reason
    vocabulary = learn_coding(
        sample, channels=names, units=units, spec=CodingSpec(words="mixed"), facts=facts
    )
    layout = vocabulary.layout
    assert isinstance(layout, Channels) and len(set(vocabulary.labels)) == 12
    kinds = [mixed.KINDS[kind] for kind in layout.coding[:, 0].astype(int)]
    assert kinds == ["rectified", "state", "state", "counts"]
    time, word, count = encode_series(series, layout)
    found: dict[str, list[tuple[int, float]]] = {}
    for t, w, c in zip(time.tolist(), word.tolist(), count.tolist(), strict=True):
        found.setdefault(vocabulary.labels[w], []).append((t, c))
    assert [t for t, _ in found["door=on"]] == [5, 6, 7, 13, 14, 15]
    assert found["door=on begins"] == [(5, 4.0), (13, 4.0)]
    assert found["door=on ends"] == [(8, 4.0), (16, 4.0)]
    # what is usual, and the same changes again, are no words
    assert not any(label.startswith("door=off") for label in found)
    assert found["steps"][0] == (5, 4.0)


def test_a_state_that_came_up_later_was_not_there_before() -> None:
    value = np.array([[1, np.nan], [np.nan, np.nan], [0, 1]], np.float32)
    filled = mixed.fill_states(value, ("a=x", "a=y"))
    assert filled[0].tolist() == [1, 0] and np.isnan(filled[1]).all()
    plain = np.array([[1, np.nan]], np.float32)
    assert mixed.fill_states(plain, ("a", "b")) is plain


def test_large_counts_are_scaled() -> None:
    assert mixed.scale_counts(np.array([0, 1, 2, 5], np.float32)) == 1
    assert mixed.scale_counts(np.array([0, 800, 800], np.float32)) == 100
