"""Documents cut into pieces of thirds and folds: each is tested with what the others teach."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from motifmine.records.table import ObservationTable, join_tables
from motifmine.types import Indices

N_PIECES = 24
"""Number of pieces that the time of all documents is cut into at most, about: what happens for a
while only, as an exercise of a training, should be in all folds."""
LENGTHS_OF_THIRDS, LENGTHS_OF_FOLDS = 4, 2
"""Least length of a piece in motif lengths, if the documents allow it. Each piece costs its fold a
motif length of what can be learned: two thirds of the data can spare less than all but a fold."""
N_THIRDS = 3
"""Motifs begin as those of two thirds of the data: half of ten occurrences teach too little."""
FOLDS_OF_THIRD = 3
"""Folds that each third is divided into: what is lost to a ninth of the time is little."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """Stretches of documents that cover every time bin once, int64 arrays (P,)."""

    document: Indices
    """Document of the piece."""
    first: Indices
    """First bin of the piece in its document."""
    end: Indices
    """Bin after its last."""
    fold: Indices
    """The fold that the piece belongs to, from 0 on."""
    margin: int
    """Bins that are read before and after a piece, motif length - 1: occurrences that start in the
    piece end in the margin, and those of before may reach into it."""
    n_times: Indices
    """Bins of the piece's document."""

    def __len__(self) -> int:
        return len(self.document)

    @property
    def n_folds(self) -> int:
        """Number of folds, 0 without pieces."""
        return int(self.fold.max(initial=-1)) + 1

    def select(self, fold: int) -> "Pieces":
        """Return the pieces of one fold."""
        return self.take(np.flatnonzero(self.fold == fold))

    def without(self, fold: int) -> "Pieces":
        """Return the pieces of all other folds."""
        return self.take(np.flatnonzero(self.fold != fold))

    def divide(self) -> "Pieces":
        """Return the pieces with each fold divided into `FOLDS_OF_THIRD`, those of the first first.

        Pieces are cut in two where there are fewer, unless halves of them would be too short.
        """
        length = self.margin + 1
        rows: list[tuple[int, int, int]] = []
        n_of_fold = np.bincount(self.fold, minlength=1)
        for at, (a, b) in enumerate(zip(self.first.tolist(), self.end.tolist(), strict=True)):
            is_few = n_of_fold[self.fold[at]] < FOLDS_OF_THIRD
            n_parts = 2 if is_few and b - a >= 2 * LENGTHS_OF_FOLDS * length else 1
            edges = np.linspace(a, b, n_parts + 1).astype(np.int64).tolist()
            rows += [(at, *stretch) for stretch in pairwise(edges)]
        source, first, end = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        parts = replace(self.take(source), first=first, end=end)
        fold = parts.fold * FOLDS_OF_THIRD
        for third in np.unique(parts.fold):
            inside = parts.fold == third
            fold[inside] += _deal((parts.end - parts.first)[inside], FOLDS_OF_THIRD)
        return replace(parts, fold=fold)

    def take(self, which: Indices) -> "Pieces":
        """Return some of the pieces."""
        names = ("document", "first", "end", "fold", "n_times")
        return replace(self, **{name: getattr(self, name)[which] for name in names})

    def bins_in(
        self, table: ObservationTable, *, with_margin: bool = False
    ) -> list[tuple[int, int]]:
        """Return the first bin of each piece and that after its last, over all documents.

        With their margins that is what occurrences that start in the pieces may reach.
        """
        begin = table.document_offsets[self.document]
        end = np.minimum(self.end + self.margin, self.n_times) if with_margin else self.end
        return list(zip((begin + self.first).tolist(), (begin + end).tolist(), strict=True))

    @property
    def read_first(self) -> Indices:
        """First bin of the piece with its margin."""
        return np.maximum(self.first - self.margin, 0)

    def tables_to_test(self, table: ObservationTable) -> ObservationTable:
        """Return the pieces with their margins, one document each."""
        end = np.minimum(self.end + self.margin, self.n_times)
        return _cut(table, self.document, self.read_first, end)

    def tables_to_learn(self, table: ObservationTable) -> ObservationTable:
        """Return the pieces without the bins that occurrences of other pieces may reach.

        Pieces that follow each other are one document.
        """
        follows = np.zeros(len(self), dtype=np.bool_)
        follows[1:] = (self.document[1:] == self.document[:-1]) & (self.first[1:] == self.end[:-1])
        begins = np.flatnonzero(~follows)
        first, end = self.first[begins], self.end[np.append(begins[1:], len(self)) - 1]
        # these bins may belong to an occurrence of the piece before, which must stay unseen
        first = np.where(first > 0, first + self.margin, 0)
        keep = np.flatnonzero(first < end)
        return _cut(table, self.document[begins][keep], first[keep], end[keep])


def cut_pieces(
    table: ObservationTable,
    motif_length: int,
    *,
    piece_bins: int | None = None,
) -> Pieces:
    """Return the pieces that the documents of `table` are cut into, in thirds.

    Long documents are cut evenly, short ones stay whole; a single document gives three pieces at
    least. Each piece goes to the third that has the fewest bins so far. Without a length: see
    `default_piece_bins`.
    """
    lengths = np.array([r.n_times for r in table.recordings], dtype=np.int64)
    longest = piece_bins or default_piece_bins(table, motif_length)
    rows: list[tuple[int, int, int]] = []
    for document, n_times in enumerate(lengths):
        n_pieces = max(1, round(n_times / longest))
        if len(lengths) == 1 and piece_bins is None:
            n_pieces = max(N_THIRDS, n_pieces)
        # even pieces: a short rest at the end would be tested badly
        edges = np.linspace(0, n_times, n_pieces + 1).astype(np.int64)
        rows += [(document, int(a), int(b)) for a, b in pairwise(edges) if b > a]
    of_piece, first, end = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Pieces(
        document=of_piece,
        first=first,
        end=end,
        fold=_deal(end - first, N_THIRDS),
        margin=motif_length - 1,
        n_times=lengths[of_piece],
    )


def default_piece_bins(table: ObservationTable, motif_length: int) -> int:
    """Return the length of pieces, bins: `N_PIECES` of them, but none of a few motif lengths."""
    return max(LENGTHS_OF_THIRDS * motif_length, table.n_times // N_PIECES, 1)


def _deal(lengths: Indices, n_folds: int) -> Indices:
    """Return the fold of every piece: the one that has the fewest bins so far."""
    fold = np.zeros(len(lengths), dtype=np.int64)
    held = np.zeros(n_folds, dtype=np.int64)
    for number, length in enumerate(lengths.tolist()):
        fold[number] = held.argmin()
        held[fold[number]] += length
    return fold


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
