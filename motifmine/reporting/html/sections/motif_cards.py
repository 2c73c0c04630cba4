"""Section: a card per motif: its scene, numbers, matrix, start times, heaviest occurrences."""

from collections.abc import Sequence

import numpy as np

from motifmine.analysis.motif_views import matrix_view
from motifmine.analysis.rates import Rates
from motifmine.analysis.rhythm import find_rhythm
from motifmine.records.fit import FitRecord
from motifmine.reporting.figures.images import encode_png, encode_webp
from motifmine.reporting.figures.motif_pictures import draw_matrix, draw_overlay
from motifmine.reporting.figures.svg import (
    choose_ticks,
    choose_time_ticks,
    draw_occurrence_strip,
    drawing,
)
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.motif_views import get_motif_view
from motifmine.reporting.rows import Moment, MotifRow, list_occurrences
from motifmine.reporting.sentences.motifs import describe_motif
from motifmine.reporting.sentences.significance import significance_sentences
from motifmine.reporting.times import format_length, format_time
from motifmine.types import Floats, Pixels

# with more motifs rates are drawn without tables of numbers, which bounds the size of the page
NUMBERS_FOR = 60


def section(context: ReportContext) -> str:
    """Return a card for each motif, or why there is none."""
    if not len(context.record.motifs):
        reasons = "; ".join(significance_sentences(context.record)) or "the fit has none"
        return elements.section("motifs", "The motifs", f"<p>{elements.text(reasons)}</p>")
    cards = [render_motif_card(context, row) for row in context.rows]
    reading = elements.text(context.view.reading)
    body = "\n".join([f'<p class="note">{reading}</p>', *cards])
    return elements.section("motifs", "The motifs", body)


def render_motif_card(context: ReportContext, row: MotifRow) -> str:
    """Return one motif as an HTML article."""
    record, statistics = context.record, context.statistics
    rates = [each for each in (statistics.hour_of_day, statistics.archive) if each is not None]
    sentence, figure = describe_motif(record, row.motif), context.view.figure
    scene = "" if figure is None else figure(record, row.motif)
    if figure is None and context.background is not None:
        overlay = draw_overlay(record, row.motif)
        scene = render_scene_figure(record, row.motif, overlay, sentence)
    return elements.template("motif.html").substitute(
        number=row.number,
        title=elements.motif_name(record, row.motif),
        motif=row.motif,
        description=elements.text(sentence),
        kind="plain" if context.background is None else "scenic",
        scene=scene,
        facts=_render_facts(record, row),
        matrix=_render_matrix(record, row),
        strip=_render_strip(record, row),
        rates="".join(_render_rate(each, row) for each in rates),
        strongest=_render_strongest(context, row),
        numbers=_render_rate_tables(rates, row) if len(record.motifs) <= NUMBERS_FOR else "",
    )


def _render_matrix(record: FitRecord, row: MotifRow) -> str:
    view = matrix_view(record, row.motif)
    shown = get_motif_view(record.vocabulary)
    labelled = shown.labels_rows(view)
    size = f' style="--height:{max(6.0, 1.35 * len(view.words)):.4g}rem"' if labelled else ""
    axis, image = "", ""
    if labelled:
        names = (elements.name(record.vocabulary.labels[word]) for word in view.words)
        axis = f"<ol>{''.join(f'<li>{name}</li>' for name in names)}</ol>"
    n_words = len(view.words)
    ink = draw_matrix(view)
    if ink.size:
        alt = f"Matrix of {n_words} words over relative time, motif {row.number}"
        data = elements.data_uri("image/png", encode_png(ink))
        image = f'<div class="field"><img class="ink" alt="{alt}" src="{data}"></div>'
    link = f'<a href="{picture_stem(row.motif)}-matrix.png">PNG</a>'
    return (
        f'<figure class="matrix"{size}><div class="plot">{axis}{image}{render_time_bar(record)}'
        f"</div><figcaption>{n_words} words with {100 * view.share:.0f} % of the motif, "
        f"{shown.row_order} ({link})</figcaption></figure>"
    )


