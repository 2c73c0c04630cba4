"""False discovery rates of scores and p-values of motifs, from the competition with decoys."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from motifmine.records.significance import ScoreTable
from motifmine.types import Floats, Indices

N_POINTS = 512
"""Scores of a score table at most."""
N_BETWEEN = 65
"""Scores between the highest of a decoy and the lowest found, where there is a gap."""
N_BINS = 400
"""Bins of the logarithms of scores, for the local false discovery rate."""
SLOPE_WEIGHT, MOST_COEFFICIENT = 0.3, 30.0
"""Weight of a normal prior of the logarithm of the slope around 1, in standardised scores: without
it the slope is infinite where no decoy is as high as a motif's occurrences. Largest offset."""
MANY_VALUES = 2000
"""Number of candidates of a motif above which the null distribution is taken as normal."""
N_DRAWS, N_BLOCKS = 9999, 10
"""Draws of the null distribution of a motif's evidence."""
ADVANTAGE = 1.5
"""Evidence of a motif over that of a decoy, where there is no order, that is no evidence of order:
in data whose words were moved in time by lags of their own it was 1.1 to 1.5."""
DISPERSION, PRIOR_DECOYS = 0.1, 4.0
"""Squared coefficient of variation of what decoys of one motif expect, and what that prior counts
as. In data without order .03 to .1 was found."""


def score_table(target: Floats, decoy: Floats, *, decoy_weight: float, hours: float) -> ScoreTable:
    """Return the false discovery rates of occurrences by score.

    At a threshold the expected number of false targets is (decoys above it + 1) times their weight,
    1 / R for R decoys a motif. The share of false ones of a list is that over the targets above the
    threshold; its smallest value over all lower thresholds is the q-value (the Benjamini-Hochberg
    rule: higher thresholds need not pass).

    Parameters
    ----------
    target, decoy : float64 arrays
        Scores of the candidates, nats.
    decoy_weight : float
        False targets per decoy.
    hours : float
        Time in which the targets were found.
    """
    score = _thresholds(target, decoy)
    n_found, n_decoys = (_count_from(score, values) for values in (target, decoy))
    at_least, decoys_at_least = (np.cumsum(n[::-1])[::-1] for n in (n_found, n_decoys))
    share = np.minimum((decoys_at_least + 1) * decoy_weight / np.maximum(at_least, 1), 1.0)
    # expected number, not a bound on a share: without the one that is added for the q-value
    per_hour: Floats = (decoys_at_least * decoy_weight / max(hours, 1e-12)).astype(np.float64)
    return ScoreTable(
        score=score,
        # thresholds ascend: the running minimum is that over all lower ones
        false_share=np.minimum.accumulate(share),
        false_probability=_local_rate(score, target, decoy, decoy_weight),
        false_per_hour=per_hour,
        n_found=n_found,
        n_decoys=n_decoys * decoy_weight,
    )


