"""Halves, decoys and the competition: what is known of the answer by construction."""

from dataclasses import replace

import numpy as np
import pytest

from motifmine.analysis.candidates import join_candidates, no_candidates
from motifmine.analysis.chance_level import (
    ADVANTAGE,
    DISPERSION,
    dispersion_of_copies,
    holm_rejections,
    label_events,
    recurrence_p_values,
)
from motifmine.analysis.competition import (
    compete,
    cross_fit,
    learn_without,
    leave_out,
    match_motifs,
)
from motifmine.analysis.decoys import draw_lags, motifs_with_decoys
from motifmine.analysis.held_out_motifs import leave_out_parts
from motifmine.analysis.motif_selection import keep_motifs
from motifmine.analysis.pieces import Pieces, cut_pieces
from motifmine.analysis.score_tables import score_table, score_table_elsewhere
from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.models.plsm.model import Plsm
from motifmine.models.starts import infer_starts
from motifmine.records.fields import select_entries
from motifmine.records.fit import Activations, Background, MotifSet, Occurrences
from motifmine.records.settings import Detection
from motifmine.records.significance import ScoreTable
from motifmine.records.table import ObservationTable, cut_documents, join_tables, table_from_rows
from motifmine.records.vocabulary import Vocabulary
from motifmine.seeding import generator
from motifmine.simulation import Simulation, simulate
from motifmine.types import Floats, Indices
from motifmine.workflows.mine import locate, mine
from tests.helpers.tables import table_of_counts

SPEC = Plsm(n_motifs=3, motif_length=8, activity="sparse", rounds=3)


def noise_table(rate: Floats, seed: int) -> ObservationTable:
    """Poisson counts of a rate (T, W)."""
    return table_of_counts(generator(seed).poisson(rate))


@pytest.mark.parametrize("lengths", [(600,), (60,), (300, 40, 40, 500), (40,) * 6])
def test_pieces_cover_every_bin_once_and_halves_are_alike(
    lengths: tuple[int, ...], small: Simulation
) -> None:
    tables = [noise_table(np.full((n, 3), 0.3), seed) for seed, n in enumerate(lengths)]
    table = join_tables(tables)
    pieces = cut_pieces(table, 8)
    covered = np.zeros(table.n_times, dtype=int)
    for document, first, end in zip(pieces.document, pieces.first, pieces.end, strict=True):
        at = table.document_offsets[document]
        covered[at + first : at + end] += 1
    assert np.all(covered == 1)
    bins = [int((pieces.end - pieces.first)[pieces.fold == half].sum()) for half in (0, 1)]
    assert max(bins) <= 0.7 * sum(bins)


def test_nothing_that_is_tested_was_learned(small: Simulation) -> None:
    """An occurrence that begins in a piece reaches into its margin; the other half skips that."""
    table = small.table
    pieces = cut_pieces(table, 8)
    learned: set[tuple[int, int]] = set()
    for document, first, end in zip(
        *(getattr(pieces.select(0), name) for name in ("document", "first", "end")), strict=True
    ):
        start = first + pieces.margin if first > 0 else 0
        learned |= {(int(document), int(t)) for t in range(start, end)}
    for document, first, end in zip(
        *(getattr(pieces.select(1), name) for name in ("document", "first", "end")), strict=True
    ):
        reached = {(int(document), int(t)) for t in range(first, end + pieces.margin)}
        assert not reached & learned
    assert pieces.select(0).tables_to_learn(table).n_times == len(learned)


def test_the_other_folds_are_learned_in_stretches_as_long_as_they_are(small: Simulation) -> None:
    """Only a tested piece, and a motif length behind it, are missing from what is learned."""
    pieces = cut_pieces(small.table, 8).divide()
    assert pieces.n_folds == 9
    for fold in range(9):
        tested, others = pieces.select(fold), pieces.without(fold)
        # behind a document's last piece nothing is learned that could be missing
        n_behind = np.count_nonzero(tested.end < tested.n_times)
        missing = int((tested.end - tested.first).sum()) + pieces.margin * n_behind
        assert others.tables_to_learn(small.table).n_times == small.table.n_times - missing


