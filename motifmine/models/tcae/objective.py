"""The objective of the auto-encoder: reconstruction error and group lasso.

Counts x and reconstructions y are (B, W, V) for B windows, W words and V bins. Masks (B, V) select
the bins that exist. The reconstruction error is relative to that of a flat model, so that the
weight of the group lasso does not depend on the units of the counts.

Bascol, Emonet, Fromont, Odobez: Unsupervised Interpretable Pattern Discovery in Time Series Using
Autoencoders, S+SSPR 2016.
"""

import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from motifmine.models.tcae.attack import move_worst
from motifmine.models.tcae.network import Network, Output
from motifmine.models.tcae.paths import PathMask
from motifmine.models.tcae.spec import TcaeSpec
from motifmine.models.tcae.training import Evaluation
from motifmine.models.tcae.windows import Batch, Windows
from motifmine.records.table import ObservationTable
from motifmine.types import Indices

SMALLEST_RATE = 1e-3  # least rate of the log-likelihood, in standard deviations of the counts
# epochs without attacks: filters that are not there yet would never come
BEFORE_ATTACKS = 20
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


def group_lasso(encoder: Tensor, decoder: Tensor) -> Tensor:
    """Return sum over filters of |e_f|_2 + |d_f|_2, filters (M, W, L).

    One group per filter: filters that explain too little shrink to 0.
    """
    total = encoder.new_zeros(())
    for filters in (encoder, decoder):
        # the root has no gradient at 0, where pruned filters are
        total = total + (filters.square().sum(dim=(1, 2)) + SMALLEST_NORM**2).sqrt().sum()
    return total


@dataclass(slots=True, kw_only=True)
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
    mask: Tensor | None = None
    """The mask of the decoder in this epoch, if there is one."""
    is_attacked: bool = False
    """Whether observations are moved against the network in this epoch."""

    def begin_epoch(self, epoch: int) -> None:
        """Renew the mask of the decoder, and begin attacks.

        Parameters
        ----------
        epoch : int
            From 0.
        """
        if self.paths is not None:
            self.mask = self.paths.find(self.network.decoder, epoch)
        self.is_attacked = self.spec.adversarial_training > 0 and epoch >= BEFORE_ATTACKS

    def constrain(self) -> None:
        """Project the parameters onto the constraints, in place."""
        self.network.clamp_parameters(self.mask)

    def loss(self, chosen: Indices) -> Tensor:
        """Return the loss of the windows `chosen`, a scalar with a gradient."""
        batch = self.windows.batch(chosen)
        loss = self._loss_of(batch, batch.counts)
        if not self.is_attacked:
            return loss
        # on attacked counts alone filters die out
        return (loss + self._loss_of(batch, self.attack(batch))) / 2

    def attack(self, batch: Batch) -> Tensor:
        """Return the counts of a batch with observations moved against the network."""
        return move_worst(
            batch.counts,
            self.spec.adversarial_training,
            self.spec.motif_length,
            lambda counts: self._loss_of(batch, counts),
        )

    def _loss_of(self, batch: Batch, counts: Tensor) -> Tensor:
        """Return the loss of reconstructing a batch from other counts."""
        with self._autocast():
            output = self.network(batch._replace(counts=counts))
        return self.terms(batch, output)

    def terms(self, batch: Batch, output: Output) -> Tensor:
        """Return the reconstruction error and the group lasso, which may have weight 0."""
        net = self.network
        # sums over many bins lose too much in bfloat16
        reconstruction = output.reconstruction.to(net.decoder.dtype)
        error = squared_error(self._select_core(batch), reconstruction, batch.in_document)
        # 1 is a model constant in time, whatever the units of the counts
        total = error / self.flat_error
        if self.spec.group_lasso > 0:
            total = total + self.group_weight * group_lasso(net.encoder, net.decoder)
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


def compute_flat_error(table: ObservationTable, scale: float) -> float:
    """Return the error per cell if every word is reconstructed by its mean, > 0.

    Counts are divided by `scale`.
    """
    count = table.count.astype(np.float64)
    mean = np.bincount(table.word, weights=count, minlength=table.n_words) / table.n_times
    total = np.sum(count**2) - table.n_times * np.sum(mean**2)
    total /= scale**2
    # a table without any change in time has no error to be relative to
    return max(float(total) / (table.n_times * table.n_words), 1e-6)


def compute_document_constant(table: ObservationTable) -> float:
    """Return - sum over documents of N_d log T_d, nats."""
    log_lengths = np.log(np.maximum(table.document_lengths, 1))
    return -float(np.sum(table.document_totals() * log_lengths))
