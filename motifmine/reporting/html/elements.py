"""Pieces of HTML that are safe to join: escaped text, names, tables, axis labels, embedded data.

Functions are named after the element that they return.
"""

import base64
import html
from collections.abc import Iterable, Sequence
from importlib.resources import files
from string import Template

from motifmine.records.fit import FitRecord
from motifmine.reporting.text_table import escape_control


def section(identifier: str, title: str, body: str) -> str:
    """Return a section of the page under a heading, "" without a body.

    The identifier is the target of links, unique in the page; the title is plain text, the body
    HTML.
    """
    if not body:
        return ""
    return (
        f'<section aria-labelledby="{identifier}">\n'
        f'<h2 id="{identifier}">{text(title)}</h2>\n{body}\n</section>'
    )


def table(
    head: Sequence[str],
    body: Iterable[Sequence[str]],
    *,
    label: str,
    numbers: int,
    caption: str = "",
) -> str:
    """Return a table in a scrollable region.

    Cells and caption are HTML, the label, for screen readers, is plain text. The last `numbers`
    columns hold numbers.
    """

    def classes(column: int) -> str:
        return ' class="number"' if column >= len(head) - numbers else ""

    heads = "".join(f'<th scope="col"{classes(i)}>{cell}</th>' for i, cell in enumerate(head))
    rows = "".join(
        "<tr>" + "".join(f"<td{classes(i)}>{c}</td>" for i, c in enumerate(row)) + "</tr>"
        for row in body
    )
    title = f"<caption>{caption}</caption>" if caption else ""
    return (
        # focusable: a wide table is scrolled with the keyboard, too
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(label)}"><table>'
        f"{title}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def ticks(labels: Sequence[tuple[float, str]]) -> str:
    """Return labels along an axis; positions run from 0 to 1."""
    spans = []
    for position, label in labels:
        # labels at the ends are inside the axis, so that they do not widen the page
        kind = ' class="end"' if position > 0.97 else ' class="inner"' if position > 0.03 else ""
        spans.append(f'<span{kind} style="left:{100 * position:.2f}%">{text(label)}</span>')
    return f'<div class="ticks" aria-hidden="true">{"".join(spans)}</div>'


def text(plain: str) -> str:
    """Return text as HTML, with control characters visible."""
    return html.escape(escape_control(plain), quote=True)


def name(plain: str) -> str:
    """Return a name as HTML, isolated from the direction of writing around it."""
    # a Hebrew or Arabic name would turn the numbers next to it around
    return f"<bdi>{text(plain)}</bdi>"


def motif_title(record: FitRecord, motif: int) -> str:
    """Return a motif's number, counted from 1, and its name if it has one, plain text."""
    name_of = record.name_of(motif)
    return f"Motif {motif + 1}" + (f": {escape_control(name_of)}" if name_of else "")


def motif_name(record: FitRecord, motif: int) -> str:
    """Return a motif's number and name as HTML."""
    return name(motif_title(record, motif))


def moment(record: FitRecord, document: int, start_s: float, end_s: float, shown: str) -> str:
    """Return a link to a stretch of a recording in the time line, where there is one.

    Parameters
    ----------
    start_s, end_s : float, seconds of the recording
    shown : str
        Text of the link, HTML.
    """
    if not len(record.occurrences):
        return shown
    place = f"{document},{round(1000 * start_s)},{round(1000 * end_s)}"
    return f'<a href="#timeline" data-moment="{place}">{shown}</a>'


def data_uri(kind: str, content: bytes) -> str:
    """Return content as a `data:` URI."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def source(file: str) -> str:
    """Return the text of a file of `templates/`."""
    return (files("motifmine.reporting.html") / "templates" / file).read_text(encoding="utf-8")


def template(file: str) -> Template:
    """Return a file of `templates/` with its `$names` as placeholders."""
    return Template(source(file))
