"""One motif's part of the report: its scene, numbers, matrix, start times and best examples."""

from collections.abc import Sequence

import numpy as np

from motifmine.records.fit import FitRecord
from motifmine.reporting.figures import motif_pictures as figures
from motifmine.reporting.figures import svg as marks
from motifmine.reporting.figures.rates import Rates, bars_svg
from motifmine.reporting.html import elements
from motifmine.reporting.html.series_figures import segment_figure
from motifmine.reporting.sentences.motifs import describe_motif
from motifmine.reporting.tables import fit_tables as tabular
from motifmine.reporting.times import format_length
from motifmine.types import Pixels

NUMBERS_FOR = 60
"""With more motifs the rates stand as bars only, so that the page stays small."""

STRONGEST = 12
"""Occurrences listed under each motif."""


def motif_card(
    record: FitRecord,
    row: tabular.MotifRow,
    overlay: Pixels | None,
    occurrences: Sequence[tabular.OccurrenceRow],
    rates: Sequence[Rates] = (),
) -> str:
    """Return one motif as an HTML article.

    Parameters
    ----------
    record : FitRecord
    row : MotifRow
        The motif's numbers.
    overlay : Pixels or None
        Its coloured cells, rgba; None for words that have no place in a picture.
    occurrences : sequence of OccurrenceRow
        All occurrences of the record, in its order.
    rates : sequence of Rates
        How often all motifs occur, over the day and over the archive.
    """
    description = describe_motif(record, row.motif)
    return elements.template("motif.html").substitute(
        number=row.number,
        title=elements.motif_name(record, row.motif),
        motif=row.motif,
        description=elements.text(description),
        kind="plain" if overlay is None else "scenic",
        scene=segment_figure(record, row.motif)
        if overlay is None
        else _scene(record, row, overlay, description),
        facts=_facts(row, several=len(record.recordings) > 1),
        matrix=_matrix(record, row),
        strip=_strip(record, row),
        rates="".join(_rate(each, row) for each in rates),
        strongest=_strongest(record, row, occurrences),
        numbers=_rate_numbers(rates, row) if len(record.motifs) <= NUMBERS_FOR else "",
    )


def picture_stem(row: tabular.MotifRow) -> str:
    """Return the name of a motif's PNG files without `.png` and `-matrix.png`."""
    return f"motif-{row.number:02d}"


def _scene(record: FitRecord, row: tabular.MotifRow, overlay: Pixels, description: str) -> str:
    alt = f"The scene with the cells of motif {row.number} coloured by time. {description}"
    height, width = overlay.shape[:2]
    return (
        f'<figure class="scene"><div class="stage">'
        f'<img width="{width}" height="{height}" alt="{elements.text(alt)}" '
        f'src="{elements.data_uri("image/webp", figures.webp_bytes(overlay))}"></div>'
        f"{_time_bar(record)}<figcaption>"
        f'<a href="{picture_stem(row)}.png">Picture as PNG</a></figcaption></figure>'
    )


def _matrix(record: FitRecord, row: tabular.MotifRow) -> str:
    view = figures.matrix_view(record, row.motif)
    labelled = record.vocabulary.kind != "flow-grid" and len(view.words) <= 40
    size = f' style="--height:{max(6.0, 1.35 * len(view.words)):.4g}rem"' if labelled else ""
    axis, image = "", ""
    if labelled:
        names = (elements.name(record.vocabulary.labels[word]) for word in view.words)
        axis = f"<ol>{''.join(f'<li>{name}</li>' for name in names)}</ol>"
    n_words = len(view.words)
    ink = figures.matrix_ink(view)
    if ink.size:
        alt = f"Matrix of {n_words} words over relative time, motif {row.number}"
        data = elements.data_uri("image/png", figures.png_bytes(ink))
        image = f'<div class="field"><img class="ink" alt="{alt}" src="{data}"></div>'
    order = "by channel" if figures.is_by_channel(record) else "the earliest on top"
    link = f'<a href="{picture_stem(row)}-matrix.png">PNG</a>'
    return (
        f'<figure class="matrix"{size}><div class="plot">{axis}{image}{_time_bar(record)}</div>'
        f"<figcaption>{n_words} words that hold {100 * view.share:.0f} % of the motif, "
        f"{order} ({link})</figcaption></figure>"
    )


