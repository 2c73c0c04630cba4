"""How motif cells lie in memory for a pass: words in rows, or motif by motif."""

import numpy as np

from motifmine.models.plsm.kernels.rows import LANES
from motifmine.types import Floats, Floats32


def stride(n_motifs: int, motif_length: int) -> int:
    """Return L * K rounded up to whole vector registers."""
    return -(-n_motifs * motif_length // LANES) * LANES


def aligned(shape: int | tuple[int, ...]) -> Floats32:
    """Return float32 zeros that begin on a cache line."""
    n = 4 * int(np.prod(shape))
    raw = np.zeros(n + 64, np.uint8)
    skip = -raw.ctypes.data % 64
    return raw[skip : skip + n].view(np.float32).reshape(shape)


def motif_major(phi: Floats32, n_motifs: int, motif_length: int) -> Floats32:
    """Return float32 (K, L * W) of phi (W, stride): relative time forwards, words fastest.

    Parameters
    ----------
    phi : float32 array (W, stride)
        Relative time reversed.
    n_motifs : int
    motif_length : int
        Bins.
    """
    n_words = len(phi)
    table = phi[:, : n_motifs * motif_length].reshape(n_words, motif_length, n_motifs)
    by_motif = aligned((n_motifs, motif_length * n_words))
    by_motif.reshape(n_motifs, motif_length, -1)[:] = table[:, ::-1].transpose(2, 1, 0)
    return by_motif


def word_major(by_motif: Floats, n_motifs: int, motif_length: int, n_words: int) -> Floats:
    """Return float64 (W, stride) of counts (K, L * W), the way back; (0, stride) of none.

    Parameters
    ----------
    by_motif : float array (K, L * W)
    n_motifs : int
    motif_length : int
        Bins.
    n_words : int
    """
    counts = np.zeros((n_words if len(by_motif) else 0, stride(n_motifs, motif_length)))
    if len(counts):
        table = by_motif.reshape(n_motifs, motif_length, n_words)
        cells = table.transpose(2, 1, 0)[:, ::-1].reshape(n_words, -1)
        counts[:, : n_motifs * motif_length] = cells
    return counts
