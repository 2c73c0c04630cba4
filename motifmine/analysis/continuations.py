"""Motifs that only go on with others: patterns that are longer than the motifs of a fit."""

import math

import numpy as np
from scipy.special import bdtrc

from motifmine.records.fit import Occurrences
from motifmine.types import Floats32, Indices

# share of a motif's occurrences that follow others at the lag that is usual between the two
LEAST_SHARE = 0.9
LEAST_FOLLOWING = 5
UNLIKELY = 0.001  # probability of as many by chance
MASS = 0.95  # share of a motif's mass at the end of which it is over


def find_whole_length(
    occurrences: Occurrences, probability: Floats32, n_times: int
) -> tuple[int, int]:
    """Return the length of patterns that motifs hold in pieces, bins, and the number of pieces.

    A piece begins before another one, or at once after it, at a lag that hardly varies, in nearly
    all of its occurrences: of two products the end may be the same, and follow either.

    Parameters
    ----------
    occurrences : Occurrences
    probability : float32 array (K, L, W)
        The motifs.
    n_times : int
        Bins of all documents.

    Returns
    -------
    tuple of int
        Bins, `L` where no motif continues others, and the number of those that do.
    """
    n_motifs, length, _ = probability.shape
    reach = max(1, length // 20)
    apart = int(np.ptp(occurrences.start_bin)) + 3 * length if len(occurrences) else 0
    at = occurrences.start_bin + occurrences.document.astype(np.int64) * apart
    starts = [np.sort(at[occurrences.motif == k]) for k in range(n_motifs)]
    whole, n_pieces = length, 0
    for piece in range(n_motifs):
        follows = np.zeros(len(starts[piece]), dtype=np.int64)
        for head in range(n_motifs):
            if head != piece:
                lags = _find_lags(starts[head], starts[piece], length, reach)
                follows = np.maximum(follows, lags)
        n_following = np.count_nonzero(follows)
        chance = min(1.0, len(at) * (2 * reach + 1) / max(n_times, 1))
        if n_following < max(LEAST_FOLLOWING, LEAST_SHARE * len(follows)):
            continue
        if length * bdtrc(n_following - 1, len(follows), chance) > UNLIKELY:
            continue
        mass = np.cumsum(probability[piece].sum(axis=1, dtype=np.float64))
        end = int(np.searchsorted(mass, MASS * mass[-1])) + 1
        whole, n_pieces = max(whole, int(follows.max()) + end), n_pieces + 1
    return whole, n_pieces


def _find_lags(heads: Indices, pieces: Indices, longest: int, reach: int) -> Indices:
    """Return the lag of each piece after the last head before it, 0 where it is not the usual one.

    Parameters
    ----------
    heads, pieces : int64 arrays, ascending
    """
    before = np.searchsorted(heads, pieces) - 1
    lag = np.where(before >= 0, pieces - heads[np.maximum(before, 0)], 0) if len(heads) else before
    lag = np.where((lag > reach) & (lag <= longest), lag, 0)
    number = np.bincount(lag, minlength=longest + 1)
    number[0] = 0
    usual = int(np.convolve(number, np.ones(2 * reach + 1), mode="same").argmax())
    # a lag that is usual is that of more than one piece in five
    is_usual = (lag > 0) & (abs(lag - usual) <= reach)
    if is_usual.sum() < math.ceil(len(pieces) / 5):
        return np.zeros(len(pieces), dtype=np.int64)
    return np.where(is_usual, lag, 0)
