"""How long motifs are, in the words of a line."""

import pytest

from motifmine.models.plsm.model import Plsm
from motifmine.models.plsm.selection import PlsmSizeChoice
from motifmine.simulation import simulate


@pytest.mark.statistical
def test_the_length_of_motifs_is_chosen_and_the_line_says_why() -> None:
    truth = simulate(n_motifs=3, motif_length=8, n_words=40, n_times=1500, noise=0.2, seed=2)
    spec, line = PlsmSizeChoice().choose_length(truth.table, Plsm(), seed=0)
    assert abs(spec.motif_length - 8) <= 1
    assert line.startswith(f"motif length {spec.motif_length} s ({spec.motif_length} bins): order")


def test_a_length_that_the_data_do_not_determine_stays_and_is_reported() -> None:
    table = simulate(n_motifs=1, motif_length=3, n_words=10, n_times=12, seed=0).table
    spec, line = PlsmSizeChoice().choose_length(table, Plsm(motif_length=5), seed=0)
    assert spec.motif_length == 5
    assert line == "motif length 5 s (5 bins): the usual, for there are too few bins or words"
