"""Section: how the motifs themselves change over the archive."""

import numpy as np

from motifmine.analysis.calendar import date_text, day_of
from motifmine.analysis.trends import Trend, stretch_ratio
from motifmine.records.drift import CHANGED, Drift
from motifmine.records.fit import FitRecord
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.types import Floats

MOST = 24
"""Motifs whose curves are shown: first those that changed, the most changed first."""
LEAST_RATIO = 1.1
"""A ratio of durations from which on a change is reported."""


def section(context: ReportContext) -> str:
    """Return curves of similarity and trends of rates, `MOST` motifs at most; "" without both."""
    body = _curves(context.record) + _trends(context)
    return elements.section("drift", "How the motifs change", body)


def _curves(record: FitRecord) -> str:
    """Return how like itself each motif stays."""
    drift = record.drift
    if drift is None or np.isnan(drift.similarity).all():
        return ""
    lowest = np.where(np.isnan(drift.similarity), np.inf, drift.similarity).min(axis=1)
    known = np.flatnonzero(np.isfinite(lowest))
    order = known[np.lexsort((lowest[known], ~drift.changed[known]))].tolist()
    labels = _labels(record, drift)
    figures = "".join(_figure(record, drift, motif, labels) for motif in order[:MOST])
    return (
        f'<p class="note">{elements.text(_note(drift, len(order)))}</p>'
        f'<div class="drifts">{figures}</div>{_numbers(record, drift, order[:MOST], labels)}'
    )


def _trends(context: ReportContext) -> str:
    """Return the motifs that become more or less frequent as a list."""
    record, found = context.record, context.statistics.trends
    if not found:
        return ""
    items = "".join(f"<li>{_trend(record, trend)}</li>" for trend in found[:MOST])
    more = f"<li>and {len(found) - MOST:,} more</li>" if len(found) > MOST else ""
    return (
        '<h3>More and less frequent</h3><p class="note">Rates of the first and the last third of '
        "the days. A motif that goes while one like it comes may be one thing that changed.</p>"
        f"<ul>{items}{more}</ul>"
    )


def _trend(record: FitRecord, trend: Trend) -> str:
    way = "becomes more frequent" if trend.rises else "becomes less frequent"
    change = f"{way}: {trend.first_per_hour:,.3g}, then {trend.last_per_hour:,.3g} an hour"
    like = ""
    if trend.resembles >= 0:
        like = (
            f"; the other way goes {elements.motif_name(record, trend.resembles)}, which resembles "
            f"it ({trend.similarity:.2f})"
        )
    return f"{elements.motif_name(record, trend.motif)} {elements.text(change)}{like}"


def _note(drift: Drift, n_known: int) -> str:
    n_changed = int(drift.changed.sum())
    period = "day" if drift.period_days == 1 else f"{drift.period_days} days"
    verdict = (
        f"None of {n_known:,} motifs surely changes."
        if not n_changed
        else f"{n_changed:,} of {n_known:,} motifs surely change{'s' if n_changed == 1 else ''}: "
        f"in some period the similarity is below {CHANGED:g} by three standard errors."
    )
    more = f" Shown are {MOST:,}." if n_known > MOST else ""
    return (
        f"{verdict}{more} Each motif is estimated anew in every period ({period}) and compared "
        "with all other periods: 1 is the same, and what chance takes off is added again. The band "
        "is two standard errors wide to either side; gaps are periods with too little of a motif."
    )


def _labels(record: FitRecord, drift: Drift) -> list[str]:
    """Return the first day of every period."""
    half_day_s = 43_200.0
    days = [day_of(start + half_day_s, record.time_zone) for start in drift.period_start_s]
    return [date_text(day) for day in days]


