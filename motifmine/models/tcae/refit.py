"""Activations in units of observations: a fixed set of motifs explains the counts.

The auto-encoder's own activations are shrunk by its penalties and cut by AdaReLU: good at saying
where a motif may start, poor at saying how much of it there is. Here the start times that the
encoder left open get the masses of greatest likelihood, by the multiplicative updates of
Kullback-Leibler non-negative matrix factorisation (Lee and Seung 2001; Smaragdis 2004), which are
the EM updates of PLSM with motifs held fixed. That problem is convex. `touch_up` lets the motifs
follow too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motifmine.models.tcae.windows import Batch, Windows
from motifmine.types import Indices

FLOOR = 1e-3
"""Share of the observations that is always left to chance, as in `motifmine.analysis`."""
FIRST_SHARE = 0.2
"""Share of the background before the first iteration, when it is learnt."""
CELL_PRICE = 0.2
"""Taken off every cell of a motif in `touch_up`, as a share of its mean cell: a Dirichlet prior
that favours few cells. What other motifs did at the same time by chance does not pay it."""
FIRST_ITERATIONS = 10
"""Iterations of the masses alone before motifs follow."""
DENSE_BYTES = 1 << 25
"""Dense counts that are held at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """A background flat in time."""

    share: float
    """Of the observations of every document."""
    word_probability: Tensor
    """(W,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Masses of the motifs, and the background beside them."""

    activation: Tensor
    """(K, R) by start row of `motifmine.records.start_layout`."""
    background: Flat
    log_rates: float
    """sum n log(rate), nats, of the masses before the last iteration."""

    def take(self, motifs: Tensor) -> "Explanation":
        """Return the same of some motifs."""
        return replace(self, activation=self.activation[motifs])


class Part(NamedTuple):
    """Some windows as a state explains them. V bins of core, A = L - 1 bins of reach."""

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
    background: Flat | None = None,
) -> Explanation:
    """Return the masses that explain the counts best.

    Parameters
    ----------
    windows : Windows
        With L - 1 spare start times and scale 1.
    motifs : (K, W, L)
    is_open : bool (K, R)
        Where each motif may start.
    n_vocabulary : int
        Number of words of the vocabulary, over which `FLOOR` is spread.
    iterations : int, > 0
    background : Flat or None
        None learns it, from the shares of the words.
    """
    learns = background is None
    if background is None:
        total = torch.zeros_like(motifs[0, :, 0]).index_add_(0, windows.word, windows.count)
        background = Flat(share=FIRST_SHARE, word_probability=total / total.sum())
    level = torch.from_numpy(windows.row_level).to(motifs)  # (R,)
    state = Explanation(activation=is_open * level, background=background, log_rates=-np.inf)
    for _ in range(iterations):
        improved = _improve(windows, motifs, state, n_vocabulary)
        state = improved if learns else replace(improved, background=background)
    return state


def touch_up(
    windows: Windows, motifs: Tensor, is_open: Tensor, *, n_vocabulary: int, iterations: int
) -> Tensor:
    """Return motifs re-estimated together with their masses, (K, W, L), each sums to 1.

    Parameters
    ----------
    windows : Windows
        With L - 1 spare start times and scale 1.
    motifs : (K, W, L)
    is_open : bool (K, R)
    n_vocabulary : int
    iterations : int, >= 0

    Notes
    -----
    One E step gives masses and motifs their updates: with the rate r(w, t) of `_improve`, cell
    m_k(w, u) becomes g(w, u) = m_k(w, u) sum_s a_k(s) n(w, s + u) / r(w, s + u), less
    `CELL_PRICE` times the mean of g, not below 0, over its sum.
    """
    if iterations == 0:
        return motifs
    state = explain(
        windows, motifs, is_open, n_vocabulary=n_vocabulary, iterations=FIRST_ITERATIONS
    )
    for _ in range(iterations):
        shaped = motifs * _pull(windows, motifs, state, n_vocabulary)
        state = _improve(windows, motifs, state, n_vocabulary)
        shaped = (shaped - CELL_PRICE * shaped.mean(dim=(1, 2), keepdim=True)).clamp(min=0)
        total = shaped.sum(dim=(1, 2), keepdim=True)
        # one that has lost all its mass keeps its shape, and is dropped for its mass
        motifs = torch.where(total > 0, shaped / total.clamp(min=1e-30), motifs)
    return motifs


