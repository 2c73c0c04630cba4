"""Observation counts aligned to the starts of motifs."""

from motifmine.kernels.jit import kernel
from motifmine.types import Floats, Floats32, Indices, Indices32


@kernel
def add_expected_rates(
    rate: Floats32,
    offsets: Indices,
    word: Indices32,
    row: Indices,
    first: Indices,
    last: Indices,
    motif: Indices32,
    mass: Floats32,
    phi: Floats32,
) -> None:
    """Add the expected counts of activations to the rate of every observation, in place.

    Parameters
    ----------
    rate : float32 array (N,)
        Changed.
    offsets : int64 array (T + 1,)
        Observations of time row t are `[t]:[t + 1]`.
    word : int32 array (N,)
    row, first, last : int64 arrays (E,)
        Time row of relative time 0 of every activation, and the half-open row range
        `[first, last)` of its document.
    motif : int32 array (E,)
    mass : float32 array (E,)
    phi : float32 array (K, L, W)
    """
    for e in range(len(row)):
        z = motif[e]
        # a motif may extend beyond either end of its document; that part expects nothing
        begin = max(row[e], first[e])
        end = min(row[e] + phi.shape[1], last[e])
        for ta in range(begin, end):
            tr = ta - row[e]
            for i in range(offsets[ta], offsets[ta + 1]):
                rate[i] += mass[e] * phi[z, tr, word[i]]


@kernel
def add_explained(
    cells: Floats32,
    explained: Floats,
    column: Indices32,
    sign: Floats32,
    place: Indices,
    offsets: Indices,
    word: Indices32,
    count: Floats32,
    rate: Floats32,
    row: Indices,
    first: Indices,
    last: Indices,
    motif: Indices32,
    mass: Floats32,
    phi: Floats32,
) -> None:
    """Add the observations that activations explain, per motif and period, in place.

    Parameters
    ----------
    cells : float32 array (K, places, L, columns)
        Signed sums of observations (a random projection of the words); changed.
    explained : float64 array (K, places)
        Sums of observations; changed.
    column : int32 array (W,)
        Column of every word.
    sign : float32 array (W,)
        1 or -1.
    place : int64 array (E,)
        Index along `places` that each activation adds to, -1 to ignore it.
    offsets, word, rate, row, first, last, motif, mass, phi
        See `add_expected_rates`; rates include all motifs and the background.
    count : float32 array (N,)
    """
    for e in range(len(row)):
        if place[e] < 0:
            continue
        z = motif[e]
        begin = max(row[e], first[e])
        end = min(row[e] + phi.shape[1], last[e])
        for ta in range(begin, end):
            tr = ta - row[e]
            for i in range(offsets[ta], offsets[ta + 1]):
                if rate[i] > 0:
                    w = word[i]
                    # responsibility of this activation for the observation (the E-step of EM)
                    part = count[i] * (mass[e] * phi[z, tr, w] / rate[i])
                    cells[z, place[e], tr, column[w]] += sign[w] * part
                    explained[z, place[e]] += part
