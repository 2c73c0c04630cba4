"""Unusual days: days on which a motif occurs far more or less often than expected.

A day is compared with the other days. The expected rate of an hour is that of the same hour on days
of its kind (Monday to Friday, Saturday and Sunday), times a factor for the day of the week, shrunk
towards it from the rate of the same hour of the same weekday, by the time recorded of it. Days vary
more than Poisson counts: the overdispersion (negative binomial counts) is estimated from all days,
conservatively where days are few. Unusual days are excluded from these estimates.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from motifmine.analysis.calendar import Calendar
from motifmine.types import Floats, Indices

FEWEST_DAYS = 10  # with fewer days that can be tested, no day is reported
# an hour is tested when it was recorded on at least this many other days of its kind
FEWEST_PEERS = 3
LEAST_COVERED = 0.5  # smallest share of a day's recorded time in hours that can be tested
LEAST_RECORDED_S = 900.0
PRIOR_S = 3600.0  # weight of the rate of similar hours, as recorded seconds of the hour itself
PRIOR_COUNT = 4.0  # weight of the prior that the factor of a day of the week is 1, in occurrences
FALSE_DISCOVERY_RATE = 0.05  # expected share of false discoveries among the reported days
ROUNDS = 3  # rounds of excluding unusual days and testing all days again
CLIP = 6.0  # limit of squared residuals, so that single days do not inflate the overdispersion
# mean and standard deviation of a clipped squared standard normal number
CLIPPED_MEAN, CLIPPED_SPREAD = 0.974, 1.25
OVERDISPERSION_MARGIN = 1.7  # standard errors added to the estimated variation between days
MOST_PHI = 10.0  # largest overdispersion, of a motif that is there on one day of many
SURPRISE = -1  # used instead of a motif index for the time that the motifs explain badly


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
    """Expected value of the same, from the other days."""
    q_value: float
    """False discovery rate of the days up to this one (Benjamini, Hochberg 1995)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Days:
    """Recorded time by day and hour, and the groups of days."""

    recorded_s: Floats
    """float64 array (D, 24)."""
    kind: Indices
    """0 for Monday to Friday, 1 for the rest, int64 array (D,)."""
    weekday: Indices


def find_unusual_days(calendar: Calendar) -> tuple[UnusualDay, ...]:
    """Return the unusual days, the least likely first; none with fewer than `FEWEST_DAYS` days.

    Notes
    -----
    The false discovery rate is controlled at `FALSE_DISCOVERY_RATE` (Benjamini and Hochberg 1995).
    Dependent motifs find the same day together.
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
    tested = [
        _test_days(days, by_day(row.astype(np.float64)), motif)
        for motif, row in enumerate(calendar.count)
    ]
    if calendar.surprising_s is not None and calendar.surprising_s.any():
        unit_s = _choose_unit_s(calendar)
        found = by_day(calendar.surprising_s / unit_s)
        tested.append(_test_days(days, found, SURPRISE, unit=unit_s))
    return _select(day, tested)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _TestedDays:
    """Test of all days for one motif; a p-value is NaN where a day cannot be tested."""

    motif: int
    unit: float
    found: Floats
    expected: Floats
    p_value: Floats


def _test_days(days: _Days, count: Floats, motif: int, *, unit: float = 1.0) -> _TestedDays:
    """Test all days by `count` (D, 24)."""
    basis = np.ones(len(count), dtype=bool)
    for _ in range(ROUNDS):
        found, expected, is_tested = _expect(days, count, basis)
        p_value = np.full(len(count), np.nan)
        if is_tested.sum() >= FEWEST_DAYS:
            spread = estimate_overdispersion(found[basis & is_tested], expected[basis & is_tested])
            p_value[is_tested] = compute_p_values(
                # surprising time is in units of a typical stretch, which are not whole
                np.round(found[is_tested]),
                expected[is_tested],
                spread,
            )
        # not `>`: days that cannot be tested (NaN) stay in the basis
        usual = ~(_adjust_p_values(p_value) <= FALSE_DISCOVERY_RATE)
        if (usual == basis).all():
            break
        basis = usual
    return _TestedDays(motif=motif, unit=unit, found=found, expected=expected, p_value=p_value)


def _expect(
    days: _Days, count: Floats, basis: NDArray[np.bool_]
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return found and expected counts in hours that can be tested, and a mask of tested days.

    Every day is excluded from its own expectation. Three arrays (D,).
    """
    own = basis[:, None].astype(np.float64)
    n, t = own * count, own * days.recorded_s
    seen = own * (days.recorded_s > 0)
    # leave-one-out throughout: an unusual day must not raise its own expectation
    overall = (n.sum() - n.sum(axis=1)) / np.maximum(t.sum() - t.sum(axis=1), PRIOR_S)
    n_kind, t_kind, peers = (_sum_others(a, days.kind) for a in (n, t, seen))
    rate = (n_kind + PRIOR_S * overall[:, None]) / (t_kind + PRIOR_S)
    n_week, t_week = _sum_others(n, days.weekday), _sum_others(t, days.weekday)
    usual = (n_week.sum(axis=1) + PRIOR_COUNT) / ((t_week * rate).sum(axis=1) + PRIOR_COUNT)
    rate = (n_week + PRIOR_S * usual[:, None] * rate) / (t_week + PRIOR_S)
    is_covered = (peers >= FEWEST_PEERS) & (t_week.sum(axis=1, keepdims=True) > 0)
    covered_s = (is_covered * days.recorded_s).sum(axis=1)
    is_tested = (covered_s >= LEAST_RECORDED_S) & (
        covered_s >= LEAST_COVERED * days.recorded_s.sum(axis=1)
    )
    found = (is_covered * count).sum(axis=1)
    return found, (is_covered * days.recorded_s * rate).sum(axis=1), is_tested


