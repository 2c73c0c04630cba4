"""Files of earlier versions are read, shown and used as on the day they were written."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import Result

from motifmine.io.hdf5.nodes import is_dimension
from motifmine.io.hdf5.store import read_fit, read_table, write_fit, write_table
from motifmine.records.fit import FitRecord
from motifmine.workflows.convert import convert

Run = Callable[..., Result]
GOLDEN = Path(__file__).parent
TABLES = sorted(GOLDEN.glob("*/tables/*.h5"))
FITS = sorted(GOLDEN.glob("*/fits/*.h5"))
PARTS = {
    "channels/fits/plsm-001": ("segments", "drift", "stability"),
    "channels/fits/hdlsm-001": ("segments", "posterior"),
    "channels/fits/tcae-001": ("segments", "model_state"),
    "channels/fits/topics": (),
    "video/fits/plsm-001": ("picture",),
}
"""What each fit holds beyond motifs, background, activations and occurrences."""


def name_of(path: Path) -> str:
    return str(path.relative_to(GOLDEN).with_suffix(""))


def decode(value: object) -> object:
    """Return JSON with its names sorted, whose order means nothing; anything else as it is."""
    is_json = isinstance(value, str) and value.startswith("{")
    return json.dumps(json.loads(str(value)), sort_keys=True) if is_json else value


def contents(path: Path) -> dict[str, tuple[dict[str, str], str, bytes]]:
    """Every dataset of a file with its attributes, and the attributes of its groups.

    Dimensions without values, which xarray needs, are of files of later versions alone.
    """
    found: dict[str, tuple[dict[str, str], str, bytes]] = {}

    def note(name: str, node: h5py.Group | h5py.Dataset) -> None:
        if isinstance(node, h5py.Dataset) and is_dimension(node):
            return
        attributes = {key: repr(decode(value)) for key, value in node.attrs.items()}
        values = node[()].tobytes() if isinstance(node, h5py.Dataset) else b""
        kind = str(node.dtype) if isinstance(node, h5py.Dataset) else ""
        found[name] = (attributes, kind, values)

    with h5py.File(path) as file:
        note("/", file)
        file.visititems(note)
    return found


def assert_keeps(again: Path, path: Path) -> None:
    """Check that a file has all that an older one has; attributes may have been added."""
    new, old = contents(again), contents(path)
    assert set(new) == set(old)
    for name, (attributes, kind, values) in old.items():
        assert new[name][1:] == (kind, values)
        assert attributes.items() <= new[name][0].items()


def test_the_golden_files_are_there() -> None:
    assert {name_of(path) for path in FITS} == set(PARTS)
    assert len(TABLES) == 7


@pytest.mark.parametrize("path", TABLES, ids=name_of)
def test_a_table_is_read_and_written_as_it_was(path: Path, tmp_path: Path) -> None:
    table = read_table(path)
    write_table(tmp_path / "again.h5", table)
    assert_keeps(tmp_path / "again.h5", path)


@pytest.mark.parametrize("path", FITS, ids=name_of)
def test_a_fit_is_read_and_written_as_it_was(path: Path, tmp_path: Path) -> None:
    record = read_fit(path)
    assert all(getattr(record, part) is not None for part in PARTS[name_of(path)])
    write_fit(tmp_path / "again.h5", record)
    assert_keeps(tmp_path / "again.h5", path)


def numbered_from_1(text: str) -> str:
    """Return a list of occurrences of version 0.1, whose motifs count from 0, as those of today."""
    head, *rows = text.splitlines()
    cells = [row.split(",", 3) for row in rows]
    numbered = [f"{a},{b},{int(motif) + 1},{rest}" for a, b, motif, rest in cells]
    return "\n".join([head, *numbered, ""])


@pytest.mark.parametrize("path", FITS, ids=name_of)
def test_commands_take_fits_of_earlier_versions(path: Path, motifmine: Run, tmp_path: Path) -> None:
    shutil.copytree(path.parents[1], tmp_path / "scene")
    place = ("-w", "scene")
    occurrences = motifmine("occurrences", path.stem, "--format", "csv", *place)
    assert occurrences.stdout == numbered_from_1(path.with_suffix(".csv").read_text())
    shown = motifmine("show-motifs", path.stem, *place)
    assert shown.exit_code == 0, shown.output
    assert (tmp_path / "scene/reports" / path.stem / "report.html").stat().st_size > 10_000
    assert motifmine("info", *place).exit_code == 0


@pytest.mark.parametrize("path", FITS, ids=name_of)
def test_motifs_of_earlier_versions_are_located(path: Path, motifmine: Run, tmp_path: Path) -> None:
    shutil.copytree(path.parents[1], tmp_path / "scene")
    table = next((tmp_path / "scene/tables").glob("*.h5"))
    found = motifmine("locate", path.stem, table, "--format", "csv", "-w", "scene")
    assert found.exit_code == 0, found.output
    record: FitRecord = read_fit(path)
    n_there = int(np.count_nonzero(record.occurrences.document == 0))
    # fewer than then: what motifs that are alike or accompany others find is one occurrence today
    assert 0 < found.stdout.count("\n") - 1 <= n_there + max(2, n_there // 2)


def test_files_of_earlier_versions_are_converted_in_place(motifmine: Run, tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "channels", tmp_path / "scene")
    paths = sorted(tmp_path.glob("scene/*/*.h5"))
    before = {path: (contents(path), path.stat().st_mtime_ns) for path in paths}
    result = motifmine("convert", "scene/tables/plant+0001.h5")
    assert result.stdout == "ok: scene/tables/plant+0001.h5\n", result.stderr
    assert sorted(convert(tmp_path / "scene")) == paths
    assert len(paths) == 10
    for path, (old, made) in before.items():
        assert path.stat().st_mtime_ns == made
        assert set(contents(path)) == set(old)
        with h5py.File(path) as file:
            assert len(file["vocabulary/label"].dims[0]) == 1


@pytest.mark.parametrize("name", ["nothing.h5", "notes.h5", "empty"])
def test_what_cannot_be_converted_is_refused_and_stays(
    name: str, motifmine: Run, tmp_path: Path
) -> None:
    Path("notes.h5").write_text("no HDF5")
    Path("empty").mkdir()
    result = motifmine("convert", name)
    assert (result.exit_code, result.stdout) == (1, "")
    assert name in result.stderr
    assert Path("notes.h5").read_text() == "no HDF5"
