"""A part of a table that is small enough to be read many times."""

import numpy as np

from motifmine.records.table import ObservationTable, cut_documents


def part_of_time(
    table: ObservationTable,
    motif_length: int,
    n_observations: int,
    n_lengths: int,
    rng: np.random.Generator,
) -> ObservationTable:
    """Return random stretches of time, each a document of its own.

    They hold about `n_observations` observations, or more where `n_lengths` times the motif's
    length take more.

    Parameters
    ----------
    table : ObservationTable
    motif_length : int
        Bins.
    n_observations : int
        Number of observations wanted.
    n_lengths : int
        Motif lengths that the stretches hold at least.
    rng : numpy.random.Generator
    """
    n_bins = n_lengths * motif_length
    share = max(n_observations / len(table.word), n_bins / max(table.n_times, 1))
    if share >= 1:
        return table
    pieces = cut_documents(table, 60 * motif_length)
    n_pieces = max(1, int(share * pieces.n_documents))
    chosen = np.sort(rng.choice(pieces.n_documents, size=n_pieces, replace=False))
    return pieces.documents(chosen.tolist())
