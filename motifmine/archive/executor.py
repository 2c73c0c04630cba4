"""Execution of a job queue on a Dask cluster.

Dask only moves jobs and small records. Every job runs in a child process of the worker
(`jobs.run_isolated`), so that a decoder that crashes does not end the worker.
"""

import itertools
import multiprocessing
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from motifmine.archive.jobs import Job, run_isolated
from motifmine.archive.journal import JobRecord
from motifmine.archive.queue import JobQueue
from motifmine.archive.scene_fit import SceneJob
from motifmine.parallel.dask_cluster import CONNECT_S, POLL_S, Cluster
from motifmine.parallel.threads import n_cores

PER_THREAD = 3  # jobs that are submitted per thread of the cluster; the others stay in the queue


def run_queue(queue: JobQueue, cluster: Cluster) -> None:
    """Run all jobs of a queue, including those that are added meanwhile, on a cluster.

    Jobs are requeued if their worker or the scheduler is lost.

    Raises `JobError` if the scheduler cannot be reached again.
    """
    running = _RunningJobs(cluster)
    try:
        while True:
            # a restarted scheduler knows none of the submitted jobs
            if not cluster.is_up:
                for job in running.cancel_all():
                    queue.requeue(job)
                cluster.reconnect()
            # a few a thread hide the latency; all at once would fill the scheduler's memory
            room = max(2, PER_THREAD * cluster.n_threads()) - len(running)
            for job in itertools.islice(queue.take_jobs(), max(0, room)):
                running.start(job)
            if not len(running):
                return
            _process_finished(running, queue)
            queue.journal.flush(POLL_S)
    finally:
        running.cancel_all()
        queue.journal.flush()


@dataclass(slots=True)
class _RunningJobs:
    """Jobs submitted to Dask, and an event that is set when one of them finishes."""

    cluster: Cluster
    has_finished: threading.Event = field(default_factory=threading.Event)
    open: dict[str, tuple[Any, Job]] = field(default_factory=dict)
    names: Iterator[str] = field(
        default_factory=lambda: (f"{uuid.uuid4().hex}-{n}" for n in itertools.count())
    )

    def __len__(self) -> int:
        return len(self.open)

    def start(self, job: Job) -> None:
        """Submit a job to Dask."""
        key = f"motifmine-{next(self.names)}"
        # pure=False and a fresh key: Dask must not return the result of an earlier try
        future = self.cluster.client.submit(run_on_worker, job, key=key, pure=False)
        self.open[key] = future, job
        future.add_done_callback(lambda _: self.has_finished.set())

    def collect_finished(self) -> Iterator[tuple[Any, Job]]:
        """Wait for at most `POLL_S` seconds and yield the jobs that have finished."""
        self.has_finished.wait(POLL_S)
        self.has_finished.clear()
        for key, (future, job) in list(self.open.items()):
            if future.status != "pending":
                del self.open[key]
                yield future, job

    def cancel_all(self) -> list[Job]:
        """Cancel all submitted jobs and return them."""
        jobs = [job for _, job in self.open.values()]
        # best effort: the scheduler may be the reason why the jobs are cancelled
        with suppress(Exception):
            self.cluster.client.cancel([future for future, _ in self.open.values()])
        self.open.clear()
        return jobs


def _process_finished(running: _RunningJobs, queue: JobQueue) -> None:
    """Pass the records of finished jobs to the queue, and requeue lost jobs."""
    from distributed import CancelledError, KilledWorker  # noqa: PLC0415

    for future, job in running.collect_finished():
        try:
            record = future.result(timeout=CONNECT_S)
        except KilledWorker as error:
            queue.requeue_lost(job, f"its workers were lost: {error}")
        except (CancelledError, TimeoutError, OSError):
            queue.requeue(job)
        except Exception as error:  # a worker with another environment may raise anything
            queue.requeue_lost(job, f"the worker could not run it: {type(error).__name__}: {error}")
        else:
            queue.finish(job, record)


def run_on_worker(job: Job) -> JobRecord:
    """Run a job on a Dask worker."""
    # Dask's nanny starts workers as daemons, which may not have children. Our children end when
    # the pipe to the worker breaks, so none is orphaned.
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    if isinstance(job, SceneJob) and not job.threads:
        job = replace(job, threads=_share_worker_cores())
    return run_isolated(job)


def _share_worker_cores() -> int:
    """Return the number of cores per thread of this worker.

    Other workers on the same machine are not taken into account.
    """
    from distributed import get_worker  # noqa: PLC0415

    return max(1, n_cores() // max(1, get_worker().state.nthreads))
