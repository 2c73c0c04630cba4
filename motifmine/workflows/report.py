"""Reports and clips of the fits of a workspace."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from motifmine.io.hdf5 import changes, store
from motifmine.parallel.scratch import lock_folder
from motifmine.records.wall_clock import find_time_zone
from motifmine.reporting.report_files import JSON_NAME, REPORT_NAME, TEXT_NAME
from motifmine.workflows.workspace import Workspace


def show_fit(
    workspace: Workspace,
    name: str | None = None,
    *,
    force: bool = False,
    time_zone: str | None = None,
) -> Path:
    """Return the path of the report of a fit, which is written unless it is up to date.

    Without a name: the newest fit. A time zone is stored in the fit.
    """
    path = workspace.find_fit(name)
    if time_zone is not None:
        find_time_zone(time_zone)
        if store.read_fit_time_zone(path) != time_zone:
            changes.write_time_zone(path, time_zone)
    # before the fit is read: another command may name its motifs until the report is written.
    # Naming keeps the time of modification (mtime); only ctime shows that the file changed
    changed_ns = max(path.stat().st_mtime_ns, path.stat().st_ctime_ns)
    folder = workspace.report_folder(path.stem)
    report = folder / REPORT_NAME
    # reports of older versions had no texts
    is_whole = all((folder / other).exists() for other in (TEXT_NAME, JSON_NAME))
    if not force and is_whole and _get_time_ns(report) >= changed_ns:
        return report
    # slow to import
    from motifmine.reporting.html.page import write_report  # noqa: PLC0415
    from motifmine.workflows.explain import explain_heaviest_in_workspace  # noqa: PLC0415

    # only what explains single occurrences comes from activations, which are half of a long fit
    record = store.read_fit(path, without=("activations",))
    write_report(
        record,
        folder,
        name=path.stem,
        explained=explain_heaviest_in_workspace(record, workspace, path),
        force=True,
    )
    # as old as what it shows: later changes of the fit are later than the report
    with suppress(OSError):
        os.utime(report, ns=(changed_ns, changed_ns))
    return report


def read_motifs(report: Path, *, as_json: bool = False) -> str:
    """Return the table of motifs that a report comes with: as text, or as JSON."""
    path = report.with_name(JSON_NAME if as_json else TEXT_NAME)
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        # another command replaces the report
        with lock_folder(report.parent.parent):
            return path.read_bytes().decode()


def _get_time_ns(report: Path) -> int:
    """Return the time of a report, ns; 0 where there is none, or another command replaces it."""
    with suppress(FileNotFoundError):
        return report.stat().st_mtime_ns
    return 0


def cut_clips(
    workspace: Workspace, name: str | None = None, folder: Path | None = None, **options: Any
) -> list[Path]:
    """Write the clips of a fit into a folder, or into `clips/<fit>` of the workspace.

    The options are those of `motifmine.reporting.figures.clips.write_clips`.
    """
    from motifmine.reporting.figures.clips import write_clips  # noqa: PLC0415 (slow to import)

    path = workspace.find_fit(name)
    record = store.read_fit(path, without=("activations",))
    return write_clips(record, folder or workspace.root / "clips" / path.stem, **options)
