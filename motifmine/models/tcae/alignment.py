"""Windows of motifs moved to where most of each motif is.

A filter may begin to grow at any place of a motif. One that lacks the head of its events leaves it
to others, and to chance.
"""

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motifmine.models.tcae.pruning import PrunedMotifs, cut_explanation_windows
from motifmine.models.tcae.refit import touch_up
from motifmine.records.start_layout import document_rows
from motifmine.records.table import ObservationTable

AROUND = 0.5  # share of a motif's length that is looked at before and after it
ITERATIONS = 10
FIRST_LEVEL = 0.5  # of a bin around a motif, relative to a mean bin of it
LEAST_GAIN = 0.02  # share of a motif's mass that another window must hold more


def widen_motifs(table: ObservationTable, found: PrunedMotifs, n_vocabulary: int) -> Tensor:
    """Return motifs estimated in windows that are longer on both sides, (K, W, L + 2 A).

    Parameters
    ----------
    table : ObservationTable
        Over the words that occur.
    found : PrunedMotifs
        The starts that they are allowed stay the same.
    n_vocabulary : int
        Size of the vocabulary.
    """
    motifs, length = found.motifs, found.motifs.shape[2]
    around = int(AROUND * length)
    of_word = np.bincount(table.word, table.count, minlength=table.n_words) / table.total
    edge = torch.from_numpy(FIRST_LEVEL / length * of_word).to(motifs)
    edge = edge[:, None].expand(len(motifs), -1, around)
    # a start is `around` bins earlier, and documents have as many rows more on either side
    edges = document_rows(table.document_lengths, length).tolist()
    rows = [functional.pad(found.is_open[:, a:b], (around, around)) for a, b in pairwise(edges)]
    wide = torch.cat([edge, motifs, edge], dim=2)
    return touch_up(
        cut_explanation_windows(table, wide.shape[2], wide),
        wide / wide.sum(dim=(1, 2), keepdim=True),
        torch.cat(rows, dim=1),
        n_vocabulary=n_vocabulary,
        iterations=ITERATIONS,
    )


def find_shifts(wide: Tensor, length: int) -> Tensor:
    """Return by how many bins the window of each motif should begin later, int64 (K,).

    Parameters
    ----------
    wide : (K, W, L + 2 A)
    length : int
        L.
    """
    around = (wide.shape[2] - length) // 2
    # a constant rate has no place
    above = (wide - wide.median(dim=2, keepdim=True).values).clamp(min=0).sum(dim=1)
    total = functional.pad(torch.cumsum(above, dim=1), (1, 0))
    held = total[:, length:] - total[:, :-length]  # (K, 2 A + 1)
    gain = held.amax(dim=1) - held[:, around]
    best = held.argmax(dim=1) - around
    return torch.where(gain > LEAST_GAIN * total[:, -1], best, 0)


def crop_motifs(wide: Tensor, shift: Tensor, length: int) -> Tensor:
    """Return motifs in windows that begin later by a shift each, (K, W, L), of wider ones.

    Parameters
    ----------
    wide : (K, W, L + 2 A)
    shift : int64 (K,)
    length : int
        L.
    """
    around = (wide.shape[2] - length) // 2
    firsts = (around + shift).tolist()
    return torch.stack([m[:, a : a + length] for m, a in zip(wide, firsts, strict=True)])


def move_windows(filters: Tensor, shift: Tensor) -> Tensor:
    """Return filters whose windows begin later by a shift each, (K, W, L); what enters is 0.

    Parameters
    ----------
    filters : (K, W, L)
    shift : int64 (K,)
    """
    length = filters.shape[2]
    return crop_motifs(functional.pad(filters, (length, length)), shift, length)
