"""Parallel work, with results in a fixed order."""

import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_share: list[int] = []


def limit_threads(n_threads: int) -> None:
    """Limit the number of threads that fits in this process use from now on.

    For processes that share a machine; results do not depend on it.
    """
    _share[:] = [max(1, n_threads)]


def most_threads() -> int:
    """Return the number of threads for a fit in this process: all cores, or the limit."""
    return _share[0] if _share else n_cores()


class Submitted(Protocol):
    """A call that is computed elsewhere."""

    def result(self) -> Any:
        """Return what the call returned."""


def submit_ahead(
    submit: Callable[[Item], Submitted], n_pending: int, items: Iterable[Item]
) -> Iterator[Any]:
    """Yield results in the order of the items, with at most `n_pending` submitted at a time.

    Items are read in the calling thread, which with the pending results limits memory.
    """
    pending: deque[Submitted] = deque()
    for item in items:
        if len(pending) >= n_pending:
            yield pending.popleft().result()
        pending.append(submit(item))
    while pending:
        yield pending.popleft().result()


def map_ordered(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """Yield `function(item)` in the order of `items`, computed ahead by threads."""
    if threads <= 1:  # on a single core a second thread has no benefit
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from submit_ahead(lambda item: pool.submit(function, item), 2 * threads, items)


def run_in_order(
    n_items: int,
    n_threads: int,
    work: Callable[[int, int], Result],
    deliver: Callable[[int, int, Result], None],
) -> None:
    """Run `work` on threads and `deliver` its results, one at a time in the order of the items.

    A worker delivers its item before it takes the next one, so that at most `n_threads` results
    are in memory, and sums have the same bytes with any number of threads.

    Parameters
    ----------
    work : callable (item, worker) -> result
        Called in parallel; should release the GIL.
    deliver : callable (item, worker, result)

    Raises
    ------
    Exception
        The first one that `work` or `deliver` raised.
    """
    if n_threads <= 1:
        for item in range(n_items):
            deliver(item, 0, work(item, 0))
        return
    turn = threading.Condition()
    items = itertools.count()
    n_delivered, has_failed = 0, False

    def loop(worker: int) -> None:
        nonlocal n_delivered, has_failed
        try:
            while (item := next(items)) < n_items:
                result = work(item, worker)
                with turn:
                    while n_delivered != item and not has_failed:
                        turn.wait()
                    if has_failed:
                        return
                deliver(item, worker, result)
                with turn:
                    n_delivered += 1
                    turn.notify_all()
        except BaseException:
            with turn:
                has_failed = True
                turn.notify_all()
            raise

    with ThreadPoolExecutor(n_threads) as pool:
        for future in [pool.submit(loop, worker) for worker in range(n_threads)]:
            future.result()


def n_cores() -> int:
    """Return the number of cores available to this process (its CPU affinity)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
