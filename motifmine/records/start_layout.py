"""How documents lie in memory for the convolutional models.

All start times of all documents stand behind each other, one row each. A motif of L bins may hang
over either edge of its document, so a document of T bins has T + L - 1 start times, from -(L - 1)
to T - 1. This is decided here and nowhere else. An observation at time bin t can come from the L
start times t - L + 1 .. t, which are L consecutive rows.
"""

from dataclasses import dataclass

import numpy as np

from motifmine.records.fit import Activations
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Floats32, Indices, Indices32

SMALLEST_MASS = 1e-6
"""Activations below this many observations are not stored."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StartLayout:
    """Observations by time bin, each with the rows of start times it can come from."""

    motif_length: int
    document_rows: Indices
    """Start rows of document d are `[d]:[d + 1]`, int64 array (D + 1,)."""
    bin_row: Indices
    """First of the L start rows of every non-empty time bin, int64 array (B,)."""
    bin_document: Indices
    """Document of every non-empty time bin, int64 array (B,)."""
    offsets: Indices
    """Observations of bin b are `[b]:[b + 1]`, int64 array (B + 1,)."""
    word: Indices32
    count: Floats32
    document_total: Floats
    """Sum of the counts of every document, float64 array (D,)."""

    @property
    def n_times(self) -> Indices:
        """Time bins of every document, int64 array (D,)."""
        return np.diff(self.document_rows) - self.motif_length + 1

    @property
    def n_rows(self) -> int:
        """Number of start times of all documents."""
        return int(self.document_rows[-1])

    def start_of_row(self, rows: Indices) -> tuple[Indices, Indices]:
        """Return document and start time of start rows, two int64 arrays."""
        document = np.searchsorted(self.document_rows, rows, side="right") - 1
        return document, rows - self.document_rows[document] - self.motif_length + 1


def start_layout(table: ObservationTable, motif_length: int) -> StartLayout:
    """Return the layout of `table` for motifs of `motif_length` bins."""
    lengths = np.array([r.n_times for r in table.recordings], dtype=np.int64)
    document_rows = np.concatenate([[0], np.cumsum(lengths + motif_length - 1)]).astype(np.int64)
    document_of_time = np.repeat(np.arange(len(lengths)), lengths)
    time = np.arange(table.n_times) - table.document_offsets[document_of_time]
    filled = np.flatnonzero(np.diff(table.offsets))
    document = document_of_time[filled]
    row = table.row_of_observation()
    totals = np.bincount(document_of_time[row], weights=table.count, minlength=len(lengths))
    return StartLayout(
        motif_length=motif_length,
        document_rows=document_rows,
        bin_row=document_rows[document] + time[filled],
        bin_document=document,
        offsets=np.concatenate([table.offsets[filled], table.offsets[-1:]]),
        word=table.word,
        count=table.count,
        document_total=totals.astype(np.float64),
    )


def dense_activation(layout: StartLayout, activations: Activations, n_motifs: int) -> Floats32:
    """Return activations by start row, float32 array (R, K)."""
    dense = np.zeros((layout.n_rows, n_motifs), dtype=np.float32)
    first = np.repeat(layout.document_rows[:-1], np.diff(activations.offsets))
    dense[first + activations.start + layout.motif_length - 1, activations.motif] = activations.mass
    return dense


def sparse_activations(layout: StartLayout, activation: Floats32) -> Activations:
    """Return the stored form of start rows: entries above `SMALLEST_MASS`, in order."""
    row, motif = np.nonzero(activation > SMALLEST_MASS)
    document, start_bin = layout.start_of_row(row)
    n_documents = len(layout.document_rows) - 1
    return Activations(
        offsets=np.searchsorted(document, np.arange(n_documents + 1)).astype(np.int64),
        start=start_bin.astype(np.int32),
        motif=motif.astype(np.int32),
        mass=activation[row, motif],
    )


def phi_of(probability: Floats32) -> Floats32:
    """Return motifs (K, L, W) by word with relative time reversed, float32 array (W, L * K)."""
    n_words = probability.shape[2]
    return np.ascontiguousarray(probability[:, ::-1].transpose(2, 1, 0).reshape(n_words, -1))


def motifs_of(phi: Floats32, n_motifs: int) -> Floats32:
    """Return the inverse of `phi_of`, float32 array (K, L, W)."""
    cube = phi.reshape(len(phi), -1, n_motifs)
    return np.ascontiguousarray(cube[:, ::-1].transpose(2, 1, 0))


def flat_rates(layout: StartLayout, share: float, word_probability: Floats32) -> Floats32:
    """Return the rate that a background flat in time gives every observation, float32 (N,).

    Parameters
    ----------
    share : float
        Of the observations of every document.
    word_probability : float32 array (W,), sums to 1
    """
    per_bin = share * layout.document_total / np.maximum(layout.n_times, 1)
    per_observation = np.repeat(per_bin[layout.bin_document], np.diff(layout.offsets))
    return (per_observation * word_probability[layout.word]).astype(np.float32)
