"""InfoGAN with an additive generator: motifs, and a coder that reads where they start.

Chen and others, InfoGAN, NIPS 2016. The codes are which motifs start where and how strongly; the
coder's log-likelihood of them bounds their mutual information with the generated windows, so that
motifs stay distinguishable from one another.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from motifmine.models.adversarial.additive import (
    FIRST_BACKGROUND,
    AdditiveGenerator,
    draw_counts,
)
from motifmine.models.adversarial.networks import CriticWithCoder
from motifmine.models.adversarial.training import (
    CriticTurn,
    GeneratorTurn,
    Loss,
    compute_critic_loss,
    compute_generator_loss,
    compute_gradient_penalty,
)
from motifmine.models.adversarial.windows import Recordings, find_recurring

BATCH = 64
# of the squared error of log strengths, relative to the log-likelihood of gates
STRENGTH_WEIGHT = 0.1
# of the coder's loss in that of the generator; with 1 motifs become easy to distinguish before they
# look like the data
CODES_WEIGHT = 0.2
MEMORY = 0.99  # weight of the density so far when that of real windows is followed
FIRST_FOLLOWED = 100  # step from which densities follow the coder: before, it knows too little
JUDGE_STEPS, JUDGE_RATE = 200, 1e-3  # of the critic alone, after the training
MOST_DENSE = 0.5  # largest density of one motif, starts a bin


@dataclass(slots=True, kw_only=True)
class InfoganGame:
    """Additive generator against critic and coder."""

    critic: CriticWithCoder
    generator: AdditiveGenerator
    recordings: Recordings
    loss: Loss
    gradient_penalty: float
    n_turns: int = 0

    @classmethod
    def begin(
        cls, recordings: Recordings, n_motifs: int, length: int, loss: Loss, penalty: float
    ) -> "InfoganGame":
        """Return the game at its first guess: what recurs, once at a time on average.

        Parameters
        ----------
        recordings : Recordings
        n_motifs : int
            K.
        length : int
            L, time bins.
        loss : {"hinge", "non-saturating"}
        penalty : float
            Weight of the gradient penalty.
        """
        density = 1.0 / length
        mean = recordings.counts.mean(dim=1)
        mass = (1 - FIRST_BACKGROUND) * mean.sum() / density
        motifs = find_recurring(recordings, n_motifs, length)
        motifs = mass * motifs / motifs.sum(dim=(1, 2), keepdim=True)
        device = recordings.counts.device
        return cls(
            critic=CriticWithCoder(len(mean), n_motifs, density).to(device),
            generator=AdditiveGenerator(motifs, FIRST_BACKGROUND * mean, density).to(device),
            recordings=recordings,
            loss=loss,
            gradient_penalty=penalty,
        )

    def turn_critic(self) -> CriticTurn:
        """Return the loss of critic and coder."""
        real = self.recordings.draw(BATCH)
        with torch.no_grad():
            gate, strength = self.generator.draw_codes(BATCH, real.shape[2])
            fake = torch.poisson(self.generator(gate * strength))
        real.requires_grad_(self.gradient_penalty > 0)
        seen_real, seen_fake = self.critic.look(real), self.critic.look(fake)
        verdicts = self.critic.decide(seen_real), self.critic.decide(seen_fake)
        loss = compute_critic_loss(self.loss, *verdicts)
        read, placed = self.critic.read(seen_fake), self._place(gate, strength)
        codes = compute_coder_loss(*read, *placed)
        information = bound_information(read[0], placed[0], self.generator.log_odds)
        terms = {"codes": codes, "information": information}
        if self.gradient_penalty > 0:
            terms["penalty"] = compute_gradient_penalty(verdicts[0], real)
            loss = loss + self.gradient_penalty * terms["penalty"]
        self._follow_density(seen_real)
        return CriticTurn(loss + codes, real, *verdicts, terms)

    def turn_generator(self) -> GeneratorTurn:
        """Return the loss of the generator."""
        gate, strength = self.generator.draw_codes(BATCH, self.recordings.window_bins)
        rate = self.generator(gate * strength)
        seen = self.critic.look(draw_counts(rate))
        codes = compute_coder_loss(*self.critic.read(seen), *self._place(gate, strength))
        loss = compute_generator_loss(self.loss, self.critic.decide(seen))
        return GeneratorTurn(loss + CODES_WEIGHT * codes, rate, {})

    def learn_to_judge(self) -> None:
        """Let the critic's last layers distinguish windows from more than the generator draws.

        Against drawn windows alone a critic learns nothing of what never is drawn, and the better
        the generator, the less it knows. Half of the drawn windows have their words shifted in
        time, each by another step: the verdict becomes the log ratio of the density of the data to
        one that is wide. The layers below, and with them the coder, stay as they are.
        """
        critic = self.critic.train()
        layers = nn.ModuleList([critic.judge, critic.verdict])
        optimiser = torch.optim.Adam(layers.parameters(), JUDGE_RATE, betas=(0.0, 0.9))
        # verdicts settle: those of a constant rate swing with the last windows
        slowing = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.01, JUDGE_STEPS)
        for _ in range(JUDGE_STEPS):
            real = self.recordings.draw(BATCH)
            with torch.no_grad():
                gate, strength = self.generator.draw_codes(BATCH, real.shape[2])
                fake = torch.poisson(self.generator(gate * strength))
                fake[::2] = shift_words(fake[::2])
                seen_real, seen_fake = critic.look(real), critic.look(fake)
            loss = compute_critic_loss(
                self.loss, critic.decide(seen_real), critic.decide(seen_fake)
            )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            slowing.step()
        critic.eval()

    def evaluate(self) -> float:
        """Return the log-likelihood of all counts at what the coder reads, nats."""
        counts = self.recordings.counts
        length = self.generator.raw_motifs.shape[2]
        self.critic.eval()
        with torch.no_grad():
            padded = functional.pad(counts, (length, length))[None]
            log_odds, log_strength = self.critic.read(self.critic.look(padded))
            read = torch.sigmoid(log_odds) * log_strength.clamp(-2, 2).exp()
            first = 1 + length // 2
            rate = self.generator(read[:, :, first : first + counts.shape[1] + length - 1])[0]
            self.critic.train()
            # as of a finished fit: where the observations are, given how many there are
            return float(torch.xlogy(counts, rate / rate.sum()).sum())

    def _place(self, gate: Tensor, strength: Tensor) -> tuple[Tensor, Tensor]:
        """Return gates and strengths by the middle of their motifs, (B, K, V)."""
        length = self.generator.raw_motifs.shape[2]
        first = length - 1 - length // 2
        inside = slice(first, first + gate.shape[2] - (length - 1))
        return gate[:, :, inside], strength[:, :, inside]

    def _follow_density(self, seen: Tensor) -> None:
        """Move the densities of starts towards what the coder finds in real windows.

        The prior of the codes becomes what they are in the data: with any other, the generator
        would have to bend motifs until windows look alike.
        """
        self.n_turns += 1
        if self.n_turns <= FIRST_FOLLOWED:
            return
        with torch.no_grad():
            found = torch.sigmoid(self.critic.read(seen)[0]).mean(dim=(0, 2))
            density = MEMORY * torch.sigmoid(self.generator.log_odds) + (1 - MEMORY) * found
            self.generator.log_odds.copy_(torch.logit(density.clamp(1e-5, MOST_DENSE)))


def shift_words(windows: Tensor) -> Tensor:
    """Return windows (B, W, V) with the counts of each word moved round by a random step."""
    n_bins = windows.shape[2]
    step = torch.randint(n_bins, (*windows.shape[:2], 1), device=windows.device)
    return windows.gather(2, (torch.arange(n_bins, device=windows.device) + step) % n_bins)


def bound_information(log_odds: Tensor, gate: Tensor, prior_log_odds: Tensor) -> Tensor:
    """Return a lower bound of the mutual information of gates and windows, nats a window.

    It is the entropy of the gates less the coder's cross-entropy, up to the error of the batch.

    Parameters
    ----------
    log_odds : Tensor
        What the coder reads, (B, K, V).
    gate : Tensor
        What was drawn, (B, K, V).
    prior_log_odds : Tensor
        What gates were drawn with, (K,).
    """
    before = prior_log_odds[:, None].expand_as(gate)
    entropies = functional.binary_cross_entropy_with_logits(before, gate, reduction="none")
    after = functional.binary_cross_entropy_with_logits(log_odds, gate, reduction="none")
    return (entropies - after).sum(dim=(1, 2)).mean()


def compute_coder_loss(
    log_odds: Tensor, log_strength: Tensor, gate: Tensor, strength: Tensor
) -> Tensor:
    """Return minus the log-likelihood of codes a window, nats, less a constant.

    Parameters
    ----------
    log_odds, log_strength : Tensor
        What the coder reads, (B, K, V).
    gate, strength : Tensor
        What was drawn, (B, K, V); strengths count where gates are 1.
    """
    gates = functional.binary_cross_entropy_with_logits(log_odds, gate, reduction="none")
    wrong = (log_strength - strength.detach().log()).square() * gate
    return (gates + STRENGTH_WEIGHT * wrong).sum(dim=(1, 2)).mean()
