"""Cross-fitted target-decoy competition: what motifs find in data that they were not learned from.

The time is cut into thirds, and each of them into folds. Each fold is tested once: motifs are
learned from the other folds, and their starts inferred in this one together with decoys. What
decoys find is what chance gives: they keep every word's rate, its slow changes and rhythms, the
busy and quiet times and what comes together by chance; only the order in time is not that of the
motif. Decoys compete in the same inference, because alone they would explain true occurrences in
part.

Motifs of a fold begin as those that the model finds in the two other thirds, which have nothing of
the fold. Where they occur in the whole table is inferred, and a step of EM over all but the fold
makes motifs of that: three fits teach nearly as much as one for each fold would.

Notes
-----
Target-decoy competition is the usual control of false discoveries in proteomics (Elias and Gygi,
Nature Methods 4, 2007); several decoys a target: Emery et al., RECOMB 2020.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from motifmine.analysis.candidates import Candidates, join_candidates, no_candidates
from motifmine.analysis.decoys import motifs_with_decoys
from motifmine.analysis.held_out_motifs import leave_out_parts
from motifmine.analysis.motif_selection import widen_background
from motifmine.analysis.occurrences import (
    FLOOR,
    find_occurrences,
    start_seconds,
)
from motifmine.analysis.pieces import FOLDS_OF_THIRD, Pieces
from motifmine.errors import DataError, FitError
from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.models.protocol import Fit
from motifmine.models.starts import Infer
from motifmine.records.fields import select_entries
from motifmine.records.fit import Activations, Background, MotifSet, Occurrences
from motifmine.records.table import ObservationTable
from motifmine.time_limit import is_time_up
from motifmine.types import Floats, Indices

LEAST_COSINE = 0.3
"""Least cosine of a motif of a part with its counterpart in the whole fit."""
MOST_CELLS = 50_000_000
"""Start times times motifs (decoys included) that are inferred at a time, to bound memory."""

FitPart = Callable[[ObservationTable, int, int], Fit]
"""Fits part of the data; also gets the number of the fold it lacks, and how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldOut:
    """Candidates in all folds, each with motifs from the other folds."""

    candidates: Candidates
    was_fitted: bool
    """Whether two parts or more could be learned from: those of a short table may be too small."""
    is_cut: bool = False
    """Whether the time was up before all folds were tested, and nothing is said."""


def compete(
    table: ObservationTable,
    pieces: Pieces,
    motifs: MotifSet,
    background: Background,
    infer: Infer,
    lags: Indices,
) -> Candidates:
    """Return the peaks of motifs and decoys in pieces of `table`, none twice.

    Parameters
    ----------
    table : ObservationTable
        Prepared as for the fit.
    pieces : Pieces
        The stretches of `table` in which starts are inferred.
    motifs : MotifSet
        (K, L, W)
    infer : callable
        Infers starts of motifs in a table, see `Infer`.
    lags : int64 array (n_decoys, K, W)
        Bins by which the words of each decoy are moved, see `motifmine.analysis.decoys.draw_lags`.

    Returns
    -------
    Candidates
        In the documents of `table`, with starts inside the pieces; `motif` counts from 0 as in
        `motifs`, also for decoys.
    """
    n_motifs = len(motifs)
    rivals = motifs_with_decoys(motifs, lags)
    everyone = rivals.motifs
    parts: list[Candidates] = []
    for which in _batches(pieces, len(everyone)):
        some = pieces.take(which)
        cut = some.tables_to_test(table)
        if n_motifs == 0 or len(cut.word) == 0:
            continue
        # motifs and decoys together: alone, decoys would explain true occurrences in part
        found = infer(everyone, background, cut, rivals.source)
        peaks = find_occurrences(
            cut,
            everyone,
            found.background,
            found.activations,
            is_gathered=found.is_gathered,
        )
        active = found.activations
        at = np.repeat(np.arange(len(some)), np.diff(active.offsets))
        # a margin is the inside of the next piece, where it counts
        inside = _starts_inside(some, at, active.start)
        mass = np.bincount(active.motif, active.mass * inside, minlength=len(everyone))
        motif = rivals.source[peaks.motif]
        parts.append(
            Candidates(
                occurrences=replace(peaks, motif=motif.astype(np.int32)),
                copy=rivals.copy[peaks.motif],
                n_copies=rivals.n_decoys[motif],
                n_whole=rivals.n_whole[motif],
                fold=np.zeros(len(peaks), dtype=np.int64),
                mass=mass[:n_motifs].astype(np.float64),
            ).keep(_starts_inside(some, peaks.document, peaks.start_bin))
        )
        parts[-1] = _in_documents(parts[-1], some, table)
    return join_candidates(parts, n_motifs)


