"""Word layouts: what a kind of words says of itself, and how it is stored."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import h5py
import numpy as np
import pytest

from motifmine.errors import FormatError
from motifmine.io.hdf5 import store
from motifmine.records.layouts import LAYOUTS
from motifmine.records.settings import Preparation
from motifmine.records.table import table_from_rows
from motifmine.records.vocabulary import (
    Channels,
    FlowGrid,
    PlainLabels,
    Topics,
    Vocabulary,
    WordLayout,
)
from motifmine.types import Floats

GRID = FlowGrid(
    rows=2, columns=3, directions=4, cell_px=8, frame_width=24, frame_height=16, static=True
)
CHANNELS = Channels(
    channels=("a", "b"),
    units=("V", ""),
    words="rectified",
    per_channel=2,
    coding=np.array([[0.0, 1.0], [2.0, 3.0]]),
)
TOPICS = Topics(
    model="plsa",
    loadings=np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]], dtype=np.float32),
    inner=Vocabulary.of_labels(["x", "y", "z"]),
)
ALL = {
    "flow-grid": Vocabulary.of_grid(GRID),
    "labels": Vocabulary.of_labels(["x", "y"]),
    "channels": Vocabulary(labels=("a+", "a-", "b+", "b-"), layout=CHANNELS),
    "topics": Vocabulary(labels=("t1", "t2"), layout=TOPICS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pitches(WordLayout):
    """Words of a kind that the package does not know: notes from the lowest on."""

    lowest: int
    names: tuple[str, ...]
    kind: ClassVar[str] = "pitches"
    usual_counts: ClassVar = "sqrt"

    @property
    def n_words(self) -> int:
        """Number of notes."""
        return len(self.names)

    def positions(self) -> Floats:
        """Return the note of every word, (W, 1)."""
        return (self.lowest + np.arange(self.n_words, dtype=np.float64))[:, None]


def stored(vocabulary: Vocabulary, folder: Path) -> Vocabulary:
    """Return a vocabulary as it comes back from the file of a table with its words."""
    table = table_from_rows(
        time=np.arange(3),
        word=np.zeros(3, dtype=np.int64),
        count=np.ones(3),
        n_times=3,
        vocabulary=vocabulary,
    )
    store.write_table(folder / "table.h5", table, force=True)
    return store.read_table(folder / "table.h5").vocabulary


@pytest.mark.parametrize("kind", ALL)
def test_every_kind_comes_back_from_a_file(kind: str, tmp_path: Path) -> None:
    assert ALL[kind].kind == kind
    assert stored(ALL[kind], tmp_path) == ALL[kind]


def test_a_new_kind_of_words_is_stored_and_prepared_by_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LAYOUTS, "pitches", Pitches)
    vocabulary = Vocabulary(labels=("A", "B"), layout=Pitches(lowest=57, names=("A", "B")))
    assert stored(vocabulary, tmp_path) == vocabulary
    assert Preparation().resolve(store.read_table(tmp_path / "table.h5")).counts == "sqrt"
    monkeypatch.delitem(LAYOUTS, "pitches")
    with pytest.raises(FormatError, match="unknown kind 'pitches'"):
        store.read_table(tmp_path / "table.h5")


def test_an_array_that_does_not_go_with_its_words_is_refused(tmp_path: Path) -> None:
    stored(ALL["channels"], tmp_path)
    with h5py.File(tmp_path / "table.h5", "a") as file:
        coding = file["vocabulary/coding"][:]
        del file["vocabulary/coding"]
        file["vocabulary"].create_dataset("coding", data=coding[:1])
    with pytest.raises(FormatError, match="2 channels have 2 units"):
        store.read_table(tmp_path / "table.h5")


def test_places_of_words_are_row_and_column_of_their_cell() -> None:
    places = GRID.positions()
    assert places.shape == (GRID.n_words, 2)
    label = f"r{int(places[17, 0])}c{int(places[17, 1])} down"
    assert label.split(maxsplit=1)[0] == GRID.labels()[17].split()[0]
    assert places[-1].tolist() == [1.0, 2.0]
    assert all(words.positions() is None for words in (CHANNELS, TOPICS, PlainLabels(n_words=2)))


@pytest.mark.parametrize(
    ("words", "n_times", "counts", "least_bins"),
    [("flow-grid", 2000, "sqrt", 8), ("flow-grid", 100, "sqrt", 1), ("channels", 2000, "raw", 1)],
)
def test_counts_are_prepared_by_the_kind_of_words(
    words: str, n_times: int, counts: str, least_bins: int
) -> None:
    table = table_from_rows(
        time=np.zeros(1, dtype=np.int64),
        word=np.zeros(1, dtype=np.int64),
        count=np.ones(1),
        n_times=n_times,
        vocabulary=ALL[words],
    )
    found = Preparation().resolve(table)
    assert (found.counts, found.least_bins) == (counts, least_bins)


def test_channels_of_other_levels_are_distinguished_after_their_labels() -> None:
    other = Channels(
        channels=("a", "b"),
        units=("V", ""),
        words="rectified",
        per_channel=2,
        coding=np.array([[0.0, 1.0], [2.0, 4.0]]),
    )
    ours = ALL["channels"]
    theirs = Vocabulary(labels=ours.labels, layout=other)
    assert ours.difference(theirs) == "words with other levels or scales"
    renamed = Vocabulary(labels=("a+", "a-", "c+", "c-"), layout=other)
    assert ours.difference(renamed) == "word 2 is 'c+' instead of 'b+'"
