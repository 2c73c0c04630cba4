"""Which occurrences are sure, and what is said where none is."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest

from motifmine.analysis import significance as significance_module
from motifmine.analysis.candidates import Candidates
from motifmine.analysis.chance_level import size_p_value
from motifmine.analysis.listing import find_clear, least_score, lengths_alone, relax
from motifmine.analysis.locating import locate_occurrences
from motifmine.analysis.motif_selection import keep_motifs
from motifmine.analysis.occurrences import keep_occurrences
from motifmine.analysis.significance import with_chance
from motifmine.models.plsm.model import Plsm, PlsmFit
from motifmine.models.starts import infer_starts
from motifmine.records.fit import Background, FitRecord, MotifSet
from motifmine.records.settings import Detection
from motifmine.records.significance import ScoreTable, Significance
from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.reporting.sentences.significance import significance_sentences
from motifmine.seeding import generator
from motifmine.simulation import Simulation, simulate
from motifmine.workflows.mine import locate, mine
from tests.helpers.fit_records import lane_record, occurrences_at

SCORES = ScoreTable(
    score=np.array([1.0, 2.0, 3.0]),
    false_share=np.array([0.5, 0.04, 0.005]),
    false_probability=np.array([0.9, 0.2, 0.01]),
    false_per_hour=np.array([30.0, 2.0, 0.0]),
)


def significance(**changes: object) -> Significance:
    plain = Significance(
        p_value=np.full(2, 0.001),
        recurring_share=np.ones(2),
        scores=SCORES,
        n_unreplicated=0,
        n_candidates=5,
        n_decoys=3,
        piece_bins=40,
        seed=0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def record_with(tested: Significance, least: float) -> FitRecord:
    record = replace(lane_record(), significance=tested)
    sure = keep_occurrences(record.occurrences, record.occurrences.score >= least)
    return replace(record, occurrences=sure)


def test_the_threshold_is_the_lowest_that_keeps_the_share_or_the_rate() -> None:
    assert least_score(SCORES, Detection()) == 3.0
    assert least_score(SCORES, Detection(false_share=0.05)) == 2.0
    assert least_score(SCORES, Detection(false_alarms_per_hour=40.0)) == 1.0
    assert least_score(SCORES, Detection(false_share=0.001)) == np.inf


def test_a_short_list_may_hold_a_larger_share_of_false_ones() -> None:
    """Of ten occurrences none can be sure at 1 % with three decoys a motif."""

    def share(score: list[float], allowed: float = 0.01, alone: int = 0) -> float:
        targets = occurrences_at(range(len(score)), score=score)
        detection = Detection(false_share=allowed)
        return relax(SCORES, targets, detection, np.array([alone])).false_share

    assert share([2.5, 9.0]) == 0.01
    assert share([2.5]) == 0.05
    assert share([1.5]) == 0.01
    assert share([2.5], 0.04) == 0.04
    # two, and half of what it would have alone
    assert share([2.5, 9.0], alone=2) == 0.05
    assert share([9.0, 9.0, 2.5], alone=3) == 0.01
    assert share([9.0, 9.0, 2.5, 2.5, 2.5], alone=5) == 0.05


def test_a_sure_motif_stays_though_without_it_the_share_would_be_larger() -> None:
    """With it a short list is sure at 1 %, without it a longer one at 5 %."""
    score = np.concatenate([np.linspace(50, 100, 40), [101.0], np.linspace(150, 900, 25)])
    motif = (np.arange(len(score)) > 40).astype(np.int32)
    found = Candidates(
        occurrences=replace(occurrences_at(range(len(score)), score=score), motif=motif),
        copy=(score == 101.0).astype(np.int64),
        n_copies=np.where(motif == 0, 5, 2),
        n_whole=np.zeros(len(score), np.int64),
        fold=np.zeros(len(score), np.int64),
        mass=np.array([600.0, 800.0]),
    )
    assert find_clear(found).tolist() == [0, 1]
    assert lengths_alone(found).tolist() == [40, 25]


def test_a_motif_that_hides_occurrences_of_others_goes() -> None:
    """Its decoy is as good as it is; all motifs have one threshold."""
    score = np.concatenate([np.linspace(50, 100, 60), [240.0, 110.0], [230.0]])
    n = len(score)
    motif = np.concatenate([np.zeros(60), np.ones(3)]).astype(np.int32)
    found = Candidates(
        occurrences=replace(occurrences_at(range(n), score=score), motif=motif),
        copy=np.where(np.arange(n) == n - 1, 1, 0),
        n_copies=np.where(motif == 0, 20, 1),
        n_whole=(motif == 1).astype(np.int64),
        fold=np.zeros(n, np.int64),
        mass=np.array([600.0, 10.0]),
    )
    assert find_clear(found).tolist() == [0]
    quiet = found.keep(np.arange(n) < n - 1)
    assert find_clear(quiet).tolist() == [0, 1]


def test_a_sure_motif_with_a_single_decoy_stays_though_a_longer_list_is_less_strict() -> None:
    score = np.concatenate([np.linspace(50, 100, 60), np.linspace(120, 900, 10), [110.0, 105.0]])
    n = len(score)
    motif = np.concatenate([np.zeros(60), np.ones(12)]).astype(np.int32)
    found = Candidates(
        occurrences=replace(occurrences_at(range(n), score=score), motif=motif),
        copy=np.where(np.arange(n) >= n - 2, 1, 0),
        n_copies=np.where(motif == 0, 20, 1),
        n_whole=np.zeros(n, np.int64),
        fold=np.zeros(n, np.int64),
        mass=np.array([600.0, 800.0]),
    )
    # of 70 in all at least two are false: that is less than 5 %
    assert find_clear(found).tolist() == [0, 1]


def test_chance_is_what_the_kind_of_decoys_finds_that_finds_more() -> None:
    """Two decoys keep what comes together, three others do not."""
    copy = np.array([0, 1, 2, 1, 3, 4, 5, 3, 4])
    n = len(copy)
    found = Candidates(
        occurrences=occurrences_at(range(n), score=99.0 - np.arange(n)),
        copy=copy,
        n_copies=np.full(n, 5),
        n_whole=np.full(n, 2),
        fold=np.zeros(n, np.int64),
        mass=np.ones(1),
    )
    # three of two decoys, then five of three others: 1.67 false ones in all
    expected = [0.5, 1.0, 1.5, 1.5, 1.5, 1.5, 1.5, 5 / 3]
    np.testing.assert_allclose(found.decoy_weight.cumsum(), expected)
    without = replace(found, n_whole=np.zeros(n, np.int64))
    np.testing.assert_allclose(without.decoy_weight, 1 / 5)


def test_five_large_events_are_rarer_than_five_tosses_of_a_coin() -> None:
    rng = generator(0)
    reverse = rng.exponential(15.0, 8)
    strong = np.append(np.full(5, 300.0), rng.exponential(15.0, 8))
    assert size_p_value(strong, reverse, 15.0, rng) < 0.001
    # of nothing but a usual score of chance, too; one large event is no recurrence
    assert size_p_value(np.full(5, 300.0), np.zeros(0), 15.0, rng) < 0.01
    assert size_p_value(np.array([900.0, 15.0, 15.0]), reverse, 15.0, rng) > 0.1


def test_p_values_of_sizes_of_chance_are_uniform_and_hardly_smaller_where_they_vary_more() -> None:
    rng = generator(1)
    for shape, most in ((1.0, 0.07), (0.5, 0.12)):
        sizes = rng.gamma(shape, 15.0 / shape, (300, 2, 9))
        drawn = [size_p_value(own, reverse, 15.0, rng) for own, reverse in sizes]
        assert np.mean(np.array(drawn) <= 0.05) < most


def test_a_sure_motif_stays_whose_decoys_hide_weak_occurrences_of_another() -> None:
    loud, decoys = np.linspace(300, 600, 40), np.linspace(20, 60, 30)
    score = np.concatenate([loud, decoys, np.linspace(8, 140, 110)])
    n = len(score)
    found = Candidates(
        occurrences=replace(
            occurrences_at(range(n), score=score),
            motif=np.repeat([0, 1], [70, 110]).astype(np.int32),
        ),
        copy=np.repeat([0, 1, 0], [40, 30, 110]),
        n_copies=np.full(n, 3),
        n_whole=np.zeros(n, np.int64),
        fold=np.zeros(n, np.int64),
        mass=np.array([18_000.0, 8000.0]),
    )
    assert find_clear(found).tolist() == [0, 1]


def test_each_occurrence_gets_what_its_score_is_worth() -> None:
    found = with_chance(occurrences_at([0, 9, 20], score=[0.5, 2.5, 99.0]), SCORES)
    assert found.false_probability is not None
    assert found.false_per_hour is not None
    # a probability is of just this score, between those of the table
    np.testing.assert_allclose(found.false_probability, [1.0, 0.105, 0.01])
    assert found.false_per_hour.tolist() == [np.inf, 2.0, 0.0]


def test_a_fit_of_an_older_version_has_other_scores_for_other_documents() -> None:
    older = significance(scores_elsewhere=replace(SCORES, false_share=np.ones(3)))
    assert older.scores_of_others.false_share.tolist() == [1.0, 1.0, 1.0]
    assert significance().scores_of_others is SCORES


def without_order(table: ObservationTable, seed: int) -> ObservationTable:
    """Return a table with each word moved in time by a lag of its own."""
    row = np.repeat(np.arange(table.n_times), np.diff(table.offsets))
    lag = np.random.default_rng(seed).integers(table.n_times, size=table.n_words)
    return table_from_rows(
        time=(row + lag[table.word]) % table.n_times,
        word=table.word,
        count=table.count,
        n_times=table.n_times,
        vocabulary=table.vocabulary,
        bin_s=table.bin_s,
    )


def p_values_in(table: ObservationTable, motifs: MotifSet) -> np.ndarray:
    flat = Background(probability=np.full(table.n_words, 1 / table.n_words, "f4"), weight=0.3)
    known = significance(p_value=np.zeros(len(motifs)), recurring_share=np.ones(len(motifs)))
    _, found = locate_occurrences(
        table, motifs, flat, known, Detection(least_score=3.0), infer_starts
    )
    assert found is not None
    return found.p_value


def test_a_motif_recurs_in_recordings_of_the_scene(small: Simulation) -> None:
    assert np.all(p_values_in(small.table, small.motifs) <= 0.001)


@pytest.mark.statistical
@pytest.mark.parametrize("n_words", [5, 20])
def test_p_values_in_recordings_without_order_are_uniform_at_most(n_words: int) -> None:
    found = []
    for seed in range(12):
        drawn = simulate(n_motifs=4, n_times=500, motif_length=8, n_words=n_words, seed=seed)
        found.append(p_values_in(without_order(drawn.table, seed), drawn.motifs))
    p = np.concatenate(found)
    assert kstest(p, "uniform", alternative="greater").pvalue > 0.1
    assert np.count_nonzero(p <= 0.01) <= 2


def test_what_recurs_often_is_tested_in_a_part_of_a_long_recording(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = simulate(n_motifs=2, n_times=1500, motif_length=6, n_words=12, seed=4)
    monkeypatch.setattr(significance_module, "ENOUGH_TESTED", 800)
    monkeypatch.setattr(significance_module, "OFTEN", 25)
    tested: list[int] = []

    def fit(self: Plsm, table: ObservationTable, **options: Any) -> PlsmFit:
        tested.append(table.n_times)
        return fit_as_it_is(self, table, **options)

    fit_as_it_is = Plsm.fit
    monkeypatch.setattr(Plsm, "fit", fit)
    record = mine(drawn.table, Plsm(n_motifs=2, motif_length=6))
    # two thirds of the part, each less what its own third reaches
    assert tested[0] == 1500
    assert len(tested) == 4
    assert max(tested[1:]) < 700
    assert record.significance is not None
    assert len(record.motifs) == 2
    # occurrences are listed everywhere
    found = record.occurrences.start_bin
    assert np.histogram(found, 6, (0, 1500))[0].min() > 0.5 * len(found) / 6


@pytest.mark.statistical
def test_next_to_nothing_is_listed_of_recordings_without_order() -> None:
    """Two dozen of each reach the score that is enough where motifs occur all the time."""
    n_listed = 0
    for seed in (2, 3):
        drawn = simulate(n_motifs=3, n_times=900, motif_length=8, n_words=5, seed=seed)
        record = mine(drawn.table, Plsm(n_motifs=3, motif_length=8))
        assert len(record.occurrences) > 60
        n_listed += len(locate(record, without_order(drawn.table, seed)).occurrences)
    assert n_listed <= 4


def test_starts_of_motifs_and_decoys_have_the_sparsity_of_the_motifs_alone(
    small: Simulation,
) -> None:
    truth = small.motifs
    twice = MotifSet(
        probability=np.concatenate([truth.probability, truth.probability[:, ::-1]]),
        weight=np.tile(truth.weight, 2) / 2,
    )
    even = np.full(truth.n_words, 1 / truth.n_words, dtype=np.float32)
    background = Background(probability=even, weight=0.2)
    found = infer_starts(twice, background, small.table, np.tile(np.arange(3), 2))
    mass = np.bincount(found.activations.motif, found.activations.mass, minlength=6)
    assert mass[:3].sum() > 3 * mass[3:].sum()


@pytest.mark.parametrize(
    ("tested", "least", "said"),
    [
        (significance(n_unreplicated=3), 2.0, "3 motifs are not reported"),
        (significance(n_unreplicated=3, n_undirected=1), 2.0, "2 motifs are not reported"),
        (
            significance(n_unreplicated=2, n_undirected=2),
            2.0,
            "2 motifs are not reported: they may",
        ),
        (
            significance(n_untested=2),
            np.inf,
            "2 motifs are not reported: the recordings are too short",
        ),
        (significance(n_untested=1), np.inf, "test whether it recurs (each half"),
        (significance(), np.inf, "5 candidate occurrences, none sure; they come with --false-al"),
        (significance(n_candidates=0), np.inf, "no occurrence is sure"),
    ],
)
def test_what_is_not_there_is_said(tested: Significance, least: float, said: str) -> None:
    assert any(said in line for line in significance_sentences(record_with(tested, least)))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "try another motif length"),
        ({"activity": "moving", "longest_s": 6.0}, "too few things pass along each path in"),
    ],
)
def test_advice_is_what_may_help(settings: dict[str, object], said: str) -> None:
    record = keep_motifs(record_with(significance(n_candidates=0), np.inf), np.zeros(0, np.int64))
    spec = replace(record.provenance.spec, settings=settings)
    record = replace(record, provenance=replace(record.provenance, spec=spec))
    assert any(said in line for line in significance_sentences(record))


def test_nothing_is_said_where_all_is_well() -> None:
    assert significance_sentences(record_with(significance(), 2.0)) == []
    assert significance_sentences(lane_record()) == []
