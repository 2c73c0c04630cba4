"""The trainer on a module of one number: batches, early stopping, checkpoints, faults."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from motifmine.errors import DataError, FitError, SpecError
from motifmine.models.tcae.spec import TcaeSpec
from motifmine.models.tcae.training import (
    EPOCH_STEPS,
    Course,
    EpochRow,
    Evaluation,
    Plan,
    iterate_batches,
    train,
)
from motifmine.types import Indices


class Number(nn.Module):
    """Holds one number, which is to become 3."""

    def __init__(self) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.zeros(()))

    def loss(self, batch: Indices) -> Tensor:
        return (self.value - 3.0) ** 2 + 0.0 * float(batch.sum())

    def set(self, value: float) -> None:
        self.value.data.fill_(value)

    def evaluate(self) -> Evaluation:
        off = (float(self.value.detach()) - 3.0) ** 2
        return Evaluation(off, -off)


def plan_of(**changes: object) -> Plan:
    plain = {"epochs": 30, "patience": 5, "batch_windows": 4, "learning_rate": 0.1, **changes}
    return Plan(**plain)  # type: ignore[arg-type]


def run(
    module: Number,
    plan: Plan,
    on_epoch: Callable[[EpochRow], None] = lambda _: None,
    after_step: Callable[[], None] = lambda: None,
) -> Course:
    return train(
        module,
        loss_of=module.loss,
        after_step=after_step,
        evaluate=module.evaluate,
        windows=np.arange(8),
        plan=plan,
        generator=torch.Generator().manual_seed(0),
        on_epoch=on_epoch,
    )


def test_training_ends_with_the_best_parameters_it_met() -> None:
    module = Number()
    course = run(module, plan_of())
    best = min(row.objective for row in course.rows)
    assert course.rows[course.best].objective <= best * (1 + 1e-2) + 1e-9
    assert float(module.value.detach()) == pytest.approx(3, abs=0.05)
    assert len(course.rows) <= 30


def test_training_stops_when_nothing_is_gained() -> None:
    module = Number()
    course = run(module, plan_of(), after_step=lambda: module.set(0.0))
    assert course.best == 0
    assert len(course.rows) == 6


def test_an_epoch_takes_every_window_alike_often_and_has_steps_enough() -> None:
    batches = list(iterate_batches(np.arange(7), 3, torch.Generator().manual_seed(0)))
    assert len(batches) >= EPOCH_STEPS
    assert len(set(np.bincount(np.concatenate(batches)).tolist())) == 1


def test_an_interrupted_run_resumes_from_its_checkpoint(tmp_path: Path) -> None:
    whole = Number()
    undisturbed = run(whole, plan_of(epochs=12))

    def stop(row: EpochRow) -> None:
        if row.epoch == 6:
            raise RuntimeError

    path = tmp_path / "checkpoint.pt"
    with pytest.raises(RuntimeError):
        run(Number(), plan_of(epochs=12, checkpoint=path), stop)
    module = Number()
    resumed = run(module, plan_of(epochs=12, checkpoint=path))
    assert [r.objective for r in resumed.rows] == [r.objective for r in undisturbed.rows]
    assert float(module.value.detach()) == float(whole.value.detach())
    with pytest.raises(DataError, match="another specification"):
        run(Number(), plan_of(checkpoint=path, fingerprint="other"))


def test_a_loss_that_is_not_finite_ends_training_with_advice() -> None:
    module = Number()
    with pytest.raises(FitError, match=r"learning_rate below 0\.1"):
        run(module, plan_of(), after_step=lambda: module.set(float("nan")))


def test_a_wrong_number_of_the_specification_is_named() -> None:
    with pytest.raises(SpecError, match="patience is 0"):
        TcaeSpec(patience=0)
