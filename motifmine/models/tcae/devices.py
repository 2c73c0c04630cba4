"""Where the network runs: device, type of numbers, memory, reproducible sums."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from motifmine.errors import DataError, SpecError
from motifmine.models.tcae.network import estimate_memory_bytes
from motifmine.models.tcae.spec import TcaeSpec
from motifmine.records.start_layout import document_rows
from motifmine.records.table import ObservationTable


def describe_devices() -> str:
    """Return the devices that torch can use, as text."""
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return ", ".join(names) or "none: the CPU is used"


def choose_device(spec: TcaeSpec) -> torch.device:
    """Return the device of `spec`; `auto` is a CUDA device if there is one.

    Raises
    ------
    SpecError
        If there is no such device, or if it does not support the dtype.
    """
    name = spec.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = name.partition(":")
    has = {
        "cpu": 1,
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
    }[kind]
    if int(index or 0) >= has:
        raise SpecError(f"device is {spec.device!r} but this machine has {has} {kind} devices")
    if spec.dtype == "mixed" and kind != "cuda":
        raise SpecError(f"dtype mixed needs a CUDA device; on {kind} use float32")
    if spec.dtype == "float64" and kind == "mps":
        raise SpecError("mps devices have no float64; use float32")
    return torch.device(name)


def check_memory(spec: TcaeSpec, table: ObservationTable, device: torch.device) -> None:
    """Raise `DataError` if training needs more than the free memory of the device."""
    needed = estimate_memory_bytes(
        n_filters=spec.n_motifs,
        n_words=table.n_words,
        motif_length=spec.motif_length,
        batch_windows=spec.batch_windows,
        core_bins=min(spec.window_bins, max(r.n_times for r in table.recordings)),
        n_observations=len(table.word),
        n_rows=int(document_rows(table.document_lengths, spec.motif_length)[-1]),
        item_bytes=8 if spec.dtype == "float64" else 4,
    )
    free = measure_free_bytes(device)
    if needed > free:
        raise DataError(
            f"training {spec.n_motifs} filters of {spec.motif_length} bins x {table.n_words} words "
            f"in batches of {spec.batch_windows} windows needs about {needed / 2**30:.1f} GiB but "
            f"{device} has {free / 2**30:.1f} GiB free; lower batch_windows, window_bins or the "
            "number of words (larger cells, a higher least_bins)"
        )


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


def choose_dtype(spec: TcaeSpec) -> torch.dtype:
    """Return the type of the network's numbers; mixed precision keeps float32."""
    return torch.float64 if spec.dtype == "float64" else torch.float32
