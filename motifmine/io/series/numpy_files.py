"""NPY and NPZ files as series, read in pieces and never unpickled."""

import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from motifmine.errors import FormatError
from motifmine.io.series.arrays import NamedArray, open_arrays, split_fields
from motifmine.io.series.options import SeriesOptions
from motifmine.records.series import SeriesReader

MAX_BYTES = 1 << 33  # largest array in Fortran order, bytes, since it must be read completely

# what reading damaged headers and members raises
DAMAGE = (
    *(OSError, ValueError, EOFError, RuntimeError, SyntaxError, MemoryError),
    *(tokenize.TokenError, zlib.error, zipfile.BadZipFile),
)

Opener = Callable[[], AbstractContextManager[IO[bytes]]]


def open_npy(path: Path, options: SeriesOptions) -> SeriesReader:
    """Return a reader of the NPY file at `path`: (time, channel), or a structured array."""
    array = _make_array(str(path), "", lambda: path.open("rb"), path.stat().st_size)
    arrays = split_fields(array) if array.dtype.fields else {"": array}
    return open_arrays(str(path), arrays, options)


def open_npz(path: Path, options: SeriesOptions) -> SeriesReader:
    """Return a reader of the NPZ file at `path`; see `open_arrays`."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
    except DAMAGE as error:
        raise FormatError(f"{path} cannot be read as an NPZ file: {error}") from error

    def opener(member: str) -> Opener:
        return lambda: zipfile.ZipFile(path).open(member)

    arrays: dict[str, NamedArray] = {}
    names = [info.filename for info in members]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise FormatError(f"{path} has the array {twice[0].removesuffix('.npy')!r} twice")
    for info in members:
        name = info.filename.removesuffix(".npy")
        array = _make_array(str(path), name, opener(info.filename), info.file_size)
        arrays |= split_fields(array) if array.dtype.fields else {array.name: array}
    return open_arrays(str(path), arrays, options)


def _make_array(path: str, name: str, opener: Opener, file_bytes: int) -> NamedArray:
    """Return an array in NPY format; only its header is read.

    Its header is opened by `opener`; what it claims is compared with the length of the file.
    """
    shown = f"array {name!r} of {path}" if name else path
    try:
        with opener() as file:
            shape, by_columns, dtype = _read_header(file)
    except DAMAGE as error:
        raise FormatError(f"{shown} cannot be read as a NumPy array: {error}") from error
    # objects are pickled, and a pickle could run any code
    if dtype.hasobject:
        raise FormatError(f"{shown} contains Python objects; save numbers or text instead")
    # as a float: shapes of hostile files overflow integers
    n_bytes = int(np.prod(shape, dtype=np.float64)) * dtype.itemsize
    if n_bytes > file_bytes:
        size = "x".join(map(str, shape))
        raise FormatError(
            f"{shown} is truncated: its header claims {size} values of {dtype}, {n_bytes} bytes, "
            f"and it has {file_bytes}"
        )
    if by_columns and len(shape) > 1 and n_bytes > MAX_BYTES:
        raise FormatError(
            f"{shown} has {n_bytes} bytes in Fortran order, more than the limit of {MAX_BYTES}; "
            "save it in C order"
        )

    def pieces(n_rows: int) -> Iterator[NDArray[Any]]:
        try:
            yield from read_pieces(n_rows)
        except DAMAGE as error:
            if isinstance(error, FormatError):
                raise
            raise FormatError(f"{shown} is damaged: {error}") from error

    def read_pieces(n_rows: int) -> Iterator[NDArray[Any]]:
        with opener() as file:
            _read_header(file)
            if by_columns and len(shape) > 1:
                # a row lies in all parts of such a file
                whole = _read(file, n_bytes, dtype, shown).reshape(shape, order="F")
                yield from (whole[a : a + n_rows] for a in range(0, shape[0], n_rows))
                return
            width = int(np.prod(shape[1:], dtype=np.int64))
            for first in range(0, shape[0] if shape else 0, n_rows):
                rows = min(n_rows, shape[0] - first)
                part = _read(file, rows * width * dtype.itemsize, dtype, shown)
                yield part.reshape(rows, *shape[1:])

    return NamedArray(name=name, shape=shape, dtype=dtype, pieces=pieces)


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, whether the order is Fortran's, and type."""
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, by_columns, dtype = read(file)
    return shape, by_columns, dtype


def _read(file: IO[bytes], n_bytes: int, dtype: np.dtype[Any], shown: str) -> NDArray[Any]:
    found = file.read(n_bytes)
    if len(found) < n_bytes:
        raise FormatError(f"{shown} is truncated: {n_bytes - len(found)} bytes are missing")
    return np.frombuffer(found, dtype)
