"""Tests for the axes of datasets as dimensions: xarray reads tables and fits with their names."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

from motifmine.io.hdf5 import store
from motifmine.io.hdf5.changes import change_names
from motifmine.io.hdf5.dimensions import name_dimensions
from motifmine.io.hdf5.nodes import is_dimension, list_datasets
from motifmine.io.hdf5.reader import write_dataset

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture
def fit_path(tmp_path: Path) -> Path:
    path = tmp_path / "fit.h5"
    store.write_fit(path, store.read_fit(GOLDEN / "channels/fits/hdlsm-001.h5"))
    return path


def list_groups(path: Path) -> list[str]:
    groups = ["/"]
    with h5py.File(path) as file:
        file.visititems(
            lambda name, node: groups.append(name) if isinstance(node, h5py.Group) else None
        )
    return groups


def test_motifs_of_a_fit_have_named_axes(fit_path: Path) -> None:
    record = store.read_fit(fit_path)
    with xarray.open_dataset(fit_path, group="motifs", engine="h5netcdf") as motifs:
        assert motifs["probability"].dims == ("motif", "relative_time", "word")
        assert motifs["weight"].dims == ("motif",)
        np.testing.assert_array_equal(motifs["probability"], record.motifs.probability)
    with xarray.open_dataset(fit_path, group="occurrences", engine="h5netcdf") as found:
        assert found["start_s"].dims == ("occurrence",)
        assert found["start_s"].attrs["unit"] == "s"


def test_every_group_of_a_fit_and_of_a_table_opens(fit_path: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.h5"
    store.write_table(table, store.read_table(GOLDEN / "video/tables/square.h5"))
    for path in (fit_path, table):
        for group in list_groups(path):
            with xarray.open_dataset(path, group=group, engine="h5netcdf") as content:
                # labelled: none is called phony_dim_0
                assert not [name for name in content.sizes if "phony" in str(name)]
    with xarray.open_dataset(table, group="observations", engine="h5netcdf") as content:
        assert content["offsets"].dims == ("time_edge",)
        assert content["word"].dims == ("observation",)


def test_dimensions_hold_no_values_and_are_not_listed(fit_path: Path) -> None:
    with h5py.File(fit_path) as file:
        assert is_dimension(file["motifs/word"])
        assert file["motifs/word"].id.get_storage_size() == 0
        assert "/motifs/word" not in dict(list_datasets(file))


def test_a_change_of_names_gets_its_dimension(fit_path: Path) -> None:
    change_names(fit_path, lambda _: ["left", "right"])
    with xarray.open_dataset(fit_path, group="motifs", engine="h5netcdf") as motifs:
        assert motifs["name"].dims == ("motif",)
    change_names(fit_path, lambda _: ())
    # the scale still refers to the dataset that was removed
    with xarray.open_dataset(fit_path, group="motifs", engine="h5netcdf") as motifs:
        assert "name" not in motifs
        assert motifs["weight"].dims == ("motif",)


def test_axes_of_one_name_and_two_lengths_are_two_dimensions(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "two.h5", "w") as file:
        write_dataset(file, "near", np.zeros(3), "place")
        write_dataset(file, "far", np.zeros(5), "place")
        write_dataset(file, "none", np.zeros(0), "nothing")
        name_dimensions(file)
        name_dimensions(file)  # again: what has dimensions is left alone
    with xarray.open_dataset(tmp_path / "two.h5", engine="h5netcdf") as content:
        assert sorted(content.sizes.items()) == [("nothing", 0), ("place", 5), ("place_2", 3)]
