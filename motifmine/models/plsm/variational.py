"""Mean-field variational inference of PLSM: the last polish of what EM has found.

Starts have gamma priors, motifs and the background's words Dirichlet priors, and all are
independent in the posterior. An iteration is one of EM with exp E[log x] in the place of x
(Blei, Kucukelbir and McAuliffe, Variational inference: a review for statisticians, 2017). It never
begins at random: there it collapses into the background.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import digamma, gammaln

from motifmine.models.monitor import has_converged
from motifmine.models.plsm import live_passes
from motifmine.models.plsm.em import Point, constant_of, expect
from motifmine.models.plsm.problem import Problem, State
from motifmine.time_limit import is_time_up
from motifmine.types import Floats

START_SHAPE, CELL_PRIOR = 0.01, 0.05
"""Shape of the prior of a start, and pseudo-count of a motif's cell: most are nothing."""
NOTHING = 1e-30
"""Weights below are 0."""


class Beliefs(NamedTuple):
    """Parameters of the posterior: expected counts plus those of the prior."""

    starts: Floats
    """Shapes of gamma distributions, float64 array (R, K)."""
    cells: Floats
    """Of Dirichlet distributions, float64 array (K, L, W)."""
    background_word: Floats
    """The same, (W,)."""
    background_mass: Floats
    """Shapes, (D,)."""


class Polished(NamedTuple):
    """Result of variational inference."""

    state: State
    """Posterior means of motifs and background's words; starts are expected counts."""
    bounds: tuple[float, ...]
    """Lower bound of the evidence in every iteration, nats."""
    concentration: Floats
    """Observations that each motif's posterior is worth, float64 array (K,)."""


def polish(
    problem: Problem,
    state: State,
    *,
    n_iterations: int,
    tolerance: float,
    on_value: Callable[[float], None],
) -> Polished:
    """Return the posterior that iterations from a state of EM lead to.

    Parameters
    ----------
    problem : Problem
        Without a held background, and without tempos.
    state : State
    n_iterations : int
        At most.
    tolerance : float
        Least gain of the bound, nats per observation.
    on_value : callable
        Called with the bound, nats, of every iteration.
    """
    start_rate = 2 * START_SHAPE * max(state.starts.size, 1) / max(problem.total, 1.0)
    mass_rate = 2 / np.maximum(problem.layout.document_total, 1.0)
    beliefs = _update(problem, state)[0]
    bounds: list[float] = []
    for iteration in range(n_iterations):
        weights = _weights(beliefs, start_rate, mass_rate)
        following, value = _update(problem, weights)
        value -= float((beliefs.starts / (start_rate + 1)).sum())
        value -= float((beliefs.background_mass / (mass_rate + 1)).sum())
        value -= _gamma_divergence(beliefs.starts, START_SHAPE, np.array(start_rate))
        value -= _gamma_divergence(beliefs.background_mass, 1.0, mass_rate)
        value -= _dirichlet_divergence(beliefs.cells.reshape(len(beliefs.cells), -1))
        value -= _dirichlet_divergence(beliefs.background_word[None])
        bounds.append(value - constant_of(problem))
        on_value(bounds[-1])
        beliefs = following
        gain = bounds[-1] - bounds[-2] if iteration else np.inf
        if has_converged(iteration, gain, tolerance, problem.total) or is_time_up():
            break
    total = beliefs.cells.sum(axis=(1, 2))
    state = state._replace(
        motifs=(beliefs.cells / total[:, None, None]).astype(np.float32),
        starts=np.maximum(beliefs.starts - START_SHAPE, 0).astype(np.float32),
        background_word=beliefs.background_word / beliefs.background_word.sum(),
        background_mass=beliefs.background_mass - 1,
    )
    return Polished(state, tuple(bounds), total)


def _update(problem: Problem, weights: State) -> tuple[Beliefs, float]:
    """Return the posterior that weights lead to, and sum n log rate under them."""
    point = Point.of(weights)
    found = expect(problem, point, learn_motifs=True)
    if point.live is None:
        counts = found.activation[: weights.starts.size].reshape(weights.starts.shape)
    else:
        live = point.live._replace(mass=found.activation)
        counts = live_passes.dense_starts(live, problem.layout.n_rows)
    beliefs = Beliefs(
        counts.astype(np.float64) + START_SHAPE,
        found.cells + CELL_PRIOR,
        found.background_words + CELL_PRIOR,
        found.background_documents + 1.0,
    )
    return beliefs, found.log_likelihood


def _weights(beliefs: Beliefs, start_rate: float, mass_rate: Floats) -> State:
    """Return exp E[log x] of everything, as EM takes it."""
    starts = np.exp(digamma(beliefs.starts)) / (start_rate + 1)
    total = beliefs.cells.sum(axis=(1, 2), keepdims=True)
    words = beliefs.background_word
    return State(
        np.exp(digamma(beliefs.cells) - digamma(total)).astype(np.float32),
        np.where(starts < NOTHING, 0, starts).astype(np.float32),
        np.exp(digamma(words) - digamma(words.sum())),
        np.exp(digamma(beliefs.background_mass)) / (mass_rate + 1),
    )


def _gamma_divergence(shape: Floats, prior_shape: float, prior_rate: Floats) -> float:
    """Return KL(q || prior) of gamma distributions whose rates are the prior's plus 1."""
    rate = prior_rate + 1
    value = (shape - prior_shape) * digamma(shape) - gammaln(shape) + gammaln(prior_shape)
    value = value + prior_shape * np.log(rate / prior_rate) - shape / rate
    return float(value.sum())


def _dirichlet_divergence(cells: Floats) -> float:
    """Return KL(q || prior) of Dirichlet distributions (n, cells) from an even one."""
    total, n_cells = cells.sum(axis=1), cells.shape[1]
    value = gammaln(total) - gammaln(cells).sum(axis=1)
    value += n_cells * gammaln(CELL_PRIOR) - gammaln(n_cells * CELL_PRIOR)
    value += ((cells - CELL_PRIOR) * (digamma(cells) - digamma(total)[:, None])).sum(axis=1)
    return float(value.sum())
