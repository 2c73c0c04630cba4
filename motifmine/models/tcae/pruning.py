"""Pruning of trained filters, and their final refinement to motifs.

The decoder is trained with activations that are reduced by penalties and by AdaReLU, so that its
filters also absorb unexplained observations. In the end motifs and masses are re-estimated jointly
by EM (`motifmine.models.tcae.refit`), at the start times that the encoder selects.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from motifmine.errors import FitError
from motifmine.models.tcae.paths import PathMask
from motifmine.models.tcae.refit import Explanation, FlatBackground, explain, touch_up
from motifmine.models.tcae.spec import TcaeSpec
from motifmine.models.tcae.windows import Windows, cut_windows
from motifmine.records.table import ObservationTable

MIN_NORM = 0.05  # filters with a smaller norm, relative to the largest, are pruned
# two motifs with a higher cosine at their best shift are duplicates; the lighter is pruned
SAME_MOTIF = 0.8
EXPLAIN_ITERATIONS = 40
EXPLAIN_BINS = 1024  # core of the windows for re-estimating masses, bins


class PrunedMotifs(NamedTuple):
    """Motifs that were not pruned, and what they explain."""

    kept: Tensor
    """Indices of the filters that were kept, int64."""
    motifs: Tensor
    """(K, W, L), each sums to 1."""
    explanation: Explanation
    is_open: Tensor
    """Start rows that each of them was allowed, bool (K, R)."""


def find_alive(decoder: Tensor) -> Tensor:
    """Return the filters with a norm above `MIN_NORM` of the largest, int64 tensor."""
    # what is negative explains no counts
    norm = decoder.clamp(min=0).square().sum(dim=(1, 2)).sqrt()
    return torch.nonzero(norm > max(MIN_NORM * float(norm.max()), 1e-4))[:, 0]


def check_alive(spec: TcaeSpec, alive: Tensor) -> None:
    """Raise `FitError` if no filter is left."""
    if len(alive) == 0:
        raise FitError(
            f"none of {spec.n_motifs} filters survived; try a group_lasso below "
            f"{spec.group_lasso:g} or a learning_rate below {spec.learning_rate:g}"
        )


def drop_duplicates(motifs: Tensor, mass: Tensor, paths: PathMask | None = None) -> Tensor:
    """Return the motifs that are not duplicates of a heavier one, heaviest first, int64 tensor.

    Parameters
    ----------
    motifs : (K, W, L)
    mass : (K,)
    paths : PathMask or None
        Of motifs of moving things: of those on one path one is kept.
    """
    length = motifs.shape[2]
    unit = motifs / motifs.square().sum(dim=(1, 2), keepdim=True).sqrt()
    # a convolution of all motifs with all gives the cosine at every shift
    cosine = functional.conv1d(functional.pad(unit, (length - 1, length - 1)), unit).amax(dim=2)
    is_copy = (cosine > SAME_MOTIF).cpu().numpy()
    if paths is not None:
        is_copy |= paths.find_copies(motifs)
    kept: list[int] = []
    for motif in torch.argsort(mass, descending=True, stable=True).tolist():
        if mass[motif] > 0 and not is_copy[motif, kept].any():
            kept.append(motif)
    return torch.tensor(kept, dtype=torch.int64, device=motifs.device)


def prune_filters(
    spec: TcaeSpec,
    table: ObservationTable,
    decoder: Tensor,
    is_open: Tensor,
    n_vocabulary: int,
    paths: PathMask | None = None,
) -> PrunedMotifs:
    """Convert filters to motifs: re-estimate masses, prune duplicates, refine.

    Parameters
    ----------
    decoder : (M, W, L)
        Surviving filters; negative values are set to 0.
    is_open : bool (M, R)
        Allowed start rows of every motif.
    n_vocabulary : int
        Size of the vocabulary.
    paths : PathMask or None
        Holds motifs to their paths in the refinement.

    Raises
    ------
    FitError
        If no motif explains any observation.
    """
    windows = cut_explanation_windows(table, spec.motif_length, decoder)
    motifs = decoder.clamp(min=0)
    motifs = motifs / motifs.sum(dim=(1, 2), keepdim=True)
    found = explain_counts(windows, motifs, is_open, n_vocabulary, None)
    kept = drop_duplicates(motifs, found.activation.sum(dim=1), paths)
    check_alive(spec, kept)
    motifs = touch_up(
        windows,
        motifs[kept],
        is_open[kept],
        n_vocabulary=n_vocabulary,
        iterations=spec.touch_up,
        hold=None if paths is None else paths.hold,
    )
    found = explain_counts(windows, motifs, is_open[kept], n_vocabulary, None)
    # refinement may make two motifs similar, or leave one without mass
    still = drop_duplicates(motifs, found.activation.sum(dim=1), paths)
    check_alive(spec, still)
    kept, motifs = kept[still], motifs[still]
    if len(still) < len(found.activation):
        found = explain_counts(windows, motifs, is_open[kept], n_vocabulary, None)
        # masses have changed hands, so the order may have, too
        still = torch.argsort(found.activation.sum(dim=1), descending=True, stable=True)
        kept, motifs = kept[still], motifs[still]
    return PrunedMotifs(kept, motifs, found.select(still), is_open[kept])


def cut_explanation_windows(table: ObservationTable, motif_length: int, like: Tensor) -> Windows:
    """Cut the windows for re-estimating masses.

    Parameters
    ----------
    like : Tensor
        Gives device and dtype.
    """
    return cut_windows(
        table,
        motif_length=motif_length,
        core_bins=EXPLAIN_BINS,
        spare=motif_length - 1,
        device=like.device,
        dtype=like.dtype,
    )


def explain_counts(
    windows: Windows,
    motifs: Tensor,
    is_open: Tensor,
    n_vocabulary: int,
    background: FlatBackground | None,
) -> Explanation:
    """Return the masses of maximum likelihood, see `explain`.

    Parameters
    ----------
    windows : Windows
        From `cut_explanation_windows`.
    motifs : (K, W, L)
    is_open : bool (K, R)
        Allowed start rows of every motif.
    n_vocabulary : int
        Size of the vocabulary.
    background : FlatBackground or None
        None learns it.
    """
    return explain(
        windows,
        motifs,
        is_open,
        n_vocabulary=n_vocabulary,
        iterations=EXPLAIN_ITERATIONS,
        background=background,
    )
