"""Documents cut into pieces of two halves, each in turn for learning and for testing."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from motifmine.records.table import ObservationTable, join_tables
from motifmine.types import Indices

N_PIECES = 8
"""Approximate number of pieces that the time of all documents is cut into."""
LEAST_LENGTHS = 4
"""Least length of a piece in motif lengths, if the documents allow it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """Stretches of documents that cover every time bin once, int64 arrays (P,)."""

    document: Indices
    """Document of the piece."""
    first: Indices
    """First bin of the piece in its document."""
    end: Indices
    """Bin after its last."""
    half: Indices
    """0 or 1: the half that the piece belongs to."""
    margin: int
    """Bins that are read before and after a piece, motif length - 1: occurrences that start in the
    piece end in the margin, and those of before may reach into it."""
    n_times: Indices
    """Bins of the piece's document."""

    def __len__(self) -> int:
        return len(self.document)

    def select(self, half: int) -> "Pieces":
        """Return the pieces of one half."""
        return self.take(np.flatnonzero(self.half == half))

    def take(self, which: Indices) -> "Pieces":
        """Return some of the pieces."""
        names = ("document", "first", "end", "half", "n_times")
        return replace(self, **{name: getattr(self, name)[which] for name in names})

    @property
    def read_first(self) -> Indices:
        """First bin of the piece with its margin."""
        return np.maximum(self.first - self.margin, 0)

    def tables_to_test(self, table: ObservationTable) -> ObservationTable:
        """Return the pieces with their margins, one document each."""
        end = np.minimum(self.end + self.margin, self.n_times)
        return _cut(table, self.document, self.read_first, end)

    def tables_to_learn(self, table: ObservationTable) -> ObservationTable:
        """Return the pieces without the bins that occurrences of the piece before may reach."""
        # these bins may belong to an occurrence of the other half, which must stay unseen
        first = np.where(self.first > 0, self.first + self.margin, 0)
        keep = np.flatnonzero(first < self.end)
        return _cut(table, self.document[keep], first[keep], self.end[keep])


def cut_pieces(
    table: ObservationTable, motif_length: int, *, piece_bins: int | None = None
) -> Pieces:
    """Return the pieces that the documents of `table` are cut into.

    Long documents are cut evenly, short ones stay whole; a single document gives two pieces at
    least. Each piece goes to the half that has fewer bins so far.

    Parameters
    ----------
    table : ObservationTable
    motif_length : int
        Bins.
    piece_bins : int or None
        Length of the longest pieces, bins; None: an eighth of the time of all documents, but
        `LEAST_LENGTHS` motif lengths at least.
    """
    lengths = np.array([r.n_times for r in table.recordings], dtype=np.int64)
    longest = piece_bins or default_piece_bins(table, motif_length)
    rows: list[tuple[int, int, int]] = []
    for document, n_times in enumerate(lengths):
        n_pieces = max(1, round(n_times / longest))
        if len(lengths) == 1 and piece_bins is None:
            n_pieces = max(2, n_pieces)
        edges = np.linspace(0, n_times, n_pieces + 1).astype(np.int64)
        rows += [(document, int(a), int(b)) for a, b in pairwise(edges) if b > a]
    of_piece, first, end = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Pieces(
        document=of_piece,
        first=first,
        end=end,
        half=_deal(end - first),
        margin=motif_length - 1,
        n_times=lengths[of_piece],
    )


def default_piece_bins(table: ObservationTable, motif_length: int) -> int:
    """Return an eighth of the time of all documents, or `LEAST_LENGTHS` motif lengths."""
    return max(LEAST_LENGTHS * motif_length, table.n_times // N_PIECES, 1)


def _deal(lengths: Indices) -> Indices:
    """Return the half of every piece: the one that has fewer bins so far."""
    half = np.zeros(len(lengths), dtype=np.int64)
    held = [0, 0]
    for number, length in enumerate(lengths.tolist()):
        half[number] = int(held[1] < held[0])
        held[half[number]] += length
    return half


def _cut(
    table: ObservationTable, document: Indices, first: Indices, end: Indices
) -> ObservationTable:
    """Return stretches of documents as documents of their own."""
    edges = table.document_offsets
    parts = []
    for d, a, b in zip(document.tolist(), first.tolist(), end.tolist(), strict=True):
        # n bins have n + 1 offsets
        offsets = table.offsets[edges[d] + a : edges[d] + b + 1]
        recording = table.recordings[d]
        parts.append(
            replace(
                table,
                offsets=offsets - offsets[0],
                word=table.word[offsets[0] : offsets[-1]],
                count=table.count[offsets[0] : offsets[-1]],
                recordings=(
                    replace(
                        recording,
                        name=f"{recording.name}+{a}",
                        bin_start_s=recording.bin_start_s[a:b],
                    ),
                ),
                series=None,
                picture=None,
            )
        )
    return join_tables(parts)
