"""Losses of adversarial models: values and gradients of plain twins, and the bound on codes."""

from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from motifmine.models.adversarial.additive import AdditiveGenerator, draw_counts, invert_softplus
from motifmine.models.adversarial.infogan import bound_information, compute_coder_loss
from motifmine.models.adversarial.networks import CriticWithCoder
from motifmine.models.adversarial.training import (
    Loss,
    compute_critic_loss,
    compute_generator_loss,
    compute_gradient_penalty,
    measure_diversity,
    use_seed,
)
from motifmine.models.devices import use_deterministic_sums
from motifmine.types import Floats
from tests.reference import adversarial as plain

CPU = torch.device("cpu")
RNG = np.random.default_rng(0)


def check_gradient(loss: Callable[[Tensor], Tensor], twin: Callable[[Floats], float]) -> None:
    """Compare value and gradient with those of a twin, the latter by differences."""
    point = RNG.normal(0.3, 1.0, 5)
    tensor = torch.tensor(point, requires_grad=True)
    value = loss(tensor)
    value.backward()  # type: ignore[no-untyped-call]
    assert float(value.detach()) == pytest.approx(twin(point))
    assert tensor.grad is not None
    step = 1e-6 * np.eye(len(point))
    slopes = [(twin(point + s) - twin(point - s)) / 2e-6 for s in step]
    np.testing.assert_allclose(tensor.grad.numpy(), slopes, atol=1e-6)


@pytest.mark.parametrize("kind", get_args(Loss))
def test_losses_are_those_of_their_twins(kind: Loss) -> None:
    other = RNG.normal(size=5)
    there = torch.tensor(other)
    check_gradient(
        lambda v: compute_critic_loss(kind, v, there), lambda v: plain.critic_loss(kind, v, other)
    )
    check_gradient(
        lambda v: compute_critic_loss(kind, there, v), lambda v: plain.critic_loss(kind, other, v)
    )
    check_gradient(
        lambda v: compute_generator_loss(kind, v), lambda v: plain.generator_loss(kind, v)
    )


def test_coder_loss_is_that_of_its_twin() -> None:
    shape = (2, 3, 4)
    log_odds, log_strength = RNG.normal(size=shape), RNG.normal(size=shape)
    gate = (RNG.random(shape) < 0.4).astype(float)
    strength = RNG.lognormal(size=shape)
    tensors = [torch.tensor(a) for a in (log_odds, log_strength, gate, strength)]
    found = compute_coder_loss(*tensors)
    assert float(found) == pytest.approx(plain.coder_loss(log_odds, log_strength, gate, strength))


def test_gradient_penalty_of_a_linear_critic_is_half_its_squared_norm() -> None:
    weight = torch.tensor([[1.0, -2.0], [0.5, 3.0]])
    windows = torch.randn(4, 2, 2, requires_grad=True)
    penalty = compute_gradient_penalty((windows * weight).sum(dim=(1, 2)), windows)
    assert float(penalty) == pytest.approx(float(weight.square().sum()) / 2)


def test_rates_are_those_of_the_twin_and_counts_keep_their_gradient() -> None:
    motifs = torch.tensor(RNG.random((2, 3, 4)) + 0.1)
    generator = AdditiveGenerator(motifs, torch.tensor([0.1, 0.2, 0.3]), 0.1).double()
    activation = torch.tensor(RNG.random((2, 2, 8)))
    rate = generator(activation)
    expected = plain.rates(
        activation.numpy(),
        generator.motifs.detach().double().numpy(),
        generator.background.detach().double().numpy(),
    )
    np.testing.assert_allclose(rate.detach().numpy(), expected, rtol=1e-6)
    free = rate.detach().requires_grad_()
    counts = draw_counts(free)
    assert torch.equal(counts.round(), counts) or torch.allclose(counts.round(), counts)
    counts.sum().backward()  # type: ignore[no-untyped-call]
    assert free.grad is not None
    assert torch.equal(free.grad, torch.ones_like(free))
    value = torch.tensor([1e-3, 0.5, 30.0])
    torch.testing.assert_close(nn.functional.softplus(invert_softplus(value)), value)


def test_diversity_is_that_of_its_twin_and_0_of_one_window() -> None:
    windows = RNG.poisson(2.0, (4, 3, 5)).astype(float)
    assert float(measure_diversity(torch.tensor(windows))) == pytest.approx(
        plain.diversity(windows)
    )
    assert float(measure_diversity(torch.tensor(windows[:1]).expand(3, -1, -1))) == 0


def test_information_of_a_known_generator() -> None:
    """Codes that windows show have their entropy as information, codes without effect have none."""
    found = {}
    for shown in (True, False):
        with use_seed(0, CPU), use_deterministic_sums():
            motifs = torch.zeros(2, 2, 2)
            if shown:
                motifs[0, 0, 0] = motifs[1, 1, 1] = 30.0
            generator = AdditiveGenerator(motifs, torch.full((2,), 0.01), 0.4)
            critic = CriticWithCoder(2, 2, 0.4)
            optimiser = torch.optim.Adam(critic.parameters(), 3e-3)
            for _ in range(60):
                gate, strength = generator.draw_codes(64, 6)
                windows = torch.poisson(generator(gate * strength)).detach()
                placed = gate[:, :, :6], strength[:, :, :6]
                read = critic.read(critic.look(windows))
                optimiser.zero_grad()
                compute_coder_loss(*read, *placed).backward()  # type: ignore[no-untyped-call]
                optimiser.step()
            # in training it forgets some cells
            read = critic.eval().read(critic.look(windows))
            information = bound_information(read[0], placed[0], generator.log_odds)
            found[shown] = float(information.detach())
    chance = 0.2
    entropy = -12 * (chance * np.log(chance) + (1 - chance) * np.log(1 - chance))
    assert found[True] == pytest.approx(entropy, rel=0.2)
    assert abs(found[False]) < 0.05 * entropy
