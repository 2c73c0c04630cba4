"""Sums of samples and events per time bin."""

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import kernel

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Indices32 = NDArray[np.int32]


@kernel
def add_samples(row: Indices, value: Floats, total: Floats, samples: Indices32) -> None:
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
def add_events(
    row: Indices, label: Indices, count: Floats, total: Floats, samples: Indices32
) -> None:
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
