"""Occurrences of a fit's motifs in documents that it has not seen."""

from dataclasses import replace

from motifmine.analysis.alike_motifs import join_alike
from motifmine.analysis.common_instants import count_whole_decoys, keep_opposites
from motifmine.analysis.competition import compete
from motifmine.analysis.decoys import draw_lags
from motifmine.analysis.listing import least_score, lengths_alone, relax
from motifmine.analysis.occurrences import keep_occurrences
from motifmine.analysis.pieces import cut_pieces
from motifmine.analysis.recurrence import p_values_of
from motifmine.analysis.score_tables import score_table_elsewhere
from motifmine.analysis.significance import (
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

    Decoys compete as in the fit. The significance that is returned is of these documents: p-values,
    shares that recur, and false discovery rates, see `score_table_elsewhere`.

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
    n_whole = keep_opposites(count_whole_decoys(table, motifs))
    lags = draw_lags(motifs, 0 if known is None else known.n_decoys, rng, n_whole=n_whole)
    # decoys compete again: without them a motif would take more than in the fit
    found = compete(table, pieces, motifs, background, infer, lags)
    peaks = join_alike(found.of_motifs(), motifs)
    least = detection.least_score
    if known is not None:
        scores = score_table_elsewhere(
            known.scores_of_others,
            peaks.score,
            found.occurrences.score[found.is_decoy],
            decoy_weight=found.decoy_weight,
            one_more=found.one_more,
            hours=table.n_times * table.bin_s / 3600,
        )
        if scores.n_found is not None:
            least = least_score(scores, relax(scores, peaks, detection, lengths_alone(found)))
        peaks = with_chance(peaks, scores)
        known = replace(
            known,
            scores=scores,
            scores_elsewhere=None,
            p_value=p_values_of(found, motifs, known.seed),
            recurring_share=recurring_share_of(found, least),
        )
    peaks = keep_occurrences(peaks, peaks.score >= least)
    return without_companions(peaks, motifs.motif_length, table.n_times), known
