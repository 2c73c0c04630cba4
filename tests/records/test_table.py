"""Tables: their rules, cutting, joining, and the vocabulary."""

import gc
from weakref import ref

import numpy as np
import pytest

from motifmine.errors import DataError
from motifmine.records.start_layout import start_layout
from motifmine.records.table import ObservationTable, Recording, join_tables, table_from_rows
from motifmine.records.vocabulary import FlowGrid, Vocabulary
from motifmine.simulation import Simulation


def grid(**changes: int) -> FlowGrid:
    fields = {
        "rows": 2,
        "columns": 3,
        "directions": 8,
        "cell_px": 8,
        "frame_width": 24,
        "frame_height": 16,
    }
    return FlowGrid(**{**fields, **changes})  # type: ignore[arg-type]


def made(**changes: object) -> ObservationTable:
    fields: dict[str, object] = {
        "offsets": np.array([0, 2, 3]),
        "word": np.array([0, 2, 1], dtype=np.int32),
        "count": np.array([1, 2, 3], dtype=np.float32),
        "recordings": (Recording(name="a", bin_start_s=np.arange(2.0)),),
        "vocabulary": Vocabulary.of_labels(["x", "y", "z"]),
        "bin_s": 1.0,
    }
    return ObservationTable(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bin_s": 0.0}, r"bin_s is 0\.0"),
        ({"offsets": np.array([0, 3])}, "2 time bins"),
        ({"offsets": np.array([0, 2, 2])}, "offsets must run from 0"),
        ({"offsets": np.array([0, 4, 3])}, "backward"),
        ({"word": np.array([0, 2, 3], dtype=np.int32)}, "word 3 lies outside"),
        ({"word": np.array([2, 0, 1], dtype=np.int32)}, "ascend"),
        ({"word": np.array([2, 2, 1], dtype=np.int32)}, "ascend"),
        ({"count": np.array([1, 0, 3], dtype=np.float32)}, "positive and finite"),
        ({"count": np.array([1, np.nan, 3], dtype=np.float32)}, "positive and finite"),
    ],
)
def test_a_table_that_breaks_its_rules_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        made(**change)


def test_rows_in_any_order_are_added_up() -> None:
    table = table_from_rows(
        time=np.array([1, 0, 1]),
        word=np.array([2, 1, 2]),
        count=np.array([1.0, 0.5, 2.0]),
        n_times=3,
        vocabulary=Vocabulary.of_labels(["x", "y", "z"]),
    )
    assert table.word.tolist() == [1, 2]
    assert table.count.tolist() == [0.5, 3.0]
    assert table.offsets.tolist() == [0, 1, 2, 2]


def test_negative_counts_are_refused() -> None:
    with pytest.raises(DataError, match="not negative"):
        table_from_rows(
            time=np.array([0]),
            word=np.array([0]),
            count=np.array([-1.0]),
            n_times=1,
            vocabulary=Vocabulary.of_labels(["x"]),
        )


def test_cutting_and_joining_gives_the_same_table(small: Simulation) -> None:
    parts = [small.table.document(d) for d in range(small.table.n_documents)]
    again = join_tables(parts)
    for name in ("offsets", "word", "count"):
        np.testing.assert_array_equal(getattr(again, name), getattr(small.table, name))


def test_tables_of_other_bin_length_cannot_be_joined() -> None:
    with pytest.raises(DataError, match=r"time bins of 2 s instead of 1 s"):
        join_tables([made(), made(bin_s=2.0)])


def test_tables_of_another_scene_cannot_be_joined() -> None:
    other = Vocabulary.of_labels(["x", "y", "other"])
    with pytest.raises(DataError, match="word 2 is 'other' instead of 'z'"):
        join_tables([made(), made(vocabulary=other)])


def test_labels_that_go_on_can_be_joined_and_the_longer_list_holds() -> None:
    longer = Vocabulary.of_labels(["x", "y", "z", "last"])
    assert join_tables([made(), made(vocabulary=longer)]).n_words == 4


def test_the_difference_of_grids_is_named() -> None:
    ours, theirs = Vocabulary.of_grid(grid()), Vocabulary.of_grid(grid(frame_width=32, columns=4))
    assert ours.difference(theirs) == "frame_width 32 instead of 24, columns 4 instead of 3"


def test_a_word_of_the_grid_is_row_column_direction() -> None:
    words = grid()
    row, column, direction = 1, 2, 6
    word = (row * words.columns + column) * words.directions + direction
    rows, columns = words.cells()
    assert (rows[word], columns[word]) == (row, column)
    assert words.labels()[word] == "r1c2 up"


def test_static_words_stand_after_all_moving_ones() -> None:
    words = FlowGrid(
        rows=2, columns=3, directions=8, cell_px=8, frame_width=24, frame_height=16, static=True
    )
    assert words.n_words == 2 * 3 * 9
    assert words.labels()[2 * 3 * 8] == "r0c0 still"
    assert words.cells()[1][-1] == 2


def test_dense_counts_are_words_by_times() -> None:
    assert made().dense().tolist() == [[1.0, 0.0], [0.0, 3.0], [2.0, 0.0]]


def test_counts_that_become_zero_are_dropped() -> None:
    table = made().with_counts(np.array([1, 0, 3], dtype=np.float32))
    assert table.word.tolist() == [0, 1]
    assert table.offsets.tolist() == [0, 1, 2]


def test_a_table_is_laid_out_once_for_motifs_of_one_length(small: Simulation) -> None:
    table = small.table.document(0)
    assert start_layout(table, 5) is start_layout(table, 5)
    assert start_layout(table, 4).motif_length == 4
    kept = ref(table)
    del table
    # a layout must not keep its table in memory
    gc.collect()
    assert kept() is None
