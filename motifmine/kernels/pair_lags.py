"""Counts of one motif starting within windows of lags after another."""

import numpy as np

from motifmine.kernels.jit import kernel
from motifmine.types import Indices


@kernel
def count_followers(
    document: Indices,
    start: Indices,
    motif: Indices,
    offsets: Indices,
    windows_of_lag: Indices,
    n_windows: int,
    n_motifs: int,
) -> Indices:
    """Count the occurrences of each motif that are followed by each motif, per window of lags.

    Parameters
    ----------
    document, start, motif : int64 arrays (N,)
        Occurrences sorted by document, then start bin.
    offsets : int64 array (lags + 1,)
        The windows that hold a lag of g bins are `windows_of_lag[offsets[g]:offsets[g + 1]]`.
    windows_of_lag : int64 array

    Returns
    -------
    int64 array (K, K, windows)
        Occurrences of the first motif after which the second starts at least once.
    """
    counts = np.zeros((n_motifs, n_motifs, n_windows), dtype=np.int64)
    seen = np.full((n_motifs, n_windows), -1, dtype=np.int64)
    n_lags = len(offsets) - 1
    n_found = len(start)
    for i in range(n_found):
        # occurrences that start in the same bin have lag 0 and may precede i in the order
        j = i
        while j > 0 and document[j - 1] == document[i] and start[j - 1] == start[i]:
            j -= 1
        while j < n_found and document[j] == document[i] and start[j] - start[i] < n_lags:
            lag = start[j] - start[i]
            if j != i:
                for k in range(offsets[lag], offsets[lag + 1]):
                    window = windows_of_lag[k]
                    # `seen` holds the last i that was counted: a follower counts once per i
                    if seen[motif[j], window] != i:
                        seen[motif[j], window] = i
                        counts[motif[i], motif[j], window] += 1
            j += 1
    return counts
