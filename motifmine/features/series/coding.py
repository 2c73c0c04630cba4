"""Values of channels become words: a coding is learned once and then the same for all recordings.

Missing values give no words. `count` below is what a time bin adds to a word.

counts     one word per channel, count = (value - zero) / unit where that is positive. Zero is 0 and
           the unit 1, but for levels in dB: there they are the channel's median and 3 dB.
rectified  two words per channel, above and below its mean, count = 2 |value - mean| / deviation.
levels     one word per channel and level, count = 1.
changes    two words per channel, rises and falls since the bin before, count = 2 |change| / typical
           change (root mean square).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from motifmine.errors import DataError, SpecError
from motifmine.features.series.levels import Method, level_edges
from motifmine.features.series.sample import SeriesSample
from motifmine.records.series import BinnedSeries
from motifmine.records.vocabulary import Channels, Vocabulary
from motifmine.types import Floats, Floats32, Indices

Words = Literal["auto", "counts", "rectified", "levels", "changes", "events"]

PER_DEVIATION = 2.0
"""Observations that one standard deviation is worth."""
MOST_DEVIATIONS = 8.0
"""A value further out counts as if it were here: one spike must not outweigh an hour."""
LEAST_COUNT = 0.1
"""Smaller counts are left out."""
DB_PER_COUNT = 3.0
LEAST_SPREAD = 1e-9
"""Spread, in units of the channel's largest value, below which a channel is constant."""
FEW_VALUES = 5
"""A channel with no more distinct values is a state, not a measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodingSpec:
    """How the values of channels become words."""

    words: Words = "auto"
    n_levels: int = 5
    """Levels of a channel for `levels`, > 1."""
    level_method: Method = "quantile"
    """`quantile` or `mixture`, see `motifmine.features.series.levels`."""

    def __post_init__(self) -> None:
        if self.words not in get_args(Words):
            raise SpecError(f"words is {self.words!r}; it must be one of {get_args(Words)}")
        if self.level_method not in get_args(Method):
            raise SpecError(f"level_method is {self.level_method!r}; quantile or mixture")
        if not 2 <= self.n_levels <= 100:
            raise SpecError(f"n_levels is {self.n_levels}; a channel has 2 to 100 levels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The words that were chosen, and why, in words for people."""

    words: Words
    reason: str


def choose_words(sample: SeriesSample, units: Sequence[str]) -> Choice:
    """Return the words that suit the values of a series.

    Parameters
    ----------
    sample : SeriesSample
    units : sequence of str
        Of every channel, "" if unknown.
    """
    if units and all(unit == "dB" for unit in units):
        return Choice(words="counts", reason="sound: what stands above a band's usual level")
    known = [column[np.isfinite(column)] for column in sample.value.T]
    known = [column for column in known if len(column)]
    if known and all(len(np.unique(column)) <= FEW_VALUES for column in known):
        return Choice(words="levels", reason=f"no channel has more than {FEW_VALUES} values")
    if known and all(_is_count(column) for column in known):
        return Choice(words="counts", reason="whole numbers from 0 on, many of them 0")
    return Choice(words="rectified", reason="measurements: above and below each channel's mean")


def _is_count(column: Floats32) -> bool:
    """Return whether values look like counts of something that is not always there."""
    whole = column == np.round(column)
    return bool(column.min() >= 0 and whole.all() and np.mean(column == 0) >= 0.25)


def learn_coding(
    sample: SeriesSample,
    *,
    channels: Sequence[str],
    units: Sequence[str],
    spec: CodingSpec,
) -> Vocabulary:
    """Return the vocabulary of a series, which holds the coding.

    Parameters
    ----------
    sample : SeriesSample
        Drawn from all recordings.
    channels, units : sequences of str
    spec : CodingSpec
        `auto` is decided by the values.

    Raises
    ------
    DataError
        When no channel holds a value, or one with counts has a negative one.
    """
    words = choose_words(sample, units).words if spec.words == "auto" else spec.words
    if not np.isfinite(sample.value).any():
        raise DataError("no channel holds a value; nothing can be learned from it")
    if words == "counts":
        coding, per_channel = _count_coding(sample, channels, units), 1
    elif words == "rectified":
        coding, per_channel = _mean_and_spread(sample.value), 2
    elif words == "changes":
        coding, per_channel = _spread_of_changes(sample.change), 2
    elif words == "levels":
        coding, per_channel = _levels(sample.value, spec), spec.n_levels
    else:
        raise SpecError(f"words is {words!r}, which samples of channels do not have")
    layout = Channels(
        channels=tuple(channels),
        units=tuple(units),
        words=words,
        per_channel=per_channel,
        coding=coding,
    )
    return Vocabulary(labels=word_labels(layout), layout=layout)


