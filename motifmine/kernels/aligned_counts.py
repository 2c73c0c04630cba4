"""Observations lined up at the starts of motifs."""

from motifmine.kernels.jit import kernel
from motifmine.types import Floats, Floats32, Indices, Indices32


@kernel
def sweep_rates(
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
    """Add to the rate of every observation what activations expect of it; changes `rate`.

    Parameters
    ----------
    rate : float32 array (N,)
    offsets : int64 array (T + 1,)
        Observations of time row t are `[t]:[t + 1]`.
    word : int32 array (N,)
    row, first, last : int64 arrays (E,)
        Time row of relative time 0 of every activation, and the rows of its document.
    motif : int32 array (E,)
    mass : float32 array (E,)
    phi : float32 array (K, L, W)
    """
    for e in range(len(row)):
        z = motif[e]
        begin = max(row[e], first[e])
        end = min(row[e] + phi.shape[1], last[e])
        for ta in range(begin, end):
            tr = ta - row[e]
            for i in range(offsets[ta], offsets[ta + 1]):
                rate[i] += mass[e] * phi[z, tr, word[i]]


@kernel
def sweep_cells(
    cells: Floats32,
    held: Floats,
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
    """Add what activations explain of the observations, by motif and place.

    Changes `cells` and `held`.

    Parameters
    ----------
    cells : float32 array (K, places, L, columns)
        Observations with the signs of their words.
    held : float64 array (K, places)
        Observations.
    column : int32 array (W,)
        Column of every word.
    sign : float32 array (W,)
        1 or -1.
    place : int64 array (E,)
        Where the part of each activation goes, -1 for nowhere.
    offsets, word, rate, row, first, last, motif, mass, phi
        See `sweep_rates`; rates are those that all motifs and the background expect.
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
                    part = count[i] * (mass[e] * phi[z, tr, w] / rate[i])
                    cells[z, place[e], tr, column[w]] += sign[w] * part
                    held[z, place[e]] += part
