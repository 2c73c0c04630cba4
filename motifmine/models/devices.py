"""Where networks run: device, memory, reproducible sums."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from motifmine.errors import SpecError


def describe_devices() -> str:
    """Return the devices that torch can use, as text."""
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return ", ".join(names) or "none: the CPU is used"


def choose_device(name: str, dtype: str = "float32") -> torch.device:
    """Return the device of that name; `auto` is a CUDA device if there is one.

    Parameters
    ----------
    name : str
        `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
    dtype : str
        `float32`, `float64` or `mixed`.

    Raises
    ------
    SpecError
        If there is no such device, or if it does not support the dtype.
    """
    asked = name
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = name.partition(":")
    has = {
        "cpu": 1,
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
    }[kind]
    if int(index or 0) >= has:
        raise SpecError(f"device is {asked!r} but this machine has {has} {kind} devices")
    if dtype == "mixed" and kind != "cuda":
        raise SpecError(f"dtype mixed needs a CUDA device; on {kind} use float32")
    if dtype == "float64" and kind == "mps":
        raise SpecError("mps devices have no float64; use float32")
    return torch.device(name)


def measure_free_bytes(device: torch.device) -> float:
    """Return the free memory of a device, bytes; infinity if unknown."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    report = Path("/proc/meminfo")
    if report.exists():
        lines = dict(line.split(":", 1) for line in report.read_text().splitlines())
        return float(lines["MemAvailable"].split()[0]) * 1024
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    return math.inf


@contextmanager
def use_deterministic_sums() -> Iterator[None]:
    """Make the order of summation reproducible, on any number of cores.

    Notes
    -----
    On the CPU, convolutions are divided among threads, so that the last digits depend on their
    number. One thread is available on every machine, and with networks of this size two were slower
    (benchmarks/tcae.py --rate). cuDNN is restricted to deterministic algorithms.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
            yield
    finally:
        torch.set_num_threads(threads)
