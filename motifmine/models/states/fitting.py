"""How many states there are, where EM begins, and how long durations are explicit."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.cluster.vq import kmeans2

from motifmine.models.states.em import (
    Expected,
    climb,
    expect,
    find_visits,
    initial_states,
    with_ages,
)
from motifmine.models.states.parameters import Data, States
from motifmine.seeding import generator
from motifmine.time_limit import is_time_up
from motifmine.types import Floats

# lengths of the windows, bins, whose mean words are clustered: states last shorter or longer
WIDTHS = (1, 3, 8, 20)
STARTS_PER_WIDTH = 2
N_SHORT, N_LONG = 10, 100  # iterations of EM from every start, and from the best ones
N_KEPT = 2
# numbers of states that are tried
NUMBERS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 18, 22, 27, 33, 40)
PATIENCE = 2  # numbers without a gain after which no more are tried
# one block of time in how many is held out, and the first ones of each part
N_BLOCKS, FOLDS = 5, (0, 2)
# number and length of blocks, at most: in short tables, longer ones would hold out whole visits
# that occur once
MOST_BLOCKS, MOST_BLOCK_BINS = 200, 10
# gain in held-out log-likelihood that more states must have, as a share of what all give
LEAST_GAIN = 0.01
MOST_WORDS = 300  # most frequent words, by which windows are clustered
MOST_AGES = 200  # ages at most, for all states have as many
OFTEN = 0.95  # share of the visits that end within half of the ages


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """States after EM."""

    states: States
    expected: Expected
    log_likelihood: tuple[float, ...]
    """Of every iteration, nats."""


def fit_states(
    data: Data,
    n_states: int | None,
    *,
    has_ages: bool,
    seed: int,
    on_progress: Callable[[int, int, float], None] | None = None,
) -> tuple[Course, str]:
    """Return the states of `data`, and a line that says why there are as many.

    Without a number: as many as predict held-out blocks of time best. `has_ages`: durations are
    explicit, else geometric.
    """
    reason = ""
    if n_states is None:
        n_states, reason = choose_number(data, seed, on_progress)
    course = find_best_course(data, n_states, seed, N_LONG)
    if has_ages and n_states > 1:
        _, first, end = find_visits(course.states, data)
        usual = float(np.quantile(end - first, OFTEN))
        n_ages = int(np.clip(2 * np.ceil(usual), 2, MOST_AGES))
        begun = course.log_likelihood
        course = _climb(with_ages(course.states, n_ages), data, N_LONG)
        course = replace(course, log_likelihood=(*begun, *course.log_likelihood))
    return course, reason


def choose_number(
    data: Data, seed: int, on_progress: Callable[[int, int, float], None] | None = None
) -> tuple[int, str]:
    """Return the number of states that predicts held-out blocks best, and a line that says so."""
    values: dict[int, float] = {}
    best, since = NUMBERS[0], 0
    for done, number in enumerate(NUMBERS):
        is_last = since >= PATIENCE or (values and is_time_up())
        if number > max(1, data.n_times // N_BLOCKS) or is_last:
            break
        value = values[number] = score_held_out(data, number, seed)
        if on_progress is not None:
            on_progress(done, len(NUMBERS), value)
        gained = value - values[best] > LEAST_GAIN * (values[best] - values[NUMBERS[0]])
        if number == NUMBERS[0] or (value > values[best] and gained):
            best, since = number, 0
        else:
            since += 1
    tried = ", ".join(f"{number}: {value:.3f}" for number, value in values.items())
    return best, f"{best} states by held-out log-likelihood, nats per observation ({tried})"


def score_held_out(data: Data, n_states: int, seed: int) -> float:
    """Return the log-likelihood of held-out blocks given all other bins, nats per observation."""
    n_bins = int(np.clip(data.n_times // MOST_BLOCKS, 1, MOST_BLOCK_BINS))
    block = np.arange(data.n_times) // n_bins % N_BLOCKS
    value = total = 0.0
    for fold in FOLDS:
        rest = replace(data, is_seen=data.is_seen & (block != fold))
        course = find_best_course(rest, n_states, seed, N_LONG // 4)
        value += expect(course.states, data).log_likelihood
        value -= course.expected.log_likelihood
        total += data.counts[block == fold].sum()
    return value / max(total, 1.0)


def find_best_course(data: Data, n_states: int, seed: int, most: int) -> Course:
    """Return the most probable of several courses of EM with geometric durations."""
    courses = []
    for number, width in enumerate(STARTS_PER_WIDTH * WIDTHS):
        rate = cluster_windows(data, n_states, width, generator(seed, number))
        if rate is not None:
            courses.append(_climb(initial_states(data, rate, 2 * width), data, N_SHORT))
        if courses and is_time_up():
            break
    courses.sort(key=lambda course: -course.log_likelihood[-1])
    # the best after a few iterations is not always the best in the end
    courses = [_climb(course.states, data, most) for course in courses[:N_KEPT]]
    return max(courses, key=lambda course: course.log_likelihood[-1])


def cluster_windows(
    data: Data, n_states: int, width: int, rng: np.random.Generator
) -> Floats | None:
    """Return mean words of clusters of windows, float64 array (K, W), None for too few windows."""
    window = np.arange(data.n_times) // width
    if window[-1] + 1 < n_states and width > 1:
        return None
    often = np.argsort(-data.mean, kind="stable")[:MOST_WORDS]
    edge = np.arange(0, data.n_times, width)
    counts = data.counts[:, often].toarray() * data.is_seen[:, None]
    n_bins = np.maximum(np.add.reduceat(data.is_seen.astype(float), edge), 1)
    # roots of counts have the same variance everywhere, and equal ones need a little jitter
    root = np.sqrt(np.add.reduceat(counts, edge, axis=0) / n_bins[:, None])
    root = root + 1e-3 * root.mean() * rng.standard_normal(root.shape)
    with warnings.catch_warnings():
        # clusters without a window are handled below
        warnings.simplefilter("ignore")
        _, label = kmeans2(root, min(n_states, len(root)), minit="++", rng=rng)
    member = (label[window][:, None] == np.arange(n_states)) & data.is_seen[:, None]
    summed = np.asarray((data.counts.T @ member.astype(np.float64)).T)
    rate: Floats = (summed + data.mean) / (member.sum(axis=0) + 1)[:, None]
    # a cluster without a window begins as the whole, a little apart
    rate *= rng.uniform(0.9, 1.1, rate.shape)
    return rate


def _climb(states: States, data: Data, most: int) -> Course:
    found, expected, values = climb(states, data, most=most)
    return Course(states=found, expected=expected, log_likelihood=tuple(values))
