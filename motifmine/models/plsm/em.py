"""PLSM by expectation maximisation: the parameters, one iteration, and inference of starts.

The M-step of the papers (Varadarajan, Emonet, Odobez, IJCV 2013) on joint tables: the mass of a
start is its expected count less a threshold (their KL prior on start times), a motif its expected
counts plus a pseudo-count (Dirichlet prior), scaled to sum to 1. It is EM of the Poisson form
n(w,t) ~ Poisson(rate), so what a start loses to the prior goes to its neighbours or the background.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from motifmine.models.monitor import has_converged
from motifmine.models.plsm import live_passes
from motifmine.models.plsm import passes as plsm_pass
from motifmine.models.plsm.kernels.live import Live, live_above
from motifmine.models.plsm.problem import Problem, State, shares
from motifmine.records.tempo import at_tempos, learn_at_tempos
from motifmine.time_limit import is_time_up
from motifmine.types import Floats, Floats32

WORTH_THREADS = 2e7
"""A pass of fewer multiplications is over before a second thread has begun."""
N_FREE = 8
"""Iterations without sparsity before starts at several tempos are inferred."""
LEAST_BACKGROUND = 0.01
"""Share of a document that its background has after these."""


class Point(NamedTuple):
    """A state during iterations: where few starts are live, only those are kept."""

    state: State
    """Its starts are out of date where `live` is given."""
    live: Live | None
    phi: Floats32 | None = None
    """Its motifs as passes over all starts need them; None: not laid out since they changed."""

    @classmethod
    def of(cls, problem: Problem, state: State) -> "Point":
        """Return a state as iterations take it."""
        return cls(state, live_passes.few_live_starts(problem.plan, state.starts))

    def laid_out(self, problem: Problem) -> "Point":
        """Return the point with motifs laid out for a pass over all starts, if that comes next."""
        if self.live is not None or self.phi is not None:
            return self
        return self._replace(phi=plsm_pass.padded_phi(_plan_of(problem, self), self.state.motifs))

    def whole(self, problem: Problem) -> State:
        """Return the state with all starts."""
        if self.live is None:
            return self.state
        starts = live_passes.dense_starts(self.live, problem.layout.n_rows)
        return self.state._replace(starts=starts)


def expect(problem: Problem, point: Point, *, learn_motifs: bool) -> plsm_pass.Expectation:
    """Return the expected counts under a state: the E-step, one pass over the observations."""
    state, live, phi = point.laid_out(problem)
    plan = _plan_of(problem, point)
    background = plsm_pass.background_of(
        state.background_word, state.background_mass / np.maximum(problem.layout.n_times, 1)
    )
    n_live = state.starts.size if live is None else len(live.mass)
    work = live_passes.n_multiplications(plan, n_live)
    n_threads = problem.n_threads if work > WORTH_THREADS else 1
    if live is not None:
        return live_passes.live_expectation(
            plan,
            problem.places,
            live,
            state.motifs,
            background=background,
            learn=learn_motifs,
            n_threads=n_threads,
        )
    assert phi is not None
    return plsm_pass.expectation(
        plan,
        plsm_pass.padded_starts(state.starts),
        phi,
        background=background,
        learn=learn_motifs,
        n_threads=n_threads,
    )


def _plan_of(problem: Problem, point: Point) -> plsm_pass.Plan:
    # the table was cut for the most motifs; fewer use the same cuts, so that it is cut once a fit
    return problem.plan._replace(n_motifs=len(point.state.motifs))


def _advance(
    problem: Problem, point: Point, threshold: Floats32, *, learn_motifs: bool
) -> tuple[Point, plsm_pass.Expectation, float]:
    """Return what `step_starts` does, of a point."""
    # once for all iterations in which motifs are held: with decoys they are hundreds, and laying
    # them out takes longer than a pass
    point = point.laid_out(problem)
    found = expect(problem, point, learn_motifs=learn_motifs)
    state, live, phi = point
    started = state.starts if live is None else live.mass
    # the expected total of a Poisson process, under the parameters before they change
    value = found.log_likelihood - float(
        started.sum(dtype=np.float64) + state.background_mass.sum()
    )
    mass = found.background_documents
    if problem.priors.background is not None:
        mass = problem.priors.background * problem.layout.document_total
    state = state._replace(background_mass=mass)
    if live is not None:
        point = Point(state, live_above(live, found.activation, threshold))
    else:
        starts = found.activation[: state.starts.size].reshape(state.starts.shape)
        np.maximum(np.subtract(starts, threshold[:, None], out=starts), 0, out=starts)
        point = Point.of(problem, state._replace(starts=starts))._replace(phi=phi)
    return _leave_nothing_empty(problem, point), found, value - constant_of(problem)


def _leave_nothing_empty(problem: Problem, point: Point) -> Point:
    """Return the point with a background where a document has lost that and all of its starts.

    Starts that explain everything leave nothing to the background; where the threshold then closes
    all of them, nothing could ever explain the document again.
    """
    mass, total = point.state.background_mass, problem.layout.document_total
    if np.all((mass > 0) | (total <= 0)):
        return point
    started = point.whole(problem).starts.sum(axis=1, dtype=np.float64)
    row = np.append(0.0, np.cumsum(started))[problem.layout.document_rows]
    mass = np.where((mass <= 0) & (np.diff(row) <= 0), total, mass)
    return point._replace(state=point.state._replace(background_mass=mass))


def _step(
    problem: Problem, point: Point, threshold: Floats32, *, learn_motifs: bool
) -> tuple[Point, float]:
    """Return what `step` does, of a point."""
    point, found, value = _advance(problem, point, threshold, learn_motifs=learn_motifs)
    if learn_motifs:
        state = point.state._replace(
            motifs=_learned(problem, point.state, found.cells),
            background_word=shares(found.background_words),
        )
        point = point._replace(state=state, phi=None)
    return point, value


def _learned(problem: Problem, state: State, counts: Floats) -> Floats32:
    """Return the motifs that expected counts ask for, those of one motif at its tempos tied."""
    if state.tempos is None:
        return normalised(counts, problem.priors.least_count)
    tied = learn_at_tempos(state.usual, counts.astype(np.float32), state.motifs, state.tempos)
    return at_tempos(normalised(tied), state.tempos)


def step(
    problem: Problem, state: State, threshold: Floats32, *, learn_motifs: bool = True
) -> tuple[State, float]:
    """Return the parameters after one EM iteration, and the log-likelihood before it.

    Parameters
    ----------
    threshold : float32 array (R,)
        Taken off the expected mass of every start, see `Problem.thresholds`.
    learn_motifs : bool
        When not set, only starts and the background's mass change.

    Returns
    -------
    State
    float
        Log-likelihood of the Poisson form, nats, without the terms that only the counts decide: it
        equals sum n log p(w,t|d) where a document's masses sum to its observations.
    """
    point, value = _step(problem, Point.of(problem, state), threshold, learn_motifs=learn_motifs)
    return point.whole(problem), value


def step_starts(
    problem: Problem, state: State, threshold: Floats32
) -> tuple[State, plsm_pass.Expectation, float]:
    """Return a state with new starts and background's mass, expected counts, and log-likelihood.

    This half of `step` stays with the documents; the counts are what the other half needs.

    Parameters
    ----------
    problem, state, threshold
        See `step`.
    """
    point, found, value = _advance(problem, Point.of(problem, state), threshold, learn_motifs=True)
    return point.whole(problem), found, value


def constant_of(problem: Problem) -> float:
    """Return what turns the Poisson log-likelihood into that of p(w,t|d): sum N log N - N."""
    # an empty document adds nothing: x log x has the limit 0 there
    total = problem.layout.document_total[problem.layout.document_total > 0]
    return float(np.sum(total * np.log(total) - total))


def normalised(counts: Floats, least: float = 0.0) -> Floats32:
    """Return motifs (K, L, W) from expected counts (K, L, W) less `least`, summing to 1."""
    if least:
        counts = np.maximum(counts - least, 0)
    # those of a pass are in another order in memory, which `sum` takes long for
    total = np.einsum("klw->k", counts, dtype=np.float64)
    # a motif without any counts stays empty: NaN would spread to all motifs by the rates
    scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    # in single precision before they are put in order: half as much to move
    return np.ascontiguousarray((counts * scale[:, None, None]).astype(np.float32))


def iterate(
    problem: Problem, state: State, n_iterations: int, *, learn_motifs: bool = True
) -> tuple[State, float]:
    """Return the state after `n_iterations`, and the log-likelihood before the last one.

    Parameters
    ----------
    learn_motifs : bool
        When not set, motifs and the background's words stay as they are.
    """
    threshold = problem.thresholds(state.n_motifs)
    point, value = Point.of(problem, state), -np.inf
    for _ in range(n_iterations):
        point, value = _step(problem, point, threshold, learn_motifs=learn_motifs)
        if learn_motifs and is_time_up():
            break
    return point.whole(problem), value


def infer_starts(
    problem: Problem,
    state: State,
    *,
    n_iterations: int,
    n_ramp: int,
    n_free: int = 0,
    learn_after: int | None = None,
) -> State:
    """Return `state` after iterations of which the first are without sparsity, which then rises.

    Parameters
    ----------
    n_ramp : int
        Iterations over which the sparsity rises to its value.
    n_free : int
        Iterations without sparsity before these.
    learn_after : int or None
        First iteration in which motifs are learned too; None: they are held fixed.
    """
    threshold = problem.thresholds(state.n_motifs)
    if problem.tempos is not None:
        # mass spread over all tempos is below the threshold everywhere, until the data gather it
        n_free, n_iterations = n_free + N_FREE, n_iterations + N_FREE
    point = Point.of(problem, state)
    for i in range(n_iterations):
        # flat starts are near the threshold: taken off at once, it would close the true ones too
        ramp = np.float32(np.clip((i - n_free) / n_ramp, 0.0, 1.0)) if n_ramp else np.float32(1.0)
        learn = learn_after is not None and i >= learn_after
        if problem.tempos is not None and i == n_free:
            # starts that explained everything may close: something must be left that can take over
            least = LEAST_BACKGROUND * problem.layout.document_total
            mass = np.maximum(point.state.background_mass, least)
            point = point._replace(state=point.state._replace(background_mass=mass))
        point, _ = _step(problem, point, threshold * ramp, learn_motifs=learn)
    return point.whole(problem)


def climb(
    problem: Problem,
    state: State,
    *,
    n_iterations: int,
    tolerance: float,
    on_value: Callable[[float], None],
) -> State:
    """Return `state` after EM until the log-likelihood per observation rises by < `tolerance`.

    Parameters
    ----------
    n_iterations : int
        At most.
    tolerance : float
        Nats per observation.
    on_value : callable
        Called with the log-likelihood, nats, of every iteration.
    """
    threshold = problem.thresholds(state.n_motifs)
    point, last = Point.of(problem, state), -np.inf
    for i in range(n_iterations):
        point, value = _step(problem, point, threshold, learn_motifs=True)
        on_value(value)
        if has_converged(i, value - last, tolerance, problem.total) or is_time_up():
            break
        last = value
    return point.whole(problem)


def with_expected_counts(problem: Problem, state: State) -> State:
    """Return `state` with starts and background at their expected counts: they sum to the data."""
    # with the threshold the last M-step has taken mass off; weights of motifs are shares of all
    none = np.zeros(problem.layout.n_rows, dtype=np.float32)
    return step(problem, state, none, learn_motifs=False)[0]
