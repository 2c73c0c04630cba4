"""Division of series into documents and time bins, by time stamps, not by row numbers."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from motifmine.errors import DataError, SpecError
from motifmine.features.series.event_ends import spread_events
from motifmine.features.series.holding import FEWEST_UPDATES, HeldChannels, Hold, is_irregular
from motifmine.kernels.binning import EDGE_BINS, add_events, add_samples
from motifmine.records.series import (
    BinnedSeries,
    Chunk,
    EventChunk,
    SampleChunk,
    SeriesReader,
    UpdateChunk,
    select_rows,
)
from motifmine.types import Floats, Floats32, Indices, Indices32

DEFAULT_GAP = 10  # longest gap within a document, in bins or sampling periods
# lengths of bins for values that are sent at any time
CLOCK_STEPS_S = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 180.0),
    *(300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0, 21_600.0, 43_200.0, 86_400.0),
)
MAX_CELLS = 1 << 29  # largest number of bins times channels between two rows: a wrong year
# the same of a document whose length nobody gives: some 500 MB while it becomes a table
DOCUMENT_CELLS = 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """Sums over consecutive bins of a document; the last bin may be incomplete."""

    first: int
    total: Floats
    weight: Floats
    """Number of samples or, of held values, seconds."""

    @property
    def end(self) -> int:
        return self.first + len(self.total)


def bin_series(
    reader: SeriesReader,
    *,
    bin_s: float,
    max_gap_s: float | None = None,
    document_s: float | None = None,
    hold: Hold | HeldChannels = "auto",
) -> Iterator[BinnedSeries]:
    """Yield the documents of a series, each as soon as it is complete.

    Bin k of a recording is `k * bin_s <= time < (k + 1) * bin_s`, the same in every document. The
    first and last bin of a document are not empty. Rows without any value are ignored, so that they
    can form a gap. Channels that are sent on change hold their last value: their bins have the
    mean weighted by time.

    Parameters
    ----------
    max_gap_s : float, seconds, > 0, or None
        A longer interval without samples ends a document; a shorter one gives bins of NaN. None
        uses ten bins, or ten sampling periods if that is longer. For events and series with a
        channel that is sent on change None means no limit, since intervals are normal there.
    document_s : float, seconds, >= bin_s, or None
        Longest document, rounded to bins; measured from the start of the document. None: what
        `DOCUMENT_CELLS` allow, for events any length.
    hold : `auto`, `off`, float, or HeldChannels
        See `motifmine.features.series.holding`; an object says afterwards which channels were held.

    Yields
    ------
    BinnedSeries
        With a column for every label or channel so far; later documents may have more.

    Raises
    ------
    SpecError
        If a duration is not positive, or if a document is shorter than a bin.
    DataError
        If a document of events, or what lies between two rows, would need too much memory.
    """
    if not 0 < bin_s < np.inf:
        raise SpecError(f"bin_s is {bin_s}; a time bin must last more than 0 s")
    if max_gap_s is not None and not max_gap_s > 0:
        raise SpecError(f"max_gap_s is {max_gap_s}; it must be more than 0 s")
    if document_s is not None and not document_s >= bin_s:
        raise SpecError(f"document_s is {document_s}; it must be at least one bin of {bin_s} s")
    most = None if document_s is None else max(1, round(document_s / bin_s))
    held = hold if isinstance(hold, HeldChannels) else HeldChannels(hold, bin_s)
    documents = _Documents(reader, bin_s, most, held)
    last_s = np.nan
    gap_s = max_gap_s
    for chunk in spread_events(reader.chunks(), bin_s):
        if not len(chunk.time_s):
            continue
        documents.held.admit(chunk, len(reader.labels()))
        kept = chunk if documents.held.any else _drop_empty_rows(chunk)
        if not len(kept.time_s):
            continue
        if gap_s is None:
            # silence of a sensor that sends on change is no gap
            gap_s = np.inf if documents.held.any else _default_gap_s(kept, bin_s)
        # times such as 0.3 / 0.1 are just below the edge that they are meant to be at
        bins = np.floor(kept.time_s / bin_s + EDGE_BINS).astype(np.int64)
        for start, stop, is_after_gap in _split_at_gaps(kept.time_s, last_s, gap_s):
            if is_after_gap:
                yield from documents.finish()
            yield from documents.add_rows(kept, bins, start, stop)
        last_s = float(kept.time_s[-1])
    yield from documents.finish()


class _Documents:
    """The document that grows, as sums over its bins."""

    def __init__(
        self, reader: SeriesReader, bin_s: float, most: int | None, held: HeldChannels
    ) -> None:
        self.reader = reader
        self.bin_s = bin_s
        self.most = most
        """Longest document, bins."""
        self.held = held
        self.is_events = reader.header.is_events
        self.parts: list[_Part] = []
        self.begin: int | None = None
        """First bin of the next document, if held values go on into it."""

    def add_rows(
        self, chunk: Chunk, bins: Indices, start: int, stop: int
    ) -> Iterator[BinnedSeries]:
        """Add rows to the document; yield documents that reach the longest duration."""
        while start < stop:
            first = int(bins[start]) if self.begin is None else self.begin
            first = self.parts[0].first if self.parts else first
            end = stop
            before = self.parts[-1].end if self.parts else first
            # new channels may have made the limit shorter than the document already is
            most = self._longest(before - first)
            if most is not None:
                end = start + int(np.searchsorted(bins[start:stop], first + most))
            # one wrong year in a time stamp would make bins for decades
            self._check_size(int(bins[stop - 1]) + 1 - (before if most else first))
            if end > start:
                self._append(chunk, bins, start, end)
            if end < stop and most is not None:
                if self.most is None:
                    self.held.document_s = most * self.bin_s
                self._hold_to_bin(first + most, first)
                goes_on = self.held.is_holding
                yield from self._make()
                self.begin = first + most if goes_on else None
            start = end

    def finish(self) -> Iterator[BinnedSeries]:
        """Yield the document, if there is one; held values end with its last bin."""
        if self.parts:
            self._hold_to_bin(self.parts[-1].end, self.parts[-1].first)
            yield from self._make()
        self.held.forget()
        self.begin = None

    def _longest(self, n_bins: int) -> int | None:
        """Return the longest document, bins, of one that has `n_bins`; None: of any length."""
        if self.most is not None or self.is_events:
            return self.most
        return max(1, n_bins, DOCUMENT_CELLS // max(len(self.reader.labels()), 1))

    def _check_size(self, n_bins: int) -> None:
        n_channels = len(self.reader.labels())
        if n_bins * n_channels > MAX_CELLS:
            raise DataError(
                f"a document would have {n_bins} bins of {self.bin_s:g} s and {n_channels} "
                "channels, more than fit in memory; divide the recording with --document or "
                "--max-gap, or use longer bins"
            )

    def _append(self, chunk: Chunk, bins: Indices, start: int, stop: int) -> None:
        """Sum the rows `start` to `stop` by bins, from the end of the last part on."""
        first = int(bins[start]) if self.begin is None else self.begin
        self.begin = None
        if self.parts:
            # the last bin may go on in this chunk, held values or empty bins may be in between
            first = min(first, self.parts[-1].end - self.held.any)
        rows = bins[start:stop] - first
        total = np.zeros((int(rows[-1]) + 1, len(self.reader.labels())))
        weight = np.zeros(total.shape)
        if isinstance(chunk, EventChunk):
            add_events(rows, chunk.label[start:stop], chunk.count[start:stop], total, weight)
        elif isinstance(chunk, SampleChunk) and not self.held.any:
            add_samples(rows, np.ascontiguousarray(chunk.value[start:stop]), total, weight)
        else:
            self.held.add(self.held.list_updates(chunk, start, stop), first, total, weight)
            self.held.hold_to(float(chunk.time_s[stop - 1]), first, total, weight)
        self.parts.append(_Part(first=first, total=total, weight=weight))
        _merge_last(self.parts)

    def _hold_to_bin(self, end: int, first: int) -> None:
        """Hold values up to the beginning of bin `end`; without parts from bin `first` on."""
        if not self.held.is_holding:
            return
        begin = self.parts[-1].end - 1 if self.parts else first
        if end <= begin:
            return
        total = np.zeros((end - begin, len(self.held.held)))
        weight = np.zeros(total.shape)
        self.held.hold_to(end * self.bin_s, begin, total, weight)
        self.parts.append(_Part(first=begin, total=total, weight=weight))
        _merge_last(self.parts)

    def _make(self) -> Iterator[BinnedSeries]:
        """Yield the parts of a document as one: means of samples, sums of events."""
        if not self.parts:
            return
        names = self.reader.labels()
        held = np.concatenate([self.held.held, np.zeros(len(names) - len(self.held.held), bool)])
        part = _join_parts(self.parts, held, is_events=self.is_events, bin_s=self.bin_s)
        self.parts = []
        if part is not None:
            yield replace(part, channels=names[: part.value.shape[1]])


def measure_period_s(chunk: Chunk) -> float:
    """Return the median time between samples, seconds; NaN if there are fewer than two.

    Of values of single channels it is the shortest that a sampled channel has or, if all channels
    are sent on change, the usual one of those with numbers.
    """
    if isinstance(chunk, UpdateChunk):
        return _measure_senders(chunk)
    steps = np.diff(chunk.time_s)
    # remove rounding errors of differences such as 0.3 - 0.2
    return float(f"{np.median(steps):.9g}") if len(steps) else float("nan")


def _measure_senders(chunk: UpdateChunk) -> float:
    order, starts = chunk.group()
    time_s, value, cuts = chunk.time_s[order], chunk.value[order], starts[1:]
    sampled: list[float] = []
    numbers: list[float] = []
    states: list[float] = []
    for times, values in zip(np.split(time_s, cuts), np.split(value, cuts), strict=True):
        steps = np.diff(times)
        steps = steps[steps > 0]
        if not len(steps):
            continue
        period_s = float(np.median(steps))
        if not is_irregular(times) and len(steps) >= FEWEST_UPDATES:
            sampled.append(period_s)
        is_state = np.isin(values[~np.isnan(values)], (0.0, 1.0)).all()
        (states if is_state else numbers).append(period_s)
    if sampled:
        return float(f"{min(sampled):.9g}")
    # a state is short or long as it happens; what numbers take to change is how things go on
    found = numbers or states
    return round_up_time(float(np.median(found))) if found else float("nan")


def find_onsets(chunk: UpdateChunk) -> EventChunk | None:
    """Return when states begin, as events; None if not all channels are states, or none begins."""
    order, starts = chunk.group()
    time_s, value = chunk.time_s[order], chunk.value[order]
    known = value[~np.isnan(value)]
    if not len(known) or not np.isin(known, (0.0, 1.0)).all():
        return None
    sent = [times for times in np.split(time_s, starts[1:]) if len(times) >= FEWEST_UPDATES]
    if not all(is_irregular(times) for times in sent):
        return None
    is_first = np.zeros(len(value), bool)
    is_first[starts] = True
    begins = (value == 1) & (is_first | (np.roll(value, 1) != 1))
    if not begins.any():
        return None
    # of all channels, in order of time
    rows = np.sort(order[begins])
    return EventChunk(
        time_s=chunk.time_s[rows], label=chunk.channel[rows], count=np.ones(len(rows))
    )


def round_up_time(seconds: float) -> float:
    """Return the next of the usual steps of a clock, with a tolerance of 5 %."""
    return next((step for step in CLOCK_STEPS_S if step >= 0.95 * seconds), CLOCK_STEPS_S[-1])


def _drop_empty_rows(chunk: Chunk) -> Chunk:
    """Remove the rows of a chunk that have no value."""
    if not isinstance(chunk, SampleChunk):
        return chunk
    if not np.isnan(chunk.value[:, 0]).any():
        return chunk
    return select_rows(chunk, np.flatnonzero(~np.isnan(chunk.value).all(axis=1)))


def _default_gap_s(chunk: Chunk, bin_s: float) -> float:
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


def _merge_last(parts: list[_Part]) -> None:
    """Merge the first bin of the last part with the same bin of the part before it."""
    if len(parts) < 2 or parts[-1].first >= parts[-2].end:
        return
    before, after = parts[-2], parts[-1]
    width = before.total.shape[1]
    after.total[0, :width] += before.total[-1]
    after.weight[0, :width] += before.weight[-1]
    parts[-2] = _Part(first=before.first, total=before.total[:-1], weight=before.weight[:-1])
    if not len(parts[-2].total):
        del parts[-2]


def _join_parts(
    parts: list[_Part], held: NDArray[np.bool_], *, is_events: bool, bin_s: float
) -> BinnedSeries | None:
    """Join the parts of a document; None if no bin has a value."""
    first, end = parts[0].first, parts[-1].end
    n_channels = parts[-1].total.shape[1]
    value: Floats32 = np.zeros((end - first, n_channels), np.float32)
    if not is_events:
        value.fill(np.nan)
    samples: Indices32 = np.zeros((end - first, n_channels), np.int32)
    for part in parts:
        rows = slice(part.first - first, part.end - first)
        width = part.total.shape[1]
        samples[rows, :width] = np.where(held[:width], part.weight > 0, part.weight)
        if is_events:
            value[rows, :width] = part.total
        else:
            mean = np.full(part.total.shape, np.nan)
            np.divide(part.total, part.weight, out=mean, where=part.weight > 0)
            value[rows, :width] = mean
    full = np.flatnonzero(samples.any(axis=1))
    if not len(full):
        return None
    kept = slice(int(full[0]), int(full[-1]) + 1)
    bin_start_s = np.arange(first, end, dtype=np.float64)[kept] * bin_s
    return BinnedSeries(bin_start_s=bin_start_s, value=value[kept], samples=samples[kept])
