"""Critic and coder as networks."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations

UNITS = 64
SLOPE = 0.2
"""Of leaky rectifiers below 0."""
SCALE = 4.0
"""The trunk has gain 1 at most; the coder works on a multiple of it."""


def convolve(n_in: int, n_out: int, width: int, *, spectral: bool) -> nn.Module:
    """Return a convolution over time that keeps the length.

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    width : int
        Bins, odd.
    spectral : bool
        Whether its weight is divided by its spectral norm.
    """
    layer = nn.Conv1d(n_in, n_out, width, padding=width // 2)
    return parametrizations.spectral_norm(layer) if spectral else layer


def leak(values: Tensor) -> Tensor:
    """Return the leaky rectification."""
    leaked: Tensor = functional.leaky_relu(values, SLOPE)
    return leaked


class CriticWithCoder(nn.Module):
    """Verdict on windows of counts, and the codes they were drawn with.

    Parameters
    ----------
    n_words, n_motifs : int
    density : float
        Expected starts a bin, all motifs together: what the coder assumes of unknown windows.
    """

    def __init__(self, n_words: int, n_motifs: int, density: float) -> None:
        super().__init__()
        self.first = convolve(n_words, UNITS, 3, spectral=True)
        self.second = convolve(UNITS, UNITS, 5, spectral=True)
        self.judge = convolve(UNITS, UNITS, 5, spectral=True)
        self.verdict = convolve(UNITS, 1, 1, spectral=True)
        self.third = convolve(UNITS, UNITS, 7, spectral=False)
        self.output = nn.Conv1d(UNITS, 2 * n_motifs, 1)
        first_odds = torch.logit(torch.tensor(density / n_motifs))
        first = torch.cat([first_odds.expand(n_motifs), torch.zeros(n_motifs)])
        self.output.bias = nn.Parameter(first)

    def look(self, windows: Tensor) -> Tensor:
        """Return what critic and coder see of counts (B, W, V), (B, units, V)."""
        return leak(self.second(leak(self.first(torch.log1p(windows)))))

    def decide(self, seen: Tensor) -> Tensor:
        """Return the verdict on windows, > 0 for real, (B,)."""
        verdict: Tensor = self.verdict(leak(self.judge(seen)))
        # a sum over independent bins grows like the root of their number
        return verdict.mean(dim=(1, 2)) * math.sqrt(verdict.shape[2])

    def read(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Return log-odds of gates and log strengths by place, both (B, K, V).

        The place of an occurrence is the bin in the middle of its motif, start + L // 2.
        """
        codes = self.output(leak(self.third(SCALE * seen)))
        log_odds, log_strength = codes.chunk(2, dim=1)
        return log_odds, log_strength
