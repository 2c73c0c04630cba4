"""Axes of datasets as HDF5 dimension scales, so that netCDF readers know them by name.

`xarray.open_dataset(path, group="motifs", engine="h5netcdf")` then has the dimensions `motif`,
`relative_time` and `word`. The layouts do not depend on them: motifmine reads the attribute `axes`.
"""

from collections.abc import Iterator

import h5py

from motifmine.io.hdf5.nodes import PURE_DIMENSION, list_members

EDGES = {"time + 1": "time_edge"}  # names of axes that are no names of netCDF dimensions


def name_dimensions(group: h5py.Group) -> None:
    """Attach a dimension scale for every axis of the datasets in a group and below it.

    Axes of one name and length share their scale within a group. What has scales is left alone.
    """
    for name, node in list(list_members(group)):
        if isinstance(node, h5py.Group):
            name_dimensions(node)
        elif "axes" in node.attrs and not node.is_scale and not any(map(len, node.dims)):
            _attach_scales(group, name, node)


def _attach_scales(group: h5py.Group, name: str, node: h5py.Dataset) -> None:
    axes = [EDGES.get(axis, axis) for axis in map(str.strip, node.attrs["axes"].split(","))]
    if axes == [name]:
        # values along their own axis are its coordinate
        node.make_scale(name)
        return
    for axis, (dimension, length) in enumerate(zip(axes, node.shape, strict=True)):
        node.dims[axis].attach_scale(_find_scale(group, dimension, length))


def _find_scale(group: h5py.Group, dimension: str, length: int) -> h5py.Dataset:
    """Return the scale of a dimension, which is made where there is none."""
    for name in _list_free_names(dimension):
        if name not in group:
            # never written: no bytes in the file
            made = group.create_dataset(name, (length,), "i1", track_times=False)
            made.attrs["axes"] = dimension
            made.make_scale(f"{PURE_DIMENSION}{length:10d}")
            return made
        found = group[name]
        if isinstance(found, h5py.Dataset) and found.shape == (length,):
            if found.attrs.get("axes") == dimension == name and not found.is_scale:
                found.make_scale(name)
            if found.is_scale:
                return found
    raise AssertionError("names do not end")


def _list_free_names(dimension: str) -> Iterator[str]:
    yield dimension
    number = 2
    while True:
        yield f"{dimension}_{number}"
        number += 1
