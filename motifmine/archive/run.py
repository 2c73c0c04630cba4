"""The whole of `motifmine batch`: keep the plan, work it off, tell how far the archive is."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

from motifmine.archive.executor import work_off
from motifmine.archive.index_page import write_index
from motifmine.archive.journal import JobRecord, Journal, only_run
from motifmine.archive.plan import PLAN_NAME, Plan, plan_of_text, plan_text
from motifmine.archive.queue import Agenda
from motifmine.archive.status import STATUS_NAME, ArchiveState, gather, state_text
from motifmine.archive.storage import Place
from motifmine.parallel.dask_cluster import Cluster, local_cluster, remote_cluster
from motifmine.parallel.threads import n_cores

SCRATCH = ".streaming-"
"""What the folders begin with that fits from files keep their work in."""
LEFTOVER = re.compile(r"\.(?P<name>.+)\.(part|old)-.+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a run of a plan does beyond what is new."""

    retry_failed: bool = False
    """Failed jobs are tried again, although neither file nor settings changed."""
    rehash: bool = False
    """Sources are read to see whether they changed, whatever their size and time say."""
    is_update: bool = False
    """Fits that lack nothing but new recordings are updated instead of made anew."""
    workers: int = 1
    """Processes that will work; where files are fewer, each is extracted by several threads."""
    cores: int = 0
    """Of this machine, which fits side by side share; 0: whoever runs them knows theirs."""


def last_plan(output: Place) -> Plan | None:
    """Return the plan that results were last made by, None for a new place.

    Raises
    ------
    FormatError
        When what lies there is no plan.
    """
    text = output.read_text(PLAN_NAME)
    return None if text is None else plan_of_text(text, f"{output.url}/{PLAN_NAME}")


def run_plan(
    plan: Plan,
    output: Place,
    work_off: Callable[[Agenda], None],
    options: RunOptions | None = None,
    *,
    on_begin: Callable[[Agenda], None] | None = None,
    on_record: Callable[[JobRecord], None] | None = None,
) -> ArchiveState:
    """Do what a plan says and is not done yet; return how far the archive is.

    Whoever calls this sees to it that no other run is at work there (`journal.only_run`).

    Parameters
    ----------
    plan : Plan
    output : Place
        Where results go: one workspace a scene, the plan, the journal and the state.
    work_off : callable
        Runs all jobs of an agenda: `execute.work_off_here`, or `execute.work_off` with a cluster.
    options : RunOptions or None
    on_begin : callable or None
        Called with the agenda before the first job.
    on_record : callable or None
        Called with the record of every job that has ended.
    """
    options = options or RunOptions()
    text = plan_text(plan)
    if output.read_text(PLAN_NAME) != text:
        output.write_text(PLAN_NAME, text)
    _remove_leftovers(plan, output)
    journal = Journal(output)
    agenda = Agenda(
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
    agenda.fill()
    if on_begin is not None:
        on_begin(agenda)
    try:
        work_off(agenda)
    finally:
        state = gather(plan, journal)
        told = state_text(state)
        if output.read_text(STATUS_NAME) != told:
            output.write_text(STATUS_NAME, told)
        write_index(plan, state, output)
    return state


def _remove_leftovers(plan: Plan, output: Place) -> None:
    """Remove what killed runs left half written."""
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
        for path in (output.path / scene.name).glob(f"{SCRATCH}*"):
            shutil.rmtree(path, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Who does the work."""

    workers: int | None = None
    """Worker processes on this machine; None: as many as there are cores."""
    scheduler: str | None = None
    """Address of a Dask scheduler that runs elsewhere, instead of workers here."""


def run_archive(
    make: Callable[[], Plan],
    output: Place,
    *,
    crew: Crew | None = None,
    options: RunOptions | None = None,
    every_s: float | None = None,
    on_begin: Callable[[Agenda], None] | None = None,
    on_record: Callable[[JobRecord], None] | None = None,
    on_step: Callable[[str], None] | None = None,
) -> Iterator[ArchiveState]:
    """Plan and run an archive, once or again and again; yield how far it is after every round.

    Parameters
    ----------
    make : callable
        Returns the plan of what lies in the archive now.
    output : Place
    crew : Crew or None
        None takes the cores of this machine.
    options : RunOptions or None
    every_s : float or None
        Look for new files so often, seconds; None runs once.
    on_begin, on_record : callable or None
        See `run_plan`.
    on_step : callable or None
        Called with one line on what happens to the cluster.

    Raises
    ------
    WorkspaceError
        When another run is at work there.
    JobError
        When the scheduler cannot be reached, or does not come back.
    """
    crew, tell = crew or Crew(), on_step or (lambda _: None)
    options = options or RunOptions()
    if crew.scheduler is None:
        options = replace(options, workers=crew.workers or n_cores(), cores=n_cores())
    with only_run(output), ExitStack() as stack:
        cluster: Cluster | None = None

        def work_off_there(agenda: Agenda) -> None:
            nonlocal cluster
            if not agenda.n_jobs:
                return
            if cluster is None:
                cluster = stack.enter_context(
                    remote_cluster(crew.scheduler, tell)
                    if crew.scheduler
                    else local_cluster(crew.workers, tell)
                )
            work_off(agenda, cluster)

        while True:
            yield run_plan(
                make(), output, work_off_there, options, on_begin=on_begin, on_record=on_record
            )
            if every_s is None:
                return
            time.sleep(every_s)
