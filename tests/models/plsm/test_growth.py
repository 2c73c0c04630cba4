"""As many motifs as there are: growth, splits, and what holds."""

from collections import deque
from typing import Any

import numpy as np
import pytest

from motifmine.analysis.matching import match_motifs
from motifmine.models.plsm import growth, holding, occurrence_windows, pruning, split_moves
from motifmine.models.plsm.em import infer_starts, iterate
from motifmine.models.plsm.model import Plsm
from motifmine.models.plsm.problem import Problem, State, flat_start, prepare_em
from motifmine.models.plsm.spec import Priors
from motifmine.records.table import ObservationTable
from motifmine.seeding import generator
from motifmine.simulation import Simulation, simulate
from motifmine.types import Floats32

LENGTH = 8


@pytest.fixture(scope="module")
def truth() -> Simulation:
    return simulate(n_motifs=3, motif_length=LENGTH, n_words=40, n_times=1200, noise=0.2, seed=2)


def inferred(table: ObservationTable, motifs: Floats32) -> tuple[Problem, State]:
    priors = Priors(sparsity=2.0)
    problem = prepare_em(table, motifs.shape[1], priors, most_motifs=12, n_threads=1)
    state = infer_starts(
        problem, flat_start(problem, motifs, problem.word_shares()), n_iterations=12, n_ramp=4
    )
    return problem, state


@pytest.mark.statistical
@pytest.mark.parametrize(("seed", "noise"), [(0, 0.1), (1, 0.5)])
def test_nothing_given_gives_the_true_motifs(seed: int, noise: float) -> None:
    drawn = simulate(
        n_motifs=4, motif_length=LENGTH, n_words=40, n_times=1500, noise=noise, seed=seed
    )
    fit = Plsm(motif_length=LENGTH).fit(drawn.table, seed=seed)
    assert len(fit.motifs) == 4
    match = match_motifs(drawn.motifs.probability, fit.motifs.probability)
    assert match.cosine.min() > 0.9
    assert fit.decisions[0].startswith("4 motifs: ")
    assert fit.findings() == {"decisions": list(fit.decisions)}


def test_motifs_of_a_length_that_is_much_too_long_are_those_of_the_right_one() -> None:
    size = {"n_motifs": 3, "motif_length": 5, "n_words": 30, "n_times": 300}
    drawn = simulate(**size, noise=0.4, observations_per_bin=8, seed=1)
    # windows of 20 bins hold several occurrences: all of them are one motif
    found = Plsm(motif_length=20).fit(drawn.table, n_threads=1).motifs
    assert len(found) == 3
    match = match_motifs(drawn.motifs.probability, found.probability)
    assert match.cosine.min() > 0.8


