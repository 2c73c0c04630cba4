"""Jobs in child processes with a watchdog.

A decoder can hang or crash, which no `try` can handle. So every job runs in its own process; one
that reports no progress for too long is killed, and the others continue. Processes are forked from
a fork server that has imported the necessary modules; where there is no fork server, they are
spawned.
"""

import logging
import multiprocessing
import os
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

from motifmine.errors import FormatError, MemoryLimitError, MotifmineError, describe_error
from motifmine.parallel.parent import end_with_parent
from motifmine.parallel.signals import delay_interrupt

Job = TypeVar("Job")
Result = TypeVar("Result")
Report = Callable[[Any], None]

POLL_S = 0.2
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, signal.SIGBUS)
# time for cancelled processes to end by themselves before they are killed, seconds
SHUTDOWN_S = 5.0

logger = logging.getLogger(__name__)
_main_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class JobFailure:
    """A job without a result."""

    reason: str
    error: type[MotifmineError] = FormatError
    """What the job raised; that of a damaged file where its process died or hung."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolatedJobs(Generic[Job, Result]):
    """Run a function over jobs, each in its own process, several in parallel."""

    function: Callable[[Job, Report], Result]
    """Called as `function(job, report)`; importable by name. `report(note)` signals progress."""
    workers: int
    """Number of parallel processes."""
    patience_s: float
    """A process that reports no progress for this time is killed, seconds."""
    preload: tuple[str, ...]
    """Names of modules that the fork server imports."""

    def run(
        self, jobs: Sequence[Job], on_note: Callable[[int, Any], None]
    ) -> Iterator[tuple[int, Result | JobFailure]]:
        """Yield index and result of every job, in the order in which they finish."""
        context = _make_context(self.preload)
        waiting = deque(enumerate(jobs))
        running: list[_Running] = []
        try:
            while waiting or running:
                while waiting and len(running) < self.workers:
                    running.append(_start(context, self.function, *waiting.popleft()))
                wait([job.receiver for job in running], timeout=POLL_S)
                for job in list(running):
                    for outcome in job.outcome(self.patience_s, on_note):
                        running.remove(job)
                        job.process.join()
                        yield job.index, outcome
        finally:
            # a process whose pipe is closed ends at its next report, and leaves no partial file
            for job in running:
                job.receiver.close()
            for job in running:
                job.process.join(SHUTDOWN_S)
                job.process.kill()
                job.process.join()


@dataclass(slots=True)
class _Running:
    index: int
    process: BaseProcess
    receiver: Connection
    last_sign_s: float

    def outcome(self, patience_s: float, on_note: Callable[[int, Any], None]) -> list[Any]:
        """Forward the notes of a process; return its result or failure, nothing while it runs."""
        try:
            while self.receiver.poll():
                what, content = self.receiver.recv()
                self.last_sign_s = time.monotonic()
                if what == "result":
                    return [content]
                on_note(self.index, content)
        except (EOFError, OSError):
            self.process.join()
            return [JobFailure(_describe_exit(self.process.exitcode or 0))]
        if time.monotonic() - self.last_sign_s > patience_s:
            self.process.kill()
            return [JobFailure(f"no progress for {patience_s:g} s; its process was killed")]
        return []


def _describe_exit(exit_code: int) -> str:
    """Return why a process ended without a result; crashes of decoders are those of the file."""
    if -exit_code in CRASHES:
        name = signal.Signals(-exit_code).name
        return f"the file is damaged: the library that reads it crashed ({name})"
    if exit_code < 0:
        return f"its process died ({signal.Signals(-exit_code).name}), possibly for want of memory"
    return f"its process died (exit status {exit_code})"


def _make_context(preload: tuple[str, ...]) -> Any:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    if threading.current_thread() is not threading.main_thread():
        return context
    # the fork server inherits the ignored signal; otherwise Ctrl-C would print its traceback
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    # it is started by `python -c`, which would import what lies in the current folder first: files
    # of others, named as a package is
    was_safe = "PYTHONSAFEPATH" in os.environ
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, handler)
        if not was_safe:
            del os.environ["PYTHONSAFEPATH"]
    return context


def _start(context: Any, function: Callable[..., Any], index: int, job: Any) -> _Running:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run_in_child, args=(function, job, sender), daemon=True)
    with delay_interrupt(), _without_main_script():
        process.start()
    sender.close()
    return _Running(index, process, receiver, time.monotonic())


@contextmanager
def _without_main_script() -> Iterator[None]:
    """Keep a child process from importing the main script.

    Jobs are importable by name, and importing the script of a Dask worker takes 0.2 s. Changes
    attributes of `__main__` while a process is started, under a lock.
    """
    main = sys.modules["__main__"]
    with _main_lock:
        spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
        main.__spec__, main.__file__ = None, None
        try:
            yield
        finally:
            main.__spec__, main.__file__ = spec, file


def _forbid_core_files() -> None:
    """Keep a decoder that crashes from writing its memory to the disk."""
    try:
        import resource  # noqa: PLC0415  (not on Windows)
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _run_in_child(function: Callable[[Any, Report], Any], job: Any, sender: Connection) -> None:
    """Run one job and send its result; end quietly if the parent process is gone."""
    # Ctrl-C is sent to the whole process group; the parent ends its children itself
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    _forbid_core_files()
    try:
        outcome = function(job, lambda note: sender.send(("note", note)))
    except BrokenPipeError:
        return
    except MotifmineError as error:
        outcome = JobFailure(str(error), type(error))
    # of the disk, or of a file that is gone
    except OSError as error:
        outcome = JobFailure(describe_error(error))
    except MemoryError:
        outcome = JobFailure("it needs more memory than there is", MemoryLimitError)
    except Exception as error:
        logger.exception("a bug in motifmine")
        outcome = JobFailure(f"unexpected {type(error).__name__}: {error}")
    with suppress(BrokenPipeError):
        sender.send(("result", outcome))
