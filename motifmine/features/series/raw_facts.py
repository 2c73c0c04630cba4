"""What the samples of a series are like before they are averaged: the ground to choose words on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from motifmine.records.series import (
    Chunk,
    EventChunk,
    SampleChunk,
    SeriesReader,
    UpdateChunk,
    WrappingReader,
)
from motifmine.types import Floats

FIELDS = ("n", "n_zero", "n_fraction", "n_repeated", "low", "high")
LEAST_ZEROS = 0.25  # share of zeros from which whole numbers are counts
STUCK_SHARE = 0.9  # share of equal samples in a row from which a channel of measurements is stuck


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawFacts:
    """Facts on every channel, float64 arrays (channel,)."""

    n: Floats
    """Samples."""
    n_zero: Floats
    n_fraction: Floats
    """Samples that are no whole numbers."""
    n_repeated: Floats
    """Samples equal to the one before."""
    low: Floats
    high: Floats

    @classmethod
    def empty(cls, n_channels: int) -> "RawFacts":
        """Return the facts of no samples."""
        zeros = np.zeros(n_channels)
        return cls(
            n=zeros,
            n_zero=zeros,
            n_fraction=zeros,
            n_repeated=zeros,
            low=np.full(n_channels, np.inf),
            high=np.full(n_channels, -np.inf),
        )

    def widen(self, n_channels: int) -> "RawFacts":
        """Return these facts, with channels without samples at the end."""
        more = RawFacts.empty(n_channels - len(self.n))
        names = FIELDS if n_channels > len(self.n) else ()
        return replace(
            self, **{f: np.concatenate([getattr(self, f), getattr(more, f)]) for f in names}
        )

    def select(self, order: list[int]) -> "RawFacts":
        """Return the facts of the channels `order`; -1 is a channel without samples."""
        wide = self.widen(len(self.n) + 1)
        return RawFacts(**{name: getattr(wide, name)[order] for name in FIELDS})

    def join(self, other: "RawFacts") -> "RawFacts":
        """Return the facts of both samples, of as many channels."""
        return RawFacts(
            n=self.n + other.n,
            n_zero=self.n_zero + other.n_zero,
            n_fraction=self.n_fraction + other.n_fraction,
            n_repeated=self.n_repeated + other.n_repeated,
            low=np.minimum(self.low, other.low),
            high=np.maximum(self.high, other.high),
        )

    @property
    def is_state(self) -> NDArray[np.bool_]:
        """Whether a channel has the values 0 and 1 only."""
        found: NDArray[np.bool_] = (self.n_fraction == 0) & (self.low == 0) & (self.high == 1)
        return found

    @property
    def is_count(self) -> NDArray[np.bool_]:
        """Whether a channel has whole numbers, none negative and a quarter of them 0."""
        found: NDArray[np.bool_] = (self.n_fraction == 0) & (self.low >= 0) & (self.n > 0)
        # whole numbers without zeros are most often rounded measurements
        found &= self.n_zero >= LEAST_ZEROS * self.n
        return found


def measure_rows(value: Floats) -> RawFacts:
    """Return the facts of samples, float array (n, channel); NaN is no sample."""
    known = ~np.isnan(value)
    with np.errstate(invalid="ignore"):
        # infinities are whole, and warn in round
        fraction = known & (value != np.round(value))
    return RawFacts(
        n=known.sum(axis=0).astype(np.float64),
        n_zero=(value == 0).sum(axis=0).astype(np.float64),
        n_fraction=fraction.sum(axis=0).astype(np.float64),
        n_repeated=(value[1:] == value[:-1]).sum(axis=0).astype(np.float64),
        low=np.where(known, value, np.inf).min(axis=0, initial=np.inf),
        high=np.where(known, value, -np.inf).max(axis=0, initial=-np.inf),
    )


def _measure_updates(chunk: UpdateChunk, n_channels: int) -> RawFacts:
    """Return the facts of values of single channels, of `n_channels` channels."""
    found = RawFacts.empty(n_channels)
    if not len(chunk.value):
        return found
    order, starts = chunk.group()
    value, channel = chunk.value[order], chunk.channel[order]
    mine = channel[starts]
    is_repeated = np.append(False, (value[1:] == value[:-1]) & (channel[1:] == channel[:-1]))
    counts = {
        "n": ~np.isnan(value),
        "n_zero": value == 0,
        "n_fraction": ~np.isnan(value) & (value != np.round(value)),
        "n_repeated": is_repeated,
    }
    sums = {name: np.add.reduceat(flag.astype(np.float64), starts) for name, flag in counts.items()}
    low, high = np.fmin.reduceat(value, starts), np.fmax.reduceat(value, starts)
    # NaN of a channel whose values are all missing
    sums |= {"low": np.where(np.isnan(low), np.inf, low)}
    sums |= {"high": np.where(np.isnan(high), -np.inf, high)}
    columns = {name: getattr(found, name).copy() for name in FIELDS}
    for name in FIELDS:
        columns[name][mine] = sums[name]
    return RawFacts(**columns)


class FactsReader(WrappingReader):
    """A reader that gathers facts on what passes."""

    def __init__(self, reader: SeriesReader) -> None:
        super().__init__(reader)
        self.facts = RawFacts.empty(0)
        self.last_s = float("nan")
        """Time of the last row, seconds."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield the chunks as they are."""
        for chunk in self.reader.chunks():
            self._note(chunk)
            yield chunk

    def _note(self, chunk: Chunk) -> None:
        n_channels = len(self.reader.labels())
        if len(chunk.time_s):
            self.last_s = float(chunk.time_s[-1])
        if isinstance(chunk, EventChunk):
            return
        if isinstance(chunk, SampleChunk):
            found = measure_rows(chunk.value).widen(n_channels)
        else:
            found = _measure_updates(chunk, n_channels)
        self.facts = self.facts.widen(n_channels).join(found)


def describe_facts(channels: tuple[str, ...], facts: RawFacts, *, on_change: bool) -> list[str]:
    """Return notes on channels that are dead or stuck."""
    is_dead = (facts.n > 1) & (facts.low == facts.high)
    is_empty = facts.n == 0
    is_stuck = ~is_dead & ~facts.is_state & ~facts.is_count & (facts.n > 1)
    is_stuck &= facts.n_repeated >= STUCK_SHARE * facts.n
    groups = [
        ("without any value", is_empty),
        ("constant, hence without words", is_dead),
        ("stuck: the same value for most of the time", is_stuck & (not on_change)),
    ]
    return [
        f"channels {what}: {', '.join(channels[i] for i in np.flatnonzero(which)[:5])}"
        + (f" and {int(which.sum()) - 5} more" if which.sum() > 5 else "")
        for what, which in groups
        if which.any()
    ]
