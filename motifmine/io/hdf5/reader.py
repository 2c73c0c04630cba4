"""HDF5 as we use it: datasets with axes and units out, sizes checked before memory is taken in."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from motifmine.errors import FormatError

MAX_BYTES = 1 << 36
"""No dataset of ours is larger; a stranger's file is refused before memory is taken."""


def file_format(path: Path) -> str:
    """Return the `format` attribute of an HDF5 file, "" when it has none or is no HDF5 file."""
    try:
        with h5py.File(path, "r") as file:
            return str(file.attrs.get("format", ""))
    except OSError:
        return ""


class Reader:
    """An open file of one format, with sizes and types checked before memory is taken."""

    def __init__(self, path: Path, expected: str) -> None:
        self.path = path
        self.expected = expected

    def __enter__(self) -> "Reader":
        if not self.path.exists():
            raise FormatError(f"{self.path} does not exist; expected a {self.expected} file")
        try:
            self.file = h5py.File(self.path, "r")
        except OSError as error:
            raise FormatError(
                f"{self.path} is not a whole HDF5 file; expected {self.expected}"
            ) from error
        found = str(self.file.attrs.get("format", "no format attribute"))
        if found != self.expected:
            self.file.close()
            raise FormatError(f"{self.path} holds {found}; expected {self.expected}")
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, _trace: object) -> None:
        self.file.close()
        if isinstance(error, FormatError):
            return
        if isinstance(error, KeyError | OSError | ValueError | TypeError):
            raise FormatError(f"{self.path} is a damaged {self.expected}: {error}") from error

    def attribute(self, name: str) -> Any:
        """Return a root attribute that the format promises."""
        if name not in self.file.attrs:
            raise FormatError(f"{self.path} lacks the attribute {name!r} of {self.expected}")
        return self.file.attrs[name]

    def json_attribute(self, name: str) -> Any:
        """Return a root attribute that holds JSON, decoded."""
        return json.loads(str(self.attribute(name)))

    def group(self, name: str) -> h5py.Group:
        """Return a group that the format promises."""
        node = self.file.get(name)
        if not isinstance(node, h5py.Group):
            raise FormatError(f"{self.path} lacks the group /{name} of {self.expected}")
        return node

    def array(self, name: str, dtype: type, shape: tuple[int | None, ...]) -> NDArray[Any]:
        """Return a dataset of exactly this type and shape (None: any length)."""
        node = self.file.get(name)
        if not isinstance(node, h5py.Dataset):
            raise FormatError(f"{self.path} lacks the dataset /{name} of {self.expected}")
        fits = len(node.shape) == len(shape) and all(
            want in (None, have) for want, have in zip(shape, node.shape, strict=True)
        )
        if not fits or node.dtype != np.dtype(dtype):
            want = "x".join("n" if n is None else str(n) for n in shape)
            raise FormatError(
                f"/{name} of {self.path} is {node.dtype} {node.shape}; "
                f"expected {np.dtype(dtype)} {want}"
            )
        if node.nbytes > MAX_BYTES:
            raise FormatError(f"/{name} of {self.path} claims {node.nbytes} bytes; refused")
        return np.ascontiguousarray(node[:])

    def strings(self, name: str) -> tuple[str, ...]:
        """Return a dataset of UTF-8 strings."""
        node = self.file.get(name)
        if not isinstance(node, h5py.Dataset) or h5py.check_string_dtype(node.dtype) is None:
            raise FormatError(f"{self.path} lacks the strings /{name} of {self.expected}")
        return tuple(str(label) for label in node.asstr()[:])


def write_dataset(
    file: h5py.Group, name: str, array: NDArray[Any], axes: str, unit: str = ""
) -> None:
    """Write one dataset, compressed when it is not tiny, with its axes and unit."""
    packing: dict[str, Any] = (
        {"compression": "gzip", "compression_opts": 1, "shuffle": True} if array.size > 64 else {}
    )
    node = file.create_dataset(name, data=array, track_times=False, **packing)
    node.attrs["axes"] = axes
    if unit:
        node.attrs["unit"] = unit


def write_strings(file: h5py.Group, name: str, values: tuple[str, ...], axes: str) -> None:
    """Write a dataset of UTF-8 strings with its axes.

    They are of one length, filled up with zeros: strings of many lengths lie in a heap that is not
    compressed, where the labels of a video's words take as much room as ten minutes of it.
    """
    packing: dict[str, Any] = {"compression": "gzip"} if values else {}
    encoded = [value.encode("utf-8", "surrogateescape") for value in values]
    length = max(map(len, encoded), default=1) or 1
    node = file.create_dataset(
        name,
        data=encoded,
        dtype=h5py.string_dtype("utf-8", length),
        shape=(len(values),),
        track_times=False,
        **packing,
    )
    node.attrs["axes"] = axes
