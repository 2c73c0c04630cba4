"""PLSM as the papers write it, in plain loops and float64: an EM pass, the sum over everything.

From Varadarajan, Emonet, Odobez, BMVC 2010 and IJCV 2013. Tables are indexed [d, z, ts] and
[z, w, tr]; start times run from -(L - 1) to T_d - 1. No code or layout is shared with the kernels.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Starts = dict[tuple[int, int, int], float]
Cell = tuple[int, int] | None
SMALLEST = float(np.finfo(np.float32).tiny)


def responsibilities(
    starts: Starts, motifs: Array, background: Array, d: int, w: int, ta: int
) -> tuple[dict[Cell, float], float]:
    """Return r(z,ts|w,ta,d) = p(z,ts|d) phi_z(w,ta-ts) / p(w,ta|d), and the rate p(w,ta|d).

    The background's share stands under None. motifs (K, W, L), background (D, W).
    """
    n_motifs, _, motif_length = motifs.shape
    joint: dict[Cell, float] = {None: float(background[d, w])}
    for z in range(n_motifs):
        for tr in range(motif_length):
            joint[z, ta - tr] = starts[d, z, ta - tr] * float(motifs[z, w, tr])
    rate = sum(joint.values())
    return {key: (value / rate if rate > 0 else 0.0) for key, value in joint.items()}, rate


def em_pass(
    observations: Sequence[tuple[int, int, int, float]],
    starts: Starts,
    motifs: Array,
    background: Array,
) -> tuple[Starts, Array, Array, float]:
    """Return the M-step sums of observations (d, ta, w, n), and the log-likelihood.

    c(z,ts,d) = sum_{w,tr} n r, e(z,w,tr) = sum_{d,ts} n r, the background's (D, W), sum n log p.
    """
    c = dict.fromkeys(starts, 0.0)
    e = np.zeros(motifs.shape)
    b = np.zeros(background.shape)
    log_likelihood = 0.0
    for d, ta, w, n in observations:
        r, rate = responsibilities(starts, motifs, background, d, w, ta)
        log_likelihood += n * math.log(rate if rate > 0 else SMALLEST)
        for key, share in r.items():
            if key is None:
                b[d, w] += n * share
            else:
                z, ts = key
                c[d, z, ts] += n * share
                e[z, w, ta - ts] += n * share
    return c, e, b, log_likelihood


def four_table_rate(starts: Starts, motifs: Array, d: int, w: int, ta: int) -> float:
    """Return N_d p(w,ta|d) from the papers' tables p(z|d) p(ts|z,d) p(w|z) p(tr|w,z)."""
    n_motifs, _, motif_length = motifs.shape
    p_w = motifs.sum(axis=2)
    total = 0.0
    for z in range(n_motifs):
        p_z = sum(v for (dd, zz, _), v in starts.items() if dd == d and zz == z)
        for tr in range(motif_length):
            p_ts = starts[d, z, ta - tr] / p_z if p_z > 0 else 0.0
            p_tr = float(motifs[z, w, tr] / p_w[z, w]) if p_w[z, w] > 0 else 0.0
            total += p_z * p_ts * float(p_w[z, w]) * p_tr
    return total


def sum_over_assignments(
    tokens: Sequence[tuple[int, int, int]], starts: Starts, motifs: Array, background: Array
) -> tuple[float, Starts, Array, Array]:
    """Return the likelihood of tokens (d, ta, w) and the posterior means (c, e, b).

    By summing over every joint assignment of all tokens to (motif, start) or the background: slow,
    for about four tokens. An assignment's posterior is its product of weights over their sum.
    """
    n_motifs, _, motif_length = motifs.shape
    cells: list[Cell] = [None, *itertools.product(range(n_motifs), range(motif_length))]
    c = dict.fromkeys(starts, 0.0)
    e = np.zeros(motifs.shape)
    b = np.zeros(background.shape)
    evidence = 0.0
    for assignment in itertools.product(cells, repeat=len(tokens)):
        pairs = list(zip(tokens, assignment, strict=True))
        weight = 1.0
        for (d, ta, w), cell in pairs:
            if cell is None:
                weight *= float(background[d, w])
            else:
                weight *= starts[d, cell[0], ta - cell[1]] * float(motifs[cell[0], w, cell[1]])
        evidence += weight
        for (d, ta, w), cell in pairs:
            if cell is None:
                b[d, w] += weight
            else:
                c[d, cell[0], ta - cell[1]] += weight
                e[cell[0], w, cell[1]] += weight
    return evidence, {key: value / evidence for key, value in c.items()}, e / evidence, b / evidence
