"""How long the list of occurrences is, and which motifs would make it short."""

from dataclasses import replace

import numpy as np

from motifmine.analysis.candidates import Candidates
from motifmine.records.settings import Detection
from motifmine.records.significance import ScoreTable
from motifmine.types import Floats, Indices

RELAXED_SHARES = (0.05, 0.1)
"""Shares of false occurrences that are allowed where a smaller one leaves no occurrence."""


def relax(scores: ScoreTable, target: Floats, detection: Detection) -> Detection:
    """Return the detection with the lowest share of false occurrences that leaves any occurrence.

    A list of ten cannot show that one in a hundred is false: chance alone must have a place in it.

    Parameters
    ----------
    target : float64 array
        Scores of the candidates, nats.
    """
    for share in (detection.false_share, *RELAXED_SHARES):
        relaxed = replace(detection, false_share=max(share, detection.false_share))
        if np.any(target >= least_score(scores, relaxed)):
            return relaxed
    return detection


def find_clear(found: Candidates) -> Indices:
    """Return the motifs without those that hide more occurrences of others than they have.

    All motifs have one threshold: where decoys of one are as good as it is, every list is short.
    A motif that has a list of its own goes only if the list of all, at the share of false ones that
    it would have (`relax`), is longer without it, and has as many motifs: that share may be larger,
    but no sure motif is lost for weak occurrences of others. Which they are does not depend on how
    many false occurrences are wanted.
    """
    clear = np.arange(len(found.mass))
    while len(clear) > 1:
        gains = []
        for k in range(len(clear)):
            some = found.take_motifs(clear)
            own = some.take_motifs(np.array([k]))
            shares = RELAXED_SHARES if _count_listed(own, RELAXED_SHARES).sum() else ()
            with_it = _count_listed(some, shares)
            rest = _count_listed(found.take_motifs(np.delete(clear, k)), shares)
            # for a sure motif another one must be gained, not only occurrences
            is_lost = len(shares) > 0 and _count_often(rest) < _count_often(with_it)
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


def _count_listed(found: Candidates, relaxed: tuple[float, ...] = ()) -> Indices:
    """Return how many candidates of each motif are significant at the first share that leaves any.

    int64 array (K,).
    """
    # not from a score table: its probabilities of being false take long, and are not needed
    score, is_decoy = found.occurrences.score, found.is_decoy
    weight = np.zeros(len(score))
    weight[is_decoy] = found.decoy_weight
    # a decoy is above the candidates of its score
    order = np.lexsort((~is_decoy, -score))
    n_found = np.cumsum(~is_decoy[order])
    n_false = np.cumsum(weight[order]) + found.one_more
    for share in (Detection().false_share, *relaxed):
        is_listed = n_false <= share * np.maximum(n_found, 1)
        if is_listed.any():
            listed = order[: int(np.flatnonzero(is_listed)[-1]) + 1]
            of_motif = found.occurrences.motif[listed[~is_decoy[listed]]]
            return np.bincount(of_motif, minlength=len(found.mass))
    return np.zeros(len(found.mass), dtype=np.int64)
