"""Sums of samples and events, and integrals of held values, per time bin."""

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import inner_kernel, kernel

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

# tolerance at the edges of bins, in bins: 0.3 / 0.1 is 2.9999999999999996, and times in files are
# rounded. A time this close before an edge belongs to the next bin.
EDGE_BINS = 1e-6


@kernel
def add_samples(row: Indices, value: Floats, total: Floats, samples: Floats) -> None:
    """Add samples to the sums of their bins, in place.

    Parameters
    ----------
    row : int64 array (n,)
        Row of `total` that each sample belongs to.
    value : float64 array (n, channel)
        NaN where there is no sample.
    total : float64 array (bin, channel)
        Changed.
    samples : int32 array (bin, channel)
        Number of values in each sum; changed.
    """
    for n in range(value.shape[0]):
        t = row[n]
        for c in range(value.shape[1]):
            x = value[n, c]
            if not np.isnan(x):
                total[t, c] += x
                samples[t, c] += 1


@kernel
def add_events(row: Indices, label: Indices, count: Floats, total: Floats, samples: Floats) -> None:
    """Add events to the sums of their bins, in place.

    Parameters
    ----------
    row : int64 array (n,)
        Row of `total` that each event belongs to.
    label : int64 array (n,)
        Column of `total` of each event.
    count : float64 array (n,)
    total : float64 array (bin, channel)
        Changed.
    samples : int32 array (bin, channel)
        Number of events in each sum; changed.
    """
    for n in range(len(row)):
        total[row[n], label[n]] += count[n]
        samples[row[n], label[n]] += 1


@inner_kernel
def hold_value(
    channel: int,
    to_s: float,
    last: Floats,
    bin_s: float,
    first: int,
    total: Floats,
    weight: Floats,
) -> None:
    """Add the integral of a held value, from the time it was last added to `to_s`, in place.

    Parameters
    ----------
    to_s : float, seconds
    last : float64 array (channel, 3)
        The value (NaN: none), the time up to which it was added, and the time up to which it is
        held, seconds; the second is changed.
    first : int
        Bin of the first row of `total`.
    total : float64 array (bin, channel)
        Integrals of values over time; changed.
    weight : float64 array (bin, channel)
        Seconds of each bin with a value; changed.
    """
    value = last[channel, 0]
    begin_s, end_s = last[channel, 1], min(to_s, last[channel, 2])
    last[channel, 1] = to_s
    if np.isnan(value) or not end_s > begin_s:
        return
    for k in range(
        int(np.floor(begin_s / bin_s + EDGE_BINS)), int(np.floor(end_s / bin_s + EDGE_BINS)) + 1
    ):
        span = min(end_s, (k + 1) * bin_s) - max(begin_s, k * bin_s)
        if span > 0 and 0 <= k - first < total.shape[0]:
            total[k - first, channel] += value * span
            weight[k - first, channel] += span


@kernel
def add_updates(
    time_s: Floats,
    channel: Indices,
    value: Floats,
    held: Flags,
    last: Floats,
    limit_s: float,
    bin_s: float,
    first: int,
    total: Floats,
    weight: Floats,
) -> None:
    """Add values of single channels to the sums of their bins, in place.

    A value of a held channel counts from its time to that of the next, in proportion to the time
    it covers of each bin; other values count 1 in the bin of their time.

    Parameters
    ----------
    time_s : float64 array (n,)
        Ascending.
    channel : int64 array (n,)
    value : float64 array (n,)
        NaN: missing from here on.
    held : bool array (channel,)
    last : float64 array (channel, 3)
        See `hold_value`; changed.
    limit_s : float, seconds
        Longest time that a value is held.
    bin_s, first, total, weight
        See `hold_value`.
    """
    for n in range(len(time_s)):
        c = channel[n]
        if held[c]:
            hold_value(c, time_s[n], last, bin_s, first, total, weight)
            last[c, 0] = value[n]
            last[c, 1] = time_s[n]
            last[c, 2] = time_s[n] + limit_s
        elif not np.isnan(value[n]):
            t = int(np.floor(time_s[n] / bin_s + EDGE_BINS)) - first
            total[t, c] += value[n]
            weight[t, c] += 1


@kernel
def hold_all(
    to_s: float, held: Flags, last: Floats, bin_s: float, first: int, total: Floats, weight: Floats
) -> None:
    """Add the values of all held channels up to `to_s`, in place.

    Parameters
    ----------
    to_s : float, seconds
    held : bool array (channel,)
    last, bin_s, first, total, weight
        See `hold_value`.
    """
    for c in range(len(held)):
        if held[c]:
            hold_value(c, to_s, last, bin_s, first, total, weight)
