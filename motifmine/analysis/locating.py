"""Occurrences of a fit's motifs in documents that it has not seen."""

from dataclasses import replace

from motifmine.analysis.alike_motifs import join_alike
from motifmine.analysis.chance_level import add_candidates
from motifmine.analysis.competition import compete
from motifmine.analysis.decoys import draw_lags
from motifmine.analysis.occurrences import keep_occurrences
from motifmine.analysis.pieces import cut_pieces
from motifmine.analysis.significance import (
    p_values_of,
    recurring_share_of,
    with_chance,
    without_companions,
)
from motifmine.models.starts import Infer
from motifmine.records.fit import Background, MotifSet, Occurrences
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
    least_score: float,
    infer: Infer,
) -> tuple[Occurrences, Significance | None]:
    """Return the occurrences of a fit's motifs in other documents, of `least_score` nats or more.

    Decoys compete as in the fit, and the false discovery rates of scores are those of the fit, but
    for the probability of being false, which is of the candidates in both. The p-values of the
    significance that is returned, and the shares that recur, are of these documents, none of which
    the motifs were learned from.

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
    least_score : float
        Nats.
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
            recurring_share=recurring_share_of(found, least_score),
        )
    peaks = keep_occurrences(peaks, peaks.score >= least_score)
    return without_companions(peaks, motifs.motif_length, table.n_times), known
