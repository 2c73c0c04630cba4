"""Forward-backward recursions of a hidden semi-Markov model in log space.

A state is left at age d with the probability (hazard) `h[k, d]`, 0 <= d < D; the last age is that
of all older visits, so that durations have a geometric tail, and D = 1 is the hidden Markov model.
Ages are not stored: a visit of age d at time t began at t - d, so entries `E[t, k]` and cumulated
emissions give all forward probabilities in O(T K) of memory. Without ages `expect_without_ages`
needs no logarithms.
"""

from typing import NamedTuple

import numpy as np

from motifmine.kernels.jit import kernel
from motifmine.types import Floats, Indices

LEAST = -1e300  # log of a probability of 0; finite, so that differences are never NaN
# log of the share of a sum below which terms are smaller than its rounding error
NEGLIGIBLE = -45.0


class LogTerms(NamedTuple):
    """Logs of the probabilities of a model."""

    initial: Floats
    """Of state and age in the first bin, float64 array (K, D)."""
    transition: Floats
    """From state (row) to state, float64 array (K, K); `LEAST` on the diagonal."""
    leave: Floats
    """log h, float64 array (K, D)."""
    stay: Floats
    """log(1 - h), float64 array (K, D)."""


class Passed(NamedTuple):
    """Logs of forward probabilities of a document, float64 arrays (T, K)."""

    entered: Floats
    oldest: Floats
    leaving: Floats


class Visits(NamedTuple):
    """Expected numbers, which add up over documents."""

    left: Floats
    """Visits that end at an age, float64 array (K, D)."""
    stayed: Floats
    """Visits that go on, float64 array (K, D)."""
    moved: Floats
    """Transitions, float64 array (K, K)."""
    first: Floats
    """Documents that begin in a state, float64 array (K,)."""


@kernel
def log_sum(values: Floats) -> float:
    """Return log(sum(exp(values)))."""
    top = LEAST
    for value in values:
        top = max(top, value)
    if top <= LEAST / 2:
        return LEAST
    total = 0.0
    for value in values:
        if value - top > NEGLIGIBLE:
            total += np.exp(value - top)
    return float(top + np.log(total))


@kernel
def expect_without_ages(
    emission: Floats, initial: Floats, step: Floats, visits: Visits
) -> tuple[float, Floats]:
    """Return log-likelihood and posterior (T, K) of a document for a hidden Markov model.

    Every bin has a scale of its own instead of logarithms (Rabiner 1989), which takes a twentieth
    of the time.

    Parameters
    ----------
    emission : float64 array (T, K)
        Log-likelihood of every bin under every state.
    initial : float64 array (K,)
    step : float64 array (K, K)
        Probability of the state (column) in the bin after one of a state (row), > 0: then no bin
        can lose all of its states to rounding.
    visits : Visits
        Is added to.
    """
    n_times, n_states = emission.shape
    # of the states given the bins up to this one, and those before it; of the bins from this one on
    forth, posterior = np.zeros((n_times, n_states)), np.zeros((n_times, n_states))
    ahead, pairs = np.empty((n_times, n_states)), np.zeros((n_states, n_states))
    value = 0.0
    for t in range(n_times):
        if t == 0:
            posterior[0] = initial
        else:
            for j in range(n_states):
                for k in range(n_states):
                    posterior[t, k] += forth[t - 1, j] * step[j, k]
        top, total = LEAST, 0.0
        for k in range(n_states):
            top = max(top, emission[t, k])
        for k in range(n_states):
            ahead[t, k] = np.exp(emission[t, k] - top)
            forth[t, k] = posterior[t, k] * ahead[t, k]
            total += forth[t, k]
        for k in range(n_states):
            forth[t, k] /= total
        value += top + np.log(total)
    for t in range(n_times - 1, -1, -1):
        total = 0.0
        for k in range(n_states):
            if t < n_times - 1:
                later = 0.0
                for j in range(n_states):
                    later += step[k, j] * ahead[t + 1, j]
                ahead[t, k] *= later
            posterior[t, k] *= ahead[t, k]
            total += posterior[t, k]
        for k in range(n_states):
            posterior[t, k] /= total
            # in the scale in which the bins from this one on have the probability 1
            ahead[t, k] /= total
        if t > 0:
            for j in range(n_states):
                for k in range(n_states):
                    pairs[j, k] += forth[t - 1, j] * ahead[t, k]
    pairs *= step
    for j in range(n_states):
        visits.first[j] += posterior[0, j]
        for k in range(n_states):
            if j == k:
                visits.stayed[k, 0] += pairs[k, k]
            else:
                visits.moved[j, k] += pairs[j, k]
                visits.left[j, 0] += pairs[j, k]
    return value, posterior


