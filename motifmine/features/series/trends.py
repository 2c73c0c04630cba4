"""Slow trends of channels: drift and daily rhythm, apart from what recurs at the scale of motifs.

The baseline of a channel at a window is the running median over the window. If most of a channel's
variance is slower than a window and little changes between this window and half of it, the slow
part is apart from the rest, and words are coded from the residual.

Where a day has few bins, motifs last nearly as long as its morning, and no window lies between
them. There the baseline is the running median over a day, plus the median of what it leaves at the
same time on the days around (a seasonal decomposition, as Cleveland et al. 1990).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from motifmine.features.series.holding import MOST_LISTED
from motifmine.records.series import BinnedSeries
from motifmine.records.vocabulary import Channels, WordLayout
from motifmine.types import Floats, Floats32, Indices

BLOCK = 25  # bins whose mean is one value for the running median, to bound its cost
# windows that are compared, bins. The first only measures what the second leaves: a motif has 20
# bins by default, and must fill less than half of a window to stay out of its median.
WINDOWS = tuple(2 * BLOCK << k for k in range(15))
MOST_IN_WINDOW = 64  # values of a window whose median is taken, equally spaced
KNOTS = 8  # medians per window; the baseline is linear between them
# share of the variance from which the slow part drowns the rest. Temperatures out of doors have
# 0.95 and more; speeds on roads, which have rush hours but also single jams, up to 0.73.
SLOW_SHARE = 0.8
# share of what a window leaves that half of it leaves, too, if nothing lies between them: a random
# walk, or a programme longer than half of the window, leaves half or less
GAP = 0.7
# what is slower than a window of which there are so few can hardly be shown to recur. Where it is
# less of the variance, but that of most channels, with a wider gap, it is taken out of all of them:
# the fluorescence of a field of view, electrodes that dry. In music, gait and traffic the gap is
# 0.90 at most where the share is.
FEW_WINDOWS = 20
SHARED_SLOW, SHARED_GAP = 0.3, 0.93
# share of the whole standard deviation that one step of the coding is at least: the residual of a
# temperature that only follows the sun is rounding
LEAST_SPREAD = 0.1
# share of the variance about the median of a day that other days must predict. Temperatures out of
# doors have 0.75 and more; speeds on roads, whose rush hours are not at the same minute, up to 0.6.
DAILY_SHARE = 0.7
DAY_S = 86_400
DAILY = len(WINDOWS)  # index of the daily rhythm after the windows
LEAST_SLOTS, MOST_SLOTS = 12, 288  # parts of a day
DAYS_AROUND = 5  # days before, and as many after
FEWEST_DAYS = 3  # of those, for a median
# part of the variance that must be left, and how many times that of independent samples with the
# same steps, for something to recur in it
LEAST_REST, OVER_CHANCE = 1e-3, 1.5


def measure_trends(value: Floats32, day_bins: int = 0) -> Floats:
    """Return what is needed to choose baselines, float64 array (5, window + 1, channel).

    For every window that fits twice into the document: the number of values, their sum, the sum of
    their squares, of the squares of what the baseline leaves, and of half the squared steps; at the
    end the same of a daily rhythm, for values about the median of a day. Sums of documents add up.

    Parameters
    ----------
    value : float32 array (n, channel)
    day_bins : int
        Bins of a day, 0 where it has no whole number of bins.
    """
    sums = np.zeros((5, DAILY + 1, value.shape[1]))
    fits = [k for k, window in enumerate(WINDOWS) if 2 * window <= len(value)]
    if day_bins and len(value) > FEWEST_DAYS * day_bins:
        for channel in range(value.shape[1]):
            sums[:, DAILY, channel] = _measure_daily(value[:, channel], day_bins)
    for channel in range(value.shape[1] if fits else 0):
        column = value[:, channel].astype(np.float64)
        known = ~np.isnan(column)
        mean, n = _average_blocks(column)
        filled = np.where(known, column, 0.0)
        squares = float(filled @ filled)
        within = squares - float(np.nansum(n * mean**2))
        steps = np.diff(column)
        step = float(np.nansum(steps**2)) / 2
        for k in fits:
            left = mean - _find_baseline(mean, WINDOWS[k] // BLOCK, np.arange(len(mean)))
            rest = within + float(np.nansum(n * left**2))
            sums[:, k, channel] = known.sum(), filled.sum(), squares, rest, step
    return sums


def _measure_daily(column: Floats32, day_bins: int) -> Floats:
    """Return the sums of `measure_trends` for the daily rhythm of a channel, float64 array (5,)."""
    level, rhythm = _find_rhythm(column.astype(np.float64), day_bins)
    about = column - level
    left = about - rhythm
    about = about[~np.isnan(left)]
    steps = np.diff(left)
    return np.array(
        [len(about), about.sum(), about @ about, np.nansum(left**2), np.nansum(steps**2) / 2]
    )


MOST_MEASURED = 1 << 23  # bins times channels up to which trends of documents are measured


class TrendSums:
    """What `measure_trends` gives, over the documents that pass, the first `MOST_MEASURED`."""

    def __init__(self, day_bins: int) -> None:
        self.n_values = 0
        self.day_bins = day_bins
        self.sums: Floats = np.zeros((5, DAILY + 1, 0))

    def gather(self, parts: Iterable[BinnedSeries]) -> Iterator[BinnedSeries]:
        """Yield the documents as they are."""
        for part in parts:
            # what varies slowly does so in as much as this, and measuring takes longer than reading
            if self.n_values < MOST_MEASURED:
                more = measure_trends(part.value, self.day_bins)
                self.sums = self.widen(part.value.shape[1]) + more
                self.n_values += part.value.size
            yield part

    def widen(self, n_channels: int) -> Floats:
        """Return the sums, with channels without values at the end."""
        known = self.sums.shape[2]
        return select_sums(self.sums, [c if c < known else -1 for c in range(n_channels)])


def select_sums(sums: Floats, order: Sequence[int]) -> Floats:
    """Return the sums of the channels `order`; -1 is a channel without values."""
    return np.pad(sums, ((0, 0), (0, 0), (0, 1)))[:, :, list(order)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trends:
    """Which trends the coding takes out, arrays (channel,)."""

    windows: Indices
    """Window of the running median, bins; 0: the channel is left as it is; below 0: the bins of a
    day whose rhythm is taken out."""
    share: Floats
    """Part of the variance that is slower than the window, or that other days predict."""
    spread: Floats
    """Standard deviation that is left."""

    def describe(self, channels: Sequence[str], windows: Indices, bin_s: float) -> list[str]:
        """Return a note on every channel whose trend is taken out.

        Parameters
        ----------
        channels : sequence of str
        windows : int array (channel,)
            What the coding uses, bins: states and counts keep their trends.
        bin_s : float, seconds
        """
        found = np.flatnonzero(windows).tolist()
        slow = [
            f"slower than {_format_span(windows[c] * bin_s)}" if windows[c] > 0 else "daily rhythm"
            for c in found[:MOST_LISTED]
        ]
        notes = [
            f"{channels[c]}: {self.share[c]:.0%} of its variance is {what} and is taken out; "
            "--detrend off keeps it"
            for c, what in zip(found, slow, strict=False)
        ]
        more = len(found) - MOST_LISTED
        return notes + [f"so are the trends of {more} more channels"] * (more > 0)


def _format_span(seconds: float) -> str:
    """Format a duration in the largest unit of which it has one or more."""
    units = ((86_400, "days"), (3600, "h"), (60, "min"), (1, "s"))
    size, unit = next(((size, unit) for size, unit in units if seconds >= size), (1, "s"))
    return f"{seconds / size:.2g} {unit}"


def count_day_bins(bin_s: float) -> int:
    """Return the bins of a day, 0 if it has no whole number of bins or too few."""
    n_bins = round(DAY_S / bin_s)
    return n_bins if n_bins >= LEAST_SLOTS and math.isclose(n_bins * bin_s, DAY_S) else 0


def choose_trends(sources: Sequence[Floats], day_bins: int = 0) -> Trends:
    """Return which trends are taken out; see `measure_trends`."""
    n, _, _, rest, steps = np.sum(sources, axis=0)
    # around the mean of each source: that one day is warmer than another is no trend
    about_mean = [one[2] - one[1] ** 2 / np.maximum(one[0], 1) for one in sources]
    whole = np.maximum(np.sum(about_mean, axis=0), 0)
    columns = zip(n.T, whole.T, rest.T, strict=True)
    chosen = np.array([_choose_window(*column, day_bins) for column in columns], np.int64)
    others = np.flatnonzero((chosen == 0) & (whole[0] > 0))
    chosen[others] = _choose_shared_window(n[:, others], whole[:, others], rest[:, others])
    at = chosen, np.arange(len(chosen))
    variance, left = whole[at], rest[at]
    by_chance = np.maximum(LEAST_REST * variance, OVER_CHANCE * steps[at])
    if not np.any((variance > 0) & ((chosen == 0) | (left > by_chance))):
        # nothing recurs but the slow rhythm
        chosen[:] = 0
    spread = np.sqrt(np.maximum(left, LEAST_SPREAD**2 * variance) / np.maximum(n[at], 1))
    return Trends(
        windows=np.where(chosen > 0, np.array([*WINDOWS, -day_bins])[chosen], 0),
        share=1 - left / np.maximum(variance, 1e-300),
        spread=spread,
    )


def _choose_window(n: Floats, whole: Floats, rest: Floats, day_bins: int) -> int:
    """Return the index of the window of a channel, 0 for none; arrays (window + 1,)."""
    chosen, reference = 0, whole
    # on from a long window, for a year may hide a day
    for k in reversed(range(1, len(WINDOWS))):
        is_slow = 0 < rest[k] <= (1 - SLOW_SHARE) * reference[k]
        if is_slow and rest[k - 1] * n[k] >= GAP * rest[k] * n[k - 1]:
            chosen, reference = k, np.minimum(whole, rest[k])
    # a shorter window follows the course of a day by itself
    is_open = chosen == 0 or 2 * WINDOWS[chosen] > day_bins
    is_daily = 0 < rest[DAILY] <= (1 - DAILY_SHARE) * whole[DAILY]
    # most documents last long enough
    return DAILY if is_open and is_daily and 2 * n[DAILY] >= n.max() else chosen


def _choose_shared_window(n: Floats, whole: Floats, rest: Floats) -> int:
    """Return the index of the window for channels that are slow together, 0 for none.

    Parameters
    ----------
    n, whole, rest : float64 arrays (window + 1, channel)
    """
    if not n.shape[1]:
        return 0
    left = rest / whole.clip(min=1e-300)
    # the shortest, which follows a drift best
    for k in range(1, len(WINDOWS)):
        n_windows = float(np.median(n[k])) / WINDOWS[k]
        if not 0 < n_windows <= FEW_WINDOWS:
            continue
        typical, shorter = np.median(left[[k, k - 1]], axis=1)
        if 0 < typical <= 1 - SHARED_SLOW and shorter >= SHARED_GAP * typical:
            return k
    return 0


def find_trend_bins(layout: WordLayout) -> Indices:
    """Return what the coding takes out of each channel, int64 (channel,); see `Trends.windows`."""
    if not isinstance(layout, Channels):
        return np.zeros(0, np.int64)
    usual = {"rectified": 2, "mixed": 3}.get(layout.words, layout.coding.shape[1])
    if layout.coding.shape[1] <= usual:
        return np.zeros(len(layout.channels), np.int64)
    return layout.coding[:, usual].astype(np.int64)


def count_bins_before(layout: WordLayout) -> int:
    """Return how many bins before one its words depend on."""
    windows = find_trend_bins(layout)
    # twice what a running median spans; of a daily rhythm all days, and the median of the first
    spans = np.where(windows > 0, 2 * windows, -(DAYS_AROUND + 1) * windows)
    return int(spans.max(initial=0))


def remove_trend(column: Floats, window: int) -> Floats:
    """Return a channel without its baseline, NaN where too few days show a daily rhythm.

    Parameters
    ----------
    column : float64 array (n,)
    window : int
        See `Trends.windows`, not 0.
    """
    if window < 0:
        level, rhythm = _find_rhythm(column, -window)
        return column - level - rhythm
    mean, _ = _average_blocks(column)
    at = (np.arange(len(column)) + 0.5) / BLOCK - 0.5
    return column - _find_baseline(mean, window // BLOCK, at)


def _find_rhythm(column: Floats, day_bins: int) -> tuple[Floats, Floats]:
    """Return the running median over a day, and the usual course of a day about it, arrays (n,).

    The course at a time is the median over the days before and after, without the day itself, so
    that what happens once a day at any time stays whole. NaN where fewer than `FEWEST_DAYS` of them
    are known.
    """
    at = np.arange(len(column))
    level = _find_baseline(column, day_bins, at)
    n_slots = min(day_bins, MOST_SLOTS)
    n_days = -(-len(column) // day_bins)
    about = column - level
    known = ~np.isnan(about)
    slot = (at * n_slots // day_bins)[known]
    n = np.bincount(slot, minlength=n_days * n_slots)
    total = np.bincount(slot, about[known], minlength=n_days * n_slots)
    mean = np.where(n > 0, total / np.maximum(n, 1), np.nan).reshape(n_days, n_slots)
    padded = np.pad(mean, ((DAYS_AROUND, DAYS_AROUND), (0, 0)), constant_values=np.nan)
    shifts = [k for k in range(2 * DAYS_AROUND + 1) if k != DAYS_AROUND]
    usual, n_known = _median_of_known(np.stack([padded[k : k + n_days] for k in shifts], axis=-1))
    usual[n_known < FEWEST_DAYS] = np.nan
    place = (at + 0.5) * n_slots / day_bins - 0.5
    return level, np.interp(place, np.arange(n_days * n_slots), usual.ravel())


def _median_of_known(value: Floats) -> tuple[Floats, Indices]:
    """Return the median of the last axis without NaN, and how many values are known."""
    # NaN are sorted to the end
    ordered = np.sort(value, axis=-1)
    known = (~np.isnan(ordered)).sum(axis=-1)
    middle = np.stack([np.maximum(known - 1, 0) // 2, np.minimum(known // 2, value.shape[-1] - 1)])
    pair = np.take_along_axis(ordered, np.moveaxis(middle, 0, -1), axis=-1)
    return pair.mean(axis=-1), known


def _average_blocks(column: Floats) -> tuple[Floats, Floats]:
    """Return the means of blocks, NaN where all is missing, and the values in each."""
    padded = np.full(-(-len(column) // BLOCK) * BLOCK, np.nan)
    padded[: len(column)] = column
    blocks = padded.reshape(-1, BLOCK)
    known = ~np.isnan(blocks)
    n = known.sum(axis=1).astype(np.float64)
    mean = np.full(len(blocks), np.nan)
    np.divide(np.where(known, blocks, 0).sum(axis=1), n, out=mean, where=n > 0)
    return mean, n


def _find_baseline(value: Floats, width: int, at: Floats | Indices) -> Floats:
    """Return the running median at places `at`; beyond the first and last window a line goes on.

    Parameters
    ----------
    value : float64 array (n,)
    width : int
        Window, values; at most half of them.
    at : array (m,)
        Fractional indices of `value`.
    """
    width = max(1, min(width, len(value) // 2))
    first = np.arange(0, len(value) - width + 1, max(1, width // KNOTS))
    places = np.linspace(0, width - 1, min(width, MOST_IN_WINDOW)).round().astype(np.int64)
    median, known = _median_of_known(value[first[:, None] + places])
    first, median = first[known > 0], median[known > 0]
    if not len(first):
        return np.full(len(at), np.nan)
    centre = first + (width - 1) / 2
    found: Floats = np.interp(at, centre, median)
    if len(first) > 1:
        inner = min(KNOTS // 2, len(first) - 1)
        for end, other, beyond in (
            (0, inner, at < centre[0]),
            (-1, -1 - inner, at > centre[-1]),
        ):
            slope = (median[other] - median[end]) / (centre[other] - centre[end])
            found[beyond] += slope * (at[beyond] - centre[end])
    return found
