"""What the auto-encoder asks of the device: type of numbers, memory."""

import torch

from motifmine.errors import DataError
from motifmine.models.devices import measure_free_bytes
from motifmine.models.tcae.network import estimate_memory_bytes
from motifmine.models.tcae.spec import TcaeSpec
from motifmine.records.start_layout import document_rows
from motifmine.records.table import ObservationTable


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


def choose_dtype(spec: TcaeSpec) -> torch.dtype:
    """Return the type of the network's numbers; mixed precision keeps float32."""
    return torch.float64 if spec.dtype == "float64" else torch.float32