def cross_fit(
    table: ObservationTable,
    thirds: Pieces,
    motifs: MotifSet,
    fit_part: FitPart,
    infer: Infer,
    draw: Callable[[MotifSet, Indices, int], Indices],
) -> HeldOut:
    """Return what the motifs find in each fold when they are learned from the others alone.

    Motifs of a part are matched one to one with the most similar motifs of the whole fit. They take
    over the number of their counterpart, and starts are shifted to be its starts; they have decoys
    of their own, because lags that leave words whole depend on their place in the window. A motif
    without a counterpart in two thirds is not tested in the other.

    Parameters
    ----------
    table : ObservationTable
        Prepared as for the fit.
    thirds : Pieces
        See `cut_pieces`.
    motifs : MotifSet
        Of the whole fit, (K, L, W).
    fit_part : callable
        Fits part of the data, see `FitPart`.
    infer : callable
        Infers starts of motifs in a table, see `Infer`.
    draw : callable
        Returns the lags of the decoys of motifs in a fold, int64 array (n_decoys, J, W); also gets
        the numbers of their counterparts, int64 array (J,).
    """
    parts: list[Candidates] = []
    n_fitted = 0
    folds = thirds.divide()
    for third in range(thirds.n_folds):
        if is_time_up():
            break
        try:
            fit = fit_part(thirds.without(third).tables_to_learn(table), third, thirds.n_folds)
        except DataError:
            continue
        except FitError:
            # the part is long enough, but the model finds no motif in it: none recurs there
            n_fitted += 1
            continue
        if is_time_up():
            break
        n_fitted += 1
        whole, own, shift = match_motifs(motifs, fit.motifs)
        if len(whole) == 0:
            continue
        here = np.unique(folds.fold[folds.fold // FOLDS_OF_THIRD == third])
        testing = [folds.select(fold) for fold in here.tolist()]
        learned = learn_without(table, testing, fit.motifs, fit.background, infer)
        for fold, pieces, (every, background) in zip(here.tolist(), testing, learned, strict=True):
            some = select_entries(every, "motif", own)
            flat = widen_background(background, every, own)
            found = compete(table, pieces, some, flat, infer, draw(some, whole, fold))
            found = _renumber(found, whole, shift, len(motifs), table)
            parts.append(replace(found, fold=np.full_like(found.fold, fold)))
    # a part whose fit had to end early says nothing about the motifs, nor do the others alone
    is_cut = is_time_up()
    return HeldOut(
        candidates=join_candidates([] if is_cut else parts, len(motifs)),
        was_fitted=n_fitted >= 2 and not is_cut,
        is_cut=is_cut,
    )


def learn_without(
    table: ObservationTable,
    folds: Sequence[Pieces],
    motifs: MotifSet,
    background: Background,
    infer: Infer,
) -> Iterator[tuple[MotifSet, Background]]:
    """Yield the motifs and the background that the table without each fold gives.

    Parameters
    ----------
    table : ObservationTable
        Prepared as for the fit.
    folds : sequence of Pieces
        Nothing of them was in what the motifs were learned from.
    motifs : MotifSet
        Of a part, (K, L, W).
    background : Background
        Of the part.
    infer : callable
        Infers starts of motifs in a table, see `Infer`.
    """
    active = infer(motifs, background, table, np.arange(len(motifs))).activations
    # what an occurrence that starts in the fold may reach is not learned from, either
    bins = [fold.bins_in(table, with_margin=True) for fold in folds]
    return leave_out_parts(table, motifs, background, active, FLOOR, bins, relearns=True)


def leave_out(
    table: ObservationTable,
    pieces: Pieces,
    motifs: MotifSet,
    background: Background,
    activations: Activations,
    infer: Infer,
    lags: Indices,
) -> Candidates:
    """Return what motifs find in each fold when they are less what they owe to it.

    An occurrence does not vouch for itself, and the motifs are nearly as good as they will be for
    new recordings; those of half of the data are worse. Whether a motif recurs at all, only a fit
    without the fold can say.

    Parameters
    ----------
    table : ObservationTable
        Prepared as for the fit.
    pieces : Pieces
        Of all folds.
    motifs : MotifSet
        Of the whole fit, (K, L, W).
    activations : Activations
        Of the whole fit, in `table`.
    infer : callable
        Infers starts of motifs in a table, see `Infer`.
    lags : int64 array (n_decoys, K, W)
        Bins by which the words of each decoy are moved.
    """
    if len(motifs) == 0:
        return no_candidates(0)
    folds = [pieces.select(fold) for fold in range(pieces.n_folds)]
    bins = [fold.bins_in(table) for fold in folds]
    left = leave_out_parts(table, motifs, background, activations, FLOOR, bins)
    parts = [
        compete(table, fold, some, flat, infer, lags)
        for fold, (some, flat) in zip(folds, left, strict=True)
    ]
    return join_candidates(parts, len(motifs))


def match_motifs(whole: MotifSet, part: MotifSet) -> tuple[Indices, Indices, Indices]:
    """Return pairs of similar motifs, one to one, and their shifts.

    Parameters
    ----------
    whole : MotifSet
        (K, L, W)
    part : MotifSet
        (J, M, W)

    Returns
    -------
    whole : int64 array (P,)
        Motif of the whole fit.
    part : int64 array (P,)
        Its counterpart.
    shift : int64 array (P,)
        Bins that are added to relative times of the counterpart to give those of the whole's motif.
    """
    if len(part) == 0 or len(whole) == 0:
        none = np.zeros(0, dtype=np.int64)
        return none, none, none
    cosine, shift = max_shifted_cosine(whole.probability, part.probability)
    # one to one: halves of a motif must not both be tested as the whole
    row, column = linear_sum_assignment(-cosine)
    alike = cosine[row, column] >= LEAST_COSINE
    row, column = row[alike], column[alike]
    return row, column, shift[row, column]


def _batches(pieces: Pieces, n_motifs: int) -> list[Indices]:
    """Return pieces in runs whose start times and motifs fit in memory."""
    # a piece is read with a margin on both sides, and starts may precede it by another
    cells = (pieces.end - pieces.first + 3 * pieces.margin) * max(n_motifs, 1)
    batch = (np.cumsum(cells) - 1) // MOST_CELLS
    return [np.flatnonzero(batch == number) for number in np.unique(batch)]


def _starts_inside(
    pieces: Pieces, at: NDArray[np.integer], start: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Return which starts in cut-out pieces are within their piece, not in its margins.

    Starts before the beginning of a document belong to its first piece.

    Parameters
    ----------
    at : int array (n,)
        Piece of each start.
    start : int array (n,)
        Bin in what is read of the piece.
    """
    start, first = start + pieces.read_first[at], pieces.first[at]
    inside: NDArray[np.bool_] = ((start >= first) | (first == 0)) & (start < pieces.end[at])
    return inside


def _in_documents(found: Candidates, pieces: Pieces, table: ObservationTable) -> Candidates:
    """Return candidates of cut-out pieces as candidates of the documents."""
    peaks = found.occurrences
    document = pieces.document[peaks.document]
    start = peaks.start_bin + pieces.read_first[peaks.document]
    return replace(found, occurrences=_at(peaks, document, start, table))


def _renumber(
    found: Candidates, whole: Indices, shift: Indices, n_motifs: int, table: ObservationTable
) -> Candidates:
    """Return candidates of a part's motifs under the numbers and starts of the whole fit's."""
    peaks = found.occurrences
    if len(peaks) == 0:
        return replace(no_candidates(n_motifs), mass=_spread(found.mass, whole, n_motifs))
    # relative time r of the part's motif is r + shift of the whole's, so starts move the other way
    start = peaks.start_bin - shift[peaks.motif]
    moved = _at(peaks, peaks.document.astype(np.int64), start, table)
    motif = whole[peaks.motif].astype(np.int32)
    mass = _spread(found.mass, whole, n_motifs)
    return replace(found, occurrences=replace(moved, motif=motif), mass=mass)


def _spread(values: Floats, place: Indices, n: int) -> Floats:
    spread = np.zeros(n)
    spread[place] = values
    return spread


def _at(
    peaks: Occurrences, document: Indices, start: Indices, table: ObservationTable
) -> Occurrences:
    return replace(
        peaks,
        document=document.astype(np.int32),
        start_bin=start.astype(np.int32),
        start_s=start_seconds(table, document, start),
    )
