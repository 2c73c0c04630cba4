"""What the posterior share of an occurrence is worth, by the competition with decoys."""

import numpy as np
from scipy.optimize import isotonic_regression

from motifmine.types import Floats


def calibrate_shares(share: Floats, candidate_share: Floats, false_probability: Floats) -> Floats:
    """Return the probability that occurrences are true, by the share of sweeps that have them.

    Sweeps agree more than they should where the model is not that of the data, and chains find a
    motif's weak occurrences a few bins aside. Candidates with the same share are true as often as
    the competition with decoys has it; their mean rises with the share.

    Parameters
    ----------
    share : float64 array (n,)
        Of the kept sweeps that have each occurrence.
    candidate_share : float64 array (N,)
        The same of all candidates, of which there is one at least.
    false_probability : float64 array (N,)
        Of the candidates, see `motifmine.records.fit.Occurrences`.
    """
    shares, which, number = np.unique(candidate_share, return_inverse=True, return_counts=True)
    true = np.bincount(which, 1.0 - false_probability) / number
    fitted = isotonic_regression(true, weights=number.astype(np.float64)).x
    probability: Floats = np.interp(share, shares, fitted)
    return probability
