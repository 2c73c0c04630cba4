"""Training of a generator against a critic: losses, alternating steps, and what stops a collapse.

A `Game` brings two networks and what each of them minimises; which networks these are is of no
interest here. Goodfellow and others, Generative Adversarial Nets, NIPS 2014; hinge loss and
spectral norm as in Miyato and others, ICLR 2018; gradient penalty: Mescheder and others, ICML 2018.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize

from motifmine.errors import FitError
from motifmine.models.checkpoints import load_checkpoint, save_checkpoint
from motifmine.records.fit import Trace
from motifmine.time_limit import is_time_up

Loss = Literal["hinge", "non-saturating"]

CHECK_STEPS = 50  # steps between two checks, and between two rows of the trace
# mean squared distance of generated windows, relative to that of real ones, below which the
# generator repeats itself. Rates are compared with counts, whose own scatter makes real windows
# farther apart: healthy fits of motifs have 0.3 or more, those of transposed convolutions 0.1.
LEAST_DIVERSITY = 0.03
MOST_ACCURATE = 0.995  # a critic that is right more often gives the generator no gradient to follow
MOST_RESTARTS = 3
POWER_STEPS = 30


class CriticTurn(NamedTuple):
    """What the critic minimises in a step, and its verdicts."""

    loss: Tensor
    windows: Tensor
    """Real windows, (B, W, V)."""
    real: Tensor
    """Verdicts on them, > 0 for real, (B,)."""
    fake: Tensor
    """Verdicts on generated windows, (B,)."""
    terms: dict[str, Tensor]
    """Parts of the loss by name, for the trace."""


class GeneratorTurn(NamedTuple):
    """What the generator minimises in a step."""

    loss: Tensor
    samples: Tensor
    """Rates of the generated windows, (B, W, V)."""
    terms: dict[str, Tensor]


class Game(Protocol):
    """Two networks that learn against each other."""

    @property
    def critic(self) -> nn.Module:
        """The network that distinguishes real windows from generated ones."""

    @property
    def generator(self) -> nn.Module:
        """The network that makes windows."""

    n_turns: int
    """Turns that the critic has taken."""

    def turn_critic(self) -> CriticTurn:
        """Return what the critic minimises; nothing of it may reach the generator."""

    def turn_generator(self) -> GeneratorTurn:
        """Return what the generator minimises."""

    def evaluate(self) -> float:
        """Return what the trace shows in addition to the losses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Settings of the training."""

    steps: int
    critic_rate: float
    generator_rate: float
    averaging: float = 0.995
    """Weight of the average so far in the moving averages of the parameters."""
    seed: int
    first_judged: int = 0
    """Step from which a collapse counts: a generator with random weights hardly varies at first."""
    fingerprint: str = ""
    """Digest of specification, seed and table, to match checkpoints."""
    checkpoint: Path | None = None
    """File to resume from, and to save to after every check."""


class Row(NamedTuple):
    """Means over the steps since the check before."""

    step: int
    value: float
    """What `Game.evaluate` returned."""
    losses: dict[str, float]
    seconds: float


@dataclass(slots=True)
class Course:
    """How a training went."""

    rows: list[Row] = field(default_factory=list)
    restarts: list[str] = field(default_factory=list)
    """Why the training went back to the last good state, a sentence each time."""
    interrupted: bool = False

    @property
    def stopped(self) -> str:
        """After what Ctrl-C ended the training, "" where it did not."""
        return f"step {self.rows[-1].step}; that is used" if self.interrupted else ""

    @property
    def findings(self) -> dict[str, object]:
        """What a fit reports of its training."""
        return {"restarts of the training": "; ".join(self.restarts)} if self.restarts else {}

    def make_trace(self, log_likelihood: float, elapsed_s: float) -> Trace:
        """Return the losses of all checks, and a last row of the finished fit."""
        rows = self.rows
        names = tuple(rows[0].losses)
        losses = [[row.losses[name] for name in names] for row in rows]
        return Trace(
            iteration=np.array([*(row.step for row in rows), rows[-1].step + 1]),
            log_likelihood=np.array([*(row.value for row in rows), log_likelihood]),
            seconds=np.array([*(row.seconds for row in rows), elapsed_s]),
            loss_names=names,
            # the row of the finished fit has no loss of its own
            losses=np.array([*losses, losses[-1]]),
        )


def compute_critic_loss(kind: Loss, real: Tensor, fake: Tensor) -> Tensor:
    """Return the critic's loss of verdicts on real and generated windows.

    Hinge: mean max(0, 1 - real) + mean max(0, 1 + fake). Non-saturating: cross-entropy, verdicts
    are log-odds of being real.

    Parameters
    ----------
    kind : {"hinge", "non-saturating"}
    real, fake : Tensor
        Verdicts, (B,).
    """
    if kind == "hinge":
        return functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def compute_generator_loss(kind: Loss, fake: Tensor) -> Tensor:
    """Return the generator's loss of verdicts on its windows: - mean fake, or - log of the odds."""
    return -fake.mean() if kind == "hinge" else functional.softplus(-fake).mean()


