"""Which motifs recur in data they were not learned from, and which occurrences are significant."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from motifmine.analysis.alike_motifs import join_alike
from motifmine.analysis.candidates import Candidates
from motifmine.analysis.chance_level import holm_rejections
from motifmine.analysis.common_instants import are_in_order, count_whole_decoys, keep_opposites
from motifmine.analysis.companions import find_companions
from motifmine.analysis.competition import (
    FitPart,
    HeldOut,
    cross_fit,
    leave_out,
)
from motifmine.analysis.decoys import draw_lags
from motifmine.analysis.listing import find_clear, least_score, lengths_alone, relax
from motifmine.analysis.motif_selection import keep_activations, widen_background
from motifmine.analysis.occurrences import keep_occurrences
from motifmine.analysis.pieces import cut_pieces, default_piece_bins
from motifmine.analysis.pulse_order import LearnedRows, pulse_order_p_values, pulsed_words
from motifmine.analysis.recurrence import LEVEL, p_values_of
from motifmine.models.excerpt import part_of_time
from motifmine.models.starts import Infer
from motifmine.records.fields import select_entries
from motifmine.records.fit import Activations, Background, MotifSet, Occurrences
from motifmine.records.settings import Detection
from motifmine.records.significance import ScoreTable, Significance
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Indices

WEAK_LEVEL = 0.05
"""Level of the second test, of motifs that have passed the first: a few occurrences of a motif with
two decoys cannot be rarer than that."""
ENOUGH_PEAKS = 1500
"""Peaks of decoys that are wanted, if a decoy has as many as a motif."""
FEWEST_DECOYS, MOST_DECOYS = 5, 25
"""With three decoys, five occurrences that no decoy matches could not be significant."""
LIKELY = 0.5
"""Probability of being false below which a candidate is rather true."""
LEAST_LIKELY = 2
"""Held-out candidates that are rather true, which a motif must have: one is no recurrence."""
ENOUGH_TESTED = 1_500_000
"""Observations of a part of the time that motifs are tested in, if it holds on average"""
OFTEN = 100
"""occurrences of the rarest; else it is larger. The p-value of what comes as often is as low as it
may be, and each third costs a fit and an inference in everything."""
LAGS, PULSES, PART = 0, 2, 3
"""Numbers of the random streams of detection, next to those of `recurrence`: each purpose has its
own, so that none affects another."""
NOTHING_KNOWN = ScoreTable(
    score=np.zeros(0),
    false_share=np.zeros(0),
    false_probability=np.zeros(0),
    false_per_hour=np.zeros(0),
)
"""Score table where nothing could be tested."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assessment:
    """What is reported of a fit."""

    kept: Indices
    """Motifs that recur, by their number in the fit, int64 array."""
    occurrences: Occurrences
    """The significant ones; `motif` counts among the kept motifs."""
    significance: Significance
    """Of the kept motifs."""
    least_score: float
    """Least score of significant occurrences in other documents, nats; infinity: there are none."""
    false_share: float
    """Share of the occurrences that is expected to be false, see `relax`."""
    tested_p_value: Floats
    """p-values of all motifs of the fit, NaN where they could not be tested, float64 array."""