def _render_facts(record: FitRecord, row: MotifRow) -> str:
    several = len(record.recordings) > 1
    plain = (
        ("share of observations", f"{100 * row.share:.1f} %"),
        ("occurrences", f"{row.occurrences:,}"),
        ("per hour", f"{row.per_hour:,.1f}"),
        ("90 % within", format_length(row.duration_s)),
        *_list_rhythm(record, row.motif),
    )
    cells = [f"<div><dt>{term}</dt><dd>{elements.text(value)}</dd></div>" for term, value in plain]
    ends: tuple[tuple[str, Moment | None], ...]
    ends = (("first", row.first), ("last", row.last))
    if row.occurrences == 1:
        ends = (("start", row.first),)
    for term, moment in ends:
        if moment is not None:
            place = f" in {elements.name(moment.recording)}" if several else ""
            when = elements.text(format_time(moment.start_s))
            clock = f"<br>{elements.text(moment.start_utc)}" if moment.start_utc else ""
            cells.append(f'<div class="wide"><dt>{term}</dt><dd>{when}{place}{clock}</dd></div>')
    return "\n".join(cells)


def _list_rhythm(record: FitRecord, motif: int) -> list[tuple[str, str]]:
    """Return the rhythm of a motif and its tempos, as terms and values."""
    rhythm, found = find_rhythm(record, motif), []
    if rhythm.time_of_day_s is not None:
        clock = format_time(round(rhythm.time_of_day_s / 60) * 60.0)[:5]
        found.append(("daily at", f"{clock} ± {format_length(max(rhythm.spread_s, 60.0))}"))
    elif rhythm.interval_s is not None:
        runs = ", in runs" if rhythm.has_pauses else ""
        found.append(("every", format_length(rhythm.interval_s) + runs))
    tempo = record.occurrences.tempo
    if tempo is not None and np.any(record.occurrences.motif == motif):
        mine = tempo[record.occurrences.motif == motif]
        found.append(("tempo", f"{mine.min():.2g} to {mine.max():.2g}"))
    return found


