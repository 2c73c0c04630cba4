"""What is learned from many documents, and what must be known of them for it.

Expected counts of motif cells and of the background's words are sufficient statistics: they can be
added up over documents. They are all that travels between workers and whoever takes the M-step.
Sums are taken in the order of the groups of documents, so that they have the same bytes whoever did
which group.
"""

from collections.abc import Iterable
from typing import NamedTuple

from motifmine.types import Floats, Floats32


class Parameters(NamedTuple):
    """What all documents share."""

    motifs: Floats32
    """float32 array (K, L, W), each sums to 1 or is empty."""
    words: Floats
    """Words of the background, float64 array (W,), sums to 1."""
    worth: Floats | None = None
    """Observations that the posterior of each motif, and of the background's words last, is worth,
    float64 array (K + 1,), where these are means; None: they are point estimates."""


class Statistics(NamedTuple):
    """Expected counts under given parameters, and how likely the observations are."""

    cells: Floats
    """Of motif cells, float64 array in an order that is the model's own."""
    words: Floats
    """Of the background by word, float64 array (W,)."""
    log_likelihood: float
    total: float
    """Sum of the counts."""


def add_statistics(zero: Statistics, parts: Iterable[Statistics]) -> Statistics:
    """Return the sum of statistics, added one after the other to `zero`, whose arrays change."""
    cells, words, value, total = zero
    for part in parts:
        cells += part.cells
        words += part.words
        value += part.log_likelihood
        total += part.total
    return Statistics(cells, words, value, total)


def blend_statistics(old: Statistics, new: Statistics, rate: float) -> Statistics:
    """Return `old` moved by `rate` towards `new`, both per observation (total 1).

    It is the stochastic approximation of the E-step of Cappe and Moulines (JRSS B 71(3), 2009,
    eq. 10), with statistics per observation so that batches may differ in size.

    Parameters
    ----------
    rate : float
        Weight of `new`, 0 to 1.
    """
    keep, take = (1 - rate) / old.total, rate / new.total
    return Statistics(
        keep * old.cells + take * new.cells,
        keep * old.words + take * new.words,
        keep * old.log_likelihood + take * new.log_likelihood,
        1.0,
    )
