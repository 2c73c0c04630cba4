"""Observation counts of a document aligned to the starts of motifs."""

from typing import NamedTuple

from motifmine.kernels.jit import kernel
from motifmine.types import Floats, Floats32, Indices, Indices32


class Observed(NamedTuple):
    """Observations of a document; those of its time bin t are `offsets[t]:offsets[t + 1]`."""

    offsets: Indices
    """int64 array (T + 1,)."""
    word: Indices32
    """int32 array (N,)."""
    counts: Floats32
    """float32 array (N,)."""
    rate: Floats32
    """Under the fit, float32 array (N,)."""


class Active(NamedTuple):
    """Activations of motifs in a document."""

    start: Indices32
    """Bin of relative time 0, negative before the document, int32 array (E,)."""
    motif: Indices32
    """int32 array (E,)."""
    mass: Floats32
    """float32 array (E,)."""


class AlignedSums(NamedTuple):
    """Sums of explained observations by motif and place, such as a period."""

    cells: Floats32
    """Signed, of a random projection of the words, float32 array (K, places, L, columns)."""
    explained: Floats
    """float64 array (K, places)."""
    column: Indices32
    """Column of every word, int32 array (W,)."""
    sign: Floats32
    """1 or -1, float32 array (W,)."""


@kernel
def add_expected_rates(observed: Observed, active: Active, phi: Floats32) -> None:
    """Add the expected counts of activations to the rate of every observation, in place.

    Parameters
    ----------
    observed : Observed
        Its rates change.
    phi : float32 array (K, L, W)
    """
    n_times = len(observed.offsets) - 1
    for e in range(len(active.start)):
        start, z = active.start[e], active.motif[e]
        # a motif may extend beyond either end of its document; that part expects nothing
        for ta in range(max(start, 0), min(start + phi.shape[1], n_times)):
            for i in range(observed.offsets[ta], observed.offsets[ta + 1]):
                observed.rate[i] += active.mass[e] * phi[z, ta - start, observed.word[i]]


@kernel
def add_explained(
    sums: AlignedSums, place: Indices, observed: Observed, active: Active, phi: Floats32
) -> None:
    """Add the observations that activations explain, per motif and place, in place.

    Parameters
    ----------
    sums : AlignedSums
        Changed.
    place : int64 array (E,)
        Where each activation is added, -1 to ignore it.
    observed : Observed
        With rates under all motifs and the background.
    phi : float32 array (K, L, W)
    """
    n_times = len(observed.offsets) - 1
    for e in range(len(active.start)):
        if place[e] < 0:
            continue
        start, z = active.start[e], active.motif[e]
        for ta in range(max(start, 0), min(start + phi.shape[1], n_times)):
            tr = ta - start
            for i in range(observed.offsets[ta], observed.offsets[ta + 1]):
                if observed.rate[i] > 0:
                    w = observed.word[i]
                    # responsibility of this activation for the observation (the E-step of EM)
                    part = observed.counts[i] * (active.mass[e] * phi[z, tr, w] / observed.rate[i])
                    sums.cells[z, place[e], tr, sums.column[w]] += sums.sign[w] * part
                    sums.explained[z, place[e]] += part
