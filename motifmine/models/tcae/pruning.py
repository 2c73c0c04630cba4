"""From trained filters to motifs: which survive, what they explain, and their last touch.

The decoder was trained against activations that penalties shrink and AdaReLU cuts; what these
leave unexplained seeps into the motifs. The last touch re-estimates the motifs together with their
masses, by the same EM (`motifmine.models.tcae.refit`), at the start times that the encoder
left open.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from motifmine.errors import FitError
from motifmine.models.tcae.refit import Explanation, Flat, explain, touch_up
from motifmine.models.tcae.spec import TcaeSpec
from motifmine.models.tcae.windows import Windows, cut_windows
from motifmine.records.table import ObservationTable

LEAST_NORM = 0.05
"""Filters of a smaller norm, as a share of the largest, are dead (MODELS.md 4.4)."""
ALIKE = 0.8
"""Of two surviving motifs with a higher cosine at their best shift the lighter is dropped."""
EXPLAIN_ITERATIONS = 40
EXPLAIN_BINS = 1024
"""Core of the windows in which activations are re-estimated."""


class Settled(NamedTuple):
    """The motifs that stay, and what they explain."""

    kept: Tensor
    """Which of the motifs given, int64."""
    motifs: Tensor
    """(K, W, L), each sums to 1."""
    explanation: Explanation


def surviving(decoder: Tensor) -> Tensor:
    """Return the filters that are alive, int64 tensor: norm above `LEAST_NORM` of the largest."""
    norm = decoder.clamp(min=0).square().sum(dim=(1, 2)).sqrt()
    return torch.nonzero(norm > max(LEAST_NORM * float(norm.max()), 1e-4))[:, 0]


def refuse_dead(spec: TcaeSpec, alive: Tensor) -> None:
    """Raise `FitError` when no filter is left."""
    if len(alive) == 0:
        raise FitError(
            f"none of {spec.n_motifs} filters survived; try a group_lasso below "
            f"{spec.group_lasso:g} or a learning_rate below {spec.learning_rate:g}"
        )


def distinct(motifs: Tensor, mass: Tensor) -> Tensor:
    """Return the motifs that resemble no heavier one, heaviest first, int64 tensor.

    Two motifs (W, L) resemble each other when the cosine at their best shift exceeds `ALIKE`.
    """
    length = motifs.shape[2]
    unit = motifs / motifs.square().sum(dim=(1, 2), keepdim=True).sqrt()
    cosine = functional.conv1d(functional.pad(unit, (length - 1, length - 1)), unit).amax(dim=2)
    kept: list[int] = []
    for motif in torch.argsort(mass, descending=True, stable=True).tolist():
        if mass[motif] > 0 and not any(float(cosine[motif, k]) > ALIKE for k in kept):
            kept.append(motif)
    return torch.tensor(kept, dtype=torch.int64, device=motifs.device)


def settle(
    spec: TcaeSpec, table: ObservationTable, decoder: Tensor, is_open: Tensor, n_vocabulary: int
) -> Settled:
    """Return motifs of the decoder's filters that are alive, duplicates dropped, touched up.

    Parameters
    ----------
    spec : TcaeSpec
    table : ObservationTable
    decoder : (M, W, L)
        What is below 0 is taken for 0.
    is_open : bool (M, R)
        Where each motif may start.
    n_vocabulary : int

    Raises
    ------
    FitError
        When none explains anything.
    """
    windows = explained_windows(table, spec.motif_length, decoder)
    motifs = decoder.clamp(min=0)
    motifs = motifs / motifs.sum(dim=(1, 2), keepdim=True)
    found = explained(windows, motifs, is_open, n_vocabulary, None)
    kept = distinct(motifs, found.activation.sum(dim=1))
    refuse_dead(spec, kept)
    motifs = touch_up(
        windows,
        motifs[kept],
        is_open[kept],
        n_vocabulary=n_vocabulary,
        iterations=spec.touch_up,
    )
    found = explained(windows, motifs, is_open[kept], n_vocabulary, None)
    # the touch may bring two together, or leave one without any mass
    still = distinct(motifs, found.activation.sum(dim=1))
    refuse_dead(spec, still)
    kept, motifs = kept[still], motifs[still]
    if len(still) < len(found.activation):
        found = explained(windows, motifs, is_open[kept], n_vocabulary, None)
        still = torch.argsort(found.activation.sum(dim=1), descending=True, stable=True)
        kept, motifs = kept[still], motifs[still]
    return Settled(kept, motifs, found.take(still))


def explained_windows(table: ObservationTable, motif_length: int, like: Tensor) -> Windows:
    """Return the windows in which masses are estimated, on the device of `like`."""
    return cut_windows(
        table,
        motif_length=motif_length,
        core_bins=EXPLAIN_BINS,
        spare=motif_length - 1,
        device=like.device,
        dtype=like.dtype,
    )


def explained(
    windows: Windows,
    motifs: Tensor,
    is_open: Tensor,
    n_vocabulary: int,
    background: Flat | None,
) -> Explanation:
    """Return the masses that explain the counts best; see `explain`."""
    return explain(
        windows,
        motifs,
        is_open,
        n_vocabulary=n_vocabulary,
        iterations=EXPLAIN_ITERATIONS,
        background=background,
    )
