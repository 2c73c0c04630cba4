"""The terms of the auto-encoder's loss: one function and one equation each.

Activations are (B, M, S) for B windows, M filters and S start times; counts x and reconstructions
y are (B, W, V) for W words and V bins. Whether a bin or a start time counts is told by a mask
(B, V) or (B, S). Reconstruction errors are shares of what a flat model leaves unexplained, so that
the weights of the other terms mean the same whatever the units of the counts.

Bascol, Emonet, Fromont, Odobez: Unsupervised Interpretable Pattern Discovery in Time Series Using
Autoencoders, S+SSPR 2016.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

SMALLEST_RATE = 1e-3
"""Poisson rates below are taken as this, in standard deviations of the counts."""
SMALLEST_NORM = 1e-6
"""What keeps the gradient of a norm finite at 0."""


def squared_error(counts: Tensor, reconstruction: Tensor, in_document: Tensor) -> Tensor:
    """Return sum (y - x)^2 / number of cells, over the cells that exist."""
    error = (reconstruction - counts).square() * in_document[:, None]
    return error.sum() / (in_document.sum() * counts.shape[1])


def poisson_error(counts: Tensor, reconstruction: Tensor, in_document: Tensor) -> Tensor:
    """Return sum (y - x + x log(x / y)) / number of cells: half the Poisson deviance.

    This is the generalised Kullback-Leibler divergence of y from x.
    """
    rate = reconstruction.clamp(min=SMALLEST_RATE)
    error = rate - counts + torch.xlogy(counts, counts) - torch.xlogy(counts, rate)
    return (error * in_document[:, None]).sum() / (in_document.sum() * counts.shape[1])


def group_lasso(encoder: Tensor, decoder: Tensor) -> Tensor:
    """Return sum over filters of |e_f|_2 + |d_f|_2, filters (M, W, L).

    One group a filter: a filter that explains too little shrinks to nothing.
    """
    total = encoder.new_zeros(())
    for filters in (encoder, decoder):
        total = total + (filters.square().sum(dim=(1, 2)) + SMALLEST_NORM**2).sqrt().sum()
    return total


def neighbour_overlap(activation: Tensor, is_owned: Tensor, reach: int) -> Tensor:
    """Return sum a_f(t) * max_{0 < |u| <= reach} a_f(t + u) / number of start times.

    Local inhibition as a penalty: several activations of one filter in a row cost.
    """
    n_starts = activation.shape[2]
    padded = functional.pad(activation, (reach, reach))
    shifts = [by for by in range(2 * reach + 1) if by != reach]
    near = torch.stack([padded[:, :, by : by + n_starts] for by in shifts]).amax(dim=0)
    return (activation * near * is_owned[:, None]).sum() / is_owned.sum()


def usage_shortfall(activation: Tensor, is_owned: Tensor) -> Tensor:
    """Return log M - H(q), q_f = sum_t a_f(t) / sum a, H(q) = - sum_f q_f log q_f.

    The global entropy of the paper, turned so that 0 is best: all filters are used alike.
    """
    mass = (activation * is_owned[:, None]).sum(dim=(0, 2))
    share = mass / mass.sum().clamp(min=1e-12)
    entropy = -torch.xlogy(share, share.clamp(min=1e-12)).sum()
    return math.log(len(mass)) - entropy
