"""The fit of one scene of an archive: in memory, out-of-core, or as an incremental update."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from motifmine.errors import FormatError
from motifmine.io.hdf5 import store
from motifmine.models.registry import entry_of
from motifmine.models.request import FitRequest
from motifmine.parallel.threads import most_threads
from motifmine.records.fit import FitRecord
from motifmine.records.notes import Notes
from motifmine.workflows.documents import document_tables, source_of_document
from motifmine.workflows.fit import fit
from motifmine.workflows.out_of_core.choice import can_stream
from motifmine.workflows.out_of_core.update import update_file
from motifmine.workflows.run import FitRun
from motifmine.workflows.workspace import Workspace

# observations of a scene above which models that can are fitted out-of-core: about 1.3 GB. Not by
# the memory of a machine, so that all machines make the same fit.
MAX_IN_MEMORY = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFit:
    """The fit of a scene that is to be made."""

    workspace: Workspace
    tables: tuple[str, ...]
    """Names of the recordings."""
    name: str
    fit: Mapping[str, Any]
    """Request of the fit as plain values, see `FitRequest.from_plain`."""
    key_of: Callable[[frozenset[str]], str]
    """Returns the key of the fit of a set of recordings."""
    is_update: bool
    """Update the fit incrementally if only recordings were added."""

    @property
    def path(self) -> Path:
        """File of the fit."""
        return self.workspace.fit_path(self.name)

    @property
    def key(self) -> str:
        """Key of the fit of all recordings."""
        return self.key_of(frozenset(self.tables))

    def paths(self, names: Sequence[str]) -> list[Path]:
        """Return the table files of these recordings."""
        places = [self.workspace.table_path(name) for name in names]
        return [path for place in places for path in document_tables(place)]


def make_fit(scene: SceneFit, on_progress: Callable[[object], None]) -> None:
    """Make the fit of a scene, unless it exists.

    With `is_update`, a fit of a part of the tables, with the same settings and version, is updated
    with the other tables, if its model can; only these are read. All other fits are made from
    scratch: in memory, or out-of-core if `online` is set or there are more than `MAX_IN_MEMORY`
    observations.
    """
    if read_fit_key(scene.path) == scene.key:
        return
    new = _list_new_tables(scene)
    if new:
        update_file(
            scene.path,
            scene.paths(new),
            scene.path,
            n_threads=most_threads(),
            force=True,
            on_batch=on_progress,
            # files of an archive have the same bytes on any machine
            is_timed=False,
            notes=Notes(archive_key=scene.key, archive_added=len(new)),
        )
        return
    _fit_all_tables(scene, on_progress)


def read_fit_key(path: Path) -> str:
    """Return the key in a fit's settings, or "" if there is no such fit."""
    try:
        return store.read_fit_spec(path).notes.archive_key
    except FormatError:
        return ""


def count_added(record: FitRecord) -> int:
    """Return the number of recordings that the last update added to a fit."""
    return record.provenance.spec.notes.archive_added


def list_tables_to_read(scene: SceneFit) -> Sequence[str]:
    """List the recordings whose tables `make_fit` will read if the fit does not exist."""
    return _list_new_tables(scene) or scene.tables


def has_observations(scene: SceneFit) -> bool:
    """Return whether anything moves in the recordings of a scene whose tables are there."""
    tables = scene.paths(scene.tables)
    # those of an update that are elsewhere have been fitted already
    return read_fit_key(scene.path) != "" or any(map(store.read_table_size, tables))


def _list_new_tables(scene: SceneFit) -> list[str]:
    """List the recordings to update the existing fit with; none if it must be refitted."""
    known = read_fit_key(scene.path)
    if not scene.is_update or not known or not entry_of(scene.fit["model"]).can_update:
        return []
    if store.read_n_motifs(scene.path) == 0:
        # too little was known when the scene was fitted: more recordings may hold what recurs
        return []
    inputs = store.read_fit_inputs(scene.path)
    old = {source_of_document(name, scene.tables) for name, _ in inputs}
    # a removed or changed recording cannot be unlearned
    if not old < set(scene.tables) or scene.key_of(frozenset(old)) != known:
        return []
    return [name for name in scene.tables if name not in old]


def _fit_all_tables(scene: SceneFit, on_progress: Callable[[object], None]) -> None:
    tables = scene.paths(scene.tables)
    request = FitRequest.from_plain(scene.fit)
    if can_stream(request) and not request.is_streamed and _is_large(tables):
        request = replace(request, online=True)
    run = FitRun(
        tables=tables,
        name=scene.name,
        force=True,
        n_threads=most_threads() if request.is_streamed else None,
        is_timed=False,
        notes=Notes(archive_key=scene.key),
        on_message=on_progress,
        on_progress=lambda progress: on_progress(progress.done),
    )
    fit(scene.workspace, request, run)


def _is_large(tables: Sequence[Path]) -> bool:
    return sum(store.read_table_size(path) for path in tables) > MAX_IN_MEMORY
