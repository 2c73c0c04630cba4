"""The whole job in few calls: tables to a fit with its occurrences, and new recordings located."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from motifmine.durations import Duration
from motifmine.inference.occurrences import find_occurrences
from motifmine.io import store
from motifmine.io.files import refuse_overwriting
from motifmine.models.protocol import Model, Progress
from motifmine.models.saved import MODELS
from motifmine.motifs import FitRecord
from motifmine.preparation import Counts, Preparation
from motifmine.reporting.page import write_report
from motifmine.reporting.tabular import motifs_text
from motifmine.table import ObservationTable
from motifmine.workspace import Workspace

DEFAULT_LENGTH = {"flow-grid": Duration(3.0, "s")}
OTHER_LENGTH = Duration(20, "bins")


def mine(
    table: ObservationTable,
    model: Model,
    *,
    preparation: Preparation | None = None,
    seed: int | None = 0,
    on_iteration: Callable[[Progress], None] | None = None,
) -> FitRecord:
    """Return the motifs of `table` and all their occurrences.

    Parameters
    ----------
    table : ObservationTable
        All documents, see `motifmine.table.join_tables`.
    model : Model
        A specification, `Plsm(n_motifs=8, motif_length=12)` say.
    preparation : Preparation or None
        What is done to the counts first; None lets the kind of words decide.
    seed : int or None
    on_iteration : callable or None
        Called with a `Progress` after every iteration.

    Raises
    ------
    DataError
        When the table cannot carry the model.
    FitError
        When the numbers go wrong.
    """
    choice = (preparation or Preparation()).resolve(table)
    prepared = choice.apply(table)
    fit = model.fit(prepared, seed=seed, on_iteration=on_iteration)
    spec = {**json.loads(fit.provenance.spec), "preparation": asdict(choice)}
    return FitRecord(
        provenance=replace(fit.provenance, spec=json.dumps(spec)),
        motifs=fit.motifs,
        background=fit.background,
        activations=fit.activations,
        occurrences=find_occurrences(prepared, fit.motifs, fit.background, fit.activations),
        trace=fit.trace,
        log_likelihood=float(fit.trace.log_likelihood[-1]),
        n_observations=prepared.total,
        bin_s=table.bin_s,
        vocabulary=table.vocabulary,
        recordings=table.recordings,
        picture=table.picture,
    )


def fit_workspace(
    workspace: Workspace,
    *,
    tables: Sequence[Path] | None = None,
    model: str,
    motif_length: Duration | None = None,
    counts: Counts = "auto",
    seed: int | None = 0,
    name: str | None = None,
    force: bool = False,
    on_start: Callable[[str], None] | None = None,
    on_iteration: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> tuple[Path, FitRecord]:
    """Fit tables of a workspace and save the fit there; return its path and what it holds.

    Parameters
    ----------
    workspace : Workspace
    tables : paths or None
        Table files; None takes all of the workspace.
    model : str
        A name of `motifmine.models.saved.MODELS`.
    motif_length : Duration or None
        None takes 3 s for video and 20 bins for all else.
    counts : `auto`, `raw` or `sqrt`
    seed : int or None
    name : str or None
        Name of the fit; None numbers it.
    force : bool
        Overwrite a fit of that name.
    on_start : callable or None
        Called with one line that tells what will be fitted, and how.
    on_iteration : callable or None
    **settings
        Fields of the model's specification.
    """
    path = workspace.fit_path(name or workspace.next_fit_name(model))
    refuse_overwriting(path, force=force)
    table = workspace.read_tables(tables)
    length = motif_length or DEFAULT_LENGTH.get(table.vocabulary.kind, OTHER_LENGTH)
    spec = MODELS[model](motif_length=length.bins(table.bin_s), **settings)
    if on_start is not None:
        on_start(_announcement(table, model, spec, seed))
    record = mine(
        table, spec, preparation=Preparation(counts=counts), seed=seed, on_iteration=on_iteration
    )
    store.write_fit(path, record, force=force)
    return path, record


def _announcement(table: ObservationTable, model: str, spec: Any, seed: int | None) -> str:
    """Return one line: which documents, how much, which settings."""
    names = [recording.name for recording in table.recordings]
    documents = names[0] if len(names) == 1 else f"{len(names)} documents {names[0]}..{names[-1]}"
    return (
        f"fit {model}: {documents}, {table.n_times * table.bin_s:.6g} s, {len(table.word)} "
        f"observations; {spec.n_motifs} motifs of {spec.motif_length * table.bin_s:g} s "
        f"({spec.motif_length} bins), seed {seed}"
    )


def show_fit(
    workspace: Workspace, name: str | None = None, *, force: bool = False
) -> tuple[str, Path]:
    """Return the motif table of a fit as text and the path of its report.

    A report that is there already stays as it is, unless `force` is set.
    """
    path = workspace.find_fit(name)
    record = store.read_fit(path)
    folder = workspace.report_folder(path.stem)
    report = folder / "report.html"
    if force or not report.exists():
        report = write_report(record, folder, name=path.stem, force=force)
    return motifs_text(record), report
