"""Observation tables: counts of words by time bin, with the vocabulary.

A table holds one or more documents (recordings) over one vocabulary. Observations are stored
sparsely, ordered by document and time bin: row `t` of the (concatenated) time axis owns the
observations `offsets[t]:offsets[t + 1]`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.errors import DataError
from motifmine.records.parts import read_parts
from motifmine.records.scene import Scene
from motifmine.records.vocabulary import Vocabulary
from motifmine.types import Floats, Floats32, Indices, Indices32, Pixels

PART_ROWS = 1 << 12  # time rows whose counts are added at once


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """Time bins and source of one document."""

    name: str
    bin_start_s: Floats
    """Start of every time bin in seconds of the recording, float array (T,)."""
    source: str = ""
    """Path of the file the document was made from."""
    source_digest: str = ""
    """SHA-256 of the source file."""
    start_utc: str = ""
    """Wall-clock time of second 0 in ISO 8601, "" if unknown."""
    origin_s: float = 0.0
    """The container's time stamp of second 0, seconds."""
    truncated_at_s: float = float("nan")
    """Time at which a truncated source ends, seconds; NaN for a complete source."""
    frames_expected: int = -1
    """Frames according to the container; -1 if unknown or without frames."""
    frames_decoded: int = -1
    """Frames that could be decoded; -1 if there are no frames."""
    frames_damaged: int = 0
    """Frames that are damaged or could not be decoded."""
    stamps_repaired: int = 0
    """Time stamps that were missing, repeated or ran backward."""
    losses: str = ""
    """Description of parts of the source that could not be read, "" for none."""
    notes: str = ""
    """What was decided about the source, for people: `stream 1 of 2`."""
    overlays: str = ""
    """Boxes of clocks burnt into the picture, which have no words: `x,y,w,h;...` in pixels of the
    working frame."""
    width_px: int = 0
    """Width of the upright pictures of the source, pixels; 0 if unknown or without pictures."""
    height_px: int = 0

    def __post_init__(self) -> None:
        # also of files from elsewhere: a name must not lead out of the folder
        if not self.name or "/" in self.name or "\0" in self.name or self.name in (".", ".."):
            raise DataError(
                f"{self.name!r} cannot name a recording; names become file names, so they must "
                "not be empty, '.' or '..', nor hold a slash"
            )

    @property
    def n_times(self) -> int:
        """Number of time bins."""
        return len(self.bin_start_s)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the pictures of the source, pixels; 0 if unknown."""
        return self.width_px, self.height_px

    def extent_s(self, bin_s: float) -> tuple[float, float]:
        """Return begin of the first and end of the last time bin, seconds."""
        if not self.n_times:
            return 0.0, 0.0
        return float(self.bin_start_s[0]), float(self.bin_start_s[-1]) + bin_s


# weakref_slot: the layout of a table is kept as long as the table is, see `start_layout`
@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class ObservationTable:
    """All observations of one or more documents over one vocabulary.

    Raises `DataError` when the arrays contradict each other; counts must be positive and finite,
    words must be in the vocabulary, and a word occurs at most once in a time bin.
    """

    offsets: Indices
    """Observations of time row t are `offsets[t]:offsets[t + 1]`, int64 array (sum of T + 1,)."""
    word: Indices32
    """int32 array (N,), ascending inside each time bin."""
    count: Floats32
    """float32 array (N,), > 0; fractions are allowed."""
    recordings: tuple[Recording, ...]
    """One per document, in the order of the rows."""
    vocabulary: Vocabulary
    bin_s: float
    """Length of a time bin, seconds."""
    spec: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the extraction, plain values."""
    picture: Pixels | None = None
    """Mean picture of the scene, uint8 array (row, column, rgb); video only."""
    series: Floats32 | None = None
    """Mean raw value of every channel in every time bin, float32 array (sum of T, channel), NaN
    where there is none; series only."""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.bin_s) and self.bin_s > 0):
            raise DataError(f"bin_s is {self.bin_s}; the length of a time bin must be positive")
        n_rows = sum(r.n_times for r in self.recordings)
        if len(self.offsets) != n_rows + 1:
            raise DataError(
                f"{n_rows} time bins need {n_rows + 1} offsets, not {len(self.offsets)}"
            )
        if self.offsets[0] != 0 or self.offsets[-1] != len(self.word):
            raise DataError("offsets must run from 0 to the number of observations")
        if np.any(np.diff(self.offsets) < 0):
            raise DataError("offsets must not run backward")
        if len(self.word) != len(self.count):
            raise DataError(f"{len(self.word)} words but {len(self.count)} counts")
        if self.series is not None and len(self.series) != n_rows:
            raise DataError(f"the series has {len(self.series)} time bins, not {n_rows}")
        first, last = 0, -1
        for word, count in read_parts(self.word, self.count):
            if word.min() < 0 or word.max() >= self.vocabulary.n_words:
                n = self.n_words
                raise DataError(f"word {word.max()} lies outside the vocabulary of {n} words")
            if not np.all(np.isfinite(count)) or count.min() <= 0:
                raise DataError(f"counts must be positive and finite; found {float(count.min())}")
            # words may only fall where a new time bin begins
            falls = first + np.flatnonzero(np.diff(word, prepend=np.int32(last)) <= 0)
            if (self.offsets[np.searchsorted(self.offsets, falls)] != falls).any():
                raise DataError("words must ascend inside each time bin, each at most once")
            first, last = first + len(word), word[-1]

    def __repr__(self) -> str:
        return (
            f"ObservationTable({self.n_documents} documents, {self.n_times} time bins of "
            f"{self.bin_s} s, {self.n_words} words, {len(self.word)} observations)"
        )

    @property
    def scene(self) -> Scene:
        """What it shares with other tables of its fit."""
        return Scene(vocabulary=self.vocabulary, bin_s=self.bin_s)

    @property
    def n_documents(self) -> int:
        """Number of documents."""
        return len(self.recordings)

    @property
    def n_times(self) -> int:
        """Number of time bins of all documents together."""
        return len(self.offsets) - 1

    @property
    def n_words(self) -> int:
        """Size of the vocabulary."""
        return self.vocabulary.n_words

    @property
    def document_offsets(self) -> Indices:
        """Time rows of document d are `[d]:[d + 1]`, int64 array (D + 1,)."""
        return np.concatenate([[0], np.cumsum(self.document_lengths)]).astype(np.int64)

    @property
    def document_lengths(self) -> Indices:
        """Time bins of every document, int64 array (D,)."""
        return np.array([r.n_times for r in self.recordings], dtype=np.int64)

    @property
    def total(self) -> float:
        """Sum of all counts."""
        # float32 sums lose whole counts beyond 16 million
        return float(self.count.sum(dtype=np.float64))

    def row_of_observation(self) -> Indices:
        """Return the time row of every observation, int64 array (N,)."""
        return np.repeat(np.arange(self.n_times, dtype=np.int64), np.diff(self.offsets))

    def document_of_time(self) -> Indices:
        """Return the document of every time row, int64 array (sum of T,)."""
        return np.repeat(np.arange(self.n_documents), self.document_lengths)

    def time_totals(self) -> Floats:
        """Return the sum of the counts of every time row, float64 array (sum of T,)."""
        total = np.zeros(self.n_times)
        filled = np.flatnonzero(np.diff(self.offsets))
        # in parts: sums in float64 copy what they add
        for first in range(0, len(filled), PART_ROWS):
            rows = filled[first : first + PART_ROWS]
            start, stop = self.offsets[rows[0]], self.offsets[rows[-1] + 1]
            total[rows] = np.add.reduceat(
                self.count[start:stop], self.offsets[rows] - start, dtype=np.float64
            )
        return total

    def document_totals(self) -> Floats:
        """Return the sum of the counts of every document, float64 array (D,)."""
        weights, document = self.time_totals(), self.document_of_time()
        return np.bincount(document, weights, self.n_documents).astype(np.float64)

    def word_numbers(self) -> Indices:
        """Return the number of observations of every word, int64 array (W,)."""
        number = np.zeros(self.n_words, np.int64)
        for (word,) in read_parts(self.word):
            number += np.bincount(word, minlength=self.n_words)
        return number

    def documents(self, indices: Sequence[int]) -> "ObservationTable":
        """Return the documents `indices`, in this order."""
        edges = self.document_offsets
        return join_tables([self._select(edges, index) for index in indices])

    def each_document(self) -> Iterator["ObservationTable"]:
        """Yield every document as a table of its own."""
        edges = self.document_offsets
        for index in range(self.n_documents):
            yield self._select(edges, index)

    def document(self, index: int) -> "ObservationTable":
        """Return document `index` as a table of its own."""
        return self._select(self.document_offsets, index)

    def _select(self, edges: Indices, index: int) -> "ObservationTable":
        """Return one document, where `edges` are the document offsets."""
        # parts of the arrays, not copies: folds take many documents of large tables
        first, last = edges[index], edges[index + 1]
        start, stop = self.offsets[first], self.offsets[last]
        return replace(
            self,
            offsets=self.offsets[first : last + 1] - start,
            word=self.word[start:stop],
            count=self.count[start:stop],
            recordings=(self.recordings[index],),
            series=None if self.series is None else self.series[first:last],
        )

    def with_counts(self, count: Floats32) -> "ObservationTable":
        """Return the table with other counts; observations whose count is 0 are dropped."""
        count = np.ascontiguousarray(count, dtype=np.float32)
        # not `count <= 0`, which would keep NaN
        dropped = np.flatnonzero(~(count > 0))
        if not len(dropped):
            return replace(self, count=count)
        return replace(
            self,
            # each offset less what is dropped before it
            offsets=self.offsets - np.searchsorted(dropped, self.offsets),
            word=np.delete(self.word, dropped),
            count=np.delete(count, dropped),
        )

    def of_recording(self, recording: Recording) -> "ObservationTable":
        """Return a one-document table with another recording."""
        return replace(self, recordings=(recording,))

    def dense(self, index: int = 0) -> Floats:
        """Return the count matrix of document `index`, float64 array (W, T)."""
        document = self.document(index)
        matrix = np.zeros((self.n_words, document.n_times))
        matrix[document.word, document.row_of_observation()] = document.count
        return matrix


