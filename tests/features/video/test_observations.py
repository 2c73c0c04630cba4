"""Observations of long documents are on the disk, and their tables are written from there."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motifmine.errors import DataError
from motifmine.features.video import observations
from motifmine.features.video.flow import BinRow
from motifmine.features.video.observations import ObservationStore
from motifmine.io.hdf5 import store
from motifmine.records import parts
from motifmine.records.parts import is_mapped
from motifmine.records.table import ObservationTable, Recording, bin_starts
from motifmine.records.vocabulary import Vocabulary

N_WORDS, PER_BIN = 2000, 25
VOCABULARY = Vocabulary.of_labels([str(word) for word in range(N_WORDS)])


@pytest.fixture
def few_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observations, "MOST_IN_MEMORY", 1 << 14)
    monkeypatch.setattr(parts, "PART", 1 << 12)


def fill(n_times: int, folder: Path | None = None) -> ObservationStore:
    rng = np.random.default_rng(0)
    seen = ObservationStore(folder)
    # bins without frames have no row
    for time in range(3, n_times - 2, 2):
        word = np.cumsum(rng.integers(1, N_WORDS // PER_BIN, PER_BIN))
        count = rng.integers(1, 9, PER_BIN).astype(np.float32)
        seen.add(BinRow(time, word.astype(np.int32), count))
    return seen


def make_table(seen: ObservationStore, n_times: int) -> ObservationTable:
    word, count = seen.observations()
    return ObservationTable(
        offsets=seen.offsets(n_times),
        word=word,
        count=count,
        recordings=(Recording(name="film", bin_start_s=bin_starts(n_times, 0.25)),),
        vocabulary=VOCABULARY,
        bin_s=0.25,
    )


@pytest.mark.usefixtures("few_in_memory")
def test_many_observations_are_written_as_few_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a workspace is made when something is written into it
    many = make_table(fill(900, tmp_path / "work"), 900)
    assert is_mapped(many.word) and is_mapped(many.count)
    monkeypatch.setattr(observations, "MOST_IN_MEMORY", 1 << 30)
    few = make_table(fill(900), 900)
    assert not is_mapped(few.word)
    store.write_table(tmp_path / "many.h5", many)
    store.write_table(tmp_path / "few.h5", few)
    one, other = (store.read_table(tmp_path / f"{name}.h5") for name in ("many", "few"))
    for name in ("offsets", "word", "count"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    # files on the disk have no name that could be left behind
    assert not list((tmp_path / "work").iterdir())


@pytest.mark.usefixtures("few_in_memory")
def test_memory_does_not_grow_with_the_length_of_a_document(tmp_path: Path) -> None:
    peaks = []
    for n_times in (4_000, 16_000):
        tracemalloc.start()
        store.write_table(tmp_path / f"{n_times}.h5", make_table(fill(n_times, tmp_path), n_times))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # observations of the longer document take 1.6 MB; a bin of it has 8 bytes in five arrays
    assert peaks[1] - peaks[0] < 12_000 * 8 * 6


@pytest.mark.parametrize("most", [1 << 30, 64])
def test_excluded_words_go_and_bins_stay(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observations, "MOST_IN_MEMORY", most)
    seen = ObservationStore()
    for time in range(10):
        count = np.array([1, time + 1, 2], np.float32)
        seen.add(BinRow(2 * time, np.array([3, 7, 9], np.int32), count))
    kept = make_table(seen.without(np.isin(np.arange(N_WORDS), [3, 9])), 20)
    assert kept.word.tolist() == [7] * 10 and kept.count.tolist() == list(range(1, 11))
    assert np.diff(kept.offsets).tolist() == [1, 0] * 10


@pytest.mark.usefixtures("few_in_memory")
def test_words_are_checked_across_parts() -> None:
    table = make_table(fill(900), 900)
    word = np.array(table.word)
    word[4096] = word[4095]
    with pytest.raises(DataError, match="ascend"):
        replace(table, word=word)
