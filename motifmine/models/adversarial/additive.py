"""The additive generator: windows are sums of motifs that are switched on at random starts."""

import torch
from torch import Tensor, nn
from torch.nn import functional

FIRST_BACKGROUND = 0.2  # share of the mean counts that the background has at first
FIRST_LEVEL = 0.02  # added to every cell at first: softplus has almost no gradient at 0


class AdditiveGenerator(nn.Module):
    """K motifs of L bins x W words in counts, gates at starts, log-normal strengths, background.

    The expected count of word w at bin t of a window is
    b(w) + sum_{k, s} gate_k(s) strength_k(s) motif_k(w, t - s), where starts s are -(L - 1) ..
    V - 1, gates are Bernoulli, and strengths have mean 1. Counts are Poisson.
    """

    log_odds: Tensor

    def __init__(self, motifs: Tensor, background: Tensor, density: float) -> None:
        """Begin at given motifs in counts (K, W, L) and background (W,).

        `density` is the expected number of starts a bin of all motifs together.
        """
        super().__init__()
        self.raw_motifs = nn.Parameter(invert_softplus(motifs + FIRST_LEVEL))
        self.raw_background = nn.Parameter(invert_softplus(background))
        self.log_spread = nn.Parameter(torch.full((len(motifs),), -0.7, device=motifs.device))
        share = torch.full((len(motifs),), density / len(motifs), device=motifs.device)
        self.register_buffer("log_odds", torch.logit(share))

    @property
    def motifs(self) -> Tensor:
        """Expected counts of an occurrence, (K, W, L)."""
        return functional.softplus(self.raw_motifs)

    @property
    def background(self) -> Tensor:
        """Expected counts a bin of what belongs to no motif, (W,)."""
        return functional.softplus(self.raw_background)

    def draw_codes(self, n_windows: int, window_bins: int) -> tuple[Tensor, Tensor]:
        """Return gates, 0 or 1, and strengths at random, both (B, K, V + L - 1)."""
        n_motifs, _, length = self.raw_motifs.shape
        shape = (n_windows, n_motifs, window_bins + length - 1)
        chance = torch.sigmoid(self.log_odds)[:, None]
        gate = (torch.rand(shape, device=chance.device) < chance).float()
        spread = self.log_spread.exp()[:, None]
        normal = torch.randn(shape, device=chance.device)
        return gate, torch.exp(spread * normal - spread.square() / 2)

    def forward(self, activation: Tensor) -> Tensor:
        """Return the expected counts of windows (B, W, V) for activations (B, K, V + L - 1)."""
        length = self.raw_motifs.shape[2]
        spread = functional.conv_transpose1d(activation, self.motifs)
        inside = spread[:, :, length - 1 : spread.shape[2] - (length - 1)]
        return inside + self.background[:, None]


def draw_counts(rate: Tensor) -> Tensor:
    """Return Poisson counts whose gradient is that of their rate (straight-through)."""
    with torch.no_grad():
        drawn = torch.poisson(rate)
    return rate + (drawn - rate).detach()


def invert_softplus(value: Tensor) -> Tensor:
    """Return x with log(1 + exp(x)) = value > 0."""
    value = value.clamp(min=1e-4)
    return value + torch.log(-torch.expm1(-value))
