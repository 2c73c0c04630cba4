"""Out-of-core batch EM over groups of documents; only sufficient statistics are communicated.

The state of documents between iterations is in scratch files, next to the observations of their
group, and a worker holds one group at a time. With all documents in one group the result has the
same bytes as a fit in memory; with more groups sums are rounded in another order.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.models.monitor import has_converged
from motifmine.models.protocol import OutOfCore
from motifmine.models.statistics import Parameters, Statistics, add_statistics
from motifmine.parallel.mappers import Mapper, sort_results
from motifmine.parallel.scratch import temporary_name
from motifmine.records.table import ObservationTable, Recording, bin_starts
from motifmine.records.vocabulary import Vocabulary
from motifmine.time_limit import is_time_up
from motifmine.workflows.out_of_core.census import Group, Reading

# share of non-zero starts below which they are written as a list of cells, to save space
SPARSE_BELOW = 0.3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EmTask:
    """What a worker needs to step a group, in addition to the parameters."""

    reading: Reading
    learner: OutOfCore
    scratch: Path
    """Folder that all workers see."""

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
    on_value: Callable[[float], None],
) -> tuple[Parameters, Statistics]:
    """Return the parameters after EM over all groups, and their latest statistics.

    Parameters
    ----------
    parameters : Parameters
        Where EM begins.
    mapper : callable
        Like the built-in `map`; the result does not depend on it.
    on_value : callable
        Called with the log-likelihood of every iteration.
    """
    # the loop waits for all groups: mappers may be lazy, and EM reads what every group has written
    for _ in mapper(partial(settle_group, task, parameters), groups):
        pass
    learner = task.learner
    found, last = learner.no_statistics(parameters), -np.inf
    for iteration in range(learner.iterations):
        found = statistics_of_groups(groups, task, parameters, mapper, iteration)
        on_value(found.log_likelihood)
        parameters = learner.maximise(parameters, found)
        gain = found.log_likelihood - last
        if has_converged(iteration, gain, learner.tolerance, found.total) or is_time_up():
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
    # groups finish in any order; sums in the order of their numbers round the same every time
    return add_statistics(task.learner.no_statistics(parameters), sort_results(results))


def settle_group(task: EmTask, parameters: Parameters, group: Group) -> None:
    """Read a group, infer its starts from flat ones, and write both to the scratch folder."""
    reading = task.reading
    table = reading.compact(reading.read(group.paths))
    _write(
        task.table_path(group),
        offsets=table.offsets,
        word=table.word,
        count=table.count,
        n_times=np.array([r.n_times for r in table.recordings]),
    )
    _write_local(task.state_path(group, 0), task.learner.settle(table, parameters))


def step_group(
    task: EmTask, parameters: Parameters, iteration: int, group: Group
) -> tuple[int, Statistics]:
    """Return number and statistics of a group under `parameters`; its new starts are written."""
    table = _read_table(task.table_path(group), len(parameters.words))
    local = _read_local(task.state_path(group, iteration))
    found, local = task.learner.step(table, parameters, local)
    _write_local(task.state_path(group, iteration + 1), local)
    # the starts that were read stay for one more iteration: another worker may repeat this step
    task.state_path(group, iteration - 1).unlink(missing_ok=True)
    return group.number, found


def _write(path: Path, **arrays: Any) -> None:
    """Write arrays atomically.

    Two workers may run the same step at a time; their temporary names differ.
    """
    part = temporary_name(path)
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


def _write_local(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays, as a list of cells where most of them are 0."""
    written = {}
    for name, array in arrays.items():
        flat = array.reshape(-1)
        cell = np.flatnonzero(flat)
        # a cell of the list takes three times the space of a number
        if len(cell) < SPARSE_BELOW * flat.size:
            written[f"{name}.cell"], written[f"{name}.value"] = cell, flat[cell]
            written[f"{name}.shape"] = np.array(array.shape)
        else:
            written[name] = array
    _write(path, **written)


def _read_local(path: Path) -> Mapping[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as kept:
        found = {name: kept[name] for name in kept if "." not in name}
        for name in (name.removesuffix(".cell") for name in kept if name.endswith(".cell")):
            value = kept[f"{name}.value"]
            array = np.zeros(kept[f"{name}.shape"], value.dtype)
            array.reshape(-1)[kept[f"{name}.cell"]] = value
            found[name] = array
        return found
