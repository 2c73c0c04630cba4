"""Dask clusters: worker processes of this machine, or a scheduler that runs elsewhere."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from motifmine.errors import JobError
from motifmine.parallel.isolated import ctrl_c_waits
from motifmine.parallel.mappers import Mapper, on_processes, over_client
from motifmine.parallel.threads import n_cores

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


@contextmanager
def open_mapper(
    workers: int, scheduler: str | None, on_message: Callable[[str], None] | None = None
) -> Iterator[Mapper]:
    """Give a mapper over processes of this machine, or over the workers of a Dask scheduler."""
    if scheduler is None:
        with on_processes(workers) as mapper:
            yield mapper
    else:
        with remote_cluster(scheduler, on_message or (lambda _: None)) as cluster:
            yield over_client(cluster.client)