def _render_strip(record: FitRecord, row: MotifRow) -> str:
    strip = draw_occurrence_strip(record, row.motif)
    n_rows = len(strip.documents)
    row_px = 24 if n_rows <= 16 else 17 if n_rows <= 60 else 6
    names = ""
    if row_px > 6:
        items = (f"<li>{elements.name(record.recordings[d].name)}</li>" for d in strip.documents)
        names = f"<ol>{''.join(items)}</ol>"
    left_out = f"; {strip.n_left_out:,} more are not shown" if strip.n_left_out else ""
    caption = f"Start times in {n_rows:,} recordings{left_out}. Height: weight."
    if n_rows == 1:
        caption = "Start times. Height: weight."
    if strip.first_s < 0:
        caption += " Before 0 s: already in progress when the recording began."
    svg = strip.svg.replace("<svg ", f'<svg style="height:{n_rows * row_px}px" ', 1)
    ticks = choose_time_ticks(strip.first_s, strip.last_s, 8)
    return (
        f'<figure class="strip"><div class="rows" tabindex="0" role="region" '
        f'aria-label="Start times of motif {row.number}" style="--row:{row_px}px">'
        f'<div class="plot">{names}{svg}{elements.ticks(ticks)}</div></div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _render_rate(rates: Rates, row: MotifRow) -> str:
    """Return the rates of a motif as bars, with the highest rate in the caption."""
    per_hour = rates.per_hour[row.motif]
    if not row.occurrences:
        return ""
    best = int(np.nanargmax(per_hour))
    n = len(per_hour)
    ticks = [(0.0, rates.labels[0]), (1.0, rates.labels[-1])]
    if n == 24 and rates.labels[1] == "01:00":
        ticks = [(hour / 24, f"{hour} h") for hour in range(0, 25, 6)]
    rate = float(per_hour[best])
    shown = f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"
    highest = f"highest {shown} per hour recorded, {rates.labels[best]}"
    return (
        f'<figure class="rate" style="--bars:{n}"><figcaption>'
        f"<strong>{elements.text(rates.title)}</strong> "
        f"<span>{elements.text(highest)}</span></figcaption>"
        f"{draw_bars(per_hour)}{elements.ticks(ticks)}</figure>"
    )


def _render_rate_tables(rates: Sequence[Rates], row: MotifRow) -> str:
    """Return the rates of a motif as collapsed tables."""
    tables = [
        elements.table(
            (elements.text(each.title), "recorded", "occurrences", "per hour"),
            [
                (
                    elements.name(label),
                    elements.text(format_length(seconds)),
                    f"{count:,}",
                    f"{rate:,.1f}",
                )
                for label, seconds, count, rate in zip(
                    each.labels,
                    each.recorded_s.tolist(),
                    each.count[row.motif].tolist(),
                    each.per_hour[row.motif].tolist(),
                    strict=True,
                )
                if seconds > 0
            ],
            label=each.title,
            numbers=3,
        )
        for each in rates
        if row.occurrences
    ]
    if not tables:
        return ""
    return f"<details><summary>Rates as numbers</summary>{''.join(tables)}</details>"


def _render_strongest(context: ReportContext, row: MotifRow) -> str:
    record, found = context.record, context.record.occurrences
    best = context.strongest[row.motif]
    if not len(best):
        return ""
    rows, shown = list_occurrences(record, best), context.shown_occurrences
    has_clock = any(r.start_utc for r in rows)
    has_tempo = found.tempo is not None
    head = ("recording", "start", *(("wall clock",) if has_clock else ()))
    head += (*(("end", "tempo") if has_tempo else ()), "weight", "score")
    body = (
        (
            elements.name(r.recording),
            f'<a href="#timeline" data-occurrence="{index}">{elements.text(r.start_time)}</a>',
            *((elements.text(r.start_utc),) if has_clock else ()),
            *((elements.text(format_time(r.end_s)), f"{r.tempo:.2f}") if has_tempo else ()),
            f"{r.weight:,.1f}",
            f"{r.score:,.1f}",
        )
        # the time line counts those that it shows
        for index, r in zip(np.searchsorted(shown, best), rows, strict=True)
    )
    title = f"The {len(rows)} strongest of {row.occurrences:,} occurrences"
    if len(rows) == row.occurrences:
        title = "Its one occurrence" if len(rows) == 1 else f"All {len(rows)} occurrences"
    caption = (
        "Weight: observations explained. Score: log-likelihood ratio in nats. All occurrences: "
        "<code>motifmine occurrences --format csv</code>"
    )
    table = elements.table(head, body, label=title, caption=caption, numbers=4 if has_tempo else 2)
    return f"<details><summary>{title}</summary>{table}</details>"


def picture_stem(motif: int) -> str:
    """Return the name of a motif's PNG files without `.png` and `-matrix.png`; counts from 0."""
    return f"motif-{motif + 1:02d}"


def render_scene_figure(record: FitRecord, motif: int, overlay: Pixels, sentence: str) -> str:
    """Return a motif's coloured cells over the scene of the page.

    Parameters
    ----------
    overlay : uint8 array (row, column, rgba)
    sentence : str
        What is seen, for those who cannot see it.
    """
    alt = f"The scene with the cells of motif {motif + 1} coloured by time. {sentence}"
    height, width = overlay.shape[:2]
    return (
        f'<figure class="scene"><div class="stage">'
        f'<img width="{width}" height="{height}" alt="{elements.text(alt)}" '
        f'src="{elements.data_uri("image/webp", encode_webp(overlay))}"></div>'
        f"{render_time_bar(record)}<figcaption>"
        f'<a href="{picture_stem(motif)}.png">Picture as PNG</a></figcaption></figure>'
    )


def render_time_bar(record: FitRecord) -> str:
    """Return the colours of relative time with seconds under them."""
    length_s = record.motifs.motif_length * record.bin_s
    ticks = [(s / length_s, f"{s:g} s") for s in choose_ticks(length_s, 6)]
    return f'<div class="spectrum"></div>{elements.ticks(ticks)}'


def draw_bars(per_hour: Floats) -> str:
    """Return rates as a bar chart in stretchable SVG; a thin line where nothing was recorded."""
    # relative to the highest of this motif: rates of motifs differ by orders of magnitude
    highest = float(np.nanmax(per_hour, initial=0.0)) or 1.0
    width = 1000 / len(per_hour)
    gap = 0.15 * width
    bars, empty = [], []
    for index, rate in enumerate(per_hour.tolist()):
        left, right = index * width + gap, (index + 1) * width - gap
        if np.isnan(rate):
            empty.append(f"M{left:.1f} 99H{right:.1f}")
        elif rate > 0:
            # the lowest bar is seen, however small its rate
            top = 100 - max(96 * rate / highest, 3)
            bars.append(f"M{left:.1f} 100V{top:.1f}H{right:.1f}V100Z")
    paths = f'<path d="{"".join(bars)}"/><path class="nothing" d="{"".join(empty)}"/>'
    return drawing(paths, height=100, kind="bars")
