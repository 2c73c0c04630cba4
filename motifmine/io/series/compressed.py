"""Text files as they are or compressed: gzip, bzip2, xz and Zstandard, by their first bytes."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa

from motifmine.errors import FormatError

FAILURES = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, pa.ArrowException)


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Yield the content of a file, decompressed in a stream where it is compressed.

    Raises `FormatError` if the file cannot be opened, or its compressed data are damaged.
    """
    try:
        with path.open("rb") as file:
            # by content: loggers also compress files without renaming them
            magic = file.read(6)
        with _open(path, magic) as stream:
            yield stream
    except FAILURES as error:
        raise FormatError(f"{path} is a damaged compressed file: {error}") from error


def _open(path: Path, magic: bytes) -> IO[bytes]:
    opened: Any
    if magic.startswith(b"\x1f\x8b"):
        opened = gzip.GzipFile(path)
    elif magic.startswith(b"BZh"):
        opened = bz2.BZ2File(path)
    elif magic.startswith(b"\xfd7zXZ\0"):
        opened = lzma.LZMAFile(path)  # noqa: SIM115  (the caller closes it)
    elif magic.startswith(b"\x28\xb5\x2f\xfd"):
        opened = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    else:
        opened = path.open("rb")
    return cast(IO[bytes], opened)
