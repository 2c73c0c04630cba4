"""Tables of a fit's documents are found again, and others are not taken for them."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from motifmine.io.hdf5.store import write_table
from motifmine.models.plsm.model import Plsm
from motifmine.simulation import Simulation
from motifmine.workflows.mine import mine
from motifmine.workflows.own_tables import read_own_table


def test_only_the_table_of_the_document_is_taken(small: Simulation, tmp_path: Path) -> None:
    table = small.table.document(0)
    record = mine(table, Plsm(n_motifs=3, motif_length=8, restarts=1, iterations=3))
    (recording,) = table.recordings
    path = tmp_path / "t.h5"
    assert read_own_table(record, recording, None) is None
    assert read_own_table(record, recording, path) is None
    write_table(path, table)
    found = read_own_table(record, recording, path)
    assert found is not None
    np.testing.assert_array_equal(found.count, table.count)
    others = (
        replace(table, bin_s=2.0),
        table.of_recording(replace(recording, source_digest="another")),
    )
    for other in others:
        write_table(path, other, force=True)
        assert read_own_table(record, recording, path) is None
    path.write_text("no table")
    assert read_own_table(record, recording, path) is None
