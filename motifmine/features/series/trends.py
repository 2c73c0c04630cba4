"""Slow trends of channels: drift and daily rhythm, apart from what recurs at the scale of motifs.

The baseline of a channel at a window is the running median over the window. If most of a channel's
variance is slower than a window and little changes between this window and half of it, the slow
part is apart from the rest, and words are coded from the residual.
"""

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
# share of the whole standard deviation that one step of the coding is at least: the residual of a
# temperature that only follows the sun is rounding
LEAST_SPREAD = 0.1
# part of the variance that must be left, and how many times that of independent samples with the
# same steps, for something to recur in it
LEAST_REST, OVER_CHANCE = 1e-3, 1.5


def measure_trends(value: Floats32) -> Floats:
    """Return what is needed to choose windows, float64 array (5, window, channel); sums add up.

    For every window that fits twice into the document: the number of values, their sum, the sum of
    their squares, of the squares of what the baseline leaves, and of half the squared steps.
    """
    sums = np.zeros((5, len(WINDOWS), value.shape[1]))
    fits = [k for k, window in enumerate(WINDOWS) if 2 * window <= len(value)]
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


MOST_MEASURED = 1 << 23  # bins times channels up to which trends of documents are measured


class TrendSums:
    """What `measure_trends` gives, over the documents that pass, the first `MOST_MEASURED`."""

    def __init__(self) -> None:
        self.n_values = 0
        self.sums: Floats = np.zeros((5, len(WINDOWS), 0))

    def gather(self, parts: Iterable[BinnedSeries]) -> Iterator[BinnedSeries]:
        """Yield the documents as they are."""
        for part in parts:
            # what varies slowly does so in as much as this, and measuring takes longer than reading
            if self.n_values < MOST_MEASURED:
                self.sums = self.widen(part.value.shape[1]) + measure_trends(part.value)
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
    """Window of the running median, bins; 0: the channel is left as it is."""
    share: Floats
    """Part of the variance that is slower than the window."""
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
        notes = [
            f"{channels[c]}: {self.share[c]:.0%} of its variance is slower than "
            f"{_format_span(windows[c] * bin_s)} and is taken out; --detrend off keeps it"
            for c in found[:MOST_LISTED]
        ]
        more = len(found) - MOST_LISTED
        return notes + [f"so are the trends of {more} more channels"] * (more > 0)


def _format_span(seconds: float) -> str:
    """Format a duration in the largest unit of which it has one or more."""
    units = ((86_400, "days"), (3600, "h"), (60, "min"), (1, "s"))
    size, unit = next(((size, unit) for size, unit in units if seconds >= size), (1, "s"))
    return f"{seconds / size:.2g} {unit}"


def choose_trends(sources: Sequence[Floats]) -> Trends:
    """Return which trends are taken out."""
    n, _, _, rest, steps = np.sum(sources, axis=0)
    # around the mean of each source: that one day is warmer than another is no trend
    about_mean = [one[2] - one[1] ** 2 / np.maximum(one[0], 1) for one in sources]
    whole = np.maximum(np.sum(about_mean, axis=0), 0)
    columns = zip(n.T, whole.T, rest.T, strict=True)
    chosen = np.array([_choose_window(*column) for column in columns], np.int64)
    at = chosen, np.arange(len(chosen))
    variance, left = whole[at], rest[at]
    by_chance = np.maximum(LEAST_REST * variance, OVER_CHANCE * steps[at])
    if not np.any((variance > 0) & ((chosen == 0) | (left > by_chance))):
        # nothing recurs but the slow rhythm
        chosen[:] = 0
    spread = np.sqrt(np.maximum(left, LEAST_SPREAD**2 * variance) / np.maximum(n[at], 1))
    return Trends(
        windows=np.where(chosen > 0, np.array(WINDOWS)[chosen], 0),
        share=1 - left / np.maximum(variance, 1e-300),
        spread=spread,
    )


def _choose_window(n: Floats, whole: Floats, rest: Floats) -> int:
    """Return the index of the window of a channel, 0 for none; arrays (window,)."""
    chosen, reference = 0, whole
    # on from a long window, for a year may hide a day
    for k in reversed(range(1, len(WINDOWS))):
        is_slow = 0 < rest[k] <= (1 - SLOW_SHARE) * reference[k]
        if is_slow and rest[k - 1] * n[k] >= GAP * rest[k] * n[k - 1]:
            chosen, reference = k, np.minimum(whole, rest[k])
    return chosen


def find_trend_bins(layout: WordLayout) -> Indices:
    """Return the windows of the trends that the coding takes out, bins, 0: none, (channel,)."""
    if not isinstance(layout, Channels):
        return np.zeros(0, np.int64)
    usual = {"rectified": 2, "mixed": 3}.get(layout.words, layout.coding.shape[1])
    if layout.coding.shape[1] <= usual:
        return np.zeros(len(layout.channels), np.int64)
    return layout.coding[:, usual].astype(np.int64)


def remove_trend(column: Floats, window: int) -> Floats:
    """Return a channel without its baseline."""
    mean, _ = _average_blocks(column)
    at = (np.arange(len(column)) + 0.5) / BLOCK - 0.5
    return column - _find_baseline(mean, window // BLOCK, at)


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
    # NaN are sorted to the end
    window = np.sort(value[first[:, None] + places], axis=1)
    known = (~np.isnan(window)).sum(axis=1)
    first, window, known = first[known > 0], window[known > 0], known[known > 0]
    if not len(first):
        return np.full(len(at), np.nan)
    rows = np.arange(len(first))
    median = (window[rows, (known - 1) // 2] + window[rows, known // 2]) / 2
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
