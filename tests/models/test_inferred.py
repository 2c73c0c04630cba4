"""Fits of models that only say what their motifs are."""

import time
from dataclasses import dataclass, replace

import numpy as np
import pytest

from motifmine.models.inferred import fit_by_inference, infer_activations
from motifmine.simulation import Simulation


@dataclass(frozen=True)
class Given:
    """A specification with nothing to ask for."""


def test_the_true_motifs_get_the_observations_that_are_theirs(small: Simulation) -> None:
    order = np.array([2, 0, 1])
    motifs = replace(small.motifs, probability=small.motifs.probability[order])
    fit = fit_by_inference("given", Given(), small.table, motifs, seed=0, began=time.perf_counter())
    assert np.all(np.diff(fit.motifs.weight) <= 0)
    assert fit.motifs.weight.sum() + fit.background.weight == pytest.approx(1, abs=1e-3)
    # without a prior, motifs take some of the tenth that is background
    assert 0 < fit.background.weight < 0.12
    explained = np.bincount(fit.activations.motif, fit.activations.mass) / small.table.total
    np.testing.assert_allclose(explained, fit.motifs.weight, atol=0.02)
    backward = replace(motifs, probability=motifs.probability[:, ::-1])
    worse = infer_activations(backward, fit.background, small.table)
    assert fit.trace.log_likelihood[-1] > worse.log_likelihood
