"""`motifmine batch`: write the plan, run its job queue, and report the state of the archive."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from motifmine.archive.executor import run_queue
from motifmine.archive.index_page import write_index
from motifmine.archive.journal import JobRecord, Journal, lock_results
from motifmine.archive.plan import PLAN_NAME, Plan, format_plan, parse_plan
from motifmine.archive.queue import JobQueue, RunOptions
from motifmine.archive.status import STATUS_NAME, ArchiveState, collect_state, format_state
from motifmine.archive.storage import Storage
from motifmine.parallel.dask_cluster import NEEDS_DASK, Cluster, local_cluster, remote_cluster
from motifmine.parallel.scratch import AREA
from motifmine.validation import require_package

LEFTOVER = re.compile(r"\..+\.((part|old)-.+|reserved)")


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
    run_queue : callable
        Runs all jobs of a queue: `executor.run_queue` with a cluster.
    on_start : callable or None
        Called with the job queue before the first job.
    on_record : callable or None
        Called with the record of every finished job.
    """
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
        options=options or RunOptions(),
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


def run_archive(
    make: Callable[[], Plan],
    output: Storage,
    *,
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
    options, report = options or RunOptions(), on_message or (lambda _: None)
    # before the archive is scanned, which may take an hour
    require_package("distributed", *NEEDS_DASK)
    with lock_results(output), ExitStack() as stack:
        cluster: Cluster | None = None

        def run_on_cluster(queue: JobQueue) -> None:
            nonlocal cluster
            if not queue.n_jobs:
                # an idle scheduler and its workers would take some per cent of a core
                stack.close()
                cluster = None
                return
            # started with the first job, so that a run without jobs needs no cluster
            if cluster is None:
                cluster = stack.enter_context(
                    remote_cluster(options.scheduler, report)
                    if options.scheduler
                    else local_cluster(options.workers, report)
                )
            run_queue(queue, cluster)

        while True:
            yield run_plan(
                make(), output, run_on_cluster, options, on_start=on_start, on_record=on_record
            )
            if every_s is None:
                return
            time.sleep(every_s)