def _improve(
    windows: Windows, motifs: Tensor, state: Explanation, n_vocabulary: int
) -> Explanation:
    """Return the state after one EM iteration.

    With the rate r(w, t) = sum_{k,s} a_k(s) m_k(w, t - s) + b(w), a_k(s) is multiplied by
    sum_{w,t} n(w, t) / r(w, t) m_k(w, t - s), and b likewise.
    """
    reach = motifs.shape[2] - 1
    core = slice(reach, reach + windows.core_bins)
    flat = state.background.share * state.background.word_probability  # (W,)
    improved = torch.zeros_like(functional.pad(state.activation, (0, 1)))  # (K, R + 1)
    explained = torch.zeros_like(flat)
    log_rates = 0.0
    for part in _parts(windows, motifs, state, n_vocabulary):
        ratio = part.ratio
        gain = functional.conv1d(ratio, motifs)  # (B, K, V + L - 1)
        inner = slice(reach, reach + gain.shape[2])
        owned = part.batch.is_owned[:, inner]
        rows = part.batch.start_row[:, inner][owned]
        improved[:, rows] = (part.mass[:, :, inner] * gain).transpose(0, 1)[:, owned]
        explained += (ratio[:, :, core] * part.level).sum(dim=(0, 2)) * flat
        log_rates += float(torch.xlogy(part.counts[:, :, core], part.rate[:, :, core]).sum())
    total = explained.sum()
    return Explanation(
        activation=improved[:, :-1],
        background=Flat(
            share=float(total / windows.count.sum()),
            word_probability=explained / total.clamp(min=1e-30),
        ),
        log_rates=log_rates,
    )


def _pull(windows: Windows, motifs: Tensor, state: Explanation, n_vocabulary: int) -> Tensor:
    """Return sum_s a_k(s) n(w, s + u) / r(w, s + u), (K, W, L)."""
    reach = motifs.shape[2] - 1
    core = slice(reach, reach + windows.core_bins)
    pull = torch.zeros_like(motifs)
    for part in _parts(windows, motifs, state, n_vocabulary):
        ratio = functional.pad(part.ratio[:, :, core], (reach, reach))  # (B, W, V + 2A)
        reaching = part.mass[:, :, reach : 2 * reach + windows.core_bins]  # (B, K, V + A)
        # a convolution whose batch are the words and whose channels the windows
        sums = functional.conv1d(ratio.transpose(0, 1), reaching.transpose(0, 1))  # (W, K, L)
        pull += sums.transpose(0, 1)
    return pull


def _parts(
    windows: Windows, motifs: Tensor, state: Explanation, n_vocabulary: int
) -> Iterator[Part]:
    """Yield all windows with their rates."""
    reach = motifs.shape[2] - 1
    flat = state.background.share * state.background.word_probability  # (W,)
    base = flat + FLOOR / n_vocabulary  # (W,)
    padded = functional.pad(state.activation, (0, 1))  # (K, R + 1)
    for chosen in _chunks(windows):
        batch = windows.batch(chosen)
        level = torch.from_numpy(windows.row_level[windows.document_row[chosen]]).to(base)
        level = level[:, None, None]  # (B, 1, 1)
        mass = padded[:, batch.start_row].transpose(0, 1)  # (B, K, V + 3A)
        rate = functional.conv_transpose1d(mass, motifs, padding=reach)  # (B, W, V + 2A)
        rate = (rate + base[:, None] * level).clamp(min=1e-30)
        yield Part(batch, level, mass, batch.counts[:, :, reach : reach + rate.shape[2]], rate)


def _chunks(windows: Windows) -> Iterator[Indices]:
    """Yield windows in portions whose dense counts hold `DENSE_BYTES` at most."""
    bins = windows.core_bins + 2 * windows.margin
    size = max(1, DENSE_BYTES // (windows.n_words * bins * windows.count.element_size()))
    for first in range(0, len(windows), size):
        yield np.arange(first, min(first + size, len(windows)))
