"""`motifmine batch`: write the plan, run its job queue, and report the state of the archive."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

from motifmine.archive.executor import run_queue
from motifmine.archive.index_page import write_index
from motifmine.archive.journal import JobRecord, Journal, lock_results
from motifmine.archive.plan import PLAN_NAME, Plan, format_plan, parse_plan
from motifmine.archive.queue import JobQueue
from motifmine.archive.status import STATUS_NAME, ArchiveState, collect_state, format_state
from motifmine.archive.storage import Storage
from motifmine.parallel.dask_cluster import NEEDS_DASK, Cluster, local_cluster, remote_cluster
from motifmine.parallel.scratch import AREA
from motifmine.parallel.threads import n_cores
from motifmine.validation import require_package

LEFTOVER = re.compile(r"\..+\.((part|old)-.+|reserved)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Options of a run of a plan."""

    retry_failed: bool = False
    """Run failed jobs again, even if neither file nor settings have changed."""
    rehash: bool = False
    """Read sources to find out whether they have changed, regardless of size and time stamp."""
    is_update: bool = False
    """Update fits incrementally where only recordings were added, instead of refitting."""
    workers: int = 1
    """Number of worker processes; if there are more than files, files are extracted by threads."""
    cores: int = 0
    """Cores of this machine that parallel fits share; 0 if the workers are elsewhere."""


def read_last_plan(output: Storage) -> Plan | None:
    """Return the plan that the results were made with, or None if there are none.

    Raises `FormatError` if the file is not a plan.
    """
    text = output.read_text(PLAN_NAME)
    return None if text is None else parse_plan(text, f"{output.url}/{PLAN_NAME}")


def run_plan(
    plan: Plan,
    output: Storage,
    run_queue: Callable[[JobQueue], None],
    options: RunOptions | None = None,
    *,
    on_start: Callable[[JobQueue], None] | None = None,
    on_record: Callable[[JobRecord], None] | None = None,
) -> ArchiveState:
    """Run the unfinished jobs of a plan and return the state of the archive.

    The caller must hold the lock of the results (`journal.lock_results`).

    Parameters
    ----------
    output : Storage
        Folder of the results: one workspace per scene, the plan, the journal and the status.
    run_jobs : callable
        Runs all jobs of a queue: `executor.run_queue` with a cluster.
    on_start : callable or None
        Called with the job queue before the first job.
    on_record : callable or None
        Called with the record of every finished job.
    """
    options = options or RunOptions()
    text = format_plan(plan)
    # unchanged plans are not rewritten: their time stamp shows the last change
    if output.read_text(PLAN_NAME) != text:
        output.write_text(PLAN_NAME, text)
    _remove_leftovers(plan, output)
    journal = Journal(output)
    queue = JobQueue(
        plan=plan,
        output=output,
        journal=journal,
        workers=options.workers,
        retry_failed=options.retry_failed,
        rehash=options.rehash,
        is_update=options.is_update,
        cores=options.cores,
        on_record=on_record or (lambda _: None),
    )
    queue.fill()
    if on_start is not None:
        on_start(queue)
    try:
        run_queue(queue)
    finally:
        state = collect_state(plan, journal)
        # unchanged files are not rewritten, so that their time stamps show the last change
        text = format_state(state)
        if output.read_text(STATUS_NAME) != text:
            output.write_text(STATUS_NAME, text)
        write_index(plan, state, output)
    return state


def _remove_leftovers(plan: Plan, output: Storage) -> None:
    """Remove partial files of killed runs; the output is locked, so no other run writes there."""
    if not output.is_local:
        return
    for scene in plan.scenes:
        for folder in ("tables", "fits", "reports"):
            for path in (output.path / scene.name / folder).glob(".*"):
                if LEFTOVER.fullmatch(path.name):
                    if path.is_dir():
                        shutil.rmtree(path, ignore_errors=True)
                    else:
                        path.unlink(missing_ok=True)
        shutil.rmtree(output.path / scene.name / AREA, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """Where jobs run."""

    workers: int | None = None
    """Number of worker processes on this machine; None: the number of cores."""
    scheduler: str | None = None
    """Address of a running Dask scheduler, which is used instead of local workers."""


def run_archive(
    make: Callable[[], Plan],
    output: Storage,
    *,
    worker_settings: WorkerSettings | None = None,
    options: RunOptions | None = None,
    every_s: float | None = None,
    on_start: Callable[[JobQueue], None] | None = None,
    on_record: Callable[[JobRecord], None] | None = None,
    on_message: Callable[[str], None] | None = None,
) -> Iterator[ArchiveState]:
    """Plan and run an archive, once or repeatedly; yield its state after every round.

    Parameters
    ----------
    make : callable
        Returns the plan of the archive as it is when called.
    worker_settings : WorkerSettings or None
        None uses the cores of this machine.
    every_s : float or None
        Interval between rounds, seconds; None runs once.
    on_start, on_record : callable or None
        See `run_plan`.

    Raises
    ------
    WorkspaceError
        If another run uses the same folder of results.
    JobError
        If the scheduler cannot be reached.
    """
    worker_settings, report = worker_settings or WorkerSettings(), on_message or (lambda _: None)
    options = options or RunOptions()
    # before the archive is scanned, which may take an hour
    require_package("distributed", *NEEDS_DASK)
    if worker_settings.scheduler is None:
        options = replace(options, workers=worker_settings.workers or n_cores(), cores=n_cores())
    with lock_results(output), ExitStack() as stack:
        cluster: Cluster | None = None

        def run_on_cluster(queue: JobQueue) -> None:
            nonlocal cluster
            if not queue.n_jobs:
                return
            # started with the first job, so that a run without jobs needs no cluster
            if cluster is None:
                cluster = stack.enter_context(
                    remote_cluster(worker_settings.scheduler, report)
                    if worker_settings.scheduler
                    else local_cluster(worker_settings.workers, report)
                )
            run_queue(queue, cluster)

        while True:
            yield run_plan(
                make(), output, run_on_cluster, options, on_start=on_start, on_record=on_record
            )
            if every_s is None:
                return
            time.sleep(every_s)
