"""Activations in units of observations: a fixed set of motifs explains the counts.

The auto-encoder's own activations are shrunk by its penalties and cut by AdaReLU: good at saying
where a motif may start, poor at saying how much of it there is. Here the start times that the
encoder left open get the masses of greatest likelihood, by the multiplicative updates of
Kullback-Leibler non-negative matrix factorisation (Lee and Seung 2001; Smaragdis 2004), which are
the EM updates of PLSM with motifs held fixed. The problem is convex; motifs do not change.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motifmine.models.tcae_windows import Windows
from motifmine.table import Indices

FLOOR = 1e-3
"""Share of the observations that is always left to chance, as in `motifmine.inference`."""
FIRST_SHARE = 0.2
"""Share of the background before the first iteration, when it is learnt."""
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
    """(K, R) by start row of `motifmine.layout`."""
    background: Flat
    log_rates: float
    """sum n log(rate), nats, of the masses before the last iteration."""


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
        state = improved if learns else _with_background(improved, background)
    return state


def _with_background(state: Explanation, background: Flat) -> Explanation:
    return Explanation(
        activation=state.activation, background=background, log_rates=state.log_rates
    )


def _improve(
    windows: Windows, motifs: Tensor, state: Explanation, n_vocabulary: int
) -> Explanation:
    """Return the state after one EM iteration.

    With the rate r(w, t) = sum_{k,s} a_k(s) m_k(w, t - s) + b(w), a_k(s) is multiplied by
    sum_{w,t} n(w, t) / r(w, t) m_k(w, t - s), and b likewise.
    """
    reach = motifs.shape[2] - 1
    flat = state.background.share * state.background.word_probability  # (W,)
    base = flat + FLOOR / n_vocabulary  # (W,)
    padded = functional.pad(state.activation, (0, 1))  # (K, R + 1)
    improved, explained = torch.zeros_like(padded), torch.zeros_like(flat)
    log_rates = 0.0
    for chosen in _chunks(windows):
        batch = windows.batch(chosen)
        level = torch.from_numpy(windows.row_level[windows.document_row[chosen]]).to(base)
        level = level[:, None, None]  # (B, 1, 1)
        mass = padded[:, batch.start_row].transpose(0, 1)  # (B, K, V + 3 (L - 1))
        rate = functional.conv_transpose1d(mass, motifs, padding=reach)  # (B, W, V + 2 (L - 1))
        rate = rate + base[:, None] * level
        counts = batch.counts[:, :, reach : reach + rate.shape[2]]
        ratio = counts / rate.clamp(min=1e-30)
        gain = functional.conv1d(ratio, motifs)  # (B, K, V + L - 1)
        inner = slice(reach, reach + gain.shape[2])
        owned = batch.is_owned[:, inner]
        rows = batch.start_row[:, inner][owned]
        improved[:, rows] = (mass[:, :, inner] * gain).transpose(0, 1)[:, owned]
        core = slice(reach, reach + windows.core_bins)
        explained += (ratio[:, :, core] * level).sum(dim=(0, 2)) * flat
        log_rates += float(torch.xlogy(counts[:, :, core], rate[:, :, core].clamp(min=1e-30)).sum())
    total = explained.sum()
    return Explanation(
        activation=improved[:, :-1],
        background=Flat(
            share=float(total / windows.count.sum()),
            word_probability=explained / total.clamp(min=1e-30),
        ),
        log_rates=log_rates,
    )


def _chunks(windows: Windows) -> Iterator[Indices]:
    """Yield windows in portions whose dense counts hold `DENSE_BYTES` at most."""
    bins = windows.core_bins + 2 * windows.margin
    size = max(1, DENSE_BYTES // (windows.n_words * bins * windows.count.element_size()))
    for first in range(0, len(windows), size):
        yield np.arange(first, min(first + size, len(windows)))
