"""Generators against a critic that sees windows together with their codes: DCGAN to CGAN.

Radford and others, ICLR 2016: windows from random codes by transposed convolutions; the critic sees
no codes. Donahue and others, ICLR 2017, and Dumoulin and others, ICLR 2017: codes of real windows
come from an encoder, and the critic sees both (BiGAN). Zenati and others, ICDM 2018: a second
critic sees windows together with what their codes restore; what is restored badly is odd (ALAD).
Mirza and Osindero, 2014: codes are a condition that real windows have, too; here what motifs at
given starts add up to, which the generator corrects.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from motifmine.models.adversarial.additive import draw_counts
from motifmine.models.adversarial.networks import (
    Correction,
    Critic,
    CriticOfPairs,
    Deconvolution,
    Encoder,
    count_doublings,
)
from motifmine.models.adversarial.training import (
    CriticTurn,
    GeneratorTurn,
    Loss,
    compute_critic_loss,
    compute_generator_loss,
    compute_gradient_penalty,
)
from motifmine.models.adversarial.windows import Recordings

BATCH = 64
N_CODES = 16  # random numbers a place of a code
# of the squared error of codes that are read off drawn windows, and of the share of the deviance
# that codes of real windows leave: by verdicts alone the encoder carries almost nothing (codes read
# back correlate by .06; with weights of .1 and 2 by .22, with these by .61)
CYCLE_WEIGHT, RESTORE_WEIGHT = 2.0, 10.0
MANY_WINDOWS = 512  # windows that their total is known from


class Pairs(NamedTuple):
    """Windows, and what the critic sees with them."""

    windows: Tensor
    """Real counts, or rates, (B, W, V)."""
    shown: Tensor | None
    """(B, C, V); None: it sees the windows alone."""
    penalty: Tensor
    """Added to the loss of the generator."""


def deviance(counts: Tensor, rates: Tensor) -> Tensor:
    """Return half the Poisson deviance of counts from rates."""
    # one logarithm of each: the derivative of that of a ratio has no value at a count of 0
    gain = torch.xlogy(counts, counts) - torch.xlogy(counts, rates.clamp(min=1e-9))
    return (gain - counts + rates).sum()


def share_of_deviance(windows: Tensor, rates: Tensor) -> Tensor:
    """Return the share of the deviance from mean rates that rates leave, all (B, W, V)."""
    flat = windows.mean(dim=(0, 2), keepdim=True).expand_as(windows)
    # windows without an observation have none, and 0 / 0 would end the training
    return deviance(windows, rates) / deviance(windows, flat).clamp(min=1.0)


class Sampler(nn.Module):
    """DCGAN: windows from random codes, each of which reaches a motif's length.

    Parameters
    ----------
    mean : Tensor
        Mean counts a bin, (W,).
    motif_length : int
    """

    n_shown = 0
    """Channels that the critic sees in addition to words."""

    def __init__(self, mean: Tensor, motif_length: int) -> None:
        super().__init__()
        self.n_doublings = count_doublings(motif_length)
        self.step: int = 2**self.n_doublings
        """Bins of a code."""
        self.draw = Deconvolution(N_CODES, self.n_doublings, mean)

    def match_total(self, recordings: Recordings) -> None:
        """Let windows have as many observations as those of the data: in training they swing."""
        with torch.no_grad():
            drawn = self.draw_pairs(MANY_WINDOWS, recordings).windows.mean()
            self.draw.gain *= recordings.counts.mean() / drawn.clamp(min=1e-9)

    def draw_pairs(self, n_windows: int, recordings: Recordings) -> Pairs:
        """Return rates of windows at random."""
        n_places = recordings.window_bins // self.step
        codes = torch.randn(n_windows, N_CODES, n_places, device=recordings.counts.device)
        rates = self.draw(codes)
        return Pairs(rates, self.show(codes), self.read_back(codes, rates))

    def take_pairs(self, n_windows: int, recordings: Recordings) -> Pairs:
        """Return real windows."""
        windows = recordings.draw(n_windows)
        return Pairs(windows, self.encode(windows), windows.new_zeros(()))

    def show(self, codes: Tensor) -> Tensor | None:
        """Return what the critic sees of codes."""
        return None

    def encode(self, windows: Tensor) -> Tensor | None:
        """Return what the critic sees of the codes of real windows."""
        return None

    def read_back(self, codes: Tensor, rates: Tensor) -> Tensor:
        """Return how badly codes are read off drawn windows."""
        return rates.new_zeros(())

    def explain(self, counts: Tensor, base: Tensor) -> Tensor:
        """Return the rates (W, T) that it gives to data; without codes, the mean of all draws."""
        return self.rates_of(counts, base).mean(dim=1, keepdim=True).expand_as(counts)

    def rates_of(self, counts: Tensor, base: Tensor) -> Tensor:
        """Return rates (W, T) of documents with counts (W, T), given what motifs add up to."""
        n_places = -(-counts.shape[1] // self.step)
        codes = torch.randn(1, N_CODES, n_places, device=counts.device)
        rates: Tensor = self.draw(codes)[0, :, : counts.shape[1]]
        return rates


class Bigan(Sampler):
    """The same with an encoder: codes of windows, and windows of codes.

    Parameters
    ----------
    mean, motif_length
        See `Sampler`.
    """

    n_shown = N_CODES

    def __init__(self, mean: Tensor, motif_length: int) -> None:
        super().__init__(mean, motif_length)
        self.read = Encoder(len(mean), N_CODES, self.n_doublings)

    def show(self, codes: Tensor) -> Tensor:
        """Return every code at all of its bins."""
        return codes.repeat_interleave(self.step, dim=2)

    def encode(self, windows: Tensor) -> Tensor:
        """Return the codes of real windows, at all of their bins."""
        return self.show(self.read(windows))

    def read_back(self, codes: Tensor, rates: Tensor) -> Tensor:
        """Return the squared error of codes that are read off windows drawn with them."""
        wrong: Tensor = (self.read(draw_counts(rates)) - codes).square().mean()
        return CYCLE_WEIGHT * wrong

    def redraw(self, windows: Tensor) -> Tensor:
        """Return the rates (B, W, V) of the codes of windows."""
        rates: Tensor = self.draw(self.read(windows))
        return rates

    def rates_of(self, counts: Tensor, base: Tensor) -> Tensor:
        """Return rates (W, T) of the codes that are read off counts (W, T)."""
        n_times = counts.shape[1]
        padded = functional.pad(counts, (0, -n_times % self.step))
        rates: Tensor = self.draw(self.read(padded[None]))[0, :, :n_times]
        return rates

    explain = rates_of


class Conditional(Sampler):
    """Windows whose motifs and starts are given: corrections of what these add up to.

    Parameters
    ----------
    mean, motif_length
        See `Sampler`.
    """

    def __init__(self, mean: Tensor, motif_length: int) -> None:
        nn.Module.__init__(self)
        self.step, self.n_shown = 1, len(mean)
        self.correct = Correction(len(mean), N_CODES)

    def match_total(self, recordings: Recordings) -> None:
        """Leave rates as they are: the condition adds up to the data."""

    def draw_pairs(self, n_windows: int, recordings: Recordings) -> Pairs:
        """Return rates of windows with the condition of real ones."""
        base = recordings.draw(n_windows)[:, self.n_shown :]
        rates = self._correct(base)
        return Pairs(rates, torch.log1p(base), rates.new_zeros(()))

    def take_pairs(self, n_windows: int, recordings: Recordings) -> Pairs:
        """Return real windows and their condition."""
        both = recordings.draw(n_windows)
        windows, base = both[:, : self.n_shown], both[:, self.n_shown :]
        return Pairs(windows, torch.log1p(base), windows.new_zeros(()))

    def rates_of(self, counts: Tensor, base: Tensor) -> Tensor:
        """Return corrected rates (W, T) of what motifs at given starts add up to."""
        return self._correct(base[None])[0]

    explain = rates_of

    def _correct(self, base: Tensor) -> Tensor:
        shape = (len(base), N_CODES, base.shape[2])
        corrected: Tensor = self.correct(base, torch.randn(shape, device=base.device))
        return corrected


@dataclass(slots=True, kw_only=True)
class PairGame:
    """A generator of windows against a critic of windows and what they were drawn from."""

    generator: Sampler
    critic: Critic
    recordings: Recordings
    """Counts of words, and below them what the critic sees of a condition."""
    n_words: int
    loss: Loss
    gradient_penalty: float
    n_turns: int = 0

    def turn_critic(self) -> CriticTurn:
        """Return the loss of the critic."""
        with torch.no_grad():
            real = self.generator.take_pairs(BATCH, self.recordings)
            fake = self.generator.draw_pairs(BATCH, self.recordings)
        real.windows.requires_grad_(self.gradient_penalty > 0)
        verdicts = (
            self._decide(real),
            self._decide(fake._replace(windows=torch.poisson(fake.windows))),
        )
        loss, terms = compute_critic_loss(self.loss, *verdicts), {}
        if self.gradient_penalty > 0:
            terms["penalty"] = compute_gradient_penalty(verdicts[0], real.windows)
            loss = loss + self.gradient_penalty * terms["penalty"]
        if isinstance(self.generator, Bigan) and isinstance(self.critic, CriticOfPairs):
            windows = real.windows.detach()
            with torch.no_grad():
                restored = self.generator.redraw(windows)
            both = self._compare(windows, windows), self._compare(windows, restored)
            terms["pairs"] = compute_critic_loss(self.loss, *both)
            loss = loss + terms["pairs"]
        return CriticTurn(loss, real.windows, *verdicts, terms)

    def turn_generator(self) -> GeneratorTurn:
        """Return the loss of the generator, and of the encoder, if there is one."""
        fake = self.generator.draw_pairs(BATCH, self.recordings)
        counts = fake._replace(windows=draw_counts(fake.windows))
        loss = compute_generator_loss(self.loss, self._decide(counts))
        terms = {}
        if isinstance(self.generator, Bigan):
            # the encoder wins where real windows with their codes look drawn
            real = self.generator.take_pairs(BATCH, self.recordings)
            loss = loss + compute_generator_loss(self.loss, -self._decide(real)) + fake.penalty
            terms["codes"] = fake.penalty / CYCLE_WEIGHT
            restored = self.generator.redraw(real.windows)
            terms["restored"] = share_of_deviance(real.windows, restored)
            loss = loss + RESTORE_WEIGHT * terms["restored"]
            if isinstance(self.critic, CriticOfPairs):
                verdict = self._compare(real.windows, restored)
                loss = loss + compute_generator_loss(self.loss, verdict)
        return GeneratorTurn(loss, fake.windows, terms)

    def evaluate(self) -> float:
        """Return the log-likelihood of all counts at the rates of the generator, nats."""
        counts = self.recordings.counts[: self.n_words]
        base = self.recordings.counts[self.n_words :]
        with torch.no_grad():
            rate = self.generator.explain(counts, base)
            return float(torch.xlogy(counts, rate / rate.sum()).sum())

    def _compare(self, windows: Tensor, rates: Tensor) -> Tensor:
        """Return the second critic's verdicts on windows together with restored rates."""
        assert isinstance(self.critic, CriticOfPairs)
        return self.critic.restored.decide(self.critic.compare(windows, rates))

    def _decide(self, pairs: Pairs) -> Tensor:
        return self.critic.decide(self.critic.look(pairs.windows, pairs.shown))
