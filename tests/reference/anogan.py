"""AnoGAN, Schlegl and others, 2017: codes of a window are searched for by gradient descent.

The slow alternative to the encoder of `bigan`, for comparison in tests.
"""

import torch
from torch import Tensor

from motifmine.models.adversarial.networks import Critic
from motifmine.models.adversarial.pairs import N_CODES, Bigan

STEPS = 500
FEATURE_SHARE = 0.1


def search_codes(
    sampler: Bigan, critic: Critic, windows: Tensor, steps: int = STEPS
) -> tuple[Tensor, Tensor]:
    """Return the residual of every window (B,) after a search for its codes, and the codes."""
    shape = (len(windows), N_CODES, windows.shape[2] // sampler.step)
    codes = torch.zeros(shape, requires_grad=True)
    optimiser = torch.optim.Adam([codes], 0.05)
    seen = critic.look(windows, sampler.show(codes)).detach()
    for _ in range(steps):
        rates = sampler.draw(codes)
        residual = (torch.log1p(windows) - torch.log1p(rates)).abs().sum(dim=(1, 2))
        features = (seen - critic.look(rates, sampler.show(codes))).abs().sum(dim=(1, 2))
        loss = (1 - FEATURE_SHARE) * residual + FEATURE_SHARE * features
        optimiser.zero_grad()
        loss.sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return loss.detach(), codes.detach()
