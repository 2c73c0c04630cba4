"""Section: rates of occurrence by hour of the day and day of the week."""

import numpy as np

from motifmine.analysis.calendar import (
    LEVEL,
    LITTLE_S,
    WEEKDAYS,
    Calendar,
    WeekRates,
    format_date,
)
from motifmine.records.fit import FitRecord
from motifmine.reporting.figures.svg import drawing
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.types import Floats

LEVELS = 8  # number of shades of a map
# with more motifs there are maps but no tables of numbers, which bounds the size of the page
NUMBERS_FOR = 24
HOURS = [(hour / 24, f"{hour} h") for hour in (0, 6, 12, 18, 24)]


def section(context: ReportContext) -> str:
    """Return a map of the week for every motif, "" with fewer than two weekdays or hours.

    A map takes about 2 kB; there are tables of numbers for at most `NUMBERS_FOR` motifs.
    """
    record, calendar, rates = context.record, context.statistics.calendar, context.statistics.week
    if calendar is None or rates is None or not len(record.occurrences):
        return ""
    if len(np.unique(calendar.weekday)) < 2 or len(np.unique(calendar.hour)) < 2:
        return ""
    maps = "".join(
        _render_map(record, motif, rates)
        for motif in range(len(record.motifs))
        if rates.count[motif].any()
    )
    tables = _render_tables(record, rates) if len(record.motifs) <= NUMBERS_FOR else ""
    return elements.section(
        "week",
        "Rates over the week",
        f'<p class="note">{elements.text(_describe_calendar(calendar))}</p>'
        f'<div class="weeks">{maps}</div>{tables}',
    )


def _describe_calendar(calendar: Calendar) -> str:
    n_days = len(np.unique(calendar.day))
    first, last = (format_date(int(day)) for day in (calendar.day[0], calendar.day[-1]))
    left_out = calendar.n_left_out
    return (
        f"Occurrences per hour recorded, by hour of the day and day of the week ({calendar.zone}), "
        f"{n_days:,} days from {first} to {last}. Each map has its own scale; darker is more "
        "frequent. A dash: nothing recorded. A small square: less than half an hour recorded."
        + (f" {left_out:,} recordings without a wall clock are excluded." if left_out else "")
    )


def _render_map(record: FitRecord, motif: int, rates: WeekRates) -> str:
    """Return the weekly rates of a motif as a map, with the highest rate in the caption."""
    per_hour = rates.per_hour[motif]
    days = "".join(f"<li>{name[:2]}</li>" for name in WEEKDAYS)
    return (
        f'<figure class="week"><figcaption><a href="#motif-{motif + 1}"><strong>'
        f"{elements.motif_name(record, motif)}</strong></a> "
        f"<span>{elements.text(_describe_peak(rates, motif))}</span></figcaption>"
        f'<div class="plot"><ol aria-hidden="true">{days}</ol>'
        f"{draw_week(per_hour, rates.recorded_s)}{elements.ticks(HOURS)}</div></figure>"
    )


def draw_week(per_hour: Floats, recorded_s: Floats) -> str:
    """Return rates as an SVG map without text; runs of equal cells are one path.

    Rates and recorded seconds are (7, 24), NaN where nothing was recorded.
    """
    highest = float(np.nanmax(per_hour, initial=0.0)) or 1.0
    level = np.where(per_hour > 0, np.ceil(LEVELS * np.nan_to_num(per_hour) / highest), 0).astype(
        np.int64
    )
    level[np.isnan(per_hour)] = -1
    little = (recorded_s < LITTLE_S) & (level >= 0)
    parts: dict[int, list[str]] = {}
    for day in range(7):
        hour = 0
        while hour < 24:
            here, end = int(level[day, hour]), hour + 1
            while end < 24 and level[day, end] == here and not little[day, [hour, end]].any():
                end += 1
            parts.setdefault(here, []).append(_draw_run(here, day, hour, end, little[day, hour]))
            hour = end
    paths = "".join(
        f'<path class="{"nothing" if at < 0 else f"l{at}"}" d="{"".join(marks)}"/>'
        for at, marks in sorted(parts.items())
    )
    return drawing(paths, width=240, height=70)


def _draw_run(level: int, day: int, hour: int, end: int, is_little: bool) -> str:
    if level < 0:
        return f"M{10 * hour + 3} {10 * day + 5}h{10 * (end - hour) - 6}"
    if is_little:
        return f"M{10 * hour + 3} {10 * day + 3}h4v4h-4z"
    return f"M{10 * hour} {10 * day}h{10 * (end - hour)}v9h-{10 * (end - hour)}z"


def _describe_peak(rates: WeekRates, motif: int) -> str:
    """Return when a motif is most frequent, with the confidence interval of its rate."""
    day, hour = rates.peak(motif)
    low, high = (bound[day, hour] for bound in rates.interval(motif))
    return (
        f"peak {WEEKDAYS[day]} {hour} h: {_format_rate(rates.per_hour[motif, day, hour])} an hour "
        f"({_format_rate(low)} to {_format_rate(high)})"
    )


def _render_tables(record: FitRecord, rates: WeekRates) -> str:
    """Return the rates of all motifs as collapsed tables."""
    tables = []
    for motif in range(len(record.motifs)):
        if not rates.count[motif].any():
            continue
        per_hour, (low, high) = rates.per_hour[motif], rates.interval(motif)
        rows = [
            (
                f"{hour} h",
                *(
                    _format_interval(per_hour[at, hour], low[at, hour], high[at, hour])
                    for at in range(7)
                ),
            )
            for hour in range(24)
            if not np.isnan(per_hour[:, hour]).all()
        ]
        head, title = ("hour", *WEEKDAYS), elements.motif_title(record, motif)
        caption = elements.motif_name(record, motif)
        tables.append(
            elements.table(head, rows, label=f"Week of {title}", numbers=7, caption=caption)
        )
    return (
        "<details><summary>Rates over the week as numbers</summary>"
        f'<p class="note">Occurrences per hour recorded, with the {100 * LEVEL:.0f} % confidence '
        f"interval of a Poisson rate.</p>{''.join(tables)}</details>"
    )


def _format_interval(rate: float, low: float, high: float) -> str:
    """Return a rate over its interval as HTML, "" where nothing was recorded."""
    if np.isnan(rate):
        return ""
    return f"{_format_rate(rate)}<small>{_format_rate(low)} to {_format_rate(high)}</small>"


def _format_rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 9.95 else f"{rate:.2g}"
