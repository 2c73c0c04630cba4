"""The pages on files describe every dataset and attribute that they have."""

import re
from collections.abc import Iterator
from pathlib import Path

import h5py
import pytest

from motifmine.io.hdf5 import store
from motifmine.io.hdf5.nodes import is_dimension
from motifmine.simulation import Simulation
from tests.helpers.fit_records import lane_record
from tests.helpers.paths import ROOT

PAGE = "".join((ROOT / "docs" / page).read_text() for page in ("workspace.md", "layouts.md"))
DIMENSIONS = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "axes", "unit"}
"""Attributes of scales and of every dataset."""


def names_of(path: Path) -> Iterator[str]:
    """Yield the names of datasets and attributes, without those of one model or recording."""
    with h5py.File(path, "r") as file:
        nodes: list[tuple[str, h5py.HLObject]] = [("", file)]
        file.visititems(lambda name, node: nodes.append((name, node)))
        for name, node in nodes:
            if name.startswith("model_state") or is_scale(node):
                continue
            yield from set(node.attrs) - DIMENSIONS
            # each statistic of a sampler has its trace
            if isinstance(node, h5py.Dataset) and not name.startswith("posterior/trace/"):
                yield name.rpartition("/")[2]


def is_scale(node: h5py.HLObject) -> bool:
    """Return whether a dataset only names an axis."""
    return isinstance(node, h5py.Dataset) and (is_dimension(node) or node.dtype == "int8")


@pytest.mark.parametrize("folder", ["channels", "video", "written now"])
def test_every_name_is_on_the_page(folder: str, tmp_path: Path, small: Simulation) -> None:
    if folder == "written now":
        store.write_table(tmp_path / "table.h5", small.table.document(0))
        store.write_fit(tmp_path / "fit.h5", lane_record())
    files = [*tmp_path.glob("*.h5"), *(ROOT / "tests/golden" / folder).rglob("*.h5")]
    assert files
    missing = {
        f"{path.name}: {name}"
        for path in files
        for name in names_of(path)
        if not re.search(rf"\b{re.escape(name)}\b", PAGE)
    }
    assert missing == set()
