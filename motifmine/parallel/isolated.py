"""Jobs in processes of their own, under a watchdog.

A decoder can hang or crash, and no `try` helps against that. So every job gets a process; one that
gives no sign for too long is killed, and the others go on. Processes are forked from a server that
was started afresh and has imported what they need; where the system has no such server, each is
started afresh itself.
"""

import logging
import multiprocessing
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from motifmine.errors import MotifmineError

Job = TypeVar("Job")
Result = TypeVar("Result")
Report = Callable[[Any], None]

LOOK_EVERY_S = 0.2
TIDY_S = 5.0
"""Processes that are no longer wanted have so long to end by themselves."""

logger = logging.getLogger(__name__)
_hiding = threading.Lock()


@dataclass(frozen=True, slots=True)
class JobFailure:
    """A job that gave no result."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolatedJobs(Generic[Job, Result]):
    """Runs a function over jobs, each in its own process, several side by side."""

    function: Callable[[Job, Report], Result]
    """Called as `function(job, report)`; importable by name. `report(note)` is a sign of life."""
    workers: int
    """Processes at one time."""
    patience_s: float
    """A process that gives no sign for so long is killed, seconds."""
    preload: tuple[str, ...]
    """Names of modules that the processes will need."""

    def run(
        self, jobs: Sequence[Job], on_note: Callable[[int, Any], None]
    ) -> Iterator[tuple[int, Result | JobFailure]]:
        """Yield position and result of every job, in the order in which they end.

        Parameters
        ----------
        jobs : sequence of picklable records
        on_note : function
            Called with the position of a job and what it reported.
        """
        context = _context(self.preload)
        waiting = deque(enumerate(jobs))
        running: list[_Running] = []
        try:
            while waiting or running:
                while waiting and len(running) < self.workers:
                    running.append(_start(context, self.function, *waiting.popleft()))
                wait([job.ear for job in running], timeout=LOOK_EVERY_S)
                for job in list(running):
                    ending = job.ending(self.patience_s, on_note)
                    if ending is not None:
                        running.remove(job)
                        job.process.join()
                        yield job.index, ending
        finally:
            # a process whose caller hears no more ends by itself, with nothing half written
            for job in running:
                job.ear.close()
            for job in running:
                job.process.join(TIDY_S)
                job.process.kill()
                job.process.join()


@dataclass(slots=True)
class _Running:
    index: int
    process: BaseProcess
    ear: Connection
    last_sign_s: float

    def ending(self, patience_s: float, on_note: Callable[[int, Any], None]) -> Any:
        """Pass on the notes of a process; return its result or failure, None while it runs."""
        try:
            while self.ear.poll():
                what, content = self.ear.recv()
                self.last_sign_s = time.monotonic()
                if what == "result":
                    return content
                on_note(self.index, content)
        except (EOFError, OSError):
            self.process.join()
            return JobFailure(f"its process died ({_cause(self.process.exitcode or 0)})")
        if time.monotonic() - self.last_sign_s > patience_s:
            self.process.kill()
            return JobFailure(f"no progress for {patience_s:g} s; its process was killed")
        return None


def _cause(exit_code: int) -> str:
    if exit_code < 0:
        return signal.Signals(-exit_code).name
    return f"exit status {exit_code}"


def _context(preload: tuple[str, ...]) -> Any:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    if threading.current_thread() is not threading.main_thread():
        return context
    # a server that starts while Ctrl-C is ignored goes on ignoring it: no trace from its imports
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, handler)
    return context


def _start(context: Any, function: Callable[..., Any], index: int, job: Any) -> _Running:
    ear, mouth = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(function, job, mouth), daemon=True)
    with ctrl_c_waits(), _without_main_script():
        process.start()
    mouth.close()
    return _Running(index, process, ear, time.monotonic())


@contextmanager
def _without_main_script() -> Iterator[None]:
    """Keep a process that is started from importing the script of this one.

    What it runs is importable by name; the script of a Dask worker alone takes 0.2 s.
    """
    main = sys.modules["__main__"]
    with _hiding:
        spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
        main.__spec__, main.__file__ = None, None
        try:
            yield
        finally:
            main.__spec__, main.__file__ = spec, file


@contextmanager
def ctrl_c_waits() -> Iterator[None]:
    """Hold Ctrl-C back, where the system can, so that a process is started or not started."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(function: Callable[[Any, Report], Any], job: Any, mouth: Connection) -> None:
    """Run one job and tell how it ended; a caller that is gone ends the job."""
    # Ctrl-C reaches the whole group; it is the caller who ends its processes
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ending = function(job, lambda note: mouth.send(("note", note)))
    except BrokenPipeError:
        return
    except MotifmineError as error:
        ending = JobFailure(str(error))
    except Exception as error:
        logger.exception("a bug in motifmine")
        ending = JobFailure(f"unexpected {type(error).__name__}: {error}")
    with suppress(BrokenPipeError):
        mouth.send(("result", ending))
