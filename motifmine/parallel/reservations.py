"""Reservations of file names among commands that run at the same time."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from motifmine.errors import WorkspaceError
from motifmine.parallel.scratch import (
    RESERVED,
    lock_folder,
    make_folder,
    make_token,
    own_path,
    read_text_or_none,
    remove_stale_mark,
    temporary_name,
)


def reserve(path: Path) -> Path | None:
    """Reserve the name of a file; return the mark to be removed, None when another has it.

    The mark is made with its content in one step, which also holds on file systems without locks.
    """
    mark = reservation_of(path)
    for _ in range(100):
        make_folder(mark.parent)
        with own_path(temporary_name(mark)) as part:
            try:
                part.write_text(f"{make_token()}\nprocess {os.getpid()} on {platform.node()}\n")
            except FileNotFoundError:
                # a command that failed took its empty folder away
                continue
            try:
                os.link(part, mark)
            except FileExistsError:
                with lock_folder(mark.parent):
                    if not remove_stale_mark(mark):
                        return None
            except OSError:  # a file system without links
                return _make_mark(mark, part.read_text())
            else:
                return mark
    return None


@contextmanager
def hold_name(path: Path) -> Iterator[None]:
    """Reserve the name of a file meanwhile.

    Raises `WorkspaceError` when another process has it.
    """
    mark = reserve(path)
    if mark is None:
        raise WorkspaceError(f"{path} is in use by {read_holder(path)}; end it, or wait for it")
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


def _make_mark(mark: Path, content: str) -> Path | None:
    try:
        with mark.open("x") as file:
            file.write(content)
    except FileExistsError:
        return None
    return mark


def reservation_of(path: Path) -> Path:
    """Return where the reservation of a file's name is."""
    return path.with_name(f".{path.name}{RESERVED}")


def read_holder(path: Path) -> str:
    """Return who has reserved the name of a file, as text."""
    with suppress(IndexError):
        return (read_text_or_none(reservation_of(path)) or "").splitlines()[1]
    return "another process"
