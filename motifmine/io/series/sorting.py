"""Small files whose rows may be in any order: sensor after sensor, or label after label."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from motifmine.io.series.row_stream import RowStream
from motifmine.records.series import Chunk, EventChunk, concatenate_rows, select_rows

# files up to this size are sorted in memory; longer ones must be in order of time
MOST_BYTES = 64 << 20


def sort_if_small(
    stream: RowStream, n_bytes: int, read: Callable[[], Iterable[Chunk]]
) -> list[Chunk] | None:
    """Return the chunks of a file in order of time; None for files that are read in order.

    Rows of the long form, labels with ends, and events whose label comes first are often written
    one sensor or one label after the other. Other tables are in order of time, or damaged.
    """
    roles = stream.roles
    is_by_label = roles.label is not None and roles.time is not None and roles.label < roles.time
    if not (roles.is_long or roles.end is not None or is_by_label) or n_bytes > MOST_BYTES:
        return None
    stream.is_free = True
    found = sort_chunks([chunk for chunk in read() if len(chunk.time_s)])
    # plain numbers keep their values; only wall clocks begin at 0
    if not found or found[0].time_s[0] == 0 or not stream.clock.reading.has_wall_clock:
        return found
    # the first row of the file was not the earliest
    first_s = float(found[0].time_s[0])
    stream.clock = stream.clock.shift(first_s)
    chunk = replace(found[0], time_s=found[0].time_s - first_s)
    if isinstance(chunk, EventChunk) and chunk.end_s is not None:
        chunk = replace(chunk, end_s=chunk.end_s - first_s)
    return [chunk]


def sort_chunks(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return all rows of chunks of one kind as one chunk in order of time."""
    if not chunks:
        return []
    rows = concatenate_rows(chunks)
    # stable: rows of one time keep the order of the file
    return [select_rows(rows, np.argsort(rows.time_s, kind="stable"))]
