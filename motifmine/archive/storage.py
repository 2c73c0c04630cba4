"""Storage of archives and results: local folders, or URLs that fsspec can open (`s3://`, ...)."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motifmine.errors import MissingExtraError, WorkspaceError
from motifmine.files import open_atomic, write_text
from motifmine.parallel.scratch import make_token
from motifmine.validation import require_package

BLOCK_BYTES = 1 << 22
PROGRESS_EVERY_S = 1.0
# object stores, in which a file appears only when it is complete; elsewhere files are written under
# a temporary name and renamed
WHOLE_OBJECTS = frozenset(
    {"abfs", "abfss", "adl", "az", "gcs", "gs", "memory", "oci", "oss", "s3", "s3a"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file of a folder tree."""

    path: str
    """Relative to the folder, with slashes."""
    n_bytes: int
    stamp: str
    """Modification time, or the tag of an object store; changes when the file is rewritten."""


@dataclass(frozen=True, slots=True)
class Storage:
    """A folder, by path or by URL."""

    url: str

    @property
    def is_local(self) -> bool:
        """Whether this is a path (on this machine, or on a disk that all workers share)."""
        return "://" not in self.url

    @property
    def path(self) -> Path:
        """The folder as a path; only for local storage."""
        return Path(self.url)

    def subfolder(self, folder: str) -> "Storage":
        """Return the storage of a folder inside this one."""
        return Storage(f"{self.url.rstrip('/')}/{folder}")

    def list_files(self, *, exclude: "Storage") -> list[StoredFile]:
        """List all files below, without hidden files and folders and without `exclude`.

        Raises `WorkspaceError` if the folder cannot be read.
        """
        try:
            if self.is_local:
                return list(_list_local(self.path, exclude.path if exclude.is_local else None))
            return list(self._list_remote(exclude))
        except OSError as error:
            if isinstance(error, WorkspaceError):
                raise
            raise WorkspaceError(f"{self.url} cannot be read: {error}") from error

    def stat_file(self, path: str) -> StoredFile:
        """Return the present size and time stamp of a file."""
        if self.is_local:
            return _stat_entry(path, (self.path / path).stat())
        files, root = self._open_filesystem()
        return _remote_entry(path, files.info(f"{root}/{path}"))

    def list_sizes(self) -> dict[str, int]:
        """Return the size in bytes of every file directly in the folder; {} without a folder."""
        if self.is_local:
            with suppress(FileNotFoundError), os.scandir(self.path) as entries:
                return {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}
            return {}
        files, root = self._open_filesystem()
        files.invalidate_cache()
        with suppress(FileNotFoundError):
            found = files.ls(root, detail=True)
            return {
                item["name"].rpartition("/")[2]: int(item["size"] or 0)
                for item in found
                if item["type"] == "file"
            }
        return {}

    def read_text(self, name: str) -> str | None:
        """Return the text of a file, or None if it does not exist."""
        try:
            if self.is_local:
                return (self.path / name).read_text(encoding="utf-8")
            files, root = self._open_filesystem()
            return bytes(files.cat_file(f"{root}/{name}")).decode("utf-8")
        except FileNotFoundError:
            return None

    def write_text(self, name: str, text: str) -> None:
        """Write a file, whole or not at all."""
        if self.is_local:
            write_text(self.path / name, text, force=True)
            return
        with tempfile.TemporaryDirectory(prefix="motifmine-") as folder:
            part = Path(folder) / "text"
            part.write_text(text, encoding="utf-8")
            self.publish(part, name)

    def remove(self, name: str) -> None:
        """Remove a file if it exists."""
        with suppress(FileNotFoundError):
            if self.is_local:
                (self.path / name).unlink()
            else:
                files, root = self._open_filesystem()
                files.rm_file(f"{root}/{name}")

    @contextmanager
    def local_copy(self, path: str, on_block: Callable[[], None]) -> Iterator[Path]:
        """Yield a local path of a file; a remote file is downloaded and removed afterwards."""
        if self.is_local:
            yield self.path / path
            return
        with tempfile.TemporaryDirectory(prefix="motifmine-") as folder:
            target = Path(folder) / path.rpartition("/")[2]
            self.fetch(path, target, on_block)
            yield target

    def fetch(self, path: str, target: Path, on_block: Callable[[], None]) -> None:
        """Copy a file to a local path.

        `on_block` is called about once a second, so that a slow download does not look like a hang.
        """
        files, root = self._open_filesystem()
        last = time.monotonic()
        with files.open(f"{root}/{path}", "rb") as source, target.open("wb") as sink:
            while block := source.read(BLOCK_BYTES):
                sink.write(block)
                # a sign of life, or the job would be killed as hanging while it downloads
                if time.monotonic() - last > PROGRESS_EVERY_S:
                    last = time.monotonic()
                    on_block()

    def publish(self, source: Path, path: str) -> None:
        """Copy a local file to the storage; it appears complete or not at all.

        Raises `WorkspaceError` if it cannot be written.
        """
        if self.is_local:
            with open_atomic(self.path / path, force=True) as part:
                part.write_bytes(source.read_bytes())
            return
        files, root = self._open_filesystem()
        folder, _, name = f"{root}/{path}".rpartition("/")
        try:
            files.makedirs(folder, exist_ok=True)
            if WHOLE_OBJECTS.intersection(_protocols(files)):
                files.put_file(str(source), f"{folder}/{name}")
            else:
                # hidden, so that listings never take it for a result
                part_name = f"{folder}/.{name}.part-{make_token()}"
                files.put_file(str(source), part_name)
                files.mv(part_name, f"{folder}/{name}")
        except OSError as error:
            raise WorkspaceError(f"{self.url}/{path} cannot be written: {error}") from error

    def _open_filesystem(self) -> tuple[Any, str]:
        """Return the fsspec file system and the path of the folder in it."""
        fsspec = require_package("fsspec", f"the address {self.url}", "motifmine[archive]")

        try:
            files, root = fsspec.core.url_to_fs(self.url)
        except ImportError as error:
            raise MissingExtraError(f"{self.url} cannot be reached: {error}") from error
        except ValueError as error:
            raise WorkspaceError(f"{self.url} is no URL that fsspec can open: {error}") from error
        return files, str(root).rstrip("/")

    def _list_remote(self, exclude: "Storage") -> Iterator[StoredFile]:
        files, root = self._open_filesystem()
        files.invalidate_cache()
        if not files.isdir(root):
            raise WorkspaceError(f"{self.url} is not a folder; check the URL and your permissions")
        # results may lie inside the archive, and their clips are no recordings
        skipped = exclude.url.rstrip("/").removeprefix(self.url.rstrip("/") + "/")
        for name, info in files.find(root, detail=True).items():
            path = str(name).removeprefix(root).lstrip("/")
            if not _is_hidden(path) and not path.startswith(f"{skipped}/"):
                yield _remote_entry(path, info)


def _list_local(root: Path, exclude: Path | None) -> Iterator[StoredFile]:
    if not root.is_dir():
        raise WorkspaceError(f"{root} is not a folder; give the folder of an archive")
    skipped = exclude.resolve() if exclude else None
    # links to folders are not followed, because they may form cycles
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = [
            name for name in folders if name[0] != "." and (here / name).resolve() != skipped
        ]
        for name in names:
            if name[0] != ".":
                with suppress(FileNotFoundError):
                    path = here / name
                    yield _stat_entry(path.relative_to(root).as_posix(), path.stat())


def _stat_entry(path: str, stat: os.stat_result) -> StoredFile:
    return StoredFile(path=path, n_bytes=stat.st_size, stamp=str(stat.st_mtime_ns))


def _remote_entry(path: str, info: dict[str, Any]) -> StoredFile:
    marks = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "created")
    # tags first: object stores change times when they copy
    stamp = next((str(info[mark]) for mark in marks if info.get(mark)), "")
    return StoredFile(path=path, n_bytes=int(info.get("size") or 0), stamp=stamp)


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _protocols(files: Any) -> tuple[str, ...]:
    return (files.protocol,) if isinstance(files.protocol, str) else tuple(files.protocol)
