"""Occurrences of a fit's motifs in documents that it has not seen."""

from dataclasses import replace

import numpy as np

from motifmine.analysis.alike_motifs import join_alike
from motifmine.analysis.competition import compete
from motifmine.analysis.decoys import draw_lags
from motifmine.analysis.occurrences import keep_occurrences
from motifmine.analysis.pieces import cut_pieces
from motifmine.analysis.score_tables import add_candidates
from motifmine.analysis.significance import (
    allowed_shares,
    p_values_of,
    recurring_share_of,
    with_chance,
    without_companions,
)
from motifmine.models.starts import Infer
from motifmine.records.fit import Background, MotifSet, Occurrences
from motifmine.records.settings import Detection
from motifmine.records.significance import Significance
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator

# number of the random stream of detection in other documents, next to those of `significance`
OTHER_DOCUMENTS = 2


def locate_occurrences(
    table: ObservationTable,
    motifs: MotifSet,
    background: Background,
    significance: Significance | None,
    detection: Detection,
    infer: Infer,
) -> tuple[Occurrences, Significance | None]:
    """Return the occurrences of a fit's motifs in other documents.

    Decoys compete as in the fit. The false discovery rates of scores are those of the fit, but for
    the probability of being false, which is of the candidates in both. Where motifs are rarer than
    in the fit, chance is a larger share of what reaches a score, so the mean of these probabilities
    must not be more than the allowed share either. The p-values of the significance that is
    returned, and the shares that recur, are of these documents.

    Parameters
    ----------
    table : ObservationTable
        Other documents, prepared as for the fit.
    motifs : MotifSet
        Of the fit, (K, L, W).
    background : Background
        Of the fit.
    significance : Significance or None
        Of the fit; None for fits of versions that did not test their motifs: no decoys compete.
    detection : Detection
        Of the fit.
    infer : callable
        Infers starts of given motifs, see `motifmine.analysis.competition.Infer`.
    """
    known = significance
    pieces = cut_pieces(
        table, motifs.motif_length, piece_bins=None if known is None else known.piece_bins
    )
    rng = generator(0 if known is None else known.seed, Stream.DETECTION, OTHER_DOCUMENTS)
    lags = draw_lags(motifs, 0 if known is None else known.n_decoys, rng)
    # decoys compete again: without them a motif would take more than in the fit
    found = compete(table, pieces, motifs, background, infer, lags)
    peaks = join_alike(found.of_motifs(), motifs)
    if known is not None:
        scores = add_candidates(
            known.scores_of_others,
            peaks.score,
            found.occurrences.score[found.is_decoy],
            decoy_weight=found.decoy_weight,
        )
        peaks = with_chance(peaks, scores)
        known = replace(
            known,
            scores=scores,
            scores_elsewhere=None,
            p_value=p_values_of(found, motifs, known.seed),
            recurring_share=recurring_share_of(found, detection.least_score),
        )
    peaks = _keep_sure(peaks, detection)
    return without_companions(peaks, motifs.motif_length, table.n_times), known


def _keep_sure(peaks: Occurrences, detection: Detection) -> Occurrences:
    """Return the peaks of the fit's least score, and of those as many as may be listed."""
    peaks = keep_occurrences(peaks, peaks.score >= detection.least_score)
    if peaks.false_probability is None or detection.false_alarms_per_hour is not None:
        return peaks
    order = np.argsort(-peaks.score, kind="stable")
    share = np.cumsum(peaks.false_probability[order]) / np.arange(1, len(order) + 1)
    # probabilities do not fall with lower scores, so the share of a list rises with its length
    for allowed in allowed_shares(detection):
        if n_listed := int(np.count_nonzero(share <= allowed)):
            break
    return keep_occurrences(peaks, np.isin(np.arange(len(order)), order[:n_listed]))
