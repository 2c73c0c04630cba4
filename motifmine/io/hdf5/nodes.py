"""Groups and datasets of untrusted HDF5 files: only what is in the file, of a size it can have.

HDF5 lets a file name others: links to other files or to other places in the same one, datasets
whose bytes or parts are elsewhere on the disk. All of them are refused, in every layout.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from motifmine.errors import FormatError
from motifmine.io.hdf5.heaps import refuse_endless_heap
from motifmine.io.regular import refuse_special_file
from motifmine.parallel.memory import check_memory

# bytes that a compressed byte can hold: deflate, the filter of HDF5, reaches 1032
LARGEST_RATIO = 1100
FREE_BYTES = 1 << 16  # datasets up to this size may have no bytes in the file: HDF5 fills them
# name of a scale without values, as the netCDF-4 format sets it: its length follows
PURE_DIMENSION = "This is a netCDF dimension but not a netCDF variable."
MAX_DEPTH = 16  # groups inside groups that are listed


def open_file(path: Path) -> h5py.File:
    """Open an HDF5 file for reading.

    Raises `FormatError` when it is a pipe or a device, `OSError` when it is not a complete HDF5
    file.
    """
    refuse_special_file(path)
    refuse_endless_heap(path)
    return h5py.File(path, "r")


def find_node(group: h5py.Group, place: str) -> Any:
    """Return the group or dataset at a place, None where there is none.

    Raises `FormatError` when a step on the way, or the dataset, is in another file or place.
    """
    node: Any = group.file if place.startswith("/") else group
    for name in filter(None, place.split("/")):
        if not isinstance(node, h5py.Group):
            return None
        link = node.get(name, getlink=True)
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            raise FormatError(
                f"{group.file.filename} has a link at {node.name.rstrip('/')}/{name}; links are "
                "not followed, copy the data to their place"
            )
        node = node[name]
    if isinstance(node, h5py.Dataset):
        _refuse_elsewhere(node)
    return node


def list_members(group: h5py.Group) -> Iterator[tuple[str, Any]]:
    """Yield name and node of the members of a group; links are skipped."""
    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.HardLink):
            yield name, group[name]


def list_datasets(group: h5py.Group, depth: int = MAX_DEPTH) -> Iterator[tuple[str, h5py.Dataset]]:
    """Yield path and node of all datasets below a group, `MAX_DEPTH` groups deep at most.

    Dimensions without values, which netCDF writes as datasets, are skipped.
    """
    for name, node in list_members(group):
        if isinstance(node, h5py.Dataset):
            if not is_dimension(node):
                yield f"/{name}", node
        elif isinstance(node, h5py.Group) and depth > 0:
            for inner, found in list_datasets(node, depth - 1):
                yield f"/{name}{inner}", found


def is_dimension(node: h5py.Dataset) -> bool:
    """Return whether a dataset is a dimension of netCDF without values."""
    name = node.attrs.get("NAME", b"")
    text = name.decode("latin-1") if isinstance(name, bytes) else str(name)
    return text.startswith(PURE_DIMENSION)


def _refuse_elsewhere(node: h5py.Dataset) -> None:
    if node.is_virtual or node.external:
        raise FormatError(
            f"{node.name} of {node.file.filename} keeps its values in other files, which are not "
            "read; copy them into this one"
        )


def check_size(node: h5py.Dataset) -> None:
    """Raise `FormatError` when a dataset claims more than its bytes in the file can hold.

    Raises `MemoryLimitError` when it is larger than the memory that may be used.
    """
    _refuse_elsewhere(node)
    if node.shape is None:
        raise FormatError(f"{node.name} of {node.file.filename} is empty, without a shape")
    # exact: products of damaged shapes overflow 64 bits
    n_bytes = int(np.prod([int(n) for n in node.shape], dtype=object)) * node.dtype.itemsize
    stored = node.id.get_storage_size()
    if n_bytes > FREE_BYTES + LARGEST_RATIO * stored:
        size = "x".join(map(str, node.shape))
        raise FormatError(
            f"{node.name} of {node.file.filename} claims {size} values of {node.dtype}, {n_bytes} "
            f"bytes, and the file holds {stored} bytes of it"
        )
    check_memory(n_bytes, f"{node.name} of {node.file.filename}")
