"""Folders of archives and results: here, or wherever fsspec reaches (`s3://`, `gs://`, ...)."""

import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motifmine.errors import MissingExtraError, WorkspaceError
from motifmine.files import whole_file, write_text

BLOCK_BYTES = 1 << 22
SIGN_EVERY_S = 1.0
WHOLE_OBJECTS = frozenset(
    {"abfs", "abfss", "adl", "az", "gcs", "gs", "memory", "oci", "oss", "s3", "s3a"}
)
"""Stores in which a file is never seen half written; elsewhere it is renamed into its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """One file of a folder tree."""

    path: str
    """Relative to the folder, with slashes."""
    n_bytes: int
    stamp: str
    """What changes when the file is written again: its time, or the store's tag."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, by path or by URL."""

    url: str

    @property
    def is_local(self) -> bool:
        """Whether this is a path of this machine (or of a disk that all workers share)."""
        return "://" not in self.url

    @property
    def path(self) -> Path:
        """The folder as a path; local places only."""
        return Path(self.url)

    def inside(self, folder: str) -> "Place":
        """Return a folder of this folder."""
        return Place(f"{self.url.rstrip('/')}/{folder}")

    def tree(self, *, but_not: "Place") -> list[FoundFile]:
        """Return all files below, without hidden folders and without the folder `but_not`.

        Raises
        ------
        WorkspaceError
            When the folder cannot be read.
        """
        try:
            if self.is_local:
                return list(_local_tree(self.path, but_not.path if but_not.is_local else None))
            return list(self._remote_tree(but_not))
        except OSError as error:
            if isinstance(error, WorkspaceError):
                raise
            raise WorkspaceError(f"{self.url} cannot be read: {error}") from error

    def state(self, path: str) -> FoundFile:
        """Return size and stamp of one file as they are now."""
        if self.is_local:
            return _found(path, (self.path / path).stat())
        files, root = self._files()
        return _remote_found(path, files.info(f"{root}/{path}"))

    def sizes(self) -> dict[str, int]:
        """Return the bytes of every file that lies directly in the folder; {} without a folder."""
        if self.is_local:
            with suppress(FileNotFoundError), os.scandir(self.path) as entries:
                return {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}
            return {}
        files, root = self._files()
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
        """Return the text of a file, None when there is none."""
        try:
            if self.is_local:
                return (self.path / name).read_text(encoding="utf-8")
            files, root = self._files()
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
        """Remove a file that may be there."""
        with suppress(FileNotFoundError):
            if self.is_local:
                (self.path / name).unlink()
            else:
                files, root = self._files()
                files.rm_file(f"{root}/{name}")

    @contextmanager
    def local_copy(self, path: str, on_block: Callable[[], None]) -> Iterator[Path]:
        """Give the path of a file; what lies elsewhere is fetched and removed afterwards.

        Parameters
        ----------
        path : str
            Relative to the folder.
        on_block : callable
            Called now and then while the file is fetched.
        """
        if self.is_local:
            yield self.path / path
            return
        with tempfile.TemporaryDirectory(prefix="motifmine-") as folder:
            target = Path(folder) / path.rpartition("/")[2]
            self.fetch(path, target, on_block)
            yield target

    def fetch(self, path: str, target: Path, on_block: Callable[[], None]) -> None:
        """Copy a file of this place to a local path."""
        files, root = self._files()
        last = time.monotonic()
        with files.open(f"{root}/{path}", "rb") as source, target.open("wb") as sink:
            while block := source.read(BLOCK_BYTES):
                sink.write(block)
                if time.monotonic() - last > SIGN_EVERY_S:
                    last = time.monotonic()
                    on_block()

    def publish(self, source: Path, path: str) -> None:
        """Copy a local file to this place, whole or not at all.

        Raises
        ------
        WorkspaceError
            When the place refuses it.
        """
        if self.is_local:
            with whole_file(self.path / path, force=True) as part:
                part.write_bytes(source.read_bytes())
            return
        files, root = self._files()
        folder, _, name = f"{root}/{path}".rpartition("/")
        try:
            files.makedirs(folder, exist_ok=True)
            if WHOLE_OBJECTS.intersection(_protocols(files)):
                files.put_file(str(source), f"{folder}/{name}")
            else:
                part_name = f"{folder}/.{name}.part-{platform.node()}-{os.getpid()}"
                files.put_file(str(source), part_name)
                files.mv(part_name, f"{folder}/{name}")
        except OSError as error:
            raise WorkspaceError(f"{self.url}/{path} cannot be written: {error}") from error

    def _files(self) -> tuple[Any, str]:
        """Return the file system of this place and the folder's name in it."""
        import fsspec  # noqa: PLC0415  (only for what lies elsewhere)

        try:
            files, root = fsspec.core.url_to_fs(self.url)
        except ImportError as error:
            raise MissingExtraError(f"{self.url} cannot be reached: {error}") from error
        except ValueError as error:
            raise WorkspaceError(f"{self.url} is no place that fsspec knows: {error}") from error
        return files, str(root).rstrip("/")

    def _remote_tree(self, but_not: "Place") -> Iterator[FoundFile]:
        files, root = self._files()
        files.invalidate_cache()
        if not files.isdir(root):
            raise WorkspaceError(f"{self.url} is no folder; check it, and your access to it")
        skipped = but_not.url.rstrip("/").removeprefix(self.url.rstrip("/") + "/")
        for name, info in files.find(root, detail=True).items():
            path = str(name).removeprefix(root).lstrip("/")
            if not _is_hidden(path) and not path.startswith(f"{skipped}/"):
                yield _remote_found(path, info)


def _local_tree(root: Path, but_not: Path | None) -> Iterator[FoundFile]:
    if not root.is_dir():
        raise WorkspaceError(f"{root} is no folder; name the folder of an archive")
    skipped = but_not.resolve() if but_not else None
    # links to folders are not followed: one may lead back up
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = [
            name for name in folders if name[0] != "." and (here / name).resolve() != skipped
        ]
        for name in names:
            if name[0] != ".":
                with suppress(FileNotFoundError):
                    path = here / name
                    yield _found(path.relative_to(root).as_posix(), path.stat())


def _found(path: str, stat: os.stat_result) -> FoundFile:
    return FoundFile(path=path, n_bytes=stat.st_size, stamp=str(stat.st_mtime_ns))


def _remote_found(path: str, info: dict[str, Any]) -> FoundFile:
    marks = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "created")
    stamp = next((str(info[mark]) for mark in marks if info.get(mark)), "")
    return FoundFile(path=path, n_bytes=int(info.get("size") or 0), stamp=stamp)


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _protocols(files: Any) -> tuple[str, ...]:
    return (files.protocol,) if isinstance(files.protocol, str) else tuple(files.protocol)
