"""Training of any torch module: batches, Adam, early stopping, checkpoints."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from motifmine.errors import FitError
from motifmine.models.checkpoints import load_checkpoint, save_checkpoint
from motifmine.time_limit import is_time_up
from motifmine.types import Indices

EPOCH_STEPS = 10  # least number of gradient steps per epoch; few windows are used several times
CHECKPOINT_EPOCHS = 5  # epochs between checkpoints
LEAST_GAIN = 1e-3  # least relative decrease of the objective that is an improvement
HALVING_EPOCHS = 3  # epochs without improvement after which the learning rate is halved


class Evaluation(NamedTuple):
    """Evaluation of the module after an epoch."""

    objective: float
    log_likelihood: float
    """Nats."""


class EpochRow(NamedTuple):
    """Result of one epoch."""

    epoch: int
    objective: float
    log_likelihood: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Settings of training."""

    epochs: int
    patience: int
    """Epochs without improvement after which training stops."""
    batch_windows: int
    learning_rate: float
    narrowing: int = 0
    """Leading epochs of which the last counts and not the best: constraints narrow in them."""
    fingerprint: str = ""
    """Digest of specification, seed and table, to match checkpoints."""
    checkpoint: Path | None = None
    """File to resume from, and to save to."""


@dataclass(slots=True)
class Course:
    """Course of training; the parameters of the best epoch are in the module."""

    rows: list[EpochRow] = field(default_factory=list)
    best: int = -1
    """Best epoch."""
    interrupted: bool = False
    """Whether Ctrl-C ended training."""


def train(
    module: nn.Module,
    *,
    loss_of: Callable[[Indices], Tensor],
    after_step: Callable[[], None],
    evaluate: Callable[[], Evaluation],
    windows: Indices,
    plan: Plan,
    generator: torch.Generator,
    on_epoch: Callable[[EpochRow], None],
    before_epoch: Callable[[int], None] = lambda epoch: None,
) -> Course:
    """Train `module` in place and return the course of training.

    Parameters
    ----------
    module : nn.Module
        Has the parameters of the best epoch in the end.
    loss_of : callable
        Windows (int array) -> scalar tensor with a gradient.
    after_step : callable
        Called after every gradient step, to enforce constraints.
    evaluate : callable
        Returns the objective for early stopping, and the log-likelihood.
    windows : int64 array
        Windows to train on.
    generator : torch.Generator
        On the CPU; for the order of batches.
    on_epoch : callable
        Called with an `EpochRow` after every epoch.
    before_epoch : callable
        Called with the number of every epoch, from 0.

    Raises
    ------
    FitError
        If the loss is not finite.
    DataError
        If the checkpoint is of another run.
    """
    began = time.perf_counter()
    optimiser = torch.optim.Adam(module.parameters(), lr=plan.learning_rate)
    course = Course()
    best = _copy_state(module)
    if plan.checkpoint is not None and plan.checkpoint.exists():
        best = _load_checkpoint(plan.checkpoint, plan, module, optimiser, generator, course)
        # so that seconds continue from those of the interrupted run
        began -= course.rows[-1].seconds
    try:
        # rows of a checkpoint count as done
        for epoch in range(len(course.rows), plan.epochs):
            if epoch - course.best > plan.patience or (course.rows and is_time_up()):
                break
            before_epoch(epoch)
            total = torch.zeros((), device=next(module.parameters()).device)
            for batch in iterate_batches(windows, plan.batch_windows, generator):
                optimiser.zero_grad(set_to_none=True)
                loss = loss_of(batch)
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                # projects onto the constraints (no negative weights) before the next gradient
                after_step()
                # summed on the device: reading a number would wait for the GPU in every step
                total += loss.detach()
            found = evaluate()
            _check_finite(float(total), found, epoch, plan)
            row = EpochRow(epoch, *found, time.perf_counter() - began)
            if epoch < plan.narrowing or _is_better(found.objective, course):
                course.best, best = epoch, _copy_state(module)
            # noise of large steps looks like an end of improvement
            elif (epoch - course.best) % HALVING_EPOCHS == 0:
                for group in optimiser.param_groups:
                    group["lr"] /= 2
            course.rows.append(row)
            if plan.checkpoint is not None and (epoch + 1) % CHECKPOINT_EPOCHS == 0:
                _save_checkpoint(plan.checkpoint, plan, module, optimiser, generator, course, best)
            on_epoch(row)
    except KeyboardInterrupt:
        if course.best < 0:
            raise
        course.interrupted = True
    module.load_state_dict(best)
    return course


def iterate_batches(
    windows: Indices, batch_windows: int, generator: torch.Generator
) -> Iterator[Indices]:
    """Yield the batches of an epoch: all windows in random order, repeated if there are few.

    Parameters
    ----------
    windows : int64 array
    batch_windows : int
        Windows per batch.
    """
    n_batches = math.ceil(len(windows) / batch_windows)
    for _ in range(math.ceil(EPOCH_STEPS / n_batches)):
        # drawn on the CPU: the same order on any device
        order = torch.randperm(len(windows), generator=generator).numpy()
        yield from np.array_split(windows[order], n_batches)


def _is_better(objective: float, course: Course) -> bool:
    if course.best < 0:
        return True
    reached = course.rows[course.best].objective
    return objective < reached - LEAST_GAIN * abs(reached)


def _check_finite(total: float, found: Evaluation, epoch: int, plan: Plan) -> None:
    if math.isfinite(total) and math.isfinite(found.objective):
        return
    wrong = total if not math.isfinite(total) else found.objective
    raise FitError(
        f"the loss is {wrong} at epoch {epoch}; try a learning_rate below {plan.learning_rate:g}, "
        "or dtype float64, and check the table for very large counts (counts sqrt reduces them)"
    )


def _copy_state(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


def _save_checkpoint(
    path: Path,
    plan: Plan,
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    generator: torch.Generator,
    course: Course,
    best: dict[str, Tensor],
) -> None:
    """Write everything that the rest of the training depends on."""
    state = {
        "module": module.state_dict(),
        "optimiser": optimiser.state_dict(),
        # with it the batches to come are those of a run without interruption
        "generator": generator.get_state(),
        "rows": [tuple(row) for row in course.rows],
        "best_epoch": course.best,
        "best": best,
    }
    save_checkpoint(path, plan.fingerprint, state)


def _load_checkpoint(
    path: Path,
    plan: Plan,
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    generator: torch.Generator,
    course: Course,
) -> dict[str, Tensor]:
    """Restore the state of a checkpoint; return the parameters of the best epoch."""
    device = next(module.parameters()).device
    state = load_checkpoint(path, plan.fingerprint)
    module.load_state_dict(state["module"])
    optimiser.load_state_dict(state["optimiser"])
    generator.set_state(state["generator"])
    course.rows = [EpochRow(*row) for row in state["rows"]]
    course.best = state["best_epoch"]
    return {name: value.to(device) for name, value in state["best"].items()}
