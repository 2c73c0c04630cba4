"""Time of capture of a still picture from its EXIF data: JPEG and TIFF."""

import struct
from collections.abc import Iterator
from datetime import datetime

MOST_ENTRIES = 1000
"""Entries of a directory that are read; more are a sign of damage."""
TAKEN, WRITTEN, SUB_DIRECTORY, TAKEN_SUBSECOND = 0x9003, 0x0132, 0x8769, 0x9291


def read_exif_time(data: bytes) -> datetime | None:
    """Return when a picture was taken, without a zone; None if it does not say."""
    block = _find_block(data)
    if block[:4] not in (b"II*\0", b"MM\0*"):
        return None
    order = "<" if block[:2] == b"II" else ">"
    try:
        (first,) = struct.unpack_from(f"{order}I", block, 4)
        tags = dict(_read_texts(block, order, first))
        if (inner := tags.get(SUB_DIRECTORY)) is not None:
            tags.update(_read_texts(block, order, int(inner)))
    except (struct.error, ValueError):
        return None
    for tag in (TAKEN, WRITTEN):
        try:
            moment = datetime.strptime(str(tags.get(tag, "")).strip("\0 "), "%Y:%m:%d %H:%M:%S")
        except ValueError:
            continue
        fraction = str(tags.get(TAKEN_SUBSECOND, "")).strip("\0 ")[:6]
        digits = fraction if fraction.isdecimal() else "0"
        return moment.replace(microsecond=int(digits.ljust(6, "0")))
    return None


def _find_block(data: bytes) -> bytes:
    """Return the TIFF structure of a picture: all of a TIFF, the EXIF segment of a JPEG."""
    if data[:2] != b"\xff\xd8":
        return data
    place = 2
    while data[place : place + 1] == b"\xff" and place + 4 <= len(data):
        marker, size = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if marker == 0xE1 and data[place + 4 : place + 10] == b"Exif\0\0":
            return data[place + 10 : place + 2 + size]
        if marker == 0xDA or size < 2:  # the picture itself begins
            break
        place += 2 + size
    return b""


def _read_texts(block: bytes, order: str, place: int) -> Iterator[tuple[int, str]]:
    """Yield tags and values of a directory: texts, and the place of the inner directory."""
    (n_entries,) = struct.unpack_from(f"{order}H", block, place)
    for i in range(min(n_entries, MOST_ENTRIES)):
        tag, kind, count, value = struct.unpack_from(f"{order}HHII", block, place + 2 + 12 * i)
        if tag == SUB_DIRECTORY:
            yield tag, str(value)
        elif kind == 2:
            start = place + 2 + 12 * i + 8 if count <= 4 else value
            yield tag, block[start : start + min(count, 64)].decode("ascii", "replace")
