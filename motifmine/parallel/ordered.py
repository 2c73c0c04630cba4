"""A function over many items in threads, with the results in the order of the items."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

In = TypeVar("In")
Out = TypeVar("Out")


def map_ordered(function: Callable[[In], Out], items: Iterable[In], threads: int) -> Iterator[Out]:
    """Yield `function(item)` in the order of `items`, computed ahead by threads.

    Items are read in the calling thread. At most twice as many results as threads are pending,
    which limits memory.
    """
    waiting: deque[Future[Any]] = deque()
    if threads <= 1:  # on a single core a second thread has no benefit
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