def test_thirds_are_divided_into_folds_that_teach_each_other_nothing(small: Simulation) -> None:
    """What a motif of a fold is learned from does not hold the fold, nor what it reaches."""
    fit = SPEC.fit(small.table, seed=0)
    short = cut_documents(small.table, 40)
    tables = [short.documents([d]) for d in range(9)]
    thirds = cut_pieces(join_tables(tables), 8)
    folds = thirds.divide()
    np.testing.assert_array_equal(folds.fold // 3, thirds.fold)
    assert sorted(folds.fold.tolist()) == list(range(9))

    def learn(tables: list[ObservationTable], tested: Pieces) -> Floats:
        table = join_tables(tables)
        learned = learn_without(table, [tested], fit.motifs, fit.background, infer_starts)
        return np.asarray(next(learned)[0].probability)

    for document in range(9):
        tested, other = (folds.take(np.array([d])) for d in (document, document - 1))
        changed = [*tables[:document], short.documents([9]), *tables[document + 1 :]]
        np.testing.assert_allclose(learn(tables, tested), learn(changed, tested), atol=1e-6)
        assert not np.allclose(learn(tables, other), learn(changed, other), atol=1e-4)


def test_parts_without_motifs_show_that_nothing_recurs(small: Simulation) -> None:
    fit = SPEC.fit(small.table, seed=0)
    nothing = replace(fit, motifs=select_entries(fit.motifs, "motif", np.zeros(0, np.int64)))
    held = cross_fit(
        small.table,
        cut_pieces(small.table, 8),
        fit.motifs,
        lambda _table, _fold, _n_folds: nothing,
        infer_starts,
        lambda some, _whole, _fold: draw_lags(some, 1, generator(0)),
    )
    assert held.was_fitted
    assert len(held.candidates.occurrences) == 0


@pytest.mark.statistical
def test_a_motif_that_occurs_five_times_is_known_to_recur() -> None:
    rng = generator(31)
    truth = simulate(n_motifs=1, motif_length=8, n_times=40, n_words=20, noise=0.0, seed=3)
    count = rng.poisson(0.2, size=(250, 20))
    for start in (12, 70, 95, 160, 231):
        rate = 60 * truth.motifs.probability[0]
        count[start : start + 8] += rng.poisson(rate)
    table = table_of_counts(count)
    record = mine(table, Plsm(motif_length=8))
    assert len(record.motifs) == 1
    assert len(record.occurrences) == 5
    assert np.ptp(record.occurrences.start_bin - np.array([12, 70, 95, 160, 231])) <= 2


def test_a_decoy_keeps_what_each_word_does_and_loses_the_order() -> None:
    motif = np.zeros((10, 4), dtype=np.float32)
    for word in range(4):
        motif[2 * word : 2 * word + 2, word] = 0.125
    motifs = MotifSet(probability=motif[None], weight=np.ones(1))
    lags = draw_lags(motifs, 1, generator(1))
    decoy = motifs_with_decoys(motifs, lags).motifs.probability[1]
    np.testing.assert_allclose(decoy.sum(axis=0), motif.sum(axis=0))
    for word in range(4):
        rows = np.flatnonzero(decoy[:, word])
        assert np.diff(rows).max() == 1, "the word's mass stays in one piece"
    assert not np.array_equal(decoy, motif)


def test_a_word_that_fills_the_window_is_reversed_and_one_word_alone_has_no_order() -> None:
    motif = np.zeros((8, 3), dtype=np.float32)
    motif[:, 0] = np.linspace(0.07, 0.09, 8)
    alone = motif / motif.sum()
    motif[1:3, 1], motif[4:6, 2] = 0.2, 0.1
    pair = MotifSet(probability=np.stack([motif / motif.sum(), alone]), weight=np.ones(2))
    lags = draw_lags(pair, 20, generator(1))
    everyone = motifs_with_decoys(pair, lags)
    decoys = everyone.motifs.probability[(everyone.copy > 0) & (everyone.source == 0)]
    rows = {tuple(np.round(decoy[:, 0], 4).tolist()) for decoy in decoys}
    ramp = tuple(np.round(pair.probability[0, :, 0], 4).tolist())
    assert rows == {ramp, ramp[::-1]}
    assert 1 < everyone.n_decoys[0] < 20
    assert everyone.n_decoys[1] == 0


def test_one_word_that_is_not_the_same_in_both_directions_has_an_order() -> None:
    programme = np.zeros((20, 3), dtype=np.float32)
    programme[:, 0] = [0, 0, 0, 0, 16, 18, 14, 12, 12, 7, 3, 3, 3, 1, 1, 0, 0, 0, 0, 0]
    other = np.zeros_like(programme)
    other[2:5, 1], other[9:14, 2] = 1, 2
    both = np.stack([programme / programme.sum(), other / other.sum()])
    motifs = MotifSet(probability=both, weight=np.ones(2))
    lags = draw_lags(motifs, 5, generator(1))
    # lags alone would leave the motif as it is
    assert (lags[:, 0, 0] < 0).all()
    everyone = motifs_with_decoys(motifs, lags)
    decoys = everyone.motifs.probability[(everyone.copy > 0) & (everyone.source == 0)]
    # all are the motif that runs backward
    assert len(decoys) == everyone.n_decoys[0] == 1
    assert max_shifted_cosine(both[:1], decoys)[0].max() < 0.9
    same = np.broadcast_to(both[0], decoys.shape)
    np.testing.assert_array_equal(np.sort(decoys, axis=1), np.sort(same, axis=1))


def test_pulses_of_one_word_have_decoys_in_another_order() -> None:
    programme = np.zeros((1, 20, 2), dtype=np.float32)
    programme[0, :, 0] = [0, 0, 12, 12, 12, 0, 0, 0, 0, 0, 12, 12, 12, 0, 0, 0, 0, 0, 0, 0]
    programme[0, 5, 1] = 3  # of another word, so that the order of bins is not all there is
    motifs = MotifSet(probability=programme / programme.sum(), weight=np.ones(1))
    everyone = motifs_with_decoys(motifs, draw_lags(motifs, 9, generator(4)))
    assert everyone.n_decoys[0] >= 2
    rows = everyone.motifs.probability[1:, :, 0]
    np.testing.assert_allclose(
        np.sort(rows), np.sort(motifs.probability[:, :, 0]).repeat(len(rows), 0)
    )
    assert max_shifted_cosine(motifs.probability, everyone.motifs.probability[1:])[0].max() < 0.95


def test_decoys_stand_behind_the_motifs_and_none_is_like_another() -> None:
    probability = np.zeros((2, 12, 8), dtype=np.float32)
    for motif, rng in zip(probability, (generator(2), generator(3)), strict=True):
        motif[rng.permutation(12)[:8], np.arange(8)] = 1 / 8
    motifs = MotifSet(probability=probability, weight=np.array([0.5, 0.3]))
    lags = np.concatenate([draw_lags(motifs, 3, generator(0))] * 2)
    everyone = motifs_with_decoys(motifs, lags)
    assert len(everyone.motifs) == 8
    assert everyone.n_decoys.tolist() == [3, 3]
    assert everyone.source.tolist() == [0, 1, 0, 0, 0, 1, 1, 1]
    assert everyone.copy.tolist() == [0, 0, 1, 2, 3, 1, 2, 3]
    # more weight would take observations from the background
    assert everyone.motifs.weight.sum() == pytest.approx(motifs.weight.sum())
    found = everyone.motifs.probability
    np.testing.assert_array_equal(found[:2], probability)
    words = probability.sum(axis=1)[everyone.source]
    np.testing.assert_allclose(found.sum(axis=1), words, rtol=1e-5)


def test_an_occurrence_does_not_vouch_for_itself() -> None:
    """Word 3 comes with one of four occurrences: without its fold, the motif does not have it."""
    starts = np.array([10, 50, 90, 130])
    time = np.concatenate([starts, starts + 1, starts + 2, [93]])
    word = np.concatenate([np.repeat([0, 1, 2], 4), [3]])
    table = table_from_rows(
        time=time,
        word=word,
        count=np.full(13, 5.0),
        n_times=160,
        vocabulary=Vocabulary.of_labels(list("abcd")),
        bin_s=1.0,
    )
    probability = np.zeros((1, 4, 4), dtype=np.float32)
    probability[0, [0, 1, 2, 3], [0, 1, 2, 3]] = np.array([4, 4, 4, 1]) / 13
    motifs = MotifSet(probability=probability, weight=np.ones(1))
    flat = Background(probability=np.full(4, 0.25, dtype=np.float32), weight=0.01)
    active = Activations(
        offsets=np.array([0, 4]),
        start=starts.astype(np.int32),
        motif=np.zeros(4, dtype=np.int32),
        mass=np.array([15.0, 15.0, 20.0, 15.0], dtype=np.float32),
    )
    parts = [[(0, 80), (120, 160)], [(80, 120)]]
    without_others, without_it = leave_out_parts(table, motifs, flat, active, 1e-3, parts)
    assert without_others[0].probability[0, 3, 3] == pytest.approx(0.25, abs=0.01)
    assert without_it[0].probability[0, 3, 3] == pytest.approx(0.0, abs=1e-6)
    pieces = cut_pieces(table, 4).divide()
    lags = draw_lags(motifs, 1, generator(0))
    held = leave_out(table, pieces, motifs, flat, active, infer_starts, lags).of_motifs()
    assert held.start_bin.tolist() == starts.tolist()
    assert held.weight[2] == pytest.approx(held.weight[1], rel=0.05)


def test_motifs_of_a_half_find_their_number_and_their_shift() -> None:
    probability = np.zeros((2, 8, 6), dtype=np.float32)
    probability[0, [1, 3, 4], [0, 1, 2]] = 1 / 3
    probability[1, [2, 3, 5], [3, 4, 5]] = 1 / 3
    whole = MotifSet(probability=probability, weight=np.ones(2) / 2)
    moved = np.roll(probability[::-1], 2, axis=1)
    half = MotifSet(probability=np.ascontiguousarray(moved), weight=np.ones(2) / 2)
    number, own, shift = match_motifs(whole, half)
    assert number.tolist() == [0, 1]
    assert own.tolist() == [1, 0]
    assert shift.tolist() == [-2, -2]


def test_starts_of_a_fold_are_those_of_the_whole_fit(small: Simulation) -> None:
    """Motifs of a part that begin two bins later in their window find the same starts."""
    fit = SPEC.fit(small.table, seed=0)
    probability = np.pad(fit.motifs.probability, ((0, 0), (0, 2), (0, 0)))
    whole = replace(fit.motifs, probability=probability)
    late = replace(fit.motifs, probability=np.roll(probability, 2, axis=1))

    def find(motifs: MotifSet) -> Occurrences:
        held = cross_fit(
            small.table,
            cut_pieces(small.table, 10),
            whole,
            lambda _table, _fold, _n_folds: replace(fit, motifs=motifs),
            infer_starts,
            lambda some, _whole, _fold: draw_lags(some, 1, generator(0)),
        )
        return held.candidates.of_motifs()

    found = [find(motifs) for motifs in (whole, late)]
    starts = [
        set(zip(o.document.tolist(), o.motif.tolist(), o.start_bin.tolist(), strict=True))
        for o in found
    ]
    assert len(starts[0] & starts[1]) > 0.8 * max(map(len, starts))


def test_candidates_of_some_motifs_are_numbered_among_these(small: Simulation) -> None:
    fit = SPEC.fit(small.table, seed=0)
    lags = draw_lags(fit.motifs, 4, generator(0))
    pieces = cut_pieces(small.table, 8)
    found = compete(small.table, pieces, fit.motifs, fit.background, infer_starts, lags)
    some = found.take_motifs(np.array([2, 0]))
    of = found.occurrences.motif
    assert np.bincount(some.occurrences.motif).tolist() == [np.sum(of == 2), np.sum(of == 0)]
    assert some.mass.tolist() == found.mass[[2, 0]].tolist()
    np.testing.assert_allclose(found.decoy_weight, 1 / found.n_copies[found.is_decoy])
    # of nothing there is a table, too
    none = join_candidates([no_candidates(3)], 3)
    assert len(none.score_table(np.zeros(0), 1.0)) == 0


def test_the_lowest_threshold_counts_whatever_happens_above_it() -> None:
    """The highest candidate is a decoy, so no short list is pure; the long one is pure enough."""
    target = np.linspace(10.0, 90.0, 400)
    decoy = np.array([95.0])
    scores = score_table(target, decoy, one_more=1.0, hours=1.0)
    assert scores.lowest_score("false_share", 0.01) <= 10.0
    assert scores.look_up("false_share", np.array([89.0]))[0] == pytest.approx(2 / 400)


def test_one_decoy_more_forbids_short_lists() -> None:
    few = score_table(np.linspace(50.0, 90.0, 40), np.zeros(0), one_more=0.5, hours=1.0)
    assert few.lowest_score("false_share", 0.01) == np.inf
    assert few.lowest_score("false_share", 0.0125) <= 50.0


def test_a_threshold_lies_between_the_decoys_and_the_weakest_found() -> None:
    scores = score_table(
        np.linspace(80, 100, 200), np.linspace(1.0, 5.0, 9), one_more=1.0, hours=2.0
    )
    assert 4.5 < scores.lowest_score("false_share", 0.01) < 20
    assert 5 < scores.lowest_score("false_per_hour", 0.01) < 20
    assert scores.look_up("false_per_hour", np.array([3.1]))[0] == pytest.approx(4 / 2)


def test_probabilities_of_being_false_are_right_where_densities_are_known() -> None:
    """True ones N(6, 1), as many false ones N(3, 1): P(false | s) = 1 / (1 + exp(3 s - 13.5))."""
    rng = generator(3)
    true, false = rng.normal(6, 1, 4000), rng.normal(3, 1, 4000)
    decoy = rng.normal(3, 1, 12000)
    scores = score_table(np.concatenate([true, false]), decoy, one_more=1 / 3, hours=1.0)
    at = np.array([3.5, 4.5, 5.5])
    np.testing.assert_allclose(
        scores.look_up("false_probability", at), 1 / (1 + np.exp(3 * at - 13.5)), atol=0.07
    )
    listed = np.concatenate([true, false]) >= scores.lowest_score("false_share", 0.05)
    assert np.mean(np.arange(8000)[listed] >= 4000) == pytest.approx(0.05, abs=0.01)


def test_half_an_occurrence_is_rather_true_and_probabilities_do_not_rise_with_the_score() -> None:
    """Twenty occurrences of 300 nats, chance of 5: nothing was found at 130."""
    target = np.linspace(295.0, 310.0, 20)
    scores = score_table(target, np.full(8, 5.0), one_more=1 / 8, hours=1.0)
    half = scores.look_up("false_probability", np.array([130.0]))[0]
    assert half < 0.01
    assert np.all(np.diff(scores.false_probability) <= 0)
    assert scores.look_up("false_probability", np.array([5.5]))[0] > 0.5


@pytest.mark.statistical
def test_probabilities_in_new_recordings_are_of_their_candidates_too() -> None:
    """New occurrences have lower scores than those that motifs were learned from."""
    rng = generator(3)
    own, new = 20 + rng.gamma(2.0, 40.0, 100), rng.gamma(2.0, 12.0, 300)
    chance, decoys = rng.exponential(4.0, 60), rng.exponential(4.0, 5 * 60)
    table = score_table(np.concatenate([own, chance]), decoys, one_more=1 / 5, hours=1.0)
    there = np.concatenate([new, rng.exponential(4.0, 60)])
    weight = np.full(5 * 60, 1 / 5)
    joined = score_table_elsewhere(
        table, there, rng.exponential(4.0, 5 * 60), decoy_weight=weight, one_more=1 / 5, hours=2.0
    )
    middle = (there > 8) & (there < 16)
    truth = np.mean(np.flatnonzero(middle) >= len(new))
    stated = [t.look_up("false_probability", there[middle]).mean() for t in (table, joined)]
    assert stated[0] > truth + 0.1
    assert abs(stated[1] - truth) < 0.15  # own and new occurrences are taken for of one kind
    older = replace(table, n_found=None)
    assert (
        score_table_elsewhere(older, there, decoys, decoy_weight=weight, one_more=1 / 5, hours=2.0)
        is older
    )


def test_few_minutes_are_enough_and_rare_motifs_need_higher_scores() -> None:
    """How chance scores is known from the fit, how much of it there is from the new recordings."""
    rng = generator(4)
    own = np.concatenate([rng.gamma(4.0, 10.0, 100), rng.exponential(4.0, 60)])
    table = score_table(own, rng.exponential(4.0, 5 * 60), one_more=1 / 5, hours=1.0)
    least = []
    for n_true, n_chance in ((40, 60), (3, 60), (2, 1)):
        there = np.concatenate([rng.gamma(4.0, 10.0, n_true), rng.exponential(4.0, n_chance)])
        elsewhere = score_table_elsewhere(
            table,
            there,
            rng.exponential(4.0, 5 * n_chance),
            decoy_weight=np.full(5 * n_chance, 1 / 5),
            one_more=1 / 5,
            hours=1.0,
        )
        expected = n_chance * np.exp(-elsewhere.score / 4.0)
        stated = elsewhere.false_per_hour
        likely = expected > 2
        np.testing.assert_allclose(stated[likely], expected[likely], rtol=0.5)
        least.append(elsewhere.lowest_score("false_share", 0.05))
    # 5 % of 40 is 2, of 3 or 2 it is next to none
    assert least[0] + 4 < least[1]
    assert least[2] < least[1] < np.inf


def test_motifs_of_one_word_have_decoys_of_another_rhythm() -> None:
    motif = np.zeros((1, 10, 2), dtype=np.float32)
    motif[0, 2:6, 0] = 0.25
    alone = MotifSet(probability=motif, weight=np.ones(1))
    # the box is the same in both directions, and of one pulse: nothing shows that it recurs
    reverse = draw_lags(alone, 6, generator(2), n_whole=np.ones(1, int), recurs=False)
    held_out = motifs_with_decoys(alone, reverse)
    assert held_out.n_decoys[0] == 0
    everyone = motifs_with_decoys(alone, draw_lags(alone, 6, generator(2)))
    assert everyone.n_decoys[0] > 3
    decoys = everyone.motifs.probability[1:]
    np.testing.assert_allclose(decoys.sum(axis=1), motif.sum(axis=1).repeat(len(decoys), axis=0))


def test_scores_below_the_table_are_false_and_an_empty_table_knows_nothing() -> None:
    none = np.zeros(0)
    empty = ScoreTable(score=none, false_share=none, false_probability=none, false_per_hour=none)
    assert empty.lowest_score("false_share", 1.0) == np.inf
    assert empty.look_up("false_probability", np.array([5.0]))[0] == 1.0


def p_values(score: Floats, copy: Indices, n_copies: int, **more: int) -> Floats:
    """Return the p-values of motifs with as many events each, (K, E)."""
    motif = np.arange(len(score))[:, None] + np.zeros_like(copy)
    return recurrence_p_values(
        score.ravel(),
        motif.ravel(),
        copy.ravel(),
        n_copies=np.full(score.size, n_copies),
        fold=np.zeros(score.size, dtype=np.int64),
        event=np.arange(score.size),
        n_motifs=len(score),
        rng=generator(5),
        **more,
    )


@pytest.mark.long
@pytest.mark.statistical
@pytest.mark.parametrize("n_copies", [1, 4])
def test_p_values_of_what_is_no_better_than_decoys_are_uniform(n_copies: int) -> None:
    """Several unlike decoys and the motif differ by chance in how well they fit."""
    rng = generator(4)
    fit = np.ones((400, 1 + n_copies))
    if n_copies > 1:
        fit = rng.gamma(1 / DISPERSION[0], size=fit.shape)
        fit[:, 0] *= ADVANTAGE
    copy = np.stack([rng.choice(1 + n_copies, 40, p=some / some.sum()) for some in fit])
    p = p_values(rng.gamma(2.0, 10.0, size=copy.shape), copy, n_copies)
    below = [float(np.mean(p <= level)) for level in (0.05, 0.25, 0.5, 0.75)]
    np.testing.assert_allclose(below, (0.05, 0.25, 0.5, 0.75), atol=0.06)


def test_decoys_that_differ_more_than_chance_make_p_values_larger() -> None:
    rng = generator(6)
    motif, copy = np.repeat(np.arange(6), 300), np.tile(np.repeat(np.arange(6), 50), 6)
    alike = rng.gamma(2.0, 10.0, size=len(motif))
    uneven = alike * rng.gamma(0.5, 2.0, size=36).repeat(50)

    def dispersion(evidence: Floats) -> float:
        n_copies, fold = np.full(1800, 5), np.zeros(1800, dtype=np.int64)
        return dispersion_of_copies(
            evidence, motif, copy, n_copies=n_copies, fold=fold, prior=DISPERSION[0]
        )

    assert dispersion(alike) == DISPERSION[0]
    assert 0.5 < dispersion(uneven) < 4.0


def test_a_few_sure_occurrences_among_much_that_is_of_chance_recur() -> None:
    """Sums of all scores say little: chance gives a motif and each decoy as much."""
    rng = generator(7)
    score, copy = rng.exponential(4.0, size=(1, 2500)), np.arange(2500)[None] % 5
    score[copy == 0] *= 1.2
    assert p_values(score, copy, 4)[0] > 0.1
    score[0, :250:5] += 60.0
    assert p_values(score, copy, 4)[0] < 0.001


def test_ten_of_ten_events_against_one_decoy_are_as_rare_as_ten_heads() -> None:
    score, zeros = np.full((1, 10), 300.0), np.zeros((1, 10), dtype=np.int64)
    assert p_values(score, zeros, 1)[0] == pytest.approx(2.0**-10, rel=0.3)
    # motifs of folds learn their order from each other: all could have been the opposite
    assert p_values(score, zeros, 1, n_orders=2)[0] == pytest.approx(2.0**-9, rel=0.3)
    # more decoys that found nothing say more
    assert p_values(score, zeros, 5)[0] < 2e-4
    assert p_values(score, zeros, 0)[0] == 1.0


def test_peaks_within_a_motif_length_are_one_event() -> None:
    start = np.array([3, 7, 30, 0, 10, 20, 30, 40, 50])
    document = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1])
    zeros = np.zeros(9, dtype=np.int64)
    # gaps of 10 go on; after three motif lengths another event begins
    event = label_events(zeros, zeros, document, start, 11)
    assert event.tolist() == [0, 0, 1, 2, 2, 2, 2, 3, 3]
    assert len(np.unique(label_events(np.arange(9), zeros, document, start, 11))) == 9