def assess(
    table: ObservationTable,
    motifs: MotifSet,
    background: Background,
    activations: Activations,
    fit_part: FitPart,
    infer: Infer,
    *,
    detection: Detection,
    n_occurrences: Indices,
    seed: int,
) -> Assessment:
    """Return the motifs of a fit that recur, and their significant occurrences.

    Parameters
    ----------
    table : ObservationTable
        The documents of the fit, prepared as for the fit.
    motifs : MotifSet
        Of the fit, (K, L, W).
    activations : Activations
        Of the fit, in `table`.
    fit_part : callable
        Fits the same model to part of the data, see `FitPart`.
    infer : callable
        Infers starts of given motifs, see `Infer`.
    detection : Detection
        How many false occurrences are allowed.
    n_occurrences : int64 array (K,)
        Occurrences that each motif seems to have; the fewer, the more decoys are made.
    """
    n_whole = count_whole_decoys(table, motifs)
    n_decoys = _count_decoys(n_occurrences) + max(int(n_whole.max(initial=0)) - 1, 0)
    part = _part_to_test(table, motifs.motif_length, n_occurrences, seed)
    held, p_of_pulses = _hold_out(part, motifs, fit_part, infer, n_whole, n_decoys, seed)
    p_value, kept = _test(held, motifs, p_of_pulses, seed)
    free = np.zeros(len(motifs), dtype=np.bool_)
    if n_whole.any():
        # those that pass are known to recur in order; words of others may have one, too
        free = are_in_order(table, motifs, activations, background, kept)
        if free.any():
            p_value, kept = _test(held, motifs, p_of_pulses, seed, in_order=free)
    chosen = select_entries(motifs, "motif", kept)
    active = keep_activations(activations, _numbers(kept, len(motifs)))
    flat = widen_background(background, motifs, kept)
    opposites = keep_opposites(np.where(free, 0, n_whole)[kept])
    lags = draw_lags(chosen, n_decoys, generator(seed, Stream.DETECTION, LAGS), n_whole=opposites)
    folds = cut_pieces(table, motifs.motif_length).divide()
    found = leave_out(table, folds, chosen, flat, active, infer, lags)
    if held.was_fitted:
        # what the whole fit explains no better than its decoys would hide in every list what recurs
        holds = np.flatnonzero(p_values_of(found, chosen, seed) <= WEAK_LEVEL)
        holds = holds[find_clear(found.take_motifs(holds))]
        kept, found = kept[holds], found.take_motifs(holds)
    recurrent = select_entries(motifs, "motif", kept)
    targets = join_alike(found.of_motifs(), recurrent)
    scores = NOTHING_KNOWN
    # where time was up, decoys still say what scores are worth
    if held.was_fitted or held.is_cut:
        scores = found.score_table(targets.score, table.n_times * table.bin_s / 3600)
    detection = relax(scores, targets, detection, lengths_alone(found))
    least = least_score(scores, detection)
    targets = with_chance(targets, scores)
    sure = keep_occurrences(targets, targets.score >= least)
    # one occurrence is no recurrence, however sure; of what there was no time to test all stay
    often = np.bincount(sure.motif, minlength=len(kept)) >= (1 if held.is_cut else LEAST_LIKELY)
    sure = keep_occurrences(sure, often[sure.motif])
    recur = kept[np.unique(sure.motif)]
    sure = without_companions(sure, motifs.motif_length, table.n_times)
    # without a sure occurrence a motif would be empty in every list; what is not tested stays
    shown = np.arange(len(kept)) if held.is_cut else np.unique(sure.motif)
    return Assessment(
        kept=kept[shown],
        occurrences=replace(sure, motif=np.searchsorted(shown, sure.motif).astype(np.int32)),
        least_score=least,
        false_share=detection.false_share,
        tested_p_value=p_value,
        significance=Significance(
            p_value=p_value[kept[shown]],
            recurring_share=recurring_share_of(held.candidates.take_motifs(kept), least)[shown],
            scores=scores,
            n_unreplicated=len(motifs) - len(recur) if held.was_fitted else 0,
            n_undirected=_count_undirected(held, recur) or None,
            n_companions=len(recur) - len(np.unique(sure.motif)) or None,
            n_untested=None if held.was_fitted or held.is_cut else len(motifs) or None,
            n_candidates=_count_likely(targets.score, scores),
            n_decoys=n_decoys,
            piece_bins=default_piece_bins(table, motifs.motif_length),
            seed=seed,
        ),
    )


