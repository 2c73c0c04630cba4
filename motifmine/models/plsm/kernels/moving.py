"""What motifs of one moving thing need: counts around their starts, and starts gathered in time."""

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import fast_kernel
from motifmine.kernels.selection import first_not_below

Single = NDArray[np.float32]
Double = NDArray[np.float64]
Index = NDArray[np.int64]


@fast_kernel
def triggered_counts(
    bin_row: Index,
    offsets: Index,
    word: NDArray[np.int32],
    count: Single,
    occurrence: Index,
    motif: Index,
    weight: Double,
    limits: Index,
    first: int,
    out: Single,
) -> None:
    """Add the counts around occurrences to the sum of their motif.

    Parameters
    ----------
    bin_row, offsets, word, count
        See `StartLayout`.
    occurrence : int64 array (n,)
        The value of `bin_row` that the bin of an occurrence's relative time 0 has or would have.
    motif : int64 array (n,)
    weight : float64 array (n,)
    limits : int64 array (n, 2)
        Values of `bin_row` of the occurrence's document: first, and one after the last.
    first : int
        Relative time of the first row of `out`.
    out : float32 array (K, n_bins, W)
        Changed in place.
    """
    n_bins = out.shape[1]
    for i in range(len(occurrence)):
        begin = occurrence[i] + first
        b = first_not_below(bin_row, max(begin, limits[i, 0]), 0, len(bin_row))
        last = min(begin + n_bins, limits[i, 1])
        while b < len(bin_row) and bin_row[b] < last:
            r = bin_row[b] - begin
            for j in range(offsets[b], offsets[b + 1]):
                out[motif[i], r, word[j]] += weight[i] * count[j]
            b += 1


@fast_kernel
def sweep_gathered(starts: Single, document_rows: Index, reach: Index, power: float) -> None:
    """Gather the mass of starts at those that hold most of it nearby; sums stay what they are.

    Every start gives its mass to those of its motif within `reach` bins, in proportion to the
    `power` of what they hold.

    Parameters
    ----------
    starts : float32 array (R, K)
        Changed in place.
    document_rows : int64 array (D + 1,)
    reach : int64 array (K,)
    power : float
    """
    for d in range(len(document_rows) - 1):
        first, last = document_rows[d], document_rows[d + 1]
        n = last - first
        claim, rest = np.zeros(n), np.zeros(n)
        for k in range(starts.shape[1]):
            by = reach[k]
            for i in range(n):
                claim[i] = np.float64(starts[first + i, k]) ** power
            for i in range(n):
                total = 0.0
                for j in range(max(0, i - by), min(n, i + by + 1)):
                    total += claim[j]
                rest[i] = starts[first + i, k] / total if total > 0 else 0.0
            for i in range(n):
                total = 0.0
                for j in range(max(0, i - by), min(n, i + by + 1)):
                    total += rest[j]
                starts[first + i, k] = claim[i] * total
