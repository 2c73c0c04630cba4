"""Division of series into documents and time bins, by time stamps, not by row numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from motifmine.errors import DataError, SpecError
from motifmine.kernels.binning import add_events, add_samples
from motifmine.records.series import BinnedSeries, EventChunk, SampleChunk, SeriesReader
from motifmine.types import Floats, Floats32, Indices, Indices32

DEFAULT_GAP = 10
"""Longest gap within a document, in bins or sampling periods."""
EDGE_BINS = 1e-6
"""Tolerance at the edges of bins, in bins: 0.3 / 0.1 is 2.9999999999999996, and times in files are
rounded. A time this close before an edge belongs to the next bin."""
MAX_CELLS = 1 << 29
"""Largest number of bins times channels of a document, to limit memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """Sums over consecutive bins of a document; the last bin may be incomplete."""

    first: int
    total: Floats
    samples: Indices32

    @property
    def end(self) -> int:
        return self.first + len(self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Settings of all documents."""

    bin_s: float
    most: int | None
    """Longest document, bins."""
    is_events: bool


def bin_series(
    reader: SeriesReader,
    *,
    bin_s: float,
    max_gap_s: float | None = None,
    document_s: float | None = None,
) -> Iterator[BinnedSeries]:
    """Yield the documents of a series, each as soon as it is complete.

    Bin k of a recording is `k * bin_s <= time < (k + 1) * bin_s`, the same in every document. The
    first and last bin of a document are not empty. Rows without any value are ignored, so that they
    can form a gap.

    Parameters
    ----------
    reader : SeriesReader
    bin_s : float, seconds, > 0
    max_gap_s : float, seconds, > 0, or None
        A longer interval without samples ends a document; a shorter one gives bins of NaN. None
        uses ten bins, or ten sampling periods if that is longer. For events None means no limit,
        since intervals without events are normal.
    document_s : float, seconds, >= bin_s, or None
        Longest document, rounded to bins; measured from the start of the document.

    Yields
    ------
    BinnedSeries
        Documents of events have a column for every label so far; later ones may have more.

    Raises
    ------
    SpecError
        If a duration is not positive, or if a document is shorter than a bin.
    DataError
        If a document would need too much memory.
    """
    if not 0 < bin_s < np.inf:
        raise SpecError(f"bin_s is {bin_s}; a time bin must last more than 0 s")
    if max_gap_s is not None and not max_gap_s > 0:
        raise SpecError(f"max_gap_s is {max_gap_s}; it must be more than 0 s")
    if document_s is not None and not document_s >= bin_s:
        raise SpecError(f"document_s is {document_s}; it must be at least one bin of {bin_s} s")
    grid = _Grid(
        bin_s=bin_s,
        most=None if document_s is None else max(1, round(document_s / bin_s)),
        is_events=reader.header.is_events,
    )
    parts: list[_Part] = []
    last_s = np.nan
    gap_s = max_gap_s
    for chunk in reader.chunks():
        kept = _drop_empty_rows(chunk)
        if not len(kept.time_s):
            continue
        if gap_s is None:
            gap_s = _default_gap_s(kept, bin_s)
        bins = np.floor(kept.time_s / bin_s + EDGE_BINS).astype(np.int64)
        for start, stop, is_after_gap in _split_at_gaps(kept.time_s, last_s, gap_s):
            if is_after_gap and parts:
                yield _make_document(parts, grid)
                parts.clear()
            yield from _add_rows(parts, kept, bins, start, stop, len(reader.labels()), grid)
        last_s = float(kept.time_s[-1])
    if parts:
        yield _make_document(parts, grid)


def measure_period_s(source: SeriesReader | SampleChunk | EventChunk) -> float:
    """Return the median time between samples, seconds; NaN if there are fewer than two.

    Parameters
    ----------
    source : SeriesReader, SampleChunk or EventChunk
        The first chunk of a reader is consumed, so that it must be opened again.
    """
    chunk = source
    if not isinstance(chunk, SampleChunk | EventChunk):
        chunk = next(iter(chunk.chunks()), EMPTY)
    steps = np.diff(chunk.time_s)
    # remove rounding errors of differences such as 0.3 - 0.2
    return float(f"{np.median(steps):.9g}") if len(steps) else float("nan")


EMPTY = SampleChunk(time_s=np.empty(0), value=np.empty((0, 0)))


def _drop_empty_rows(chunk: SampleChunk | EventChunk) -> SampleChunk | EventChunk:
    """Remove the rows of a chunk that have no value."""
    if isinstance(chunk, EventChunk):
        return chunk
    if not np.isnan(chunk.value[:, 0]).any():
        return chunk
    full = ~np.isnan(chunk.value).all(axis=1)
    return SampleChunk(time_s=chunk.time_s[full], value=chunk.value[full])


def _default_gap_s(chunk: SampleChunk | EventChunk, bin_s: float) -> float:
    """Return the longest gap within a document, seconds."""
    if isinstance(chunk, EventChunk):
        return np.inf
    return DEFAULT_GAP * float(np.fmax(bin_s, measure_period_s(chunk)))


def _split_at_gaps(time_s: Floats, last_s: float, gap_s: float) -> Iterator[tuple[int, int, bool]]:
    """Yield the runs of rows without long gaps: first row, end, and whether a gap precedes."""
    steps = np.diff(time_s, prepend=last_s)
    tolerance = EDGE_BINS * gap_s if np.isfinite(gap_s) else 0.0
    cuts = np.flatnonzero(steps > gap_s + tolerance)
    edges = [0, *cuts[cuts > 0].tolist(), len(time_s)]
    for start, stop in pairwise(edges):
        yield start, stop, bool(steps[start] > gap_s + tolerance)


def _add_rows(
    parts: list[_Part],
    chunk: SampleChunk | EventChunk,
    bins: Indices,
    start: int,
    stop: int,
    n_channels: int,
    grid: _Grid,
) -> Iterator[BinnedSeries]:
    """Add rows to the document in `parts`; yield documents that reach the longest duration."""
    while start < stop:
        first = parts[0].first if parts else int(bins[start])
        end = stop
        if grid.most is not None:
            end = start + int(np.searchsorted(bins[start:stop], first + grid.most))
        if end > start:
            _check_size(int(bins[end - 1]) - first + 1, n_channels, grid.bin_s)
            parts.append(_sum_rows(parts, chunk, bins, start, end, n_channels))
            _merge_last(parts)
        if end < stop:
            yield _make_document(parts, grid)
            parts.clear()
        start = end


def _check_size(n_bins: int, n_channels: int, bin_s: float) -> None:
    if n_bins * n_channels > MAX_CELLS:
        raise DataError(
            f"a document would have {n_bins} bins of {bin_s:g} s and {n_channels} channels, more "
            "than fit in memory; divide the recording with --document or --max-gap, or use longer "
            "bins"
        )


def _sum_rows(
    parts: list[_Part],
    chunk: SampleChunk | EventChunk,
    bins: Indices,
    start: int,
    stop: int,
    n_channels: int,
) -> _Part:
    """Sum the rows `start` to `stop` by bins, from the end of the last part on."""
    first = int(bins[start])
    if parts:
        # the last bin may continue in this chunk, or there may be empty bins in between
        first = min(first, parts[-1].end)
    rows = bins[start:stop] - first
    total = np.zeros((int(rows[-1]) + 1, n_channels))
    samples = np.zeros(total.shape, np.int32)
    if isinstance(chunk, EventChunk):
        add_events(rows, chunk.label[start:stop], chunk.count[start:stop], total, samples)
    else:
        add_samples(rows, np.ascontiguousarray(chunk.value[start:stop]), total, samples)
    return _Part(first=first, total=total, samples=samples)


def _merge_last(parts: list[_Part]) -> None:
    """Merge the first bin of the last part with the same bin of the part before it."""
    if len(parts) < 2 or parts[-1].first >= parts[-2].end:
        return
    before, after = parts[-2], parts[-1]
    width = before.total.shape[1]
    after.total[0, :width] += before.total[-1]
    after.samples[0, :width] += before.samples[-1]
    parts[-2] = _Part(first=before.first, total=before.total[:-1], samples=before.samples[:-1])
    if not len(parts[-2].total):
        del parts[-2]


def _make_document(parts: list[_Part], grid: _Grid) -> BinnedSeries:
    """Join the parts of a document: means of samples, sums of events."""
    first, end = parts[0].first, parts[-1].end
    n_channels = parts[-1].total.shape[1]
    value: Floats32 = np.zeros((end - first, n_channels), np.float32)
    samples: Indices32 = np.zeros((end - first, n_channels), np.int32)
    for part in parts:
        rows = slice(part.first - first, part.end - first)
        width = part.total.shape[1]
        samples[rows, :width] = part.samples
        if grid.is_events:
            value[rows, :width] = part.total
        else:
            known = part.samples > 0
            mean = np.full(part.total.shape, np.nan)
            np.divide(part.total, part.samples, out=mean, where=known)
            value[rows] = mean
    bin_start_s = np.arange(first, end, dtype=np.float64) * grid.bin_s
    return BinnedSeries(bin_start_s=bin_start_s, value=value, samples=samples)
