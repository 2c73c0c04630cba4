"""The search's steps one by one, what is hidden from it, and how a fit is watched."""

import numpy as np
import pytest

from motifmine.errors import FitError, SpecError
from motifmine.models.excerpt import part_of_time
from motifmine.models.plsm.beginnings import Watch
from motifmine.models.plsm.centring import begin_at_front, crop_motifs, heaviest_window
from motifmine.models.plsm.em import infer_starts
from motifmine.models.plsm.heldout import hidden_score, hide_observations
from motifmine.models.plsm.problem import flat_start, prepare_em
from motifmine.models.plsm.pruning import drop_motif, merge_copies
from motifmine.models.plsm.search import add_seeds, cut_seeds
from motifmine.models.plsm.spec import PlsmSpec, Priors
from motifmine.models.plsm.stages import resolve
from motifmine.progress import Progress
from motifmine.simulation import Simulation

PRIORS = Priors(sparsity=2.0)


def test_hidden_and_kept_observations_are_the_whole(small: Simulation) -> None:
    kept, hidden = hide_observations(small.table, 0.3, np.random.default_rng(0))
    assert kept.total + hidden.total == pytest.approx(small.table.total)
    assert hidden.total / small.table.total == pytest.approx(0.3, abs=0.05)


def test_true_motifs_predict_hidden_observations_better_than_shuffled_ones(
    small: Simulation,
) -> None:
    kept, hidden = hide_observations(small.table, 0.2, np.random.default_rng(1))
    problem = prepare_em(kept, 8, PRIORS, most_motifs=3, n_threads=1)
    scores = []
    for motifs in (small.motifs.probability, small.motifs.probability[:, ::-1]):
        state = flat_start(problem, motifs, problem.word_shares())
        state = infer_starts(problem, state, n_iterations=20, n_ramp=5)
        scores.append(hidden_score(hidden, problem, state))
    assert scores[0] > scores[1] + 0.3


def test_the_heaviest_window_of_a_motif_is_found_and_cut_out() -> None:
    motifs = np.full((2, 12, 3), 1e-3, np.float32)
    motifs[0, 5:9], motifs[1, 0:4] = 1.0, 1.0
    assert heaviest_window(motifs, 4).tolist() == [5, 0]
    short = crop_motifs(motifs, 4)
    assert short.shape == (2, 4, 3)
    np.testing.assert_allclose(short.sum(axis=(1, 2)), 1, rtol=1e-5)


def test_a_motif_in_the_middle_of_its_window_is_moved_to_the_front(small: Simulation) -> None:
    problem = prepare_em(small.table, 20, Priors(sparsity=2.0), most_motifs=2, n_threads=1)
    motifs = np.full((2, 20, small.table.n_words), 1e-6, np.float32)
    motifs[0, 12, 1] = motifs[0, 15, 2] = motifs[1, 1, 3] = motifs[1, 9, 3] = 0.5
    state = flat_start(problem, motifs, problem.word_shares())
    starts = np.zeros_like(state.starts)
    starts[100] = 3
    moved = begin_at_front(problem, state._replace(starts=starts))
    assert np.argwhere(moved.motifs > 0.1).tolist() == [[0, 0, 1], [0, 3, 2], [1, 1, 3], [1, 9, 3]]
    # what happens stays at its time; a bin is no reason to move a motif
    assert np.argwhere(moved.starts).tolist() == [[100, 1], [112, 0]]


def test_copies_of_a_motif_are_merged(small: Simulation) -> None:
    problem = prepare_em(small.table, 8, PRIORS, most_motifs=4, n_threads=1)
    twins = small.motifs.probability[[0, 1, 2, 0]]
    state = flat_start(problem, twins, problem.word_shares())
    state = infer_starts(problem, state, n_iterations=10, n_ramp=2)
    fewer = merge_copies(state, 1)
    assert fewer.n_motifs == 3
    assert fewer.starts.sum() == pytest.approx(state.starts.sum(), rel=1e-4)
    assert drop_motif(state, 3).n_motifs == 3


def test_seeds_are_open_windows_of_the_data(small: Simulation) -> None:
    problem = prepare_em(small.table, 8, PRIORS, most_motifs=6, n_threads=1)
    rng = np.random.default_rng(0)
    seeds = cut_seeds(problem, problem.layout.count, 4, rng)
    np.testing.assert_allclose(seeds.sum(axis=(1, 2)), 1, rtol=1e-5)
    words = np.flatnonzero(problem.word_shares())
    assert seeds[:, :, words].min() > 0
    state = flat_start(problem, small.motifs.probability, problem.word_shares())
    more = add_seeds(problem, state, 4, rng)
    assert more.n_motifs == 7
    np.testing.assert_array_equal(more.motifs[:3], small.motifs.probability)


def test_part_of_the_time_is_a_part_of_the_observations(small: Simulation) -> None:
    part = part_of_time(small.table, 8, 300, 4, np.random.default_rng(0))
    assert 0 < part.total < small.table.total
    assert part.n_words == small.table.n_words


def test_a_resolved_specification_leaves_nothing_open(small: Simulation) -> None:
    dense = resolve(PlsmSpec(activity="dense"), small.table)
    assert (dense.start, dense.restarts, dense.sparsity, dense.background) == (
        *("random", 8, 0.0),
        0.01,
    )
    sparse = resolve(PlsmSpec(activity="sparse", sparsity=1.5), small.table)
    assert (sparse.start, sparse.sparsity, sparse.priors.background) == ("search", 1.5, None)
    with pytest.raises(SpecError, match="rounds"):
        PlsmSpec(rounds=0)


def test_progress_never_passes_its_end_and_a_value_that_is_not_finite_ends_the_fit() -> None:
    told: list[Progress] = []
    watch = Watch.of(PlsmSpec(iterations=3, rounds=1, restarts=1), told.append)
    watch.see_round(-5.0)
    for value in (-4.0, -3.0, -2.0, -1.0):
        watch.see(value)
    assert [p.done for p in told] == sorted(p.done for p in told)
    assert told[-1].done == told[-1].total
    np.testing.assert_array_equal(watch.trace().log_likelihood, [-4, -3, -2, -1])
    with pytest.raises(FitError, match="nan"):
        watch.see(float("nan"))
