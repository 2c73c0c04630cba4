"""From filters to motifs: the final refinement against its reference, and what is dropped."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from motifmine.errors import FitError
from motifmine.models.tcae.model import Tcae
from motifmine.models.tcae.pruning import cut_explanation_windows, prune_filters
from motifmine.models.tcae.refit import (
    CELL_PENALTY,
    FIRST_ITERATIONS,
    FLOOR,
    explain,
    touch_up,
)
from motifmine.models.tcae.windows import Windows, cut_windows
from motifmine.records.table import ObservationTable
from motifmine.simulation import Simulation, simulate
from tests.reference import tcae as twin

pytestmark = pytest.mark.usefixtures("one_thread")

WORDS, LENGTH = 6, 4
SPEC = Tcae(motif_length=LENGTH)


@pytest.fixture(scope="module")
def truth() -> Simulation:
    shape = {"motif_length": LENGTH, "n_words": WORDS, "n_times": 300, "n_documents": 2}
    return simulate(n_motifs=2, noise=0.1, seed=4, **shape)


def cut(table: ObservationTable, core_bins: int) -> Windows:
    return cut_windows(
        table,
        motif_length=LENGTH,
        core_bins=core_bins,
        spare=LENGTH - 1,
        device=torch.device("cpu"),
        dtype=torch.float64,
    )


def drawn(n_motifs: int) -> Tensor:
    rng = torch.Generator().manual_seed(1)
    motifs = torch.rand(n_motifs, WORDS, LENGTH, generator=rng, dtype=torch.float64)
    return motifs / motifs.sum(dim=(1, 2), keepdim=True)


def all_open(n_motifs: int, windows: Windows) -> Tensor:
    return torch.ones(n_motifs, windows.n_rows, dtype=torch.bool)


def as_tensor(truth: Simulation) -> Tensor:
    """The true motifs, (K, W, L)."""
    return torch.from_numpy(truth.motifs.probability.transpose(0, 2, 1).astype(np.float64))


@pytest.mark.parametrize("core_bins", [7, 300])
def test_the_final_refinement_agrees_with_the_reference(truth: Simulation, core_bins: int) -> None:
    table, motifs = truth.table.document(0), drawn(3)
    windows = cut(table, core_bins)
    is_open = all_open(3, windows)
    touched = touch_up(windows, motifs, is_open, n_vocabulary=WORDS, iterations=1)
    state = explain(windows, motifs, is_open, n_vocabulary=WORDS, iterations=FIRST_ITERATIONS)
    level = table.total / table.n_times
    word = state.background.word_probability.numpy()
    base = level * (state.background.share * word + FLOOR / WORDS)
    expected = twin.touch(
        table.dense(0), state.activation.numpy(), motifs.numpy(), base, CELL_PENALTY
    )
    assert touched.numpy() == pytest.approx(expected, rel=1e-9)


def test_the_final_refinement_restores_blurred_motifs(truth: Simulation) -> None:
    motifs = as_tensor(truth)
    blurred = 0.7 * motifs + 0.3 * motifs.flip(0)
    windows = cut(truth.table, 1000)
    touched = touch_up(windows, blurred, all_open(2, windows), n_vocabulary=WORDS, iterations=20)
    before, after = ((m - motifs).abs().sum() for m in (blurred, touched))
    assert after < 0.5 * before
    assert touched.sum(dim=(1, 2)).numpy() == pytest.approx(np.ones(2))


def test_no_iterations_leave_the_motifs_alone(truth: Simulation) -> None:
    windows, motifs = cut(truth.table, 50), drawn(2)
    same = touch_up(windows, motifs, all_open(2, windows), n_vocabulary=WORDS, iterations=0)
    assert torch.equal(same, motifs)


def test_of_motifs_that_are_alike_the_heavier_stays(truth: Simulation) -> None:
    motifs = as_tensor(truth)
    like_the_first = 0.9 * motifs[:1] + 0.1 * motifs[1:]
    decoder = torch.cat([like_the_first, motifs])
    windows = cut_explanation_windows(truth.table, LENGTH, decoder)
    is_open = all_open(3, windows)
    is_open[0, ::2] = False
    settled = prune_filters(SPEC, truth.table, decoder, is_open, WORDS)
    assert sorted(settled.kept.tolist()) == [1, 2]
    mass = settled.explanation.activation.sum(dim=1)
    assert mass[0] >= mass[1] > 0


def test_a_motif_that_may_start_nowhere_is_dropped(truth: Simulation) -> None:
    motifs = as_tensor(truth)
    windows = cut_explanation_windows(truth.table, LENGTH, motifs)
    is_open = all_open(2, windows)
    is_open[0] = False
    assert prune_filters(SPEC, truth.table, motifs, is_open, WORDS).kept.tolist() == [1]
    is_open[1] = False
    with pytest.raises(FitError, match="none of 40 filters survived"):
        prune_filters(SPEC, truth.table, motifs, is_open, WORDS)


def test_without_the_final_refinement_motifs_are_the_filters(truth: Simulation) -> None:
    motifs = as_tensor(truth)
    windows = cut_explanation_windows(truth.table, LENGTH, motifs)
    spec = replace(SPEC, touch_up=0)
    settled = prune_filters(spec, truth.table, 3 * motifs, all_open(2, windows), WORDS)
    assert settled.motifs.numpy() == pytest.approx(motifs[settled.kept].numpy())