@kernel
def forward(emission: Floats, terms: LogTerms, age: Floats) -> Passed:
    """Return entries, oldest and leaving probabilities of a document, of two ages at least.

    Parameters
    ----------
    emission : float64 array (T, K)
        Log-likelihood of every bin under every state.
    age : float64 array (K, D)
        Is overwritten: log p(x[0..t], state k of age d) of the last bin.
    """
    n_times, n_states = emission.shape
    n_ages = terms.leave.shape[1]
    entered = np.full((n_times, n_states), LEAST)
    oldest = np.empty((n_times, n_states))
    leaving = np.empty((n_times, n_states))
    scratch = np.empty(max(n_ages, n_states))
    for t in range(n_times):
        for k in range(n_states):
            if t == 0:
                age[k] = terms.initial[k] + emission[0, k]
            else:
                for j in range(n_states):
                    scratch[j] = leaving[t - 1, j] + terms.transition[j, k]
                entered[t, k] = log_sum(scratch[:n_states]) + emission[t, k]
        if t > 0:
            for k in range(n_states):
                last = n_ages - 1
                old = np.logaddexp(
                    age[k, last] + terms.stay[k, last], age[k, last - 1] + terms.stay[k, last - 1]
                )
                # downward: every visit grows older by one, in place
                for d in range(last - 1, 0, -1):
                    age[k, d] = age[k, d - 1] + terms.stay[k, d - 1] + emission[t, k]
                age[k, last] = old + emission[t, k]
                age[k, 0] = entered[t, k]
        for k in range(n_states):
            oldest[t, k] = age[k, n_ages - 1]
            for d in range(n_ages):
                scratch[d] = age[k, d] + terms.leave[k, d]
            leaving[t, k] = log_sum(scratch[:n_ages])
    return Passed(entered, oldest, leaving)


