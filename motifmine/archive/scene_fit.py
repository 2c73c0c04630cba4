"""Fit and report of one scene of an archive.

The fit is made in memory, out-of-core, or as an incremental update of an earlier one.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from motifmine.archive.index_page import FACTS_NAME
from motifmine.archive.storage import Storage
from motifmine.errors import FormatError
from motifmine.files import write_text
from motifmine.io.hdf5 import store
from motifmine.models.registry import entry_of
from motifmine.models.request import FitRequest
from motifmine.parallel.isolated import Report
from motifmine.parallel.threads import most_threads
from motifmine.records.fit import FitRecord
from motifmine.records.notes import Notes
from motifmine.reporting.html.scene_summary import decode_facts_key, encode_facts, summarise_scene
from motifmine.version import __version__
from motifmine.workflows.documents import document_tables, source_of_document
from motifmine.workflows.fit import fit
from motifmine.workflows.out_of_core.choice import can_stream
from motifmine.workflows.out_of_core.update import update_file
from motifmine.workflows.report import show_fit
from motifmine.workflows.run import FitRun
from motifmine.workflows.workspace import Workspace

# observations of a scene above which models that can are fitted out-of-core: about 1.3 GB
MAX_IN_MEMORY = 20_000_000


def digest(*values: object) -> str:
    """Return a digest of plain values, which names what a result depends on."""
    # sorted keys: the digest must not depend on the order in which settings were given
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode("utf-8")).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneJob:
    """Fit and report of one scene."""

    output: Storage
    scene: str
    tables: tuple[tuple[str, str], ...]
    """Names and keys of the recordings; a key covers the table and the content of its source."""
    fit: Mapping[str, Any]
    """Request of the fit as plain values, see `FitRequest.from_plain`."""
    is_update: bool = False
    """Update the fit incrementally if only recordings were added, instead of refitting."""
    threads: int = 0
    """Cores for the fit, 0 for all; the result does not depend on it."""
    version: str = __version__

    @property
    def name(self) -> str:
        """Key of its record in the journal."""
        return self.scene

    @property
    def key(self) -> str:
        """Digest of what the fit depends on."""
        return self.key_of(frozenset(name for name, _ in self.tables))

    def key_of(self, names: frozenset[str]) -> str:
        """Return the digest of what a fit of these recordings depends on."""
        tables = [table for table in self.tables if table[0] in names]
        return digest(sorted(tables), dict(self.fit), self.version)

    @property
    def fit_name(self) -> str:
        """Name of the fit; there is one per model, which is replaced when recordings are added."""
        return str(self.fit["model"])


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneWork:
    """A scene's job, and where it is done."""

    job: SceneJob
    workspace: Workspace
    report: Report

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the recordings."""
        return tuple(name for name, _ in self.job.tables)

    @property
    def fit_path(self) -> Path:
        """File of the scene's fit."""
        return self.workspace.fit_path(self.job.fit_name)

    @property
    def report_folder(self) -> Path:
        """Folder of the scene's report."""
        return self.workspace.report_folder(self.job.fit_name)

    @property
    def facts_path(self) -> Path:
        """File with what the index page shows of the scene."""
        return self.workspace.root / FACTS_NAME

    def paths(self, names: Sequence[str]) -> list[Path]:
        """Return the table files of these recordings."""
        places = [self.workspace.table_path(name) for name in names]
        return [path for place in places for path in document_tables(place)]


def fit_scene(work: SceneWork) -> None:
    """Fit the scene's tables, unless a fit of the same tables and settings exists.

    With `is_update`, a fit of a part of the tables, with the same settings and version, is updated
    with the other tables, if its model can; only these are read. All other fits are made from
    scratch: in memory, or out-of-core if `online` is set or there are more than `MAX_IN_MEMORY`
    observations.
    """
    if read_fit_key(work.fit_path) == work.job.key:
        return
    new = _list_new_tables(work)
    if new:
        update_file(
            work.fit_path,
            work.paths(new),
            work.fit_path,
            run=FitRun(
                n_threads=most_threads(),
                force=True,
                on_progress=work.report,
                # files of an archive have the same bytes on any machine
                is_timed=False,
                notes=Notes(archive_key=work.job.key, archive_added=len(new)),
            ),
        )
        return
    _fit_all_tables(work)


def report_scene(work: SceneWork) -> None:
    """Write the report of the scene's fit, unless there is one that is newer than the fit."""
    show_fit(work.workspace, work.job.fit_name)


def describe_scene(work: SceneWork) -> None:
    """Write what the index page shows of the scene, unless it is up to date."""
    path = work.facts_path
    if decode_facts_key(path.read_text("utf-8") if path.exists() else None) != work.job.key:
        facts = summarise_scene(store.read_fit(work.fit_path))
        write_text(path, encode_facts(facts, work.job.key), force=True)


# steps after the extraction of a scene, in this order. Each step keeps existing results, so that an
# interrupted scene resumes at the step that was interrupted.
SCENE_STEPS: tuple[Callable[[SceneWork], None], ...] = (fit_scene, report_scene, describe_scene)


def read_fit_key(path: Path) -> str:
    """Return the key in a fit's settings, or "" if there is no such fit."""
    try:
        return store.read_fit_spec(path).notes.archive_key
    except FormatError:
        return ""


def count_added(record: FitRecord) -> int:
    """Return the number of recordings that the last update added to a fit."""
    return record.provenance.spec.notes.archive_added


def list_tables_to_read(work: SceneWork) -> Sequence[str]:
    """List the recordings whose tables `fit_scene` will read if the fit does not exist."""
    return _list_new_tables(work) or work.names


def has_observations(work: SceneWork) -> bool:
    """Return whether anything moves in the recordings of a scene whose tables are there."""
    tables = work.paths(work.names)
    # those of an update that are elsewhere have been fitted already
    return read_fit_key(work.fit_path) != "" or any(map(store.read_table_size, tables))


def _list_new_tables(work: SceneWork) -> list[str]:
    """List the recordings to update the existing fit with; none if it must be refitted."""
    job, known = work.job, read_fit_key(work.fit_path)
    if not job.is_update or not known or not entry_of(job.fit_name).can_update:
        return []
    if store.read_n_motifs(work.fit_path) == 0:
        # too little was known when the scene was fitted: more recordings may hold what recurs
        return []
    inputs = store.read_fit_inputs(work.fit_path)
    old = {source_of_document(name, work.names) for name, _ in inputs}
    # a removed or changed recording cannot be unlearned
    if not old < set(work.names) or job.key_of(frozenset(old)) != known:
        return []
    return [name for name in work.names if name not in old]


def _fit_all_tables(work: SceneWork) -> None:
    tables = work.paths(work.names)
    request = FitRequest.from_plain(work.job.fit)
    if can_stream(request) and not request.is_streamed:
        # observations, not the memory of a machine: all machines make the same fit
        is_large = sum(store.read_table_size(path) for path in tables) > MAX_IN_MEMORY
        request = replace(request, online=True) if is_large else request
    run = FitRun(
        tables=tables,
        name=work.job.fit_name,
        force=True,
        n_threads=most_threads() if request.is_streamed else None,
        is_timed=False,
        notes=Notes(archive_key=work.job.key),
        on_message=work.report,
        on_progress=lambda progress: work.report(progress.done),
    )
    fit(work.workspace, request, run)
