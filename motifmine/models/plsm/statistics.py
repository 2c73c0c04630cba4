"""Statistics of PLSM: none, those that given parameters come from, and the M-step."""

import numpy as np

from motifmine.models.plsm.em import normalised
from motifmine.models.plsm.problem import shares
from motifmine.models.statistics import Parameters, Statistics
from motifmine.types import Floats


def no_statistics(parameters: Parameters) -> Statistics:
    """Return the statistics of no documents."""
    shape = parameters.motifs.shape
    return Statistics(np.zeros(shape), np.zeros(shape[2]), 0.0, 0.0)


def maximised(found: Statistics, motif_prior: float) -> Parameters:
    """Return the parameters that the statistics ask for: the M-step.

    `motif_prior` is the pseudo-count of a motif cell in units of the mean mass of a cell.
    """
    pseudo_count = motif_prior * found.total / max(found.cells.size, 1)
    return Parameters(normalised(found.cells, pseudo_count), shares(found.words))


def statistics_of(parameters: Parameters, weight: Floats, background: float) -> Statistics:
    """Return the statistics per observation that gave `parameters`.

    Parameters
    ----------
    weight : float64 array (K,)
        Share of the observations that each motif explains.
    background : float
        Share of the background.
    """
    held = parameters.motifs * weight[:, None, None]
    return Statistics(held, background * parameters.words, 0.0, 1.0)
