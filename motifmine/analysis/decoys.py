"""Decoys: motifs of the same words and rhythms whose words come in another order."""

import numpy as np

from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.records.fit import MotifSet
from motifmine.types import Floats32

N_TRIES = 8
"""Draws of lags of which the decoy least like its motif is taken, unless one is unlike enough."""
UNLIKE = 0.7
"""Cosine at the best shift below which a decoy is unlike its motif."""
CUT_SHARE = 0.1
"""Of a word's mass, at most so much may come to lie beyond the edge that a lag moves it over."""


def motifs_with_decoys(motifs: MotifSet, n_decoys: int, rng: np.random.Generator) -> MotifSet:
    """Return the motifs and, behind them, `n_decoys` decoys of each: (1 + n_decoys) K motifs.

    Motif k has its decoys at k + K, k + 2 K, ...
    """
    decoys = [roll_words(motif, rng) for _ in range(n_decoys) for motif in motifs.probability]
    return MotifSet(
        probability=np.concatenate([motifs.probability, np.array(decoys, dtype=np.float32)])
        if decoys
        else motifs.probability,
        weight=np.tile(motifs.weight, n_decoys + 1) / (n_decoys + 1),
    )


def roll_words(motif: Floats32, rng: np.random.Generator) -> Floats32:
    """Return a motif (L, W) with the row of every word moved in relative time by its own lag.

    What leaves the window on one side enters on the other; lags that would cut a word's mass in two
    are used only where there are no others.
    """
    words = np.flatnonzero(motif.any(axis=0))
    allowed = _uncut_lags(motif[:, words])
    best, least = motif, np.inf
    for _ in range(N_TRIES):
        order = rng.random(allowed.shape)
        lag = np.where(allowed, order, -1.0).argmax(axis=0)
        decoy = np.zeros_like(motif)
        row = (np.arange(len(motif))[:, None] - lag) % len(motif)
        decoy[:, words] = np.take_along_axis(motif[:, words], row, axis=0)
        likeness = float(max_shifted_cosine(motif[None], decoy[None])[0][0, 0])
        if likeness < least:
            best, least = decoy, likeness
        if least < UNLIKE:
            break
    return best


def _uncut_lags(rows: Floats32) -> np.ndarray:
    """Return which lags leave the mass of each word in one piece, bool array (L, words).

    A lag moves the last `lag` bins to the front. Words that would not have two such lags may have
    all.
    """
    length = len(rows)
    total = rows.sum(axis=0)
    before = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])[:length]
    head = before[(length - np.arange(length)) % length]  # mass of the bins that stay in front
    head[0] = total
    allowed = np.minimum(head, total - head) <= CUT_SHARE * total
    allowed[:, allowed.sum(axis=0) < 2] = True
    return np.asarray(allowed)
