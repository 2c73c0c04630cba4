"""Work shared out to processes or to a Dask cluster, as something that is called like `map`."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

from motifmine.errors import FitError

Result = TypeVar("Result")
OPEN_PER_WORKER = 2
"""Items given to a worker at a time: one in hand and one waiting, no more, to hold the memory."""

Mapper = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]
"""Called like the built-in `map`, which is one; results may come in any order."""


class _Future(Protocol):
    def result(self) -> Any:
        """Return what the call returned."""


def in_order(results: Iterable[tuple[int, Result]]) -> Iterator[Result]:
    """Give results by their numbers 0, 1, 2..., in whatever order they come."""
    early: dict[int, Result] = {}
    turn = 0
    for number, result in results:
        early[number] = result
        while turn in early:
            yield early.pop(turn)
            turn += 1


@contextmanager
def on_processes(n_workers: int) -> Iterator[Mapper]:
    """Give a mapper over so many processes of this machine; the built-in `map` for one.

    Raises
    ------
    FitError
        When a process was ended from outside, for want of memory perhaps.
    """
    if n_workers <= 1:
        yield map
        return
    with ProcessPoolExecutor(n_workers, mp_context=get_context("spawn")) as pool:

        def mapper(function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
            return _windowed(
                lambda item: pool.submit(function, item), OPEN_PER_WORKER * n_workers, items
            )

        try:
            yield mapper
        except BrokenProcessPool as error:
            raise FitError(
                "a worker process was ended from outside, for want of memory perhaps; use fewer "
                "workers, or smaller batches"
            ) from error


def over_client(client: Any) -> Mapper:
    """Return a mapper over the workers of a Dask client.

    They must see the same files under the same names.
    """

    def mapper(function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        # what the function carries, motifs mostly, travels once to a worker and not with every item
        there = client.scatter(function, broadcast=True, hash=False)
        n_open = OPEN_PER_WORKER * max(1, sum(client.nthreads().values()))
        return _windowed(
            lambda item: client.submit(_called, there, item, pure=False), n_open, items
        )

    return mapper


def _called(function: Callable[[Any], Any], item: Any) -> Any:
    return function(item)


def _windowed(submit: Callable[[Any], _Future], n_open: int, items: Sequence[Any]) -> Iterator[Any]:
    """Give results in the order of the items, no more than `n_open` of them under way."""
    under_way: deque[_Future] = deque()
    for item in items:
        if len(under_way) >= n_open:
            yield under_way.popleft().result()
        under_way.append(submit(item))
    while under_way:
        yield under_way.popleft().result()


def threads_per_worker(n_workers: int) -> int:
    """Return how many threads each of so many processes of this machine shall use."""
    return max(1, (os.cpu_count() or 1) // max(1, n_workers))
