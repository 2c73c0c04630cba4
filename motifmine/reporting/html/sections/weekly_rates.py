"""Section: how often motifs occur by hour of the day and day of the week."""

import numpy as np

from motifmine.analysis.calendar import (
    LEVEL,
    LITTLE_S,
    WEEKDAYS,
    Calendar,
    WeekRates,
    date_text,
)
from motifmine.records.fit import FitRecord
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.types import Floats

LEVELS = 8
"""Steps of ink."""
NUMBERS_FOR = 24
"""With more motifs there are maps but no tables of numbers, to bound the size of the page."""
HOURS = [(hour / 24, f"{hour} h") for hour in (0, 6, 12, 18, 24)]


def section(context: ReportContext) -> str:
    """Return a map of the week for every motif, "" where less than two days of it are known.

    A map takes about 2 kB; there are tables of numbers for at most `NUMBERS_FOR` motifs.
    """
    record, calendar, rates = context.record, context.statistics.calendar, context.statistics.week
    if calendar is None or rates is None or not len(record.occurrences):
        return ""
    if len(np.unique(calendar.weekday)) < 2 or len(np.unique(calendar.hour)) < 2:
        return ""
    maps = "".join(
        _map(record, motif, rates)
        for motif in range(len(record.motifs))
        if rates.count[motif].any()
    )
    tables = _tables(record, rates) if len(record.motifs) <= NUMBERS_FOR else ""
    return elements.section(
        "week",
        "The week",
        f'<p class="note">{elements.text(_note(calendar))}</p>'
        f'<div class="weeks">{maps}</div>{tables}',
    )


def _note(calendar: Calendar) -> str:
    n_days = len(np.unique(calendar.day))
    first, last = (date_text(int(day)) for day in (calendar.day[0], calendar.day[-1]))
    left_out = calendar.n_left_out
    return (
        f"Occurrences per hour recorded, by hour of the day and day of the week ({calendar.zone}), "
        f"{n_days:,} days from {first} to {last}. Each map has its own scale; ink grows with the "
        "rate. A dash: nothing recorded. A small square: less than half an hour recorded."
        + (f" {left_out:,} recordings without a wall clock are left out." if left_out else "")
    )


def _map(record: FitRecord, motif: int, rates: WeekRates) -> str:
    """Return the week of a motif as a map, captioned with its highest rate."""
    per_hour = rates.per_hour[motif]
    days = "".join(f"<li>{name[:2]}</li>" for name in WEEKDAYS)
    return (
        f'<figure class="week"><figcaption><a href="#motif-{motif + 1}"><strong>'
        f"{elements.motif_name(record, motif)}</strong></a> "
        f"<span>{elements.text(_highest(rates, motif))}</span></figcaption>"
        f'<div class="plot"><ol aria-hidden="true">{days}</ol>'
        f"{week_svg(per_hour, rates.recorded_s)}{elements.ticks(HOURS)}</div></figure>"
    )


def week_svg(per_hour: Floats, recorded_s: Floats) -> str:
    """Return rates (7, 24) as a map without text; runs of equal cells are one mark."""
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
            parts.setdefault(here, []).append(_mark(here, day, hour, end, little[day, hour]))
            hour = end
    paths = "".join(
        f'<path class="{"nothing" if at < 0 else f"l{at}"}" d="{"".join(marks)}"/>'
        for at, marks in sorted(parts.items())
    )
    return (
        '<svg viewBox="0 0 240 70" preserveAspectRatio="none" aria-hidden="true" '
        f'focusable="false">{paths}</svg>'
    )


def _mark(level: int, day: int, hour: int, end: int, is_little: bool) -> str:
    if level < 0:
        return f"M{10 * hour + 3} {10 * day + 5}h{10 * (end - hour) - 6}"
    if is_little:
        return f"M{10 * hour + 3} {10 * day + 3}h4v4h-4z"
    return f"M{10 * hour} {10 * day}h{10 * (end - hour)}v9h-{10 * (end - hour)}z"


def _highest(rates: WeekRates, motif: int) -> str:
    """Return when a motif is most frequent, and between which rates it surely is."""
    day, hour = rates.peak(motif)
    low, high = (bound[day, hour] for bound in rates.interval(motif))
    return (
        f"most {WEEKDAYS[day]} {hour} h: {_rate_text(rates.per_hour[motif, day, hour])} an hour "
        f"({_rate_text(low)} to {_rate_text(high)})"
    )


def _tables(record: FitRecord, rates: WeekRates) -> str:
    """Return the rates of all motifs as tables that can be opened."""
    tables = []
    for motif in range(len(record.motifs)):
        if not rates.count[motif].any():
            continue
        per_hour, (low, high) = rates.per_hour[motif], rates.interval(motif)
        rows = [
            (
                f"{hour} h",
                *(
                    ""
                    if np.isnan(per_hour[day, hour])
                    else f"{_rate_text(per_hour[day, hour])}<small>{_rate_text(low[day, hour])} to "
                    f"{_rate_text(high[day, hour])}</small>"
                    for day in range(7)
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
        "<details><summary>The week as numbers</summary>"
        f'<p class="note">Occurrences per hour recorded, and the rates between which they lie by '
        f"{100 * LEVEL:.0f} %, as far as chance in the counts goes.</p>{''.join(tables)}</details>"
    )


def _rate_text(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 9.95 else f"{rate:.2g}"