@pytest.mark.statistical
def test_p_values_of_many_events_are_those_of_few() -> None:
    rng = generator(5)
    score = rng.gamma(2.0, 10.0, size=(1, 1001))
    copy = rng.choice(4, p=[0.4, 0.2, 0.2, 0.2], size=(1, 1001))
    p = [p_values(score[:, :n], copy[:, :n], 3)[0] for n in (1000, 1001)]
    assert p[0] == pytest.approx(p[1], abs=0.03)


def test_holm_rejects_step_by_step() -> None:
    p = np.array([0.03, 0.004, 0.02, np.nan, 0.9])
    assert holm_rejections(p, 0.05).tolist() == [False, True, False, False, False]
    assert holm_rejections(p[:3], 0.05).tolist() == [True, True, True]


@pytest.mark.statistical
@pytest.mark.parametrize("kind", ["uniform", "autocorrelated", "waves", "squares", "common"])
def test_no_motif_is_reported_of_noise(kind: str) -> None:
    rng = generator(5)
    n_times, n_words = 1500, 30
    rate = np.full((n_times, n_words), 0.1)
    if kind == "autocorrelated":
        level = np.zeros((n_times, n_words))
        for t in range(1, n_times):
            level[t] = 0.9 * level[t - 1] + 0.44 * rng.normal(size=n_words)
        rate = 0.06 * np.exp(level)
    elif kind == "waves":
        rate *= (1 + 0.9 * np.sin(2 * np.pi * np.arange(n_times) / 250))[:, None] ** 2
    elif kind == "common":
        # all words are busy in the same bins, in no order
        rate *= rng.gamma(0.5, 2.0, (n_times, 1))
    elif kind == "squares":
        rate[:] = 0.0
        for _ in range(250):
            first = int(rng.integers(n_times))
            rate[first : first + 1 + int(rng.poisson(4)), rng.integers(n_words)] += 2.0
    record = mine(noise_table(rate, 6), replace(SPEC, n_motifs=4), seed=1)
    assert len(record.motifs) == 0
    assert len(record.occurrences) == 0
    assert record.significance is not None
    assert record.significance.n_unreplicated > 0
    assert record.background.weight == pytest.approx(1.0)


