"""Child processes end with their parent, however it ended."""

import multiprocessing
import os
import signal
import threading
from contextlib import suppress
from multiprocessing.connection import wait
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def end_with_parent() -> None:
    """Make this child process end as soon as its parent is gone.

    The parent holds one end of a pipe, which the system closes even when it is killed. On Linux
    the system then kills this process, whatever compiled code it is in; elsewhere a thread ends it
    when Python code runs next.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    pipe = int(parent.sentinel)
    try:
        fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(pipe, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    except (AttributeError, OSError):
        threading.Thread(target=_wait_for_end, args=(pipe,), daemon=True).start()
    # it may have ended before
    if wait([pipe], timeout=0):
        os._exit(1)


def _wait_for_end(pipe: int) -> None:
    with suppress(OSError):
        wait([pipe])
    os._exit(1)


def dask_setup(_worker: Any) -> None:
    """Do so in a worker of a local Dask cluster, which loads this module first."""
    end_with_parent()
