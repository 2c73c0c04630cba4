"""Arrays part by part: of maps of files no more than a part is in memory."""

import mmap
from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

PART = 1 << 18  # values of a part: more at once is no faster


def read_parts(*arrays: NDArray[Any]) -> Iterator[tuple[NDArray[Any], ...]]:
    """Yield the parts of arrays of one length, in order."""
    for first in range(0, len(arrays[0]), PART):
        yield tuple(array[first : first + PART] for array in arrays)
        for array in arrays:
            # Windows has no such call; it takes pages back where memory is short
            if isinstance(array.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
                array.base.madvise(mmap.MADV_DONTNEED)


def is_mapped(array: NDArray[Any]) -> bool:
    """Return whether an array is the map of a file, perhaps larger than memory."""
    return isinstance(array.base, mmap.mmap)
