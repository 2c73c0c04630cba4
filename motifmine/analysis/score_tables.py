"""False discovery rates and probabilities of scores, from the competition with decoys."""

import numpy as np
from scipy.stats import gamma

from motifmine.records.significance import ScoreTable
from motifmine.types import Floats

N_POINTS = 512
"""Scores of a score table at most."""
N_BETWEEN = 65
"""Scores between the highest of a decoy and the lowest found, where there is a gap."""
CHANCE_SCORE, CHANCE_DECOYS = 3.0, 8.0
"""Mean score of chance in nats before any decoy is seen, exponential, and the decoys that counts
as. Little depends on either where there are twenty decoys."""
ANY_SCORE = 0.01
"""Share of true occurrences that have any score: halves, and what two motifs share."""
USUAL_SPREAD, USUAL_OCCURRENCES = 0.25, 4.0
"""Coefficient of variation of scores of true occurrences before any is seen, and the occurrences
that counts as."""
N_ROUNDS = 60
"""Iterations of EM."""


def score_table(
    target: Floats,
    decoy: Floats,
    *,
    one_more: float,
    hours: float,
    decoy_weight: Floats | None = None,
) -> ScoreTable:
    """Return the false discovery rates of occurrences by score.

    At a threshold the expected number of false targets is that of the decoys above it and of one
    more. The share of false ones of a list is that over the targets above the threshold; its
    smallest value over all lower thresholds is the q-value (the Benjamini-Hochberg rule: higher
    thresholds need not pass).

    Parameters
    ----------
    target, decoy : float64 arrays
        Scores of the candidates, nats.
    one_more : float
        False targets that one decoy more would count as.
    hours : float
        Time in which the targets were found.
    decoy_weight : float64 array or None
        False targets that each decoy counts as, 1 / R of R decoys a motif; None: `one_more`.
    """
    weight = np.full(len(decoy), one_more) if decoy_weight is None else decoy_weight
    score = _thresholds(target, decoy)
    return _table(
        score,
        _count_from(score, target),
        _count_from(score, decoy, weight),
        one_more=one_more,
        hours=hours,
        false_probability=_false_rate(
            score, target, np.ones(len(target)), decoy, weight, one_more=one_more
        ),
    )


def score_table_elsewhere(
    known: ScoreTable,
    target: Floats,
    decoy: Floats,
    *,
    one_more: float,
    decoy_weight: Floats,
    hours: float,
) -> ScoreTable:
    """Return the false discovery rates of occurrences in new recordings.

    How many decoys there are, new recordings say; how their scores are distributed is known from
    those of the fit, too. So a few minutes are enough to know what is sure, and where motifs are
    rarer than in the fit, chance is a larger share of what reaches a score.

    Motifs find occurrences of their own recordings with higher scores than those of new ones, which
    they have not learned from: between sure and chance, the same score is worth more in new ones.
    Probabilities of being false are of the scores in both, too, and of the numbers in the new.

    Parameters
    ----------
    known : ScoreTable
        Of the recordings of the fit.
    target, decoy : float64 arrays
        Scores of the candidates in the new recordings, nats.
    one_more : float
        False targets that one decoy more would count as.
    decoy_weight : float64 array
        False targets that each decoy counts as.
    hours : float
        Length of the new recordings.
    """
    if known.n_found is None or known.n_decoys is None or len(known) == 0:
        return known
    score = _thresholds(np.append(known.score, target), decoy)
    weight = np.concatenate([known.n_decoys, decoy_weight])
    everyone = np.concatenate([known.score, decoy])
    n_here = float(decoy_weight.sum())
    part = (n_here + one_more) / (float(weight.sum()) + one_more)
    return _table(
        score,
        _count_from(score, target),
        part * _count_from(score, everyone, weight),
        one_more=part * one_more,
        hours=hours,
        false_probability=_false_rate(
            score,
            np.concatenate([known.score, target]),
            np.concatenate([known.n_found, np.ones(len(target))]),
            everyone,
            weight,
            one_more=one_more,
            here=(n_here, len(target)),
        ),
    )


def _table(
    score: Floats,
    n_found: Floats,
    n_false: Floats,
    *,
    one_more: float,
    hours: float,
    false_probability: Floats,
) -> ScoreTable:
    """Return the table of numbers of found and false ones from each score up to the next.

    Parameters
    ----------
    score, n_found, n_false, false_probability : float64 arrays (P,)
    one_more, hours
        See `score_table`.
    """
    at_least, false_at_least = (np.cumsum(n[::-1])[::-1] for n in (n_found, n_false))
    share = np.minimum((false_at_least + one_more) / np.maximum(at_least, 1), 1.0)
    return ScoreTable(
        score=score,
        # thresholds ascend: the running minimum is that over all lower ones
        false_share=np.minimum.accumulate(share),
        false_probability=false_probability,
        # an expected number, not a bound on a share: without the one that is added for the q-value
        false_per_hour=false_at_least / max(hours, 1e-12),
        n_found=n_found,
        n_decoys=n_false,
    )


