"""What occurrences add up to: expected observations of every word in every time bin."""

import numpy as np

from motifmine.types import Floats, Floats32, Indices, Indices32


def add_occurrences(
    shapes: Floats32,
    column: Indices | Indices32,
    start: Indices | Indices32,
    weight: Floats,
    n_times: int,
) -> Floats:
    """Return the sum of occurrences, cut at both ends of the document, float64 (T, W).

    Parameters
    ----------
    shapes : float32 array (K, L, W)
    column : int array (occurrence,)
        Index into `shapes`.
    start : int array (occurrence,)
        Bin of the first relative time, may be negative.
    weight : float64 array (occurrence,)
        Observations of the whole occurrence.
    n_times : int
    """
    length = shapes.shape[1]
    rates = np.zeros((n_times, shapes.shape[2]))
    for k, first, size in zip(column.tolist(), start.tolist(), weight.tolist(), strict=True):
        begin, end = max(first, 0), min(first + length, n_times)
        rates[begin:end] += size * shapes[k, begin - first : max(end - first, 0)]
    return rates