def table_from_rows(
    *,
    time: NDArray[np.integer],
    word: NDArray[np.integer],
    count: NDArray[np.floating] | NDArray[np.integer],
    n_times: int,
    vocabulary: Vocabulary,
    bin_s: float = 1.0,
    name: str = "document",
) -> ObservationTable:
    """Return a one-document table from rows in any order; equal (time, word) pairs are summed.

    Parameters
    ----------
    time, word : int arrays (N,)
        Time bin in `0 <= time < n_times`, word in `0 <= word < n_words`.
    count : array (N,)
        Non-negative; zeros are dropped.
    name : str
        Name of the recording.

    Raises
    ------
    DataError
        When a time or word is out of range or a count is negative or not finite.
    """
    if len(time) and (time.min() < 0 or time.max() >= n_times):
        raise DataError(f"time bins must lie in 0..{n_times - 1}")
    if len(word) and (word.min() < 0 or word.max() >= vocabulary.n_words):
        raise DataError(f"words must lie in 0..{vocabulary.n_words - 1}")
    if len(count) and not (np.all(np.isfinite(count)) and count.min() >= 0):
        raise DataError("counts must be finite and not negative")
    # int64: long recordings times large vocabularies exceed int32
    key = time.astype(np.int64) * vocabulary.n_words + word
    if np.all(key[1:] > key[:-1]):
        # as most encoders give them: nothing to sort or to sum
        cell, total = key, np.asarray(count)
    else:
        cell, inverse = np.unique(key, return_inverse=True)
        total = np.bincount(inverse, weights=count, minlength=len(cell))
    if not np.all(total > 0):
        cell, total = cell[total > 0], total[total > 0]
    offsets = np.searchsorted(cell, vocabulary.n_words * np.arange(n_times + 1))
    return ObservationTable(
        offsets=offsets.astype(np.int64),
        word=(cell % vocabulary.n_words).astype(np.int32),
        count=total.astype(np.float32),
        recordings=(Recording(name=name, bin_start_s=bin_starts(n_times, bin_s)),),
        vocabulary=vocabulary,
        bin_s=float(bin_s),
    )


