"""Temporary files with an owner, which are removed when the process that made them is gone.

Every temporary name holds the host, the process and its start time. So a later command can separate
what a killed one left from what another command is still writing.
"""

import hashlib
import os
import platform
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

AREA = ".scratch"  # folder of a workspace for temporary folders
# folders of a workspace in which files are written under temporary names
FOLDERS = ("", "tables", "words", "fits", "reports", "clips", "watch")
# files of processes on other hosts are removed after this number of days without a change
UNKNOWN_DAYS = 7.0
TOKEN = re.compile(r"(?P<place>[0-9a-f]{8})~(?P<boot>[0-9a-f]{4})~(?P<pid>\d+)~(?P<start>\d*)~\w+")
LEFT_NAME = re.compile(rf"\.(?P<name>.+)\.(?P<kind>part|old)-(?P<token>{TOKEN.pattern})")
# suffix of the marks of reserved names, see `motifmine.parallel.reservations`
RESERVED = ".reserved"
TEMPORARY_PREFIX = "motifmine-"
# longest path of the system's temporary folder, characters: names of sockets end at 107
LONGEST_TEMPORARY = 22

_own: set[Path] = set()
_swept: set[Path] = set()
_locks = threading.local()  # `folders`, that this thread has locked


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process, distinguished from a later one with the same number."""

    place: str
    """Digest of the host and of its namespace of processes: containers may share a name."""
    boot: str
    """Digest of the boot; processes of an earlier one are gone."""
    pid: int
    start: str
    """Start time, clock ticks since boot, which setting the clock does not change."""

    def is_gone(self) -> bool | None:
        """Return whether the process has ended, None where this machine cannot know."""
        own = _owner_of(os.getpid())
        if self.place != own.place:
            return None
        if self.boot != own.boot:
            return True
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, OverflowError):
            return True
        except PermissionError:
            pass
        return self.start != _read_start(self.pid)


def _read_start(pid: int) -> str:
    """Return the start time of a process, "" where it is unknown."""
    try:
        # the name of the program may hold spaces and brackets
        state, *more = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    # killed, and not yet collected by its parent
    return "" if state in "ZX" else more[18]


@cache
def _owner_of(pid: int) -> Owner:
    """Return this process as an owner; its number is the key, since a fork keeps the cache."""
    boot = space = ""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    with suppress(OSError):
        space = str(Path("/proc/self/ns/pid").readlink())
    return Owner(
        place=_digest(f"{platform.node()} {space}", 8),
        boot=_digest(boot, 4),
        pid=pid,
        start=_read_start(pid),
    )


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def make_token() -> str:
    """Return a part of a file name that names this process and cannot be guessed."""
    own = _owner_of(os.getpid())
    return f"{own.place}~{own.boot}~{own.pid}~{own.start}~{secrets.token_hex(3)}"


def parse_token(token: str) -> Owner | None:
    """Return the owner that a token names, None for other text."""
    if (found := TOKEN.fullmatch(token)) is None:
        return None
    pid = int(found["pid"])
    return Owner(place=found["place"], boot=found["boot"], pid=pid, start=found["start"])


def is_left(path: Path, token: str) -> bool:
    """Return whether a temporary file was left by a process that is gone."""
    owner = parse_token(token)
    if owner is None:
        return False
    gone = owner.is_gone()
    if gone is None:
        with suppress(OSError):
            return time.time() - path.stat().st_mtime > UNKNOWN_DAYS * 86400
    return bool(gone)


def temporary_name(path: Path, kind: str = "part") -> Path:
    """Return a hidden path next to `path`, which names this process as its owner."""
    # the longest name that file systems take is 255 bytes
    name = path.name.encode("utf-8", "surrogateescape")[:100].decode("utf-8", "ignore")
    return path.with_name(f".{name}.{kind}-{make_token()}")


@contextmanager
def own_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path, and remove the file or folder there at the end."""
    _own.add(path)
    try:
        yield path
    finally:
        remove(path)
        _own.discard(path)


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """Yield the path of a folder in the scratch area of a workspace, which is removed at the end.

    The folder is not made: a command that fails early leaves no workspace. Folders that the
    removal leaves empty are removed, too.
    """
    folder = root.absolute() / AREA / make_token()
    try:
        with own_path(folder):
            yield folder
    finally:
        for empty in (folder.parent, folder.parent.parent):
            with suppress(OSError):
                empty.rmdir()


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, also while other commands remove empty ones.

    Raises
    ------
    OSError
    """
    for _ in range(100):
        # a parent was made here, and removed before the folder was in it
        with suppress(FileNotFoundError):
            return folder.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)


def remove(path: Path) -> None:
    """Remove a file or folder, if it exists and that is allowed."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


