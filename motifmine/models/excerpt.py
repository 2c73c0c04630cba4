"""A part of a table that is small enough to be read many times."""

from dataclasses import replace

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
    n_observations : int
        Number of observations wanted.
    n_lengths : int
        Motif lengths that the stretches hold at least.
    """
    n_bins = n_lengths * motif_length
    share = max(n_observations / len(table.word), n_bins / max(table.n_times, 1))
    if share >= 1:
        return table
    pieces = cut_documents(table, 60 * motif_length)
    n_pieces = max(1, int(share * pieces.n_documents))
    chosen = np.sort(rng.choice(pieces.n_documents, size=n_pieces, replace=False))
    return pieces.documents(chosen.tolist())


def coarsen(table: ObservationTable, factor: int) -> ObservationTable:
    """Return the table with `factor` time bins of a document made one, counts added up.

    Parameters
    ----------
    factor : int
        Bins; 1 returns the table itself.
    """
    if factor == 1:
        return table
    recordings = tuple(replace(r, bin_start_s=r.bin_start_s[::factor]) for r in table.recordings)
    first = np.concatenate([[0], np.cumsum([r.n_times for r in recordings])]).astype(np.int64)
    document = table.document_of_time()
    row = first[document] + (np.arange(table.n_times) - table.document_offsets[document]) // factor
    key = row[table.row_of_observation()] * table.n_words + table.word
    cell, place = np.unique(key, return_inverse=True)
    return replace(
        table,
        offsets=np.searchsorted(cell // table.n_words, np.arange(first[-1] + 1)).astype(np.int64),
        word=(cell % table.n_words).astype(np.int32),
        count=np.bincount(place, table.count, minlength=len(cell)).astype(np.float32),
        recordings=recordings,
        bin_s=table.bin_s * factor,
        series=None,
    )
