"""Whether a video file is as long as its own structure says, in bytes.

Durations and numbers of frames in headers are often wrong: of a recorder that was killed, of an
editor that moved the stamps. Sizes of boxes are what a reader follows, so they are right in a file
that was written to its end, and too large in one that was cut.
"""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

SEGMENT = b"\x18\x53\x80\x67"
"""Element of Matroska that holds all others."""
MOST_BOXES = 100_000


def count_missing_bytes(path: Path) -> int | None:
    """Return the number of bytes that a file lacks, None if it does not say its size.

    Parameters
    ----------
    path : Path
        AVI, Matroska, WebM, MP4 and MOV say their size; transport streams and others do not.
    """
    with path.open("rb") as file:
        head = file.read(12)
        for signature, place, measure in MEASURES:
            if head[place : place + len(signature)] == signature:
                file.seek(0)
                end = measure(file)
                return None if end is None else max(0, end - path.stat().st_size)
    return None


def _find_riff_end(file: BinaryIO) -> int | None:
    """Return where an AVI ends; larger ones than 1 GB have several RIFF chunks."""
    end = 0
    while (head := file.read(8))[:4] == b"RIFF" and len(head) == 8:
        size = int.from_bytes(head[4:], "little")
        if not size:  # a recorder that was killed never fills this in
            return None
        end += 8 + size + size % 2
        file.seek(end)
    # the pad byte after the last chunk is often missing
    return end - 1 if end else None


def _find_segment_end(file: BinaryIO) -> int | None:
    """Return where the segment of a Matroska file ends, None for one that was written live."""
    if _read_element(file) is None:
        return None
    found = _read_element(file)
    if found is None or found[0] != SEGMENT:
        return None
    return found[1]


def _read_element(file: BinaryIO) -> tuple[bytes, int] | None:
    """Read the header of an element, go to its end if it is not the segment; None: size unknown."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    identifier = first + file.read(8 - first[0].bit_length())
    first = file.read(1)
    if not first or not first[0]:
        return None
    n_more = 8 - first[0].bit_length()
    size = int.from_bytes(bytes([first[0] & (0x7F >> n_more)]) + file.read(n_more), "big")
    if size == (1 << 7 * (n_more + 1)) - 1:
        return None
    end = file.tell() + size
    if identifier != SEGMENT:
        file.seek(end)
    return identifier, end


def _find_last_box_end(file: BinaryIO) -> int | None:
    """Return where the last top-level box of an MP4 or MOV file ends."""
    end = 0
    for _ in range(MOST_BOXES):
        file.seek(end)
        head = file.read(16)
        if len(head) < 8:
            return end + (8 if head else 0)
        size = int.from_bytes(head[:4], "big")
        if not head[4:8].isalnum():  # what was appended to the file is no box
            return end
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size < 8:  # 0: to the end of the file
            return None
        end += size
    return None


MEASURES: tuple[tuple[bytes, int, Callable[[BinaryIO], int | None]], ...] = (
    (b"RIFF", 0, _find_riff_end),
    (b"\x1a\x45\xdf\xa3", 0, _find_segment_end),
    (b"ftyp", 4, _find_last_box_end),
    (b"moov", 4, _find_last_box_end),
    (b"mdat", 4, _find_last_box_end),
    (b"wide", 4, _find_last_box_end),
)
"""First bytes of containers, their place, and the function that returns where the file ends."""
