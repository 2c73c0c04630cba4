"""Signals that end a command, and when they must wait."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


@contextmanager
def delay_interrupt() -> Iterator[None]:
    """Delay what SIGINT, SIGTERM and SIGHUP do in this thread while a process is started.

    A process whose start is interrupted would read half of its job and print a traceback. SIGINT
    is also blocked, where the system can, for a spawned process to inherit: only the command
    handles Ctrl-C. Blocking alone does not suffice, since the system hands a signal to any thread
    that has not blocked it.
    """
    late: list[tuple[int, FrameType | None]] = []
    handlers: dict[int, Any] = {}
    # Python runs handlers in the main thread only
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            if callable(signal.getsignal(number)):
                handlers[number] = signal.signal(number, lambda *caught: late.append(caught))
    before = set()
    if hasattr(signal, "pthread_sigmask"):
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number, frame in late[:1]:
            handlers[number](number, frame)