def _count_coding(sample: SeriesSample, channels: Sequence[str], units: Sequence[str]) -> Floats:
    """Return zero and unit of every channel, (channel, 2)."""
    coding = np.tile([0.0, 1.0], (len(channels), 1))
    for index, (name, unit) in enumerate(zip(channels, units, strict=True)):
        known = sample.value[:, index]
        known = known[np.isfinite(known)]
        if unit == "dB" and len(known):
            coding[index] = float(np.median(known)), DB_PER_COUNT
        elif len(known) and known.min() < 0:
            raise DataError(
                f"channel {name!r} holds {known.min():g}, and a count cannot be negative; "
                "choose other words: --words rectified"
            )
    return coding


def _mean_and_spread(value: Floats32) -> Floats:
    """Return mean and standard deviation of every channel, (channel, 2); spread inf if constant."""
    known = np.isfinite(value)
    n = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, value, 0.0).astype(np.float64)
    mean = filled.sum(axis=0) / n
    squares = (np.where(known, filled - mean, 0.0) ** 2).sum(axis=0)
    return np.stack([mean, _useful(np.sqrt(squares / n), np.abs(filled).max(axis=0))], axis=1)


def _spread_of_changes(change: Floats32) -> Floats:
    """Return the root mean square of the changes of every channel, (channel, 1)."""
    known = np.isfinite(change)
    filled = np.where(known, change, 0.0).astype(np.float64)
    square = (filled**2).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return _useful(np.sqrt(square), np.abs(filled).max(axis=0, initial=0.0))[:, None]


def _useful(spread: Floats, largest: Floats) -> Floats:
    """Return spreads, infinite where a channel is constant but for rounding: it gives no words."""
    return np.where(spread > LEAST_SPREAD * largest, spread, np.inf)


def _levels(value: Floats32, spec: CodingSpec) -> Floats:
    """Return the edges between the levels of every channel, (channel, level - 1)."""
    edges = np.full((value.shape[1], spec.n_levels - 1), np.inf)
    for channel, column in enumerate(value.T):
        known = column[np.isfinite(column)].astype(np.float64)
        if len(known):
            edges[channel] = level_edges(known, spec.n_levels, spec.level_method)
    return edges


def word_labels(layout: Channels) -> tuple[str, ...]:
    """Return what every word means: the channel, and the range of its values with the unit."""
    labels: list[str] = []
    rows = zip(layout.channels, layout.units, layout.coding, strict=True)
    for channel, unit, coding in rows:
        end = f" {unit}" if unit else ""
        if layout.words == "counts":
            above = f" above {_number(coding[0])}{end}" if coding[0] else f" ({unit})" * bool(unit)
            labels.append(f"{channel}{above}")
        elif layout.words == "rectified":
            mean = f"{_number(coding[0])}{end}"
            labels += [f"{channel} above {mean}", f"{channel} below {mean}"]
        elif layout.words == "changes":
            labels += [f"{channel} rises", f"{channel} falls"]
        else:
            labels += [f"{channel} {_range(coding, k)}{end}" for k in range(layout.per_channel)]
    return tuple(labels)


def _range(edges: Floats, level: int) -> str:
    """Return the values of a level: `< 3`, `3..5`, `>= 5`."""
    low = edges[level - 1] if level else -np.inf
    high = edges[level] if level < len(edges) else np.inf
    if not np.isfinite(low):
        return f"< {_number(high)}" if level == 0 and np.isfinite(high) else f"level {level + 1}"
    return f"{_number(low)}..{_number(high)}" if np.isfinite(high) else f">= {_number(low)}"


def _number(value: float) -> str:
    return f"{value:.4g}"


def encode_series(series: BinnedSeries, layout: Channels) -> tuple[Indices, Indices, Floats]:
    """Return the words of a document as rows: time bin, word and count, arrays (n,).

    Parameters
    ----------
    series : BinnedSeries
        With the channels of `layout`, in its order.
    layout : Channels
    """
    value = np.asarray(series.value, dtype=np.float64)
    if layout.words == "levels":
        return _level_rows(value, layout)
    if layout.words == "counts":
        zero, unit = layout.coding.T
        count = ((value - zero) / unit)[:, :, None]
    else:
        if layout.words == "rectified":
            mean, spread = layout.coding.T
            deviation = (value - mean) / spread
        else:
            deviation = np.diff(value, axis=0, prepend=np.nan) / layout.coding[:, 0]
        bounded = PER_DEVIATION * np.clip(deviation, -MOST_DEVIATIONS, MOST_DEVIATIONS)
        count = np.stack([bounded, -bounded], axis=2)
    # NaN compares false: what is missing gives no word
    time, channel, step = np.nonzero(count >= LEAST_COUNT)
    word = channel * layout.per_channel + step
    return time, word, count[time, channel, step]


def _level_rows(value: Floats, layout: Channels) -> tuple[Indices, Indices, Floats]:
    time, channel = np.nonzero(np.isfinite(value))
    level = np.zeros(len(time), dtype=np.int64)
    for index, edges in enumerate(layout.coding):
        mine = channel == index
        level[mine] = np.searchsorted(edges, value[time[mine], index], side="right")
    return time, channel * layout.per_channel + level, np.ones(len(time))
