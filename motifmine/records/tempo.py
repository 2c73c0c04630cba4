"""Motifs at several tempos: the same words in the same order, slower or faster."""

from functools import lru_cache

import numpy as np

from motifmine.types import Floats, Floats32, Indices


def longest_window(motif_length: int, tempos: Floats) -> int:
    """Return how many bins a motif of `motif_length` bins takes at the slowest tempo."""
    # rounding must not add a bin that no tempo reaches
    return int(np.ceil(motif_length / float(tempos.min()) - 1e-9))


def at_tempos(motifs: Floats32, tempos: Floats) -> Floats32:
    """Return motifs at every tempo, float32 (K * V, L, W): motif k at tempo v is `k * V + v`.

    A window of the same length holds them, so that what would exceed it at a slow tempo is cut off.

    Parameters
    ----------
    motifs : float32 array (K, L, W)
    tempos : float64 array (V,)
        Speeds; 2 is twice as fast, half as long.
    """
    n_motifs, length, n_words = motifs.shape
    played = np.matmul(resampling(length, tuple(tempos.tolist())), motifs[:, None])
    return np.ascontiguousarray(played.reshape(n_motifs * len(tempos), length, n_words))


def learn_at_tempos(motifs: Floats32, counts: Floats32, played: Floats32, tempos: Floats) -> Floats:
    """Return expected counts of motifs (K, L, W) from those of their bins at every tempo.

    The count of a bin goes back to the relative times that it came from, by their shares of its
    rate: the M-step of EM for motifs that are tied by resampling.

    Parameters
    ----------
    motifs : float32 array (K, L, W)
        Under which the counts were expected.
    counts : float32 array (K * V, L, W)
        Expected counts at every tempo.
    played : float32 array (K * V, L, W)
        `at_tempos` of `motifs`.
    tempos : float64 array (V,)
    """
    n_motifs, length, n_words = motifs.shape
    # where a motif expects nothing nothing was counted, and it stays closed
    ratio = np.divide(counts, played, out=np.zeros_like(counts), where=played > 0)
    back = resampling(length, tuple(tempos.tolist())).transpose(0, 2, 1)
    parts = np.matmul(back, ratio.reshape(n_motifs, len(tempos), length, n_words))
    learned: Floats = motifs * parts.sum(axis=1, dtype=np.float64)
    return learned


# EM asks for the same matrices in every iteration
@lru_cache(maxsize=64)
def resampling(length: int, tempos: tuple[float, ...]) -> Floats32:
    """Return the part of each relative time that falls into each bin, float32 array (V, L, L).

    Bin i at tempo v covers the relative times from v i to v (i + 1); rows are bins.
    """
    edges = np.arange(length + 1.0)
    matrices = []
    for tempo in tempos:
        first, end = tempo * edges[:-1, None], tempo * edges[1:, None]
        matrices.append(np.minimum(end, edges[1:]) - np.maximum(first, edges[:-1]))
    parts: Floats32 = np.maximum(np.array(matrices), 0).astype(np.float32)
    return parts


def usual_tempo(tempos: Floats) -> int:
    """Return the index of tempo 1 among tempos."""
    # by ratio: half as fast is as far from 1 as twice as fast
    return int(np.argmin(np.abs(np.log(tempos))))


def starts_of_motifs(starts: Floats32, n_tempos: int) -> Floats32:
    """Return the mass of starts of motifs at all tempos together, float32 (R, K)."""
    together: Floats32 = starts.reshape(len(starts), -1, n_tempos).sum(axis=2)
    return together


def columns_at_tempos(motifs: Indices, n_tempos: int) -> Indices:
    """Return the columns `k * V + v` of some motifs, all tempos of each together."""
    columns: Indices = (motifs[:, None] * n_tempos + np.arange(n_tempos)).reshape(-1)
    return columns
