"""Uniform sample of the time bins of all recordings, in bounded memory, for learning a coding.

Every bin gets a random key, and the bins with the lowest keys are kept. So samples of several
recordings can be merged into a uniform sample of all of them, independent of length and order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from motifmine.records.series import BinnedSeries
from motifmine.seeding import generator
from motifmine.types import Floats, Floats32

MAX_CELLS = 1 << 22  # size of a sample, bins times channels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesSample:
    """Sampled bins of a series, with the change from the previous bin."""

    key: Floats
    """Random keys, ascending, float64 array (n,)."""
    value: Floats32
    """float32 array (n, channel), NaN where a value is missing."""
    change: Floats32
    """Value minus that of the previous bin, NaN at the beginning of a document."""
    n_bins: int
    """Number of bins that were sampled from."""

    def widen(self, n_channels: int) -> "SeriesSample":
        """Return this sample, with channels without values at the end."""
        more = np.full((len(self.key), n_channels - self.value.shape[1]), np.nan, np.float32)
        return replace(
            self,
            value=np.concatenate([self.value, more], axis=1),
            change=np.concatenate([self.change, more], axis=1),
        )

    def select(self, order: Sequence[int]) -> "SeriesSample":
        """Return the channels `order`; -1 is a channel without values."""
        wide = self.widen(self.value.shape[1] + 1)
        columns = list(order)
        return replace(wide, value=wide.value[:, columns], change=wide.change[:, columns])


def sample_series(series: Iterable[BinnedSeries], *, seed: int, stream: int) -> SeriesSample:
    """Sample bins from the documents of one recording.

    Later documents may have more channels. `stream` is the index of the recording among all
    sources.
    """
    rng = generator(seed, stream)
    kept = _make_empty(0)
    for part in series:
        value = np.asarray(part.value, dtype=np.float32)
        key = rng.random(len(value))
        # of a long recording few bins are still kept: the others are not copied
        most = max(1, MAX_CELLS // max(value.shape[1], 1))
        last = kept.key[most - 1] if len(kept.key) >= most else np.inf
        rows = np.flatnonzero(key < last)
        change = value[rows] - value[np.maximum(rows - 1, 0)]
        change[rows == 0] = np.nan
        found = SeriesSample(key=key[rows], value=value[rows], change=change, n_bins=len(value))
        kept = merge_samples([kept, found])
    return kept


def merge_samples(samples: Sequence[SeriesSample]) -> SeriesSample:
    """Merge samples into a uniform sample of all recordings."""
    key = np.concatenate([sample.key for sample in samples])
    n_channels = max(sample.value.shape[1] for sample in samples)
    samples = [sample.widen(n_channels) for sample in samples]
    value = np.concatenate([sample.value for sample in samples])
    most = max(1, MAX_CELLS // max(value.shape[1], 1))
    order = np.argsort(key, kind="stable")[:most]
    return SeriesSample(
        key=key[order],
        value=value[order],
        change=np.concatenate([sample.change for sample in samples])[order],
        n_bins=sum(sample.n_bins for sample in samples),
    )


def _make_empty(n_channels: int) -> SeriesSample:
    empty = np.zeros((0, n_channels), dtype=np.float32)
    return SeriesSample(key=np.zeros(0), value=empty, change=empty, n_bins=0)
