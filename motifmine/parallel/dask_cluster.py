"""Dask clusters: local worker processes, or a running scheduler."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from motifmine.errors import JobError
from motifmine.parallel.mappers import Mapper, make_client_mapper, open_process_mapper
from motifmine.parallel.signals import delay_interrupt
from motifmine.parallel.threads import n_cores
from motifmine.validation import require_package

# what needs Dask, and what installs it
NEEDS_DASK = ("work on several processes or machines", "motifmine[archive]")

POLL_S = 0.5
COUNT_EVERY_S = 5.0
CONNECT_S = 10.0
# timeout of the first connection, seconds: the scheduler may just be starting
FIRST_CONNECT_S = 30.0
SCHEDULER_PATIENCE_S = 600.0  # timeout of reconnecting to a lost scheduler, seconds
ALLOWED_FAILURES = 10  # workers that may die with a job before Dask reports the job as failed


@dataclass(slots=True, kw_only=True)
class Cluster:
    """A connection to a Dask scheduler that can be re-established."""

    address: str
    client: Any
    on_message: Callable[[str], None]
    _counted_s: float = -COUNT_EVERY_S
    _n_threads: int = 0

    @property
    def is_up(self) -> bool:
        """Whether the scheduler can be reached."""
        return bool(self.client.status == "running")

    def n_threads(self) -> int:
        """Return the number of threads of all workers, updated every `COUNT_EVERY_S` seconds."""
        if time.monotonic() - self._counted_s > COUNT_EVERY_S:
            with suppress(OSError, TimeoutError, ValueError):
                self._n_threads = sum(self.client.nthreads().values())
                self._counted_s = time.monotonic()
        return self._n_threads

    def reconnect(self) -> None:
        """Wait until the scheduler can be reached again.

        Raises `JobError` if it cannot be reached within `SCHEDULER_PATIENCE_S` seconds.
        """
        from distributed import Client  # noqa: PLC0415  (the one door to Dask)

        self.on_message(f"connection to the scheduler {self.address} lost; reconnecting")
        began = time.monotonic()
        with suppress(Exception):
            self.client.close(timeout=1)
        while time.monotonic() - began < SCHEDULER_PATIENCE_S:
            try:
                self.client = Client(self.address, timeout=CONNECT_S, set_as_default=False)
            except (OSError, TimeoutError):
                time.sleep(POLL_S)
            else:
                self._counted_s = -COUNT_EVERY_S
                self.on_message(f"reconnected to the scheduler {self.address}")
                return
        raise JobError(
            f"the scheduler {self.address} could not be reached for {SCHEDULER_PATIENCE_S:g} s; "
            "start it, and run the same command again"
        )


@contextmanager
def local_cluster(workers: int | None, on_message: Callable[[str], None]) -> Iterator[Cluster]:
    """Start worker processes on this machine, which end with the caller, even if it is killed."""
    dask = require_package("dask", *NEEDS_DASK)
    distributed = require_package("distributed", *NEEDS_DASK)
    settings = {
        "distributed.scheduler.allowed-failures": ALLOWED_FAILURES,
        # jobs run in child processes, whose memory Dask does not measure
        "distributed.worker.memory.terminate": False,
        "distributed.admin.large-graph-warning-threshold": "1GiB",
    }
    with dask.config.set(settings), ExitStack() as stack:
        # workers and their replacements inherit the blocked signal: only the command handles Ctrl-C
        with delay_interrupt():
            cluster = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=workers or n_cores(),
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address="127.0.0.1:0",
                    memory_limit=0,
                    silence_logs=logging.CRITICAL,
                    preload=["motifmine.parallel.parent"],
                )
            )
        client = stack.enter_context(distributed.Client(cluster, set_as_default=False))
        yield Cluster(address=cluster.scheduler_address, client=client, on_message=on_message)


@contextmanager
def remote_cluster(scheduler: str, on_message: Callable[[str], None]) -> Iterator[Cluster]:
    """Connect to a running scheduler, which keeps running afterwards.

    Raises `JobError` if there is no scheduler at this address.
    """
    distributed = require_package("distributed", *NEEDS_DASK)
    try:
        client = distributed.Client(scheduler, timeout=FIRST_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise JobError(
            f"no Dask scheduler answers at {scheduler} ({error}); start one with 'dask scheduler', "
            "or leave --scheduler out"
        ) from error
    cluster = Cluster(address=scheduler, client=client, on_message=on_message)
    try:
        yield cluster
    finally:
        with suppress(Exception):
            cluster.client.close(timeout=5)


@contextmanager
def open_mapper(
    workers: int, scheduler: str | None, on_message: Callable[[str], None] | None = None
) -> Iterator[Mapper]:
    """Yield a mapper over local processes, or over the workers of a Dask scheduler."""
    if scheduler is None:
        with open_process_mapper(workers) as mapper:
            yield mapper
    else:
        with remote_cluster(scheduler, on_message or (lambda _: None)) as cluster:
            yield make_client_mapper(cluster.client)
