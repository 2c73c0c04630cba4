"""EM of motifs of moving things: starts of one thing gather, and motifs stay along their paths."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from motifmine.models.moving_window import TURN, MovingWindow
from motifmine.models.plsm.beginnings import Watch
from motifmine.models.plsm.em import step
from motifmine.models.plsm.kernels.moving import sweep_gathered
from motifmine.models.plsm.moving_companions import Tracked
from motifmine.models.plsm.problem import Problem, State
from motifmine.types import Floats, Floats32

N_HELD = 4
"""Iterations in which the motifs are held fixed."""
GATHER_POWER = 2.0
"""Power by which starts gather in one iteration."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MovingMotifs:
    """Motifs of moving things after EM."""

    problem: Problem
    state: State
    centre: Floats
    """Paths, float64 array (K, L, 4)."""
    stiffness: Floats
    """Of the paths, float64 array (K,)."""
    spans: Sequence[tuple[int, int]]
    """First and one after the last bin of the path of each motif."""

    @property
    def tracked(self) -> Tracked:
        """The state with its paths."""
        return Tracked(problem=self.problem, state=self.state, centre=self.centre)

    @property
    def explained(self) -> float:
        """Share of the observations that the motifs hold."""
        held = float(self.state.starts.sum(dtype=np.float64))
        return held / max(held + float(self.state.background_mass.sum()), 1e-30)


def climb_along(
    begun: MovingMotifs, window: MovingWindow, watch: Watch, n_iterations: int
) -> MovingMotifs:
    """Return motifs after EM, from starts that are all alike.

    Parameters
    ----------
    watch : Watch
        Records the log-likelihood, nats, of every iteration.
    """
    problem, state, centre = begun.problem, begun.state, begun.centre
    reach = np.array(problem.priors.reach, dtype=np.int64)
    threshold = problem.thresholds(state.n_motifs)
    for i in range(n_iterations):
        # none for 8 iterations, all of it from the 18th on
        ramp = np.float32(np.clip(i / 10 - 0.8, 0, 1))
        state, value = step(problem, state, threshold * ramp, learn_motifs=i >= N_HELD)
        watch.see(value)
        # starts are flat at first: paths would be drawn to the mean of everything
        if i < N_HELD:
            continue
        starts = state.starts.copy()
        sweep_gathered(starts, problem.layout.document_rows, reach, GATHER_POWER)
        motifs, centre = window.follow(
            state.motifs, centre, scale=1.0, turn=TURN, stiffness=begun.stiffness
        )
        state = state._replace(motifs=_within(motifs, begun.spans), starts=starts)
    return replace(begun, state=state, centre=centre)


def _within(motifs: Floats32, spans: Sequence[tuple[int, int]]) -> Floats32:
    """Return motifs less what lies more than a bin outside their spans, summing to 1."""
    for motif, (first, last) in zip(motifs, spans, strict=True):
        motif[: max(first - 1, 0)] = 0
        motif[last + 1 :] = 0
    total = motifs.sum(axis=(1, 2), keepdims=True, dtype=np.float64)
    motifs /= np.maximum(total, 1e-30)
    return motifs
