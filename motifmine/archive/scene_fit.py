"""The fit of one scene of an archive: in memory, from its files, or by what is new."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motifmine.durations import Duration
from motifmine.errors import FormatError, SpecError
from motifmine.io.hdf5 import store
from motifmine.parallel.threads import most_threads
from motifmine.records.fit import FitRecord
from motifmine.workflows.fit import fit_workspace
from motifmine.workflows.out_of_core.commands import fit_streamed
from motifmine.workflows.out_of_core.update import update_file
from motifmine.workflows.workspace import Workspace

KEY_NOTE = "archive_key"
"""Where a fit keeps the key of the job that made it, among its settings."""
ADDED_NOTE = "archive_added"
"""Where an updated fit keeps how many recordings its last update added."""
MOST_IN_MEMORY = 20_000_000
"""Observations of a scene above which PLSM learns from its files: some 4 GB in memory."""
STREAMED = ("online", "passes", "batch_documents")
"""Settings that only fits from files have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFit:
    """The fit that a scene shall have."""

    workspace: Workspace
    tables: tuple[str, ...]
    """Names of the recordings."""
    name: str
    fit: Mapping[str, Any]
    """Arguments of `motifmine.workflows.fit.fit_workspace`, plain values."""
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


def refuse_settings(fit: Mapping[str, Any]) -> None:
    """Raise `SpecError` when an archive cannot be fitted with such settings."""
    if fit.get("online") and not _can_stream(fit):
        raise SpecError(
            "only plsm with a number of motifs and a length, not 'auto', learns from tables that "
            "stay in their files; leave out --online"
        )
    if not fit.get("online") and {"passes", "batch_documents"} & set(fit):
        raise SpecError("--passes and --batch-documents are for --online; add it, or leave them")


def make_fit(scene: SceneFit, on_sign: Callable[[object], None]) -> None:
    """Make the fit of a scene, unless it is there.

    With `is_update` a PLSM fit that was made of some of the tables, with the same settings and the
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
    if not scene.is_update or not known or scene.fit["model"] != "plsm":
        return []
    old = {name for name, _ in store.read_fit_inputs(scene.path)}
    if not old < set(scene.tables) or scene.key_of(frozenset(old)) != known:
        return []
    return [name for name in scene.tables if name not in old]


def _fit_anew(scene: SceneFit, on_sign: Callable[[object], None]) -> None:
    given = dict(scene.fit)
    length = given.pop("motif_length", None)
    streamed = {name: given.pop(name) for name in STREAMED if name in given}
    arguments: dict[str, Any] = {
        "tables": scene.paths(scene.tables),
        "name": scene.name,
        "force": True,
        "motif_length": Duration.parse(length) if length not in (None, "auto") else length,
        "on_start": on_sign,
        "on_progress": lambda progress: on_sign(progress.done),
        "is_timed": False,
        "notes": {KEY_NOTE: scene.key},
        **given,
    }
    if streamed.get("online") or (_can_stream(scene.fit) and _is_large(arguments["tables"])):
        fit_streamed(
            scene.workspace, n_threads=most_threads(), **{"online": True, **streamed}, **arguments
        )
    else:
        fit_workspace(scene.workspace, **arguments)


def _can_stream(fit: Mapping[str, Any]) -> bool:
    """Return whether fits with these settings can be made from files."""
    is_sized = "auto" not in (fit.get("n_motifs"), fit.get("motif_length"))
    return fit["model"] == "plsm" and is_sized and not fit.get("n_topics")


def _is_large(tables: Sequence[Path]) -> bool:
    return sum(store.read_table_size(path) for path in tables) > MOST_IN_MEMORY