@pytest.mark.long
def test_the_same_seed_gives_the_same_motifs_at_any_number_of_threads(truth: Simulation) -> None:
    spec = Plsm(motif_length=LENGTH, restarts=1, rounds=3)
    one, other = (spec.fit(truth.table, n_threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one.motifs.probability, other.motifs.probability)


def test_a_mixture_of_two_motifs_is_split_and_a_single_one_is_not(truth: Simulation) -> None:
    true = truth.motifs.probability
    mixed = np.stack([(true[0] + true[1]) / 2, true[2]])
    problem, state = inferred(truth.table, mixed)
    state, _ = iterate(problem, state, 3)
    canvas = occurrence_windows.canvas_of(problem)
    motifs = split_moves.split_and_merge(problem, state, canvas, generator(0))
    assert motifs is not None
    match = match_motifs(true, motifs)
    assert match.cosine.min() > 0.8
    problem, state = inferred(truth.table, true)
    canvas = occurrence_windows.canvas_of(problem)
    assert split_moves.split_and_merge(problem, state, canvas, generator(0)) is None


def test_true_motifs_hold_on_the_other_half_and_noise_does_not(truth: Simulation) -> None:
    noise = generator(1).dirichlet(np.full(LENGTH * 40, 0.1)).reshape(1, LENGTH, 40)
    motifs = np.concatenate([truth.motifs.probability, noise.astype(np.float32)])
    problem, state = inferred(truth.table, motifs)
    halves = holding.halves_of(truth.table, problem)
    assert halves is not None
    total, number = holding.evidence(halves, state)
    assert total[:3].min() > 10 * holding.LEAST_EVIDENCE
    assert total[3] < holding.LEAST_EVIDENCE
    assert number[:3].min() > 10
    kept = holding.drop_unreplicated_motifs(
        problem,
        state,
        occurrence_windows.canvas_of(problem),
        halves,
        LENGTH,
        keeps_strong=False,
    )
    assert kept.n_motifs == 3


def test_a_motif_that_only_mends_others_accompanies_them(truth: Simulation) -> None:
    problem, state = inferred(truth.table, truth.motifs.probability)
    assert holding.accompanying(problem, state) is None
    mending = state._replace(
        motifs=np.concatenate([state.motifs, state.motifs[:1]]),
        starts=np.concatenate([state.starts, 0.2 * state.starts[:, :1]], axis=1),
    )
    assert holding.accompanying(problem, mending) == 3


def test_a_table_of_one_block_has_no_halves() -> None:
    table = simulate(n_motifs=1, motif_length=4, n_times=10, seed=0).table
    problem = prepare_em(table, 8, Priors(sparsity=2.0), most_motifs=2, n_threads=1)
    assert holding.halves_of(table, problem) is None


@pytest.mark.parametrize("gain", [[], [-5.0, 0.3, 1.0]])
def test_what_gains_little_is_no_evidence(gain: list[float]) -> None:
    assert holding.mixture_gain(np.array(gain), 1000)[0] < 1


def test_windows_hold_the_counts_where_a_motif_starts(truth: Simulation) -> None:
    problem, state = inferred(truth.table, truth.motifs.probability)
    canvas = occurrence_windows.canvas_of(problem)
    dense = truth.table.dense().T
    at = occurrence_windows.Peaks(np.array([LENGTH - 1 + 100]), np.ones(1))
    np.testing.assert_array_equal(
        occurrence_windows.cut_windows(canvas, canvas.counts, at)[0],
        dense[100 : 100 + LENGTH],
    )
    rates = occurrence_windows.expected_rates(problem, state, canvas)
    expected = float(state.starts.sum() + state.background_mass.sum())
    assert rates.sum() == pytest.approx(expected, rel=0.02)
    peaks = occurrence_windows.find_peaks(problem, state.starts[:, 0])
    assert np.diff(peaks.row).min() >= LENGTH // 2


def test_fewer_motifs_than_asked_are_reported_with_a_reason(truth: Simulation) -> None:
    fit = Plsm(n_motifs=7, motif_length=LENGTH).fit(truth.table)
    n_found = len(fit.motifs)
    assert n_found < 7
    assert fit.decisions[0].startswith(f"{n_found} of 7 motifs: ")
    assert Plsm(n_motifs=n_found, motif_length=LENGTH).fit(truth.table).decisions == ()


def test_motifs_that_divide_the_background_do_not_shorten_the_description(
    truth: Simulation,
) -> None:
    problem, state = inferred(truth.table, truth.motifs.probability)
    true = pruning.compute_saving(problem, state)
    shape = np.full(LENGTH * 40, 0.05)
    chance = generator(3).dirichlet(shape, size=8).reshape(-1, LENGTH, 40).astype(np.float32)
    problem, state = inferred(truth.table, np.concatenate([truth.motifs.probability, chance]))
    state, _ = iterate(problem, state, 20)
    assert true > 1000
    assert pruning.compute_saving(problem, state) < true


def test_ways_are_compared_with_all_cells_open(truth: Simulation) -> None:
    field = growth._field(truth.table, LENGTH, Priors(sparsity=2.0), 1)
    motifs = np.pad(truth.motifs.probability, ((0, 0), (2, 2), (0, 0)))
    # a way closed the last two bins of every motif, and EM does not open them again
    closed = motifs.copy()
    closed[:, -4:-2] = 0
    whole, part = (
        holding.restarted(field.problem, flat_start(field.problem, m, field.problem.word_shares()))
        for m in (motifs, closed / closed.sum(axis=(1, 2), keepdims=True))
    )
    best = growth._shortest(field, part)
    assert best.saving > pruning.compute_saving(field.problem, part) + 500
    assert best.saving > 0.99 * growth._shortest(field, whole).saving


def test_growth_ends_where_motifs_save_no_more_and_says_what_they_save(truth: Simulation) -> None:
    priors = Priors(sparsity=2.0)
    found = growth.grow_motifs(truth.table, LENGTH, priors, 0, n_threads=1, on_round=lambda _: None)
    assert len(found.motifs) == 3
    assert found.reason.startswith("they shorten the description of the data by ")


def test_motifs_are_grown_once_of_the_same_table(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def grow(table: ObservationTable, length: int, *_: object, **__: object) -> growth.Grown:
        drawn.append(length)
        return growth.Grown(np.zeros((1, length, table.n_words), "f4"), np.zeros(1), 0.0, "")

    monkeypatch.setattr(growth, "_grow", grow)
    monkeypatch.setattr(growth, "_LAST", deque(maxlen=2))
    table = simulate(n_motifs=1, n_times=30, seed=0).table
    more = table.with_counts(table.count + 1)

    def grown(table: ObservationTable, length: int, order_bins: int = 0) -> None:
        quiet: Any = {"n_threads": 1, "on_round": lambda _: None}
        growth.grow_motifs(table, length, Priors(sparsity=2.0), 0, order_bins=order_bins, **quiet)

    grown(table, 8)
    grown(table, 4)
    # an order that ends with the motifs changes nothing
    grown(table, 8, order_bins=8)
    assert drawn == [8, 4]
    grown(more, 8)
    grown(table, 8, order_bins=4)
    grown(table, 4)
    assert drawn == [8, 4, 8, 8, 4]
