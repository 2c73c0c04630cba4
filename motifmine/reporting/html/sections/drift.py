"""Section: how the motifs themselves change over the archive."""

import numpy as np

from motifmine.analysis.calendar import find_day, format_date
from motifmine.analysis.trends import Trend, measure_stretch_ratio
from motifmine.records.drift import CHANGED, Drift
from motifmine.records.fit import FitRecord
from motifmine.reporting.figures.svg import drawing, format_points
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.types import Floats

# most motifs whose curves are shown; those that changed come first, the most changed first
MOST = 24
LEAST_RATIO = 1.1  # smallest ratio of durations that is reported as a change


def section(context: ReportContext) -> str:
    """Return curves of similarity and trends of rates of at most `MOST` motifs; "" without both."""
    body = _render_curves(context.record) + _render_trends(context)
    return elements.section("drift", "How the motifs change", body)


def _render_curves(record: FitRecord) -> str:
    """Return the similarity of each motif to itself over the periods, as curves and a table."""
    drift = record.drift
    if drift is None or np.isnan(drift.similarity).all():
        return ""
    # a period without an estimate says nothing; it must not be the lowest
    lowest = np.where(np.isnan(drift.similarity), np.inf, drift.similarity).min(axis=1)
    known = np.flatnonzero(np.isfinite(lowest))
    # changed motifs first, and of both kinds the least similar first: the last key counts first
    order = known[np.lexsort((lowest[known], ~drift.changed[known]))].tolist()
    labels = _label_periods(record, drift)
    figures = "".join(_render_figure(record, drift, motif, labels) for motif in order[:MOST])
    return (
        f'<p class="note">{elements.text(_describe_drift(drift, len(order)))}</p>'
        f'<div class="drifts">{figures}</div>{_render_numbers(record, drift, order[:MOST], labels)}'
    )


def _render_trends(context: ReportContext) -> str:
    """Return the motifs that become more or less frequent as a list."""
    record, found = context.record, context.statistics.trends
    if not found:
        return ""
    items = "".join(f"<li>{_describe_trend(record, trend)}</li>" for trend in found[:MOST])
    more = f"<li>and {len(found) - MOST:,} more</li>" if len(found) > MOST else ""
    return (
        '<h3>More and less frequent</h3><p class="note">Rates of the first and the last third of '
        "the days. A motif that becomes rarer while a similar one becomes more frequent may be "
        "one activity that changed.</p>"
        f"<ul>{items}{more}</ul>"
    )


def _describe_trend(record: FitRecord, trend: Trend) -> str:
    way = "becomes more frequent" if trend.rises else "becomes less frequent"
    change = f"{way}: {trend.first_per_hour:,.3g}, then {trend.last_per_hour:,.3g} an hour"
    like = ""
    if trend.resembles >= 0:
        like = (
            f"; {elements.motif_name(record, trend.resembles)}, which is similar "
            f"({trend.similarity:.2f}), changes in the opposite direction"
        )
    return f"{elements.motif_name(record, trend.motif)} {elements.text(change)}{like}"


def _describe_drift(drift: Drift, n_known: int) -> str:
    n_changed = int(drift.changed.sum())
    period = "day" if drift.period_days == 1 else f"{drift.period_days} days"
    verdict = (
        f"None of {n_known:,} motifs changes significantly."
        if not n_changed
        else f"{n_changed:,} of {n_known:,} motifs change{'s' if n_changed == 1 else ''}: "
        f"in some period the similarity is below {CHANGED:g} by three standard errors."
    )
    more = f" {MOST:,} are shown." if n_known > MOST else ""
    return (
        f"{verdict}{more} Each motif is estimated separately in every period ({period}) and "
        "compared with all other periods: a similarity of 1 means no change, and it is corrected "
        "for the loss by chance. The band is two standard errors wide on either side; gaps are "
        "periods with too few occurrences."
    )


def _label_periods(record: FitRecord, drift: Drift) -> list[str]:
    """Return the first day of every period."""
    half_day_s = 43_200.0  # the middle of a day has the same date whatever the clock change
    days = [find_day(start + half_day_s, record.time_zone) for start in drift.period_start_s]
    return [format_date(day) for day in days]


def _render_figure(record: FitRecord, drift: Drift, motif: int, labels: list[str]) -> str:
    kind = "drift changed" if drift.changed[motif] else "drift"
    ends = [(0.0, _shorten(labels[0])), (1.0, _shorten(labels[-1]))]
    return (
        f'<figure class="{kind}"><figcaption><a href="#motif-{motif + 1}"><strong>'
        f"{elements.motif_name(record, motif)}</strong></a> "
        f"<span>{elements.text(_describe_curve(drift, motif, labels))}</span></figcaption>"
        f'<div class="plot"><ol aria-hidden="true"><li>1</li><li>0</li></ol>'
        f"{draw_drift(drift.similarity[motif], drift.error[motif])}{elements.ticks(ends)}"
        "</div></figure>"
    )


def _shorten(date: str) -> str:
    return date.partition(" ")[2]


def _describe_curve(drift: Drift, motif: int, labels: list[str]) -> str:
    """Return a sentence on the curve of a motif."""
    similarity = drift.similarity[motif]
    at = int(np.nanargmin(similarity))
    if not drift.changed[motif]:
        return f"no change: lowest {similarity[at]:.2f}"
    summary = f"lowest {similarity[at]:.2f}, {_shorten(labels[at])}"
    ratio = measure_stretch_ratio(drift, motif)
    if ratio >= LEAST_RATIO:
        summary += f"; at the end it lasts about {ratio:.1f} times as long as at the beginning"
    elif ratio <= 1 / LEAST_RATIO:
        summary += f"; at the end it is about {1 / ratio:.1f} times as fast as at the beginning"
    return summary


def draw_drift(similarity: Floats, error: Floats) -> str:
    """Return a curve from 0 to 1 with its band as stretchable SVG, with gaps at NaN."""
    n = len(similarity)
    x = 1000 * (np.arange(n) + 0.5) / n
    bands, lines = [], []
    known = np.isfinite(similarity)
    runs = np.split(np.arange(n), np.flatnonzero(np.diff(known)) + 1)
    for run in (r for r in runs if known[r[0]]):
        left, right = x[run[0]] - 250 / n, x[run[-1]] + 250 / n
        high = 100 - 100 * np.clip(similarity[run] + 2 * error[run], 0, 1)
        low = 100 - 100 * np.clip(similarity[run] - 2 * error[run], 0, 1)
        middle = 100 - 100 * np.clip(similarity[run], 0, 1)
        across = np.r_[left, x[run], right]
        high, low, middle = (np.pad(curve, 1, mode="edge") for curve in (high, low, middle))
        bands.append(f"M{format_points(np.r_[across, across[::-1]], np.r_[high, low[::-1]])}Z")
        lines.append(f"M{format_points(across, middle)}")
    level = 100 - 100 * CHANGED
    paths = (
        f'<path class="level" d="M0 {level:.0f}H1000"/>'
        f'<path class="band" d="{"".join(bands)}"/><path class="line" d="{"".join(lines)}"/>'
    )
    return drawing(paths, height=108, top=-4)


def _render_numbers(record: FitRecord, drift: Drift, motifs: list[int], labels: list[str]) -> str:
    """Return the curves as a collapsed table, one row per period."""
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
