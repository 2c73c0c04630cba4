"""Access to HDF5: datasets have axes and units; sizes are checked before memory is allocated."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from motifmine.errors import FormatError, MemoryLimitError
from motifmine.io.hdf5.nodes import check_size, find_node, open_file
from motifmine.io.regular import check_input
from motifmine.records.parts import is_mapped, read_parts

CHUNK = 1 << 15  # values; divides parts, so that none is compressed twice
MAX_JSON = 1 << 26  # longest text of an attribute that is decoded, characters
# how a file of a format is made again, by its format
REMAKE = {"motifmine.table/1": "extract its recording again", "motifmine.fit/1": "fit again"}
# what h5py, NumPy and records raise for damaged content
DAMAGE = (
    *(KeyError, IndexError, OSError, ValueError, TypeError, AttributeError, RuntimeError),
    *(RecursionError, MemoryError, OverflowError),
)


def read_file_format(path: Path) -> str:
    """Return the `format` attribute of an HDF5 file, "" for other files."""
    try:
        with open_file(path) as file:
            return str(file.attrs.get("format", ""))
    except DAMAGE:
        return ""


class Reader:
    """An open file of one format; sizes and types are checked before memory is allocated."""

    def __init__(self, path: Path, expected: str) -> None:
        self.path = path
        self.expected = expected
        self._known: dict[Any, NDArray[Any]] = {}

    def __enter__(self) -> "Reader":
        check_input(self.path, f"a {self.expected} file")
        try:
            self.file = open_file(self.path)
        except OSError as error:
            raise FormatError(
                f"{self.path} is not a complete HDF5 file; expected {self.expected}; "
                f"{self._remake()}"
            ) from error
        try:
            found = str(self.file.attrs.get("format", "no format attribute"))
        except DAMAGE as error:
            self.file.close()
            raise self._damage(error) from error
        if found != self.expected:
            self.file.close()
            is_later = found.rpartition("/")[0] == self.expected.rpartition("/")[0]
            hint = "; a later version of motifmine wrote it: update motifmine" * is_later
            raise FormatError(f"{self.path} holds {found}; expected {self.expected}{hint}")
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, _trace: object) -> None:
        self.file.close()
        # it names file and dataset already
        if isinstance(error, FormatError | MemoryLimitError):
            return
        if isinstance(error, DAMAGE):
            raise self._damage(error) from error

    def _damage(self, error: BaseException) -> FormatError:
        return FormatError(f"{self.path} is a damaged {self.expected}: {error}; {self._remake()}")

    def _remake(self) -> str:
        return REMAKE.get(self.expected, "make it again")

    def attribute(self, name: str) -> Any:
        """Return a required root attribute."""
        if name not in self.file.attrs:
            raise FormatError(f"{self.path} lacks the attribute {name!r} of {self.expected}")
        return self.file.attrs[name]

    def json_attribute(self, name: str) -> Any:
        """Return a root attribute that holds JSON, decoded."""
        text = str(self.attribute(name))
        if len(text) > MAX_JSON:
            raise FormatError(f"the attribute {name!r} of {self.path} has {len(text)} characters")
        try:
            return json.loads(text)
        except RecursionError as error:
            raise FormatError(
                f"the attribute {name!r} of {self.path} is nested too deep"
            ) from error

    def find(self, place: str) -> Any:
        """Return a group or dataset, None where there is none; see `nodes.find_node`."""
        return find_node(self.file, place)

    def group(self, name: str) -> h5py.Group:
        """Return a required group."""
        node = self.find(name)
        if not isinstance(node, h5py.Group):
            raise FormatError(f"{self.path} lacks the group /{name} of {self.expected}")
        return node

    def dataset(self, name: str) -> h5py.Dataset:
        """Return a required dataset, whose size is checked."""
        node = self.find(name)
        if not isinstance(node, h5py.Dataset):
            raise FormatError(f"{self.path} lacks the dataset /{name} of {self.expected}")
        check_size(node)
        return node

    def array(self, name: str, dtype: type, shape: tuple[int | None, ...]) -> NDArray[Any]:
        """Return a dataset of exactly this type and shape.

        A length of None accepts any.

        Raises `FormatError` when it is missing, or of another type or shape.
        """
        node = self.dataset(name)
        fits = len(node.shape) == len(shape) and all(
            # None: any length
            want in (None, have)
            for want, have in zip(shape, node.shape, strict=True)
        )
        if not fits or node.dtype != np.dtype(dtype):
            want = "x".join("n" if n is None else str(n) for n in shape)
            raise FormatError(
                f"/{name} of {self.path} is {node.dtype} {node.shape}; "
                f"expected {np.dtype(dtype)} {want}"
            )
        # kernels compile for contiguous arrays only
        return np.ascontiguousarray(node[:])

    def shared_array(self, name: str, dtype: type, shape: tuple[int | None, ...]) -> NDArray[Any]:
        """Return `array`, and the same object for all datasets whose stored bytes are the same.

        The recordings of a year have the same time bins each day, which take longer to decompress
        than to read.
        """
        node = self.dataset(name)
        if node.chunks is None:
            return self.array(name, dtype, shape)
        plan = node.id.get_create_plist()
        filters = [plan.get_filter(i) for i in range(plan.get_nfilters())]
        places = [node.id.get_chunk_info(i).chunk_offset for i in range(node.id.get_num_chunks())]
        stored = [(place, node.id.read_direct_chunk(place)) for place in places]
        kind = (dtype, shape, node.dtype.str, node.shape, node.chunks, repr(node.fillvalue))
        key = (kind, *filters, *stored)
        if key not in self._known:
            self._known[key] = self.array(name, dtype, shape)
        return self._known[key]

    def strings(self, name: str, length: int | None = None) -> tuple[str, ...]:
        """Return a dataset of UTF-8 strings; `length` is their number, where it is known."""
        node = self.dataset(name)
        if h5py.check_string_dtype(node.dtype) is None or len(node.shape) != 1:
            raise FormatError(f"{self.path} lacks the strings /{name} of {self.expected}")
        if length is not None and len(node) != length:
            raise FormatError(f"/{name} of {self.path} has {len(node)} texts; expected {length}")
        return tuple(str(label) for label in node.asstr(errors="surrogateescape")[:])


def write_attribute(node: h5py.Group, name: str, value: Any) -> None:
    """Write an attribute; of a path that is not UTF-8 the bytes are kept, as h5py reads them."""
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogateescape")
        node.attrs.create(name, value, dtype=h5py.string_dtype("utf-8"))
    else:
        node.attrs[name] = value


def write_dataset(
    file: h5py.Group, name: str, array: NDArray[Any], axes: str, unit: str = ""
) -> None:
    """Write a dataset with its axes and unit, compressed unless it is small.

    Parameters
    ----------
    array : array
    axes : str
        Names of the axes, separated by commas.
    unit : str
        "" for plain numbers.
    """
    packing: dict[str, Any] = (
        # chunks of a small dataset take more space than its values; level 1 is about as small as 9
        # with shuffled bytes
        {"compression": "gzip", "compression_opts": 1, "shuffle": True} if array.size > 64 else {}
    )
    # no times in the file: the same data give the same bytes
    if is_mapped(array):
        node = file.create_dataset(
            name,
            array.shape,
            array.dtype,
            chunks=(min(CHUNK, len(array)),),
            track_times=False,
            **packing,
        )
        first = 0
        for (part,) in read_parts(array):
            node[first : first + len(part)] = part
            first += len(part)
    else:
        node = file.create_dataset(name, data=array, track_times=False, **packing)
    node.attrs["axes"] = axes
    if unit:
        node.attrs["unit"] = unit


def write_strings(file: h5py.Group, name: str, values: tuple[str, ...], axes: str) -> None:
    """Write a dataset of UTF-8 strings with its axes.

    Strings are padded to one length with zeros: strings of variable length are stored in a heap
    that HDF5 does not compress, and which would take more space than the observations.
    """
    packing: dict[str, Any] = {"compression": "gzip"} if values else {}
    # names of files may hold bytes that are not UTF-8
    encoded = [value.encode("utf-8", "surrogateescape") for value in values]
    # HDF5 has no strings of length 0
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
