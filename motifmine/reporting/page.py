"""The report: one HTML page that holds all it shows, and the same pictures beside it as PNG.

Names of fits, recordings, words and settings are data: they are escaped (elements.py) and never
become a path. The page runs no script and its content security policy forbids every request.
"""

import json
import os
import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from motifmine.errors import WorkspaceError
from motifmine.motifs import FitRecord
from motifmine.reporting import elements, figures, marks, tabular
from motifmine.reporting.card import motif_card, picture_stem
from motifmine.reporting.wording import summarise_fit
from motifmine.table import FlowGrid, Pixels, Recording

REPORT_NAME = "report.html"

CHOICES = {
    "n_motifs_choice": "log-likelihood of hidden observations, nats",
    "motif_length_choice": "bins that motifs fill of a window of so many bins",
}
"""What the curves of `--motifs auto` and `--motif-length auto` show."""

OPTIONS = (
    *("n_motifs", "motif_length", "iterations", "restarts", "activity", "start", "rounds"),
    *("sparsity", "background", "motif_prior", "drop_surplus"),
    *("chains", "sweeps", "burn_in", "fix_hyperparameters", "count_scale", "epochs", "device"),
)
"""Settings that `motifmine fit` has an option for; the others only Python can change."""

SWITCHES = {
    ("drop_surplus", True): "--drop-surplus",
    ("drop_surplus", False): "--keep-surplus",
    ("fix_hyperparameters", True): "--fix-hyperparameters",
    ("background", False): "--background off",
}
"""How a setting that is on or off is written; one that is not here needs no option."""

THUMBNAIL_PX = 272

_UNIT = re.compile(r"(?<=\d) (?=(?:s|min|h)\b|%)")
"""The space between a number and its unit, where no line may break."""


