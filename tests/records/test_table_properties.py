"""Relations that hold for every table and all motifs."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from motifmine.io.hdf5.store import read_table, write_table
from motifmine.models.plsm.heldout import hide_observations
from motifmine.records.start_layout import make_phi, restore_motifs
from motifmine.records.table import ObservationTable, cut_documents, join_tables
from motifmine.types import Floats32
from tests.helpers.strategies import documents, motifs, tables


def rows_of(table: ObservationTable) -> list[tuple[int, int, float]]:
    rows = table.row_of_observation()
    return list(zip(rows.tolist(), table.word.tolist(), table.count.tolist(), strict=True))


@given(tables(), st.integers(1, 15))
def test_pieces_hold_what_the_table_holds_in_the_order_of_time(
    table: ObservationTable, length: int
) -> None:
    pieces = cut_documents(table, length)
    assert rows_of(pieces) == rows_of(table)
    assert max(recording.n_times for recording in pieces.recordings) <= length


@given(tables())
def test_documents_one_by_one_join_to_the_table(table: ObservationTable) -> None:
    joined = join_tables([table.document(d) for d in range(table.n_documents)])
    assert rows_of(joined) == rows_of(table)
    assert [r.name for r in joined.recordings] == [r.name for r in table.recordings]


@given(documents(n_words=4))
@settings(max_examples=25)
def test_a_table_comes_back_from_its_file(table: ObservationTable) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_table(Path(folder) / "table.h5", table)
        assert rows_of(read_table(Path(folder) / "table.h5")) == rows_of(table)


@given(tables(), st.floats(0, 1), st.integers(0, 99))
def test_what_is_hidden_and_what_is_kept_add_up(
    table: ObservationTable, share: float, seed: int
) -> None:
    kept, hidden = hide_observations(table, share, np.random.default_rng(seed))
    assert np.isclose(kept.total + hidden.total, table.total)
    assert not {row[:2] for row in rows_of(kept)} & {row[:2] for row in rows_of(hidden)}


@given(motifs(n_words=3))
def test_motifs_come_back_from_the_layout_of_the_passes(phi: Floats32) -> None:
    np.testing.assert_array_equal(restore_motifs(make_phi(phi), len(phi)), phi)
