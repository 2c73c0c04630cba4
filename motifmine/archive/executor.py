"""Jobs on Dask: a local cluster of worker processes, or one that runs elsewhere.

The only module that imports Dask. Dask moves jobs and small records; the work itself happens in
processes of its own (`work.run_isolated`), so a decoder that crashes costs no worker.
"""

import itertools
import multiprocessing
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from motifmine.archive.jobs import Job, SceneJob, run_isolated
from motifmine.archive.journal import JobRecord
from motifmine.archive.queue import Agenda
from motifmine.parallel.dask_cluster import CONNECT_S, LOOK_EVERY_S, Cluster
from motifmine.parallel.threads import n_cores

PER_THREAD = 3
"""Jobs that are handed to Dask for every thread of the cluster; the rest wait with us."""


def work_off(agenda: Agenda, cluster: Cluster) -> None:
    """Run all jobs of an agenda, and those that follow from them, on a cluster.

    What is lost with a worker or a scheduler is begun anew. An agenda that is empty already asks
    nothing of the cluster.

    Raises
    ------
    JobError
        When the scheduler does not come back.
    """
    flights = _Flights(cluster)
    try:
        while True:
            if not cluster.is_up:
                for job in flights.abandon():
                    agenda.give_back(job)
                cluster.reconnect()
            room = max(2, PER_THREAD * cluster.n_threads()) - len(flights)
            for job in itertools.islice(agenda.waiting(), max(0, room)):
                flights.start(job)
            if not len(flights):
                return
            _land(flights, agenda)
            agenda.journal.settle(LOOK_EVERY_S)
    finally:
        flights.abandon()
        agenda.journal.settle()


def work_off_here(agenda: Agenda) -> None:
    """Run all jobs of an agenda one after the other, without Dask: the reference."""
    try:
        for job in agenda.waiting():
            agenda.end(job, run_isolated(job))
    finally:
        agenda.journal.settle()


@dataclass(slots=True)
class _Flights:
    """Jobs that Dask has, and a bell that rings when one of them ends."""

    cluster: Cluster
    bell: threading.Event = field(default_factory=threading.Event)
    open: dict[str, tuple[Any, Job]] = field(default_factory=dict)
    names: Iterator[str] = field(
        default_factory=lambda: (f"{uuid.uuid4().hex}-{n}" for n in itertools.count())
    )

    def __len__(self) -> int:
        return len(self.open)

    def start(self, job: Job) -> None:
        """Hand a job to Dask."""
        key = f"motifmine-{next(self.names)}"
        future = self.cluster.client.submit(on_worker, job, key=key, pure=False)
        self.open[key] = future, job
        future.add_done_callback(lambda _: self.bell.set())

    def ended(self) -> Iterator[tuple[Any, Job]]:
        """Wait a moment; yield what has ended since."""
        self.bell.wait(LOOK_EVERY_S)
        self.bell.clear()
        for key, (future, job) in list(self.open.items()):
            if future.status != "pending":
                del self.open[key]
                yield future, job

    def abandon(self) -> list[Job]:
        """Give up all flights and return their jobs."""
        jobs = [job for _, job in self.open.values()]
        with suppress(Exception):
            self.cluster.client.cancel([future for future, _ in self.open.values()])
        self.open.clear()
        return jobs


def _land(flights: _Flights, agenda: Agenda) -> None:
    """Take in the jobs that have ended."""
    from distributed import CancelledError, KilledWorker  # noqa: PLC0415

    for future, job in flights.ended():
        try:
            record = future.result(timeout=CONNECT_S)
        except KilledWorker as error:
            agenda.lose(job, f"its workers were lost: {error}")
        except (CancelledError, TimeoutError, OSError):
            agenda.give_back(job)
        except Exception as error:  # whatever a strange worker raises
            agenda.lose(job, f"the worker could not run it: {type(error).__name__}: {error}")
        else:
            agenda.end(job, record)


def on_worker(job: Job) -> JobRecord:
    """Run a job on a Dask worker."""
    # Dask's nanny makes its workers daemons, which may have no children; ours end with the worker,
    # because they notice that nobody hears them
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    if isinstance(job, SceneJob) and not job.threads:
        job = replace(job, threads=_cores_of_a_thread())
    return run_isolated(job)


def _cores_of_a_thread() -> int:
    """Return the cores that a job on this worker may keep busy, beside those on its other threads.

    Other workers of the same machine are not known here.
    """
    from distributed import get_worker  # noqa: PLC0415

    return max(1, n_cores() // max(1, get_worker().state.nthreads))
