"""Unusual days: days on which a motif occurs far more or less often than expected.

A day is judged by the other days. What they let expect of an hour of the clock is the rate of that
hour on days of its kind (Monday to Friday, Saturday and Sunday), times what is usual on that day of
the week, moved towards the rate of that very hour of that very weekday by as much as was recorded
of it. Days vary more than chance: how much more is estimated from all days (negative binomial
counts), conservatively where days are few. Unusual days are excluded from these estimates.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motifmine.analysis.calendar import Calendar
from motifmine.types import Floats, Indices

FEWEST_DAYS = 10
"""With fewer days that can be judged, nothing is said."""
FEWEST_PEERS = 3
"""An hour is tested when it was recorded on at least this many other days of its kind."""
LEAST_COVERED = 0.5
"""A day is judged when so much of what was recorded of it can be."""
LEAST_RECORDED_S = 900.0
PRIOR_S = 3600.0
"""What is known of similar hours counts as so much recorded time of an hour."""
PRIOR_COUNT = 4.0
"""A day of the week counts as usual until it has far more occurrences than this."""
FALSE_SHARE = 0.05
"""Share of the days that are named which chance may have made."""
ROUNDS = 3
"""Rounds of excluding unusual days and testing all days again."""
CLIP = 6.0
"""Squared residuals count at most so much, so that single days do not hide themselves."""
CLIPPED_MEAN, CLIPPED_SPREAD = 0.974, 1.25
"""Mean and standard deviation of a clipped squared standard normal number."""
DOUBT = 1.7
"""Standard errors by which variation between days is taken for higher than it seems."""
SURPRISE = -1
"""Takes the place of a motif index where the time that the motifs explain badly is tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusualDay:
    """An unusual day."""

    day: int
    """Days since 1970 on the calendar's zone."""
    motif: int
    """The motif that occurred more or less often, or `SURPRISE`."""
    found: float
    """Occurrences, or seconds."""
    expected: float
    """The same as the other days let expect it."""
    q_value: float
    """Share of the days named up to this one that chance would make (Benjamini, Hochberg 1995)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Days:
    """Days by hours: what was recorded, and what days have in common."""

    recorded_s: Floats
    """float64 array (D, 24)."""
    kind: Indices
    """0 for Monday to Friday, 1 for the rest, int64 array (D,)."""
    weekday: Indices


def unusual_days(calendar: Calendar) -> tuple[UnusualDay, ...]:
    """Return the unusual days, the least likely first; none with fewer than `FEWEST_DAYS` days.

    Parameters
    ----------
    calendar : Calendar

    Notes
    -----
    The false discovery rate is `FALSE_SHARE` (Benjamini and Hochberg 1995). Motifs that depend on
    one another find the same day together.
    """
    day, place = np.unique(calendar.day, return_inverse=True)
    if len(day) < FEWEST_DAYS:
        return ()
    cell = place * 24 + calendar.hour

    def by_day(value: Floats) -> Floats:
        total = np.bincount(cell, weights=value, minlength=24 * len(day))
        return total.reshape(-1, 24).astype(np.float64)

    weekday = (day + 3) % 7
    days = _Days(
        recorded_s=by_day(calendar.recorded_s),
        kind=(weekday >= 5).astype(np.int64),
        weekday=weekday,
    )
    judged = [
        _judge(days, by_day(row.astype(np.float64)), motif)
        for motif, row in enumerate(calendar.count)
    ]
    if calendar.surprising_s is not None and calendar.surprising_s.any():
        unit_s = _grain_s(calendar)
        found = by_day(calendar.surprising_s / unit_s)
        judged.append(_judge(days, found, SURPRISE, unit=unit_s))
    return _named(day, judged)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Judged:
    """What came of all days for one motif; a p-value is NaN where a day cannot be judged."""

    motif: int
    unit: float
    found: Floats
    expected: Floats
    p_value: Floats


def _judge(days: _Days, count: Floats, motif: int, *, unit: float = 1.0) -> _Judged:
    """Judge all days by `count` (D, 24)."""
    basis = np.ones(len(count), dtype=bool)
    for _ in range(ROUNDS):
        found, expected, is_judged = _expected(days, count, basis)
        p_value = np.full(len(count), np.nan)
        if is_judged.sum() >= FEWEST_DAYS:
            spread = overdispersion(found[basis & is_judged], expected[basis & is_judged])
            p_value[is_judged] = two_sided(np.round(found[is_judged]), expected[is_judged], spread)
        usual = ~(_q_values(p_value) <= FALSE_SHARE)
        if (usual == basis).all():
            break
        basis = usual
    return _Judged(motif=motif, unit=unit, found=found, expected=expected, p_value=p_value)


def _expected(
    days: _Days, count: Floats, basis: NDArray[np.bool_]
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return what was found and expected in the hours that can be judged, and which days can.

    Every day is left out of what it is judged by. Three arrays (D,).
    """
    own = basis[:, None].astype(np.float64)
    n, t = own * count, own * days.recorded_s
    seen = own * (days.recorded_s > 0)
    overall = (n.sum() - n.sum(axis=1)) / np.maximum(t.sum() - t.sum(axis=1), PRIOR_S)
    n_kind, t_kind, peers = (_others(a, days.kind) for a in (n, t, seen))
    rate = (n_kind + PRIOR_S * overall[:, None]) / (t_kind + PRIOR_S)
    n_week, t_week = _others(n, days.weekday), _others(t, days.weekday)
    usual = (n_week.sum(axis=1) + PRIOR_COUNT) / ((t_week * rate).sum(axis=1) + PRIOR_COUNT)
    rate = (n_week + PRIOR_S * usual[:, None] * rate) / (t_week + PRIOR_S)
    is_covered = (peers >= FEWEST_PEERS) & (t_week.sum(axis=1, keepdims=True) > 0)
    covered_s = (is_covered * days.recorded_s).sum(axis=1)
    is_judged = (covered_s >= LEAST_RECORDED_S) & (
        covered_s >= LEAST_COVERED * days.recorded_s.sum(axis=1)
    )
    found = (is_covered * count).sum(axis=1)
    return found, (is_covered * days.recorded_s * rate).sum(axis=1), is_judged


