"""Mappers: functions called like `map` that run on processes or on a Dask cluster."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, TypeVar

from motifmine.errors import FitError
from motifmine.parallel.parent import end_with_parent
from motifmine.parallel.signals import delay_interrupt
from motifmine.parallel.threads import submit_ahead

Result = TypeVar("Result")
# items submitted per worker: one that runs and one that waits, to limit memory
PENDING_PER_WORKER = 2

# called like the built-in `map`; results may come in any order
Mapper = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]


def sort_results(results: Iterable[tuple[int, Result]]) -> Iterator[Result]:
    """Yield numbered results in the order of their numbers 0, 1, 2..."""
    early: dict[int, Result] = {}
    turn = 0
    for number, result in results:
        early[number] = result
        while turn in early:
            yield early.pop(turn)
            turn += 1


@contextmanager
def open_process_mapper(n_workers: int) -> Iterator[Mapper]:
    """Yield a mapper over local processes; for one process the built-in `map`.

    Raises `FitError` if a process was killed, for example because of lack of memory.
    """
    if n_workers <= 1:
        yield map
        return
    pool = ProcessPoolExecutor(
        n_workers, mp_context=get_context("spawn"), initializer=_begin_worker
    )
    with pool:

        def submit(function: Callable[[Any], Any], item: Any) -> Any:
            # it starts the processes that are missing
            with delay_interrupt():
                return pool.submit(function, item)

        def mapper(function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
            return submit_ahead(
                lambda item: submit(function, item), PENDING_PER_WORKER * n_workers, items
            )

        try:
            yield mapper
        except BrokenProcessPool as error:
            raise FitError(
                "a worker process was killed, possibly because of lack of memory; use fewer "
                "workers, or smaller batches"
            ) from error


def _begin_worker() -> None:
    # Ctrl-C is sent to the whole process group; the command ends its workers itself
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def make_client_mapper(client: Any) -> Mapper:
    """Return a mapper over the workers of a Dask client.

    All workers must see the same files under the same paths.
    """

    def mapper(function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        # the function carries large arrays (motifs): send it once per worker, not with every item
        there = client.scatter(function, broadcast=True, hash=False)
        n_pending = PENDING_PER_WORKER * max(1, sum(client.nthreads().values()))
        return submit_ahead(
            lambda item: client.submit(_call, there, item, pure=False), n_pending, items
        )

    return mapper


def _call(function: Callable[[Any], Any], item: Any) -> Any:
    return function(item)


def count_threads_per_worker(n_workers: int) -> int:
    """Return the number of threads for each of `n_workers` processes on this machine."""
    return max(1, (os.cpu_count() or 1) // max(1, n_workers))
