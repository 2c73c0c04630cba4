"""Statistics of PLSM: none, those that given parameters come from, and the M-step."""

import numpy as np

from motifmine.models.plsm.cell_layouts import stride
from motifmine.models.plsm.em import normalised, shares
from motifmine.models.statistics import Parameters, Statistics
from motifmine.types import Floats


def no_statistics(parameters: Parameters) -> Statistics:
    """Return the statistics of no documents."""
    n_motifs, length, n_words = parameters.motifs.shape
    return Statistics(np.zeros((n_words, stride(n_motifs, length))), np.zeros(n_words), 0.0, 0.0)


def maximised(parameters: Parameters, found: Statistics, motif_prior: float) -> Parameters:
    """Return the parameters that the statistics ask for: the M-step.

    Parameters
    ----------
    parameters : Parameters
        Give the shapes alone.
    found : Statistics
    motif_prior : float
        Pseudo-count of a motif cell in units of the mean mass of a cell.
    """
    n_motifs, length, _ = parameters.motifs.shape
    pseudo_count = motif_prior * found.total / max(found.cells.size, 1)
    return Parameters(normalised(found.cells, n_motifs, length, pseudo_count), shares(found.words))


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
