"""Stability of motifs: the same model is refitted to resampled data."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from motifmine.analysis.comparison import LEAST_SIMILARITY, find_best_similarity
from motifmine.errors import DataError, SpecError
from motifmine.models.protocol import Model
from motifmine.records.fit import MotifSet, Stability
from motifmine.records.table import ObservationTable, cut_documents
from motifmine.seeding import Stream, generator
from motifmine.types import Indices

FEWEST_DOCUMENTS = 4
"""With fewer documents, blocks of time are resampled."""
BLOCKS = 16
"""Approximate number of blocks that all documents are cut into."""
LEAST_LENGTHS = 4
"""Shortest block, in motif lengths."""


def measure_stability(
    table: ObservationTable,
    model: Model,
    motifs: MotifSet,
    n_refits: int,
    *,
    seed: int = 0,
    on_message: Callable[[str], None] | None = None,
) -> Stability:
    """Return the stability of motifs under refits to resampled data.

    Every refit uses the same number of documents, drawn with replacement (bootstrap), and its own
    seed. With fewer than `FEWEST_DOCUMENTS` documents, blocks of time are drawn instead; motifs
    that cross the edge of a block are cut there.

    Parameters
    ----------
    table : ObservationTable
        The table that `motifs` were learned from, prepared.
    model : Model
        The specification that they were learned with.
    n_refits : int, > 0

    Raises
    ------
    SpecError
        When `n_refits` is not positive.
    DataError
        When the recordings are too short to be drawn from.
    """
    if n_refits < 1:
        raise SpecError(f"n_refits is {n_refits}; stability needs 1 or more refits")
    pool, drawn = _make_pool(table, motifs.motif_length)
    best = np.zeros((n_refits, len(motifs)))
    for number in range(n_refits):
        if on_message is not None:
            on_message(f"refit {number + 1} of {n_refits}, to {drawn} drawn with replacement")
        rng = generator(seed, Stream.STABILITY, number)
        chosen = rng.integers(0, pool.n_documents, pool.n_documents)
        again = model.fit(_draw_documents(pool, chosen), seed=seed + Stream.STABILITY + number)
        best[number] = find_best_similarity(motifs.probability, again.motifs.probability)
    return Stability(
        similarity=best.mean(axis=0),
        share=(best >= LEAST_SIMILARITY).mean(axis=0),
        n_refits=n_refits,
        least=LEAST_SIMILARITY,
        drawn=drawn,
    )


def _make_pool(table: ObservationTable, motif_length: int) -> tuple[ObservationTable, str]:
    """Return the documents to draw from, or blocks of them, and which of the two."""
    if table.n_documents >= FEWEST_DOCUMENTS:
        return table, "documents"
    n_bins = max(LEAST_LENGTHS * motif_length, -(-table.n_times // BLOCKS))
    pool = cut_documents(table, n_bins)
    # a last piece that is shorter than a motif contains none
    whole = [d for d, r in enumerate(pool.recordings) if r.n_times >= motif_length]
    if len(whole) < FEWEST_DOCUMENTS:
        raise DataError(
            f"the recordings, {table.n_times} bins, make only {len(whole)} blocks of {n_bins} bins "
            f"({LEAST_LENGTHS} motif lengths); stability needs at least {FEWEST_DOCUMENTS}"
        )
    return pool.documents(whole), "blocks"


def _draw_documents(pool: ObservationTable, chosen: Indices) -> ObservationTable:
    """Return documents by index, with distinct names for those that were drawn twice."""
    drawn = pool.documents(chosen.tolist())
    recordings = tuple(
        replace(recording, name=f"{recording.name}#{place}")
        for place, recording in enumerate(drawn.recordings)
    )
    return replace(drawn, recordings=recordings)
