"""Which motifs recur in data they were not learned from, and which occurrences are sure."""

from dataclasses import dataclass, replace

import numpy as np

from motifmine.analysis.chance_level import holm_rejections, recurrence_p_values, score_table
from motifmine.analysis.competition import Candidates, FitHalf, HeldOut, Infer, compete, cross_fit
from motifmine.analysis.occurrences import keep_occurrences
from motifmine.analysis.pieces import cut_pieces, default_piece_bins
from motifmine.records.fit import Background, MotifSet, Occurrences
from motifmine.records.settings import Detection
from motifmine.records.significance import ScoreTable, Significance
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Indices

LEVEL = 0.01
"""Probability that any motif is reported where there are none (family-wise error rate)."""
ENOUGH_PEAKS = 400
"""Decoys are made so many that they give, with as many peaks as motifs, about so many peaks."""
FEWEST_DECOYS, MOST_DECOYS = 3, 10
WITHIN_BINS = 2
"""A held-out occurrence this close to one of the whole fit is the same."""
WHOLE, LABELS, OTHER_DOCUMENTS = 2, 3, 4
"""What random streams of the detection are for; 0 and 1 are the halves."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assessment:
    """What is reported of a fit."""

    kept: Indices
    """Motifs that recur, by their number in the fit, int64 array."""
    occurrences: Occurrences
    """The sure ones; `motif` counts among the kept motifs."""
    significance: Significance
    """Of the kept motifs."""
    least_score: float
    """Score from which on occurrences are sure, nats; infinity when none can be."""


def assess(
    table: ObservationTable,
    motifs: MotifSet,
    background: Background,
    fit_half: FitHalf,
    infer: Infer,
    *,
    detection: Detection,
    n_occurrences: int,
    seed: int,
) -> Assessment:
    """Return the motifs of a fit that recur, and their occurrences that are sure.

    Parameters
    ----------
    table : ObservationTable
        The documents of the fit, prepared as for the fit.
    motifs, background
        Of the fit.
    fit_half : callable
        Fits the same model to half of the data.
    infer : callable
        Infers starts of given motifs.
    detection : Detection
        How many false occurrences are allowed.
    n_occurrences : int
        Occurrences that the fit seems to have; the fewer, the more decoys are made.
    seed : int
    """
    pieces = cut_pieces(table, motifs.motif_length)
    n_decoys = int(np.clip(-(-ENOUGH_PEAKS // max(n_occurrences, 1)), FEWEST_DECOYS, MOST_DECOYS))
    held = cross_fit(table, pieces, motifs, fit_half, infer, n_decoys=n_decoys, seed=seed)
    p_value = _p_values(held, len(motifs), n_decoys, seed)
    kept = np.arange(len(motifs)) if not held.was_fitted else _recurrent(p_value)
    found = compete(
        table,
        pieces,
        MotifSet(probability=motifs.probability[kept], weight=motifs.weight[kept]),
        background,
        infer,
        n_decoys=n_decoys,
        rng=generator(seed, Stream.DETECTION, WHOLE),
    ).of_motifs()
    own = _of_kept(held, kept)
    found = replace(found, score=consensus_scores(found, own, held.tested_bins[kept], table))
    scores = _score_table(found, own, held.tested_bins[kept], n_decoys, table)
    least = least_score(scores, detection)
    sure = with_chance(found, scores)
    likely = int(np.count_nonzero(scores.look_up("false_probability", found.score) < 0.5))
    return Assessment(
        kept=kept,
        occurrences=keep_occurrences(sure, sure.score >= least),
        least_score=least,
        significance=Significance(
            p_value=p_value[kept],
            recurring_share=_recurring_share(own, least),
            scores=scores,
            n_unreplicated=len(motifs) - len(kept),
            n_candidates=likely,
            n_decoys=n_decoys,
            piece_bins=default_piece_bins(table, motifs.motif_length),
            seed=seed,
        ),
    )


def least_score(scores: ScoreTable, detection: Detection) -> float:
    """Return the lowest score at which no more are false than allowed, infinity where none is."""
    if detection.false_alarms_per_hour is not None:
        return scores.lowest_score("false_per_hour", detection.false_alarms_per_hour)
    return scores.lowest_score("false_share", detection.false_share)


def locate_occurrences(
    table: ObservationTable,
    motifs: MotifSet,
    background: Background,
    significance: Significance | None,
    least_score: float,
    infer: Infer,
) -> Occurrences:
    """Return the occurrences of a fit's motifs in other documents, of `least_score` nats or more.

    Decoys compete as in the fit, and scores are worth what they are worth there. Fits of versions
    that did not test their motifs (None) have no decoys.
    """
    known = significance
    pieces = cut_pieces(
        table, motifs.motif_length, piece_bins=None if known is None else known.piece_bins
    )
    found = compete(
        table,
        pieces,
        motifs,
        background,
        infer,
        n_decoys=0 if known is None else known.n_decoys,
        rng=generator(0 if known is None else known.seed, Stream.DETECTION, OTHER_DOCUMENTS),
    ).of_motifs()
    if known is not None:
        found = with_chance(found, known.scores)
    return keep_occurrences(found, found.score >= least_score)


def with_chance(occurrences: Occurrences, scores: ScoreTable) -> Occurrences:
    """Return occurrences with what their scores are worth."""
    return replace(
        occurrences,
        false_probability=scores.look_up("false_probability", occurrences.score),
        false_per_hour=scores.look_up("false_per_hour", occurrences.score),
    )


def _p_values(held: HeldOut, n_motifs: int, n_decoys: int, seed: int) -> Floats:
    """Return the p-value of every motif, NaN for all where the halves cannot be fitted."""
    if not held.was_fitted:
        return np.full(n_motifs, np.nan)
    peaks = held.candidates.occurrences
    return recurrence_p_values(
        peaks.score,
        peaks.motif.astype(np.int64),
        held.candidates.is_decoy,
        n_motifs=n_motifs,
        n_decoys=n_decoys,
        rng=generator(seed, Stream.DETECTION, LABELS),
    )


def _recurrent(p_value: Floats) -> Indices:
    return np.flatnonzero(holm_rejections(p_value, LEVEL))


def _of_kept(held: HeldOut, kept: Indices) -> Candidates:
    """Return the held-out candidates of the kept motifs, numbered among these."""
    number = np.full(len(held.tested_bins), -1, dtype=np.int32)
    number[kept] = np.arange(len(kept), dtype=np.int32)
    motif = number[held.candidates.occurrences.motif]
    renumbered = replace(
        held.candidates,
        occurrences=replace(held.candidates.occurrences, motif=motif),
        mass=held.candidates.mass[kept],
    )
    return renumbered.keep(motif >= 0)


def consensus_scores(
    found: Occurrences, held: Candidates, tested_bins: Indices, table: ObservationTable
) -> Floats:
    """Return the mean of the score in the whole fit and the held-out score of each occurrence.

    An occurrence that held-out motifs do not find has the held-out score 0. So an occurrence that
    made its own motif is not sure for that. Motifs that were not tested in all bins keep the score
    of the whole fit where nothing was found.
    """
    theirs = held.of_motifs()
    order = np.argsort(_key(theirs, 0, table), kind="stable")
    keys, scores = _key(theirs, 0, table)[order], theirs.score[order]
    best = np.where(tested_bins[found.motif] >= table.n_times, 0.0, found.score)
    first = np.searchsorted(keys, _key(found, -WITHIN_BINS, table))
    end = np.searchsorted(keys, _key(found, WITHIN_BINS, table), side="right")
    for number in np.flatnonzero(end > first):
        best[number] = scores[first[number] : end[number]].max()
    return (found.score + best) / 2


def _key(occurrences: Occurrences, by: int, table: ObservationTable) -> Indices:
    """Return numbers that order occurrences by motif, document and start moved by `by` bins."""
    longest = 4 * max(r.n_times for r in table.recordings)
    place = occurrences.motif.astype(np.int64) * table.n_documents + occurrences.document
    key: Indices = place * longest + longest // 2 + occurrences.start_bin + by
    return key


def _score_table(
    found: Occurrences,
    held: Candidates,
    tested_bins: Indices,
    n_decoys: int,
    table: ObservationTable,
) -> ScoreTable:
    """Return what scores are worth; where a motif was not tested decoys count for more."""
    tested = float(tested_bins.sum())
    if tested == 0:
        none = np.zeros(0)
        return ScoreTable(score=none, false_share=none, false_probability=none, false_per_hour=none)
    return score_table(
        found.score,
        held.occurrences.score[held.is_decoy],
        decoy_weight=len(tested_bins) * table.n_times / tested / n_decoys,
        hours=table.n_times * table.bin_s / 3600,
    )


def _recurring_share(held: Candidates, least_score: float) -> Floats:
    """Return the share of every motif's held-out observations that sure occurrences hold."""
    peaks = held.of_motifs()
    sure = peaks.score >= least_score
    weight = np.bincount(peaks.motif[sure], peaks.weight[sure], minlength=len(held.mass))
    share: Floats = np.divide(weight, held.mass, out=np.zeros(len(held.mass)), where=held.mass > 0)
    return np.minimum(share, 1.0)
