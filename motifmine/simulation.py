"""Simulation of observation tables from known motifs."""

from dataclasses import dataclass

import numpy as np

from motifmine.errors import SpecError
from motifmine.records.fit import MotifSet, Occurrences
from motifmine.records.table import ObservationTable, join_tables, table_from_rows
from motifmine.records.vocabulary import Vocabulary
from motifmine.seeding import generator
from motifmine.types import Floats32, Indices
from motifmine.validation import check_argument_types

MOST_CELLS = 10**9
"""Values of motifs, and observations, of a simulation at most: more does not fit in memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulation:
    """A simulated table with its true motifs and occurrences."""

    table: ObservationTable
    motifs: MotifSet
    occurrences: Occurrences
    """`weight` is the number of observations drawn from each; `score` is 0."""


@check_argument_types
def simulate(
    *,
    n_motifs: int = 4,
    motif_length: int = 10,
    n_words: int = 20,
    n_times: int = 1000,
    n_documents: int = 1,
    noise: float = 0.1,
    observations_per_bin: float = 4.0,
    bin_s: float = 1.0,
    seed: int = 0,
) -> Simulation:
    """Draw documents from random, well separated motifs.

    Parameters
    ----------
    n_motifs, motif_length, n_words, n_times, n_documents : int, > 0
        On average one motif is active at any time.
    noise : float, 0 <= noise < 1
        Share of the background: observations that are uniform over words and time.
    observations_per_bin : float, > 0
        Mean number of observations of an occurrence, divided by its length in bins.
    bin_s : float, seconds
    seed : int

    Raises
    ------
    SpecError
        When motifs are longer than documents, or `noise` is not a share.

    Examples
    --------
    >>> from motifmine import simulate
    >>> simulate(n_times=200, seed=3).table
    ObservationTable(1 documents, 200 time bins of 1.0 s, 20 words, 384 observations)
    """
    sizes = (n_motifs, motif_length, n_words, n_times, n_documents, observations_per_bin)
    if not all(0 < size < np.inf for size in sizes):
        raise SpecError(
            "numbers of motifs, words, times and documents, the length of motifs and the "
            f"observations per bin must be above 0; they are {sizes}"
        )
    if motif_length > n_times:
        raise SpecError(f"motif_length {motif_length} exceeds n_times {n_times}")
    n_cells = max(n_motifs * motif_length * n_words, n_times * n_documents * observations_per_bin)
    if n_cells > MOST_CELLS:
        raise SpecError(
            f"motifs or observations would have {n_cells:.2g} values; a simulation has "
            f"{MOST_CELLS:,} at most: give fewer motifs, words, times or documents"
        )
    if not 0 <= noise < 1:
        raise SpecError(f"noise is {noise}; it is a share of the observations, 0 <= noise < 1")
    rng = generator(seed)
    motifs = _draw_motifs(rng, n_motifs, motif_length, n_words)
    labels = Vocabulary.of_labels([str(word) for word in range(n_words)])
    tables, starts = [], []
    for document in range(n_documents):
        rows, found = _draw_document(rng, motifs, n_times, observations_per_bin)
        # a share of all observations, not of those of motifs
        n_background = round(len(rows) * noise / (1 - noise))
        chance = np.stack(
            [rng.integers(n_times, size=n_background), rng.integers(n_words, size=n_background)]
        )
        rows = np.concatenate([rows, chance.T])
        name = f"document-{document:03d}"
        tables.append(
            table_from_rows(
                time=rows[:, 0],
                word=rows[:, 1],
                count=np.ones(len(rows)),
                n_times=n_times,
                vocabulary=labels,
                bin_s=bin_s,
                name=name,
            )
        )
        starts.append(np.concatenate([np.full((len(found), 1), document), found], axis=1))
    return _make_simulation(tables, motifs, np.concatenate(starts))


def _draw_motifs(rng: np.random.Generator, n_motifs: int, length: int, n_words: int) -> Floats32:
    """Return motifs (K, L, W), each a random path through words with two words per bin."""
    motifs = np.zeros((n_motifs, length, n_words))
    for motif in motifs:
        # no word twice where there are enough: a motif does not resemble itself at another shift
        path = rng.choice(n_words, size=length + 1, replace=length + 1 > n_words)
        step = np.arange(length)
        mass = rng.dirichlet(np.full(length, 5.0))
        # two words a bin, one of them that of the next: neighbouring bins overlap as in real data
        motif[step, path[:-1]] += 0.6 * mass
        motif[step, path[1:]] += 0.4 * mass
    motifs /= motifs.sum(axis=(1, 2), keepdims=True)
    return motifs.astype(np.float32)


def _draw_document(
    rng: np.random.Generator, motifs: Floats32, n_times: int, observations_per_bin: float
) -> tuple[Indices, Indices]:
    """Return rows (time, word) and occurrences (start, motif, observations)."""
    n_motifs, length, n_words = motifs.shape
    n_starts = n_times - length + 1
    rows, found = [np.zeros((0, 2), np.int64)], []
    for motif in range(n_motifs):
        n_occurrences = max(1, rng.poisson(n_starts / (n_motifs * length)))
        starts = np.sort(rng.integers(n_starts, size=n_occurrences))
        # occurrences of one motif that nearly coincide look like one heavy occurrence
        starts = starts[np.concatenate([[True], np.diff(starts) >= min(5, length)])]
        for start in starts:
            # a gamma variable of mean 1: some occurrences are twice as strong as others
            size = max(1, rng.poisson(observations_per_bin * length * rng.gamma(4.0, 0.25)))
            flat = motifs[motif].astype(np.float64).ravel()
            cell = rng.choice(len(flat), size=size, p=flat / flat.sum())
            rows.append(np.stack([start + cell // n_words, cell % n_words], axis=1))
            found.append((start, motif, size))
    return np.concatenate(rows), np.array(found, dtype=np.int64).reshape(-1, 3)


def _make_simulation(
    tables: list[ObservationTable], motifs: Floats32, found: Indices
) -> Simulation:
    """Return the records; `found` has rows (document, start, motif, observations)."""
    # by document, then start, as in files
    document, start, motif, size = found[np.lexsort((found[:, 2], found[:, 1], found[:, 0]))].T
    table = join_tables(tables)
    weight = np.bincount(motif, weights=size, minlength=len(motifs))
    return Simulation(
        table=table,
        motifs=MotifSet(probability=motifs, weight=weight / table.total),
        occurrences=Occurrences(
            document=document.astype(np.int32),
            start_bin=start.astype(np.int32),
            start_s=start * table.bin_s,
            motif=motif.astype(np.int32),
            weight=size.astype(np.float64),
            score=np.zeros(len(size)),
        ),
    )