@pytest.mark.statistical
def test_motifs_of_structure_are_significant_and_few_of_their_occurrences_false(
    small: Simulation,
) -> None:
    record = mine(small.table, SPEC, detection=Detection(false_share=0.05))
    tested = record.significance
    assert tested is not None
    assert len(record.motifs) == 3
    assert np.all(tested.p_value < 0.01)
    assert np.all(tested.recurring_share > 0.7)
    truth = {
        (int(d), int(s) + by)
        for d, s in zip(small.occurrences.document, small.occurrences.start_bin, strict=True)
        for by in (-2, -1, 0, 1, 2)
    }
    starts = zip(record.occurrences.document, record.occurrences.start_bin, strict=True)
    false = sum((int(d), int(s)) not in truth for d, s in starts)
    assert false <= 0.1 * len(record.occurrences)
    assert record.occurrences.false_probability is not None
    assert np.all(record.occurrences.false_probability <= 1)
    listed = tested.scores.look_up("false_share", record.occurrences.score)
    assert listed.max() <= 0.05


@pytest.mark.statistical
def test_noise_of_the_same_words_gives_as_many_occurrences_as_the_rate_says(
    small: Simulation,
) -> None:
    record = mine(small.table, SPEC, detection=Detection(false_alarms_per_hour=50.0))
    rate = np.tile(record.background.probability.astype(float), (7200, 1))
    rate *= record.background.weight * small.table.total / small.table.n_times
    there = locate(record, noise_table(rate, 9))
    assert len(there.occurrences) / 2 < 150


