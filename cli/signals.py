"""How a command ends on Ctrl-C and other signals: within two seconds, and without leftovers."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from motifmine.parallel.signals import SIGNALS

GRACE_S = 1.0  # time for a command to end by itself after a signal, seconds


@contextmanager
def end_on_signals() -> Iterator[None]:
    """End the command on SIGINT, SIGTERM and SIGHUP with status 128 + signal.

    The first signal raises `KeyboardInterrupt` or `SystemExit` in the main thread. Compiled code
    and threads that are waited for may not notice it; so a thread of its own is woken by the
    signal, too, and ends the process after `GRACE_S`, or at once when there is a second signal.
    """
    # Python lets only the main thread handle signals: elsewhere they are the caller's
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # `nohup` ignores SIGHUP, and a shell SIGINT of commands in the background
    caught = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    reader, writer = os.pipe()
    # a signal handler must never wait
    os.set_blocking(writer, False)
    threading.Thread(target=_watch, args=(reader, frozenset(caught)), daemon=True).start()
    before = {number: signal.signal(number, _raise) for number in caught}
    woken = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(woken)
        os.close(writer)
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise(number: int, _frame: FrameType | None) -> None:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


def _watch(reader: int, caught: frozenset[int]) -> None:
    """Read the numbers of signals until the command ends; runs in a thread of its own."""
    has_begun = False
    with suppress(OSError):
        while byte := os.read(reader, 1):
            if byte[0] not in caught:
                continue
            if has_begun:
                _end(byte[0])
            has_begun = True
            timer = threading.Timer(GRACE_S, _end, (byte[0],))
            timer.daemon = True
            timer.start()
        os.close(reader)


def _end(number: int) -> None:
    """End the process now; children notice that their parent is gone and end, too."""
    from motifmine.parallel.scratch import remove_own

    remove_own()
    with suppress(OSError):
        os.write(2, b"interrupted\n")
    # not `sys.exit`, which waits for threads in compiled code
    os._exit(128 + number)
