"""Windows of motifs are moved to where most of each motif is."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from motifmine.models.tcae.alignment import crop_motifs, find_shifts, move_windows, widen_motifs
from motifmine.models.tcae.network import encode
from motifmine.models.tcae.pruning import PrunedMotifs, cut_explanation_windows, explain_counts
from motifmine.simulation import Simulation, simulate

pytestmark = pytest.mark.usefixtures("one_thread")

WORDS, LENGTH = 8, 6


@pytest.fixture(scope="module")
def truth() -> Simulation:
    shape = {"motif_length": LENGTH, "n_words": WORDS, "n_times": 400, "n_documents": 2}
    return simulate(n_motifs=2, noise=0.2, seed=7, **shape)


def found_at(truth: Simulation, lags: list[int]) -> PrunedMotifs:
    """The true motifs in windows that begin later by a lag each, and may start as they do."""
    table = truth.table
    true = torch.from_numpy(truth.motifs.probability.transpose(0, 2, 1).astype(np.float64))
    motifs = move_windows(true, torch.tensor(lags))
    motifs /= motifs.sum(dim=(1, 2), keepdim=True)
    rows = np.concatenate([[0], np.cumsum(table.document_lengths + LENGTH - 1)])
    is_open = torch.zeros(2, int(rows[-1]), dtype=torch.bool)
    of = truth.occurrences
    for document, start, motif in zip(of.document, of.start_bin, of.motif, strict=True):
        row = rows[document] + start + LENGTH - 1 + lags[motif]
        if rows[document] <= row < rows[document + 1]:
            is_open[motif, row] = True
    windows = cut_explanation_windows(table, LENGTH, motifs)
    explanation = explain_counts(windows, motifs, is_open, WORDS, None)
    return PrunedMotifs(torch.arange(2), motifs, explanation, is_open)


def cosine(a: Tensor, b: Tensor) -> list[float]:
    return functional.cosine_similarity(a.flatten(1), b.flatten(1)).tolist()


@pytest.mark.parametrize("lags", [[2, -1], [-3, 3], [0, 0]])
def test_windows_that_lack_an_end_of_their_motif_are_moved(
    truth: Simulation, lags: list[int]
) -> None:
    wide = widen_motifs(truth.table, found_at(truth, lags), WORDS)
    shift = find_shifts(wide, LENGTH)
    assert shift.tolist() == [-lag for lag in lags]
    true = torch.from_numpy(truth.motifs.probability.transpose(0, 2, 1).astype(np.float64))
    assert min(cosine(crop_motifs(wide, shift, LENGTH), true)) > 0.97


def test_moved_filters_respond_as_much_later_as_their_windows_begin() -> None:
    rng = torch.Generator().manual_seed(3)
    counts = torch.rand(1, WORDS, 40, generator=rng)
    filters = torch.zeros(1, WORDS, LENGTH)
    filters[:, :, 2:4] = torch.rand(1, WORDS, 2, generator=rng)
    is_start = torch.ones(1, 40 - LENGTH + 1, dtype=torch.bool)
    before = encode(counts, is_start, filters, torch.zeros(1), 0.0)[0, 0]
    after = encode(counts, is_start, move_windows(filters, torch.tensor([2])), torch.zeros(1), 0.0)
    assert torch.allclose(after[0, 0, 2:], before[:-2])
