"""How long motifs are, in the words of a line."""

import numpy as np
import pytest

from motifmine.models.plsm import selection
from motifmine.models.plsm.length import LengthChoice
from motifmine.models.plsm.model import Plsm
from motifmine.models.plsm.selection import PlsmSizeChoice
from motifmine.seeding import generator
from motifmine.simulation import simulate
from tests.helpers.tables import table_of_counts


@pytest.mark.statistical
def test_the_length_of_motifs_is_chosen_and_the_line_says_why() -> None:
    truth = simulate(n_motifs=3, motif_length=8, n_words=40, n_times=1500, noise=0.2, seed=2)
    spec, line = PlsmSizeChoice().choose_length(truth.table, Plsm(), seed=0)
    assert abs(spec.motif_length - 8) <= 1
    assert line.startswith(f"motif length {spec.motif_length} s ({spec.motif_length} bins): order")


@pytest.mark.statistical
def test_motifs_may_be_longer_only_where_order_goes_on() -> None:
    table = simulate(n_motifs=3, motif_length=8, n_words=40, n_times=1500, noise=0.2, seed=2).table
    assert not PlsmSizeChoice().may_be_longer(table, 8, seed=0)
    assert PlsmSizeChoice().may_be_longer(table, 4, seed=0)
    even = table_of_counts(generator(0).poisson(0.3, (400, 10)), bin_s=1.0, name="even")
    assert PlsmSizeChoice().may_be_longer(even, 8, seed=0), "no order stands out: undecided"


def test_a_length_that_the_data_do_not_determine_stays_and_is_reported() -> None:
    table = simulate(n_motifs=1, motif_length=3, n_words=10, n_times=12, seed=0).table
    spec, line = PlsmSizeChoice().choose_length(table, Plsm(motif_length=5), seed=0)
    assert spec.motif_length == 5
    assert line == "motif length 5 s (5 bins): the usual, for there are too few bins or words"


@pytest.mark.long
@pytest.mark.statistical
def test_motifs_without_an_order_in_time_are_tried_at_half_the_usual_length() -> None:
    rng = generator(0)
    counts = rng.poisson(0.02, (600, 40))
    # each of three chords sounds evenly: reversal of time changes nothing
    for first in np.flatnonzero(rng.random(596) < 1 / 3).tolist():
        chord = 6 * int(rng.integers(3))
        counts[first : first + 4, chord : chord + 6] += rng.poisson(3.0, (4, 6))
    table = table_of_counts(counts, bin_s=0.01, name="drums")
    spec, line = PlsmSizeChoice().choose_length(table, Plsm(motif_length=8), seed=0)
    assert spec.motif_length == 4
    assert line.startswith("motif length 0.04 s (4 bins): half the usual, which describes the data")


@pytest.mark.parametrize(
    ("saved", "bins"), [((1000.0, 960.0), 10), ((1000.0, 940.0), 20), ((-5.0, -5.0), 20)]
)
def test_a_little_order_that_ends_late_must_shorten_the_description(
    saved: tuple[float, float], bins: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # most of the order ends after 10 bins, the rest after 20, as where states last differently
    profile = np.repeat([1.0, 0.05, 0.0], [9, 10, 5])
    choice = LengthChoice(bins=20, profile=profile, reason="order in time ends there")
    assert choice.main_bins == 10
    monkeypatch.setattr(selection, "choose_length", lambda table, seed: choice)
    monkeypatch.setattr(
        PlsmSizeChoice,
        "compute_saving",
        lambda self, table, spec, seed: dict(zip((20, 10), saved, strict=True))[spec.motif_length],
    )
    table = simulate(n_motifs=1, n_times=60, seed=0).table
    assert PlsmSizeChoice().choose_length(table, Plsm(), seed=0)[0].motif_length == bins
