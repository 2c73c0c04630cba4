"""Division of documents into windows of equal length, with margins for the convolutions.

A window owns a range of time bins, its *core*; the last core of a document may be shorter. To
compute the core exactly, convolutions need a margin of bins on each side: bins of the document, or
zeros beyond its edges. A start time is owned by the window whose core contains it, a negative one
by the first window of its document, so that sums over windows equal sums over documents.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from motifmine.records.start_layout import document_rows, n_starts, row_of_start
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Indices


class Batch(NamedTuple):
    """Dense windows with V bins of core, M of margin, S = V + L - 1 + 2 * spare start times."""

    counts: Tensor
    """Scaled counts, (B, W, V + 2M)."""
    in_document: Tensor
    """Whether a bin of the core exists, bool (B, V)."""
    is_start: Tensor
    """Whether a start time exists, bool (B, S)."""
    is_owned: Tensor
    """Whether a start time exists and is owned by the window, bool (B, S)."""
    start_row: Tensor
    """Row of every start time, see `motifmine.records.start_layout`, int64 (B, S); R, one past the
    last row, where a start time does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Windows:
    """All windows of a table, with sparse observations on the device."""

    n_words: int
    motif_length: int
    core_bins: int
    spare: int
    """Start times in addition to those that reach the core, on each side."""
    scale: float
    """Divisor of the counts."""
    document_row: Indices
    """First start row of the document of every window, int64 array (N,)."""
    n_times: Indices
    """Time bins of the document of every window, int64 array (N,)."""
    first_bin: Indices
    """First bin of every core, int64 array (N,)."""
    first_observation: Indices
    """Observations of window i with its margin are `[i]` .. `last_observation[i]`."""
    last_observation: Indices
    first_time_row: Indices
    """Time row of the first bin of every core, int64 array (N,)."""
    n_rows: int
    """Start rows of the table, R."""
    row_level: Floats
    """Mean count of a bin of every start row's document, float64 array (R,)."""
    time_row: Tensor
    """Time row of every observation, int64 (N,)."""
    word: Tensor
    count: Tensor

    def __len__(self) -> int:
        return len(self.first_bin)

    @property
    def margin(self) -> int:
        """Number of bins on each side of the core."""
        return self.motif_length - 1 + self.spare

    @property
    def device(self) -> torch.device:
        """Device of the observations."""
        return self.count.device

    def batch(self, chosen: Indices) -> Batch:
        """Return the windows `chosen` as dense tensors."""
        first = self._to_tensor(self.first_bin[chosen])[:, None]
        n_times = self._to_tensor(self.n_times[chosen])[:, None]
        bins = first + torch.arange(self.core_bins, device=self.device)
        # the first start time is first - (L - 1) - spare
        n_cells = n_starts(self.core_bins, self.motif_length) + 2 * self.spare
        start = first - self.margin + torch.arange(n_cells, device=self.device)
        is_start = (start > -self.motif_length) & (start < n_times)
        is_owned = is_start & (start < first + self.core_bins) & ((start >= first) | (first == 0))
        row = self._to_tensor(self.document_row[chosen])[:, None] + start
        row += row_of_start(0, self.motif_length)
        return Batch(
            counts=self._make_dense(chosen),
            in_document=bins < n_times,
            is_start=is_start,
            is_owned=is_owned,
            start_row=torch.where(is_start, row, self.n_rows),
        )

    def _make_dense(self, chosen: Indices) -> Tensor:
        """Return the counts of windows with their margins, (B, W, V + 2M)."""
        first, last = self.first_observation[chosen], self.last_observation[chosen]
        length = self._to_tensor(last - first)
        window = torch.repeat_interleave(torch.arange(len(chosen), device=self.device), length)
        before = torch.cumsum(length, 0) - length
        observation = torch.arange(len(window), device=self.device) + (
            self._to_tensor(first) - before
        ).index_select(0, window)
        origin = self._to_tensor(self.first_time_row[chosen] - self.margin)
        time = self.time_row[observation] - origin[window]
        shape = (len(chosen), self.n_words, self.core_bins + 2 * self.margin)
        counts = torch.zeros(shape, dtype=self.count.dtype, device=self.device)
        counts[window, self.word[observation], time] = self.count[observation] / self.scale
        return counts

    def _to_tensor(self, array: Indices) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)


def cut_windows(
    table: ObservationTable,
    *,
    motif_length: int,
    core_bins: int,
    spare: int,
    scale: float = 1.0,
    device: torch.device,
    dtype: torch.dtype,
) -> Windows:
    """Cut all documents of `table` into windows.

    Parameters
    ----------
    core_bins : int, time bins
        Length of a core, at most that of the longest document.
    spare : int
        Start times in addition to those that reach the core, on each side.
    scale : float
        Divisor of the counts.
    device, dtype
        Of the tensors.
    """
    lengths = table.document_lengths
    core_bins = min(core_bins, int(lengths.max()))
    n_cores = -(-lengths // core_bins)
    document = np.repeat(np.arange(len(lengths)), n_cores)
    earlier = np.concatenate([[0], np.cumsum(n_cores)])[:-1]
    first_bin = (np.arange(len(document)) - earlier[document]) * core_bins
    time_origin = table.document_offsets[document]
    margin = motif_length - 1 + spare
    last_bin = np.minimum(lengths[document], first_bin + core_bins + margin)
    first_rows = document_rows(lengths, motif_length)
    return Windows(
        n_words=table.n_words,
        motif_length=motif_length,
        core_bins=core_bins,
        spare=spare,
        scale=scale,
        document_row=first_rows[document],
        n_times=lengths[document],
        first_bin=first_bin,
        first_observation=table.offsets[time_origin + np.maximum(first_bin - margin, 0)],
        last_observation=table.offsets[time_origin + last_bin],
        first_time_row=time_origin + first_bin,
        n_rows=int(first_rows[-1]),
        row_level=np.repeat(table.document_totals() / lengths, np.diff(first_rows)),
        time_row=torch.from_numpy(table.row_of_observation()).to(device),
        word=torch.from_numpy(table.word.astype(np.int64)).to(device),
        count=torch.from_numpy(table.count).to(device=device, dtype=dtype),
    )
