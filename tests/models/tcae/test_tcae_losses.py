"""Every term of the auto-encoder's loss: its value by hand, its gradient, its switch."""

import pytest
import torch
from torch import Tensor

from motifmine.models.tcae import objective as losses
from motifmine.models.tcae.fitting import build_objective, make_torch_generator
from motifmine.models.tcae.model import Tcae
from motifmine.simulation import simulate

ALL = torch.ones(1, 2, dtype=torch.bool)


def cube(*rows: list[float]) -> Tensor:
    return torch.tensor([rows], dtype=torch.float64)


def test_squared_error_by_hand() -> None:
    value = losses.squared_error(cube([1, 0], [2, 3]), cube([1, 1], [0, 3]), ALL)
    assert float(value) == pytest.approx((1 + 4) / 4)


def test_bins_beyond_the_document_do_not_count() -> None:
    inside = torch.tensor([[True, False]])
    counts, sound = cube([1, 9]), cube([3, 1])
    assert float(losses.squared_error(counts, sound, inside)) == 4


def test_group_lasso_by_hand() -> None:
    encoder = torch.tensor([[[3.0, 4.0]], [[0.0, 0.0]]], dtype=torch.float64)
    decoder = torch.tensor([[[0.0, 2.0]], [[1.0, 0.0]]], dtype=torch.float64)
    assert float(losses.group_lasso(encoder, decoder)) == pytest.approx(5 + 2 + 1, abs=1e-5)


def positive(*shape: int) -> Tensor:
    """Random numbers between 0.2 and 1.2, with a gradient."""
    rng = torch.Generator().manual_seed(3)
    return (torch.rand(shape, generator=rng, dtype=torch.float64) + 0.2).requires_grad_()


MASK = torch.tensor([[True] * 4 + [False], [True] * 5])
TERMS = {
    "squared": lambda y: losses.squared_error(torch.ones(2, 3, 5).double(), y, MASK),
    "group_lasso": lambda e: losses.group_lasso(e, e.flip(2)),
}


@pytest.mark.parametrize("name", TERMS)
def test_gradient_agrees_with_finite_differences(name: str) -> None:
    assert torch.autograd.gradcheck(TERMS[name], (positive(2, 3, 5),))


def test_weight_0_switches_the_group_lasso_off() -> None:
    table = simulate(n_times=80, n_words=20, seed=1).table
    values = []
    for weight in (0.0, 1.0, 2.0):
        spec = Tcae(n_motifs=3, motif_length=6, dtype="float64", device="cpu", group_lasso=weight)
        rng = make_torch_generator(0)
        objective = build_objective(spec, table, torch.device("cpu"), rng)
        batch = objective.windows.batch(torch.arange(1).numpy())
        values.append(objective.terms(batch, objective.network(batch)).item())
    assert values[1] > values[0]
    assert values[2] - values[1] == pytest.approx(values[1] - values[0])
