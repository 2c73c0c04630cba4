"""How long motifs are, from the data alone: up to which lag the order in time goes.

A pattern in time is not symmetric under reversal of time, a change of rate is. So the part of the
lagged covariance C(d) of the words that changes its sign under reversal, (C(d) - C(d)^T) / 2, is
nothing beyond the length of the patterns. What words that have nothing to do with one another give
is estimated by moving every component of the words around the recording by a lag of its own, which
keeps its own rhythm and drift.

Where that is undecided, few pairs of words may have an order that is lost in the sum over all: the
surest pairs of words (see `motifmine.kernels.order_in_time`) then give a length. They also do where
most bins are empty: between two events of a motif the profile is 0, as if the motif had ended.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from motifmine.kernels.order_in_time import RATIO, measure_order
from motifmine.models.plsm.sparse_events import is_sparse
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Floats32, Indices

N_COMPONENTS = 25
"""Principal components of the words that are looked at."""
N_WORDS = 40  # most varying words of which pairs are looked at
N_NULL = 10
"""Copies with components moved apart."""
MOST_BINS = 10_000
"""Number of bins that are used, from the first on."""
LONGEST = 200
"""Longest lag that is looked at, bins; a fifth of the table where that is less."""
LEAST_PEAK = 10.0
"""Standard deviations above the null that the profile must reach for a length to be read off: with
so few copies chance reaches 6 at one of all lags."""
LEAST_HEIGHT, LEAST_SURE = 0.03, 1.0
"""The order ends at the first lag after the peak where the profile is below this share of the peak,
or below this number of standard deviations of the null. Of simulated motifs of 10 bins it is 0.045
to 0.15 at lag 9, which only their first and last bins have, and 0.01 at most beyond; a length one
bin short costs up to 0.05 of F1, one bin too long next to nothing."""
MINOR = 0.1
"""Share of the peak below which the rest may be that of a few long motifs, or of states that
last differently."""
LEAST_PART = 0.5
"""The peak that is read off must be this part of the highest at any lag; else the order goes on
beyond, and the table is too short to show how far."""
ENDS = "order in time ends there"
BY_PAIRS = "words follow one another as far apart as that"
"""Reason of a length by the surest pairs of words."""
NO_ORDER = "no order in time stands out"
"""Reason where the peak is too low."""
SHORTEST = 4
"""Shorter lengths are not believed, bins."""
CLEARLY_SHORTER = 2 / 3
"""Share of a length up to which a shorter one is worth growing motifs at both."""
REBOUND = 2.0
"""A trough below a third of the peak from which the profile rises again by this factor ends one
period of what repeats itself."""
TROUGH = 1 / 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LengthChoice:
    """The length read off the profile of order in time, and the profile."""

    bins: int | None
    """Length, None where the profile is undecided."""
    profile: Floats
    """Order in time at lags 1, 2, ... above what chance gives, over its peak, float64 (lags,)."""
    reason: str
    """In words for people."""
    pairs: int = 0
    """Length by the surest pairs of words, bins, 0 without any; only where the profile is undecided
    or `with_pairs` asks for it."""

    @property
    def main_bins(self) -> int:
        """First lag after the peak at which less than `MINOR` of it is left, bins; 0: at none."""
        if not len(self.profile):
            return 0
        peak = int(self.profile.argmax())
        below = np.flatnonzero(self.profile[peak:] < MINOR)
        return peak + int(below[0]) + 1 if len(below) else 0


def is_clearly_shorter(bins: int, motif_length: int) -> bool:
    """Return whether a length is believed, and worth growing motifs at, too."""
    return SHORTEST <= bins <= CLEARLY_SHORTER * motif_length


def choose_length(
    table: ObservationTable, *, seed: int = 0, with_pairs: bool = False
) -> LengthChoice:
    """Return the length at which the order in time of the words of `table` ends.

    Examples
    --------
    >>> from motifmine import simulate
    >>> table = simulate(n_motifs=5, motif_length=10, n_times=3000, seed=1).table
    >>> 8 <= choose_length(table).bins <= 12
    True
    """
    root, edges = _roots(table)
    components = _components(root)
    # an order at a lag must be seen several times in the table
    longest = min(LONGEST, len(components) // 5, int(np.diff(edges).max(initial=0)) - 1)
    nothing = np.zeros(max(longest, 0))
    if longest <= SHORTEST or components.shape[1] < 2:
        return LengthChoice(bins=None, profile=nothing, reason="there are too few bins or words")
    if is_sparse(table):
        pairs = _length_of_pairs(root, components, edges, longest)
        if pairs >= SHORTEST:
            return LengthChoice(bins=pairs, profile=nothing, reason=BY_PAIRS)
    rng = generator(seed, Stream.LENGTH)
    null = np.array(
        [_order(_moved_apart(components, edges, rng), edges, longest) for _ in range(N_NULL)]
    )
    # squares have a positive mean by chance alone
    excess = _order(components, edges, longest) - null.mean(axis=0)
    # in standard deviations of chance, which differ between lags
    sure = excess / np.maximum(null.std(axis=0, ddof=1), 1e-30)
    peak = int(excess.argmax())
    profile = excess / max(float(excess[peak]), 1e-30)
    if excess[peak] <= 0 or sure[: peak + 1].max() < LEAST_PEAK:
        choice = LengthChoice(bins=None, profile=profile, reason=NO_ORDER)
    else:
        choice = _read_off(profile, sure)
    if choice.bins is None or with_pairs:
        choice = replace(choice, pairs=_length_of_pairs(root, components, edges, longest))
    return choice


def _length_of_pairs(root: Floats32, components: Floats32, edges: Indices, longest: int) -> int:
    """Return the length up to which the surest pairs of words have an order, bins."""
    frequent = root[:, np.argsort(-root.var(axis=0), kind="stable")[:N_WORDS]]
    spans = [measure_order(values, edges, longest).span() for values in (frequent, components)]
    lags = [span[1] for span in spans if span is not None]
    # lags are between words: the last of them goes on
    return math.ceil(RATIO * max(lags)) if lags else 0


def _read_off(profile: Floats, sure: Floats) -> LengthChoice:
    """Return where the profile of an order that stands out ends."""
    highest = -np.inf
    lowest, at = np.inf, 0
    for lag in range(len(profile)):
        value = profile[lag]
        if value > highest:
            highest, lowest = value, np.inf
        if value < lowest:
            lowest, at = value, lag
        ends = value < LEAST_HEIGHT * highest or sure[lag] < LEAST_SURE
        if ends and highest < LEAST_PART:
            break
        if ends and lag + 1 >= SHORTEST:
            return LengthChoice(bins=lag + 1, profile=profile, reason=ENDS)
        if lowest < TROUGH * highest and value > max(REBOUND * lowest, 1.5 * LEAST_HEIGHT):
            if at + 1 >= SHORTEST:
                return LengthChoice(
                    bins=at + 1, profile=profile, reason="what has an order in time repeats itself"
                )
            lowest = np.inf
        if ends:
            return LengthChoice(
                bins=None, profile=profile, reason=f"order in time ends within {lag + 1} bins"
            )
    return LengthChoice(bins=None, profile=profile, reason="order in time does not end")


def _roots(table: ObservationTable) -> tuple[Floats32, Indices]:
    """Return roots of the counts over their means (T, words), and where documents begin."""
    n_times = min(table.n_times, MOST_BINS)
    edges = np.unique(np.minimum(table.document_offsets, n_times))
    row = table.row_of_observation()
    kept = row < n_times
    used, word = np.unique(table.word[kept], return_inverse=True)
    root = np.zeros((n_times, len(used)), np.float32)
    # the root makes the variance of Poisson counts about the same for frequent and rare words
    root[row[kept], word] = np.sqrt(table.count[kept])
    # in part only: whitened fully, the rarest words would make the components
    root /= np.sqrt(root.mean(axis=0) + 1e-9)
    root -= root.mean(axis=0)
    return root, edges


def _components(root: Floats32) -> Floats32:
    """Return the principal components of roots of counts (T, P)."""
    values, vectors = np.linalg.eigh((root.T @ root).astype(np.float64) / max(len(root), 1))
    order = np.argsort(-values)[:N_COMPONENTS]
    components: Floats32 = root @ vectors[:, order].astype(np.float32)
    return components


def _order(components: Floats32, edges: np.ndarray, longest: int) -> Floats:
    """Return the squared antisymmetric part of the lagged covariance at lags 1.., float64."""
    order = np.zeros(longest)
    for lag in range(1, longest + 1):
        covariance = np.zeros((components.shape[1],) * 2, np.float32)
        n = 0
        for first, last in pairwise(edges.tolist()):
            if last - first > lag:
                part = components[first:last]
                covariance += part[:-lag].T @ part[lag:]
                n += last - first - lag
        # the symmetric part is what words have in common at any order, rates that vary for example
        odd = (covariance - covariance.T) / (2 * max(n, 1))
        order[lag - 1] = float(np.square(odd, dtype=np.float64).sum())
    return order


def _moved_apart(components: Floats32, edges: np.ndarray, rng: np.random.Generator) -> Floats32:
    """Return every component moved around each document by a lag of its own."""
    moved = components.copy()
    for first, last in pairwise(edges.tolist()):
        for column in range(components.shape[1]):
            # each component keeps its own dynamics and loses its lag to the others
            by = int(rng.integers(last - first))
            moved[first:last, column] = np.roll(components[first:last, column], by)
    return moved
