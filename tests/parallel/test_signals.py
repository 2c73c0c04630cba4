"""Signals that come while a process is started."""

import os
import signal
import threading
import time

import pytest

from motifmine.parallel.signals import SIGNALS, delay_interrupt


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_waits_until_a_process_has_started(number: int) -> None:
    class Ended(BaseException):
        pass

    def end(*_: object) -> None:
        raise Ended

    # another thread, which takes the signals that the main thread has blocked
    leave = threading.Event()
    other = threading.Thread(target=leave.wait)
    other.start()
    before = signal.signal(number, end)
    steps = []
    try:
        with pytest.raises(Ended), delay_interrupt():
            os.kill(os.getpid(), number)
            time.sleep(0.05)
            steps.append("started")
        assert signal.getsignal(number) is end
    finally:
        signal.signal(number, before)
        leave.set()
        other.join()
    assert steps == ["started"]


def test_signals_that_are_ignored_stay_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with delay_interrupt():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