def compute_gradient_penalty(verdict: Tensor, windows: Tensor) -> Tensor:
    """Return half the mean squared norm of the critic's gradient at real windows (R1).

    Parameters
    ----------
    verdict : Tensor
        (B,), computed from `windows`, which must require gradients.
    windows : Tensor
        (B, W, V).
    """
    (gradient,) = torch.autograd.grad(verdict.sum(), windows, create_graph=True)
    return gradient.square().sum(dim=(1, 2)).mean() / 2


def measure_diversity(windows: Tensor) -> Tensor:
    """Return the mean squared distance of neighbours in a batch (B, W, V), of log(1 + count)."""
    levels = torch.log1p(windows)
    return (levels - levels.roll(1, dims=0)).square().sum(dim=(1, 2)).mean()


@contextmanager
def use_seed(seed: int, device: torch.device) -> Iterator[None]:
    """Let everything that torch draws follow from `seed`; its global generators come back.

    Spectral norm and the layers of torch draw their first values from the global generators.
    """
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        _seed_all(seed)
        yield


def _seed_all(seed: int) -> None:
    torch.manual_seed(seed)  # noqa: TID251 (inside `use_seed`, which gives the generators back)


def train(game: Game, plan: Plan, on_check: Callable[[Row], None]) -> Course:
    """Train both networks of `game` in turns; at the end both are moving averages.

    Parameters
    ----------
    game : Game
    plan : Plan
    on_check : callable
        Called with a `Row` after every check that found nothing wrong.

    Raises
    ------
    FitError
        If the training collapses more than `MOST_RESTARTS` times.
    """
    began = time.perf_counter()
    course = Course()
    run = _Run(game, plan)
    if plan.checkpoint is not None and plan.checkpoint.exists():
        run.resume(load_checkpoint(plan.checkpoint, plan.fingerprint), course)
        began -= course.rows[-1].seconds
    good = run.copy_state()
    try:
        while run.step < plan.steps and not (course.rows and is_time_up()):
            run.take_turns()
            if run.step % CHECK_STEPS and run.step < plan.steps and not is_time_up():
                continue
            losses = run.collect_means()
            if fault := find_collapse(losses, is_first=run.step < plan.first_judged):
                course.restarts.append(f"step {run.step}: {fault}")
                if len(course.restarts) > MOST_RESTARTS:
                    raise FitError(
                        f"the training collapsed {len(course.restarts)} times "
                        f"({'; '.join(course.restarts)}); try another seed or loss"
                    )
                run.restore_state(good)
                # other windows and codes: the same would lead to the same collapse
                _seed_all(plan.seed + len(course.restarts))
                continue
            row = Row(run.step, game.evaluate(), losses, time.perf_counter() - began)
            course.rows.append(row)
            good = run.copy_state()
            if plan.checkpoint is not None:
                run.save(plan.checkpoint, course)
            on_check(row)
    except KeyboardInterrupt:
        if not course.rows:
            raise
        course.interrupted = True
    game.generator.load_state_dict(run.averages[0])
    game.critic.load_state_dict(run.averages[1])
    _renew_norms(game.critic)
    return course


def find_collapse(losses: dict[str, float], *, is_first: bool = False) -> str:
    """Return why a training is of no use any more, "" where it is sound.

    Parameters
    ----------
    losses : dict
        Means since the last check: those of the turns, `diversity` and `accuracy`.
    is_first : bool
        Whether the generator still has random weights: only what is not finite counts.
    """
    if broken := [name for name, value in losses.items() if not abs(value) < float("inf")]:
        return f"{broken[0]} is {losses[broken[0]]}"
    if is_first:
        return ""
    if losses["diversity"] < LEAST_DIVERSITY:
        return f"the generator repeats itself (diversity {losses['diversity']:.3f} of the data's)"
    if losses["accuracy"] > MOST_ACCURATE:
        return f"the critic is always right (accuracy {losses['accuracy']:.3f})"
    return ""


