"""p-values of motifs, from the competition with decoys."""

import numpy as np
from numpy.typing import NDArray

from motifmine.types import Floats, Indices

MANY_VALUES = 1000
"""Number of scores of a motif above which the null distribution is taken as normal."""
LEAST_DRAWS, MOST_DRAWS, N_BLOCKS = 19_999, 199_999, 20
"""Draws of the null distribution of a motif's evidence: more of few values, where all ten of ten
events must not miss the level because of the draws."""
DRAWN_VALUES = 2_000_000
"""Values that are drawn in all where that gives a number between these."""
ADVANTAGE = 1.5
"""How much more often than one of several decoys a motif wins an event where there is no order:
1.1 to 1.6 times in data without order, for the motif has each word's own rhythm. A word that is
reversed in time has that, too: against a single decoy there is no advantage."""
DISPERSION, PRIOR_DECOYS = (0.1, 0.2), 4.0
"""Squared coefficients of variation of what decoys of one motif expect, of scores and of their
squares, and what that prior counts as. In data without order .03 to .1 was found of scores."""
USUAL_CHANCE = 10.0
"""Events of the usual score of chance that a motif's reverse is taken to have found, too, and whose
scores vary as those of an exponential distribution."""
EVENT_LENGTHS = 3
"""Motif lengths that an event has at most, where there is something all the time."""


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

    Evidence is the sum of the scores of a motif's own candidates, and that of their squares: much
    weak evidence counts, and so does a little that is strong among much that is of chance. Where
    the motif does not recur, any of its R decoys might have found in an event what it found: the
    sum is compared with that of a motif or decoy at random in each event. Where decoys differ, the
    probability that it is the motif is drawn, too, for by chance one order fits better than another
    (`dispersion_of_copies`, `ADVANTAGE`). A motif and its reverse fit equally well where time has
    no direction. Both p-values have one harmonic mean (Wilson, PNAS 116, 2019).

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
    inverse = np.zeros(n_motifs)
    for power, dispersion in enumerate(DISPERSION, start=1):
        evidence = np.maximum(score, 0.0) ** power
        spread = dispersion_of_copies(
            evidence, motif, copy, n_copies=n_copies, fold=fold, prior=dispersion
        )
        for k in range(n_motifs):
            mine = (motif == k) & (n_copies > 0)
            p_value = n_orders * _p_value_of(
                evidence[mine], copy[mine], n_copies[mine], event[mine], 1 / spread, rng
            )
            inverse[k] += 1 / min(p_value, 1.0)
    return len(DISPERSION) / inverse


