"""The network: one convolution encodes, one transposed convolution decodes.

Bascol, Emonet, Fromont, Odobez, S+SSPR 2016. Words are the channels of a one-dimensional
convolution over time. A filter of the decoder is a motif, its activation over time says where the
motif starts. Start times run from -(L - 1) to T - 1, so that motifs may hang over either edge.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from motifmine.models.tcae.windows import Batch

TAPS = (0.05399, 0.24197, 0.39894, 0.24197, 0.05399)
"""A Gaussian of one bin, sampled at -2 .. 2."""
NEIGHBOURS = 2
"""Start times on each side that count as neighbours in the penalty on activations in a row."""
FIRST_LEVEL = 0.05
"""Background before training, in standard deviations of the counts."""
SPARE = len(TAPS) // 2 + NEIGHBOURS
"""Start times that a window needs beyond those that reach its core, on each side."""


class Output(NamedTuple):
    """What a forward pass returns."""

    activation: Tensor
    """(B, M, S), S = V + L - 1 + 2 * SPARE, all start times of the windows."""
    reconstruction: Tensor
    """(B, W, V)."""


def inhibit(activation: Tensor, strength: float) -> Tensor:
    """Return a - strength * (G conv a) along time: local inhibition, which sharpens peaks.

    Parameters
    ----------
    activation : (B, M, S)
    strength : float
        1 as in the paper's code, 0 for none.
    """
    if strength == 0:
        return activation
    n_filters = activation.shape[1]
    taps = activation.new_tensor(TAPS).expand(n_filters, 1, -1)
    blurred = functional.conv1d(activation, taps, padding=len(TAPS) // 2, groups=n_filters)
    return activation - strength * blurred


def energy_threshold(activation: Tensor, is_owned: Tensor, share: float) -> Tensor:
    """Return the largest threshold at which activations still hold `share` of the energy.

    With positive activations x_1 >= x_2 >= .. of the set, the threshold is x_m for the smallest m
    with sum_{i <= m} x_i^2 >= share * sum_i x_i^2. It carries no gradient.

    Parameters
    ----------
    activation : (B, M, S)
    is_owned : bool (B, S)
        The set: every start time once.
    share : float, 0 < share <= 1
    """
    with torch.no_grad():
        mask = is_owned[:, None].expand_as(activation)
        value = activation[mask & (activation > 0)]
        if share >= 1 or len(value) == 0:
            return activation.new_zeros(())
        value = torch.sort(value, descending=True).values
        exact = torch.float32 if value.device.type == "mps" else torch.float64
        energy = torch.cumsum(value.to(exact).square(), 0)
        place = torch.searchsorted(energy, share * energy[-1])
        return value[place.clamp(max=len(value) - 1)]


def keep_above(activation: Tensor, threshold: Tensor) -> Tensor:
    """Return activations that are positive and reach `threshold`, 0 for the others (AdaReLU)."""
    return activation * ((activation > 0) & (activation >= threshold))


def encode(
    counts: Tensor, is_start: Tensor, filters: Tensor, bias: Tensor, inhibition: float
) -> Tensor:
    """Return activations after inhibition, before AdaReLU, (B, M, S).

    Parameters
    ----------
    counts : (B, W, S + L - 1)
    is_start : bool (B, S)
    filters : (M, W, L)
    bias : (M,)
    inhibition : float
    """
    response = functional.conv1d(counts, filters, bias)  # (B, M, S)
    response = functional.relu(response) * is_start[:, None]  # (B, M, S)
    return inhibit(response, inhibition) * is_start[:, None]  # (B, M, S)


class Network(nn.Module):
    """Encoder, local inhibition, AdaReLU, decoder with a flat background.

    Parameters
    ----------
    n_filters, n_words, motif_length : int
    inhibition : float
    energy_share : float
        Of AdaReLU; 1 makes it a plain ReLU.
    non_negative : bool
        Whether `project` keeps decoder and background from falling below 0.
    generator : torch.Generator
        Draws the start: filters U(0, 1 / (W + L)), as the paper's code does.
    """

    def __init__(
        self,
        *,
        n_filters: int,
        n_words: int,
        motif_length: int,
        inhibition: float,
        energy_share: float,
        non_negative: bool,
        generator: torch.Generator,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        shape = (n_filters, n_words, motif_length)
        highest = 1 / (n_words + motif_length)
        self.inhibition, self.energy_share = inhibition, energy_share
        self.non_negative = non_negative
        self.encoder = nn.Parameter(torch.rand(shape, generator=generator, dtype=dtype) * highest)
        self.bias = nn.Parameter(torch.zeros(n_filters, dtype=dtype))
        self.decoder = nn.Parameter(torch.rand(shape, generator=generator, dtype=dtype) * highest)
        self.background = nn.Parameter(torch.full((n_words,), FIRST_LEVEL, dtype=dtype))

    def decode(self, activation: Tensor) -> Tensor:
        """Return the reconstruction of the cores, (B, W, V)."""
        reaching = activation[:, :, SPARE:-SPARE]  # (B, M, V + L - 1)
        padding = self.decoder.shape[2] - 1
        sound = functional.conv_transpose1d(reaching, self.decoder, padding=padding)  # (B, W, V)
        return sound + self.background[:, None]  # (B, W, V)

    def forward(self, batch: Batch, counts: Tensor | None = None) -> Output:
        """Return activations and reconstruction; `counts` stands in for the batch's own."""
        seen = batch.counts if counts is None else counts  # (B, W, V + 2 * margin)
        activation = encode(
            seen, batch.is_start, self.encoder, self.bias, self.inhibition
        )  # (B, M, S)
        threshold = energy_threshold(activation, batch.is_owned, self.energy_share)  # ()
        activation = keep_above(activation, threshold)  # (B, M, S)
        return Output(activation, self.decode(activation))  # (B, M, S), (B, W, V)

    def project(self) -> None:
        """Set what fell below 0 in decoder and background to 0, in place."""
        if self.non_negative:
            with torch.no_grad():
                self.decoder.clamp_(min=0)
                self.background.clamp_(min=0)


def memory_bytes(
    *,
    n_filters: int,
    n_words: int,
    motif_length: int,
    batch_windows: int,
    core_bins: int,
    n_observations: int,
    n_rows: int,
    item_bytes: int,
) -> int:
    """Return what training needs at most, bytes.

    Filters with gradient, two moments and the best so far; the dense batch with its masked copy,
    reconstruction, error and gradients; the batch's activations; sparse observations twice; and
    the masses of all start times, twice.
    """
    filters = 5 * 2 * n_filters * n_words * motif_length
    bins = core_bins + 2 * (motif_length - 1 + SPARE)
    dense = 6 * batch_windows * n_words * bins
    active = 10 * batch_windows * n_filters * bins
    observations = 2 * n_observations * (16 + item_bytes)
    return item_bytes * (filters + dense + active + 3 * n_filters * n_rows) + observations
