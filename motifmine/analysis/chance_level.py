"""False discovery rates of scores and p-values of motifs, from the competition with decoys."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma

from motifmine.records.significance import ScoreTable
from motifmine.types import Floats, Indices

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
MANY_VALUES = 1000
"""Number of scores of a motif above which the null distribution is taken as normal."""
N_DRAWS, N_BLOCKS = 19_999, 20
"""Draws of the null distribution of a motif's evidence."""
ADVANTAGE = 1.5
"""How much more often than one of several decoys a motif wins an event where there is no order:
1.1 to 1.6 times in data without order, for the motif has each word's own rhythm. A word that is
reversed in time has that, too: against a single decoy there is no advantage."""
DISPERSION, PRIOR_DECOYS = 0.1, 4.0
"""Squared coefficient of variation of what decoys of one motif expect, and what that prior counts
as. In data without order .03 to .1 was found."""
EVENT_LENGTHS = 3
"""Motif lengths that an event has at most, where there is something all the time."""


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
    n_found, n_false = _count_from(score, target), _count_from(score, decoy, weight)
    at_least, false_at_least = (np.cumsum(n[::-1])[::-1] for n in (n_found, n_false))
    share = np.minimum((false_at_least + one_more) / np.maximum(at_least, 1), 1.0)
    return ScoreTable(
        score=score,
        # thresholds ascend: the running minimum is that over all lower ones
        false_share=np.minimum.accumulate(share),
        false_probability=_false_rate(score, target, np.ones(len(target)), decoy, weight, one_more),
        # an expected number, not a bound on a share: without the one that is added for the q-value
        false_per_hour=false_at_least / max(hours, 1e-12),
        n_found=n_found,
        n_decoys=n_false,
    )


