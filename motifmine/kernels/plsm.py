"""The EM pass of PLSM over the stored observations only.

Memory layout (section "start layout" of `motifmine.layout`): `activation` holds one row of K
masses per start time, `phi` one row per word, with relative time reversed, so that the L start rows
an observation can come from and its word's row are two contiguous vectors of L * K numbers whose
dot product is the observation's rate.
"""

import numpy as np
from numpy.typing import NDArray

from motifmine.jit import fast_kernel

Array = NDArray[np.float32]


@fast_kernel
def sweep_expectations(
    bin_row: NDArray[np.int64],
    offsets: NDArray[np.int64],
    word: NDArray[np.int32],
    count: Array,
    base: Array,
    activation: Array,
    phi: Array,
    activation_factor: Array,
    phi_factor: Array,
) -> float:
    """Add up the E-step of one EM pass and return the log-likelihood of the rates.

    For an observation n(w, t) with rate r = b + sum_{z,ts} a(z,ts) phi_z(w, t - ts), the expected
    masses are c(z,ts) = a(z,ts) * G(z,ts) and e(z,w,tr) = phi_z(w,tr) * F(z,w,tr) with
    G = sum n/r * phi and F = sum n/r * a. G and F are what is added up here; responsibilities are
    never stored.

    Parameters
    ----------
    bin_row : int64 array (B,)
    offsets : int64 array (B + 1,)
    word : int32 array (N,)
    count : float32 array (N,)
    base : float32 array (N,)
        The part of each observation's rate that no motif gives, >= 0.
    activation : float32 array (R, K)
    phi : float32 array (W, L * K)
    activation_factor : float32 array (R, K), changed: G is added
    phi_factor : float32 array (W, L * K), changed: F is added

    Returns
    -------
    float
        sum n log r, nats; minus infinity when an observation has rate 0.

    Notes
    -----
    Varadarajan, Emonet, Odobez, IJCV 2013: E-step and M-step of PLSM on the joint tables.
    """
    size = phi.shape[1]
    n_motifs = activation.shape[1]
    a = activation.ravel()
    g = activation_factor.ravel()
    total = 0.0
    for b in range(len(bin_row)):
        first = bin_row[b] * n_motifs
        window = a[first : first + size]
        window_factor = g[first : first + size]
        for i in range(offsets[b], offsets[b + 1]):
            row = phi[word[i]]
            row_factor = phi_factor[word[i]]
            rate = base[i]
            for j in range(size):
                rate += window[j] * row[j]
            if rate <= 0.0:
                return -np.inf
            q = count[i] / rate
            for j in range(size):
                window_factor[j] += q * row[j]
            for j in range(size):
                row_factor[j] += q * window[j]
            total += count[i] * np.log(np.float64(rate))
    return total
