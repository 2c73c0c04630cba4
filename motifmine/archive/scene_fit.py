"""The fit of one scene of an archive: in memory, from its files, or by what is new."""

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
from motifmine.workflows.fit import fit
from motifmine.workflows.out_of_core.update import update_file
from motifmine.workflows.run import FitRun
from motifmine.workflows.workspace import Workspace

KEY_NOTE = "archive_key"
"""Where a fit keeps the key of the job that made it, among its settings."""
ADDED_NOTE = "archive_added"
"""Where an updated fit keeps how many recordings its last update added."""
MOST_IN_MEMORY = 20_000_000
"""Observations of a scene above which models that can learn from its files: some 4 GB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFit:
    """The fit that a scene shall have."""

    workspace: Workspace
    tables: tuple[str, ...]
    """Names of the recordings."""
    name: str
    fit: Mapping[str, Any]
    """What is asked of the fit, see `FitRequest.of_plain`."""
    key_of: Callable[[frozenset[str]], str]
    """Key of the fit of some of the recordings; that of the scene is of all."""
    is_update: bool
    """A fit that lacks nothing but new recordings is updated."""

    @property
    def path(self) -> Path:
        """Where the fit lives."""
        return self.workspace.fit_path(self.name)

    @property
    def key(self) -> str:
        """Key of the fit of all recordings."""
        return self.key_of(frozenset(self.tables))

    def paths(self, names: Sequence[str]) -> list[Path]:
        """Return the tables of some recordings."""
        return [self.workspace.table_path(name) for name in names]


def make_fit(scene: SceneFit, on_sign: Callable[[object], None]) -> None:
    """Make the fit of a scene, unless it is there.

    With `is_update` a fit that was made of some of the tables, with the same settings and the
    same version, learns the others and reads nothing else. All other fits are made anew: in memory,
    or from their files where `online` says so or there are more than `MOST_IN_MEMORY` observations.

    Parameters
    ----------
    scene : SceneFit
    on_sign : callable
        Called with signs of life.
    """
    if fit_key(scene.path) == scene.key:
        return
    new = _new_tables(scene)
    if new:
        update_file(
            scene.path,
            scene.paths(new),
            scene.path,
            n_threads=most_threads(),
            force=True,
            on_batch=on_sign,
            is_timed=False,
            notes={KEY_NOTE: scene.key, ADDED_NOTE: len(new)},
        )
        return
    _fit_anew(scene, on_sign)


def fit_key(path: Path) -> str:
    """Return the key in a fit's settings, "" when there is no such fit."""
    try:
        return str(store.read_fit_spec(path).notes.get(KEY_NOTE, ""))
    except FormatError:
        return ""


def n_added(record: FitRecord) -> int:
    """Return how many recordings the last update added to a fit."""
    return int(record.provenance.spec.notes.get(ADDED_NOTE, 0))


def tables_to_read(scene: SceneFit) -> Sequence[str]:
    """Return the recordings whose tables `make_fit` will read if the fit is not there."""
    return _new_tables(scene) or scene.tables


def _new_tables(scene: SceneFit) -> list[str]:
    """Return the recordings that the fit which is there shall learn; none: it is made anew."""
    known = fit_key(scene.path)
    if not scene.is_update or not known or not entry_of(scene.fit["model"]).can_update:
        return []
    old = {name for name, _ in store.read_fit_inputs(scene.path)}
    if not old < set(scene.tables) or scene.key_of(frozenset(old)) != known:
        return []
    return [name for name in scene.tables if name not in old]


def _fit_anew(scene: SceneFit, on_sign: Callable[[object], None]) -> None:
    tables = scene.paths(scene.tables)
    request = FitRequest.of_plain(scene.fit)
    if _can_stream(request) and not request.is_streamed and _is_large(tables):
        request = replace(request, online=True)
    run = FitRun(
        tables=tables,
        name=scene.name,
        force=True,
        n_threads=most_threads() if request.is_streamed else None,
        is_timed=False,
        notes={KEY_NOTE: scene.key},
        on_message=on_sign,
        on_progress=lambda progress: on_sign(progress.done),
    )
    fit(scene.workspace, request, run)


def _can_stream(request: FitRequest) -> bool:
    """Return whether such a fit can be made from files."""
    is_sized = not request.has_open_sizes and request.n_topics in (None, "off")
    can = entry_of(request.model).streams and is_sized
    return can and not (request.stability or request.groups)


def _is_large(tables: Sequence[Path]) -> bool:
    return sum(store.read_table_size(path) for path in tables) > MOST_IN_MEMORY
