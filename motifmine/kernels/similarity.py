"""Similarity of motifs: cosine, maximised over shifts in time."""

import numpy as np

from motifmine.types import Floats, Floats32, Indices


def max_shifted_cosine(reference: Floats32, found: Floats32) -> tuple[Floats, Indices]:
    """Return the largest cosine over all shifts for every pair of motifs, and that shift.

    Parameters
    ----------
    reference : float32 array (K, L, W)
    found : float32 array (J, M, W)

    Returns
    -------
    cosine : float64 array (K, J)
    shift : int64 array (K, J)
        Relative time r of the found motif is r + shift of the reference.
    """
    cosines, shifts = shifted_cosines(reference, found)
    best = cosines.argmax(axis=0)
    return np.take_along_axis(cosines, best[None], axis=0)[0], shifts[best]


def shifted_cosines(reference: Floats32, found: Floats32) -> tuple[Floats, Indices]:
    """Return the cosines of all pairs of motifs at all shifts, (shifts, K, J), and the shifts.

    Parameters
    ----------
    reference, found
        See `max_shifted_cosine`.
    """
    # of thousands of words of a picture a motif has a few hundred
    both = np.flatnonzero(reference.any(axis=(0, 1)) & found.any(axis=(0, 1)))
    # one matrix product gives all pairs of rows; the cosine at a shift is the sum of a diagonal
    products = (_scale_to_unit(reference, both) @ _scale_to_unit(found, both).T).reshape(
        *reference.shape[:2], *found.shape[:2]
    )
    length, n_shifts = found.shape[1], reference.shape[1] + found.shape[1] - 1
    cosines = np.zeros((n_shifts, len(reference), len(found)))
    for first, row in enumerate(products.transpose(1, 3, 0, 2)):
        cosines[first : first + length] += row[::-1]
    shifts = np.arange(1 - length, reference.shape[1])
    return cosines, shifts


def _scale_to_unit(motifs: Floats32, words: Indices) -> Floats32:
    """Return some words of motifs scaled to unit norm (empty ones stay empty), (K * L, words)."""
    norm = np.sqrt(np.einsum("klw,klw->k", motifs, motifs, dtype=np.float64))
    scale = np.divide(1.0, norm, out=np.zeros_like(norm), where=norm > 0)
    unit: Floats32 = motifs[:, :, words] * scale[:, None, None].astype(np.float32)
    # with no word in common there are no columns, which -1 rows could not be derived from
    return unit.reshape(len(norm) * motifs.shape[1], len(words))
