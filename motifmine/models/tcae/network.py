"""The network: a convolution as encoder, a transposed convolution as decoder.

Bascol, Emonet, Fromont, Odobez, S+SSPR 2016. Words are the channels of a one-dimensional
convolution over time. A filter of the decoder is a motif, and its activations are the starts of the
motif. Start times are -(L - 1) to T - 1, so that motifs may extend beyond either edge.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from motifmine.models.tcae.encoder import SPARE, TAPS
from motifmine.models.tcae.windows import Batch

FIRST_LEVEL = 0.05  # initial background, in standard deviations of the counts


class Output(NamedTuple):
    """Output of a forward pass."""

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


def find_energy_threshold(activation: Tensor, is_owned: Tensor, share: float) -> Tensor:
    """Return the largest threshold that keeps `share` of the energy of the activations.

    With positive activations x_1 >= x_2 >= .. of the set, the threshold is x_m for the smallest m
    with sum_{i <= m} x_i^2 >= share * sum_i x_i^2. It carries no gradient.

    Parameters
    ----------
    activation : (B, M, S)
    is_owned : bool (B, S)
        Start times to include, each of them once.
    share : float, 0 < share <= 1
    """
    with torch.no_grad():
        mask = is_owned[:, None].expand_as(activation)
        value = activation[mask & (activation > 0)]
        if share >= 1 or len(value) == 0:
            return activation.new_zeros(())
        value = torch.sort(value, descending=True).values
        # the sum runs over all activations of a batch; float32 would lose the smallest (but MPS
        # devices have no float64)
        exact = torch.float32 if value.device.type == "mps" else torch.float64
        energy = torch.cumsum(value.to(exact).square(), 0)
        place = torch.searchsorted(energy, share * energy[-1])
        return value[place.clamp(max=len(value) - 1)]


def apply_threshold(activation: Tensor, threshold: Tensor) -> Tensor:
    """Set activations to 0 unless they are positive and reach `threshold` (AdaReLU)."""
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
    """Encoder, local inhibition, AdaReLU, decoder with a constant background.

    Parameters
    ----------
    inhibition : float
    energy_share : float
        Share of AdaReLU; 1 makes it a ReLU.
    generator : torch.Generator
        For the initial filters, U(0, 1 / (W + L)), as in the paper's code.
    """

    def __init__(
        self,
        *,
        n_filters: int,
        n_words: int,
        motif_length: int,
        inhibition: float,
        energy_share: float,
        generator: torch.Generator,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        shape = (n_filters, n_words, motif_length)
        highest = 1 / (n_words + motif_length)
        self.inhibition, self.energy_share = inhibition, energy_share
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

    def forward(self, batch: Batch) -> Output:
        """Return activations and reconstruction."""
        activation = encode(
            batch.counts, batch.is_start, self.encoder, self.bias, self.inhibition
        )  # (B, M, S)
        threshold = find_energy_threshold(activation, batch.is_owned, self.energy_share)  # ()
        activation = apply_threshold(activation, threshold)  # (B, M, S)
        return Output(activation, self.decode(activation))  # (B, M, S), (B, W, V)

    def clamp_parameters(self, mask: Tensor | None = None) -> None:
        """Set negative values of decoder and background to 0, in place (projected gradient).

        Also what lies outside a mask of the decoder, (M, W, L).
        """
        with torch.no_grad():
            self.decoder.clamp_(min=0)
            self.background.clamp_(min=0)
            if mask is not None:
                self.decoder.mul_(mask)


def estimate_memory_bytes(
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
    """Estimate the memory that training needs at most, bytes.

    Filters with gradient, two moments and a copy of the best epoch; the dense batch with its
    reconstruction, error and gradients; activations of the batch; sparse observations twice; and
    the masses of all start times twice.

    Parameters
    ----------
    n_filters, n_words, motif_length : int
        Shape of the filters.
    batch_windows, core_bins : int
        Windows per batch, and bins per window.
    n_observations : int
        Entries of the table.
    n_rows : int
        Start rows of the table.
    item_bytes : int
        Bytes per number.
    """
    filters = 5 * 2 * n_filters * n_words * motif_length
    bins = core_bins + 2 * (motif_length - 1 + SPARE)
    dense = 6 * batch_windows * n_words * bins
    active = 10 * batch_windows * n_filters * bins
    observations = 2 * n_observations * (16 + item_bytes)
    return item_bytes * (filters + dense + active + 3 * n_filters * n_rows) + observations
