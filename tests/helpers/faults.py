"""Commands in forked processes that are killed, or whose disk fails, at a change of a file.

The parent has imported everything and loaded the compiled kernels, so a command costs little more
than its own work, and a thousand kills some minutes.
"""

import atexit
import errno
import multiprocessing.util
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motifmine.parallel import scratch
from tests.helpers.commands import load_command, processes_of_session, wait_for

CHANGES = ("fsync", "link", "mkdir", "rename", "replace", "rmdir", "unlink", "utime")
"""Functions of `os` that change files; `Path.write_bytes` and `write_text` count, too."""
SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
TIMEOUT_S = 120.0
CHILDREN_END_S = 20.0  # 5 on an idle machine


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    status: int
    """Exit status; that of a signal is negative, as `subprocess` has it."""
    error: str
    """What it wrote to stderr."""
    seconds: float


@dataclass(slots=True)
class Disk:
    """Counts the changes of files, and lets the n-th one fail or kills the process."""

    nth: int = 0
    """0: none."""
    fault: int = 0
    """Number of the error, 0: the process is killed."""
    n_bytes: int | None = None
    """Largest file, bytes: a limit of the system, as a quota has it. None: any."""
    count: int = 0

    def change(self) -> None:
        """Count one change of a file."""
        self.count += 1
        if self.count == self.nth:
            if not self.fault:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(self.fault, os.strerror(self.fault))

    def install(self) -> None:
        """Observe all changes that this process makes from now on."""
        for name in CHANGES:
            setattr(os, name, self._counted(getattr(os, name)))
        for name in ("write_bytes", "write_text"):
            setattr(Path, name, self._halved(getattr(Path, name)))
        if self.n_bytes is not None:
            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.n_bytes, hard))

    def _counted(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            self.change()
            return real(*arguments, **more)

        return call

    def _halved(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Return a method of `Path` that writes one half before it is disturbed."""

        def write(path: Path, data: Any, *arguments: Any, **more: Any) -> Any:
            if self.count + 1 == self.nth:
                real(path, data[: len(data) // 2], *arguments, **more)
            self.change()
            return real(path, data, *arguments, **more)

        return write


@dataclass(frozen=True, slots=True)
class Blow:
    """A signal to a command while it runs."""

    number: int
    after_s: float
    whom: str = "group"
    """Or "parent", or "child": any one process that it started."""

    def strike(self, pid: int) -> None:
        """Send it, to nobody when that has ended."""
        with suppress(ProcessLookupError):
            match self.whom:
                case "group":
                    os.killpg(pid, self.number)
                case "parent":
                    os.kill(pid, self.number)
                case _:
                    for child in [p for p in processes_of_session(pid) if p != pid][-1:]:
                        os.kill(child, self.number)


class Forked:
    """A command in a forked process.

    Parameters
    ----------
    arguments : tuple of str
    folder, temporary : Path
        Where it runs, and the system's folder for temporary files.
    disk : Disk or None
    """

    def __init__(
        self, arguments: tuple[str, ...], folder: Path, temporary: Path, disk: Disk | None = None
    ) -> None:
        self.arguments = arguments
        self.error, self.changes = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
        self.began = time.monotonic()
        # a signal that comes while the child still is a copy of this process waits
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        self.pid = os.fork()
        if self.pid == 0:
            _be_command(arguments, folder, temporary, disk or Disk(), self.error, self.changes)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def wait(self, blow: Blow | None = None) -> tuple[Ended, int]:
        """Return how it ended and its changes of files; `blow` strikes it unless it ends before."""
        status = _wait(self.pid, self.began + blow.after_s) if blow else None
        if status is None:
            if blow:
                blow.strike(self.pid)
            status = _wait(self.pid, time.monotonic() + TIMEOUT_S)
        if status is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            raise AssertionError(f"{self.arguments} did not end, {blow}")
        seconds = time.monotonic() - self.began
        try:
            wait_for(lambda: not processes_of_session(self.pid), CHILDREN_END_S)
        except TimeoutError:
            raise AssertionError(f"{self.arguments}: children did not end, {blow}") from None
        with self.error as error, self.changes as changes:
            error.seek(0)
            changes.seek(0)
            return Ended(status, error.read().decode(), seconds), int(changes.read() or 0)


def run_forked(
    arguments: tuple[str, ...],
    folder: Path,
    temporary: Path,
    disk: Disk | None = None,
    blow: Blow | None = None,
) -> tuple[Ended, int]:
    """Run `motifmine ARGUMENTS...`, see `Forked`."""
    return Forked(arguments, folder, temporary, disk).wait(blow)


def _wait(pid: int, until: float) -> int | None:
    """Wait for a process; return its status, None when it has not ended in time."""
    while time.monotonic() < until:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    return None


def _be_command(
    arguments: tuple[str, ...], folder: Path, temporary: Path, disk: Disk, error: Any, changes: Any
) -> None:
    """Be a process of its own that runs a command; never returns."""
    status = 1
    try:
        # a group of its own once it can be signalled
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        os.dup2(error.fileno(), 2)
        sys.stdout, sys.stderr = (open(n, "w", closefd=False) for n in (1, 2))  # noqa: SIM115
        # nothing of the parent: neither what it registered nor what it has swept
        atexit._clear()
        atexit.register(multiprocessing.util._exit_function)  # type: ignore[attr-defined]
        scratch._swept.clear()
        scratch._own.clear()
        os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
        os.chdir(folder)
        sys.argv = ["motifmine", *arguments]
        disk.install()
        # as a new process has it, until the command listens
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        load_command()()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
            atexit._run_exitfuncs()
            os.write(changes.fileno(), str(disk.count).encode())
        os._exit(status)


FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