def add_candidates(
    known: ScoreTable, target: Floats, decoy: Floats, *, decoy_weight: Floats
) -> ScoreTable:
    """Return a table whose probabilities are of the candidates of new recordings, too.

    Motifs find occurrences of their own recordings with higher scores than those of new ones, which
    they have not learned from: between sure and chance, the same score is worth more in new ones.

    Parameters
    ----------
    known : ScoreTable
        Of the recordings of the fit.
    target, decoy : float64 arrays
        Scores of the candidates in the new recordings, nats.
    decoy_weight : float64 array
        False targets that each decoy counts as.
    """
    if known.n_found is None or known.n_decoys is None or len(known) == 0:
        return known
    rate = _false_rate(
        known.score,
        np.concatenate([known.score, target]),
        np.concatenate([known.n_found, np.ones(len(target))]),
        np.concatenate([known.score, decoy]),
        np.concatenate([known.n_decoys, decoy_weight]),
        float(np.mean(decoy_weight)) if len(decoy) else 1.0,
    )
    return replace(known, false_probability=rate)


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
    score: Floats, target: Floats, number: Floats, decoy: Floats, weight: Floats, one_more: float
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
    """
    if len(target) == 0:
        return np.ones(len(score))
    score, target, decoy = (np.maximum(values, 0.0) for values in (score, target, decoy))
    chance = _moments(decoy, weight / one_more, CHANCE_SCORE, CHANCE_DECOYS, 1.0)
    n_false, n_found = float(weight.sum()) + one_more, float(number.sum())
    # however many decoys there are, half an occurrence may be true
    n_true = max(n_found - n_false, 0.5)
    n_unusual = n_true * ANY_SCORE / max(float(np.log1p(target.max())), 1.0)
    usual = _moments(target, number, float(target.mean()), USUAL_OCCURRENCES, 1.0)
    for _ in range(N_ROUNDS):
        true = n_true * (1 - ANY_SCORE) * _density(target, *usual)
        share = number * true / (true + n_unusual + n_false * _density(target, *chance))
        usual = _moments(target, share, usual[0], USUAL_OCCURRENCES, USUAL_SPREAD)
    false = n_false * _density(score, *chance)
    rate = false / (false + n_true * (1 - ANY_SCORE) * _density(score, *usual) + n_unusual)
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


def label_events(
    motif: Indices, fold: Indices, document: Indices, start: Indices, motif_length: int
) -> Indices:
    """Return the event that each candidate is part of, int64 array (n,), numbers from 0.

    What a motif and its decoys find of one thing lies within a motif length of each other. Whether
    the motif fits better is then decided once, not by every peak.

    Parameters
    ----------
    motif, fold, document, start : int64 arrays (n,)
        Of the candidates, for decoys the motif that they were made of.
    motif_length : int
    """
    order = np.lexsort((start, document, fold, motif))
    if len(order) == 0:
        return order
    keys = np.stack([motif, fold, document])[:, order]
    at = start[order]
    begins = np.ones(len(order), dtype=np.bool_)
    begins[1:] = (np.diff(keys) != 0).any(axis=0) | (np.diff(at) >= motif_length)
    since = at - at[begins][np.cumsum(begins) - 1]
    begins[1:] |= np.diff(since // (EVENT_LENGTHS * motif_length)) != 0
    event = np.empty_like(order)
    event[order] = np.cumsum(begins) - 1
    return event


def recurrence_p_values(
    score: Floats,
    motif: Indices,
    copy: Indices,
    *,
    n_copies: Indices,
    fold: Indices,
    event: Indices,
    n_motifs: int,
    n_orders: int = 1,
    rng: np.random.Generator,
) -> Floats:
    """Return the probability that chance gives a motif as much evidence, float64 array (K,).

    Evidence is the sum of the scores of a motif's own candidates. Where the motif does not recur,
    any of its R decoys might have found in an event what it found: the sum is compared with that of
    a motif or decoy at random in each event. Where decoys differ, the probability that it is the
    motif is drawn, too, for by chance one order fits better than another (`dispersion_of_copies`,
    `ADVANTAGE`). A motif and its reverse fit equally well where time has no direction.

    Parameters
    ----------
    score : float64 array (n,)
        Held-out scores of the candidates of motifs and decoys, nats.
    motif : int64 array (n,)
        Motif of each candidate, for decoys the motif that they were made of.
    copy : int64 array (n,)
        0 for candidates of motifs, 1 to R for those of their decoys.
    n_copies : int64 array (n,)
        The R of each candidate; 0: the motif has no order in time, and the candidate says nothing.
    fold : int64 array (n,)
        Whose decoys each candidate had to compete with.
    event : int64 array (n,)
        See `label_events`.
    n_motifs : int
    n_orders : int
        1 where the motif is fixed; 2 for motifs of folds: that one order won in all of them could
        as well have happened to the opposite one, which they would have learned from each other.
    """
    p_values = np.ones(n_motifs)
    shape = 1 / dispersion_of_copies(score, motif, copy, n_copies=n_copies, fold=fold)
    for k in range(n_motifs):
        mine = np.flatnonzero((motif == k) & (n_copies > 0))
        if not np.any(copy[mine] == 0):
            # no evidence at all: p = 1
            continue
        events, row = np.unique(event[mine], return_inverse=True)
        found = np.zeros((len(events), int(n_copies[mine].max()) + 1))
        np.add.at(found, (row, copy[mine]), np.maximum(score[mine], 0.0))
        n_decoys = np.zeros(len(events), dtype=np.int64)
        n_decoys[row] = n_copies[mine]
        # the same values summed in another order may differ in the last digits; ties count as above
        least = float(found[:, 0].sum()) - 1e-9
        n_above = int(np.count_nonzero(_draw_evidence(found, n_decoys, shape, rng) >= least))
        # the observed labels are one of the draws: a sampled p-value is never 0
        p_values[k] = min(1.0, n_orders * (1 + n_above) / (1 + N_DRAWS))
    return p_values


def dispersion_of_copies(
    score: Floats, motif: Indices, copy: Indices, *, n_copies: Indices, fold: Indices
) -> float:
    """Return the squared coefficient of variation of the evidence that decoys of a motif expect.

    The variance between decoys beyond that of random labels, pooled over motifs and folds, each
    with the weight of what it says; few candidates say little, and `DISPERSION` holds then.

    Parameters
    ----------
    score, motif, copy, n_copies, fold
        See `recurrence_p_values`.
    """
    total, weights = PRIOR_DECOYS * DISPERSION, PRIOR_DECOYS
    for cell in np.unique(np.stack([motif, fold]), axis=1).T:
        mine = (motif == cell[0]) & (fold == cell[1]) & (copy > 0) & (n_copies > 1)
        if not score[mine].any():
            continue
        n = int(n_copies[mine][0])
        evidence = np.bincount(copy[mine] - 1, score[mine], minlength=n)
        mean = evidence.mean()
        # evidence over its mean has variance (random labels) + (dispersion)
        labels = float(np.square(score[mine]).sum()) / n / mean**2
        weight = (n - 1) * (DISPERSION / (labels + DISPERSION)) ** 2
        total += weight * (float(np.var(evidence / mean, ddof=1)) - labels)
        weights += weight
    # not below the prior: decoys of one draw can be alike by chance
    return max(total / weights, DISPERSION)


def _draw_evidence(
    found: Floats, n_decoys: Indices, shape: float, rng: np.random.Generator
) -> Floats:
    """Return the evidence that a motif has where chance decides, float64 (N_DRAWS,).

    Parameters
    ----------
    found : float64 array (E, 1 + R)
        Scores in each event, the motif's first.
    n_decoys : int64 array (E,)
    shape : float
        Of the gamma distribution of how well motif and decoys fit.
    """
    numbers, which = np.unique(n_decoys, return_inverse=True)
    luck = ADVANTAGE * rng.gamma(shape, size=N_DRAWS)
    others = [rng.gamma(shape * n, size=N_DRAWS) for n in numbers.tolist()]
    share = np.stack([luck / (luck + other) for other in others], axis=1)
    share[:, numbers == 1] = 0.5
    # of a motif and its reverse one has found what the motif found, the other the rest
    single = n_decoys == 1
    base = float(found[single, 1:].sum())
    values = np.where(single[:, None], 0.0, found)
    values[single, 0] = found[single, 0] - found[single, 1:].sum(axis=1)
    event, copy = np.nonzero(values)
    return base + _draw_sums(values[event, copy], share, which[event], rng)


def _draw_sums(values: Floats, share: Floats, which: Indices, rng: np.random.Generator) -> Floats:
    """Return sums of values, each drawn with the probability of the draw, float64 (N_DRAWS,).

    Parameters
    ----------
    values : float64 array (n,)
    share : float64 array (N_DRAWS, P)
        Probabilities of each draw.
    which : int64 array (n,)
        Which of the P holds for a value.
    """
    if len(values) > MANY_VALUES:
        total, squares = (np.bincount(which, v, share.shape[1]) for v in (values, values**2))
        spread = np.sqrt((share * (1 - share)) @ squares)
        normal: Floats = share @ total + spread * rng.normal(size=len(share))
        return normal
    # in blocks: all draws at once would be an array of draws times values
    blocks = [
        (rng.random((len(some), len(values))) < some[:, which]) @ values
        for some in np.array_split(share, N_BLOCKS)
    ]
    return np.concatenate(blocks)


def holm_rejections(p_value: Floats, level: float) -> NDArray[np.bool_]:
    """Return which hypotheses are rejected at a family-wise level (Holm 1979), NaN: none."""
    tested = np.flatnonzero(~np.isnan(p_value))
    order = tested[np.argsort(p_value[tested], kind="stable")]
    rejected = np.zeros(len(p_value), dtype=np.bool_)
    for rank, k in enumerate(order):
        if p_value[k] > level / (len(order) - rank):
            break
        rejected[k] = True
    return rejected