def _part_to_test(
    table: ObservationTable, motif_length: int, n_occurrences: Indices, seed: int
) -> ObservationTable:
    """Return stretches of a long table in which each motif occurs often, or the table itself."""
    rarest = min(n_occurrences[n_occurrences > 0].tolist(), default=OFTEN)
    if len(table.word) <= ENOUGH_TESTED or rarest <= OFTEN:
        return table
    n_wanted = max(ENOUGH_TESTED, len(table.word) * OFTEN // rarest)
    rng = generator(seed, Stream.DETECTION, PART)
    # stretches of 20 lengths: long ones are few, and what happens for a while only is in none
    return part_of_time(table, -(-motif_length // 3), n_wanted, 0, rng)


def _count_decoys(n_occurrences: Indices) -> int:
    # -(-a // b) rounds up
    n_decoys = -(-ENOUGH_PEAKS // max(int(n_occurrences.sum()), 1))
    return int(np.clip(n_decoys, FEWEST_DECOYS, MOST_DECOYS))


def without_companions(occurrences: Occurrences, motif_length: int, n_times: int) -> Occurrences:
    """Return the occurrences that are not only parts of others, see `find_companions`.

    Parameters
    ----------
    n_times : int
        Bins of all documents.
    """
    return keep_occurrences(occurrences, ~find_companions(occurrences, motif_length, n_times))


def with_chance(occurrences: Occurrences, scores: ScoreTable) -> Occurrences:
    """Return occurrences with the local false discovery rate and false alarms of their scores."""
    return replace(
        occurrences,
        false_probability=scores.look_up("false_probability", occurrences.score),
        false_per_hour=scores.look_up("false_per_hour", occurrences.score),
    )


def _hold_out(
    table: ObservationTable,
    motifs: MotifSet,
    fit_part: FitPart,
    infer: Infer,
    n_whole: Indices,
    n_decoys: int,
    seed: int,
) -> tuple[HeldOut, Floats]:
    """Return what motifs find in folds, and the p-values of the order of pulses, NaN without."""
    thirds = cut_pieces(table, motifs.motif_length)
    folds = thirds.divide()
    words = pulsed_words(motifs)
    learned: list[LearnedRows] = []

    def draw(some: MotifSet, whole: Indices, fold: int) -> Indices:
        rows = some.probability[np.arange(len(some)), : some.usual_length, words[whole]]
        bins = folds.select(fold).bins_in(table)
        learned.append(LearnedRows(bins=bins, motif=whole, rows=rows))
        rng = generator(seed, Stream.DETECTION, LAGS, fold)
        return draw_lags(some, n_decoys, rng, n_whole=n_whole[whole], recurs=False)

    held = cross_fit(table, thirds, motifs, fit_part, infer, draw)
    if not held.was_fitted:
        return held, np.full(len(motifs), np.nan)
    rng = generator(seed, Stream.DETECTION, PULSES)
    return held, pulse_order_p_values(table, words, learned, rng)


def _test(
    held: HeldOut,
    motifs: MotifSet,
    p_of_pulses: Floats,
    seed: int,
    *,
    in_order: NDArray[np.bool_] | None = None,
) -> tuple[Floats, Indices]:
    """Return the p-values of all motifs, and those that recur; see `p_values_of`."""
    if not held.was_fitted:
        # a table too short to be cut cannot show that anything recurs
        return np.full(len(motifs), np.nan), np.arange(len(motifs))
    p_value = p_values_of(held.candidates, motifs, seed, n_orders=2, in_order=in_order)
    tested = ~np.isnan(p_of_pulses)
    # either test is enough, so both together have the level of one
    p_value[tested] = np.minimum(2 * np.fmin(p_value, p_of_pulses), 1.0)[tested]
    return p_value, _recurrent(held, p_value, p_of_pulses <= LEVEL)


def _recurrent(held: HeldOut, p_value: Floats, is_ordered: NDArray[np.bool_]) -> Indices:
    """Return the motifs that recur: significant, and with candidates that are rather true.

    Those whose pulses are in order are not compared with decoys that might be like them.
    """
    kept = np.flatnonzero(holm_rejections(p_value, LEVEL))
    own = held.candidates.take_motifs(kept)
    target = own.of_motifs()
    scores = own.score_table(target.score, 1.0)
    n_likely = [_count_likely(target.score[target.motif == k], scores) for k in range(len(kept))]
    return kept[is_ordered[kept] | (np.array(n_likely, dtype=np.int64) >= LEAST_LIKELY)]


def _count_likely(score: Floats, scores: ScoreTable) -> int:
    """Return how many candidates are rather true."""
    return int(np.count_nonzero(scores.look_up("false_probability", score) < LIKELY))


def _count_undirected(held: HeldOut, recur: Indices) -> int:
    """Return how many motifs do not recur that only their direction in time could show to."""
    found = held.candidates
    single = np.unique(found.occurrences.motif[(found.n_copies <= 1) | (found.n_whole > 0)])
    return int(np.count_nonzero(~np.isin(single, recur)))


def _numbers(kept: Indices, n_motifs: int) -> Indices:
    """Return the number of each motif among the kept ones, -1 for those that are not kept."""
    number = np.full(n_motifs, -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    return number


def recurring_share_of(held: Candidates, least_score: float) -> Floats:
    """Return the share of each motif's held-out observations that significant occurrences hold."""
    peaks = held.of_motifs()
    sure = peaks.score >= least_score
    weight = np.bincount(peaks.motif[sure], peaks.weight[sure], minlength=len(held.mass))
    share: Floats = np.divide(weight, held.mass, out=np.zeros(len(held.mass)), where=held.mass > 0)
    return np.minimum(share, 1.0)
