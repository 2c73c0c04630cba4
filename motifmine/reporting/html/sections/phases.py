"""Section: the common cycle of the motifs as a ring, and which motif follows which as arrows."""

import math

from motifmine.analysis.cycle import Cycle
from motifmine.analysis.followers import Follower
from motifmine.durations import format_seconds
from motifmine.records.fit import FitRecord
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext

MOST_MOTIFS = 30  # with more motifs nothing is drawn
CENTRE, RADIUS, DOT = 160, 120, 13  # of the ring and of a motif on it, units of the drawing


def section(context: ReportContext) -> str:
    """Return the ring and the list of what follows what, "" where motifs are few or unrelated."""
    record, cycle = context.record, context.statistics.cycle
    followers = context.statistics.followers
    has_cycle = cycle is not None and cycle.is_significant
    if not 2 <= len(record.motifs) <= MOST_MOTIFS or not (has_cycle or followers):
        return ""
    body = f'<p class="note">{_describe(cycle)}</p>'
    body += _draw_ring(record, cycle if has_cycle else None, followers)
    rows = [
        (
            elements.motif_name(record, one.first),
            elements.motif_name(record, one.second),
            f"{100 * one.probability:.0f}&nbsp;%",
            f"{one.delay_s:.1f}&nbsp;s",
        )
        for one in followers
    ]
    head = ("After", "the next is", "in a share of", "after (median)")
    if rows:
        body += elements.table(head, rows, label="What follows what", numbers=2)
    return elements.section("phases", "Cycle and order", body)


def _describe(cycle: Cycle | None) -> str:
    if cycle is None or not cycle.is_significant:
        return (
            "The starts of the motifs have no common cycle. Arrows lead to the motifs that are "
            "often the next to start."
        )
    return (
        f"The starts of the motifs repeat every <strong>{cycle.period_s:.1f}&nbsp;s</strong> (p = "
        f"{cycle.p_value:.3f}, against scattered starts). Motifs that follow the cycle lie on the "
        "ring at their mean phase, clockwise; the others are inside. Arrows lead to the motifs "
        "that are often the next to start."
    )


def _draw_ring(record: FitRecord, cycle: Cycle | None, followers: tuple[Follower, ...]) -> str:
    """Return the motifs on a ring, with an arrow for each follower, as SVG."""
    place = [_place(motif, len(record.motifs), cycle) for motif in range(len(record.motifs))]
    parts = [
        '<svg class="ring" viewBox="0 0 320 320" width="320" role="img" '
        'aria-label="Motifs by their phase in the cycle">'
        '<defs><marker id="tip" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="6" '
        'markerHeight="6" orient="auto"><path d="M0 0L6 3L0 6z" fill="currentColor"/></marker>'
        "</defs>"
        f'<circle cx="{CENTRE}" cy="{CENTRE}" r="{RADIUS}" fill="none" stroke="currentColor" '
        'stroke-opacity="0.25"/>'
    ]
    for one in followers:
        parts.append(_draw_arrow(record, one, place[one.first], place[one.second]))
    for motif, (x, y) in enumerate(place):
        parts.append(
            f'<a href="#motif-{motif + 1}"><circle cx="{x:.1f}" cy="{y:.1f}" r="{DOT}" '
            'fill="Canvas" stroke="currentColor"/>'
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" dominant-baseline="central" '
            f'font-size="12" fill="currentColor">{motif + 1}</text></a>'
        )
    return "".join(parts) + "</svg>"


def _place(motif: int, n_motifs: int, cycle: Cycle | None) -> tuple[float, float]:
    """Return where a motif is drawn; phase 0 is at the top."""
    is_outside = cycle is None or bool(cycle.shares[motif])
    turn = float(cycle.phase[motif]) if cycle is not None and is_outside else motif / n_motifs
    # motifs of nearly the same phase would hide one another
    radius = RADIUS - (motif % 2) * 0.8 * DOT if is_outside else RADIUS / 2.5
    angle = 2 * math.pi * turn
    return CENTRE + radius * math.sin(angle), CENTRE - radius * math.cos(angle)


def _draw_arrow(
    record: FitRecord, one: Follower, start: tuple[float, float], end: tuple[float, float]
) -> str:
    distance = math.dist(start, end)
    if distance < 2 * DOT:
        return ""
    step = [DOT * (b - a) / distance for a, b in zip(start, end, strict=True)]
    (x1, y1), (x2, y2) = (
        (start[0] + step[0], start[1] + step[1]),
        (end[0] - step[0], end[1] - step[1]),
    )
    # bent, so that arrows of both directions are seen
    bend_x = (x1 + x2) / 2 + 0.15 * (y2 - y1)
    bend_y = (y1 + y2) / 2 - 0.15 * (x2 - x1)
    title = (
        f"{record.title_of(one.first)} to {record.title_of(one.second)}: "
        f"{100 * one.probability:.0f} %, after {format_seconds(one.delay_s)}"
    )
    return (
        f'<path d="M{x1:.1f} {y1:.1f}Q{bend_x:.1f} {bend_y:.1f} {x2:.1f} {y2:.1f}" fill="none" '
        f'stroke="currentColor" stroke-opacity="{one.probability:.2f}" stroke-width="1.5" '
        f'marker-end="url(#tip)"><title>{elements.text(title)}</title></path>'
    )
