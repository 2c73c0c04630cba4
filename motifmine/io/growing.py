"""Files and pipes that are being written: reading waits for more, until it is stopped."""

import os
import select
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from motifmine.errors import DataError, FormatError
from motifmine.io.regular import refuse_special_file

POLL_S = 0.1
# text that is read at a time: rows before a bad one are decided if they came earlier
TEXT_BYTES = 1 << 14


class Stopped(Exception):
    """Reading was ended from outside; what was read last may be incomplete."""


class GrowingFile:
    """Reads a file, or standard input, to its end, waits, and reads on.

    Parameters
    ----------
    path : Path or None
        None: standard input, whose end is that of the pipe.
    stop : Event
        Ends reading by `Stopped`.
    idle_s : float
        A file that did not grow for this time is complete, seconds.
    on_wait : callable
        Called before it waits.
    """

    def __init__(
        self,
        path: Path | None,
        stop: threading.Event,
        idle_s: float,
        on_wait: Callable[[], None],
    ) -> None:
        self.name = "standard input" if path is None else str(path)
        self.path, self.stop, self.idle_s, self.on_wait = path, stop, idle_s, on_wait
        self.n_bytes = 0
        if path is None:
            self.descriptor = sys.stdin.fileno()
            return
        refuse_special_file(path)
        try:
            self.descriptor = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise FormatError(f"{path} cannot be read: {error.strerror}") from error

    def read(self, n_bytes: int = -1) -> bytes:
        """Return what there is, at least one byte; none at the end.

        Raises
        ------
        Stopped
        DataError
            When the file became shorter, or another one has its name.
        """
        n_bytes = 1 << 20 if n_bytes < 0 else n_bytes
        last = time.monotonic()
        while not self.stop.is_set():
            if self.path is None and not select.select([self.descriptor], [], [], 0)[0]:
                self.on_wait()
                select.select([self.descriptor], [], [], POLL_S)
                continue
            block = os.read(self.descriptor, n_bytes)
            self.n_bytes += len(block)
            if block or self.path is None:
                return block
            self._refuse_replaced(self.path)
            if time.monotonic() - last >= self.idle_s:
                return b""
            self.on_wait()
            self.stop.wait(POLL_S)
        raise Stopped

    def read_lines(self, n_lines: int) -> bytes:
        """Return the first lines, at least `n_lines` of them, or all there are before the end."""
        head = b""
        while head.count(b"\n") < n_lines and (block := self.read()):
            head += block
        return head

    def _refuse_replaced(self, path: Path) -> None:
        try:
            there = path.stat()
        except OSError as error:
            raise DataError(f"{path} is gone: {error.strerror}; what was decided stays") from error
        mine = os.fstat(self.descriptor)
        if (there.st_ino, there.st_dev) != (mine.st_ino, mine.st_dev):
            raise DataError(f"{path} was replaced while it was read; what was decided stays")
        if there.st_size < self.n_bytes:
            raise DataError(
                f"{path} was cut from {self.n_bytes} to {there.st_size} bytes while it was read; "
                "what was decided stays"
            )


class Prefixed:
    """A file with some bytes before it, which were read for a look."""

    def __init__(self, head: bytes, file: GrowingFile) -> None:
        self.head, self.file = head, file

    def read(self, n_bytes: int = -1) -> bytes:
        """Return bytes as `GrowingFile.read` does."""
        if not self.head:
            return self.file.read(TEXT_BYTES)
        n_bytes = TEXT_BYTES if n_bytes < 0 else min(n_bytes, TEXT_BYTES)
        block, self.head = self.head[:n_bytes], self.head[n_bytes:]
        return block
