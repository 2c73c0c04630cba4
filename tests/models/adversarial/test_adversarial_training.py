"""The training of two networks: it follows its seed, notices a collapse, and begins again."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from motifmine.errors import DataError, FitError
from motifmine.models.adversarial.training import (
    CHECK_STEPS,
    Course,
    CriticTurn,
    GeneratorTurn,
    Plan,
    compute_critic_loss,
    compute_generator_loss,
    find_collapse,
    train,
    use_seed,
)
from motifmine.models.checkpoints import load_checkpoint
from motifmine.models.devices import use_deterministic_sums

CPU = torch.device("cpu")


class Scale(nn.Module):
    """Windows whose rate is a learned level times a random size."""

    def __init__(self, level: float, *, is_frozen: bool) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.full((1, 2, 3), level))
        self.is_frozen = is_frozen

    def forward(self, sizes: Tensor) -> Tensor:
        level = self.level.detach() * 1.0 if self.is_frozen else self.level
        # a use without effect, so that there is a gradient of 0
        return level.exp() * (torch.ones_like(sizes) if self.is_frozen else sizes) + 0 * self.level


@dataclass
class Toy:
    """Real windows of level 2 against a generator that begins at another level."""

    generator: Scale
    critic: nn.Module = field(default_factory=lambda: nn.Sequential(nn.Flatten(), nn.Linear(6, 1)))
    n_turns: int = 0

    def turn_critic(self) -> CriticTurn:
        real = 2 * self._sizes().expand(-1, 2, 3)
        verdicts = self.judge(real), self.judge(self.generator(self._sizes()).detach())
        return CriticTurn(compute_critic_loss("hinge", *verdicts), real, *verdicts, {})

    def turn_generator(self) -> GeneratorTurn:
        windows = self.generator(self._sizes())
        loss = compute_generator_loss("hinge", self.judge(windows))
        return GeneratorTurn(loss, windows, {})

    def evaluate(self) -> float:
        return float(self.generator.level.detach().mean())

    def judge(self, windows: Tensor) -> Tensor:
        verdict: Tensor = self.critic(windows)[:, 0]
        return verdict

    def _sizes(self) -> Tensor:
        return torch.rand(32, 1, 1) + 0.5


def run(
    level: float, *, is_frozen: bool = False, steps: int = 6 * CHECK_STEPS
) -> tuple[Toy, Course]:
    plan = Plan(steps=steps, critic_rate=0.02, generator_rate=0.02, averaging=0.9, seed=1)
    with use_seed(plan.seed, CPU), use_deterministic_sums():
        toy = Toy(Scale(level, is_frozen=is_frozen))
        return toy, train(toy, plan, lambda row: None)


def test_a_generator_approaches_the_data_and_repeats_with_its_seed() -> None:
    before = torch.random.get_rng_state()
    toy, course = run(0.0)
    again, _ = run(0.0)
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(toy.generator.level, again.generator.level)
    assert float(toy.generator.level.detach().exp().mean()) == pytest.approx(2, rel=0.4)
    assert not course.restarts
    assert [row.step for row in course.rows] == [CHECK_STEPS * (i + 1) for i in range(6)]
    assert set(course.rows[0].losses) == {"critic", "generator", "accuracy", "diversity"}


def test_a_frozen_generator_is_noticed() -> None:
    with pytest.raises(FitError, match=r"collapsed 4 times.*repeats itself"):
        run(0.0, is_frozen=True)


SOUND = {"critic": 1.0, "accuracy": 0.7, "diversity": 0.8}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({}, ""),
        ({"critic": float("nan")}, "critic is nan"),
        ({"diversity": 0.01}, "repeats itself"),
        ({"accuracy": 1.0}, "always right"),
    ],
)
def test_what_a_collapse_is(broken: dict[str, float], said: str) -> None:
    found = find_collapse({**SOUND, **broken})
    assert said in found
    assert bool(found) == bool(said)


def test_a_training_goes_back_to_its_last_good_state(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Toy.turn_generator
    n_calls = 0

    def fail_once(toy: Toy) -> GeneratorTurn:
        nonlocal n_calls
        n_calls += 1
        turn = turns(toy)
        if n_calls == CHECK_STEPS + 20:
            return turn._replace(loss=turn.loss * float("nan"))
        return turn

    monkeypatch.setattr(Toy, "turn_generator", fail_once)
    toy, course = run(0.0, steps=3 * CHECK_STEPS)
    assert len(course.restarts) == 1
    assert course.restarts[0].startswith(f"step {2 * CHECK_STEPS}: ")
    assert torch.isfinite(toy.generator.level).all()
    assert [row.step for row in course.rows] == [CHECK_STEPS * (i + 1) for i in range(3)]


def test_an_interrupted_training_resumes_from_its_file(tmp_path: Path) -> None:
    def start(steps: int, name: str) -> Toy:
        plan = Plan(
            steps=steps,
            critic_rate=0.02,
            generator_rate=0.02,
            averaging=0.9,
            seed=1,
            fingerprint=name,
            checkpoint=tmp_path / "run.checkpoint",
        )
        with use_seed(plan.seed, CPU), use_deterministic_sums():
            toy = Toy(Scale(0.0, is_frozen=False))
            course = train(toy, plan, lambda row: None)
        assert [row.step for row in course.rows] == [
            CHECK_STEPS * (i + 1) for i in range(steps // CHECK_STEPS)
        ]
        return toy

    start(2 * CHECK_STEPS, "one")
    assert load_checkpoint(tmp_path / "run.checkpoint", "one")["step"] == 2 * CHECK_STEPS
    resumed, (whole, _) = start(6 * CHECK_STEPS, "one"), run(0.0)
    assert torch.equal(resumed.generator.level, whole.generator.level)
    with pytest.raises(DataError, match="another specification"):
        start(6 * CHECK_STEPS, "other")