def _count_from(score: Floats, values: Floats, number: Floats | None = None) -> Floats:
    """Return the number of values from each ascending score up to the next, float64 array (P,)."""
    at = np.searchsorted(score, values, side="right")
    return np.bincount(at, number, minlength=len(score) + 1)[1:].astype(np.float64)


def _thresholds(target: Floats, decoy: Floats) -> Floats:
    """Return scores to tabulate, ascending: those found, just above decoys, and between the two.

    Weaker occurrences of other recordings may be as sure as those that were found.
    """
    if len(target) == 0:
        return np.zeros(0)
    highest, lowest = decoy.max(initial=0.0), target.min()
    between = np.linspace(highest, lowest, N_BETWEEN)[1:] if highest < lowest else np.zeros(0)
    score = np.unique(np.concatenate([target, np.nextafter(decoy, np.inf), between]))
    if len(score) > N_POINTS:
        score = score[np.linspace(0, len(score) - 1, N_POINTS).round().astype(np.int64)]
    return score


def _false_rate(
    score: Floats,
    target: Floats,
    number: Floats,
    decoy: Floats,
    weight: Floats,
    *,
    one_more: float,
    here: tuple[float, float] | None = None,
) -> Floats:
    """Return the probability of being false at ascending scores; it does not rise with the score.

    Found scores are a mixture: those of chance have a gamma distribution with mean and variance of
    the decoys, as log-likelihood ratios nearly have; those of true occurrences another one, fitted
    by EM, but for a few that may have any score. So what lies between decoys and usual occurrences,
    as half an occurrence does, is rather true.

    Parameters
    ----------
    score : float64 array (P,)
        Where it is wanted, nats.
    target, decoy : float64 arrays
        Scores, nats.
    number, weight : float64 arrays
        How many candidates each target is, and how many false ones each decoy counts as.
    one_more : float
        False ones that one decoy more would count as.
    here : pair of floats or None
        What decoys count as, and candidates, where the probability is wanted; None: of all.
    """
    if len(target) == 0:
        return np.ones(len(score))
    score, target, decoy = (np.maximum(values, 0.0) for values in (score, target, decoy))
    chance = _moments(decoy, weight / one_more, CHANCE_SCORE, CHANCE_DECOYS, 1.0)
    usual = _moments(target, number, float(target.mean()), USUAL_OCCURRENCES, 1.0)
    any_score = ANY_SCORE / max(float(np.log1p(target.max())), 1.0)

    def densities(at: Floats, n_decoys: float, n_found: float) -> tuple[Floats, Floats, float]:
        """Return numbers per unit of log(1 + score): false, true of usual score, and of any."""
        # however many decoys there are, half an occurrence may be true
        n_true = max(n_found - n_decoys - one_more, 0.5)
        false = (n_decoys + one_more) * _density(at, *chance)
        return false, n_true * (1 - ANY_SCORE) * _density(at, *usual), n_true * any_score

    everyone = float(weight.sum()), float(number.sum())
    for _ in range(N_ROUNDS):
        false, true, unusual = densities(target, *everyone)
        usual = _moments(
            target,
            number * true / (false + true + unusual),
            usual[0],
            USUAL_OCCURRENCES,
            USUAL_SPREAD,
        )
    false, true, unusual = densities(score, *(here or everyone))
    rate = false / (false + true + unusual)
    falling: Floats = np.maximum.accumulate(rate[::-1])[::-1]
    return falling


def _moments(
    values: Floats, number: Floats, prior_mean: float, n_prior: float, spread: float
) -> tuple[float, float]:
    """Return mean and squared coefficient of variation of values, with prior values.

    Parameters
    ----------
    number : float64 array
        Of each value.
    prior_mean, n_prior, spread : float
        Of the prior values, `spread` times their mean being their standard deviation.
    """
    total = float(number.sum()) + n_prior
    mean = (float(number @ values) + n_prior * prior_mean) / total
    squares = float(number @ (values - mean) ** 2) + n_prior * (spread * prior_mean) ** 2
    return mean, squares / total / mean**2


def _density(score: Floats, mean: float, variation: float) -> Floats:
    """Return the density of log(1 + score) where the score has a gamma distribution."""
    # the density of the score 0 may be infinite
    at = np.maximum(score, mean / 100)
    density: Floats = gamma.pdf(at, 1 / variation, scale=mean * variation) * (1 + at)
    return density