def _facts(row: tabular.MotifRow, *, several: bool) -> str:
    plain = (
        ("share of observations", f"{100 * row.share:.1f} %"),
        ("occurrences", f"{row.occurrences:,}"),
        ("per hour", f"{row.per_hour:,.1f}"),
        ("90 % within", tabular.format_length(row.duration_s)),
    )
    cells = [f"<div><dt>{term}</dt><dd>{elements.text(value)}</dd></div>" for term, value in plain]
    ends: tuple[tuple[str, tabular.Moment | None], ...]
    ends = (("first", row.first), ("last", row.last))
    if row.occurrences == 1:
        ends = (("start", row.first),)
    for term, moment in ends:
        if moment is not None:
            place = f" in {elements.name(moment.recording)}" if several else ""
            when = elements.text(tabular.format_time(moment.start_s))
            clock = f"<br>{elements.text(moment.start_utc)}" if moment.start_utc else ""
            cells.append(f'<div class="wide"><dt>{term}</dt><dd>{when}{place}{clock}</dd></div>')
    return "\n".join(cells)


def _strip(record: FitRecord, row: tabular.MotifRow) -> str:
    strip = marks.occurrence_strip(record, row.motif)
    n_rows = len(strip.documents)
    row_px = 24 if n_rows <= 16 else 17 if n_rows <= 60 else 6
    names = ""
    if row_px > 6:
        items = (f"<li>{elements.name(record.recordings[d].name)}</li>" for d in strip.documents)
        names = f"<ol>{''.join(items)}</ol>"
    left_out = f"; {strip.n_left_out:,} more are not shown" if strip.n_left_out else ""
    caption = f"Start times in {n_rows:,} recordings{left_out}. The higher, the heavier."
    if n_rows == 1:
        caption = "Start times. The higher, the heavier."
    if strip.first_s < 0:
        caption += " Before 0 s: already under way when the recording began."
    svg = strip.svg.replace("<svg ", f'<svg style="height:{n_rows * row_px}px" ', 1)
    ticks = marks.time_ticks(strip.first_s, strip.last_s, 8)
    return (
        f'<figure class="strip"><div class="rows" tabindex="0" role="region" '
        f'aria-label="Start times of motif {row.number}" style="--row:{row_px}px">'
        f'<div class="plot">{names}{svg}{elements.ticks(ticks)}</div></div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _rate(rates: Rates, row: tabular.MotifRow) -> str:
    """Return the rates of a motif as bars with the highest one told."""
    per_hour = rates.per_hour[row.motif]
    if not row.occurrences:
        return ""
    best = int(np.nanargmax(per_hour))
    n = len(per_hour)
    ticks = [(0.0, rates.labels[0]), (1.0, rates.labels[-1])]
    if n == 24 and rates.labels[1] == "01:00":
        ticks = [(hour / 24, f"{hour} h") for hour in range(0, 25, 6)]
    rate = float(per_hour[best])
    told = f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"
    highest = f"highest {told} per hour recorded, {rates.labels[best]}"
    return (
        f'<figure class="rate" style="--bars:{n}"><figcaption>'
        f"<strong>{elements.text(rates.title)}</strong> "
        f"<span>{elements.text(highest)}</span></figcaption>"
        f"{bars_svg(per_hour)}{elements.ticks(ticks)}</figure>"
    )


def _rate_numbers(rates: Sequence[Rates], row: tabular.MotifRow) -> str:
    """Return the rates of a motif as tables that can be opened."""
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


def _strongest(
    record: FitRecord, row: tabular.MotifRow, occurrences: Sequence[tabular.OccurrenceRow]
) -> str:
    found = record.occurrences
    mine = np.flatnonzero(found.motif == row.motif)
    best = mine[np.argsort(-found.weight[mine], kind="stable")[:STRONGEST]]
    if not len(best):
        return ""
    rows = [occurrences[i] for i in best]
    has_clock = any(r.start_utc for r in rows)
    head = ("recording", "start", *(("wall clock",) if has_clock else ()), "weight", "score")
    body = (
        (
            elements.name(r.recording),
            f'<a href="#timeline" data-occurrence="{index}">{elements.text(r.start_time)}</a>',
            *((elements.text(r.start_utc),) if has_clock else ()),
            f"{r.weight:,.1f}",
            f"{r.score:,.1f}",
        )
        for index, r in zip(best, rows, strict=True)
    )
    title = f"The {len(rows)} strongest of {row.occurrences:,} occurrences"
    if len(rows) == row.occurrences:
        title = "Its one occurrence" if len(rows) == 1 else f"All {len(rows)} occurrences"
    caption = (
        "Weight: observations explained. Score: log-likelihood ratio in nats. All of them: "
        "<code>motifmine occurrences --format csv</code>"
    )
    table = elements.table(head, body, label=title, caption=caption, numbers=2)
    return f"<details><summary>{title}</summary>{table}</details>"


def _time_bar(record: FitRecord) -> str:
    """Return the colours of relative time with seconds under them."""
    length_s = record.motifs.motif_length * record.bin_s
    ticks = [(s / length_s, f"{s:g} s") for s in figures.nice_ticks(length_s, 6)]
    return f'<div class="spectrum"></div>{elements.ticks(ticks)}'
