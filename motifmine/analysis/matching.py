"""One-to-one matching of motifs and of times."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.types import Floats, Floats32, Indices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MotifMatch:
    """Pairs of a reference motif and a found motif."""

    reference: Indices
    """Index of the reference motif of each pair, int64 array (P,)."""
    found: Indices
    """Index of the found motif of each pair, int64 array (P,)."""
    cosine: Floats
    """Cosine of the pair at the best shift, float64 array (P,)."""
    shift: Indices
    """Relative time r of the found motif is r + shift of the reference, int64 array (P,)."""


def match_motifs(reference: Floats32, found: Floats32) -> MotifMatch:
    """Return the one-to-one match of motifs with the largest sum of cosines.

    Parameters
    ----------
    reference : float32 array (K, L, W)
    found : float32 array (J, M, W)

    Notes
    -----
    Hungarian assignment on the best-shift cosine; surplus motifs on either side are unmatched.
    """
    cosine, shift = max_shifted_cosine(reference, found)
    row, column = linear_sum_assignment(-cosine)
    return MotifMatch(
        reference=row, found=column, cosine=cosine[row, column], shift=shift[row, column]
    )


def match_times(truth: Floats, found: Floats, tolerance: float) -> tuple[Indices, Indices]:
    """Return the indices of the largest number of one-to-one pairs within a tolerance, ascending.

    Parameters
    ----------
    truth, found : float arrays, ascending
        Times.
    tolerance : float
        In the unit of the times.
    """
    i = j = 0
    left, right = [], []
    # plain floats: a loop over the elements of arrays takes several times as long
    true_times, found_times, reach = truth.tolist(), found.tolist(), tolerance + 1e-9
    while i < len(true_times) and j < len(found_times):
        gap = found_times[j] - true_times[i]
        if abs(gap) <= reach:
            left.append(i)
            right.append(j)
            i, j = i + 1, j + 1
        elif gap < 0:
            j += 1
        else:
            i += 1
    return np.array(left, dtype=np.int64), np.array(right, dtype=np.int64)
