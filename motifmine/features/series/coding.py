"""Coding of channel values as words, learned once and then used for all recordings.

Missing values give no words. `count` is what a time bin adds to a word:

counts     one word per channel, count = (value - zero) / unit if that is positive. Zero is 0 and
           unit is 1, except for levels in dB: there they are the median of the channel and 3 dB.
rectified  two words per channel, above and below its mean, count = 2 |value - mean| / deviation.
levels     one word per channel and level, count = 1.
mixed      channels of different kinds, see `motifmine.features.series.mixed`.
changes    two words per channel, increase and decrease since the previous bin,
           count = 2 |change| / root mean square change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from motifmine.errors import DataError, SpecError
from motifmine.features.series import mixed
from motifmine.features.series.raw_facts import RawFacts, measure_rows
from motifmine.features.series.sample import SeriesSample
from motifmine.features.series.steps import find_steps
from motifmine.features.series.trends import Trends, find_trend_bins, remove_trend
from motifmine.features.series.word_choice import Words, choose_kinds, choose_words
from motifmine.records.series import BinnedSeries
from motifmine.records.vocabulary import Channels, Vocabulary
from motifmine.types import Floats, Floats32, Indices

PER_DEVIATION = 2.0  # observations per standard deviation
MAX_DEVIATIONS = 8.0  # larger deviations are clipped, so that a single spike does not dominate
BLOCK_CELLS = 1 << 16  # bins times channels that are coded at once
LEAST_COUNT = 0.1  # smaller counts are set to 0
DB_PER_COUNT = 3.0
# spread, in units of the channel's largest value, below which a channel is constant
LEAST_SPREAD = 1e-9
# a channel is at rest if this share of its values is within this part of its standard deviation
# around the median; of a normal distribution 8 % are
REST_WITHIN, REST_SHARE = 0.1, 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class CodingSpec:
    """How values of channels are coded as words."""

    words: Words = "auto"
    n_levels: int = 5
    """Number of levels of a channel for `levels`, > 1."""

    def __post_init__(self) -> None:
        if self.words not in get_args(Words):
            raise SpecError(f"words is {self.words!r}; it must be one of {get_args(Words)}")
        if not 2 <= self.n_levels <= 100:
            raise SpecError(f"n_levels is {self.n_levels}; a channel has 2 to 100 levels")


def learn_coding(
    sample: SeriesSample,
    *,
    channels: Sequence[str],
    units: Sequence[str],
    spec: CodingSpec,
    facts: RawFacts | None = None,
    trends: Trends | None = None,
    on_change: bool = False,
) -> Vocabulary:
    """Learn the coding of a series and return its vocabulary.

    Parameters
    ----------
    sample : SeriesSample
        Bins of all recordings.
    channels, units : sequences of str
        Name and unit of every channel.
    spec : CodingSpec
        `auto` is resolved by `choose_words`.
    facts : RawFacts or None
        On the samples before they were averaged; None: on the bins.
    trends : Trends or None
        Trends to take out of measurements.
    on_change : bool
        See `choose_words`.

    Raises
    ------
    DataError
        If no channel has values, or if a channel of counts has negative values.
    """
    words = spec.words
    if words == "auto":
        words = choose_words(sample, units, facts, on_change=on_change).words
    if not np.isfinite(sample.value).any():
        raise DataError("no channel has values; no words can be learned")
    if words == "counts":
        coding, per_channel = _learn_counts(sample, channels, units), 1
    elif words == "rectified":
        coding, per_channel = _learn_rectified(sample.value), 2
    elif words == "mixed":
        facts = facts or measure_rows(sample.value.astype(np.float64))
        kinds = choose_kinds(facts, sample if on_change else None)
        coding = _learn_mixed(sample, channels, kinds)
        per_channel = mixed.PER_CHANNEL
    elif words == "changes":
        coding, per_channel = _learn_changes(sample.change), 2
    elif words == "levels":
        coding, per_channel = _learn_levels(sample.value, spec), spec.n_levels
    else:
        raise SpecError(f"words is {words!r}, which is not for samples of channels")
    if trends is not None and words in ("rectified", "mixed"):
        coding = _add_trends(coding, trends)
    layout = Channels(
        channels=tuple(channels),
        units=tuple(units),
        words=words,
        per_channel=per_channel,
        coding=coding,
    )
    return Vocabulary(labels=make_word_labels(layout), layout=layout)


def _learn_counts(sample: SeriesSample, channels: Sequence[str], units: Sequence[str]) -> Floats:
    """Return zero and unit of every channel, (channel, 2)."""
    coding = np.tile([0.0, 1.0], (len(channels), 1))
    for index, (name, unit) in enumerate(zip(channels, units, strict=True)):
        known = sample.value[:, index]
        known = known[np.isfinite(known)]
        if unit == "dB" and len(known):
            coding[index] = float(np.median(known)), DB_PER_COUNT
        # silently clipped, half of the values would give no words
        elif len(known) and known.min() < 0:
            raise DataError(
                f"channel {name!r} has the value {known.min():g}, but counts cannot be negative; "
                "use other words, such as --words rectified"
            )
    return coding


def _learn_mixed(sample: SeriesSample, channels: Sequence[str], kinds: Indices) -> Floats:
    """Return kind and two numbers of every channel, (channel, 3), or (channel, 5) with steps."""
    value = sample.value
    has_steps = np.any(kinds == mixed.STEPS)
    coding = np.zeros((len(kinds), 1 + max(mixed.EDGES) if has_steps else 3))
    coding[:, 0], coding[:, 1:3] = kinds, _learn_rectified(value)
    states = mixed.learn_states(value, channels, kinds.astype(np.float64))
    for channel, kind in enumerate(kinds.tolist()):
        if kind == mixed.COUNTS:
            coding[channel, 1:3] = 0.0, mixed.scale_counts(value[:, channel])
        elif kind == mixed.STATE:
            coding[channel, 1:3] = states[channel]
        elif kind == mixed.STEPS:
            coding[channel, mixed.EDGES] = find_steps(value[:, channel], sample.change[:, channel])
    return coding


def _add_trends(coding: Floats, trends: Trends) -> Floats:
    """Return the coding with the windows of trends as a further column, if there are any."""
    # a channel without spread, or of another kind, has no trend
    is_mixed = coding.shape[1] > 2
    is_kind = coding[:, 0] == mixed.RECTIFIED if is_mixed else np.ones(len(coding), bool)
    centre, spread = (1, 2) if is_mixed else (0, 1)
    mine = (trends.windows != 0) & is_kind & np.isfinite(coding[:, spread])
    if not mine.any():
        return coding
    coding[mine, centre], coding[mine, spread] = 0.0, trends.spread[mine]
    windows = np.where(mine, trends.windows, 0.0)[:, None]
    before = spread + 1
    return np.concatenate([coding[:, :before], windows, coding[:, before + 1 :]], axis=1)


def _find_centres(value: Floats32, mean: Floats, spread: Floats) -> Floats:
    """Return the mean of every channel, or the value at which it is at rest, (channel,).

    A plug that is off most of the time is then neither above nor below; around the mean it would
    be a little below all the time.
    """
    centre = mean.copy()
    for channel, column in enumerate(value.T):
        known = column[np.isfinite(column)].astype(np.float64)
        if len(known):
            rest = float(np.median(known))
            if np.mean(np.abs(known - rest) <= REST_WITHIN * spread[channel]) >= REST_SHARE:
                centre[channel] = rest
    return centre


def _learn_rectified(value: Floats32) -> Floats:
    """Return centre and standard deviation of every channel, (channel, 2); inf if constant."""
    known = np.isfinite(value)
    n = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, value, 0.0).astype(np.float64)
    mean = filled.sum(axis=0) / n
    # in two passes: the difference of two large sums would cancel
    squares = (np.where(known, filled - mean, 0.0) ** 2).sum(axis=0)
    spread = np.sqrt(squares / n)
    centre = _find_centres(value, mean, spread)
    largest = np.abs(filled).max(axis=0, initial=0.0)
    return np.stack([centre, _mask_constant(spread, largest)], axis=1)


def _learn_changes(change: Floats32) -> Floats:
    """Return the root mean square of the changes of every channel, (channel, 1)."""
    known = np.isfinite(change)
    filled = np.where(known, change, 0.0).astype(np.float64)
    square = (filled**2).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return _mask_constant(np.sqrt(square), np.abs(filled).max(axis=0, initial=0.0))[:, None]


def _mask_constant(spread: Floats, largest: Floats) -> Floats:
    """Set the spread of channels that are constant up to rounding to inf: they give no words."""
    # division by inf is 0 without a special case in the encoder
    return np.where(spread > LEAST_SPREAD * largest, spread, np.inf)


def _learn_levels(value: Floats32, spec: CodingSpec) -> Floats:
    """Return the edges between the levels of every channel, (channel, level - 1)."""
    # channels without values stay in the lowest level
    edges = np.full((value.shape[1], spec.n_levels - 1), np.inf)
    for channel, column in enumerate(value.T):
        known = column[np.isfinite(column)].astype(np.float64)
        if len(known):
            edges[channel] = find_level_edges(known, spec.n_levels)
    return edges


def make_word_labels(layout: Channels) -> tuple[str, ...]:
    """Return the label of every word: the channel, and the range of its values with the unit."""
    if layout.words == "mixed":
        return tuple(mixed.label_mixed(layout))
    labels: list[str] = []
    rows = zip(layout.channels, layout.units, layout.coding, find_trend_bins(layout), strict=True)
    for channel, unit, coding, window in rows:
        end = f" {unit}" if unit else ""
        if layout.words == "counts":
            above = (
                f" above {_format_number(coding[0])}{end}"
                if coding[0]
                else f" ({unit})" * bool(unit)
            )
            labels.append(f"{channel}{above}")
        elif layout.words == "rectified":
            mean = "its trend" if window else f"{_format_number(coding[0])}{end}"
            labels += [f"{channel} above {mean}", f"{channel} below {mean}"]
        elif layout.words == "changes":
            labels += [f"{channel} rises", f"{channel} falls"]
        else:
            labels += [
                f"{channel} {_format_range(coding, k)}{end}" for k in range(layout.per_channel)
            ]
    return tuple(labels)


def _format_range(edges: Floats, level: int) -> str:
    """Format the range of a level: `< 3`, `3..5`, `>= 5`."""
    low = edges[level - 1] if level else -np.inf
    high = edges[level] if level < len(edges) else np.inf
    if not np.isfinite(low):
        return (
            f"< {_format_number(high)}"
            if level == 0 and np.isfinite(high)
            else f"level {level + 1}"
        )
    return (
        f"{_format_number(low)}..{_format_number(high)}"
        if np.isfinite(high)
        else f">= {_format_number(low)}"
    )


def _format_number(value: float) -> str:
    return f"{value:.4g}"


def encode_series(series: BinnedSeries, layout: Channels) -> tuple[Indices, Indices, Floats]:
    """Encode a document as rows of time bin, word and count, arrays (n,)."""
    value: Floats | Floats32 = series.value
    trends = find_trend_bins(layout)
    if trends.any():
        value = np.array(value, dtype=np.float64)
        for index in np.flatnonzero(trends):
            value[:, index] = remove_trend(value[:, index], int(trends[index]))
    if layout.words == "levels":
        return _encode_levels(value, layout)
    # in blocks that stay in the processor's cache; each with the row before it, for changes
    rows = max(1, BLOCK_CELLS // max(value.shape[1], 1))
    blocks = [
        _encode_counts(value[max(first - 1, 0) : first + rows], layout, first)
        for first in range(0, max(len(value), 1), rows)
    ]
    time, word, count = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return time, word, count


def _encode_counts(
    value: Floats | Floats32, layout: Channels, first: int
) -> tuple[Indices, Indices, Floats]:
    """Encode bins from `first` on, before which `value` has one more row unless it is 0."""
    value = value.astype(np.float64)
    before = int(first > 0)
    if layout.words == "counts":
        zero, unit = layout.coding.T
        count = ((value - zero) / unit)[:, :, None]
    elif layout.words == "mixed":
        count = mixed.encode_mixed(value, layout, PER_DEVIATION, MAX_DEVIATIONS)
    else:
        if layout.words == "rectified":
            mean, spread = layout.coding.T[:2]
            deviation = (value - mean) / spread
        else:
            deviation = np.diff(value, axis=0, prepend=np.nan) / layout.coding[:, 0]
        # one spike of a broken sensor would otherwise outweigh a day
        bounded = PER_DEVIATION * np.clip(deviation, -MAX_DEVIATIONS, MAX_DEVIATIONS)
        count = np.stack([bounded, -bounded], axis=2)
    # comparisons with NaN are False, so that missing values give no words
    kept = np.flatnonzero(count[before:] >= LEAST_COUNT)
    time, word = np.divmod(kept, count.shape[1] * count.shape[2])
    if layout.per_channel != count.shape[2]:
        word = word // count.shape[2] * layout.per_channel + word % count.shape[2]
    return time + first, word, count[before:].ravel()[kept]


def _encode_levels(value: Floats | Floats32, layout: Channels) -> tuple[Indices, Indices, Floats]:
    time, channel = np.nonzero(np.isfinite(value))
    level = np.zeros(len(time), dtype=np.int64)
    for index, edges in enumerate(layout.coding):
        mine = channel == index
        # a value on an edge belongs to the upper level, as the labels say
        level[mine] = np.searchsorted(edges, value[time[mine], index], side="right")
    return time, channel * layout.per_channel + level, np.ones(len(time))


def find_level_edges(value: Floats, n_levels: int) -> Floats:
    """Return the edges between `n_levels` levels of one channel that are equally frequent.

    A channel with at most `n_levels` distinct values gets one level per value. Unused edges are
    infinite: the levels above them are empty.

    Returns
    -------
    float64 array (n_levels - 1,)
        Ascending. A value belongs to level k if it is at least edge k - 1 and less than edge k.
    """
    distinct = np.unique(value)
    if len(distinct) <= n_levels:
        edges = (distinct[1:] + distinct[:-1]) / 2
    else:
        edges = np.unique(np.quantile(value, np.arange(1, n_levels) / n_levels))
        # an edge at the minimum would leave the first level empty
        edges = edges[edges > distinct[0]]
    return np.concatenate([edges, np.full(n_levels - 1 - len(edges), np.inf)])