def write_report(
    record: FitRecord, folder: Path, *, name: str = "", command: str = "", force: bool = False
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
    force : bool
        Replace a report that stands there already.

    Raises
    ------
    WorkspaceError
        When a report exists and `force` is not set, when the folder holds anything that is not
        part of a report, or when the disk refuses.
    """
    _refuse_overwriting(folder, force=force)
    title, shown, folder = name or folder.name, folder / REPORT_NAME, folder.resolve()
    part = folder.with_name(f".{folder.name}.part-{os.getpid()}")
    old = folder.with_name(f".{folder.name}.old-{os.getpid()}")
    try:
        _remove(part, old)
        part.mkdir(parents=True)
        page = _page(record, part, name=title, command=command)
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


def repeat_command(record: FitRecord) -> str:
    """Return the command that fits the same model with the same settings and seed.

    Settings that only Python can change are taken to be as they come.
    """
    spec = _spec(record)
    words = ["motifmine", "fit", "--model", record.provenance.model]
    for field in OPTIONS:
        value = spec.get(field)
        if isinstance(value, bool):
            words += SWITCHES.get((field, value), "").split()
        elif value is not None:
            option = "--" + field.removeprefix("n_").replace("_", "-")
            words += [option, f"{value}bins" if field == "motif_length" else str(value)]
    words += ["--counts", spec.get("preparation", {}).get("counts", "auto")]
    if rate := spec.get("detection", {}).get("false_alarms_per_hour"):
        words += ["--false-alarms", str(rate)]
    return shlex.join([*words, "--seed", str(record.provenance.seed)])


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


def _page(record: FitRecord, folder: Path, *, name: str, command: str) -> str:
    """Return the page's HTML; writes the PNG files into `folder`."""
    has_scene = isinstance(record.vocabulary.layout, FlowGrid)
    background = figures.scene_background(record) if has_scene else None
    occurrences = tabular.occurrence_rows(record)
    rows = tabular.motif_rows(record)
    pictures = [_pictures(record, row, background, folder) for row in rows]
    return elements.template("report.html").substitute(
        title=elements.text(name),
        version=elements.text(record.provenance.motifmine_version),
        model=elements.text(record.provenance.model.upper()),
        css=elements.source("report.css"),
        variables=_variables(background),
        summary=_UNIT.sub("&nbsp;", elements.text(summarise_fit(record))),
        keyfacts=_keyfacts(record),
        overview=_overview(rows, [thumb for _, thumb in pictures]),
        reading=elements.text(_READING_SCENE if has_scene else _READING_LABELS),
        motifs="\n".join(
            motif_card(record, row, overlay, occurrences)
            for row, (overlay, _) in zip(rows, pictures, strict=True)
        ),
        recordings=_recordings(record),
        trace=_trace(record),
        settings=_settings_table(record),
        command=elements.text(command or repeat_command(record)),
        command_note=elements.text(_COMMAND_NOTE),
    )


_READING_SCENE = (
    "Colour tells when a cell is active inside the motif, from violet (its first moment) to red "
    "(its last); the fuller the colour, the more of the motif happens there. Arrows show where the "
    "motion goes. In the matrix each row is a word (a place and a direction) and ink grows with "
    "the square root of its probability at that relative time. Marks below show when the motif "
    "began in each recording; their height is the number of observations it explains there. "
    "Motifs are numbered from 1, the heaviest first; in files they count from 0."
)
_READING_LABELS = (
    "In the matrix each row is a word and ink grows with the square root of its probability at "
    "that relative time. Marks below show when the motif began in each recording; their height is "
    "the number of observations it explains there. Motifs are numbered from 1, the heaviest "
    "first; in files they count from 0."
)
_COMMAND_NOTE = (
    "Run over the same observation tables, those listed under Recordings, with the same version "
    "it gives the same motifs."
)


def _pictures(
    record: FitRecord, row: tabular.MotifRow, background: Pixels | None, folder: Path
) -> tuple[Pixels | None, str]:
    """Return a motif's overlay and the source of its thumbnail; writes its PNG files."""
    matrix = figures.matrix_picture(record, row.motif)
    (folder / f"{picture_stem(row)}-matrix.png").write_bytes(figures.png_bytes(matrix))
    if background is None:
        return None, ""
    overlay = figures.scene_overlay(record, row.motif)
    scene = figures.compose(background, overlay)
    picture = figures.with_time_bar(scene, record.motifs.motif_length * record.bin_s)
    (folder / f"{picture_stem(row)}.png").write_bytes(figures.png_bytes(picture))
    small = figures.jpeg_bytes(figures.thumbnail(scene, THUMBNAIL_PX), quality=82)
    return overlay, elements.data_uri("image/jpeg", small)


def _overview(rows: Sequence[tabular.MotifRow], thumbs: Sequence[str]) -> str:
    largest = max((row.share for row in rows), default=0.0) or 1.0
    body = []
    for row, thumb in zip(rows, thumbs, strict=True):
        link = f'<a class="motif-link" href="#motif-{row.number}">Motif {row.number}</a>'
        image = f'<img class="thumb" alt="" src="{thumb}">' if thumb else ""
        width = 100 * row.share / largest
        body.append(
            f'<tr><th scope="row">{link}</th>'
            + (f"<td>{image}</td>" if thumb else "")
            + f'<td class="share">{100 * row.share:.1f} %<i style="width:{width:.1f}%"></i></td>'
            f'<td class="number">{row.occurrences:,}</td>'
            f'<td class="number">{row.per_hour:,.1f}</td>'
            f'<td class="number">{elements.text(tabular.format_length(row.duration_s))}</td>'
            f"{_moment(row.first)}{_moment(row.last)}</tr>"
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


def _moment(moment: tabular.Moment | None) -> str:
    if moment is None:
        return "<td>&ndash;</td>"
    when = moment.start_utc or tabular.format_time(moment.start_s)
    place = elements.name(moment.recording)
    return f'<td class="moment">{elements.text(when)}<small>{place}</small></td>'


def _recordings(record: FitRecord) -> str:
    found = np.bincount(record.occurrences.document, minlength=len(record.recordings))
    columns = {
        "recording": [elements.name(r.name) for r in record.recordings],
        "begins": [elements.text(tabular.wall_clock(r, 0.0)) for r in record.recordings],
        "notes": [elements.text(_notes(r)) for r in record.recordings],
        "length": [
            elements.text(tabular.format_length(record.bin_s * r.n_times))
            for r in record.recordings
        ],
        "occurrences": [f"{n:,}" for n in found],
    }
    told = {title: cells for title, cells in columns.items() if any(cells)}
    body = zip(*told.values(), strict=True)
    return elements.table(list(told), body, label="Recordings", numbers=2)


def _notes(recording: Recording) -> str:
    """Return what a person should know about how a recording was read."""
    notes = []
    if np.isfinite(recording.truncated_at_s):
        notes.append(f"breaks off at {tabular.format_time(recording.truncated_at_s)}")
    if 0 <= recording.frames_decoded < recording.frames_expected:
        notes.append(
            f"{recording.frames_decoded:,} of {recording.frames_expected:,} frames decoded"
        )
    if recording.stamps_repaired:
        notes.append(f"{recording.stamps_repaired:,} time stamps repaired")
    return "; ".join(notes)


def _trace(record: FitRecord) -> str:
    curve = marks.trace_curve(record.trace)
    if curve is None:
        return "<div></div>"
    return (
        f'<figure><div class="ends"><span>{curve.highest_y:,.0f} nats</span></div>{curve.svg}'
        f'<div class="ends"><span>{curve.lowest_y:,.0f} nats</span>'
        f"<span>iteration {curve.first_x:g} to {curve.last_x:g}</span></div>"
        f"<figcaption>Log-likelihood of all observations over the iterations</figcaption></figure>"
    )


def _spec(record: FitRecord) -> dict[str, Any]:
    """Return the specification of a fit, empty when its JSON text is no object."""
    try:
        spec = json.loads(record.provenance.spec)
    except ValueError:
        return {}
    return spec if isinstance(spec, dict) else {}


def _settings(record: FitRecord) -> dict[str, object]:
    """Return all settings under one another; the curve of a choice becomes a line of text."""
    settings: dict[str, object] = {}
    for key, value in _spec(record).items():
        if key.endswith("_choice") and isinstance(value, dict):
            pairs = zip(value["candidates"], value["value"], strict=True)
            tried = ", ".join(f"{candidate}: {found:g}" for candidate, found in pairs)
            settings[key] = f"{value['chosen']} ({CHOICES[key]}: {tried})"
        elif isinstance(value, dict):
            settings.update(value)
        else:
            settings[key] = value
    return settings


def _settings_table(record: FitRecord) -> str:
    motifs, origin = record.motifs, record.provenance
    settings = {key.removeprefix("n_").replace("_", " "): v for key, v in _settings(record).items()}
    length = tabular.format_length(motifs.motif_length * record.bin_s)
    settings["motif length"] = f"{motifs.motif_length} bins ({length})"
    rows: list[tuple[str, str]] = [
        ("model", origin.model),
        *((key, str(value)) for key, value in settings.items()),
        ("time bin", tabular.format_length(record.bin_s)),
        ("seed", str(origin.seed)),
        ("log-likelihood", f"{record.log_likelihood:,.1f} nats"),
        ("time taken", tabular.format_length(origin.elapsed_s)),
        ("motifmine", origin.motifmine_version),
    ]
    body = "".join(
        f'<tr><th scope="row">{elements.text(k)}</th><td>{elements.text(v)}</td></tr>'
        for k, v in rows
    )
    return f"<table><tbody>{body}</tbody></table>"


def _keyfacts(record: FitRecord) -> str:
    facts = (
        ("motifs", f"{len(record.motifs):,}"),
        ("occurrences", f"{len(record.occurrences):,}"),
        ("recordings", f"{len(record.recordings):,}"),
        ("recorded", tabular.format_length(record.duration_s())),
        ("observations", f"{record.n_observations:,.0f}"),
    )
    return "\n".join(f"<div><dt>{t}</dt><dd>{elements.text(v)}</dd></div>" for t, v in facts)


def _variables(background: Pixels | None) -> str:
    """Return the style sheet's data: the colours of time, and the scene (once for all motifs)."""
    scene = "none"
    if background is not None:
        scene = f'url("{elements.data_uri("image/jpeg", figures.jpeg_bytes(background))}")'
    return f":root {{ --time: {', '.join(figures.TIME_COLOURS)}; --scene: {scene}; }}"
