"""How alike a motif is in different periods, with what chance takes off added again.

Every period has its motif in several groups of starts. Of all products only those between different
groups count: chance takes nothing off these. Leaving out one group after the other (jackknife)
gives the error.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.types import Floats, Floats32, Indices

FEWEST_PERIODS = 3
GROUPS = 4
LEAST_MASS = 10.0
"""Observations that each of at least three groups of a period must have."""
ROUNDS = 3
"""Periods are lined up with one another so often."""
STRETCHES = np.exp(np.linspace(np.log(2 / 3), np.log(3 / 2), 17))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Likeness:
    """How like the other periods one motif is in each period; float64 arrays (P,)."""

    similarity: Floats
    error: Floats
    shift: Floats
    stretch: Floats


def likeness_of(cells: Floats32, mass: Floats) -> Likeness:
    """Return how like the others each period is, from `cells` (P, GROUPS, L, columns).

    `mass` are the observations in them, float64 array (P, GROUPS).
    """
    n_periods = len(cells)
    nothing = np.full(n_periods, np.nan)
    told = (mass >= LEAST_MASS).sum(axis=1) >= GROUPS - 1
    if told.sum() < FEWEST_PERIODS:
        return Likeness(similarity=nothing, error=nothing, shift=nothing, stretch=nothing)
    cells, shift = _lined_up(cells)
    by_period = cells.sum(axis=1)
    whole = by_period.sum(axis=0)
    square = np.einsum("pglw,pglw->pg", cells, cells, dtype=np.float64)
    values = np.full((n_periods, GROUPS + 1), np.nan)
    for p in np.flatnonzero(told):
        other, rest = whole - by_period[p], np.delete(mass, p, axis=0)
        norm = (other.astype(np.float64) ** 2).sum() - np.delete(square, p, axis=0).sum()
        norm *= rest.sum() ** 2 / max(rest.sum() ** 2 - (rest**2).sum(), 1e-300)
        values[p] = _similarities(cells[p], mass[p], other, norm)
    told &= np.isfinite(values).all(axis=1)
    similarity = np.where(told, np.minimum(values[:, 0], 1.0), np.nan)
    return Likeness(
        similarity=similarity,
        error=np.where(told, _errors(values[:, 1:], mass.sum(axis=1), told), np.nan),
        shift=np.where(told, shift, np.nan),
        stretch=np.where(told, _stretches(whole, by_period), np.nan),
    )


def _lined_up(cells: Floats32) -> tuple[Floats32, Floats]:
    """Return cells (P, GROUPS, L, columns) of which each period is shifted to suit the others best.

    Also by how many bins each period's motif came later than the others', float64 array (P,).
    """
    cells, later = cells.copy(), np.zeros(len(cells))
    for _ in range(ROUNDS):
        by_period = cells.sum(axis=1)
        whole = by_period.sum(axis=0)
        for p, own in enumerate(by_period):
            shift = int(max_shifted_cosine((whole - own)[None], own[None])[1][0, 0])
            if shift and own.any() and (whole - own).any():
                later[p] -= shift
                cells[p] = [_shifted(group, shift) for group in cells[p]]
    return cells, later


def _similarities(own: Floats32, mass: Floats, other: Floats32, norm: float) -> Floats:
    """Return the cosine of one period with the others, then those without each group in turn.

    `own` is (GROUPS, L, columns), `norm` the square of the length of `other` without chance.
    Float64 array (GROUPS + 1,), NaN where products between groups do not tell a length.
    """
    flat = own.reshape(len(own), -1).astype(np.float64)
    products, along = flat @ flat.T, flat @ other.ravel().astype(np.float64)
    kept = np.ones((GROUPS + 1, GROUPS))
    kept[1:] -= np.eye(GROUPS)
    between = products - np.diag(np.diag(products))
    pairs = np.outer(mass, mass)
    pairs -= np.diag(np.diag(pairs))
    # per pair of masses: a group with more observations counts for more
    square = np.einsum("kg,gh,kh->k", kept, between, kept)
    square *= (kept @ mass) ** 2 / np.maximum(np.einsum("kg,gh,kh->k", kept, pairs, kept), 1e-300)
    length = np.sqrt(np.maximum(square, 0) * max(norm, 0.0))
    cosine: Floats = np.divide(
        kept @ along, length, out=np.full(GROUPS + 1, np.nan), where=length > 0
    )
    return cosine


def _errors(without: Floats, mass: Floats, told: NDArray[np.bool_]) -> Floats:
    """Return standard errors (P,) from the values without each group (P, GROUPS).

    Four groups tell little of an error: it is drawn half-way to what all periods together say.
    """
    spread = ((without - without.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    variance = (GROUPS - 1) / GROUPS * spread
    pooled = np.sum((variance * mass)[told]) / max(told.sum(), 1) / np.maximum(mass, 1e-300)
    errors: Floats = np.sqrt((variance + pooled) / 2)
    return errors


def _shifted(motif: Floats32, by: int) -> Floats32:
    """Return a motif (L, columns) moved by some bins, what leaves the window being lost."""
    moved = np.zeros_like(motif)
    length = len(motif)
    if abs(by) < length:
        moved[max(by, 0) : length + min(by, 0)] = motif[max(-by, 0) : length - max(by, 0)]
    return moved


def _stretches(whole: Floats32, by_period: Floats32) -> Floats:
    """Return by how much the motif is longer in each period, float64 array (P,)."""
    cosine = max_shifted_cosine(np.stack([_stretched(whole, s) for s in STRETCHES]), by_period)[0]
    best: Floats = STRETCHES[cosine.argmax(axis=0)]
    return best


def _stretched(motif: Floats32, factor: float) -> Floats32:
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
