"""Which paths are files that can be read from the beginning to the end."""

import stat
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
