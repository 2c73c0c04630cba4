"""Reports and clips of the fits of a workspace."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from motifmine.analysis.explained import Explained, explain_occurrences
from motifmine.analysis.occurrences import rank_by_weight
from motifmine.errors import DataError
from motifmine.io.hdf5 import changes, store
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable
from motifmine.records.wall_clock import find_time_zone
from motifmine.reporting.figures.clips import write_clips
from motifmine.types import Indices
from motifmine.workflows.own_tables import read_own_table
from motifmine.workflows.workspace import Workspace

MOST_OCCURRENCES = 400  # occurrences that are explained: of each motif the heaviest, in turn


# observations that are read for them at most, to bound time and the size of a report
MOST_OBSERVATIONS = 4_000_000


def show_fit(
    workspace: Workspace,
    name: str | None = None,
    *,
    force: bool = False,
    time_zone: str | None = None,
) -> tuple[FitRecord, Path]:
    """Return a fit and the path of its report, which is written unless it is up to date.

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
    report = folder / "report.html"
    is_due = force or _get_time_ns(report) < changed_ns
    # only what explains single occurrences in a report comes from activations
    record = store.read_fit(path, without=() if is_due else ("activations",))
    if is_due:
        from motifmine.reporting.html.page import write_report  # noqa: PLC0415 (slow to import)

        write_report(
            record,
            folder,
            name=path.stem,
            explained=explain_heaviest_in_workspace(record, workspace),
            force=True,
        )
        # as old as what it shows: later changes of the fit are later than the report
        with suppress(OSError):
            os.utime(report, ns=(changed_ns, changed_ns))
    return record, report


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
    path = workspace.find_fit(name)
    record = store.read_fit(path)
    return write_clips(record, folder or workspace.root / "clips" / path.stem, **options)


def explain_heaviest_in_workspace(
    record: FitRecord, workspace: Workspace
) -> Mapping[int, Explained]:
    """Return the observations that the heaviest occurrences explain, by index.

    At most `MOST_OCCURRENCES` are returned and `MOST_OBSERVATIONS` read. There are none for fits
    over topics, nor for recordings whose table was removed or has changed.
    """

    def read(document: int) -> ObservationTable | None:
        recording = record.recordings[document]
        return read_own_table(record, recording, workspace.table_path(recording.name))

    return _explain_heaviest(record, read)


def explain_heaviest(record: FitRecord, table: ObservationTable) -> Mapping[int, Explained]:
    """Return the same, of a table in memory that the fit is of."""
    return _explain_heaviest(record, table.document)


def explain_in_workspace(record: FitRecord, workspace: Workspace, number: int) -> Explained:
    """Return what an occurrence explains, and its score with and without others.

    Occurrences are numbered from 1, in the order of `record.occurrences`.

    Raises `DataError` when there is no such occurrence, the fit is over topics, or its table is not
    there.
    """
    if not 1 <= number <= len(record.occurrences):
        raise DataError(
            f"there is no occurrence {number}; the fit has {len(record.occurrences)}, numbered "
            "from 1 in the order that `motifmine occurrences` lists them"
        )
    index = number - 1
    document = int(record.occurrences.document[index])
    recording = record.recordings[document]
    path = workspace.table_path(recording.name)
    table = read_own_table(record, recording, path)
    if table is None and record.vocabulary.layout.topics() is not None:
        raise DataError("a fit over topics keeps no observations of words; fit with --topics off")
    if table is None:
        raise DataError(f"{path}, the table of the fit, was removed or has changed; extract again")
    prepared = record.provenance.spec.preparation.apply_counts(table)
    return explain_occurrences(record, prepared, document, np.array([index]))[index]


def _explain_heaviest(
    record: FitRecord, read: Callable[[int], ObservationTable | None]
) -> Mapping[int, Explained]:
    if record.folded is not None or not len(record.occurrences):
        return {}
    preparation = record.provenance.spec.preparation
    chosen = _heaviest(record)
    found: dict[int, Explained] = {}
    n_read = 0
    for document in np.unique(record.occurrences.document[chosen]).tolist():
        table = read(document)
        if table is None:
            continue
        n_read += len(table.word)
        # a long table cannot be read in part, so the limit is between tables
        if n_read > MOST_OBSERVATIONS:
            break
        mine = chosen[record.occurrences.document[chosen] == document]
        prepared = preparation.apply_counts(table)
        found |= explain_occurrences(record, prepared, document, mine)
    return found


def _heaviest(record: FitRecord) -> Indices:
    """Return occurrences, the heaviest of each motif first, then the second of each, and so on."""
    found = record.occurrences
    # rank within the motif: a frequent motif must not take all places
    index, rank = rank_by_weight(found, len(record.motifs), MOST_OCCURRENCES)
    return index[np.lexsort((-found.weight[index], rank))][:MOST_OCCURRENCES]
