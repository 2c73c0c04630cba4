"""A limit of time for a fit: what learns ends early, and its best so far is the result.

Loops that learn ask `is_time_up` after each iteration, so that every model has something to give.
The limit is that of the process, as threads of one fit share it.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

_end = math.inf


@contextmanager
def limited_to(seconds: float) -> Iterator[None]:
    """Let what learns in the body end after some seconds, or when a limit outside ends."""
    global _end  # noqa: PLW0603 (one limit a process)
    before = _end
    # a limit inside another cannot extend it
    _end = min(before, time.perf_counter() + seconds)
    try:
        yield
    finally:
        _end = before


@contextmanager
def limited_to_share(share: float) -> Iterator[None]:
    """Give what learns in the body a share of the time that is left; without a limit, all of it."""
    with limited_to(share * (_end - time.perf_counter())):
        yield


def is_time_up() -> bool:
    """Return whether what learns has to end."""
    return time.perf_counter() >= _end
