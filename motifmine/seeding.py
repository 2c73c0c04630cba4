"""Random generators from seeds, and the names of all random streams."""

import secrets
from enum import IntEnum

import numpy as np

from motifmine.errors import SpecError


class Stream(IntEnum):
    """First key of every random stream of a seed, in addition to the main stream.

    Restarts of fits and recordings (samples of series) are plain positions, counted
    from 0. All other streams have a number here, far above any position. Two names of one number
    are streams that are never used together, or that differ in a second key, such as the number of
    a refit. Numbers never change, because fits could not be reproduced otherwise; a new stream
    takes an unused number.
    """

    CHAIN = 0
    """Sampling: one of every chain."""
    COUNT = 1
    """Sampling: rounding of scaled counts."""
    DOCUMENT_ORDER = 0
    """Co-occurrence, which has its own seed: random choice of documents."""
    SHIFT_FOR_SPREAD = 1
    """Co-occurrence: shifts for mean and standard deviation."""
    SHIFT_FOR_NULL = 2
    """Co-occurrence: shifts for the null distribution."""
    ACTIVITY = 1 << 20
    """EM: observations held out to choose between sparse and dense."""
    SEARCH_PART = 1 << 21
    """EM: part of the table that motifs are searched in."""
    DETECTION = 1 << 22
    """Decoys and permutations of their labels; followed by their purpose."""
    FOLD = 1 << 27
    """Added to the seed for the fit without a fold, with the number of the fold."""
    EVALUATION = 1 << 28
    """Evaluation, always of seed 0: which recordings are drawn for intervals."""
    STREAMED_PART = 1 << 23
    """Out of core: documents that motifs are searched in."""
    STABILITY = 1 << 23
    """Stability: resampled documents, followed by the refit's number; also added to its seed."""
    SIGNIFICANCE = 1 << 24
    """EM: simulated tables without motifs, for p-values in the choice of sizes."""
    STREAMED_ORDER = 1 << 24
    """Out of core: order of the documents, followed by the pass."""
    UPDATE_ORDER = 1 << 25
    """Update: order of the new documents, followed by the number of the update."""
    SKETCH = 1 << 25
    """Drift, always of seed 0: columns and signs of sums over words."""
    GROUP = 1 << 26
    """Sampling in groups: the seeds of the groups."""
    GROWTH = 1 << 29
    """EM: growth of the number of motifs, followed by the number of the way."""
    LENGTH = 1 << 30
    """EM: null of the profile that the motifs' length is read off."""
    CONFUSION = 1 << 31
    """Events drawn from motifs that look alike."""
    PREDICTIVE = 1 << 32
    """Data drawn from a fit, to be compared with what it was learned from."""
    TEMPO = 1 << 33
    """EM: observations that decide the tempos."""
    TEMPO_PART = 1 << 34
    """EM: the part that motifs of several tempos are searched in."""
    TEMPO_RESTART = 1 << 35
    """EM: the same, followed by the number of the restart."""
    WITHIN_BIN = 1 << 36
    """Phases: times of starts within their bins."""
    ROBUSTNESS = 1 << 39
    """Robustness: what is tried, and random changes."""
    ATTACKS = 1 << 40
    """Attacks on all counts: random moves."""
    DRAWING = 1 << 38
    """Tables drawn from a fit."""
    SCATTER = 1 << 37
    """Phases: scattered starts, followed by their number."""


def resolve_seed(seed: int | None) -> int:
    """Return `seed`, or one drawn from the system's entropy when it is None.

    Store the returned number in a `Provenance`, so that the run can be reproduced.

    Raises
    ------
    SpecError
        When the seed is negative.
    """
    if seed is not None and seed < 0:
        raise SpecError(f"seed is {seed}; it must be 0 or more")
    # 32 bits: short enough to be typed again
    return secrets.randbits(32) if seed is None else int(seed)


def generator(seed: int | np.random.Generator, *stream: int) -> np.random.Generator:
    """Return a Generator for `seed`; `stream` keys independent streams of one seed.

    Parameters
    ----------
    seed : int or numpy.random.Generator
        A Generator is passed through (then `stream` must be empty).
    stream : int
        A `Stream`, or a position (a restart, a document, a chain), or both in this order; never a
        worker, thread or time, on which results must not depend.

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    SpecError
        When the seed is negative.
    """
    if isinstance(seed, np.random.Generator):
        # how far it has been drawn from is not known, so its streams could not be drawn again
        if stream:
            raise TypeError("a Generator cannot be keyed by a stream; pass the integer seed")
        return seed
    if seed < 0:
        raise SpecError(f"seed is {seed}; it must be 0 or more")
    # spawn keys make streams independent; sums of seed and number would repeat those of other seeds
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=stream))
