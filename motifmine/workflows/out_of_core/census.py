"""Documents in files: their census, and the groups in which they are read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motifmine.errors import DataError
from motifmine.features.video.registration import Placement, Registration, move_words_back
from motifmine.io.hdf5 import store
from motifmine.parallel.mappers import Mapper, sort_results
from motifmine.records.notes import Notes
from motifmine.records.settings import Preparation
from motifmine.records.start_layout import n_starts
from motifmine.records.table import ObservationTable, join_tables
from motifmine.records.vocabulary import Vocabulary
from motifmine.types import Indices
from motifmine.workflows.cameras import notes_of_cameras, registration_of_files

GROUP_OBSERVATIONS = 200_000  # most observations of a group
GROUP_CELLS = 4_000_000  # most start times times motifs of a group: 16 MB for every copy of them
# documents of one task of a worker, enough that the cost of starting a task is small
LISTED_AT_ONCE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One document of an archive, without its observations."""

    path: Path
    name: str
    digest: str
    """SHA-256 of the source."""
    n_times: int
    n_observations: int
    """Words seen in time bins, whatever their counts."""
    total: float
    """Sum of the counts, compressed as for the fit."""
    moved: Placement | None = None
    """Placement of a moved camera, applied to words whenever the document is read; None: not
    moved."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Census:
    """The documents of an archive, and what they have in common."""

    documents: tuple[Listed, ...]
    empty: ObservationTable
    """A table without documents: vocabulary, bin length, settings and picture of the first."""
    seen: Indices
    """Time bins in which each word was seen, int64 array (W,)."""
    notes: tuple[str, ...] = ()
    """One line per recording whose words were moved or that was excluded."""

    @property
    def moved(self) -> Mapping[Path, Placement]:
        """Documents whose words are moved when they are read."""
        return {d.path: d.moved for d in self.documents if d.moved is not None}

    def notes_of_cameras(self) -> Notes:
        """Return what a fit keeps of cameras that were moved."""
        moved = {d.name: d.moved for d in self.documents if d.moved is not None}
        return notes_of_cameras(self.notes, moved)

    @property
    def n_times(self) -> int:
        """Time bins of all documents."""
        return sum(document.n_times for document in self.documents)

    @property
    def total(self) -> float:
        """Sum of the prepared counts of all documents."""
        return sum(document.total for document in self.documents)


class Group(NamedTuple):
    """Documents that are read together; sums are added in the order of group numbers."""

    number: int
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """How documents are prepared, the same wherever they are read."""

    preparation: Preparation
    """With `auto` and None resolved."""
    is_kept: NDArray[np.bool_]
    """Which words are not excluded as rare, bool array (W,)."""
    moved: Mapping[Path, Placement] = field(default_factory=dict)
    """Placements of moved cameras by table file, see `Census.moved`."""

    @property
    def kept_words(self) -> Indices:
        """The words that are not excluded, ascending, int64 array."""
        return np.flatnonzero(self.is_kept)

    def read(self, paths: Sequence[Path]) -> ObservationTable:
        """Return prepared documents over all words."""
        table = join_tables([self._read_one(path) for path in paths])
        table = self.preparation.apply_counts(_anonymous(table, len(self.is_kept)))
        # zeros instead of fewer rows: activations and time bins keep their places
        return table.with_counts(np.where(self.is_kept[table.word], table.count, np.float32(0)))

    def _read_one(self, path: Path) -> ObservationTable:
        table = replace(store.read_table(path), picture=None, series=None)
        placement = self.moved.get(path)
        return table if placement is None else move_words_back(table, placement)

    def compact(self, table: ObservationTable) -> ObservationTable:
        """Return a table that was read, over the kept words alone."""
        place = np.cumsum(self.is_kept) - 1
        return _anonymous(
            replace(table, word=place[table.word].astype(np.int32)), int(self.is_kept.sum())
        )


def _anonymous(table: ObservationTable, n_words: int) -> ObservationTable:
    """Return the table with words that are numbers alone.

    Their meaning plays no part in a fit, and the vocabularies of documents may differ in size.
    """
    return replace(table, vocabulary=Vocabulary.of_labels([str(word) for word in range(n_words)]))


def take_census(
    paths: Sequence[Path],
    preparation: Preparation,
    mapper: Mapper,
    registration: Registration | None = None,
) -> Census:
    """Return the census of table files, each read once.

    Without a registration cameras are registered as if all tables were read together.

    Raises `DataError` when the documents do not belong together, or hold no observations.
    """
    registration = registration_of_files(paths) if registration is None else registration
    parts = [
        (number, tuple(paths[first : first + LISTED_AT_ONCE]))
        for number, first in enumerate(range(0, len(paths), LISTED_AT_ONCE))
    ]
    found = _join(sort_results(mapper(partial(_list_part, preparation, registration), parts)))
    if found.census is None:
        raise DataError(f"no recording shows the scene: {'; '.join(found.notes)}")
    census = replace(found.census, notes=found.notes)
    if not census.seen.any():
        raise DataError("the tables hold no observations; there is nothing to fit")
    names = [document.name for document in census.documents]
    if twice := [name for name, next_ in pairwise(sorted(names)) if name == next_]:
        raise DataError(f"two tables are of the recording {twice[0]!r}; leave one out")
    return census


class _Part(NamedTuple):
    """The census of some tables, None where all were excluded, and notes on cameras."""

    census: Census | None
    notes: tuple[str, ...]


def _join(parts: Iterable[_Part]) -> _Part:
    census: Census | None = None
    notes: tuple[str, ...] = ()
    for part in parts:
        notes += part.notes
        if part.census is not None:
            census = part.census if census is None else _both(census, part.census)
    return _Part(census, notes)


def _list_part(
    preparation: Preparation, registration: Registration, part: tuple[int, tuple[Path, ...]]
) -> tuple[int, _Part]:
    """Return the census of a few tables, read one at a time."""
    number, paths = part
    return number, _join(_list_one(preparation, registration, path) for path in paths)


def _list_one(preparation: Preparation, registration: Registration, path: Path) -> _Part:
    found = registration.apply(store.read_table(path))
    notes = (found.note,) if found.note else ()
    table = found.table
    if table is None:
        return _Part(None, notes)
    recording = table.recordings[0]
    document = Listed(
        path=path,
        name=recording.name,
        digest=recording.source_digest,
        n_times=recording.n_times,
        n_observations=len(table.word),
        # the observations that the fit will count, for shares and progress
        total=preparation.apply_counts(table).total,
        moved=found.moved,
    )
    seen = np.bincount(table.word, minlength=table.n_words)
    census = Census(documents=(document,), empty=without_documents(table), seen=seen)
    return _Part(census, notes)


def _both(one: Census, other: Census) -> Census:
    """Return the census of two sets of documents; raise `DataError` if their scenes differ."""
    one.empty.scene.check(other.empty.scene, repr(other.documents[0].name), "the others")
    # vocabularies of later recordings may have grown at their end
    wider = max(one.empty.vocabulary, other.empty.vocabulary, key=lambda v: v.n_words)
    seen = np.zeros(wider.n_words, dtype=np.int64)
    for part in (one.seen, other.seen):
        seen[: len(part)] += part
    return Census(
        documents=one.documents + other.documents,
        empty=replace(one.empty, vocabulary=wider),
        seen=seen,
    )


def without_documents(table: ObservationTable) -> ObservationTable:
    """Return the table with none of its documents."""
    return replace(
        table,
        offsets=np.zeros(1, np.int64),
        word=np.zeros(0, np.int32),
        count=np.zeros(0, np.float32),
        recordings=(),
        series=None,
    )


def reading_for(census: Census, preparation: Preparation) -> Reading:
    """Return the reading that excludes rare words of the whole archive."""
    choice = preparation.resolve(census.empty, n_times=census.n_times)
    is_kept = census.seen >= max(1, choice.least_bins or 0)
    # 0: which words are rare is decided here, not again in every group
    return Reading(preparation=replace(choice, least_bins=0), is_kept=is_kept, moved=census.moved)


def group_documents(
    documents: Sequence[Listed], *, n_motifs: int, motif_length: int, most: int | None = None
) -> list[Group]:
    """Return the documents in groups that fit in memory.

    Groups depend on the documents alone, not on the number of workers, so that results do not.
    """
    groups: list[Group] = []
    paths: list[Path] = []
    n_observations = n_cells = 0
    for document in documents:
        cells = n_starts(document.n_times, motif_length) * n_motifs
        is_full = (
            n_observations + document.n_observations > GROUP_OBSERVATIONS
            or n_cells + cells > GROUP_CELLS
            or (most is not None and len(paths) >= most)
        )
        # a document that exceeds the limits alone is a group of its own
        if paths and is_full:
            groups.append(Group(len(groups), tuple(paths)))
            paths, n_observations, n_cells = [], 0, 0
        paths.append(document.path)
        n_observations += document.n_observations
        n_cells += cells
    if paths:
        groups.append(Group(len(groups), tuple(paths)))
    return groups
