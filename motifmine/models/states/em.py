"""EM of hidden Markov and semi-Markov models over documents."""

from dataclasses import dataclass, replace

import numpy as np

from motifmine.models.states.kernels import (
    Visits,
    backward,
    expect_without_ages,
    forward,
    log_sum,
    most_probable_visits,
)
from motifmine.models.states.parameters import Data, States
from motifmine.time_limit import is_time_up
from motifmine.types import Floats, Indices

# observations of a word in a bin, at least: what was not seen is improbable, not impossible
LEAST_RATE = 1e-12
LEAST_HAZARD = 1e-9  # probability of leaving a state at an age, at least, and of staying
# visits at every age that the geometric law of a state's mean duration is worth: where few visits
# last so long, hazards are not 0 or 1
PRIOR_VISITS = 1.0
PRIOR_MOVES = 0.1  # transitions to every other state that are added to those that were counted
PRIOR_BINS = 0.5  # bins with the words of the whole table that are added to those of every state
TOLERANCE = 1e-6  # least relative gain of an iteration of EM


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expected:
    """What the E-step returns."""

    log_likelihood: float
    posterior: Floats
    """Of the states in every bin, float64 array (T, K)."""
    visits: Visits


def expect(states: States, data: Data) -> Expected:
    """Return the posterior of the states and the expected counts of visits: the E-step."""
    terms, emission = states.log_terms(), log_emission(states, data)
    visits = Visits(
        left=np.zeros_like(terms.leave),
        stayed=np.zeros_like(terms.leave),
        moved=np.zeros_like(terms.transition),
        first=np.zeros(states.n_states),
    )
    posterior = np.zeros_like(emission)
    value = 0.0
    for begin, end in zip(data.edges[:-1], data.edges[1:], strict=True):
        if end == begin:
            continue
        part, age = np.ascontiguousarray(emission[begin:end]), np.empty_like(terms.leave)
        if states.hazard.shape[1] == 1:
            step = states.hazard * states.transition + np.diag(1 - states.hazard[:, 0])
            own, posterior[begin:end] = expect_without_ages(part, states.initial, step, visits)
            value += own
            continue
        passed = forward(part, terms, age)
        own = log_sum(age.ravel())
        posterior[begin:end] = backward(part, terms, passed, own, visits)
        value += own
    return Expected(log_likelihood=value, posterior=posterior, visits=visits)


def log_emission(states: States, data: Data) -> Floats:
    """Return the log-likelihood of every bin under every state, 0 where it is not seen."""
    emission = states.log_emission(data.counts)
    emission[~data.is_seen] = 0.0
    return emission


def find_visits(states: States, data: Data) -> tuple[Indices, Indices, Indices]:
    """Return state, first and end row of all visits of the most probable paths, in order."""
    emission, terms = log_emission(states, data), states.log_terms()
    found: list[Indices] = [np.zeros((3, 0), dtype=np.int64)]
    for begin, end in zip(data.edges[:-1], data.edges[1:], strict=True):
        if end > begin:
            state, first = most_probable_visits(np.ascontiguousarray(emission[begin:end]), terms)
            last = np.append(first[1:], end - begin)
            found.append(np.stack([state, first + begin, last + begin]))
    state, first, last = np.concatenate(found, axis=1)
    return state, first, last


def maximise(data: Data, expected: Expected) -> States:
    """Return the parameters that the expected counts ask for: the M-step."""
    left, stayed, moved, first = expected.visits
    n_states = len(first)
    seen = expected.posterior * data.is_seen[:, None]
    total = np.asarray((data.counts.T @ seen).T) + PRIOR_BINS * data.mean
    if data.emission == "poisson":
        rate = total / (seen.sum(axis=0) + PRIOR_BINS)[:, None]
    else:
        rate = total / total.sum(axis=1, keepdims=True)
    at_risk = left + stayed
    usual = (left.sum(axis=1) + 1e-9) / (at_risk.sum(axis=1) + 1e-6)
    hazard = (left + PRIOR_VISITS * usual[:, None]) / (at_risk + PRIOR_VISITS)
    moved = moved + PRIOR_MOVES * (1 - np.eye(n_states))
    initial = first + PRIOR_MOVES
    return States(
        emission=data.emission,
        rate=np.maximum(rate, LEAST_RATE),
        initial=initial / initial.sum(),
        transition=moved / np.maximum(moved.sum(axis=1, keepdims=True), 1e-300),
        hazard=np.clip(hazard, LEAST_HAZARD, 1 - LEAST_HAZARD),
    )


def climb(states: States, data: Data, *, most: int) -> tuple[States, Expected, list[float]]:
    """Return the states after EM, the E-step of the last ones, and the log-likelihoods."""
    values: list[float] = []
    for _ in range(most):
        expected = expect(states, data)
        values.append(expected.log_likelihood)
        if len(values) > 2 and values[-1] - values[-2] < TOLERANCE * abs(values[-1]):
            break
        states = maximise(data, expected)
        if is_time_up():
            break
    expected = expect(states, data)
    values.append(expected.log_likelihood)
    return states, expected, values


def with_ages(states: States, n_ages: int) -> States:
    """Return the states with the hazards of `n_ages` ages; the last known one goes on."""
    hazard = states.hazard[:, :n_ages]
    more = np.repeat(hazard[:, -1:], n_ages - hazard.shape[1], axis=1)
    return replace(states, hazard=np.concatenate([hazard, more], axis=1))


def initial_states(data: Data, centres: Floats, mean_bins: float) -> States:
    """Return states of given mean words and one mean duration, before EM.

    Parameters
    ----------
    centres : float64 array (K, W)
        Observations of every word in a bin.
    mean_bins : float
        Mean duration of a visit, bins.
    """
    rate = 0.9 * centres + 0.1 * data.mean
    if data.emission == "categorical":
        rate = rate / rate.sum(axis=1, keepdims=True)
    n_states = len(rate)
    return States(
        emission=data.emission,
        rate=np.maximum(rate, LEAST_RATE),
        initial=np.full(n_states, 1 / n_states),
        transition=(1 - np.eye(n_states)) / max(n_states - 1, 1),
        hazard=np.full((n_states, 1), 1 / max(mean_bins, 1.5)),
    )