def size_p_value(own: Floats, reverse: Floats, usual: float, rng: np.random.Generator) -> float:
    """Return the probability that events of chance are as large as those of a motif.

    A few tosses of a coin cannot be rare, but sizes can: what five occurrences have may be many
    times what the motif's reverse finds. The statistic is the sum of squares of all but the largest
    event, for one is no recurrence. Sizes of chance have a gamma distribution whose variation is
    that of the reverse; what so few events leave unknown of its scale is drawn, too.

    Parameters
    ----------
    own, reverse : float64 arrays
        Evidence of the motif and of its reverse in each event where they find anything, nats.
    usual : float
        Mean evidence of decoys of all motifs in an event, nats.
    """
    if len(own) < 2:
        return 1.0
    n_known = len(reverse) + USUAL_CHANCE
    mean = (float(reverse.sum()) + USUAL_CHANCE * usual) / n_known
    squares = float(np.square(reverse - mean).sum()) + USUAL_CHANCE * mean**2
    shape = 1 / max(squares / n_known / mean**2, 1.0)
    n_draws = int(np.clip(DRAWN_VALUES // len(own), 999, LEAST_DRAWS))
    # the sum of n values of a gamma distribution has n times their shape
    scale = mean * n_known / rng.gamma(shape * n_known, size=n_draws)
    drawn = np.empty(n_draws)
    for some in np.array_split(np.arange(n_draws), N_BLOCKS):
        size = rng.gamma(shape, size=(len(some), len(own))) * scale[some, None]
        drawn[some] = np.square(size).sum(axis=1) - np.square(size.max(axis=1))
    least = float(np.square(own).sum() - np.square(own.max()))
    return (1 + int(np.count_nonzero(drawn >= least))) / (1 + n_draws)


def _p_value_of(
    evidence: Floats,
    copy: Indices,
    n_copies: Indices,
    event: Indices,
    shape: float,
    rng: np.random.Generator,
) -> float:
    """Return the probability that chance gives one motif as much evidence in all.

    Parameters
    ----------
    evidence : float64 array (n,)
        Of the candidates of the motif and its decoys.
    copy, n_copies, event
        See `recurrence_p_values`.
    shape : float
        Of the gamma distribution of how well motif and decoys fit.
    """
    if not np.any(copy == 0):
        return 1.0
    events, row = np.unique(event, return_inverse=True)
    found = np.zeros((len(events), int(n_copies.max()) + 1))
    np.add.at(found, (row, copy), evidence)
    n_decoys = np.zeros(len(events), dtype=np.int64)
    n_decoys[row] = n_copies
    # the same values summed in another order may differ in the last digits; ties count as above
    least = float(found[:, 0].sum()) * (1 - 1e-12) - 1e-9
    n_draws = int(np.clip(DRAWN_VALUES // len(evidence), LEAST_DRAWS, MOST_DRAWS))
    drawn = _draw_evidence(found, n_decoys, shape, n_draws, rng)
    # the observed labels are one of the draws: a sampled p-value is never 0
    return (1 + int(np.count_nonzero(drawn >= least))) / (1 + n_draws)


def dispersion_of_copies(
    evidence: Floats,
    motif: Indices,
    copy: Indices,
    *,
    n_copies: Indices,
    fold: Indices,
    prior: float,
) -> float:
    """Return the squared coefficient of variation of the evidence that decoys of a motif expect.

    The variance between decoys beyond that of random labels, pooled over motifs and folds, each
    with the weight of what it says; few candidates say little, and the prior value holds then.

    Parameters
    ----------
    evidence : float64 array (n,)
        Of the candidates.
    motif, copy, n_copies, fold
        See `recurrence_p_values`.
    prior : float
        Its usual value, see `DISPERSION`.
    """
    total, weights = PRIOR_DECOYS * prior, PRIOR_DECOYS
    for cell in np.unique(np.stack([motif, fold]), axis=1).T:
        mine = (motif == cell[0]) & (fold == cell[1]) & (copy > 0) & (n_copies > 1)
        if not evidence[mine].any():
            continue
        n = int(n_copies[mine][0])
        of_copy = np.bincount(copy[mine] - 1, evidence[mine], minlength=n)
        mean = of_copy.mean()
        # evidence over its mean has variance (random labels) + (dispersion)
        labels = float(np.square(evidence[mine]).sum()) / n / mean**2
        weight = (n - 1) * (prior / (labels + prior)) ** 2
        total += weight * (float(np.var(of_copy / mean, ddof=1)) - labels)
        weights += weight
    # not below the prior: decoys of one draw can be alike by chance
    return max(total / weights, prior)


def _draw_evidence(
    found: Floats, n_decoys: Indices, shape: float, n_draws: int, rng: np.random.Generator
) -> Floats:
    """Return the evidence that a motif has where chance decides, float64 (n_draws,).

    Parameters
    ----------
    found : float64 array (E, 1 + R)
        Scores in each event, the motif's first.
    n_decoys : int64 array (E,)
    shape : float
        Of the gamma distribution of how well motif and decoys fit.
    n_draws : int
    """
    numbers, which = np.unique(n_decoys, return_inverse=True)
    luck = ADVANTAGE * rng.gamma(shape, size=n_draws)
    others = [rng.gamma(shape * n, size=n_draws) for n in numbers.tolist()]
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
    """Return sums of values, each drawn with the probability of the draw, float64 (draws,).

    Parameters
    ----------
    values : float64 array (n,)
    share : float64 array (draws, P)
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
