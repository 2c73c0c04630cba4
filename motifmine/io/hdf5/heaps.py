"""Global heaps of HDF5, where texts of variable length are.

The library reads a damaged one for ever: the free space at its end is the object number 0, and one
of length 0 is followed by itself. So they are checked before the library opens a file.
"""

import mmap
from pathlib import Path

from motifmine.errors import FormatError

SIGNATURE = b"GCOL\x01\0\0\0"
"""A global heap, version 1 (the only one), and three bytes that are 0."""
SMALLEST = 4096
"""Smallest heap that the library makes, bytes."""
MOST_BYTES = 1 << 28
"""Of larger files only the beginning is searched, where heaps of attributes are."""


def refuse_endless_heap(path: Path) -> None:
    """Raise `FormatError` when a file has a global heap that the library would not stop reading.

    Raises
    ------
    FormatError
    OSError
        When the file cannot be read.
    """
    with path.open("rb") as file:
        n_bytes = min(file.seek(0, 2), MOST_BYTES)
        if not n_bytes:
            return
        with mmap.mmap(file.fileno(), n_bytes, access=mmap.ACCESS_READ) as content:
            # lengths have 8 bytes in all files but those that were made to be tiny
            at = content.find(SIGNATURE)
            while at >= 0:
                size = int.from_bytes(content[at + 8 : at + 16], "little")
                is_heap = SMALLEST <= size <= n_bytes - at
                if is_heap and _is_endless(content[at : at + size]):
                    raise FormatError(
                        f"{path} is a damaged HDF5 file: its texts at byte {at} are overwritten; "
                        "make it again, or restore it from a copy"
                    )
                at = content.find(SIGNATURE, at + (size if is_heap else len(SIGNATURE)))


def _is_endless(heap: bytes) -> bool:
    """Return whether a heap has free space of length 0: its own 16 bytes of head count, too."""
    at = 16
    while at + 16 <= len(heap):
        number = int.from_bytes(heap[at : at + 2], "little")
        length = int.from_bytes(heap[at + 8 : at + 16], "little")
        if number == 0 and length == 0:
            return True
        # objects begin at multiples of 8
        at += length if number == 0 else 16 + (length + 7) // 8 * 8
    return False
