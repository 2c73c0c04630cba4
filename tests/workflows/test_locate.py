"""Recordings of another scene are refused before their pictures are compared with the fit's."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from motifmine.errors import DataError
from motifmine.io.hdf5.store import write_fit
from motifmine.workflows.locate import locate_sources
from motifmine.workflows.workspace import Workspace
from tests.helpers.clips import moving_square, write_clip
from tests.helpers.fit_records import lane_record

Run = Callable[..., Result]


@pytest.fixture
def workspace(motifmine: Run) -> Workspace:
    """A workspace with a fit of videos of 480x320, whose working frames are 96x64."""
    found = Workspace(Path("motifmine-work"))
    record = lane_record()
    recordings = tuple(replace(r, width_px=480, height_px=320) for r in record.recordings)
    write_fit(found.fit_path("plsm-001"), replace(record, recordings=recordings))
    return found


@pytest.mark.parametrize("name", ["locate", "anomalies"])
@pytest.mark.parametrize("size", [(320, 240), (240, 320), (480, 360)])
def test_another_size_is_refused_in_one_line(
    motifmine: Run, workspace: Workspace, name: str, size: tuple[int, int]
) -> None:
    width, height = size
    path = write_clip(Path("other.mp4"), moving_square(20, width=width, height=height))
    result = motifmine(name, "plsm-001", path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: other.mp4 does not belong to the scene: {width}x{height} instead of 480x320\n"
    )


def test_a_table_of_another_size_is_refused(motifmine: Run, workspace: Workspace) -> None:
    path = write_clip(Path("other.mp4"), moving_square(20))
    assert motifmine("extract", path, "-w", "elsewhere").exit_code == 0
    with pytest.raises(DataError, match="does not belong to the scene of the fit"):
        locate_sources(workspace, "plsm-001", [Path("elsewhere/tables/other.h5")])
