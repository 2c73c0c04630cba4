"""Adding samples and events up per time bin."""

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import kernel

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Indices32 = NDArray[np.int32]


@kernel
def sweep_samples(row: Indices, value: Floats, total: Floats, samples: Indices32) -> None:
    """Add the samples to the sums of their bins; changes `total` and `samples`.

    Parameters
    ----------
    row : int64 array (n,)
        Row of `total` that each sample belongs to.
    value : float64 array (n, channel)
        NaN where there is none.
    total : float64 array (bin, channel)
    samples : int32 array (bin, channel)
        How many values each sum holds.
    """
    for n in range(value.shape[0]):
        t = row[n]
        for c in range(value.shape[1]):
            x = value[n, c]
            if not np.isnan(x):
                total[t, c] += x
                samples[t, c] += 1


@kernel
def sweep_events(
    row: Indices, label: Indices, count: Floats, total: Floats, samples: Indices32
) -> None:
    """Add the events to the sums of their bins; changes `total` and `samples`.

    Parameters
    ----------
    row : int64 array (n,)
        Row of `total` that each event belongs to.
    label : int64 array (n,)
        Its column.
    count : float64 array (n,)
    total : float64 array (bin, channel)
    samples : int32 array (bin, channel)
        How many events each sum holds.
    """
    for n in range(len(row)):
        total[row[n], label[n]] += count[n]
        samples[row[n], label[n]] += 1
