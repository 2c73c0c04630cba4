"""The objective of the auto-encoder: reconstruction error and regularisation terms.

Activations are (B, M, S) for B windows, M filters and S start times; counts x and reconstructions
y are (B, W, V) for W words and V bins. Masks (B, V) and (B, S) select the bins and start times that
exist. The reconstruction error is relative to that of a flat model, so that the weights of the
other terms do not depend on the units of the counts.

Bascol, Emonet, Fromont, Odobez: Unsupervised Interpretable Pattern Discovery in Time Series Using
Autoencoders, S+SSPR 2016.
"""

import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motifmine.models.tcae.network import NEIGHBOURS, Network, Output
from motifmine.models.tcae.paths import PathMask
from motifmine.models.tcae.spec import TcaeSpec
from motifmine.models.tcae.training import Evaluation
from motifmine.models.tcae.windows import Batch, Windows
from motifmine.records.table import ObservationTable
from motifmine.types import Indices

SMALLEST_RATE = 1e-3  # least rate of the Poisson error, in standard deviations of the counts
SMALLEST_NORM = 1e-6  # keeps the gradient of a norm finite at 0


def squared_error(counts: Tensor, reconstruction: Tensor, in_document: Tensor) -> Tensor:
    """Return sum (y - x)^2 / number of cells, over the cells that exist.

    Parameters
    ----------
    counts, reconstruction : (B, W, V)
    in_document : bool (B, V)
        Bins that exist.
    """
    error = (reconstruction - counts).square() * in_document[:, None]
    return error.sum() / (in_document.sum() * counts.shape[1])


def poisson_error(counts: Tensor, reconstruction: Tensor, in_document: Tensor) -> Tensor:
    """Return sum (y - x + x log(x / y)) / number of cells: half the Poisson deviance.

    This is the generalised Kullback-Leibler divergence of y from x.

    Parameters
    ----------
    counts, reconstruction : (B, W, V)
    in_document : bool (B, V)
        Bins that exist.
    """
    # the logarithm of a rate of 0 is infinite where there are counts
    rate = reconstruction.clamp(min=SMALLEST_RATE)
    error = rate - counts + torch.xlogy(counts, counts) - torch.xlogy(counts, rate)
    return (error * in_document[:, None]).sum() / (in_document.sum() * counts.shape[1])


def group_lasso(encoder: Tensor, decoder: Tensor) -> Tensor:
    """Return sum over filters of |e_f|_2 + |d_f|_2, filters (M, W, L).

    One group per filter: filters that explain too little shrink to 0.
    """
    total = encoder.new_zeros(())
    for filters in (encoder, decoder):
        # the root has no gradient at 0, where pruned filters are
        total = total + (filters.square().sum(dim=(1, 2)) + SMALLEST_NORM**2).sqrt().sum()
    return total


def neighbour_overlap(activation: Tensor, is_owned: Tensor, reach: int) -> Tensor:
    """Return sum a_f(t) * max_{0 < |u| <= reach} a_f(t + u) / number of start times.

    Local inhibition as a penalty on consecutive activations of one filter.

    Parameters
    ----------
    activation : (B, M, S)
    is_owned : bool (B, S)
        Start times to include, each of them once.
    reach : int
        Largest distance of neighbours, bins.
    """
    n_starts = activation.shape[2]
    padded = functional.pad(activation, (reach, reach))
    shifts = [by for by in range(2 * reach + 1) if by != reach]
    near = torch.stack([padded[:, :, by : by + n_starts] for by in shifts]).amax(dim=0)
    return (activation * near * is_owned[:, None]).sum() / is_owned.sum()


def usage_shortfall(activation: Tensor, is_owned: Tensor) -> Tensor:
    """Return log M - H(q), q_f = sum_t a_f(t) / sum a, H(q) = - sum_f q_f log q_f.

    The global entropy of the paper with the sign changed: 0 if all filters are used equally.
    """
    mass = (activation * is_owned[:, None]).sum(dim=(0, 2))
    # early in training all activations may be 0
    share = mass / mass.sum().clamp(min=1e-12)
    entropy = -torch.xlogy(share, share.clamp(min=1e-12)).sum()
    return math.log(len(mass)) - entropy


