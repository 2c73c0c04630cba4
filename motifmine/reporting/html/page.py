"""The report: one self-contained HTML page, and its pictures as PNG files in the same folder.

Names of fits, recordings, words and settings are untrusted: they are escaped (elements.py) and
never become a path. The page runs one script, its own, and its content security policy forbids
every request except for the source videos of the recordings.
"""

import base64
import hashlib
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from motifmine.analysis.alike_motifs import find_confusions
from motifmine.analysis.explained import Explained
from motifmine.errors import WorkspaceError
from motifmine.parallel.scratch import lock_folder, make_folder, sweep_once, temporary_name
from motifmine.records.fit import FitRecord
from motifmine.records.topics import unfold_record
from motifmine.reporting.figures.images import encode_jpeg, encode_png
from motifmine.reporting.figures.motif_pictures import (
    TIME_COLOURS,
    add_time_bar,
    compose,
    draw_labelled_matrix,
    draw_overlay,
)
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.page_data import make_page_data
from motifmine.reporting.html.sections import SECTIONS
from motifmine.reporting.html.sections.motif_cards import picture_stem
from motifmine.reporting.html.sections.provenance import format_repeat_command
from motifmine.reporting.report_files import JSON_NAME, REPORT_NAME, TEXT_NAME
from motifmine.reporting.sentences.motifs import (
    alike_sentences,
    describe_all_motifs,
    summarise_fit,
)
from motifmine.reporting.tables.fit_tables import format_motifs_json, format_motifs_text
from motifmine.reporting.times import format_length

# files of the script in `templates/`, in order; they are joined into one strict function
SCRIPTS = ("data.js", "motion.js", "lanes.js", "drawing.js", "timeline.js", "panel.js", "main.js")

# the space between a number and its unit, where no line may break
_UNIT = re.compile(r"(?<=\d) (?=(?:s|min|h)\b|%)")

_HEADING = re.compile(r'<h2 id="([^"]+)">(.*?)</h2>')  # the heading that `elements.section` renders


def write_report(
    record: FitRecord,
    folder: Path,
    *,
    name: str = "",
    explained: Mapping[int, Explained] | None = None,
    force: bool = False,
) -> Path:
    """Write the report of a fit into `folder` and return the path of its page.

    The folder is written under a temporary name and renamed, so that no partial report is seen.
    Without a name the title is that of the folder; `explained` has what single occurrences (by
    index) explain.

    Raises `WorkspaceError` when a report exists and `force` is not set, when the folder holds
    anything that is not part of a report, or when the disk refuses.
    """
    _refuse_overwriting(folder, force=force)
    # motifs of topics are shown by the words under them
    context = ReportContext(unfold_record(record))
    title, shown, folder = name or folder.name, folder / REPORT_NAME, folder.resolve()
    # processes on several machines may write the same report at the same time
    part, old = temporary_name(folder), temporary_name(folder, "old")
    sweep_once(folder.parent)
    try:
        _remove(part, old)
        # all files are written before the folder has its name
        make_folder(part)
        _write_pictures(context, part)
        _write_motifs(record, part)
        page = _render_page(context, folder, title, explained or {})
        (part / REPORT_NAME).write_bytes(page.encode("utf-8"))
        with lock_folder(folder.parent):
            # another command may have written it meanwhile
            _refuse_overwriting(folder, force=force)
            if folder.exists():
                folder.rename(old)
            part.rename(folder)
    except OSError as error:
        raise WorkspaceError(
            f"the report {folder} cannot be written: {error.strerror or error}"
        ) from error
    finally:
        # interrupted between the two renames: the previous report is restored
        if old.exists() and not folder.exists():
            old.rename(folder)
        _remove(part, old)
    return shown


def render_report(
    record: FitRecord, folder: Path, name: str, *, explained: Mapping[int, Explained] | None = None
) -> str:
    """Return the HTML of a report: one self-contained page.

    `folder` is where the page will be, absolute: addresses of videos are relative to it.
    """
    return _render_page(ReportContext(unfold_record(record)), folder, name, explained or {})


