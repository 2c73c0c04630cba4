"""Jobs on Dask: a local cluster of worker processes, or one that runs elsewhere.

The only module that imports Dask. Dask moves jobs and small records; the work itself happens in
processes of its own (`work.run_isolated`), so a decoder that crashes costs no worker.
"""

import itertools
import logging
import multiprocessing
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from motifmine.archive.jobs import Job, SceneJob, run_isolated
from motifmine.archive.journal import JobRecord
from motifmine.archive.queue import Agenda
from motifmine.errors import JobError
from motifmine.features.video.extract import n_cores
from motifmine.parallel.isolated import ctrl_c_waits

PER_THREAD = 3
"""Jobs that are handed to Dask for every thread of the cluster; the rest wait with us."""
LOOK_EVERY_S = 0.5
COUNT_EVERY_S = 5.0
CONNECT_S = 10.0
FIRST_CONNECT_S = 30.0
"""A scheduler that may just be starting is waited for so long."""
SCHEDULER_PATIENCE_S = 600.0
"""A scheduler that does not come back for so long is given up."""
ALLOWED_FAILURES = 10
"""Workers that a job may lose before Dask gives it back to us."""


@dataclass(slots=True, kw_only=True)
class Cluster:
    """A connection to a Dask scheduler that outlives its losses."""

    address: str
    client: Any
    on_step: Callable[[str], None]
    _counted_s: float = -COUNT_EVERY_S
    _n_threads: int = 0

    @property
    def is_up(self) -> bool:
        """Whether the scheduler can be reached."""
        return bool(self.client.status == "running")

    def n_threads(self) -> int:
        """Return the threads of all workers, counted every few seconds."""
        if time.monotonic() - self._counted_s > COUNT_EVERY_S:
            with suppress(OSError, TimeoutError, ValueError):
                self._n_threads = sum(self.client.nthreads().values())
                self._counted_s = time.monotonic()
        return self._n_threads

    def reconnect(self) -> None:
        """Wait for the scheduler to come back.

        Raises
        ------
        JobError
            When it does not.
        """
        from distributed import Client  # noqa: PLC0415  (the one door to Dask)

        self.on_step(f"the scheduler {self.address} is lost; waiting for it to come back")
        began = time.monotonic()
        with suppress(Exception):
            self.client.close(timeout=1)
        while time.monotonic() - began < SCHEDULER_PATIENCE_S:
            try:
                self.client = Client(self.address, timeout=CONNECT_S, set_as_default=False)
            except (OSError, TimeoutError):
                time.sleep(LOOK_EVERY_S)
            else:
                self._counted_s = -COUNT_EVERY_S
                self.on_step(f"the scheduler {self.address} is back")
                return
        raise JobError(
            f"the scheduler {self.address} did not come back within {SCHEDULER_PATIENCE_S:g} s; "
            "start it, and run the same line again"
        )


@contextmanager
def local_cluster(workers: int | None, on_step: Callable[[str], None]) -> Iterator[Cluster]:
    """Start worker processes on this machine; they end with the caller, however it ends.

    Parameters
    ----------
    workers : int or None
        None takes the number of cores.
    """
    import dask  # noqa: PLC0415
    from distributed import Client, LocalCluster  # noqa: PLC0415

    settings = {
        "distributed.scheduler.allowed-failures": ALLOWED_FAILURES,
        # the work is done by processes that Dask does not know: it has no memory to watch
        "distributed.worker.memory.terminate": False,
        "distributed.admin.large-graph-warning-threshold": "1GiB",
    }
    with dask.config.set(settings), ExitStack() as stack:
        # the workers, and those that replace lost ones, never see Ctrl-C: the command ends them
        with ctrl_c_waits():
            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=workers or n_cores(),
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address="127.0.0.1:0",
                    memory_limit=0,
                    silence_logs=logging.CRITICAL,
                )
            )
        client = stack.enter_context(Client(cluster, set_as_default=False))
        yield Cluster(address=cluster.scheduler_address, client=client, on_step=on_step)


@contextmanager
def remote_cluster(scheduler: str, on_step: Callable[[str], None]) -> Iterator[Cluster]:
    """Connect to a scheduler that runs elsewhere; it is left running.

    Raises
    ------
    JobError
        When there is none.
    """
    from distributed import Client  # noqa: PLC0415

    try:
        client = Client(scheduler, timeout=FIRST_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise JobError(
            f"no Dask scheduler answers at {scheduler} ({error}); start one with 'dask scheduler', "
            "or leave --scheduler out"
        ) from error
    cluster = Cluster(address=scheduler, client=client, on_step=on_step)
    try:
        yield cluster
    finally:
        with suppress(Exception):
            cluster.client.close(timeout=5)


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
