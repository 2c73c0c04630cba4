"""The report: one HTML page that holds all it shows, and the same pictures beside it as PNG.

Names of fits, recordings, words and settings are data: they are escaped (elements.py) and never
become a path. The page runs one script, its own, and its content security policy forbids every
request but for the videos that the recordings were made from.
"""

import os
import platform
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from motifmine.analysis.explained import Explained
from motifmine.errors import WorkspaceError
from motifmine.records.fit import FitRecord
from motifmine.records.topics import unfold_record
from motifmine.records.vocabulary import FlowGrid
from motifmine.reporting.figures import motif_pictures as figures
from motifmine.reporting.html import elements
from motifmine.reporting.html.motif_card import picture_stem
from motifmine.reporting.html.page_data import page_data
from motifmine.reporting.html.reproduce import repeat_command
from motifmine.reporting.html.script import page_script, security_policy
from motifmine.reporting.html.sections import SECTIONS
from motifmine.reporting.sentences.motifs import summarise_fit
from motifmine.reporting.tables import fit_tables as tabular

REPORT_NAME = "report.html"

_UNIT = re.compile(r"(?<=\d) (?=(?:s|min|h)\b|%)")
"""The space between a number and its unit, where no line may break."""


_HEADING = re.compile(r'<h2 id="([^"]+)">(.*?)</h2>')
"""What `elements.section` begins a section with."""


def write_report(
    record: FitRecord,
    folder: Path,
    *,
    name: str = "",
    command: str = "",
    explained: Mapping[int, Explained] | None = None,
    force: bool = False,
) -> Path:
    """Write the report of a fit into `folder` and return the path of its page.

    The folder appears whole or not at all: it is made beside its place and renamed into it.

    Parameters
    ----------
    record : FitRecord
    folder : Path
        Where `report.html` and `motif-01.png`, `motif-01-matrix.png`, ... go.
    name : str
        Name of the fit, the page's title; the folder's name when empty.
    command : str
        The command that makes the fit again; derived from the record when empty.
    explained : mapping or None
        Observations that single occurrences (by index) explain, to be shown with them.
    force : bool
        Replace a report that stands there already.

    Raises
    ------
    WorkspaceError
        When a report exists and `force` is not set, when the folder holds anything that is not
        part of a report, or when the disk refuses.
    """
    _refuse_overwriting(folder, force=force)
    record = unfold_record(record)
    title, shown, folder = name or folder.name, folder / REPORT_NAME, folder.resolve()
    # processes of several machines may be writing the same report
    part = folder.with_name(f".{folder.name}.part-{platform.node()}-{os.getpid()}")
    old = folder.with_name(f".{folder.name}.old-{platform.node()}-{os.getpid()}")
    try:
        _remove(part, old)
        part.mkdir(parents=True)
        _write_pictures(record, part)
        page = _page(record, folder, name=title, command=command, explained=explained or {})
        (part / REPORT_NAME).write_bytes(page.encode("utf-8"))
        if folder.exists():
            folder.rename(old)
        part.rename(folder)
    except OSError as error:
        raise WorkspaceError(f"the report {folder} cannot be written: {error}") from error
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        _remove(part, old)
    return shown


def _refuse_overwriting(folder: Path, *, force: bool) -> None:
    """Raise `WorkspaceError` unless `folder` is free, or a report that may be replaced."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise WorkspaceError(f"{folder} is a file; a report needs a folder of its own")
    names = sorted(path.name for path in folder.iterdir())
    if names and not force:
        raise WorkspaceError(f"{folder} exists already; use --force to replace the report")
    ours = (REPORT_NAME, "motif-*.png", ".DS_Store", "Thumbs.db", "desktop.ini")
    foreign = [n for n in names if not any(Path(n).match(pattern) for pattern in ours)]
    if foreign:
        raise WorkspaceError(
            f"{folder} holds {foreign[0]!r}, which is no part of a report; "
            "choose another folder or move it away"
        )


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _page(
    record: FitRecord,
    folder: Path,
    *,
    name: str,
    command: str,
    explained: Mapping[int, Explained],
) -> str:
    """Return the HTML of the page that will lie in `folder`."""
    script = page_script()
    has_video = isinstance(record.vocabulary.layout, FlowGrid) and any(
        recording.source for recording in record.recordings
    )
    sections = [html for section in SECTIONS if (html := section(record))]
    return elements.template("report.html").substitute(
        title=elements.text(name),
        version=elements.text(record.provenance.motifmine_version),
        model=elements.text(record.provenance.model.upper()),
        css=elements.source("report.css"),
        variables=_variables(record),
        summary=_UNIT.sub("&nbsp;", elements.text(summarise_fit(record))),
        keyfacts=_keyfacts(record),
        contents=_contents(sections),
        sections="\n".join(sections),
        policy=elements.text(security_policy(script, with_media=has_video)),
        data=page_data(record, folder, explained),
        script=script,
        command=elements.text(command or repeat_command(record)),
        command_note=elements.text(_COMMAND_NOTE),
    )


_COMMAND_NOTE = (
    "Run over the same observation tables, those listed under Recordings, with the same version "
    "it gives the same motifs."
)


def _contents(sections: Sequence[str]) -> str:
    """Return links to the sections, taken from their headings."""
    heads = [match for html in sections if (match := _HEADING.search(html))]
    return "\n".join(f'<a href="#{head[1]}">{head[2]}</a>' for head in heads)


def _write_pictures(record: FitRecord, folder: Path) -> None:
    """Write each motif's matrix, and its scene where it has one, as PNG."""
    has_scene = isinstance(record.vocabulary.layout, FlowGrid)
    background = figures.scene_background(record) if has_scene else None
    length_s = record.motifs.motif_length * record.bin_s
    for row in tabular.motif_rows(record):
        matrix = figures.matrix_picture(record, row.motif)
        (folder / f"{picture_stem(row)}-matrix.png").write_bytes(figures.png_bytes(matrix))
        if background is not None:
            scene = figures.compose(background, figures.scene_overlay(record, row.motif))
            picture = figures.with_time_bar(scene, length_s)
            (folder / f"{picture_stem(row)}.png").write_bytes(figures.png_bytes(picture))


def _keyfacts(record: FitRecord) -> str:
    facts = (
        ("motifs", f"{len(record.motifs):,}"),
        ("occurrences", f"{len(record.occurrences):,}"),
        ("recordings", f"{len(record.recordings):,}"),
        ("recorded", tabular.format_length(record.duration_s())),
        ("observations", f"{record.n_observations:,.0f}"),
    )
    return "\n".join(f"<div><dt>{t}</dt><dd>{elements.text(v)}</dd></div>" for t, v in facts)


def _variables(record: FitRecord) -> str:
    """Return the style sheet's data: the colours of time, and the scene (once for all motifs)."""
    scene = "none"
    if isinstance(record.vocabulary.layout, FlowGrid):
        background = figures.scene_background(record)
        scene = f'url("{elements.data_uri("image/jpeg", figures.jpeg_bytes(background))}")'
    return f":root {{ --time: {', '.join(figures.TIME_COLOURS)}; --scene: {scene}; }}"
