"""How long the list of occurrences is, and which motifs would make it short."""

from dataclasses import replace

import numpy as np

from motifmine.analysis.candidates import Candidates
from motifmine.records.fit import Occurrences
from motifmine.records.settings import Detection
from motifmine.records.significance import ScoreTable
from motifmine.types import Indices

RELAXED_SHARES = (0.05, 0.1)
"""Shares of false occurrences that are allowed where a smaller one leaves no occurrence."""
SHARES = (Detection().false_share, *RELAXED_SHARES)
ENOUGH = 20
"""Occurrences of a motif beyond which a list need not be longer for its sake."""


def relax(
    scores: ScoreTable, targets: Occurrences, detection: Detection, alone: Indices
) -> Detection:
    """Return the detection with the lowest share of false occurrences that leaves any occurrence.

    A list of ten cannot show that one in a hundred is false: chance alone must have a place in it.
    A larger share is allowed, too, where more motifs then have half of what would be listed of them
    alone, or of `ENOUGH`.

    Parameters
    ----------
    targets : Occurrences
        The candidates.
    alone : int64 array (K,)
        See `lengths_alone`.
    """
    best, most = detection, -1
    for share in (detection.false_share, *RELAXED_SHARES):
        relaxed = replace(detection, false_share=max(share, detection.false_share))
        listed = targets.motif[targets.score >= least_score(scores, relaxed)]
        n_each = np.bincount(listed, minlength=len(alone))
        is_shown = 2 * n_each >= np.minimum(alone, ENOUGH)
        n_shown = _count_often(np.where(is_shown, np.minimum(n_each, alone), 0))
        if len(listed) and n_shown > most:
            best, most = relaxed, n_shown
    return best


def lengths_alone(found: Candidates) -> Indices:
    """Return how many candidates of each motif would be listed if it were the only one, (K,)."""
    alone = [found.take_motifs(np.array([k])) for k in range(len(found.mass))]
    return np.array([_count_listed(own)[0].sum() for own in alone], dtype=np.int64)


def find_clear(found: Candidates) -> Indices:
    """Return the motifs without those that hide more occurrences of others than they have.

    All motifs have one threshold: where decoys of one are as good as it is, every list is short.
    A motif that has a list of its own goes only if the list of all, at the share of false ones that
    it would have (`relax`), is longer without it, and has as many motifs: that share may be larger
    than with it, but then both lists are compared at it, and no sure motif is lost for weak
    occurrences of others. Which they are does not depend on how many false occurrences are wanted.
    """
    clear = np.arange(len(found.mass))
    while len(clear) > 1:
        some = found.take_motifs(clear)
        has_list = lengths_alone(some) > 0
        share_of_all = _count_listed(some)[1]
        gains = []
        for k in range(len(clear)):
            rest_of = found.take_motifs(np.delete(clear, k))
            rest, share = _count_listed(rest_of, SHARES if has_list[k] else SHARES[:1])
            # neither a stricter list nor a less strict one is a loss
            with_it, _ = _count_listed(some, (max(share, share_of_all) if has_list[k] else share,))
            # for a sure motif another one must be gained, not only occurrences
            is_lost = has_list[k] and _count_often(rest) < _count_often(with_it)
            gains.append(0 if is_lost else rest.sum() - with_it.sum())
        best = int(np.argmax(gains))
        if gains[best] <= 0:
            break
        clear = np.delete(clear, best)
    return clear


def least_score(scores: ScoreTable, detection: Detection) -> float:
    """Return the lowest score at which no more are false than allowed, infinity where none is."""
    if detection.false_alarms_per_hour is not None:
        return scores.lowest_score("false_per_hour", detection.false_alarms_per_hour)
    return scores.lowest_score("false_share", detection.false_share)


def _count_often(n_listed: Indices) -> int:
    """Return how many motifs are listed more than once."""
    return int(np.count_nonzero(n_listed > 1))


def _count_listed(found: Candidates, shares: tuple[float, ...] = SHARES) -> tuple[Indices, float]:
    """Return how many candidates of each motif are significant at the first share that leaves any.

    int64 array (K,), and that share; the last one if none does.
    """
    # not from a score table: its probabilities of being false take long, and are not needed
    score, is_decoy = found.occurrences.score, found.is_decoy
    weight = np.zeros(len(score))
    weight[is_decoy] = found.decoy_weight
    # a decoy is above the candidates of its score
    order = np.lexsort((~is_decoy, -score))
    n_found = np.cumsum(~is_decoy[order])
    n_false = np.cumsum(weight[order]) + found.one_more
    for share in shares:
        is_listed = n_false <= share * np.maximum(n_found, 1)
        if is_listed.any():
            listed = order[: int(np.flatnonzero(is_listed)[-1]) + 1]
            of_motif = found.occurrences.motif[listed[~is_decoy[listed]]]
            return np.bincount(of_motif, minlength=len(found.mass)), share
    return np.zeros(len(found.mass), dtype=np.int64), shares[-1]
