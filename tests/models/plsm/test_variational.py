"""Variational inference of PLSM: its bound rises, and motifs are as good as those of EM."""

from itertools import pairwise

import numpy as np
import pytest

from motifmine.analysis.competition import match_motifs
from motifmine.errors import SpecError
from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.models.plsm.beginnings import prepare_fit
from motifmine.models.plsm.model import Plsm
from motifmine.models.plsm.problem import flat_start
from motifmine.models.plsm.variational import polish
from motifmine.simulation import simulate


def test_the_bound_of_the_evidence_never_falls() -> None:
    truth = simulate(n_motifs=2, n_times=500, noise=0.4, seed=6)
    spec = Plsm(n_motifs=2, motif_length=10, sparsity=0.0, background="learned")
    problem = prepare_fit(spec, truth.table, 1)
    rng = np.random.default_rng(0)
    given = truth.motifs.probability * rng.uniform(0.2, 1.8, truth.motifs.probability.shape)
    given = (given / given.sum(axis=(1, 2), keepdims=True)).astype(np.float32)
    state = flat_start(problem, given, problem.word_shares())
    values: list[float] = []
    found = polish(problem, state, n_iterations=60, tolerance=1e-6, on_value=values.append)
    assert list(found.bounds) == values
    assert len(values) > 10
    scale = abs(values[-1])
    assert min(b - a for a, b in pairwise(values)) > -1e-9 * scale
    assert values[-1] > values[0] + 100
    # each motif's posterior is worth its observations and the prior's
    mass = found.state.starts.sum(axis=0)
    cells = found.state.motifs[0].size
    assert found.concentration == pytest.approx(mass + 0.05 * cells, rel=0.02)


def test_motifs_are_those_of_the_truth_and_their_spread_is_reported() -> None:
    truth = simulate(n_motifs=3, n_times=1200, noise=0.5, seed=1)
    spec = Plsm(n_motifs=3, motif_length=10, inference="vb")
    fit = spec.fit(truth.table, seed=0)
    whole, own, _ = match_motifs(truth.motifs, fit.motifs)
    cosine = max_shifted_cosine(truth.motifs.probability, fit.motifs.probability)[0]
    assert cosine[whole, own].min() > 0.9
    assert fit.trace.losses is not None
    assert (np.diff(fit.trace.losses[:, 0]) > -1e-9 * abs(fit.trace.losses[-1, 0])).all()
    assert any("variational posterior" in line for line in fit.decisions)


def test_what_it_cannot_infer_is_refused() -> None:
    with pytest.raises(SpecError, match="inference vb"):
        Plsm(inference="vb", activity="dense")
    with pytest.raises(SpecError, match="inference vb"):
        Plsm(inference="vb", tempo="auto")
