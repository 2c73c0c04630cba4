"""How alike motifs are, at the shift that suits them best."""

import numpy as np

from motifmine.table import Floats, Floats32, Indices


def shifted_cosine(reference: Floats32, found: Floats32) -> tuple[Floats, Indices]:
    """Return the best cosine over all shifts for every pair of motifs, and the shift.

    Parameters
    ----------
    reference : float array (K, L, W)
    found : float array (J, M, W)

    Returns
    -------
    cosine : float64 array (K, J)
    shift : int64 array (K, J)
        Relative time r of the found motif is r + shift of the reference.
    """
    length, other = reference.shape[1], found.shape[1]
    norms = np.outer(_norms(reference), _norms(found))
    cosine = np.full(norms.shape, -1.0)
    shift = np.zeros(norms.shape, dtype=np.int64)
    for by in range(-(other - 1), length):
        first, last = max(0, by), min(length, by + other)
        ours = reference[:, first:last].reshape(len(reference), -1).astype(np.float64)
        theirs = found[:, first - by : last - by].reshape(len(found), -1).astype(np.float64)
        product = ours @ theirs.T / np.where(norms > 0, norms, 1.0)
        better = product > cosine + 1e-12
        cosine[better] = product[better]
        shift[better] = by
    return cosine, shift


def _norms(motifs: Floats32) -> Floats:
    flat = motifs.reshape(len(motifs), -1).astype(np.float64)
    return np.sqrt((flat * flat).sum(axis=1))
