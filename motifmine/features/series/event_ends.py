"""Events with an end count in every time bin from their start to their end."""

from collections.abc import Iterable, Iterator

import numpy as np

from motifmine.kernels.binning import EDGE_BINS
from motifmine.records.series import Chunk, EventChunk
from motifmine.types import Floats, Indices


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
        every = _join(waiting, _spread(chunk, chunk.end_s, bin_s))
        n_ready = int(np.searchsorted(every.time_s, horizon, side="right"))
        yield _cut(every, 0, n_ready)
        waiting = _cut(every, n_ready, len(every.time_s))
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
    return _sort(time_s, chunk.label[event], chunk.count[event])


def _sort(time_s: Floats, label: Indices, count: Floats) -> EventChunk:
    order = np.argsort(time_s, kind="stable")
    return EventChunk(time_s=time_s[order], label=label[order], count=count[order])


def _join(one: EventChunk, two: EventChunk) -> EventChunk:
    time_s = np.concatenate([one.time_s, two.time_s])
    label = np.concatenate([one.label, two.label])
    return _sort(time_s, label, np.concatenate([one.count, two.count]))


def _cut(chunk: EventChunk, start: int, stop: int) -> EventChunk:
    rows = slice(start, stop)
    return EventChunk(time_s=chunk.time_s[rows], label=chunk.label[rows], count=chunk.count[rows])


def _empty() -> EventChunk:
    return EventChunk(time_s=np.empty(0), label=np.empty(0, np.int64), count=np.empty(0))
