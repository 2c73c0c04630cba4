"""Lines on standard output, each once: also when a run is killed and another goes on."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(slots=True, kw_only=True)
class Position:
    """How far the output is, as it is in a state."""

    n_lines: int = 0
    """Lines so far; each has its number, from 1."""
    n_bytes: int = 0
    """Size of a file that lines are appended to."""
    device: int = -1
    inode: int = -1


class Lines:
    """Writes lines to a stream; those that a killed run wrote last are not repeated in a file.

    Parameters
    ----------
    stream : binary file
    position : Position
        Where the last saved state was.
    """

    def __init__(self, stream: BinaryIO, position: Position) -> None:
        self.stream, self.position = stream, position
        self.ahead = b""
        """What is in the file already, behind the position."""
        try:
            there = os.fstat(stream.fileno())
        except OSError:
            return
        if not stat.S_ISREG(there.st_mode):
            return
        if (there.st_dev, there.st_ino) == (position.device, position.inode):
            self.ahead = self._read_from(position.n_bytes)
        position.n_bytes = there.st_size - len(self.ahead)
        position.device, position.inode = there.st_dev, there.st_ino

    def write(self, line: str) -> None:
        """Write a line, unless it is there."""
        content = f"{line}\n".encode()
        self.position.n_lines += 1
        self.position.n_bytes += len(content)
        if self.ahead:
            written, self.ahead = self.ahead[: len(content)], self.ahead[len(content) :]
            # the run may have been killed in the middle of a line
            content = content[len(written) :] if content.startswith(written) else content
        self.stream.write(content)
        self.stream.flush()

    def _read_from(self, n_bytes: int) -> bytes:
        try:
            with Path(f"/dev/fd/{self.stream.fileno()}").open("rb") as file:
                file.seek(n_bytes)
                return file.read()
        except OSError:
            return b""
