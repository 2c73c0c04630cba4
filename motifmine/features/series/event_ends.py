"""Events with an end count in every time bin from their start to their end."""

from collections.abc import Iterable, Iterator

import numpy as np

from motifmine.kernels.binning import EDGE_BINS
from motifmine.records.series import Chunk, EventChunk, concatenate_rows, select_rows
from motifmine.types import Floats


def spread_events(chunks: Iterable[Chunk], bin_s: float) -> Iterator[Chunk]:
    """Yield chunks in which an event with an end is one event in each bin it covers.

    The first is at the start of the event, the others at the start of the bin. Chunks of samples
    and of events without ends are yielded as they are.
    """
    waiting = _empty()
    for chunk in chunks:
        if not isinstance(chunk, EventChunk) or chunk.end_s is None:
            yield chunk
            continue
        # a later chunk has no event before this time, so that all up to it are complete
        horizon = float(chunk.time_s[-1]) if len(chunk.time_s) else -np.inf
        every = _sort(concatenate_rows([waiting, _spread(chunk, chunk.end_s, bin_s)]))
        n_ready = int(np.searchsorted(every.time_s, horizon, side="right"))
        yield select_rows(every, slice(n_ready))
        waiting = select_rows(every, slice(n_ready, None))
    if len(waiting.time_s):
        yield waiting


def _spread(chunk: EventChunk, end_s: Floats, bin_s: float) -> EventChunk:
    """Return the events of a chunk, one for each bin; not in order of time."""
    first = np.floor(chunk.time_s / bin_s + EDGE_BINS).astype(np.int64)
    # an end at the edge of a bin does not reach into it
    last = np.ceil(end_s / bin_s - EDGE_BINS).astype(np.int64) - 1
    n_bins = np.maximum(last - first + 1, 1)
    event = np.repeat(np.arange(len(first)), n_bins)
    step = np.arange(len(event)) - np.repeat(np.cumsum(n_bins) - n_bins, n_bins)
    time_s = np.where(step == 0, chunk.time_s[event], (first[event] + step) * bin_s)
    return _sort(EventChunk(time_s=time_s, label=chunk.label[event], count=chunk.count[event]))


def _sort(events: EventChunk) -> EventChunk:
    return select_rows(events, np.argsort(events.time_s, kind="stable"))


def _empty() -> EventChunk:
    return EventChunk(time_s=np.empty(0), label=np.empty(0, np.int64), count=np.empty(0))