def test_a_fit_of_few_occurrences_locates_them_in_its_own_table() -> None:
    """Held-out peaks are fewer than those of the fit: less than one in a hundred is not shown."""
    table = simulate(n_motifs=1, motif_length=8, n_words=12, n_times=600, noise=0.6, seed=7).table
    record = mine(table, Plsm(n_motifs=1, motif_length=8, restarts=1))
    assert 20 < len(record.occurrences) < 60
    again = locate(record, table).occurrences
    assert len(again) == pytest.approx(len(record.occurrences), rel=0.2)


def test_a_recording_too_short_for_halves_keeps_its_motifs_untested() -> None:
    table = simulate(n_motifs=1, motif_length=20, n_times=30, n_words=10, seed=1).table
    record = mine(table, Plsm(n_motifs=1, motif_length=20, activity="sparse"))
    assert record.significance is not None
    assert np.isnan(record.significance.p_value).all()
    assert len(record.occurrences) == 0


def test_a_fit_keeps_what_belongs_to_the_motifs_that_stay(small: Simulation) -> None:
    record = mine(small.table, SPEC)
    fewer = keep_motifs(record, np.array([0, 2]))
    assert len(fewer.motifs) == 2
    np.testing.assert_array_equal(fewer.motifs.probability[1], record.motifs.probability[2])
    assert len(fewer.occurrences) == np.count_nonzero(record.occurrences.motif != 1)
    assert set(fewer.occurrences.motif.tolist()) == {0, 1}
    assert fewer.activations.motif.max() == 1
    dropped = record.motifs.weight[1]
    assert fewer.background.weight == pytest.approx(record.background.weight + dropped)
    # with the words of the motif that went
    share = fewer.background.weight * fewer.background.probability
    words = dropped * record.motifs.probability[1].sum(axis=0)
    words += record.background.weight * record.background.probability
    np.testing.assert_allclose(share, words, atol=1e-6)


def test_each_of_several_decoys_counts_its_part(small: Simulation) -> None:
    """Where no decoy is left, one decoy more would be (1 / R) of a false occurrence."""
    record = mine(small.table, SPEC)
    tested = record.significance
    assert tested is not None
    clear = int(np.flatnonzero(tested.scores.false_per_hour == 0)[0])
    above = np.count_nonzero(record.occurrences.score >= tested.scores.score[clear])
    assert tested.scores.false_share[clear] == pytest.approx(1 / (tested.n_decoys * above))


def test_occurrences_lie_inside_their_recording(small: Simulation) -> None:
    record = mine(small.table, SPEC, detection=Detection(false_share=0.2))
    lengths = np.array([r.n_times for r in record.recordings])[record.occurrences.document]
    assert np.all(record.occurrences.start_s >= 0)
    assert np.all(record.occurrences.start_s < lengths * record.bin_s)