def _refuse_overwriting(folder: Path, *, force: bool) -> None:
    """Raise `WorkspaceError` unless `folder` is free, or a report that may be replaced."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise WorkspaceError(f"{folder} is a file; name a folder for the report")
    names = sorted(path.name for path in folder.iterdir())
    if names and not force:
        raise WorkspaceError(f"{folder} exists already; use --force to replace the report")
    ours = (
        REPORT_NAME,
        TEXT_NAME,
        JSON_NAME,
        "motif-*.png",
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
    )
    # files that no report writes may be somebody's work and are never deleted
    others = [n for n in names if not any(Path(n).match(pattern) for pattern in ours)]
    if others:
        raise WorkspaceError(
            f"{folder} holds {others[0]!r}, which is not part of a report; "
            "choose another folder or move the file"
        )


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _render_page(
    context: ReportContext, folder: Path, name: str, explained: Mapping[int, Explained]
) -> str:
    """Return the HTML of the page, to be written into `folder`."""
    record, script = context.record, read_page_script()
    # the policy allows media only where the page plays some
    has_video = context.background is not None and any(r.source for r in record.recordings)
    sections = [html for section in SECTIONS if (html := section(context))]
    return elements.template("report.html").substitute(
        title=elements.text(name),
        version=elements.text(record.provenance.motifmine_version),
        model=elements.text(record.provenance.model.upper()),
        css=elements.source("report.css"),
        variables=_render_variables(context),
        # after escaping, which would show the entity
        summary=_UNIT.sub("&nbsp;", elements.text(summarise_fit(record))),
        keyfacts=_render_keyfacts(record),
        contents=_render_contents(sections),
        sections="\n".join(sections),
        policy=elements.text(make_security_policy(script, with_media=has_video)),
        data=make_page_data(context, folder, explained),
        script=script,
        command=elements.text(format_repeat_command(record)),
        command_note=elements.text(_COMMAND_NOTE),
    )


_COMMAND_NOTE = (
    "With the same observation tables, listed under Recordings, and the same version of motifmine "
    "this command gives the same motifs."
)


def _render_contents(sections: Sequence[str]) -> str:
    """Return links to the sections, taken from their headings."""
    heads = [match for html in sections if (match := _HEADING.search(html))]
    return "\n".join(f'<a href="#{head[1]}">{head[2]}</a>' for head in heads)


def _write_pictures(context: ReportContext, folder: Path) -> None:
    """Write each motif's matrix, and its scene where it has one, as PNG."""
    record, background = context.record, context.background
    length_s = record.motifs.motif_length * record.bin_s
    for motif in range(len(record.motifs)):
        stem, matrix = picture_stem(motif), draw_labelled_matrix(record, motif)
        (folder / f"{stem}-matrix.png").write_bytes(encode_png(matrix))
        if background is not None:
            scene = compose(background, draw_overlay(record, motif))
            picture = add_time_bar(scene, length_s)
            (folder / f"{stem}.png").write_bytes(encode_png(picture))


def _write_motifs(record: FitRecord, folder: Path) -> None:
    """Write the table of motifs as text and as JSON."""
    alike = alike_sentences(record, find_confusions(record))
    lines = [format_motifs_text(record), describe_all_motifs(record), *(f"{s}\n" for s in alike)]
    # bytes: lines end the same on all systems
    (folder / TEXT_NAME).write_bytes("".join(lines).encode())
    (folder / JSON_NAME).write_bytes(format_motifs_json(record).encode())


def _render_keyfacts(record: FitRecord) -> str:
    facts = (
        ("motifs", f"{len(record.motifs):,}"),
        ("occurrences", f"{len(record.occurrences):,}"),
        ("recordings", f"{len(record.recordings):,}"),
        ("recorded", format_length(record.duration_s())),
        ("observations", f"{record.n_extracted:,.0f}"),
    )
    return "\n".join(f"<div><dt>{t}</dt><dd>{elements.text(v)}</dd></div>" for t, v in facts)


def _render_variables(context: ReportContext) -> str:
    """Return the variables of the style sheet: the colours of time, and the scene picture."""
    scene = "none"
    if context.background is not None:
        scene = f'url("{elements.data_uri("image/jpeg", encode_jpeg(context.background))}")'
    return f":root {{ --time: {', '.join(TIME_COLOURS)}; --scene: {scene}; }}"


def read_page_script() -> str:
    """Return the text of the page's script."""
    parts = "\n".join(elements.source(file) for file in SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}}})();\n'


def make_security_policy(script: str, *, with_media: bool) -> str:
    """Return a content security policy: this script, pictures in the page, no request.

    The script is identified by its SHA-256. With media the page may play video files from the disk,
    or from the server that it comes from.
    """
    # only this script runs: names of recordings and motifs come from files of others
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    media = "; media-src 'self' file:" if with_media else ""
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; img-src data:{media}; "
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
