"""Section: all motifs in one table, with a thumbnail each."""

from collections.abc import Sequence

from motifmine.records.fit import FitRecord
from motifmine.reporting.figures.images import encode_jpeg, shrink
from motifmine.reporting.figures.motif_pictures import MANY_MOTIFS, compose, draw_overlay
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.rows import Moment, MotifRow
from motifmine.reporting.times import format_length, format_time

THUMBNAIL_PX = 272
SMALL_THUMBNAIL_PX = 160  # with more than `MANY_MOTIFS` motifs


def section(context: ReportContext) -> str:
    """Return the table of all motifs, "" without motifs."""
    record = context.record
    rows = context.rows
    if not rows:
        return ""
    return elements.section(
        "overview", "Overview", _render_table(record, rows, _encode_thumbnails(context))
    )


def _encode_thumbnails(context: ReportContext) -> list[str]:
    """Return a small picture of each motif over the scene as data, "" where there is no scene."""
    record, background = context.record, context.background
    if background is None:
        return [""] * len(record.motifs)
    width = THUMBNAIL_PX if len(record.motifs) <= MANY_MOTIFS else SMALL_THUMBNAIL_PX
    sources = []
    for motif in range(len(record.motifs)):
        scene = compose(background, draw_overlay(record, motif))
        # the page holds its pictures itself: a few kilobytes for each motif
        small = encode_jpeg(shrink(scene, width), quality=82)
        sources.append(elements.data_uri("image/jpeg", small))
    return sources


def _render_table(record: FitRecord, rows: Sequence[MotifRow], thumbs: Sequence[str]) -> str:
    largest = max((row.share for row in rows), default=0.0) or 1.0
    body = []
    for row, thumb in zip(rows, thumbs, strict=True):
        title = elements.motif_name(record, row.motif)
        link = f'<a class="motif-link" href="#motif-{row.number}">{title}</a>'
        image = f'<img class="thumb" alt="" src="{thumb}">' if thumb else ""
        # relative to the largest: with many motifs all shares are small
        width = 100 * row.share / largest
        body.append(
            f'<tr><th scope="row">{link}</th>'
            + (f"<td>{image}</td>" if thumb else "")
            + f'<td class="share">{100 * row.share:.1f} %<i style="width:{width:.1f}%"></i></td>'
            f'<td class="number">{row.occurrences:,}</td>'
            f'<td class="number">{row.per_hour:,.1f}</td>'
            f'<td class="number">{elements.text(format_length(row.duration_s))}</td>'
            f"{_render_moment(row.first)}{_render_moment(row.last)}</tr>"
        )
    heads = ["motif", *(["scene"] if any(thumbs) else [])]
    numeric = ("share", "occurrences", "per hour", "90 % within")
    head = "".join(
        [f'<th scope="col">{h}</th>' for h in heads]
        + [f'<th scope="col" class="number">{h}</th>' for h in numeric]
        + [f'<th scope="col">{h}</th>' for h in ("first", "last")]
    )
    return (
        '<div class="scroll overview" tabindex="0" role="region" aria-label="Overview of the '
        f'motifs"><table><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'
    )


def _render_moment(moment: Moment | None) -> str:
    if moment is None:
        return "<td>&ndash;</td>"
    when = moment.start_utc or format_time(moment.start_s)
    place = elements.name(moment.recording)
    return f'<td class="moment">{elements.text(when)}<small>{place}</small></td>'
