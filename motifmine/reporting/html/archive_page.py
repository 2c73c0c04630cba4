"""Index page of an archive: a summary of each scene, failures, and links to the reports.

Names of scenes, files and reasons are untrusted: they are escaped, and links are quoted and lead
below the folder of the page. There is no script; the content security policy forbids every request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from motifmine.reporting.html import elements
from motifmine.reporting.html.scene_summary import SceneFacts
from motifmine.reporting.times import format_length
from motifmine.version import __version__

PAGE_NAME = "index.html"
MOST_TROUBLES = 20  # most failed or partial files listed for a scene
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'"
# shown text of the statuses
WORDS = {
    "failed": "failed",
    "lost": "worker died",
    "open": "to do",
    "unsettled": "still being written",
    "partial": "partial",
    "left out": "excluded",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTrouble:
    """A file or scene without a complete result."""

    path: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveScene:
    """One scene of an archive."""

    name: str
    files: int
    done: int
    """Files that have a table."""
    hours: float
    """Length of the tables."""
    report: str = ""
    """Path of its report relative to the page's folder, "" while there is none."""
    facts: SceneFacts | None = None
    troubles: tuple[FileTrouble, ...] = ()


def render_archive_page(
    scenes: Sequence[ArchiveScene], *, archive: str = "", others: str = ""
) -> str:
    """Return the page as HTML: some kilobytes a scene, most of it a picture."""
    return elements.template("archive.html").substitute(
        title=elements.text(archive or "Archive"),
        version=elements.text(__version__),
        policy=elements.text(POLICY),
        css=elements.source("report.css") + elements.source("archive.css"),
        summary=elements.text(_summarise(scenes)),
        others=elements.text(others),
        scenes="\n".join(_render_card(scene) for scene in scenes),
    )


def _summarise(scenes: Sequence[ArchiveScene]) -> str:
    known = [scene.facts for scene in scenes if scene.facts is not None]
    files, done = sum(s.files for s in scenes), sum(s.done for s in scenes)
    failed = sum(t.status in ("failed", "lost") for s in scenes for t in s.troubles)
    summary = (
        f"{_format_count(len(scenes), 'scene')}: {done:,} of {_format_count(files, 'file')}, "
        f"{_format_hours(sum(s.hours for s in scenes))} recorded. "
        f"{_format_count(sum(f.motifs for f in known), 'motif')}, "
        f"{_format_count(sum(f.occurrences for f in known), 'occurrence')}."
    )
    return summary + (f" {failed:,} failed." if failed else "")


def _render_card(scene: ArchiveScene) -> str:
    """Return one scene as an article."""
    name = elements.name(scene.name)
    href = elements.text(link_to(scene.report)) if scene.report else ""
    title = f'<a href="{href}">{name}</a>' if href else name
    facts, picture = scene.facts, ""
    if facts is not None and facts.picture:
        image = f'<img alt="" src="data:image/jpeg;base64,{elements.text(facts.picture)}">'
        picture = (
            f'<a class="view" href="{href}" tabindex="-1" aria-hidden="true">{image}</a>'
            if href
            else f'<span class="view">{image}</span>'
        )
    lines = "" if facts is None else _render_notes(facts)
    pending = "" if href else '<p class="note">No report yet.</p>'
    return (
        f'<article class="place">{picture or "<span class=view></span>"}<div>'
        f"<h2>{title}</h2>{_render_numbers(scene)}{lines}{pending}{_render_problems(scene)}</div></article>"
    )


def link_to(path: str) -> str:
    """Return a path as a link that cannot leave the page's folder.

    Examples
    --------
    >>> link_to("javascript:x/a b.html"), link_to("//host/x")
    ('./javascript%3Ax/a%20b.html', './host/x')
    """
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    return "./" + quote("/".join(parts), safe="/")


def _render_numbers(scene: ArchiveScene) -> str:
    facts = scene.facts
    cells = [("recorded", _format_hours(scene.hours if facts is None else facts.hours))]
    if facts is not None:
        cells += [
            *([("days", f"{facts.days:,}")] if facts.days else []),
            ("motifs", f"{facts.motifs:,}"),
            ("occurrences", f"{facts.occurrences:,}"),
        ]
    whole = scene.done == scene.files
    cells.append(("files", f"{scene.files:,}" if whole else f"{scene.done:,} of {scene.files:,}"))
    inside = "".join(f"<div><dt>{t}</dt><dd>{elements.text(v)}</dd></div>" for t, v in cells)
    return f'<dl class="keyfacts">{inside}</dl>'


def _render_notes(facts: SceneFacts) -> str:
    """Return recorded days, busiest hours, changes and unusual days as HTML."""
    notes = []
    if facts.days:
        span = facts.first_day
        span += f" to {facts.last_day}" if facts.days > 1 else ""
        busy = ", ".join(f"{hour} h" for hour in facts.busiest_hours)
        notes.append(f"{span} ({facts.time_zone})" + (f"; busiest {busy}" if busy else ""))
    if facts.changed_motifs:
        notes.append(f"{_format_count(facts.changed_motifs, 'motif')} changed over this time")
    lines = "".join(f"<p>{elements.text(line)}</p>" for line in notes)
    if not facts.unusual_days:
        return lines
    more = facts.n_unusual - len(facts.unusual_days)
    items = "".join(f"<li>{elements.name(day)}</li>" for day in facts.unusual_days)
    items += f"<li>and {more:,} more in the report</li>" if more > 0 else ""
    return f"{lines}<h3>Unusual days</h3><ul>{items}</ul>"


def _render_problems(scene: ArchiveScene) -> str:
    """Return the failed and partial files as a collapsible list."""
    if not scene.troubles:
        return ""
    items = "".join(
        f"<li>{elements.name(trouble.path)}: "
        f"{elements.text(WORDS.get(trouble.status, trouble.status))}"
        f"{' &ndash; ' + elements.name(trouble.reason) if trouble.reason else ''}</li>"
        for trouble in scene.troubles[:MOST_TROUBLES]
    )
    more = len(scene.troubles) - MOST_TROUBLES
    items += f"<li>and {more:,} more, see status.json</li>" if more > 0 else ""
    return (
        f"<details open><summary>{_format_count(len(scene.troubles), 'file')} failed or partial"
        f"</summary><ul>{items}</ul></details>"
    )


def _format_hours(hours: float) -> str:
    return f"{hours:,.0f} h" if hours >= 10 else format_length(3600 * hours)


def _format_count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" + ("" if n == 1 else "s")
