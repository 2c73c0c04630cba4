"""The prior on start times of PLSM: how much every start loses."""

import numpy as np
import pytest

from motifmine.models.plsm import passes
from motifmine.models.plsm.em import infer_starts, step
from motifmine.models.plsm.problem import flat_start, prepare_em
from motifmine.models.plsm.spec import Priors
from motifmine.simulation import Simulation
from motifmine.types import Floats32


@pytest.mark.parametrize("n_motifs", [1, 3, 4])
def test_the_threshold_is_in_units_of_the_mean_mass_of_a_start(
    small: Simulation, n_motifs: int
) -> None:
    """Mass shared evenly by K motifs at every start is what a sparsity of 1 takes off."""
    problem = prepare_em(
        small.table, 8, Priors(sparsity=1.0, background=0.0), most_motifs=4, n_threads=1
    )
    even = flat_start(problem, small.motifs.probability[[0] * n_motifs], problem.word_shares())
    threshold = problem.thresholds(n_motifs)
    np.testing.assert_allclose(np.tile(threshold[:, None], n_motifs), even.starts, rtol=1e-5)
    total = n_motifs * threshold.sum(dtype=np.float64)
    assert total == pytest.approx(float(small.table.total), rel=1e-5)


def test_a_document_that_lost_all_of_its_starts_gets_its_background_back(small: Simulation) -> None:
    """Starts that explain everything leave it empty; closed by the threshold, nothing is left."""
    problem = prepare_em(small.table, 8, Priors(sparsity=1.0), most_motifs=3, n_threads=1)
    state = flat_start(problem, small.motifs.probability, problem.word_shares())
    state = state._replace(background_mass=np.zeros_like(state.background_mass))
    threshold = np.full(problem.layout.n_rows, 1e9, dtype=np.float32)
    after, _ = step(problem, state, threshold, learn_motifs=False)
    assert after.starts.sum() == 0
    np.testing.assert_allclose(after.background_mass, problem.layout.document_total)
    again, value = step(problem, after, threshold, learn_motifs=False)
    assert np.isfinite(value)
    np.testing.assert_allclose(again.background_mass, problem.layout.document_total)


def test_motifs_that_are_held_are_laid_out_once(
    small: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = prepare_em(small.table, 8, Priors(sparsity=0.0), most_motifs=3, n_threads=1)
    state = flat_start(problem, small.motifs.probability, problem.word_shares())
    one_by_one = state
    none = np.zeros(problem.layout.n_rows, dtype=np.float32)
    for _ in range(6):
        one_by_one, _ = step(problem, one_by_one, none, learn_motifs=False)
    calls: list[int] = []
    lay_out = passes.padded_phi

    def counted(plan: passes.Plan, motifs: Floats32) -> Floats32:
        calls.append(len(motifs))
        return lay_out(plan, motifs)

    monkeypatch.setattr(passes, "padded_phi", counted)
    held = infer_starts(problem, state, n_iterations=6, n_ramp=0)
    assert len(calls) == 1
    np.testing.assert_array_equal(held.starts, one_by_one.starts)
    calls.clear()
    infer_starts(problem, state, n_iterations=6, n_ramp=0, learn_after=3)
    # those of the first iteration serve until motifs have been learned for the first time
    assert len(calls) == 3