def _others(value: Floats, group: Indices) -> Floats:
    """Return for every day the sum over the other days of its group, float64 array (D, 24)."""
    total = np.zeros((int(group.max()) + 1, value.shape[1]))
    np.add.at(total, group, value)
    others: Floats = np.maximum(total[group] - value, 0.0)
    return others


def overdispersion(found: Floats, expected: Floats) -> float:
    """Return phi >= 0 of counts with the variance expected + phi expected**2.

    It is as high as few days leave it possible (`DOUBT` standard errors above what fits best), and
    single days far off do not matter much.
    """
    expected = np.maximum(expected, 1e-9)
    goal = CLIPPED_MEAN - DOUBT * CLIPPED_SPREAD / np.sqrt(max(len(found), 1))

    def mean(phi: float) -> float:
        squares = (found - expected) ** 2 / (expected + phi * expected**2)
        return float(np.minimum(squares, CLIP).mean())

    low, high = 0.0, 10.0
    if not len(found) or mean(low) <= goal:
        return 0.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if mean(middle) > goal else (low, middle)
    return high


def two_sided(found: Floats, expected: Floats, phi: float) -> Floats:
    """Return how likely counts as far from the expected ones are, float64 array (N,).

    Twice the smaller tail of the negative binomial distribution, of Poisson's for `phi` 0.
    """
    from scipy.special import betainc, gammainc, gammaincc  # noqa: PLC0415  (slow to import)

    expected = np.maximum(expected, 1e-9)
    least = np.maximum(found, 1e-300)
    if phi < 1e-9:
        below, above = gammaincc(found + 1, expected), gammainc(least, expected)
    else:
        size = 1 / phi
        below = betainc(size, found + 1, size / (size + expected))
        above = betainc(least, size, expected / (size + expected))
    above = np.where(found == 0, 1.0, above)
    p_value: Floats = np.minimum(1.0, 2 * np.minimum(below, above))
    return p_value


def _q_values(p_value: Floats) -> Floats:
    """Return Benjamini's and Hochberg's adjusted p-values, NaN where there is none."""
    known = np.flatnonzero(np.isfinite(p_value))
    order = known[np.argsort(p_value[known], kind="stable")]
    ranked = p_value[order] * len(order) / np.arange(1, len(order) + 1)
    q_value = np.full(len(p_value), np.nan)
    q_value[order] = np.minimum.accumulate(ranked[::-1])[::-1]
    return q_value


def _named(day: Indices, judged: list[_Judged]) -> tuple[UnusualDay, ...]:
    """Return the unusual days among all motifs by their q-values."""
    if not judged:
        return ()
    p_value = np.concatenate([each.p_value for each in judged])
    q_value = _q_values(p_value)
    chosen = np.flatnonzero(q_value <= FALSE_SHARE)
    chosen = chosen[np.lexsort((chosen, p_value[chosen]))]
    return tuple(
        UnusualDay(
            day=int(day[place % len(day)]),
            motif=each.motif,
            found=float(each.found[place % len(day)] * each.unit),
            expected=float(each.expected[place % len(day)] * each.unit),
            q_value=float(q_value[place]),
        )
        for place in chosen.tolist()
        for each in [judged[place // len(day)]]
    )


def _grain_s(calendar: Calendar) -> float:
    """Return seconds that count as one surprise: about a stretch, so that counts are like counts.

    Stretches are not known here any more; where any time of an hour is surprising, the median.
    """
    assert calendar.surprising_s is not None
    some = calendar.surprising_s[calendar.surprising_s > 0]
    return float(np.median(some))
