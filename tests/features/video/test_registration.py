"""Registration of cameras that were moved: found, corrected if small, excluded if large."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import Result

from motifmine.features.video.registration import (
    move_words_back,
    register,
    register_picture,
    register_tables,
)
from motifmine.io.hdf5 import store
from motifmine.records.table import ObservationTable, Recording
from motifmine.types import Pixels
from motifmine.workflows.own_tables import read_own_table
from motifmine.workflows.workspace import Workspace
from tests.helpers.clips import thin_out

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def scene(junction: Workspace) -> ObservationTable:
    return thin_out(junction.read_tables())


def knocked(table: ObservationTable, right: float, down: float, turn_deg: float) -> Pixels:
    assert table.picture is not None
    height, width = table.picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -turn_deg, 1)
    matrix = matrix + np.array([[0, 0, right], [0, 0, down]])
    noise = np.random.default_rng(0).normal(0, 3, table.picture.shape)
    moved = cv2.warpAffine(table.picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    return np.clip(0.8 * moved + 20 + noise, 0, 255).astype(np.uint8)


def renamed(table: ObservationTable, name: str, picture: Pixels) -> ObservationTable:
    recording = Recording(name=name, bin_start_s=table.recordings[0].bin_start_s)
    return replace(table, picture=picture, recordings=(recording,))


@pytest.mark.parametrize(
    ("right", "down", "turn_deg"), [(0, 0, 0), (9, -5, 0.8), (-30, 12, 4), (60, 0, 0), (2, 1, 5)]
)
def test_shift_and_turn_are_measured(
    scene: ObservationTable, right: float, down: float, turn_deg: float
) -> None:
    assert scene.picture is not None
    moved = replace(scene, picture=knocked(scene, right, down, turn_deg))
    found = register_picture(moved, scene.picture)
    assert found.right_px == pytest.approx(right, abs=0.7)
    assert found.down_px == pytest.approx(down, abs=0.7)
    assert found.turn_deg == pytest.approx(turn_deg, abs=0.3)


def test_words_come_back_to_where_they_were(scene: ObservationTable) -> None:
    assert scene.picture is not None
    placement = register_picture(replace(scene, picture=knocked(scene, 16, -8, 0)), scene.picture)
    away = replace(placement, right_px=-placement.right_px, down_px=-placement.down_px)
    there = move_words_back(scene, away)
    back = move_words_back(there, placement)
    assert back.total == pytest.approx(there.total, rel=1e-5)
    one, two = scene.dense(), back.dense()
    assert np.corrcoef(one.ravel(), two.ravel())[0, 1] > 0.9


def test_a_camera_that_stands_still_is_left_alone(scene: ObservationTable) -> None:
    tables = [renamed(scene, f"c{i}", knocked(scene, i, 0, 0)) for i in range(3)]
    found = register_tables(tables)
    assert found.notes == ()
    assert all(one is two for one, two in zip(found.tables, tables, strict=True))


def test_a_small_knock_is_registered_and_reported(scene: ObservationTable) -> None:
    assert scene.picture is not None
    tables = [renamed(scene, f"c{i}", scene.picture) for i in range(3)]
    tables.append(renamed(scene, "knocked", knocked(scene, 18, 0, 0)))
    found = register_tables(tables)
    (note,) = found.notes
    assert "knocked: words moved back" in note
    assert "+18 px" in note
    settled = register_picture(found.tables[-1], scene.picture)
    assert settled.is_still


def test_another_view_is_excluded_and_reported(scene: ObservationTable) -> None:
    assert scene.picture is not None
    other = np.random.default_rng(1).integers(0, 255, (18, 22, 3)).astype(np.uint8)
    view = cv2.resize(other, scene.picture.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    tables = [renamed(scene, f"c{i}", scene.picture) for i in range(3)]
    found = register_tables([*tables, renamed(scene, "z", np.asarray(view, np.uint8))])
    assert [table.recordings[0].name for table in found.tables] == ["c0", "c1", "c2"]
    assert "z is excluded" in found.notes[0]


def test_a_large_rotation_is_excluded(scene: ObservationTable) -> None:
    assert scene.picture is not None
    found = register_tables([renamed(scene, "far", knocked(scene, 70, 0, 0))], scene.picture)
    assert found.tables == ()
    assert "far is excluded" in found.notes[0]


def test_an_even_picture_has_nothing_to_hold_on_to() -> None:
    even = np.full((64, 64, 3), 90, dtype=np.uint8)
    _, agreement = register(even, even)
    assert agreement < 0.5


FIT = ("fit", "--model", "plsm", "--motifs", "2", "--restarts", "1", "--iterations", "5")


def write_days(folder: Path, scene: ObservationTable, **knocks: float) -> None:
    for name, right in knocks.items():
        assert scene.picture is not None
        picture = knocked(scene, right, 0, 0) if right else scene.picture
        store.write_table(folder / f"tables/{name}.h5", renamed(scene, name, picture))


OUT_OF_CORE = [("--stream",), ("--online", "--passes", "1")]


@pytest.mark.parametrize(
    "way",
    [
        (),
        *(pytest.param(way, marks=(pytest.mark.long, pytest.mark.release)) for way in OUT_OF_CORE),
    ],
)
def test_every_fit_registers_cameras_that_moved(
    way: tuple[str, ...], scene: ObservationTable, tmp_path: Path, motifmine: Run
) -> None:
    place = Workspace(tmp_path / "motifmine-work")
    write_days(place.root, scene, a=0, b=0, c=70, d=18)
    result = motifmine(*FIT, *way, "--activity", "sparse", "--rounds", "1")
    assert result.exit_code == 0, result.stderr
    assert "c is excluded" in result.stderr and "d: words moved back" in result.stderr
    record = store.read_fit(place.find_fit())
    assert [recording.name for recording in record.recordings] == ["a", "b", "d"]
    lines = record.provenance.spec.notes.cameras
    assert [line.split()[0] for line in lines] == ["c", "d:"]
    # what is read again has moved words, too
    again = read_own_table(record, record.recordings[2], place.table_path("d"))
    assert again is not None
    assert not np.array_equal(again.word, store.read_table(place.table_path("d")).word)


@pytest.mark.long
@pytest.mark.release
def test_an_update_registers_cameras_that_moved(
    scene: ObservationTable, tmp_path: Path, motifmine: Run
) -> None:
    place = Workspace(tmp_path / "motifmine-work")
    write_days(place.root, scene, a=0, b=0)
    assert motifmine(*FIT, "--activity", "sparse", "--rounds", "1").exit_code == 0
    write_days(place.root, scene, c=70, d=18)
    result = motifmine("fit", "--update", "plsm-001")
    assert result.exit_code == 0, result.stderr
    record = store.read_fit(place.find_fit("plsm-002"))
    assert [recording.name for recording in record.recordings] == ["a", "b", "d"]
    assert list(record.provenance.spec.notes.moved_cameras) == ["d"]
