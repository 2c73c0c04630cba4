"""A workspace: where things live, and what does not belong."""

import os
from pathlib import Path

import pytest

from motifmine.errors import WorkspaceError
from motifmine.io.hdf5.store import write_table
from motifmine.records.settings import Preparation
from motifmine.simulation import Simulation, simulate
from motifmine.workflows.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path, small: Simulation) -> Workspace:
    workspace = Workspace(tmp_path / "work")
    for d, recording in enumerate(small.table.recordings):
        write_table(workspace.table_path(recording.name), small.table.document(d))
    return workspace


def test_tables_are_joined_in_order_of_name(workspace: Workspace) -> None:
    names = [r.name for r in workspace.read_tables().recordings]
    assert names == ["document-000", "document-001"]


def test_a_half_written_neighbour_is_no_table(workspace: Workspace) -> None:
    (workspace.root / "tables/.other.h5.part-1").write_bytes(b"half")
    assert len(workspace.table_paths()) == 2


def test_fits_are_numbered_above_the_highest(workspace: Workspace) -> None:
    assert workspace.next_fit_name("plsm") == "plsm-001"
    (workspace.root / "fits").mkdir()
    (workspace.root / "fits/plsm-007.h5").touch()
    assert workspace.next_fit_name("plsm") == "plsm-008"
    assert workspace.next_fit_name("hdlsm") == "hdlsm-001"


def test_the_newest_fit_is_taken_unless_one_is_named(workspace: Workspace) -> None:
    folder = workspace.root / "fits"
    folder.mkdir()
    for name, age in (("plsm-002", 10), ("plsm-001", 5)):
        (folder / f"{name}.h5").touch()
        os.utime(folder / f"{name}.h5", (1e9 - age, 1e9 - age))
    assert workspace.find_fit().stem == "plsm-001"
    assert workspace.find_fit("plsm-002").stem == "plsm-002"
    with pytest.raises(WorkspaceError, match="'plsm-003'"):
        workspace.find_fit("plsm-003")


@pytest.mark.parametrize("name", ["", ".hidden", "-x", "../../x", "a/b", "a\nb", "\x1b[31m"])
def test_a_fit_cannot_be_named_out_of_its_folder(workspace: Workspace, name: str) -> None:
    with pytest.raises(WorkspaceError, match="cannot name a fit"):
        workspace.fit_path(name)


def test_without_tables_the_next_step_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="motifmine extract"):
        Workspace(tmp_path).read_tables()


def test_counts_of_labels_stay_as_they_are(small: Simulation) -> None:
    assert Preparation().apply(small.table).total == small.table.total


def test_a_square_root_compresses_counts(small: Simulation) -> None:
    prepared = Preparation(counts="sqrt").apply(small.table)
    assert prepared.count.max() == pytest.approx(small.table.count.max() ** 0.5)


def test_words_seen_in_few_bins_are_excluded() -> None:
    table = simulate(n_times=300, seed=1).table
    prepared = Preparation(least_bins=30).apply(table)
    assert 0 < len(set(prepared.word.tolist())) < len(set(table.word.tolist()))
