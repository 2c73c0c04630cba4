"""Changes of a saved fit: one thing is another, all else stays to the byte."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from motifmine.io.hdf5.changes import change_names, write_part, write_time_zone
from motifmine.io.hdf5.nodes import list_datasets
from motifmine.io.hdf5.store import read_fit, write_fit
from motifmine.records.drift import Drift
from tests.helpers.fit_records import lane_record

DRIFT = Drift(
    period_start_s=np.array([0.0, 86_400.0, 172_800.0]),
    period_days=1,
    similarity=np.full((2, 3), 0.5),
    error=np.full((2, 3), 0.01),
    shift_s=np.zeros((2, 3)),
    stretch=np.ones((2, 3)),
)


def datasets(path: Path) -> dict[str, bytes]:
    with h5py.File(path) as file:
        return {name.lstrip("/"): node[()].tobytes() for name, node in list_datasets(file)}


@pytest.fixture
def fit(tmp_path: Path) -> Path:
    write_fit(tmp_path / "f.h5", lane_record())
    return tmp_path / "f.h5"


@pytest.mark.parametrize(
    ("change", "undo", "places"),
    [
        (
            lambda p: change_names(p, lambda _: ["a", "b"]),
            lambda p: change_names(p, lambda _: ()),
            {"motifs/name"},
        ),
        (
            lambda p: write_part(p, "drift", DRIFT),
            lambda p: write_part(p, "drift", None),
            {f"drift/{n}" for n in ("period_start_s", "similarity", "error", "shift_s", "stretch")},
        ),
        (lambda p: write_time_zone(p, "Asia/Tokyo"), lambda p: write_time_zone(p, "UTC"), set()),
    ],
    ids=["names", "drift", "zone"],
)
def test_a_change_is_the_only_one_and_can_be_undone(
    change: Callable[[Path], None], undo: Callable[[Path], None], places: set[str], fit: Path
) -> None:
    before = datasets(fit)
    made = fit.stat().st_mtime_ns
    change(fit)
    assert fit.stat().st_mtime_ns == made
    changed = datasets(fit)
    assert set(changed) - set(before) == places
    assert all(changed[name] == before[name] for name in before)
    undo(fit)
    assert datasets(fit) == before


def test_what_was_changed_is_read(fit: Path) -> None:
    change_names(fit, lambda _: ["east", "south"])
    write_time_zone(fit, "Asia/Tokyo")
    write_part(fit, "drift", DRIFT)
    record = read_fit(fit)
    assert record.names == ("east", "south") and record.time_zone == "Asia/Tokyo"
    assert record.drift is not None and record.drift.changed.all()


def test_a_change_that_fails_leaves_the_fit_as_it_was(fit: Path) -> None:
    before = fit.read_bytes()
    with pytest.raises(AttributeError):
        change_names(fit, lambda _: ["a", 2])  # type: ignore[list-item]
    assert fit.read_bytes() == before
    assert [path.name for path in fit.parent.iterdir()] == [fit.name]
