"""How much memory may be used: a refusal in a line is better than a process that is killed."""

import os
import re
from pathlib import Path

from motifmine.errors import MemoryLimitError, SpecError

VARIABLE = "MOTIFMINE_MEMORY"  # environment variable with the limit, which child processes inherit
UNITS = {"": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}
UNITS |= {"kb": 1000, "mb": 1000**2, "gb": 1000**3, "tb": 1000**4}


def parse_size(text: str) -> int:
    """Return the bytes of a size such as `4GiB` or `800MB`.

    Raises
    ------
    SpecError
        For other text.

    Examples
    --------
    >>> parse_size("1.5GiB")
    1610612736
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text.lower())
    if found is None or found[2] not in UNITS or not float(found[1]):
        raise SpecError(f"{text!r} is no size of memory; write 4GiB or 800MB")
    return int(float(found[1]) * UNITS[found[2]])


def limit_memory(n_bytes: int) -> None:
    """Set the limit for this process and its children."""
    os.environ[VARIABLE] = str(n_bytes)


def memory_limit() -> int:
    """Return the limit, bytes: what was set, else the memory of the machine or of its container."""
    if VARIABLE in os.environ:
        return parse_size(os.environ[VARIABLE])
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        machine = 1 << 36
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            machine = min(machine, int(Path(name).read_text()))
        except (OSError, ValueError):
            continue
    return machine


def check_memory(n_bytes: int, what: str) -> None:
    """Raise `MemoryLimitError` when something does not fit into the memory that may be used."""
    if n_bytes > (limit := memory_limit()):
        needed, allowed = n_bytes / (1 << 30), limit / (1 << 30)
        raise MemoryLimitError(
            f"{what} needs {needed:.1f} GiB of memory, and {allowed:.1f} GiB may be used; give "
            "more with --memory, or use less data"
        )
