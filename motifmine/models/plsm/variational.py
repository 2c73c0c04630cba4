"""Mean-field variational inference of PLSM: the last polish of what EM has found.

Starts have gamma priors, motifs and the background's words Dirichlet priors, and all are
independent in the posterior. An iteration is one of EM with exp E[log x] in the place of x
(Blei, Kucukelbir and McAuliffe, Variational inference: a review for statisticians, 2017). It never
begins at random: there it collapses into the background.

What documents share and what is theirs are updated apart, so that documents may be seen in batches
(Hoffman, Blei, Wang and Paisley, Stochastic variational inference, JMLR 14, 2013).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import digamma, gammaln

from motifmine.models.monitor import has_converged
from motifmine.models.plsm import live_passes
from motifmine.models.plsm import passes as plsm_pass
from motifmine.models.plsm.em import Point, constant_of, expect
from motifmine.models.plsm.problem import Problem, State
from motifmine.time_limit import is_time_up
from motifmine.types import Floats, Floats32

START_SHAPE, CELL_PRIOR = 0.01, 0.05
"""Shape of the prior of a start, and pseudo-count of a motif's cell: most are nothing."""
MASS_SHAPE = 1.0
"""Shape of the prior of a background's mass."""
NOTHING = 1e-30
"""Weights below are 0."""
POSTERIOR = "variational posterior"
"""Beginning of the line on the spread."""


class Local(NamedTuple):
    """Posterior of what is a document's own: shapes of gamma distributions."""

    starts: Floats
    """float64 array (R, K)."""
    background_mass: Floats
    """float64 array (D,)."""

    @classmethod
    def of(cls, starts: Floats | Floats32, background_mass: Floats) -> "Local":
        """Return the posterior that expected counts lead to."""
        return cls(starts.astype(np.float64) + START_SHAPE, background_mass + MASS_SHAPE)


class Shared(NamedTuple):
    """Posterior of what all documents share: pseudo-counts of Dirichlet distributions."""

    cells: Floats
    """float64 array (K, L, W)."""
    words: Floats
    """Of the background, float64 array (W,)."""

    @classmethod
    def of(cls, cells: Floats, words: Floats) -> "Shared":
        """Return the posterior that expected counts lead to."""
        return cls(cells + CELL_PRIOR, words + CELL_PRIOR)

    @property
    def cost(self) -> float:
        """KL divergence of the posterior from the prior, nats."""
        cells = self.cells.reshape(len(self.cells), -1)
        return _dirichlet_divergence(cells) + _dirichlet_divergence(self.words[None])


class Updated(NamedTuple):
    """Result of an update."""

    local: Local
    counts: plsm_pass.Expectation
    """Expected counts of motif cells and of the background's words, among others."""
    bound: float
    """Lower bound of the evidence before the update, less the cost of what is shared, nats."""

    @property
    def shared(self) -> Shared:
        """Posterior of what is shared if there are no other documents."""
        return Shared.of(self.counts.cells, self.counts.background_words)


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
    counts, starts = _expect(problem, state)
    local = Local.of(starts, counts.background_documents)
    shared = Shared.of(counts.cells, counts.background_words)
    bounds: list[float] = []
    for iteration in range(n_iterations):
        found = update(problem, local, shared)
        bounds.append(found.bound - shared.cost)
        on_value(bounds[-1])
        local, shared = found.local, found.shared
        gain = bounds[-1] - bounds[-2] if iteration else np.inf
        if has_converged(iteration, gain, tolerance, problem.total) or is_time_up():
            break
    total = shared.cells.sum(axis=(1, 2))
    state = state._replace(
        motifs=(shared.cells / total[:, None, None]).astype(np.float32),
        starts=np.maximum(local.starts - START_SHAPE, 0).astype(np.float32),
        background_word=shared.words / shared.words.sum(),
        background_mass=local.background_mass - MASS_SHAPE,
    )
    return Polished(state, tuple(bounds), total)


def describe_spread(concentration: Floats, total: float) -> str:
    """Return a line: how well a posterior knows weights and cells of motifs.

    Parameters
    ----------
    concentration : float64 array (K,)
        Observations that each motif's posterior is worth.
    total : float
        Observations of all documents.
    """
    weight = concentration / total
    spread = float((np.sqrt(weight / total) / weight).max())
    cell = float((1 / np.sqrt(concentration + 1)).max() / 2)
    return (
        f"{POSTERIOR}: weights of motifs are known to {spread:.1%} of themselves or "
        f"better, shares of their cells to {cell:.3f} or better (one standard deviation)"
    )


def update(problem: Problem, local: Local, shared: Shared) -> Updated:
    """Return the posterior of the documents' own after an update of all, and expected counts."""
    rows = np.diff(problem.layout.document_rows)
    total = np.maximum(problem.layout.document_total, 1.0)
    n_motifs = len(shared.cells)
    # starts and background are expected to hold half of a document each: its priors are its own,
    # so that they do not depend on which documents are seen together
    start_rate = np.repeat(2 * START_SHAPE * max(n_motifs, 1) * rows / total, rows)[:, None]
    mass_rate = 2 / total
    counts, starts = _expect(problem, _weights(local, shared, start_rate, mass_rate))
    bound = counts.log_likelihood - constant_of(problem)
    for shape, prior, rate in (
        (local.starts, START_SHAPE, start_rate),
        (local.background_mass, MASS_SHAPE, mass_rate),
    ):
        bound -= float((shape / (rate + 1)).sum()) + _gamma_divergence(shape, prior, rate)
    return Updated(Local.of(starts, counts.background_documents), counts, bound)


def _expect(problem: Problem, weights: State) -> tuple[plsm_pass.Expectation, Floats32]:
    """Return the expected counts under weights, and those of all starts, float32 array (R, K)."""
    point = Point.of(problem, weights)
    found = expect(problem, point, learn_motifs=True)
    if point.live is None:
        return found, found.activation[: weights.starts.size].reshape(weights.starts.shape)
    live = point.live._replace(mass=found.activation)
    return found, live_passes.dense_starts(live, problem.layout.n_rows)


def _weights(local: Local, shared: Shared, start_rate: Floats, mass_rate: Floats) -> State:
    """Return exp E[log x] of everything, as EM takes it."""
    starts = np.exp(digamma(local.starts)) / (start_rate + 1)
    total = shared.cells.sum(axis=(1, 2), keepdims=True)
    return State(
        np.exp(digamma(shared.cells) - digamma(total)).astype(np.float32),
        np.where(starts < NOTHING, 0, starts).astype(np.float32),
        np.exp(digamma(shared.words) - digamma(shared.words.sum())),
        np.exp(digamma(local.background_mass)) / (mass_rate + 1),
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
