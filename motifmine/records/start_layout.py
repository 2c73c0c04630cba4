"""Memory layout of documents for the convolutional models.

The start times of all documents are concatenated, one row each. A motif of L bins may extend over
either edge of its document, so a document of T bins has T + L - 1 start times, from -(L - 1) to
T - 1. Only compiled kernels, which call no Python, repeat this arithmetic. An observation at time
bin t can come from the L start times t - L + 1 .. t, which are L consecutive rows.
"""

from dataclasses import dataclass, replace
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Floats32, Indices, Indices32

# a number of time bins, or an integer array of such
Bins = TypeVar("Bins", int, Indices, Indices32)
Real = TypeVar("Real", np.float32, np.float64)


def n_starts(n_times: Bins, motif_length: int) -> Bins:
    """Return the number of start times in documents of `n_times` bins: T + L - 1."""
    return n_times + (motif_length - 1)


def row_of_start(start_bin: Bins, motif_length: int) -> Bins:
    """Return the row of a start time, counted from the first of its document: s + L - 1."""
    return start_bin + (motif_length - 1)


def start_of_row(row: Bins, motif_length: int) -> Bins:
    """Return the start time of a row that is counted from the first of its document."""
    return row - (motif_length - 1)


def document_rows(n_times: Indices, motif_length: int) -> Indices:
    """Return the first start row of every document of `n_times` bins, and the end, (D + 1,)."""
    return np.concatenate([[0], np.cumsum(n_starts(n_times, motif_length))]).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StartLayout:
    """Observations by time bin, with the rows of their possible start times."""

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
        return start_of_row(np.diff(self.document_rows), self.motif_length)

    def bins(self, first: int, last: int) -> "StartLayout":
        """Return the layout of the non-empty time bins `first <= b < last` alone."""
        start, stop = self.offsets[first], self.offsets[last]
        return replace(
            self,
            bin_row=self.bin_row[first:last],
            bin_document=self.bin_document[first:last],
            offsets=self.offsets[first : last + 1] - start,
            word=self.word[start:stop],
            count=self.count[start:stop],
        )

    @property
    def n_rows(self) -> int:
        """Number of start times of all documents."""
        return int(self.document_rows[-1])

    def start_of_row(self, rows: Indices) -> tuple[Indices, Indices]:
        """Return document and start time of start rows, two int64 arrays."""
        # right: the first row of a document is not the end of the one before
        document = np.searchsorted(self.document_rows, rows, side="right") - 1
        return document, start_of_row(rows - self.document_rows[document], self.motif_length)


# the last layout of each table that is in memory
_LAYOUTS: WeakKeyDictionary[ObservationTable, StartLayout] = WeakKeyDictionary()


def start_layout(table: ObservationTable, motif_length: int) -> StartLayout:
    """Return the layout of `table` for motifs of `motif_length` bins."""
    # steps of a fit lay out the same table, one after the other, for motifs of one length
    known = _LAYOUTS.get(table)
    if known is None or known.motif_length != motif_length:
        known = _LAYOUTS[table] = _lay_out(table, motif_length)
    return known


def _lay_out(table: ObservationTable, motif_length: int) -> StartLayout:
    first_rows = document_rows(table.document_lengths, motif_length)
    document_of_time = table.document_of_time()
    time = np.arange(table.n_times) - table.document_offsets[document_of_time]
    filled = np.flatnonzero(np.diff(table.offsets))
    document = document_of_time[filled]
    return StartLayout(
        motif_length=motif_length,
        document_rows=first_rows,
        bin_row=first_rows[document] + time[filled],
        bin_document=document,
        # empty bins hold nothing, so the next filled one begins where a bin ends
        offsets=np.concatenate([table.offsets[filled], table.offsets[-1:]]),
        word=table.word,
        count=table.count,
        document_total=table.document_totals(),
    )


def make_phi(probability: Floats32) -> Floats32:
    """Return motifs (K, L, W) by word with relative time reversed, float32 array (W, L * K)."""
    n_words = probability.shape[2]
    # the start rows of an observation ascend while its relative time falls: reversed, both are
    # read in order, and the rate of an observation is one dot product
    return np.ascontiguousarray(probability[:, ::-1].transpose(2, 1, 0).reshape(n_words, -1))


def restore_motifs(phi: NDArray[Real], n_motifs: int) -> NDArray[Real]:
    """Return the inverse of `make_phi`, array (K, L, W), a view."""
    return phi.reshape(len(phi), -1, n_motifs)[:, ::-1].transpose(2, 1, 0)


def compute_background_rates(
    layout: StartLayout, share: float, word_probability: Floats32
) -> Floats32:
    """Return the rate of every observation under a background constant in time, float32 (N,).

    Parameters
    ----------
    share : float
        Share of the background in the observations of every document.
    word_probability : float32 array (W,), sums to 1
    """
    return spread_rates(
        # a document may be without bins
        layout,
        share * layout.document_total / np.maximum(layout.n_times, 1),
        word_probability,
    )


def spread_rates(layout: StartLayout, level: Floats, word: Floats | Floats32) -> Floats32:
    """Return level[d] * word[w] of every observation, float32 array (N,).

    Parameters
    ----------
    level : float64 array (D,)
    word : float array (W,)
    """
    rates = word.astype(np.float32)[layout.word]
    rates *= np.repeat(level.astype(np.float32)[layout.bin_document], np.diff(layout.offsets))
    return rates
