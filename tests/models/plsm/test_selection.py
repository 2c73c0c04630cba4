"""How many motifs, and how long."""

import numpy as np
import pytest

from motifmine.models.plsm.model import Plsm
from motifmine.models.plsm.selection import (
    choose_motif_length,
    choose_n_motifs,
    motif_spans,
    smallest_good,
)
from motifmine.records.fit import MotifSet
from motifmine.seeding import generator
from motifmine.simulation import Simulation, simulate


@pytest.fixture(scope="module")
def truth() -> Simulation:
    return simulate(n_motifs=3, motif_length=8, n_words=40, n_times=1500, noise=0.2, seed=2)


@pytest.mark.statistical
def test_the_number_of_motifs_is_found(truth: Simulation) -> None:
    choice = choose_n_motifs(truth.table, Plsm(motif_length=8, activity="sparse"), seed=0)
    assert choice.chosen == 3
    assert choice.candidates[np.argmax(choice.value)] in (3, 4)


@pytest.mark.statistical
def test_the_length_of_motifs_is_found(truth: Simulation) -> None:
    choice = choose_motif_length(truth.table, Plsm(n_motifs=3, activity="sparse"), seed=0)
    assert abs(choice.chosen - 8) <= 1


def test_the_smallest_candidate_within_one_error_of_the_best_is_taken() -> None:
    noise = generator(0).normal(size=(3, 40))
    terms = np.array([[0.0], [5.0], [5.01]]) + 0.5 * noise
    assert smallest_good(np.array([2, 3, 4]), terms).chosen == 3


def test_a_span_is_the_run_that_holds_the_motif() -> None:
    motifs = np.full((1, 12, 4), 1e-4, dtype=np.float32)
    motifs[0, 3:8, 1] = 0.2
    assert motif_spans(MotifSet(probability=motifs, weight=np.ones(1))).tolist() == [5]
