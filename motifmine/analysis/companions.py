"""Occurrences that always come with those of another motif: parts of one thing, and what mends it.

Where one pattern is longer than the motifs, or varies, several motifs share it. Their occurrences
follow each other at one lag, far more often than chance would have it. A motif that has hardly an
occurrence of its own is part of the other one; weak occurrences at such a lag only correct what the
other motif explains there.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc

from motifmine.records.fit import Occurrences
from motifmine.types import Floats, Indices

# share of the occurrences of both motifs that must come in pairs for one to be part of the other: a
# sound that always comes with a more frequent one is a motif
PART_SHARE = 0.7
WEAK_SHARE = 0.5  # share of its motif's typical weight below which an occurrence is weak
LEAST_PAIRS = 3
# greatest probability of as many pairs by chance, at any lag, of a part and of weak occurrences:
# the latter lose occurrences that may be true, the former must be possible with three pairs
LIKELY, UNLIKELY = 0.02, 0.001


def find_companions(occurrences: Occurrences, motif_length: int, n_times: int) -> NDArray[np.bool_]:
    """Return which occurrences only come with heavier ones, bool array (n,).

    Parameters
    ----------
    occurrences : Occurrences
        In order of document and start.
    n_times : int
        Bins of all documents.
    """
    reach = max(1, motif_length // 10)
    # documents so far apart that no lag leads from one to another
    apart = int(np.ptp(occurrences.start_bin)) + 3 * motif_length if len(occurrences) else 0
    at = occurrences.start_bin + occurrences.document.astype(np.int64) * apart
    weight, motif = occurrences.weight, occurrences.motif
    numbers = np.unique(motif)
    weighty = sorted(numbers, key=lambda k: -float(weight[motif == k].sum()))
    dropped = np.zeros(len(motif), dtype=np.bool_)

    def chance(paired: NDArray[np.bool_], n_theirs: int, usual: float = 0.0) -> float:
        share = max(min(1.0, n_theirs * (2 * reach + 1) / max(n_times, 1)), usual)
        n_lags = (2 * motif_length + 1) / (2 * reach + 1)
        return n_lags * _tail(paired, share)

    for rank, other in enumerate(weighty):
        mine = np.flatnonzero(motif == other)
        for heavy in weighty[:rank]:
            theirs = at[(motif == heavy) & ~dropped]
            paired, _ = _pairs(theirs, at[mine], motif_length, reach)
            enough = PART_SHARE * max(len(theirs), len(mine))
            if paired.sum() >= enough and chance(paired, len(theirs)) < LIKELY:
                dropped[mine] = True
    for other in numbers:
        mine = np.flatnonzero((motif == other) & ~dropped)
        is_weak = weight[mine] < WEAK_SHARE * _typical(weight[mine])
        weak, strong = mine[is_weak], at[mine[~is_weak]]
        # a slow occurrence is an occurrence and a part of another one, and what a motif lacks of an
        # event may be taken for a weak one before it, where others do not follow at that lag
        paired, lag = _pairs(strong, at[weak], motif_length, reach, least=reach + 1)
        usual = _at_lag(np.sort(strong), strong, lag, reach).sum() / max(len(strong), 1)
        if chance(paired, len(strong), usual) < UNLIKELY:
            dropped[weak[paired]] = True
            weak = weak[~paired]
        for heavy in numbers[numbers != other]:
            theirs = at[(motif == heavy) & ~dropped]
            paired, _ = _pairs(theirs, at[weak], motif_length, reach)
            if chance(paired, len(theirs)) < UNLIKELY:
                dropped[weak[paired]] = True
    return dropped


def _typical(weight: Floats) -> float:
    """Return the mean of weights, each counted by itself."""
    return float(np.square(weight).sum() / max(float(weight.sum()), 1e-12))


def _pairs(
    theirs: Indices, mine: Indices, longest: int, reach: int, *, least: int = 0
) -> tuple[NDArray[np.bool_], int]:
    """Return which of `mine` lie within `reach` of one of `theirs` plus the commonest lag, and it.

    Parameters
    ----------
    longest, least : int
        Of the lag, in either direction.
    """
    best, common = np.zeros(len(mine), dtype=np.bool_), 0
    ordered = np.sort(theirs)
    # lag by lag: all differences of two frequent motifs at once would be gigabytes
    for lag in range(-longest, longest + 1):
        if abs(lag) < least:
            continue
        near = _at_lag(ordered, mine, lag, reach)
        if near.sum() > best.sum():
            best, common = near, lag
    return best, common


def _at_lag(ordered: Indices, mine: Indices, lag: int, reach: int) -> NDArray[np.bool_]:
    """Return which of `mine` lie within `reach` of one of `ordered`, ascending, plus a lag."""
    ordered = np.append(ordered, np.iinfo(np.int64).max)
    earliest = np.searchsorted(ordered, mine - (lag + reach))
    near: NDArray[np.bool_] = ordered[earliest] <= mine - (lag - reach)
    return near


def _tail(paired: NDArray[np.bool_], share: float) -> float:
    """Return the probability of as many pairs when each has a probability, 1 for very few."""
    n_pairs = int(paired.sum())
    return 1.0 if n_pairs < LEAST_PAIRS else float(bdtrc(n_pairs - 1, len(paired), share))
