"""The trainer: batches, Adam, early stopping, checkpoints. It knows nothing of the network."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from motifmine.errors import DataError, FitError
from motifmine.files import whole_file
from motifmine.types import Indices

EPOCH_STEPS = 10
"""Gradient steps of an epoch at least; few windows are passed several times."""
CHECKPOINT_EPOCHS = 5
"""Epochs between checkpoints."""
LEAST_GAIN = 1e-3
"""Share by which the objective must fall to count as better."""
HALVING_EPOCHS = 3
"""Epochs without gain after which the learning rate is halved."""


class Evaluation(NamedTuple):
    """How good the module is now."""

    objective: float
    log_likelihood: float
    """Nats."""


class EpochRow(NamedTuple):
    """One epoch of the course."""

    epoch: int
    objective: float
    log_likelihood: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to train."""

    epochs: int
    patience: int
    """Epochs without gain after which training stops."""
    batch_windows: int
    learning_rate: float
    fingerprint: str = ""
    """What run a checkpoint belongs to."""
    checkpoint: Path | None = None
    """File to resume from, and to write to."""


@dataclass(slots=True)
class Course:
    """What training leaves besides the module's parameters, which are the best it met."""

    rows: list[EpochRow] = field(default_factory=list)
    best: int = -1
    """Epoch of the parameters that were kept."""
    interrupted: bool = False
    """Whether Ctrl-C ended it."""


def train(
    module: nn.Module,
    *,
    loss_of: Callable[[Indices, torch.Generator], Tensor],
    after_step: Callable[[], None],
    evaluate: Callable[[], Evaluation],
    windows: Indices,
    plan: Plan,
    generator: torch.Generator,
    on_epoch: Callable[[EpochRow], None],
) -> Course:
    """Train `module` in place and return how it went.

    Parameters
    ----------
    module : nn.Module
        Ends with the parameters of the best epoch.
    loss_of : callable
        Windows (int array) and a generator for noise -> scalar tensor with a gradient.
    after_step : callable
        Called after every gradient step, for constraints.
    evaluate : callable
        Returns the objective that early stopping watches, and the log-likelihood.
    windows : int64 array
        What to train on.
    plan : Plan
    generator : torch.Generator
        On the CPU; orders the batches and seeds the noise.
    on_epoch : callable
        Called with every epoch's row.

    Raises
    ------
    FitError
        When the loss is not finite.
    DataError
        When the checkpoint belongs to another run.
    """
    began = time.perf_counter()
    optimiser = torch.optim.Adam(module.parameters(), lr=plan.learning_rate)
    course = Course()
    best = _copy(module)
    if plan.checkpoint is not None and plan.checkpoint.exists():
        best = _resume(plan.checkpoint, plan, module, optimiser, generator, course)
        began -= course.rows[-1].seconds
    try:
        for epoch in range(len(course.rows), plan.epochs):
            if epoch - course.best > plan.patience:
                break
            total = torch.zeros((), device=next(module.parameters()).device)
            for batch in epoch_batches(windows, plan.batch_windows, generator):
                optimiser.zero_grad(set_to_none=True)
                loss = loss_of(batch, generator)
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                after_step()
                total += loss.detach()
            found = evaluate()
            _refuse_nan(float(total), found, epoch, plan)
            row = EpochRow(epoch, *found, time.perf_counter() - began)
            if _is_better(found.objective, course):
                course.best, best = epoch, _copy(module)
            elif (epoch - course.best) % HALVING_EPOCHS == 0:
                for group in optimiser.param_groups:
                    group["lr"] /= 2
            course.rows.append(row)
            if plan.checkpoint is not None and (epoch + 1) % CHECKPOINT_EPOCHS == 0:
                _save(plan.checkpoint, plan, module, optimiser, generator, course, best)
            on_epoch(row)
    except KeyboardInterrupt:
        if course.best < 0:
            raise
        course.interrupted = True
    module.load_state_dict(best)
    return course


def epoch_batches(
    windows: Indices, batch_windows: int, generator: torch.Generator
) -> Iterator[Indices]:
    """Yield the batches of an epoch: all windows in random order, as often as it takes."""
    n_batches = math.ceil(len(windows) / batch_windows)
    for _ in range(math.ceil(EPOCH_STEPS / n_batches)):
        order = torch.randperm(len(windows), generator=generator).numpy()
        yield from np.array_split(windows[order], n_batches)


def _is_better(objective: float, course: Course) -> bool:
    if course.best < 0:
        return True
    reached = course.rows[course.best].objective
    return objective < reached - LEAST_GAIN * abs(reached)


def _refuse_nan(total: float, found: Evaluation, epoch: int, plan: Plan) -> None:
    if math.isfinite(total) and math.isfinite(found.objective):
        return
    wrong = total if not math.isfinite(total) else found.objective
    raise FitError(
        f"the loss is {wrong} at epoch {epoch}; try a learning_rate below {plan.learning_rate:g}, "
        "or dtype float64, and see whether single counts are huge (counts sqrt evens them)"
    )


def _copy(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


def _save(
    path: Path,
    plan: Plan,
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    generator: torch.Generator,
    course: Course,
    best: dict[str, Tensor],
) -> None:
    """Write all that the rest of the training depends on."""
    state = {
        "fingerprint": plan.fingerprint,
        "module": module.state_dict(),
        "optimiser": optimiser.state_dict(),
        "generator": generator.get_state(),
        "rows": [tuple(row) for row in course.rows],
        "best_epoch": course.best,
        "best": best,
    }
    with whole_file(path, force=True) as part:
        torch.save(state, part)


def _resume(
    path: Path,
    plan: Plan,
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    generator: torch.Generator,
    course: Course,
) -> dict[str, Tensor]:
    """Put everything back to where the checkpoint left it; return the best parameters."""
    device = next(module.parameters()).device
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        fingerprint = state["fingerprint"]
    except Exception as error:
        raise DataError(
            f"{path} is not a checkpoint of motifmine ({error}); remove it or name another file"
        ) from error
    if fingerprint != plan.fingerprint:
        raise DataError(
            f"the checkpoint {path} belongs to another specification, seed or table; "
            "remove it or name another file"
        )
    module.load_state_dict(state["module"])
    optimiser.load_state_dict(state["optimiser"])
    generator.set_state(state["generator"])
    course.rows = [EpochRow(*row) for row in state["rows"]]
    course.best = state["best_epoch"]
    return {name: value.to(device) for name, value in state["best"].items()}
