"""Which motifs recur in data they were not learned from, and which occurrences are significant."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from motifmine.analysis.alike_motifs import join_alike
from motifmine.analysis.candidates import Candidates
from motifmine.analysis.chance_level import (
    holm_rejections,
    label_events,
    recurrence_p_values,
    size_p_value,
)
from motifmine.analysis.common_instants import (
    are_in_order,
    count_listed_decoys,
    count_whole_decoys,
)
from motifmine.analysis.companions import find_companions
from motifmine.analysis.competition import (
    FitPart,
    HeldOut,
    cross_fit,
    leave_out,
)
from motifmine.analysis.decoys import draw_lags
from motifmine.analysis.listing import find_clear, least_score, relax
from motifmine.analysis.motif_selection import keep_activations, widen_background
from motifmine.analysis.occurrences import keep_occurrences
from motifmine.analysis.pieces import cut_pieces, default_piece_bins
from motifmine.analysis.pulse_order import LearnedRows, pulse_order_p_values, pulsed_words
from motifmine.analysis.score_tables import CHANCE_SCORE
from motifmine.models.excerpt import part_of_time
from motifmine.models.starts import Infer
from motifmine.records.fields import select_entries
from motifmine.records.fit import Activations, Background, MotifSet, Occurrences
from motifmine.records.settings import Detection
from motifmine.records.significance import ScoreTable, Significance
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Indices

LEVEL = 0.02
"""Probability that any motif is reported where there are none (family-wise error rate)."""
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
FEW = 10
"""Occurrences of a motif below which they are few,"""
SAME_TOSSES = 0.13
"""and the probability that three tosses of a coin are the same as one before: enough for what
occurs a few times, if these are larger than chance."""
ENOUGH_TESTED = 1_500_000
"""Observations of a part of the time that motifs are tested in, if it holds on average"""
OFTEN = 100
"""occurrences of the rarest; else it is larger. The p-value of what comes as often is as low as it
may be, and each third costs a fit and an inference in everything."""
LAGS, LABELS, PULSES, PART, SIZES = 0, 1, 2, 3, 4
"""Numbers of the random streams of detection: each purpose has its own, so that none affects
another."""
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
    n_listed = count_listed_decoys(np.where(free, 0, n_whole)[kept], chosen)
    rng = generator(seed, Stream.DETECTION, LAGS)
    lags = draw_lags(chosen, n_decoys, rng, n_whole=n_listed)
    folds = cut_pieces(table, motifs.motif_length).divide()
    found = leave_out(table, folds, chosen, flat, active, infer, lags)
    if held.was_fitted:
        # what the whole fit explains no better than its decoys would hide in every list what recurs
        holds = np.flatnonzero(p_values_of(found, chosen, seed) <= WEAK_LEVEL)
        kept, found = kept[holds], found.take_motifs(holds)
        clear = find_clear(found)
        kept, found = kept[clear], found.take_motifs(clear)
    chosen = select_entries(motifs, "motif", kept)
    targets = join_alike(found.of_motifs(), chosen, table.n_times)
    scores = NOTHING_KNOWN
    # where time was up, decoys still say what scores are worth
    if held.was_fitted or held.is_cut:
        scores = found.score_table(targets.score, table.n_times * table.bin_s / 3600)
    detection = relax(scores, targets.score, detection)
    least = least_score(scores, detection)
    targets = with_chance(targets, scores)
    sure = keep_occurrences(targets, targets.score >= least)
    # one occurrence is no recurrence, however sure; of what there was no time to test all stay
    often = np.bincount(sure.motif, minlength=len(kept)) >= (1 if held.is_cut else LEAST_LIKELY)
    sure = keep_occurrences(sure, often[sure.motif])
    recur = kept[np.unique(sure.motif)]
    sure = without_companions(sure, motifs.motif_length, table.n_times)
    # what recurs without a sure occurrence would be an empty motif in every list; of what there was
    # no time to test nothing is dropped
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


def p_values_of(
    found: Candidates,
    motifs: MotifSet,
    seed: int,
    *,
    n_orders: int = 1,
    in_order: NDArray[np.bool_] | None = None,
) -> Floats:
    """Return the p-value of every motif in data that it was not learned from.

    That of a motif without order in time is 1: its decoys are as good.

    Parameters
    ----------
    found : Candidates
        Of K motifs and their decoys.
    motifs : MotifSet
    n_orders : int
        See `recurrence_p_values`.
    in_order : bool array (K,) or None
        Motifs whose words surely have an order in time, so that they need not surpass decoys that
        keep what comes together; see `motifmine.analysis.common_instants.are_in_order`.
    """
    has_whole, both = found.n_whole > 0, found.n_copies > found.n_whole
    both &= has_whole
    if not both.any():
        return _p_values(found, motifs, seed, n_orders)
    # decoys that keep what comes together break what each word does alone, the others break what
    # comes together: chance has both, so a motif must surpass either
    whole = found.keep(has_whole & (found.copy <= found.n_whole))
    whole = replace(whole, n_copies=whole.n_whole)
    others = replace(
        found,
        copy=np.where(both, np.maximum(found.copy - found.n_whole, 0), found.copy),
        n_copies=np.where(both, found.n_copies - found.n_whole, found.n_copies),
    ).keep(~both | (found.copy == 0) | (found.copy > found.n_whole))
    p_value = _p_values(others, motifs, seed, n_orders)
    alone = _p_values(whole, motifs, seed, n_orders)
    of_motif = np.bincount(whole.of_motifs().motif, minlength=len(motifs))
    n_whole = np.zeros(len(motifs), dtype=np.int64)
    np.maximum.at(n_whole, whole.occurrences.motif, whole.n_copies)
    # a few tosses of a coin cannot be rarer than the level, but can all be the same, and what comes
    # up is larger than chance. Noise in common surpasses the other decoys, which then say nothing:
    # sizes are corrected for the number of motifs, that tosses agree is a condition more. With
    # opposites a few events can be rarer
    enough = np.where(of_motif < FEW, SAME_TOSSES, LEVEL)
    tossed = np.flatnonzero((alone <= enough) & (n_whole == 1))
    by_size = n_orders * _size_p_values(whole, found, motifs, seed)
    alone[tossed] = np.minimum(alone, by_size)[tossed]
    if in_order is not None:
        alone[in_order] = 0
    tested = np.unique(whole.occurrences.motif)
    p_value[tested] = np.maximum(p_value, alone)[tested]
    return p_value


def _size_p_values(whole: Candidates, found: Candidates, motifs: MotifSet, seed: int) -> Floats:
    """Return the probability that chance gives events as large as those of each motif, (K,).

    Parameters
    ----------
    whole : Candidates
        Of motifs and their reverses.
    found : Candidates
        Of all decoys, too.
    """
    everyone = _sizes_of_events(found, motifs.usual_length)
    decoys = [size for (_, copy), size in everyone.items() if copy > 0]
    usual = float(np.concatenate([*decoys, [CHANCE_SCORE]]).mean())
    of_whole = _sizes_of_events(whole, motifs.usual_length)
    rng, none = generator(seed, Stream.DETECTION, SIZES), np.zeros(0)
    return np.array(
        [
            size_p_value(of_whole.get((k, 0), none), of_whole.get((k, 1), none), usual, rng)
            for k in range(len(motifs))
        ]
    )


def _sizes_of_events(found: Candidates, length: int) -> dict[tuple[int, int], Floats]:
    """Return the evidence in each event by motif and copy, 0 for the motif itself."""
    peaks = found.occurrences
    motif = peaks.motif.astype(np.int64)
    document, start = (n.astype(np.int64) for n in (peaks.document, peaks.start_bin))
    event = label_events(motif, found.fold, document, start, length)
    sizes: dict[tuple[int, int], Floats] = {}
    for k, copy in np.unique(np.stack([motif, found.copy]), axis=1).T.tolist():
        mine = (motif == k) & (found.copy == copy)
        of_event = np.bincount(event[mine], np.maximum(peaks.score[mine], 0.0))
        sizes[k, copy] = of_event[of_event > 0].astype(np.float64)
    return sizes


def _p_values(found: Candidates, motifs: MotifSet, seed: int, n_orders: int) -> Floats:
    peaks = found.occurrences
    motif = peaks.motif.astype(np.int64)
    # of many decoys each has its own chance at every peak; busy scenes have no more events than a
    # few, which would never show that motifs of many sure occurrences recur
    event = len(motif) + np.arange(len(motif))
    single = found.n_copies == 1
    event[single] = label_events(
        motif[single],
        found.fold[single],
        peaks.document[single],
        peaks.start_bin[single],
        motifs.usual_length,
    )
    return recurrence_p_values(
        peaks.score,
        motif,
        found.copy,
        n_copies=found.n_copies,
        fold=found.fold,
        event=event,
        n_motifs=len(motifs),
        n_orders=n_orders,
        rng=generator(seed, Stream.DETECTION, LABELS),
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
