"""PLSM's EM over groups of documents: each is stepped where it lies, only statistics travel.

It is the iteration of `motifmine.models.plsm.em` taken apart. Starts and the background's mass of a
document depend on nothing but this document and the shared parameters, so they stay in a scratch
file beside the observations of their group, and a worker holds one group at a time. With all
documents in one group the result is that of `em.climb` to the byte; with more groups sums are
rounded in another order.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from motifmine.models.plsm.em import (
    Problem,
    State,
    flat_start,
    infer_starts,
    pose,
    step_starts,
)
from motifmine.models.plsm.spec import Priors
from motifmine.models.plsm.statistics import (
    Parameters,
    Statistics,
    maximised,
    no_statistics,
    summed,
)
from motifmine.parallel.mappers import Mapper, in_order
from motifmine.records.table import ObservationTable, Recording, bin_starts
from motifmine.records.vocabulary import Vocabulary
from motifmine.workflows.out_of_core.census import Group, Reading

SPARSE_BELOW = 0.3
"""Share of starts above zero below which they are written as a list."""
LEAST_ITERATIONS = 5
"""EM goes on for more iterations than these, whatever the gain."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EmTask:
    """What a worker must know to step a group, besides the parameters."""

    reading: Reading
    priors: Priors
    most_motifs: int
    n_settle: int
    """Iterations in which starts are inferred before motifs are learned."""
    n_ramp: int
    """Iterations of these over which the sparsity comes in."""
    n_threads: int
    scratch: Path
    """Folder that all workers see."""

    def problem(self, table: ObservationTable, parameters: Parameters) -> Problem:
        """Return the problem of the documents of one group."""
        return pose(
            table,
            parameters.motifs.shape[1],
            self.priors,
            most_motifs=max(self.most_motifs, len(parameters.motifs)),
            n_threads=self.n_threads,
        )

    def table_path(self, group: Group) -> Path:
        """Return where the prepared observations of a group are kept."""
        return self.scratch / f"group-{group.number:06d}.npz"

    def state_path(self, group: Group, iteration: int) -> Path:
        """Return where the starts of a group are kept after an iteration."""
        return self.scratch / f"group-{group.number:06d}-{iteration:06d}.npz"


def climb_groups(
    groups: Sequence[Group],
    task: EmTask,
    parameters: Parameters,
    mapper: Mapper,
    *,
    n_iterations: int,
    tolerance: float,
    on_value: Callable[[float], None],
) -> tuple[Parameters, Statistics]:
    """Return the parameters after EM over all groups, and their latest statistics.

    Parameters
    ----------
    groups : sequence of Group
    task : EmTask
    parameters : Parameters
        Where EM begins.
    mapper : callable
        Like the built-in `map`; the result does not depend on it.
    n_iterations : int
    tolerance : float
        Stop when the log-likelihood per observation rises by less, nats.
    on_value : callable
        Called with the log-likelihood of every iteration.
    """
    for _ in mapper(partial(settle_group, task, parameters), groups):
        pass
    found, last = no_statistics(parameters), -np.inf
    for iteration in range(n_iterations):
        found = statistics_of_groups(groups, task, parameters, mapper, iteration)
        on_value(found.log_likelihood)
        parameters = maximised(parameters, found, task.priors.motif_prior)
        if iteration > LEAST_ITERATIONS and found.log_likelihood - last < tolerance * found.total:
            break
        last = found.log_likelihood
    return parameters, found


def statistics_of_groups(
    groups: Sequence[Group],
    task: EmTask,
    parameters: Parameters,
    mapper: Mapper,
    iteration: int,
) -> Statistics:
    """Return the statistics of all groups under `parameters`: one iteration's E-step."""
    results: Iterable[tuple[int, Statistics]] = mapper(
        partial(step_group, task, parameters, iteration), groups
    )
    return summed(parameters, in_order(results))


def settle_group(task: EmTask, parameters: Parameters, group: Group) -> None:
    """Read a group, infer its starts from flat ones, and leave both in the scratch folder."""
    reading = task.reading
    table = reading.compact(reading.read(group.paths))
    problem = task.problem(table, parameters)
    state = flat_start(problem, *parameters)
    state = infer_starts(problem, state, n_iterations=task.n_settle, n_ramp=task.n_ramp)
    _write(
        task.table_path(group),
        offsets=table.offsets,
        word=table.word,
        count=table.count,
        n_times=np.array([r.n_times for r in table.recordings]),
    )
    _write_state(task.state_path(group, 0), state)


def step_group(
    task: EmTask, parameters: Parameters, iteration: int, group: Group
) -> tuple[int, Statistics]:
    """Return the statistics of a group under `parameters`, and leave its new starts.

    The starts it begins with stay until the iteration after, so that a worker's work can be done
    again by another.
    """
    table = _read_table(task.table_path(group), len(parameters.words))
    problem = task.problem(table, parameters)
    state = _read_state(task.state_path(group, iteration), parameters)
    threshold = problem.thresholds(state.n_motifs)
    state, found, value = step_starts(problem, state, threshold)
    _write_state(task.state_path(group, iteration + 1), state)
    task.state_path(group, iteration - 1).unlink(missing_ok=True)
    return group.number, Statistics(found.phi, found.background_words, value, problem.total)


def _write(path: Path, **arrays: Any) -> None:
    part = path.with_name(f"{path.name}.part-{os.getpid()}")
    with part.open("wb") as file:
        np.savez(file, **arrays)
    part.replace(path)


def _read_table(path: Path, n_words: int) -> ObservationTable:
    with np.load(path, allow_pickle=False) as kept:
        return ObservationTable(
            offsets=kept["offsets"],
            word=kept["word"],
            count=kept["count"],
            recordings=tuple(
                Recording(name=str(number), bin_start_s=bin_starts(int(n_times), 1.0))
                for number, n_times in enumerate(kept["n_times"])
            ),
            vocabulary=Vocabulary.of_labels([str(word) for word in range(n_words)]),
            bin_s=1.0,
        )


def _write_state(path: Path, state: State) -> None:
    """Write starts and the background's mass, starts as a list where most are 0."""
    flat = state.starts.reshape(-1)
    arrays = {"mass": state.background_mass, "shape": np.array(state.starts.shape)}
    if np.count_nonzero(flat) < SPARSE_BELOW * flat.size:
        cell = np.flatnonzero(flat)
        _write(path, cell=cell, start=flat[cell], **arrays)
    else:
        _write(path, start=flat, **arrays)


def _read_state(path: Path, parameters: Parameters) -> State:
    with np.load(path, allow_pickle=False) as kept:
        starts = kept["start"]
        if "cell" in kept:
            flat = np.zeros(int(np.prod(kept["shape"])), np.float32)
            flat[kept["cell"]] = starts
            starts = flat
        return State(
            parameters.motifs, starts.reshape(kept["shape"]), parameters.words, kept["mass"]
        )
