"""The order of pulses of one word: what recurs has a small p-value, what does not is uniform."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from motifmine.analysis.pulse_order import (
    LearnedRows,
    find_valley,
    part_pulses,
    pulse_order_p_values,
    pulsed_words,
)
from motifmine.records.fit import MotifSet
from motifmine.seeding import generator
from motifmine.types import Floats
from tests.helpers.tables import table_of_counts

N_TIMES, LENGTH = 1200, 16
PULSES = ((0, 4), (9, 12))  # of a programme of speed 1, bins


def boxes(edges: list[tuple[float, float]]) -> Floats:
    """Return counts (T,) that are 12 a bin between edges."""
    counts = np.zeros(N_TIMES)
    for begin, end in edges:
        bins = np.arange(int(begin), min(int(np.ceil(end)), N_TIMES))
        counts[bins] += 12 * (np.minimum(end, bins + 1) - np.maximum(begin, bins))
    return counts


def programmes(rng: np.random.Generator) -> Floats:
    """Return a programme of two pulses alike, 14 times, of tempo .7 to 1.4."""
    starts = 80 * np.arange(14) + rng.uniform(0, 40, 14)
    tempos = np.exp(rng.uniform(np.log(0.7), np.log(1.4), 14))
    return boxes(
        [(s + a * v, s + b * v) for s, v in zip(starts, tempos, strict=True) for a, b in PULSES]
    )


def switch(rng: np.random.Generator) -> Floats:
    """Return pulses and gaps of random durations, as many short gaps as long ones."""
    on = rng.uniform(2.5, 5.5, 28)
    off = np.where(rng.random(28) < 0.5, rng.uniform(3, 7), rng.uniform(30, 110, 28))
    end = np.cumsum(on + off)
    return boxes([(e - o, e) for e, o in zip(end, on, strict=True) if e < N_TIMES])


def p_value_of(counts: Floats, rng: np.random.Generator) -> float:
    """Return the p-value of motifs that are some windows of two thirds of the time."""
    learned = []
    motif = np.arange(4)
    for third in range(3):
        bins = [(a, a + 100) for a in range(100 * third, N_TIMES, 300)]
        known = counts.copy()
        for a, b in bins:
            known[a:b] = 0
        # with nothing before them
        rises = np.flatnonzero((known[15:] > 0) & (sliding_window_view(known, 15)[:-1].sum(1) == 0))
        rises = rises[rises < N_TIMES - 15 - LENGTH] + 14
        at = rng.choice(rises, len(motif), replace=False)
        rows = known[at[:, None] + np.arange(LENGTH)].astype(np.float32)
        learned.append(LearnedRows(bins=bins, motif=motif, rows=rows))
    table = table_of_counts(counts[:, None])
    return float(pulse_order_p_values(table, np.zeros(len(motif), np.int64), learned, rng)[0])


def test_a_programme_of_two_pulses_alike_recurs_whatever_its_speed() -> None:
    rng = generator(11)
    assert p_value_of(programmes(rng), rng) < 0.002


def test_pulses_of_a_switch_have_no_order() -> None:
    p_values = []
    for seed in range(12):
        rng = generator(100 + seed)
        p_values.append(p_value_of(switch(rng), rng))
    tested = np.array(p_values)[~np.isnan(p_values)]
    assert tested.min(initial=1.0) > 0.01
    assert len(tested) < 3 or np.median(tested) > 0.2


def test_counts_and_documents_are_kept_apart() -> None:
    """A pulse at the end of one recording and one at the start of the next are no programme."""
    row = np.zeros((1, 10), np.float32)
    row[0, [0, 6]] = 0.5
    parts = [LearnedRows(bins=[(0, 40)], motif=np.zeros(1, np.int64), rows=row)]
    silent = table_of_counts(np.zeros((40, 1)))
    assert np.isnan(pulse_order_p_values(silent, np.zeros(1, np.int64), parts, generator(0)))[0]
    words = np.full(1, -1)
    assert np.isnan(pulse_order_p_values(silent, words, parts, generator(0)))[0]


@pytest.mark.parametrize(
    ("row", "is_pulsed"),
    [([0, 4, 4, 0, 0, 3, 0], True), ([0, 4, 9, 6, 3, 1, 0], False), ([0, 0, 0, 0, 0, 0, 0], False)],
)
def test_a_word_has_pulses_where_a_valley_is_deep(row: list[float], is_pulsed: bool) -> None:
    motif = np.zeros((1, 7, 3), np.float32)
    motif[0, :, 1], motif[0, 2, 2] = row, 0.5
    found = pulsed_words(MotifSet(probability=motif, weight=np.ones(1)))
    assert found.tolist() == [1 if is_pulsed else -1]


def test_parted_pulses_keep_their_lengths() -> None:
    row = np.array([0, 4, 4, 0, 0, 0, 3, 0, 0], np.float32)
    assert 0 < find_valley(row).level * 4 < 3
    for seed in range(5):
        moved = part_pulses(row, generator(seed))
        np.testing.assert_array_equal(np.sort(moved), np.sort(row))
