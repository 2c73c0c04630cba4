"""Occurrences that come with those of another motif, where chance and parts are known."""

import tracemalloc

import numpy as np

from motifmine.analysis.companions import find_companions
from motifmine.records.fit import Occurrences
from motifmine.seeding import generator
from motifmine.types import Floats, Indices
from tests.helpers.fit_records import occurrences_at


def occurrences(start: Indices, motif: Indices, weight: Floats) -> Occurrences:
    order = np.argsort(start, kind="stable")
    return occurrences_at(start[order], motif[order], weight=weight[order], score=weight[order])


def test_a_motif_that_always_follows_a_heavier_one_at_one_lag_is_part_of_it() -> None:
    start = np.cumsum(generator(1).integers(30, 60, 20))
    both = np.concatenate([start, start[:18] + 7])
    motif = np.repeat([1, 0], [20, 18])
    found = occurrences(both, motif, np.where(motif == 1, 100.0, 60.0))
    dropped = find_companions(found, 10, 1200)
    np.testing.assert_array_equal(dropped, found.motif == 0)


def test_a_rare_sound_that_comes_with_a_frequent_one_stays() -> None:
    start = np.arange(10, 810, 20)
    motif = np.repeat([0, 1], [40, 10])
    found = occurrences(np.concatenate([start, start[::4]]), motif, np.full(50, 50.0))
    assert not find_companions(found, 10, 820).any()


def test_weak_occurrences_at_one_lag_to_another_motif_are_dropped() -> None:
    rng = generator(2)
    first = np.cumsum(rng.integers(30, 60, 20))
    second = first[-1] + np.cumsum(rng.integers(30, 60, 20))
    weak = first[:12] + 5
    motif = np.repeat([0, 1], [20, 32])
    weight = np.concatenate([np.full(40, 100.0), np.full(12, 25.0)])
    found = occurrences(np.concatenate([first, second, weak]), motif, weight)
    dropped = find_companions(found, 10, 2000)
    assert set(found.start_bin[dropped].tolist()) == set(weak.tolist())


def test_weak_ends_of_slow_occurrences_are_dropped_and_cycles_are_not() -> None:
    start = np.cumsum(generator(5).integers(40, 80, 24))
    ends = start[::4] + 8
    both = np.concatenate([start, ends])
    weight = np.concatenate([np.full(24, 100.0), np.full(6, 30.0)])
    found = occurrences(both, np.zeros(30, dtype=np.int64), weight)
    dropped = find_companions(found, 12, int(both.max()) + 20)
    assert set(found.start_bin[dropped].tolist()) == set(ends.tolist())
    # one that comes round every eight bins may be weak now and then
    cycle = np.arange(10, 330, 8)
    weight = np.where(np.arange(40) % 5 == 0, 30.0, 100.0)
    cycles = occurrences(cycle, np.zeros(40, dtype=np.int64), weight)
    assert not find_companions(cycles, 12, 340).any()


def test_weak_occurrences_before_those_of_bursts_are_dropped() -> None:
    # a motif that lacks the head of its events finds the heads, too, four bins before; that its
    # events follow each other closely, at other lags, is no reason to keep these
    rng = generator(11)
    start = (np.arange(4)[:, None] * 150 + np.cumsum(rng.integers(7, 10, (4, 5)), axis=1)).ravel()
    heads = start[::3] - 4
    weight = np.concatenate([np.full(20, 100.0), np.full(len(heads), 30.0)])
    number = np.zeros(20 + len(heads), dtype=np.int64)
    found = occurrences(np.concatenate([start, heads]), number, weight)
    dropped = find_companions(found, 8, 900)
    assert set(found.start_bin[dropped].tolist()) == set(heads.tolist())


def test_motifs_that_have_nothing_to_do_with_each_other_lose_nothing() -> None:
    for seed in range(20):
        rng = generator(seed, 3)
        start = np.sort(rng.integers(0, 3600, 330))
        found = occurrences(start, rng.integers(0, 6, 330), rng.gamma(0.5, 100.0, 330))
        assert find_companions(found, 10, 3600).sum() <= 4


def test_companions_of_many_occurrences_take_memory_in_proportion() -> None:
    start = np.sort(generator(3).choice(2_000_000, 40_000, replace=False)).astype(np.int64)
    motif = np.arange(40_000) % 2
    tracemalloc.start()
    find_companions(occurrences(start, motif, np.full(40_000, 50.0)), 20, 2_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 * 40_000