def add_candidates(
    known: ScoreTable, target: Floats, decoy: Floats, *, decoy_weight: float
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
    decoy_weight : float
        False targets per decoy.
    """
    if known.n_found is None or known.n_decoys is None or len(known) == 0:
        return known
    targets, decoys = (np.concatenate([known.score, values]) for values in (target, decoy))
    counts = (
        np.concatenate([known.n_found, np.ones(len(target))]),
        np.concatenate([known.n_decoys / decoy_weight, np.ones(len(decoy))]),
    )
    rate = _local_rate(known.score, targets, decoys, decoy_weight, counts)
    return replace(known, false_probability=rate)


def _count_from(score: Floats, values: Floats) -> Floats:
    """Return the number of values from each ascending score up to the next, float64 array (P,)."""
    at = np.searchsorted(score, values, side="right")
    return np.bincount(at, minlength=len(score) + 1)[1:].astype(np.float64)


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


def _local_rate(
    score: Floats,
    target: Floats,
    decoy: Floats,
    decoy_weight: float,
    counts: tuple[Floats, Floats] | None = None,
) -> Floats:
    """Return the probability of being false at some scores, by logistic regression.

    The odds of being true are a power of the score. That gives the share of decoys among all
    candidates of a score, whose likelihood is maximised. One more decoy as high as the highest
    counts chance that has not been seen, as in the q-value. Isotonic regression, which assumes
    less, is too sure in lists of a hundred: steps follow single decoys.

    Parameters
    ----------
    counts : (float64 array, float64 array) or None
        How many candidates each score of `target` and of `decoy` is; None: one each.
    """
    if len(target) == 0 or len(score) == 0:
        return np.zeros(0)
    n_of = counts or (np.ones(len(target)), np.ones(len(decoy)))
    seen = decoy[n_of[1] > 0]
    highest = seen.max(initial=target.min() if len(seen) == 0 else -np.inf)
    logs = [np.log1p(np.maximum(values, 0.0)) for values in (target, np.append(decoy, highest))]
    weights = (n_of[0], np.append(n_of[1], 1.0))
    together, n_together = np.concatenate(logs), np.concatenate(weights)
    centre = float(np.average(together, weights=n_together))
    width = float(np.sqrt(np.average((together - centre) ** 2, weights=n_together))) or 1.0
    # in equal bins: many candidates cost no more than some
    edges = np.linspace(together.min(), together.max(), N_BINS + 1)
    n_target, n_decoy = (
        np.histogram(values, edges, weights=n)[0] for values, n in zip(logs, weights, strict=True)
    )
    middle = ((edges[1:] + edges[:-1]) / 2 - centre) / width

    def loss(coefficients: Floats) -> float:
        odds = expit(coefficients[0] - np.exp(coefficients[1]) * middle) / decoy_weight
        likelihood = n_decoy * np.log(odds) - (n_decoy + n_target) * np.log1p(odds)
        return float(SLOPE_WEIGHT * (coefficients[1] - 1.0) ** 2 - likelihood.sum())

    starts = [(offset, slope) for offset in (-2.0, 0.0, 2.0) for slope in (0.0, 1.5)]
    bounds = ((-MOST_COEFFICIENT, MOST_COEFFICIENT), (-4.0, 4.0))
    fits = [minimize(loss, start, method="L-BFGS-B", bounds=bounds) for start in starts]
    offset, slope = min(fits, key=lambda found: float(found.fun)).x
    at = (np.log1p(np.maximum(score, 0.0)) - centre) / width
    rate: Floats = expit(offset - np.exp(slope) * at)
    return rate


def recurrence_p_values(
    score: Floats,
    motif: Indices,
    copy: Indices,
    *,
    groups: Indices,
    rng: np.random.Generator,
) -> Floats:
    """Return the probability that chance gives a motif as much evidence, float64 array (K,).

    Evidence is the sum of the scores of a motif's own candidates. Where the motif does not recur,
    each candidate of it and of its R decoys is its own with the same probability; the sum is
    compared with that of random labels. The probability is drawn, too: by chance one order of the
    words fits better than another (`dispersion_of_copies`), and the motif's own rhythm of each word
    may fit up to `ADVANTAGE` times as well as the decoys', which are cut at the window's ends.

    Parameters
    ----------
    score : float64 array (n,)
        Held-out scores of the candidates of motifs and decoys, nats.
    motif : int64 array (n,)
        Motif of each candidate, for decoys the motif that they were made of.
    copy : int64 array (n,)
        0 for candidates of motifs, 1 to R for those of their decoys.
    groups : int64 array (K, R)
        Which decoys of a motif are alike and count as one, group numbers from 0; -1: the motif has
        no order in time, its p-value is 1.
    """
    n_motifs = len(groups)
    p_values = np.ones(n_motifs)
    n_distinct = groups.max(axis=1, initial=-1) + 1
    shape = 1 / dispersion_of_copies(score, motif, copy, groups)
    own = ADVANTAGE * rng.gamma(shape, size=N_DRAWS)
    for k in range(n_motifs):
        mine = motif == k
        values = score[mine]
        is_own = copy[mine] == 0
        if not is_own.any() or n_distinct[k] == 0:
            # no evidence at all: p = 1
            continue
        share = own / (own + rng.gamma(shape * n_distinct[k], size=N_DRAWS))
        sums = _draw_sums(values, share, rng)
        # the same values summed in another order may differ in the last digits; ties count as above
        n_above = int(np.count_nonzero(sums >= float(values[is_own].sum()) - 1e-9))
        # the observed labels are one of the draws: a sampled p-value is never 0
        p_values[k] = (1 + n_above) / (1 + N_DRAWS)
    return p_values


def dispersion_of_copies(score: Floats, motif: Indices, copy: Indices, groups: Indices) -> float:
    """Return the squared coefficient of variation of the evidence that decoys of a motif expect.

    The variance between decoys beyond that of random labels, pooled over motifs, each with the
    weight of what it says; few candidates say little, and `DISPERSION` holds then. Decoys that are
    alike are one: how they share what they find says nothing.

    Parameters
    ----------
    score, motif, copy, groups
        See `recurrence_p_values`.
    """
    total, weights = PRIOR_DECOYS * DISPERSION, PRIOR_DECOYS
    for k, group in enumerate(groups):
        mine = (motif == k) & (copy > 0)
        n = int(group.max(initial=-1)) + 1
        if n < 2 or not score[mine].any():
            continue
        evidence = np.bincount(group[copy[mine] - 1], score[mine], minlength=n)
        mean = evidence.mean()
        # evidence over its mean has variance (random labels) + (dispersion)
        labels = float(np.square(score[mine]).sum()) / n / mean**2
        weight = (n - 1) * (DISPERSION / (labels + DISPERSION)) ** 2
        total += weight * (float(np.var(evidence / mean, ddof=1)) - labels)
        weights += weight
    # not below the prior: decoys of one draw can be alike by chance
    return max(total / weights, DISPERSION)


def _draw_sums(values: Floats, share: Floats, rng: np.random.Generator) -> Floats:
    """Return sums of values, each drawn with the probability of the draw, float64 (N_DRAWS,)."""
    if len(values) > MANY_VALUES:
        spread = np.sqrt(share * (1 - share) * np.square(values).sum())
        normal: Floats = share * values.sum() + spread * rng.normal(size=len(share))
        return normal
    # in blocks: all draws at once would be an array of draws times values
    blocks = [
        (rng.random((len(some), len(values))) < some[:, None]) @ values
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