class _Run:
    """The state of a training: networks, optimisers, moving average, sums since the last check."""

    def __init__(self, game: Game, plan: Plan) -> None:
        self.game, self.plan, self.step = game, plan, 0
        # a first moment would keep pushing where the other network no longer is
        betas = (0.0, 0.9)
        self.critic_optimiser = torch.optim.Adam(
            game.critic.parameters(), plan.critic_rate, betas=betas
        )
        self.generator_optimiser = torch.optim.Adam(
            game.generator.parameters(), plan.generator_rate, betas=betas
        )
        self.averages = [_copy(n.state_dict()) for n in (game.generator, game.critic)]
        self.sums: dict[str, Tensor] = {}
        self.n_summed = 0

    def take_turns(self) -> None:
        """Take one step of the critic and one of the generator."""
        game = self.game
        critic = game.turn_critic()
        self.critic_optimiser.zero_grad(set_to_none=True)
        critic.loss.backward()  # type: ignore[no-untyped-call]
        self.critic_optimiser.step()
        game.critic.requires_grad_(False)
        generator = game.turn_generator()
        self.generator_optimiser.zero_grad(set_to_none=True)
        generator.loss.backward()  # type: ignore[no-untyped-call]
        self.generator_optimiser.step()
        game.critic.requires_grad_(True)
        for network, average in zip((game.generator, game.critic), self.averages, strict=True):
            for name, value in network.state_dict().items():
                average[name].lerp_(value, 1 - self.plan.averaging)
        right = ((critic.real > 0).float().mean() + (critic.fake < 0).float().mean()) / 2
        usual = measure_diversity(critic.windows).clamp(min=1e-9)
        diversity = measure_diversity(generator.samples) / usual
        terms = {"critic": critic.loss, "generator": generator.loss, "accuracy": right}
        for name, term in {
            **terms,
            "diversity": diversity,
            **critic.terms,
            **generator.terms,
        }.items():
            # on the device: reading a number would wait for the GPU in every step
            self.sums[name] = self.sums.get(name, torch.zeros(())) + term.detach()
        self.n_summed += 1
        self.step += 1

    def collect_means(self) -> dict[str, float]:
        """Return the mean losses since the last call."""
        means = {name: float(value) / self.n_summed for name, value in self.sums.items()}
        self.sums, self.n_summed = {}, 0
        return means

    def copy_state(self) -> dict[str, object]:
        """Return a copy of all that changes."""
        return {
            "step": self.step,
            "critic": _copy(self.game.critic.state_dict()),
            "generator": _copy(self.game.generator.state_dict()),
            "averages": [_copy(average) for average in self.averages],
        }

    def save(self, path: Path, course: Course) -> None:
        """Write everything that the rest of the training depends on."""
        state = {
            **self.copy_state(),
            "optimisers": [o.state_dict() for o in self._optimisers],
            "random": torch.random.get_rng_state(),
            "rows": [tuple(row) for row in course.rows],
            "restarts": course.restarts,
            "turns": self.game.n_turns,
        }
        save_checkpoint(path, self.plan.fingerprint, state)

    def resume(self, state: dict[str, Any], course: Course) -> None:
        """Go on where a training was interrupted; the numbers to come are those of the CPU's."""
        self.restore_state(state)
        for optimiser, saved in zip(self._optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        torch.random.set_rng_state(state["random"])
        course.rows = [Row(*row) for row in state["rows"]]
        course.restarts = state["restarts"]
        self.game.n_turns = state["turns"]

    @property
    def _optimisers(self) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
        return self.critic_optimiser, self.generator_optimiser

    def restore_state(self, state: dict[str, object]) -> None:
        """Go back to a state, with optimisers that know nothing of the way since."""
        self.game.critic.load_state_dict(_copy(state["critic"]))  # type: ignore[arg-type]
        self.game.generator.load_state_dict(_copy(state["generator"]))  # type: ignore[arg-type]
        averages, step = state["averages"], state["step"]
        self.__init__(self.game, self.plan)  # type: ignore[misc]
        self.averages = [_copy(average) for average in averages]  # type: ignore[attr-defined]
        self.step = step  # type: ignore[assignment]


def _renew_norms(network: nn.Module) -> None:
    """Find the spectral norms of weights that are averages: vectors of others' are no use."""
    network.train()
    for module in network.modules():
        if parametrize.is_parametrized(module):
            for _ in range(POWER_STEPS):
                # each use is a step of the power iteration
                _ = module.weight


def _copy(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in state.items()}
