"""Out-of-core fits of a workspace, and incremental updates of its fits, as commands need them."""

from dataclasses import replace
from pathlib import Path

from motifmine.errors import DataError, WorkspaceError
from motifmine.files import open_atomic
from motifmine.io.hdf5 import store
from motifmine.models.request import FitRequest
from motifmine.parallel.dask_cluster import open_mapper
from motifmine.parallel.mappers import count_threads_per_worker
from motifmine.parallel.scratch import make_folder, scratch_folder
from motifmine.records.fit import FitRecord
from motifmine.records.notes import Notes
from motifmine.workflows.out_of_core.drift import add_drift
from motifmine.workflows.out_of_core.fit import fit_files
from motifmine.workflows.out_of_core.update import update_file
from motifmine.workflows.run import FitRun
from motifmine.workflows.specify import specify_model
from motifmine.workflows.workspace import Workspace


def fit_tables_in_files(
    workspace: Workspace, request: FitRequest, run: FitRun, target: Path
) -> FitRecord:
    """Fit tables that are never in memory together, and save the fit.

    Returns
    -------
    FitRecord
        Without its documents, which `motifmine.io.hdf5.store.read_fit` reads.
    """
    # absolute, as workers of a cluster may have another working folder
    paths = [path.resolve() for path in workspace.chosen_paths(run.tables)]
    header = store.read_table_header(paths[0])
    spec = specify_model(request, store.read_table_vocabulary(paths[0]), float(header["bin_s"]))
    with (
        scratch_folder(workspace.root.resolve()) as scratch,
        open_mapper(run.workers, run.scheduler, run.say) as mapper,
    ):
        make_folder(scratch)
        made = scratch / "fit.h5"
        fit_files(
            paths,
            spec,
            request,
            made,
            scratch=scratch,
            mapper=mapper,
            run=replace(
                run,
                n_threads=_n_threads(run),
                notes=Notes(request=request.as_values()).merge(run.notes),
            ),
        )
        # drift needs the activations, so the fit is written first and read again document by
        # document
        run.say("looking how the motifs change")
        record = add_drift(made, {table.stem: table for table in paths})
        # the fit is complete, drift included, before it gets its name
        with open_atomic(target, force=run.force) as part:
            made.replace(part)
    return record


def _n_threads(run: FitRun) -> int:
    """Return the threads of every worker; those of a cluster have one for each task."""
    return run.n_threads or (1 if run.scheduler else count_threads_per_worker(run.workers))


def update_fit(
    workspace: Workspace, name: str, run: FitRun | None = None
) -> tuple[Path, FitRecord]:
    """Add tables to a saved fit and save the result as a new fit; return its path and head.

    Only the new tables are read, see `motifmine.workflows.out_of_core.update.update_file`.
    `run.tables` are added; None: those of the workspace that the fit has not seen.

    Raises `DataError` when there is no new table.
    """
    run = run or FitRun()
    source = workspace.find_fit(name)
    model = store.read_fit(source, without=store.DOCUMENTS).provenance.model
    with workspace.reserve_fit(run.name, model, force=run.force) as target:
        if target.exists() and target.samefile(source):
            raise WorkspaceError(
                f"{target} cannot be updated in place; give the new fit another name"
            )
        new = run.tables is None
        paths = _new_paths(workspace, source) if new else workspace.chosen_paths(run.tables)
        run.say(f"adding {len(paths)} documents to {source.stem}: {paths[0].stem}...")
        with open_mapper(run.workers, run.scheduler, run.say) as mapper:
            record = update_file(
                source,
                [path.resolve() for path in paths],
                target,
                mapper=mapper,
                run=replace(run, n_threads=_n_threads(run)),
            )
    return target, record


def _new_paths(workspace: Workspace, source: Path) -> list[Path]:
    """Return the tables that a fit has not seen, in order of name."""
    known = {recording for recording, _ in store.read_fit_inputs(source)}
    paths = [path for path in workspace.table_paths() if path.stem not in known]
    if not paths:
        raise DataError(
            f"all tables of {workspace.root} are in {source.name} already; extract new ones first"
        )
    return paths