ERRORS = {"squared": squared_error, "poisson": poisson_error}


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """The loss of batches of windows, and its evaluation on held-out windows."""

    spec: TcaeSpec
    network: Network
    windows: Windows
    flat_error: float
    """Error per cell of a model that is constant in time, see `compute_flat_error`."""
    group_weight: float
    """Weight of the group lasso, which depends on the number of observations."""
    constant: float
    """- sum over documents of N_d log T_d, see `compute_document_constant`, nats."""
    n_observations: float
    paths: PathMask | None = None
    """Holds each filter to one thing that moves; None: words do not move."""
    mask: list[Tensor] = field(default_factory=list)
    """The mask of the decoder in this epoch, if there is one."""

    def begin_epoch(self, epoch: int) -> None:
        """Renew the mask of the decoder.

        Parameters
        ----------
        epoch : int
            From 0.
        """
        if self.paths is not None:
            self.mask[:] = [self.paths.find(self.network.decoder, epoch)]

    def constrain(self) -> None:
        """Project the parameters onto the constraints, in place."""
        self.network.clamp_parameters(*self.mask)

    def loss(self, chosen: Indices, noise: torch.Generator) -> Tensor:
        """Return the loss of the windows `chosen`, a scalar with a gradient."""
        batch = self.windows.batch(chosen)
        seen = mask_counts(batch.counts, self.spec.masking, noise)
        with self._autocast():
            output = self.network(batch, seen)
        return self.terms(batch, output)

    def terms(self, batch: Batch, output: Output) -> Tensor:
        """Return the sum of all terms whose weight is not 0."""
        spec, net = self.spec, self.network
        # sums over many bins lose too much in bfloat16
        activation = output.activation.to(net.decoder.dtype)
        reconstruction = output.reconstruction.to(net.decoder.dtype)
        counts = self._select_core(batch)
        error = ERRORS[spec.loss](counts, reconstruction, batch.in_document)
        # 1 is a model constant in time, whatever the units of the counts
        total = error / self.flat_error
        if spec.group_lasso > 0:
            norms = group_lasso(net.encoder, net.decoder)
            total = total + self.group_weight * norms
        if spec.neighbour_penalty > 0:
            overlap = neighbour_overlap(activation, batch.is_owned, NEIGHBOURS)
            total = total + spec.neighbour_penalty * overlap
        if spec.usage_entropy > 0:
            shortfall = usage_shortfall(activation, batch.is_owned)
            total = total + spec.usage_entropy * shortfall
        return total

    def evaluate(self, held_out: Indices) -> Evaluation:
        """Return the loss on held-out windows, and the log-likelihood extrapolated from them.

        Notes
        -----
        The rates of the windows, p(w, t) = y(w, t) / (mean of sum_w y) / T, give a log-likelihood
        per observation, which is multiplied by the number of observations. Rates have a floor.
        """
        objective = log_rates = rate_sum = count_sum = n_bins = 0.0
        with torch.no_grad():
            for chosen in np.array_split(held_out, -(-len(held_out) // self.spec.batch_windows)):
                batch = self.windows.batch(chosen)
                with self._autocast():
                    output = self.network(batch)
                bins = float(batch.in_document.sum())
                # windows at ends of documents have fewer bins
                objective += float(self.terms(batch, output)) * bins
                counts = self._select_core(batch)
                rate = output.reconstruction.to(counts).clamp(min=SMALLEST_RATE)
                log_rates += float(torch.xlogy(counts, rate).sum())
                rate_sum += float((rate * batch.in_document[:, None]).sum())
                count_sum += float((counts * batch.in_document[:, None]).sum())
                n_bins += bins
        per_observation = log_rates / max(count_sum, 1e-12) - math.log(rate_sum / n_bins)
        return Evaluation(objective / n_bins, self.n_observations * per_observation + self.constant)

    def _select_core(self, batch: Batch) -> Tensor:
        margin = self.windows.margin
        return batch.counts[:, :, margin : margin + self.windows.core_bins]

    def _autocast(self) -> AbstractContextManager[object]:
        if self.spec.dtype == "mixed":
            return torch.autocast(self.windows.device.type, dtype=torch.bfloat16)
        return nullcontext()


def mask_counts(counts: Tensor, share: float, noise: torch.Generator) -> Tensor:
    """Set a random share of the counts to 0: the input of a denoising auto-encoder.

    Parameters
    ----------
    counts : (B, W, V)
    share : float, 0 <= share < 1
    noise : torch.Generator
        On the CPU.

    Notes
    -----
    Masking noise of Vincent et al. 2008. The CPU generator seeds one on the device of the counts,
    so that a checkpoint needs to store only the former.
    """
    if share == 0:
        return counts
    # a generator on the device, seeded from the one on the CPU: drawing on the CPU would copy a
    # mask per batch
    here = torch.Generator(device=counts.device)
    here.manual_seed(int(torch.randint(2**62, (1,), generator=noise)))
    kept = torch.rand(counts.shape, generator=here, device=counts.device) >= share
    return counts * kept


def compute_flat_error(table: ObservationTable, loss: str, scale: float) -> float:
    """Return the error per cell if every word is reconstructed by its mean, > 0.

    Parameters
    ----------
    loss : `squared` or `poisson`
    scale : float
        Divisor of the counts.
    """
    count = table.count.astype(np.float64)
    mean = np.bincount(table.word, weights=count, minlength=table.n_words) / table.n_times
    if loss == "squared":
        total = np.sum(count**2) - table.n_times * np.sum(mean**2)
        total /= scale**2
    else:
        total = np.sum(count * np.log(count / mean[table.word])) / scale
    # a table without any change in time has no error to be relative to
    return max(float(total) / (table.n_times * table.n_words), 1e-6)


def compute_document_constant(table: ObservationTable) -> float:
    """Return - sum over documents of N_d log T_d, nats."""
    log_lengths = np.log(np.maximum(table.document_lengths, 1))
    return -float(np.sum(table.document_totals() * log_lengths))
