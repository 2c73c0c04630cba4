"""What fits keep of cameras that were moved."""

from dataclasses import asdict, replace

import numpy as np

from motifmine.features.video.registration import Placement
from motifmine.models.plsm.model import Plsm
from motifmine.records.notes import Notes
from motifmine.simulation import Simulation
from motifmine.workflows.cameras import move_as_in_fit, notes_of_cameras
from motifmine.workflows.mine import mine

PLACE = Placement(right_px=16.0, down_px=0.0, turn_deg=0.0, agreement=0.9, cell_px=8, width_px=160)


def test_nothing_is_kept_where_no_camera_moved() -> None:
    assert notes_of_cameras([], {}) == Notes()


def test_lines_and_placements_are_kept_as_plain_values() -> None:
    notes = notes_of_cameras(["c is excluded", "d: words moved back"], {"d": PLACE})
    assert notes.cameras == ("c is excluded", "d: words moved back")
    assert notes.moved_cameras == {"d": asdict(PLACE)}


def test_a_table_of_a_still_camera_is_read_as_it_is(small: Simulation) -> None:
    table = small.table.document(0)
    record = mine(table, Plsm(n_motifs=2, motif_length=8, restarts=1, iterations=2))
    other = notes_of_cameras(["x: words moved back"], {"x": PLACE})
    spec = replace(record.provenance.spec, notes=other)
    record = replace(record, provenance=replace(record.provenance, spec=spec))
    assert np.array_equal(move_as_in_fit(record, table).word, table.word)
