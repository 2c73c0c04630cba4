"""Which paths are files that can be read from the beginning to the end."""

import stat
from contextlib import suppress
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from motifmine.errors import FormatError

KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
# folders whose files are made by the system as they are read, some without an end
SYSTEM = ("/proc", "/sys", "/dev")
MOST_NAMES = 10_000  # names of a folder that are compared with one that is not there


def check_input(path: Path, expected: str) -> None:
    """Raise `FormatError` for what is no file to read, before a library names it otherwise.

    It is missing, a folder, empty, without permission, or a pipe, a socket or a device.

    Parameters
    ----------
    path : Path
    expected : str
        What the file should be, with its article: "a table of text".
    """
    try:
        found = path.stat()
        # opening a pipe would wait for what writes to it
        if stat.S_ISREG(found.st_mode):
            path.open("rb").close()
    except FileNotFoundError as error:
        raise FormatError(f"{path} does not exist; expected {expected}; {_hint(path)}") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or error
        raise FormatError(f"{path} cannot be read: {reason}; expected {expected}") from error
    refuse_special_file(path)
    if stat.S_ISDIR(found.st_mode):
        raise FormatError(f"{path} is a folder; expected {expected}; name a file in it")
    if not found.st_size:
        raise FormatError(f"{path} is empty (0 bytes); expected {expected}; make it again")


def _hint(path: Path) -> str:
    """Return how to name a file that is not there: by a name like it, if there is one."""
    if not path.parent.is_dir():
        return f"there is no folder {path.parent} either"
    # a folder may be searchable without being readable
    with suppress(OSError):
        names = [other.name for other in islice(path.parent.iterdir(), MOST_NAMES)]
        if near := get_close_matches(path.name, names, 1, 0.8):
            return f"did you mean {path.with_name(near[0])}?"
    return "check its name and folder"


def refuse_special_file(path: Path) -> None:
    """Raise `FormatError` for a pipe, socket or device, whose reading may never end.

    Paths that do not exist are left to the reader.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    found = next((name for is_kind, name in KINDS if is_kind(mode)), "")
    place = next((folder for folder in SYSTEM if path.resolve().is_relative_to(folder)), "")
    if stat.S_ISREG(mode) and place:
        found = f"a file of the system in {place}"
    if found:
        raise FormatError(f"{path} is {found}; copy its content to a file and name that")