def document_name(name: str, number: int) -> str:
    """Return the name of a document of a source with several; they count from 1."""
    return f"{name}+{number:04d}"


def bin_starts(n_times: int, bin_s: float) -> Floats:
    """Return the start of `n_times` time bins that begin at second 0, float array (T,)."""
    # multiplied, as a running sum of .1 s is off by a millisecond after a few days
    return np.arange(n_times, dtype=np.float64) * bin_s


def join_tables(tables: Sequence[ObservationTable]) -> ObservationTable:
    """Return one table that holds the documents of all `tables`, in their order.

    Raises `DataError` when there is no table, or vocabularies or bin lengths differ.
    """
    if not tables:
        raise DataError("there is no table to join")
    first = tables[0]
    if len(tables) == 1:
        return first
    for table in tables[1:]:
        name = table.recordings[0].name if table.recordings else "?"
        first.scene.check(table.scene, repr(name), "the others")
    shifts = np.cumsum([0] + [len(t.word) for t in tables])
    return replace(
        first,
        # of .tdoc files the longest list holds the others, see `Vocabulary.difference`
        vocabulary=max((t.vocabulary for t in tables), key=lambda v: v.n_words),
        offsets=np.concatenate(
            [[0], *(t.offsets[1:] + s for t, s in zip(tables, shifts, strict=False))]
        ).astype(np.int64),
        word=np.concatenate([t.word for t in tables]),
        count=np.concatenate([t.count for t in tables]),
        recordings=tuple(r for t in tables for r in t.recordings),
        picture=mean_picture([t.picture for t in tables if t.picture is not None]),
        series=_join_series([t.series for t in tables]),
    )


def _join_series(parts: Sequence[Floats32 | None]) -> Floats32 | None:
    """Return the concatenated raw series, None unless all documents have one."""
    # rows of the series are time bins of the table: a gap would shift all that follow
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if len(known) == len(parts) else None


def cut_documents(table: ObservationTable, n_bins: int) -> ObservationTable:
    """Return the table with its documents cut into pieces of `n_bins` time bins (the last shorter).

    A piece is named after its recording and its first bin; its times are those of the recording.
    """
    pieces = [
        replace(r, name=f"{r.name}+{first}", bin_start_s=r.bin_start_s[first : first + n_bins])
        for r in table.recordings
        # a document without bins stays one, so that no recording disappears
        for first in range(0, max(r.n_times, 1), n_bins)
    ]
    return replace(table, recordings=tuple(pieces))


def mean_picture(pictures: Sequence[Pixels]) -> Pixels | None:
    """Return the mean of pictures of one size, None when there is none."""
    if not pictures:
        return None
    # pictures are uint8, in which the second would overflow
    total = np.zeros(pictures[0].shape)
    for picture in pictures:
        total += picture
    return np.round(total / len(pictures)).astype(np.uint8)
