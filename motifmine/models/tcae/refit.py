"""Maximum likelihood masses of motifs in units of observations, by EM.

The activations of the auto-encoder are reduced by its penalties and by AdaReLU: they indicate where
a motif starts, but not its mass. Here the start times that the encoder selects get the masses of
maximum likelihood, by the multiplicative updates of Kullback-Leibler non-negative matrix
factorisation (Lee and Seung 2001; Smaragdis 2004), which are the EM updates of PLSM with motifs
held fixed. That problem is convex. `touch_up` also updates the motifs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motifmine.models.tcae.windows import Batch, Windows
from motifmine.types import Indices

# share of a uniform distribution in all rates, so that none is 0, as in `motifmine.analysis`
FLOOR = 1e-3
FIRST_SHARE = 0.2  # initial share of the background, if it is learned
# subtracted from every cell of a motif in `touch_up`, relative to its mean cell: a sparse Dirichlet
# prior, which removes chance co-occurrences with other motifs
CELL_PENALTY = 0.2
FIRST_ITERATIONS = 10  # iterations of the masses before motifs are updated, too
DENSE_BYTES = 1 << 25  # largest size of dense counts in memory, bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatBackground:
    """A background that is constant in time."""

    share: float
    """Share of the observations of every document."""
    word_probability: Tensor
    """(W,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Masses of the motifs, and the background."""

    activation: Tensor
    """(K, R), by start row of `motifmine.records.start_layout`."""
    background: FlatBackground
    log_rates: float
    """sum n log(rate), nats, for the masses before the last iteration."""

    def select(self, motifs: Tensor) -> "Explanation":
        """Return the explanation of a subset of motifs."""
        return replace(self, activation=self.activation[motifs])


class WindowRates(NamedTuple):
    """Rates of a batch of windows, with V bins of core and A = L - 1."""

    batch: Batch
    level: Tensor
    """Mean count of a bin of the document, (B, 1, 1)."""
    mass: Tensor
    """(B, K, V + 3A)."""
    counts: Tensor
    """(B, W, V + 2A)."""
    rate: Tensor
    """(B, W, V + 2A), > 0."""

    @property
    def ratio(self) -> Tensor:
        """Counts over rates, (B, W, V + 2A)."""
        return self.counts / self.rate


def explain(
    windows: Windows,
    motifs: Tensor,
    is_open: Tensor,
    *,
    n_vocabulary: int,
    iterations: int,
    background: FlatBackground | None = None,
) -> Explanation:
    """Return the masses of maximum likelihood, motifs held fixed.

    Parameters
    ----------
    windows : Windows
        With L - 1 spare start times and scale 1.
    motifs : (K, W, L)
    is_open : bool (K, R)
        Allowed start rows of every motif.
    n_vocabulary : int
        Size of the vocabulary, which `FLOOR` is distributed over.
    iterations : int, > 0
    background : FlatBackground or None
        None learns it, starting from the frequencies of words.
    """
    learns = background is None
    if background is None:
        total = torch.zeros_like(motifs[0, :, 0]).index_add_(0, windows.word, windows.count)
        background = FlatBackground(share=FIRST_SHARE, word_probability=total / total.sum())
    level = torch.from_numpy(windows.row_level).to(motifs)  # (R,)
    state = Explanation(activation=is_open * level, background=background, log_rates=-np.inf)
    for _ in range(iterations):
        improved = _run_em_step(windows, motifs, state, n_vocabulary)
        state = improved if learns else replace(improved, background=background)
    return state


def touch_up(
    windows: Windows,
    motifs: Tensor,
    is_open: Tensor,
    *,
    n_vocabulary: int,
    iterations: int,
    hold: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Re-estimate motifs jointly with their masses, (K, W, L), each sums to 1.

    Parameters
    ----------
    windows : Windows
        With L - 1 spare start times and scale 1.
    motifs : (K, W, L)
    is_open : bool (K, R)
    iterations : int, >= 0
    hold : callable or None
        Holds updated motifs, not normalised, to a prior.

    Notes
    -----
    Masses and motifs are updated from the same E-step: with the rate r(w, t) of `_run_em_step`,
    g(w, u) = m_k(w, u) sum_s a_k(s) n(w, s + u) / r(w, s + u); `CELL_PENALTY` times the mean of g
    is subtracted, negative values are set to 0, and the result is normalised.
    """
    if iterations == 0:
        return motifs
    state = explain(
        windows, motifs, is_open, n_vocabulary=n_vocabulary, iterations=FIRST_ITERATIONS
    )
    for _ in range(iterations):
        updated = motifs * _sum_gradients(windows, motifs, state, n_vocabulary)
        updated = updated if hold is None else hold(updated)
        state = _run_em_step(windows, motifs, state, n_vocabulary)
        updated = (updated - CELL_PENALTY * updated.mean(dim=(1, 2), keepdim=True)).clamp(min=0)
        total = updated.sum(dim=(1, 2), keepdim=True)
        # a motif without mass keeps its shape; it is pruned later
        motifs = torch.where(total > 0, updated / total.clamp(min=1e-30), motifs)
    return motifs


def _run_em_step(
    windows: Windows, motifs: Tensor, state: Explanation, n_vocabulary: int
) -> Explanation:
    """Run one EM iteration.

    With the rate r(w, t) = sum_{k,s} a_k(s) m_k(w, t - s) + b(w), a_k(s) is multiplied by
    sum_{w,t} n(w, t) / r(w, t) m_k(w, t - s), and likewise b.
    """
    reach = motifs.shape[2] - 1
    core = slice(reach, reach + windows.core_bins)
    flat = state.background.share * state.background.word_probability  # (W,)
    improved = torch.zeros_like(functional.pad(state.activation, (0, 1)))  # (K, R + 1)
    explained = torch.zeros_like(flat)
    log_rates = 0.0
    for window in _iterate_rates(windows, motifs, state, n_vocabulary):
        ratio = window.ratio
        gain = functional.conv1d(ratio, motifs)  # (B, K, V + L - 1)
        inner = slice(reach, reach + gain.shape[2])
        owned = window.batch.is_owned[:, inner]
        rows = window.batch.start_row[:, inner][owned]
        improved[:, rows] = (window.mass[:, :, inner] * gain).transpose(0, 1)[:, owned]
        explained += (ratio[:, :, core] * window.level).sum(dim=(0, 2)) * flat
        log_rates += float(torch.xlogy(window.counts[:, :, core], window.rate[:, :, core]).sum())
    total = explained.sum()
    return Explanation(
        activation=improved[:, :-1],
        background=FlatBackground(
            share=float(total / windows.count.sum()),
            # a background that explains nothing keeps its words: probabilities of 0 are none
            word_probability=explained / total if total > 0 else state.background.word_probability,
        ),
        log_rates=log_rates,
    )


def _sum_gradients(
    windows: Windows, motifs: Tensor, state: Explanation, n_vocabulary: int
) -> Tensor:
    """Return sum_s a_k(s) n(w, s + u) / r(w, s + u), (K, W, L)."""
    reach = motifs.shape[2] - 1
    core = slice(reach, reach + windows.core_bins)
    total = torch.zeros_like(motifs)
    for window in _iterate_rates(windows, motifs, state, n_vocabulary):
        ratio = functional.pad(window.ratio[:, :, core], (reach, reach))  # (B, W, V + 2A)
        reaching = window.mass[:, :, reach : 2 * reach + windows.core_bins]  # (B, K, V + A)
        # correlation of ratios and masses: words as batch, windows as channels
        sums = functional.conv1d(ratio.transpose(0, 1), reaching.transpose(0, 1))  # (W, K, L)
        total += sums.transpose(0, 1)
    return total


def _iterate_rates(
    windows: Windows, motifs: Tensor, state: Explanation, n_vocabulary: int
) -> Iterator[WindowRates]:
    """Yield all windows with their rates, in batches."""
    reach = motifs.shape[2] - 1
    flat = state.background.share * state.background.word_probability  # (W,)
    base = flat + FLOOR / n_vocabulary  # (W,)
    padded = functional.pad(state.activation, (0, 1))  # (K, R + 1)
    for chosen in _split_windows(windows):
        batch = windows.batch(chosen)
        level = torch.from_numpy(windows.row_level[windows.document_row[chosen]]).to(base)
        level = level[:, None, None]  # (B, 1, 1)
        mass = padded[:, batch.start_row].transpose(0, 1)  # (B, K, V + 3A)
        rate = functional.conv_transpose1d(mass, motifs, padding=reach)  # (B, W, V + 2A)
        rate = (rate + base[:, None] * level).clamp(min=1e-30)
        yield WindowRates(
            batch, level, mass, batch.counts[:, :, reach : reach + rate.shape[2]], rate
        )


def _split_windows(windows: Windows) -> Iterator[Indices]:
    """Yield batches of windows whose dense counts need at most `DENSE_BYTES`."""
    bins = windows.core_bins + 2 * windows.margin
    size = max(1, DENSE_BYTES // (windows.n_words * bins * windows.count.element_size()))
    for first in range(0, len(windows), size):
        yield np.arange(first, min(first + size, len(windows)))
