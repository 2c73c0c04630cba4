"""What a coding is learned from: a fair draw of the time bins of all recordings, in bounded memory.

Every bin gets a random key, and the bins with the lowest keys stay. The lowest keys of several
recordings together are a fair draw of all their bins, whatever their lengths and order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from motifmine.records.series import BinnedSeries
from motifmine.seeding import generator
from motifmine.types import Floats, Floats32

MOST_CELLS = 1 << 22
"""Values that are kept: bins times channels."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesSample:
    """Bins drawn from a series, with the change that led to each."""

    key: Floats
    """Random keys, ascending, float64 array (n,)."""
    value: Floats32
    """float32 array (n, channel), NaN where a value is missing."""
    change: Floats32
    """Value less that of the bin before, NaN at the beginning of a document."""
    n_bins: int
    """Bins that they were drawn from."""


def sample_series(
    series: Iterable[BinnedSeries], *, n_channels: int, seed: int, stream: int
) -> SeriesSample:
    """Return bins drawn from the documents of one recording.

    Parameters
    ----------
    series : iterable of BinnedSeries
    n_channels : int
    seed, stream : int
        `stream` is the position of the recording in the plan.
    """
    rng = generator(seed, stream)
    kept = _none(n_channels)
    for part in series:
        value = np.asarray(part.value, dtype=np.float32)
        change = np.diff(value, axis=0, prepend=np.full((1, value.shape[1]), np.nan, np.float32))
        key = rng.random(len(value))
        kept = merged([kept, SeriesSample(key=key, value=value, change=change, n_bins=len(value))])
    return kept


def merged(samples: Sequence[SeriesSample]) -> SeriesSample:
    """Return the fair draw of all that `samples` were drawn from."""
    key = np.concatenate([sample.key for sample in samples])
    value = np.concatenate([sample.value for sample in samples])
    most = max(1, MOST_CELLS // max(value.shape[1], 1))
    order = np.argsort(key, kind="stable")[:most]
    return SeriesSample(
        key=key[order],
        value=value[order],
        change=np.concatenate([sample.change for sample in samples])[order],
        n_bins=sum(sample.n_bins for sample in samples),
    )


def _none(n_channels: int) -> SeriesSample:
    empty = np.zeros((0, n_channels), dtype=np.float32)
    return SeriesSample(key=np.zeros(0), value=empty, change=empty, n_bins=0)