def _figure(record: FitRecord, drift: Drift, motif: int, labels: list[str]) -> str:
    kind = "drift changed" if drift.changed[motif] else "drift"
    ends = [(0.0, _short(labels[0])), (1.0, _short(labels[-1]))]
    return (
        f'<figure class="{kind}"><figcaption><a href="#motif-{motif + 1}"><strong>'
        f"{elements.motif_name(record, motif)}</strong></a> "
        f"<span>{elements.text(_summary(drift, motif, labels))}</span></figcaption>"
        f'<div class="plot"><ol aria-hidden="true"><li>1</li><li>0</li></ol>'
        f"{drift_svg(drift.similarity[motif], drift.error[motif])}{elements.ticks(ends)}"
        "</div></figure>"
    )


def _short(date: str) -> str:
    return date.partition(" ")[2]


def _summary(drift: Drift, motif: int, labels: list[str]) -> str:
    """Return what a motif's curve says."""
    similarity = drift.similarity[motif]
    at = int(np.nanargmin(similarity))
    if not drift.changed[motif]:
        return f"stays: lowest {similarity[at]:.2f}"
    summary = f"lowest {similarity[at]:.2f}, {_short(labels[at])}"
    ratio = stretch_ratio(drift, motif)
    if ratio >= LEAST_RATIO:
        summary += f"; at the end it lasts about {ratio:.1f} times as long as at the beginning"
    elif ratio <= 1 / LEAST_RATIO:
        summary += f"; at the end it is about {1 / ratio:.1f} times as fast as at the beginning"
    return summary


def drift_svg(similarity: Floats, error: Floats) -> str:
    """Return a curve from 0 to 1 with its band, stretchable; broken where nothing is known."""
    n = len(similarity)
    x = 1000 * (np.arange(n) + 0.5) / n
    bands, lines = [], []
    known = np.isfinite(similarity)
    runs = np.split(np.arange(n), np.flatnonzero(np.diff(known)) + 1)
    for run in (r for r in runs if known[r[0]]):
        left, right = x[run[0]] - 250 / n, x[run[-1]] + 250 / n
        high = 100 - 100 * np.clip(similarity[run] + 2 * error[run], 0, 1)
        low = 100 - 100 * np.clip(similarity[run] - 2 * error[run], 0, 1)
        upper = _points(np.r_[left, x[run], right], np.r_[high[0], high, high[-1]])
        lower = _points(np.r_[right, x[run[::-1]], left], np.r_[low[-1], low[::-1], low[0]])
        bands.append(f"M{upper}L{lower}Z")
        middle = 100 - 100 * np.clip(similarity[run], 0, 1)
        lines.append(
            "M" + _points(np.r_[left, x[run], right], np.r_[middle[0], middle, middle[-1]])
        )
    level = 100 - 100 * CHANGED
    return (
        '<svg viewBox="0 -4 1000 108" preserveAspectRatio="none" aria-hidden="true" '
        f'focusable="false"><path class="level" d="M0 {level:.0f}H1000"/>'
        f'<path class="band" d="{"".join(bands)}"/><path class="line" d="{"".join(lines)}"/></svg>'
    )


def _points(x: Floats, y: Floats) -> str:
    return "L".join(f"{a:.0f} {b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))


def _numbers(record: FitRecord, drift: Drift, motifs: list[int], labels: list[str]) -> str:
    """Return the curves as a table that can be opened, a row a period."""
    rows = []
    for motif in motifs:
        for period in np.flatnonzero(np.isfinite(drift.similarity[motif])).tolist():
            rows.append(
                (
                    elements.motif_name(record, motif),
                    elements.text(labels[period]),
                    f"{drift.similarity[motif, period]:.2f} &plusmn; "
                    f"{drift.error[motif, period]:.2f}",
                    f"{drift.shift_s[motif, period]:+.3g} s",
                    f"{drift.stretch[motif, period]:.2f}",
                )
            )
    head = ("motif", "from", "similarity", "later by", "times as long")
    table = elements.table(head, rows, label="Change of the motifs", numbers=3)
    return f"<details><summary>Change as numbers</summary>{table}</details>"
