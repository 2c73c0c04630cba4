"""What is minimised: reconstruction error and the terms that a specification switches on."""

import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from motifmine.models.tcae import losses
from motifmine.models.tcae.network import NEIGHBOURS, Network, Output
from motifmine.models.tcae.spec import TcaeSpec
from motifmine.models.tcae.training import Evaluation
from motifmine.models.tcae.windows import Batch, Windows
from motifmine.records.table import ObservationTable
from motifmine.types import Indices

ERRORS = {"squared": losses.squared_error, "poisson": losses.poisson_error}


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """The loss of batches of windows, and how good a network is on windows held out."""

    spec: TcaeSpec
    network: Network
    windows: Windows
    flat_error: float
    """Error per cell of a model that is flat in time, see `flat_error`."""
    group_weight: float
    """Weight of the group lasso on these observations."""
    constant: float
    """- sum over documents of N_d log T_d, see `document_constant`."""
    n_observations: float

    def loss(self, chosen: Indices, noise: torch.Generator) -> Tensor:
        """Return the loss of windows `chosen`, a scalar with a gradient."""
        batch = self.windows.batch(chosen)
        seen = masked(batch.counts, self.spec.masking, noise)
        with self._precision():
            output = self.network(batch, seen)
        return self.terms(batch, output)

    def terms(self, batch: Batch, output: Output) -> Tensor:
        """Return the sum of all terms whose weight is not 0."""
        spec, net = self.spec, self.network
        activation = output.activation.to(net.decoder.dtype)
        reconstruction = output.reconstruction.to(net.decoder.dtype)
        counts = self._core(batch)
        error = ERRORS[spec.loss](counts, reconstruction, batch.in_document)
        total = error / self.flat_error
        if spec.group_lasso > 0:
            norms = losses.group_lasso(net.encoder, net.decoder)
            total = total + self.group_weight * norms
        if spec.neighbour_penalty > 0:
            overlap = losses.neighbour_overlap(activation, batch.is_owned, NEIGHBOURS)
            total = total + spec.neighbour_penalty * overlap
        if spec.usage_entropy > 0:
            shortfall = losses.usage_shortfall(activation, batch.is_owned)
            total = total + spec.usage_entropy * shortfall
        return total

    def evaluate(self, held_out: Indices) -> Evaluation:
        """Return the loss on windows `held_out` and the log-likelihood they lead to expect.

        Notes
        -----
        The rates of the windows, p(w, t) = y(w, t) / (mean of sum_w y) / T, give a log-likelihood
        per observation, which is taken for all observations. The rates are floored.
        """
        objective = log_rates = rate_sum = count_sum = n_bins = 0.0
        with torch.no_grad():
            for chosen in np.array_split(held_out, -(-len(held_out) // self.spec.batch_windows)):
                batch = self.windows.batch(chosen)
                with self._precision():
                    output = self.network(batch)
                bins = float(batch.in_document.sum())
                objective += float(self.terms(batch, output)) * bins
                counts = self._core(batch)
                rate = output.reconstruction.to(counts).clamp(min=losses.SMALLEST_RATE)
                log_rates += float(torch.xlogy(counts, rate).sum())
                rate_sum += float((rate * batch.in_document[:, None]).sum())
                count_sum += float((counts * batch.in_document[:, None]).sum())
                n_bins += bins
        per_observation = log_rates / max(count_sum, 1e-12) - math.log(rate_sum / n_bins)
        return Evaluation(objective / n_bins, self.n_observations * per_observation + self.constant)

    def _core(self, batch: Batch) -> Tensor:
        margin = self.windows.margin
        return batch.counts[:, :, margin : margin + self.windows.core_bins]

    def _precision(self) -> AbstractContextManager[object]:
        if self.spec.dtype == "mixed":
            return torch.autocast(self.windows.device.type, dtype=torch.bfloat16)
        return nullcontext()


def masked(counts: Tensor, share: float, noise: torch.Generator) -> Tensor:
    """Return counts of which a random share is set to 0: the input of a denoising auto-encoder.

    Notes
    -----
    Masking noise of Vincent et al. 2008. The generator of the CPU seeds one on the device of the
    counts, so that its state tells all there is to know.
    """
    if share == 0:
        return counts
    here = torch.Generator(device=counts.device)
    here.manual_seed(int(torch.randint(2**62, (1,), generator=noise)))
    kept = torch.rand(counts.shape, generator=here, device=counts.device) >= share
    return counts * kept


def flat_error(table: ObservationTable, loss: str, scale: float) -> float:
    """Return the error per cell of a reconstruction that is each word's mean, > 0.

    Parameters
    ----------
    table : ObservationTable
    loss : `squared` or `poisson`
    scale : float
        Counts are divided by this.
    """
    count = table.count.astype(np.float64)
    mean = np.bincount(table.word, weights=count, minlength=table.n_words) / table.n_times
    if loss == "squared":
        total = np.sum(count**2) - table.n_times * np.sum(mean**2)
        total /= scale**2
    else:
        total = np.sum(count * np.log(count / mean[table.word])) / scale
    return max(float(total) / (table.n_times * table.n_words), 1e-6)


def document_constant(table: ObservationTable) -> float:
    """Return - sum over documents of N_d log T_d, nats."""
    log_lengths = np.log(np.maximum(table.document_lengths, 1))
    return -float(np.sum(table.document_totals() * log_lengths))
