"""Critic and coder as networks."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations

UNITS = 64
SLOPE = 0.2  # of leaky rectifiers below 0
SCALE = 4.0  # the trunk has gain 1 at most; the coder works on a multiple of it
# share of cells that a critic does not see while it learns, so that it cannot know windows by
# heart; with 0.2 it misses motifs in reverse
FORGOTTEN = 0.1


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


class Critic(nn.Module):
    """Verdict on windows of counts, alone or together with codes at every bin.

    Parameters
    ----------
    n_channels : int
        Words, and codes.
    """

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.first = convolve(n_channels, UNITS, 3, spectral=True)
        self.second = convolve(UNITS, UNITS, 5, spectral=True)
        self.judge = convolve(UNITS, UNITS, 5, spectral=True)
        self.verdict = convolve(UNITS, 1, 1, spectral=True)

    def look(self, windows: Tensor, codes: Tensor | None = None) -> Tensor:
        """Return what it sees of counts (B, W, V) and codes (B, C, V), (B, units, V)."""
        levels = functional.dropout(torch.log1p(windows), FORGOTTEN, self.training)
        shown = levels if codes is None else torch.cat([levels, codes], dim=1)
        return leak(self.second(leak(self.first(shown))))

    def judge_bins(self, seen: Tensor) -> Tensor:
        """Return the verdict on every bin, > 0 for real, (B, V)."""
        verdict: Tensor = self.verdict(leak(self.judge(seen)))[:, 0]
        return verdict

    def decide(self, seen: Tensor) -> Tensor:
        """Return the verdict on windows, > 0 for real, (B,)."""
        # a sum over independent bins grows like the root of their number
        return self.judge_bins(seen).mean(dim=1) * math.sqrt(seen.shape[2])


class CriticOfPairs(Critic):
    """Verdict on windows with codes, and on windows together with what their codes restore.

    Parameters
    ----------
    n_words, n_codes : int
    """

    def __init__(self, n_words: int, n_codes: int) -> None:
        super().__init__(n_words + n_codes)
        self.restored = Critic(2 * n_words)

    def compare(self, windows: Tensor, rates: Tensor) -> Tensor:
        """Return what is seen of counts together with restored rates, both (B, W, V)."""
        return self.restored.look(windows, torch.log1p(rates))


class CriticWithCoder(Critic):
    """Verdict on windows of counts, and the codes they were drawn with.

    Parameters
    ----------
    n_words, n_motifs : int
    density : float
        Expected starts a bin, all motifs together: what the coder assumes of unknown windows.
    """

    def __init__(self, n_words: int, n_motifs: int, density: float) -> None:
        super().__init__(n_words)
        self.third = convolve(UNITS, UNITS, 7, spectral=False)
        self.output = nn.Conv1d(UNITS, 2 * n_motifs, 1)
        first_odds = torch.logit(torch.tensor(density / n_motifs))
        first = torch.cat([first_odds.expand(n_motifs), torch.zeros(n_motifs)])
        self.output.bias = nn.Parameter(first)

    def read(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Return log-odds of gates and log strengths by place, both (B, K, V).

        The place of an occurrence is the bin in the middle of its motif, start + L // 2.
        """
        codes = self.output(leak(self.third(SCALE * seen)))
        log_odds, log_strength = codes.chunk(2, dim=1)
        return log_odds, log_strength


def count_doublings(motif_length: int) -> int:
    """Return how often lengths are doubled so that one code reaches all bins of a motif."""
    return max(1, math.ceil(math.log2((motif_length + 2) / 3)))


class Deconvolution(nn.Module):
    """Rates of words from codes, by transposed convolutions that double the length.

    Batches are not normalised: codes of other documents would leak into a drawn one.

    Parameters
    ----------
    n_codes, n_doublings : int
    mean : Tensor
        Mean counts a bin, which it begins with, (W,).
    """

    gain: Tensor
    """Factor of all rates."""

    def __init__(self, n_codes: int, n_doublings: int, mean: Tensor) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        for n_in, n_out in pairwise([n_codes] + [UNITS] * n_doublings):
            layer = nn.ConvTranspose1d(n_in, n_out, 4, stride=2, padding=1)
            # each bin has two terms a unit: windows vary from the first step on
            nn.init.normal_(layer.weight, std=n_in**-0.5)
            self.layers.append(layer)
        self.output = nn.Conv1d(UNITS, len(mean), 3, padding=1)
        nn.init.normal_(self.output.weight, std=(3 * UNITS) ** -0.5)
        bias = mean.clamp(min=1e-3)
        self.output.bias = nn.Parameter(bias + torch.log(-torch.expm1(-bias)))
        self.register_buffer("gain", torch.ones(()))

    def forward(self, codes: Tensor) -> Tensor:
        """Return rates (B, W, V) of codes (B, Z, V / 2 ** doublings)."""
        for layer in self.layers:
            codes = functional.relu(layer(codes))
        return self.gain * functional.softplus(self.output(codes))


class Encoder(nn.Module):
    """Codes of windows of counts, by convolutions that halve the length."""

    def __init__(self, n_words: int, n_codes: int, n_halvings: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(n_words, UNITS, 3, padding=1)
        self.layers = nn.ModuleList(
            nn.Conv1d(UNITS, UNITS, 4, stride=2, padding=1) for _ in range(n_halvings)
        )
        self.output = nn.Conv1d(UNITS, n_codes, 1)

    def forward(self, windows: Tensor) -> Tensor:
        """Return codes (B, Z, V / 2 ** halvings) of counts (B, W, V)."""
        values = leak(self.first(torch.log1p(windows)))
        for layer in self.layers:
            values = leak(layer(values))
        codes: Tensor = self.output(values)
        return codes


class Correction(nn.Module):
    """Factors on rates, which depend on these and on random numbers.

    They begin at 1, and stay within a factor e: the starts that are given stay visible.
    """

    def __init__(self, n_words: int, n_codes: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(n_words + n_codes, UNITS, 5, padding=2)
        self.second = nn.Conv1d(UNITS, UNITS, 5, padding=2)
        self.output = nn.Conv1d(UNITS, n_words, 3, padding=1)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.get_parameter("bias"))

    def forward(self, rates: Tensor, codes: Tensor) -> Tensor:
        """Return corrected rates (B, W, V); codes are random (B, Z, V)."""
        seen = torch.cat([torch.log1p(rates), codes], dim=1)
        return rates * torch.tanh(self.output(leak(self.second(leak(self.first(seen)))))).exp()