def remove_own() -> None:
    """Remove all temporary files of this process, before it ends without cleaning up."""
    for path in list(_own):
        remove(path)


def sweep_workspace(root: Path) -> None:
    """Remove what killed commands left in a workspace; never raises `OSError`."""
    area = root / AREA
    for path in _list(area):
        if is_left(path, path.name):
            remove(path)
    with suppress(OSError):
        area.rmdir()
    for folder in FOLDERS:
        sweep_folder(root / folder)


def sweep_once(folder: Path) -> None:
    """Sweep a folder that files are written to, when this process writes its first one there."""
    if (folder := folder.absolute()) not in _swept:
        _swept.add(folder)
        sweep_folder(folder)


def sweep_folder(folder: Path) -> None:
    """Remove temporary files of processes that are gone from a folder."""
    for path in _list(folder):
        if path.name.startswith(".") and path.suffix == RESERVED:
            with lock_folder(folder):
                remove_stale_mark(path)
            continue
        found = LEFT_NAME.fullmatch(path.name) if path.name.startswith(".") else None
        if found is None or not is_left(path, found["token"]):
            continue
        whole = path.with_name(found["name"])
        if found["kind"] == "old" and not whole.exists():
            # killed while a report was replaced: the previous one comes back
            with suppress(OSError):
                path.rename(whole)
        else:
            remove(path)


@contextmanager
def lock_folder(folder: Path) -> Iterator[bool]:
    """Wait until no other process has locked a folder, and lock it; yield whether that is done.

    The lock is that of the folder itself: a killed process leaves none, and there is no file to
    remove. File systems without locks yield False. What holds the lock may ask for it again, as
    the removal of leftovers does when a file is written into a locked folder.
    """
    held: set[Path] = _locks.__dict__.setdefault("folders", set())
    if (folder := folder.absolute()) in held:
        yield True
        return
    handle = None
    locked = False
    try:
        if fcntl is not None:
            with suppress(OSError):
                handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
                fcntl.flock(handle, fcntl.LOCK_EX)
                locked = True
                held.add(folder)
        yield locked
    finally:
        held.discard(folder)
        if handle is not None:
            os.close(handle)


def read_text_or_none(path: Path) -> str | None:
    """Return the text of a small file, None when it cannot be read."""
    with suppress(OSError, UnicodeError):
        return path.read_text(encoding="utf-8")
    return None


def remove_stale_mark(mark: Path) -> bool:
    """Remove the mark of a process that is gone; return whether there is no mark now.

    The folder must be locked: another process may take the name between the two steps.
    """
    if (text := read_text_or_none(mark)) is None:
        return not mark.exists()
    if not is_left(mark, text.partition("\n")[0]):
        return False
    remove(mark)
    return True


def _list(folder: Path) -> list[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries]
    return []


def use_temporary_area() -> None:
    """Keep all temporary files of this process and its children in one folder until it ends.

    A killed process leaves the sockets of its children and the spill files of Dask in the system's
    temporary folder; here the next command finds them by their owner.
    """
    place = Path(tempfile.gettempdir())
    for path in _list(place):
        name = path.name.removeprefix(TEMPORARY_PREFIX)
        if name != path.name and is_left(path, name):
            # the process ends right now, or another command removes it, too
            with suppress(OSError):
                if path.lstat().st_uid == os.getuid():
                    remove(path)
    # without a start time owners are not known for certain
    if len(str(place)) > LONGEST_TEMPORARY or not _owner_of(os.getpid()).start:
        return
    area = place / f"{TEMPORARY_PREFIX}{make_token()}"
    with suppress(OSError):
        area.mkdir(mode=0o700)
        os.environ["TMPDIR"] = tempfile.tempdir = str(area)
        _own.add(area)
        # after multiprocessing has removed its own folder there, which has priority -100
        Finalize(None, remove, args=(area,), exitpriority=-200)