@kernel
def backward(
    emission: Floats, terms: LogTerms, passed: Passed, log_likelihood: float, visits: Visits
) -> Floats:
    """Return the posterior of the states, float64 array (T, K), and add up what EM needs.

    Parameters
    ----------
    emission : float64 array (T, K)
    passed : Passed
        From `forward`.
    log_likelihood : float
        Of the document, nats.
    visits : Visits
        Those of the document are added.
    """
    n_times, n_states = emission.shape
    n_ages = terms.leave.shape[1]
    posterior = np.zeros((n_times, n_states))
    ahead = np.zeros((n_states, n_ages))
    going = np.empty(n_states)
    scratch = np.empty(n_states)
    # of a state and age in bin t: entry + sum of the log-probabilities of staying + emissions since
    survival = np.zeros((n_states, n_ages))
    summed = np.zeros((n_states, n_times + 1))
    for k in range(n_states):
        for d in range(1, n_ages):
            survival[k, d] = survival[k, d - 1] + terms.stay[k, d - 1]
        for t in range(n_times):
            summed[k, t + 1] = summed[k, t] + emission[t, k]
    for t in range(n_times - 1, -1, -1):
        is_last = t == n_times - 1
        if not is_last:
            for k in range(n_states):
                for j in range(n_states):
                    scratch[j] = terms.transition[k, j] + emission[t + 1, j] + ahead[j, 0]
                going[k] = log_sum(scratch)
                for j in range(n_states):
                    share = passed.leaving[t, k] + scratch[j] - log_likelihood
                    if share > NEGLIGIBLE:
                        visits.moved[k, j] += np.exp(share)
        for k in range(n_states):
            oldest_ahead = ahead[k, n_ages - 1]
            for d in range(n_ages):
                if d == n_ages - 1:
                    here = passed.oldest[t, k]
                elif d < t:
                    since = summed[k, t + 1] - summed[k, t - d + 1]
                    here = passed.entered[t - d, k] + survival[k, d] + since
                else:
                    since = survival[k, d] - survival[k, d - t]
                    here = terms.initial[k, d - t] + since + summed[k, t + 1]
                if is_last:
                    ahead[k, d] = 0.0
                else:
                    go = terms.leave[k, d] + going[k]
                    older = oldest_ahead if d + 1 >= n_ages else ahead[k, d + 1]
                    stay = terms.stay[k, d] + emission[t + 1, k] + older
                    if here + max(go, stay) - log_likelihood > NEGLIGIBLE:
                        visits.left[k, d] += np.exp(here + go - log_likelihood)
                        visits.stayed[k, d] += np.exp(here + stay - log_likelihood)
                    ahead[k, d] = np.logaddexp(go, stay)
                share = here + ahead[k, d] - log_likelihood
                if share > NEGLIGIBLE:
                    posterior[t, k] += np.exp(share)
        if t == 0:
            for k in range(n_states):
                visits.first[k] += posterior[0, k]
    return posterior


@kernel
def most_probable_visits(emission: Floats, terms: LogTerms) -> tuple[Indices, Indices]:
    """Return state and first bin of the visits of the most probable path, in order of time."""
    n_times, n_states = emission.shape
    last = terms.leave.shape[1] - 1
    age = terms.initial.copy()
    oldest_began = np.zeros(n_states, np.int64)
    leaving = np.empty(n_states)
    began = np.zeros((n_times, n_states), np.int64)
    came_from = np.zeros((n_times, n_states), np.int64)
    for t in range(n_times):
        for k in range(n_states):
            if t > 0:
                best, enters = 0, leaving[0] + terms.transition[0, k]
                for j in range(1, n_states):
                    value = leaving[j] + terms.transition[j, k]
                    if value > enters:
                        best, enters = j, value
                came_from[t, k] = best
                old = age[k, last] + terms.stay[k, last]
                if last > 0 and age[k, last - 1] + terms.stay[k, last - 1] > old:
                    old = age[k, last - 1] + terms.stay[k, last - 1]
                    oldest_began[k] = max(0, t - last)
                for d in range(last - 1, 0, -1):
                    age[k, d] = age[k, d - 1] + terms.stay[k, d - 1]
                if last > 0 or enters > old:
                    age[k, 0] = enters
                if last > 0 or enters <= old:
                    age[k, last] = old
                elif last == 0:
                    oldest_began[k] = t
            for d in range(last + 1):
                age[k, d] += emission[t, k]
        for k in range(n_states):
            leaving[k] = LEAST * 2
            for d in range(last + 1):
                # nothing has to end with the document
                value = age[k, d] + (terms.leave[k, d] if t < n_times - 1 else 0.0)
                if value > leaving[k]:
                    leaving[k] = value
                    began[t, k] = oldest_began[k] if d == last else max(0, t - d)
    states = np.empty(n_times, np.int64)
    firsts = np.empty(n_times, np.int64)
    n_visits, t, k = 0, n_times - 1, int(np.argmax(leaving))
    while True:
        first = began[t, k]
        states[n_visits], firsts[n_visits] = k, first
        n_visits += 1
        if first == 0:
            break
        k, t = came_from[first, k], first - 1
    return states[:n_visits][::-1].copy(), firsts[:n_visits][::-1].copy()
