"""Similarity of a motif between periods, corrected for the number of observations.

Every period has estimates of the motif from several groups of starts. Only products between
different groups are used, which are unbiased: errors of different groups are independent. Leaving
out one group after the other (jackknife) gives the standard error.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.types import Floats, Floats32, Indices

FEWEST_PERIODS = 3
GROUPS = 4
LEAST_MASS = 10.0  # smallest number of observations in at least three groups of a period
ROUNDS = 3  # rounds of aligning the periods
STRETCHES = np.exp(np.linspace(np.log(2 / 3), np.log(3 / 2), 17))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeriodSimilarity:
    """One motif in each period compared with the other periods; float64 arrays (P,).

    Values are NaN where a period has too few observations.
    """

    similarity: Floats
    error: Floats
    """Standard error of the similarity."""
    shift: Floats
    """Delay, time bins."""
    stretch: Floats
    """Duration relative to all periods together."""


def compare_periods(cells: Floats32, mass: Floats) -> PeriodSimilarity:
    """Return the similarity of each period to the others.

    Parameters
    ----------
    cells : float32 array (P, GROUPS, L, columns)
        Estimates of one motif by period and group.
    mass : float64 array (P, GROUPS)
        Observations in each.
    """
    n_periods = len(cells)
    nothing = np.full(n_periods, np.nan)
    is_estimable = (mass >= LEAST_MASS).sum(axis=1) >= GROUPS - 1
    if is_estimable.sum() < FEWEST_PERIODS:
        return PeriodSimilarity(similarity=nothing, error=nothing, shift=nothing, stretch=nothing)
    cells, shift = _align(cells)
    by_period = cells.sum(axis=1)
    whole = by_period.sum(axis=0)
    square = np.einsum("pglw,pglw->pg", cells, cells, dtype=np.float64)
    values = np.full((n_periods, GROUPS + 1), np.nan)
    for p in np.flatnonzero(is_estimable):
        other, rest = whole - by_period[p], np.delete(mass, p, axis=0)
        # products of a group with itself are excluded, and the rest is scaled to all products
        norm = (other.astype(np.float64) ** 2).sum() - np.delete(square, p, axis=0).sum()
        norm *= rest.sum() ** 2 / max(rest.sum() ** 2 - (rest**2).sum(), 1e-300)
        values[p] = _compute_cosines(cells[p], mass[p], other, norm)
    is_estimable &= np.isfinite(values).all(axis=1)
    similarity = np.where(is_estimable, np.minimum(values[:, 0], 1.0), np.nan)
    return PeriodSimilarity(
        similarity=similarity,
        error=np.where(
            is_estimable, _estimate_errors(values[:, 1:], mass.sum(axis=1), is_estimable), np.nan
        ),
        shift=np.where(is_estimable, shift, np.nan),
        stretch=np.where(is_estimable, _estimate_stretch(whole, by_period), np.nan),
    )


def _align(cells: Floats32) -> tuple[Floats32, Floats]:
    """Return cells (P, GROUPS, L, columns) with each period shifted to match the others best.

    Also the delay of each period's motif, time bins, float64 array (P,).
    """
    cells, later = cells.copy(), np.zeros(len(cells))
    for _ in range(ROUNDS):
        by_period = cells.sum(axis=1)
        whole = by_period.sum(axis=0)
        for p, own in enumerate(by_period):
            shift = int(max_shifted_cosine((whole - own)[None], own[None])[1][0, 0])
            if shift and own.any() and (whole - own).any():
                later[p] -= shift
                cells[p] = [_shift(group, shift) for group in cells[p]]
    return cells, later


def _compute_cosines(own: Floats32, mass: Floats, other: Floats32, norm: float) -> Floats:
    """Return the cosine of one period with the others, then the cosines without each group.

    `own` is (GROUPS, L, columns), `norm` the unbiased squared norm of `other`. Float64 array
    (GROUPS + 1,), NaN where the estimated norm is not positive.
    """
    flat = own.reshape(len(own), -1).astype(np.float64)
    products, along = flat @ flat.T, flat @ other.ravel().astype(np.float64)
    kept = np.ones((GROUPS + 1, GROUPS))
    kept[1:] -= np.eye(GROUPS)
    between = products - np.diag(np.diag(products))
    pairs = np.outer(mass, mass)
    pairs -= np.diag(np.diag(pairs))
    # weighted by the product of masses: a group with more observations has more weight
    square = np.einsum("kg,gh,kh->k", kept, between, kept)
    square *= (kept @ mass) ** 2 / np.maximum(np.einsum("kg,gh,kh->k", kept, pairs, kept), 1e-300)
    length = np.sqrt(np.maximum(square, 0) * max(norm, 0.0))
    cosine: Floats = np.divide(
        kept @ along, length, out=np.full(GROUPS + 1, np.nan), where=length > 0
    )
    return cosine


def _estimate_errors(without: Floats, mass: Floats, is_estimable: NDArray[np.bool_]) -> Floats:
    """Return standard errors (P,) from the values without each group (P, GROUPS).

    Four groups give a poor estimate of a variance: it is averaged with the pooled one of all
    periods.
    """
    spread = ((without - without.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    variance = (GROUPS - 1) / GROUPS * spread
    pooled = (
        np.sum((variance * mass)[is_estimable])
        / max(is_estimable.sum(), 1)
        / np.maximum(mass, 1e-300)
    )
    errors: Floats = np.sqrt((variance + pooled) / 2)
    return errors


def _shift(motif: Floats32, by: int) -> Floats32:
    """Return a motif (L, columns) shifted by some bins, cut off at the window's edges."""
    moved = np.zeros_like(motif)
    length = len(motif)
    if abs(by) < length:
        moved[max(by, 0) : length + min(by, 0)] = motif[max(-by, 0) : length - max(by, 0)]
    return moved


def _estimate_stretch(whole: Floats32, by_period: Floats32) -> Floats:
    """Return the duration of the motif in each period relative to `whole`, float64 array (P,)."""
    cosine = max_shifted_cosine(np.stack([_stretch(whole, s) for s in STRETCHES]), by_period)[0]
    best: Floats = STRETCHES[cosine.argmax(axis=0)]
    return best


def _stretch(motif: Floats32, factor: float) -> Floats32:
    """Return a motif (L, columns) that lasts `factor` times as long, about its middle."""
    time = np.arange(len(motif))
    mass = np.abs(motif).sum(axis=1, dtype=np.float64)
    middle = float((time * mass).sum() / max(mass.sum(), 1e-300))
    source = middle + (time - middle) / factor
    low = np.floor(source).astype(np.int64)
    part = (source - low).astype(np.float32)[:, None]
    padded = np.concatenate([motif, np.zeros((1, motif.shape[1]), dtype=np.float32)])

    def at(place: Indices) -> Floats32:
        return padded[np.where((place >= 0) & (place < len(motif)), place, len(motif))]

    stretched: Floats32 = (1 - part) * at(low) + part * at(low + 1)
    return stretched
