"""What `motifmine fit` does with tables that stay in their files: learn from them, or add them."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from motifmine.durations import Duration
from motifmine.errors import DataError, SpecError, WorkspaceError
from motifmine.files import refuse_overwriting, whole_file
from motifmine.io.hdf5 import store
from motifmine.parallel.dask_cluster import remote_cluster
from motifmine.parallel.mappers import Mapper, on_processes, over_client, threads_per_worker
from motifmine.progress import Progress
from motifmine.records.fit import FitRecord
from motifmine.records.settings import Counts, Detection, Preparation
from motifmine.records.wall_clock import zone_named
from motifmine.workflows.fit import specified
from motifmine.workflows.out_of_core.drift import add_drift
from motifmine.workflows.out_of_core.fit import Streaming, Workers, fit_files
from motifmine.workflows.out_of_core.update import update_file
from motifmine.workflows.workspace import Workspace


def fit_streamed(
    workspace: Workspace,
    *,
    tables: Sequence[Path] | None = None,
    model: str = "plsm",
    n_motifs: int | Literal["auto"] | None = None,
    motif_length: Duration | Literal["auto"] | None = None,
    online: bool = True,
    passes: int | None = None,
    batch_documents: int | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    counts: Counts = "auto",
    false_alarms_per_hour: float | None = None,
    seed: int | None = 0,
    name: str | None = None,
    force: bool = False,
    on_start: Callable[[str], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    n_threads: int | None = None,
    is_timed: bool = True,
    notes: Mapping[str, object] | None = None,
    time_zone: str = "UTC",
    **settings: Any,
) -> tuple[Path, FitRecord]:
    """Fit PLSM to tables that are never in memory together; return the fit's path and its head.

    The record comes back without its documents; `motifmine.io.hdf5.store.read_fit` reads them.

    Parameters
    ----------
    workspace : Workspace
    tables : paths or None
        Table files; None takes all of the workspace.
    model : str
        `plsm`.
    n_motifs : int or None
        None: the model's default.
    motif_length : Duration or None
        None: 3 s for video and 20 bins for all else.
    online : bool
        Stochastic EM; else EM to convergence.
    passes, batch_documents : int or None
        See `motifmine.workflows.out_of_core.fit.Streaming`.
    workers : int
        Processes of this machine.
    scheduler : str or None
        Address of a Dask scheduler, whose workers are used instead; they must see the workspace.
    counts : `auto`, `raw` or `sqrt`
    false_alarms_per_hour : float or None
        See `motifmine.records.settings.Detection`.
    seed : int or None
    name : str or None
        Name of the fit; None numbers it.
    force : bool
        Overwrite a fit of that name.
    on_start : callable or None
        Called with one line on each stage.
    on_progress : callable or None
    n_threads : int or None
        Threads of every worker; None: the cores of this machine, shared out to the processes.
    is_timed : bool
        Whether the fit tells how long it took. Without, the same data give the same bytes.
    notes : mapping or None
        More to keep with the settings in the fit, plain values.
    time_zone : str
        IANA name of the zone that hours and days are told in.
    **settings
        Fields of `motifmine.models.plsm.model.Plsm`.

    Raises
    ------
    SpecError
        When another model is asked for, or sizes are left to `auto`.
    """
    if model != "plsm":
        raise SpecError(f"only plsm learns from tables that stay in their files, not {model}")
    if motif_length == "auto" or n_motifs == "auto":
        raise SpecError(
            "sizes cannot be 'auto' where tables stay in their files; choose them in a fit of a "
            "few tables, then give numbers"
        )
    streaming = Streaming(online=online, batch_documents=batch_documents)
    if passes is not None:
        streaming = replace(streaming, passes=passes)
    path = workspace.fit_path(name or workspace.next_fit_name(model))
    refuse_overwriting(path, force=force)
    zone_named(time_zone)
    paths = _paths(workspace, tables)
    workspace.root.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".streaming-", dir=workspace.root) as scratch,
        mapper_over(workers, scheduler, on_start) as mapper,
    ):
        made = Path(scratch).resolve() / "fit.h5"
        fit_files(
            paths,
            specified(
                "plsm",
                vocabulary=store.read_table_vocabulary(paths[0]),
                bin_s=float(store.read_table_header(paths[0])["bin_s"]),
                n_motifs=n_motifs,
                motif_length=motif_length,
                **settings,
            ),
            made,
            Workers(
                scratch=Path(scratch).resolve(),
                mapper=mapper,
                n_threads=n_threads or (1 if scheduler else threads_per_worker(workers)),
            ),
            streaming=streaming,
            preparation=Preparation(counts=counts),
            detection=Detection(false_alarms_per_hour=false_alarms_per_hour),
            seed=seed,
            on_step=on_start,
            on_progress=on_progress,
            is_timed=is_timed,
            notes=notes,
            time_zone=time_zone,
        )
        if on_start is not None:
            on_start("looking how the motifs change")
        record = add_drift(made, {table.stem: table for table in paths})
        with whole_file(path, force=force) as part:
            made.replace(part)
    return path, record


def update_fit(
    workspace: Workspace,
    fit: str,
    *,
    tables: Sequence[Path] | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    name: str | None = None,
    force: bool = False,
    on_start: Callable[[str], None] | None = None,
) -> tuple[Path, FitRecord]:
    """Add tables to a PLSM fit and save what comes out as a new fit; return its path and head.

    Only the new tables are read, see `motifmine.workflows.out_of_core.update.update_file`.

    Parameters
    ----------
    workspace : Workspace
    fit : str
        A fit, by name or path; it stays as it is.
    tables : paths or None
        Table files; None takes those of the workspace that the fit has not seen.
    workers, scheduler
        See `fit_streamed`.
    name : str or None
        Name of the new fit; None numbers it.
    force : bool
        Overwrite a fit of that name.
    on_start : callable or None
        Called with one line that tells what is added.

    Raises
    ------
    DataError
        When there is no new table.
    """
    source = workspace.find_fit(fit)
    target = workspace.fit_path(name or workspace.next_fit_name("plsm"))
    if target.exists() and target.samefile(source):
        raise WorkspaceError(f"{target} cannot be updated in place; give the new fit another name")
    refuse_overwriting(target, force=force)
    if tables is None:
        known = {recording for recording, _ in store.read_fit_inputs(source)}
        paths = [path for path in workspace.table_paths() if path.stem not in known]
        if not paths:
            raise DataError(
                f"all tables of {workspace.root} are in {source.name} already; extract new ones "
                "first"
            )
    else:
        paths = _paths(workspace, tables)
    if on_start is not None:
        on_start(f"adding {len(paths)} documents to {source.stem}: {paths[0].stem}...")
    with mapper_over(workers, scheduler, on_start) as mapper:
        record = update_file(
            source,
            [path.resolve() for path in paths],
            target,
            mapper=mapper,
            n_threads=1 if scheduler else threads_per_worker(workers),
            force=force,
        )
    return target, record


@contextmanager
def mapper_over(
    workers: int, scheduler: str | None, on_step: Callable[[str], None] | None
) -> Iterator[Mapper]:
    """Give a mapper over processes of this machine, or over the workers of a Dask scheduler."""
    if workers < 1:
        raise SpecError(f"workers is {workers}; it must be 1 or more")
    if scheduler is None:
        with on_processes(workers) as mapper:
            yield mapper
    else:
        with remote_cluster(scheduler, on_step or (lambda _: None)) as cluster:
            yield over_client(cluster.client)


def _paths(workspace: Workspace, tables: Sequence[Path] | None) -> list[Path]:
    """Return the tables in the order of their names, as `Workspace.read_tables` has them."""
    if tables is None:
        paths = workspace.table_paths()
    else:
        paths = sorted(tables, key=lambda path: path.name)
    if not paths:
        raise WorkspaceError(
            f"{workspace.root} holds no tables; make some with 'motifmine extract SOURCE...'"
        )
    return [path.resolve() for path in paths]
