"""Adversarial examples: observations moved in time so that the network errs most.

A step along the gradient (Goodfellow, Shlens and Szegedy, Explaining and harnessing adversarial
examples, ICLR 2015), projected onto counts of the same words: observations that gain most by a move
go where the gradient is highest nearby; none appears or vanishes.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional


def move_worst(
    counts: Tensor, share: float, reach: int, loss_of: Callable[[Tensor], Tensor]
) -> Tensor:
    """Return counts (B, W, T) of which a share is moved along time to raise a loss.

    Parameters
    ----------
    counts : (B, W, T)
    share : float
        Of the counts of each window, at most.
    reach : int
        Bins that an observation is moved by at most.
    loss_of : callable
        Counts -> scalar tensor.
    """
    leaf = counts.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss_of(leaf), leaf)
    highest, place = functional.max_pool1d(
        gradient, 2 * reach + 1, stride=1, padding=reach, return_indices=True
    )
    gain = torch.where(counts > 0, highest - gradient, torch.zeros_like(gradient)).flatten(1)
    order = torch.argsort(gain, dim=1, descending=True, stable=True)
    ordered = counts.flatten(1).gather(1, order)
    before = torch.cumsum(ordered, dim=1) - ordered
    budget = share * counts.sum(dim=(1, 2))
    taken = torch.minimum((budget[:, None] - before).clamp(min=0), ordered)
    taken = taken * (gain.gather(1, order) > 0)
    moved = torch.zeros_like(ordered).scatter(1, order, taken).view_as(counts)
    return (counts - moved).scatter_add(2, place, moved)
