"""What EM needs to know of many documents, and nothing of the documents themselves.

Expected counts of motif cells and of the background's words can be added up over documents. They
are all that travels between workers and whoever takes the M-step. Sums are taken in the order of
the groups of documents, so that they have the same bytes whoever did which group.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from motifmine.models.plsm.em import normalised, shares
from motifmine.models.plsm.passes import stride
from motifmine.types import Floats, Floats32


class Parameters(NamedTuple):
    """What all documents share."""

    motifs: Floats32
    """float32 array (K, L, W), each sums to 1 or is empty."""
    words: Floats
    """Words of the background, float64 array (W,), sums to 1."""


class Statistics(NamedTuple):
    """Expected counts under given parameters, and how likely the observations are."""

    cells: Floats
    """Of motif cells, as a pass gives them: float64 array (W, stride)."""
    words: Floats
    """Of the background by word, float64 array (W,)."""
    log_likelihood: float
    total: float
    """Sum of the counts."""


def no_statistics(parameters: Parameters) -> Statistics:
    """Return the statistics of no documents."""
    n_motifs, length, n_words = parameters.motifs.shape
    return Statistics(np.zeros((n_words, stride(n_motifs, length))), np.zeros(n_words), 0.0, 0.0)


def summed(parameters: Parameters, parts: Iterable[Statistics]) -> Statistics:
    """Return the sum of statistics, added one after the other."""
    cells, words, value, total = no_statistics(parameters)
    for part in parts:
        cells += part.cells
        words += part.words
        value += part.log_likelihood
        total += part.total
    return Statistics(cells, words, value, total)


def maximised(parameters: Parameters, found: Statistics, motif_prior: float) -> Parameters:
    """Return the parameters that the statistics ask for: the M-step."""
    n_motifs, length, _ = parameters.motifs.shape
    pseudo_count = motif_prior * found.total / max(found.cells.size, 1)
    return Parameters(normalised(found.cells, n_motifs, length, pseudo_count), shares(found.words))


def blended(old: Statistics, new: Statistics, rate: float) -> Statistics:
    """Return `old` moved by `rate` towards `new`, both per observation (total 1).

    It is the stochastic approximation of the E-step of Cappe and Moulines (JRSS B 71(3), 2009,
    eq. 10), with statistics per observation so that batches may differ in size.
    """
    keep, take = (1 - rate) / old.total, rate / new.total
    return Statistics(
        keep * old.cells + take * new.cells,
        keep * old.words + take * new.words,
        keep * old.log_likelihood + take * new.log_likelihood,
        1.0,
    )


def statistics_of(parameters: Parameters, weight: Floats, background: float) -> Statistics:
    """Return the statistics per observation that gave `parameters`.

    Parameters
    ----------
    parameters : Parameters
    weight : float64 array (K,)
        Share of the observations that each motif explains.
    background : float
        Share of the background.
    """
    none = no_statistics(parameters)
    n_motifs, length, n_words = parameters.motifs.shape
    held = parameters.motifs[:, ::-1] * weight[:, None, None]
    none.cells[:, : n_motifs * length] = held.transpose(2, 1, 0).reshape(n_words, -1)
    return none._replace(words=background * parameters.words, total=1.0)