def _sum_others(value: Floats, group: Indices) -> Floats:
    """Return the sum over the other days of each day's group, float64 array (D, 24)."""
    total = np.zeros((int(group.max()) + 1, value.shape[1]))
    np.add.at(total, group, value)
    others: Floats = np.maximum(total[group] - value, 0.0)
    return others


def estimate_overdispersion(found: Floats, expected: Floats) -> float:
    """Return phi >= 0 of counts with the variance expected + phi expected**2.

    It is an upper bound (`OVERDISPERSION_MARGIN` standard errors above the best fit), robust
    against single outlying days.
    """
    expected = np.maximum(expected, 1e-9)
    # with few days the variation between them is known badly: assume more of it
    goal = CLIPPED_MEAN - OVERDISPERSION_MARGIN * CLIPPED_SPREAD / np.sqrt(max(len(found), 1))

    def mean(phi: float) -> float:
        squares = (found - expected) ** 2 / (expected + phi * expected**2)
        return float(np.minimum(squares, CLIP).mean())

    if not len(found) or mean(0.0) <= goal:
        return 0.0
    # the mean falls with phi
    return (
        MOST_PHI
        if mean(MOST_PHI) > goal
        else float(brentq(lambda phi: mean(phi) - goal, 0, MOST_PHI))
    )


def compute_p_values(found: Floats, expected: Floats, phi: float) -> Floats:
    """Return two-sided p-values of counts, float64 array (N,).

    Twice the smaller tail of the negative binomial distribution; Poisson for `phi` 0.

    Parameters
    ----------
    found, expected : float arrays (N,)
    phi : float, >= 0
        Overdispersion: the variance is expected + phi expected**2.
    """
    from scipy.stats import nbinom, poisson  # noqa: PLC0415  (slow to import)

    expected = np.maximum(expected, 1e-9)
    usual = poisson(expected) if phi < 1e-9 else nbinom(1 / phi, 1 / (1 + phi * expected))
    p_value: Floats = np.minimum(1, 2 * np.minimum(usual.cdf(found), usual.sf(found - 1)))
    return p_value


def _adjust_p_values(p_value: Floats) -> Floats:
    """Return p-values adjusted by Benjamini and Hochberg, NaN where there is none."""
    from scipy.stats import false_discovery_control  # noqa: PLC0415  (slow to import)

    q_value, known = np.full(len(p_value), np.nan), np.isfinite(p_value)
    q_value[known] = false_discovery_control(p_value[known])
    return q_value


def _select(day: Indices, tested: list[_TestedDays]) -> tuple[UnusualDay, ...]:
    """Return the unusual days among all motifs by their q-values."""
    if not tested:
        return ()
    # all motifs together: the rate of false discoveries is that of the list that is shown
    p_value = np.concatenate([each.p_value for each in tested])
    q_value = _adjust_p_values(p_value)
    chosen = np.flatnonzero(q_value <= FALSE_DISCOVERY_RATE)
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
        for each in [tested[place // len(day)]]
    )


def _choose_unit_s(calendar: Calendar) -> float:
    """Return the surprising seconds that are counted as one event.

    The test is for counts of independent events, which are stretches here. The calendar does not
    hold single stretches, so the median over hours with surprising time is used.
    """
    assert calendar.surprising_s is not None
    some = calendar.surprising_s[calendar.surprising_s > 0]
    return float(np.median(some))
