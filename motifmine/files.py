"""Atomic writing of files: to a temporary name, which is renamed at the end; and digests."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from motifmine.errors import MotifmineError, WorkspaceError
from motifmine.parallel.scratch import make_folder, own_path, sweep_once, temporary_name


@contextmanager
def open_atomic(path: Path, *, force: bool) -> Iterator[Path]:
    """Yield a temporary path in the same folder, and rename the file to `path` at the end.

    The file is flushed to the disk before it is renamed, so `path` is either unchanged or
    complete. When the body raises, the temporary file is removed.

    Raises `WorkspaceError` when `path` exists and `force` is not set, or the file cannot be
    written.
    """
    # before the body, which may take hours
    refuse_overwriting(path, force=force)
    sweep_once(path.parent)
    try:
        make_folder(path.parent)
        with own_path(temporary_name(path)) as part:
            yield part
            # a rename may reach the disk before the data: after a power cut the file would be empty
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            _rename(part, path, force=force)
    except OSError as error:
        if isinstance(error, MotifmineError):
            raise
        raise WorkspaceError(f"{path} cannot be written: {error.strerror or error}") from error


def _rename(part: Path, path: Path, *, force: bool) -> None:
    """Give a complete file its name, without replacing what another process wrote meanwhile."""
    if not force:
        # a link fails where there is a file, while a rename would replace it silently
        try:
            os.link(part, path)
        except FileExistsError:
            refuse_overwriting(path, force=False)
        except OSError:  # a file system without links
            refuse_overwriting(path, force=False)
        else:
            return
    part.replace(path)


def write_text(path: Path, text: str, *, force: bool) -> None:
    """Write a text file in UTF-8, atomically."""
    with open_atomic(path, force=force) as part:
        part.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes, *, force: bool) -> None:
    """Write a binary file, atomically."""
    with open_atomic(path, force=force) as part:
        part.write_bytes(content)


def refuse_overwriting(path: Path, *, force: bool) -> None:
    """Raise `WorkspaceError` when `path` exists and `force` is not set."""
    if path.exists() and not force:
        raise WorkspaceError(
            f"{path} exists already; choose another name, or use --force to overwrite it"
        )


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as a hexadecimal string, read block by block."""
    # block by block: videos are larger than the memory
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
