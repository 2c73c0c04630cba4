"""Stochastic EM, and variational inference: motifs move after every batch, which is forgotten.

The E-step of a batch infers the starts of its documents from nothing, motifs held fixed, as online
LDA does with its local parameters (Hoffman, Blei and Bach, NIPS 2010, algorithm 2). The statistics
that it gives, per observation, are blended into those so far at the rate
(delay + step) ** -forgetting (their rho_t = (tau_0 + t)^-kappa), and the M-step is that of ordinary
EM (Cappe and Moulines, JRSS B 71(3), 2009).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from motifmine.models.protocol import OutOfCore
from motifmine.models.statistics import (
    Parameters,
    Statistics,
    add_statistics,
    blend_statistics,
)
from motifmine.parallel.mappers import Mapper, sort_results
from motifmine.records.settings import Rate
from motifmine.time_limit import is_time_up
from motifmine.workflows.out_of_core.census import Group, Listed, Reading, group_documents

BATCHES_PER_PASS = 24  # default number of batches of a pass, for archives that are large enough
BATCH_OBSERVATIONS = 30_000  # smallest number of observations of a default batch, approximately


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OnlineTask:
    """What a worker needs for the E-step of a group, in addition to the parameters."""

    reading: Reading
    learner: OutOfCore


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """State of stochastic EM, from which it continues with other documents."""

    parameters: Parameters
    statistics: Statistics
    """Per observation."""
    n_steps: int
    """Batches so far; they lower the learning rate."""


def batches_of(
    documents: Sequence[Listed], batch_documents: int, rng: np.random.Generator
) -> list[list[Listed]]:
    """Return the documents in random order, cut into batches."""
    # in order of time a batch would be one season, and motifs would follow the last
    order = [documents[i] for i in rng.permutation(len(documents))]
    return [order[i : i + batch_documents] for i in range(0, len(order), batch_documents)]


def default_batch(documents: Sequence[Listed]) -> int:
    """Return the default number of documents of a batch."""
    per_document = sum(d.n_observations for d in documents) / max(1, len(documents))
    least = int(np.ceil(BATCH_OBSERVATIONS / max(per_document, 1.0)))
    # a batch that all documents cannot fill would count as a smaller one
    return min(len(documents), max(least, len(documents) // BATCHES_PER_PASS))


def climb_online(
    batches: Iterable[Sequence[Listed]],
    task: OnlineTask,
    standing: Standing,
    rate: Rate,
    mapper: Mapper,
    *,
    batch_documents: int,
    on_batch: Callable[[Statistics], None],
) -> Standing:
    """Return the state of stochastic EM after `batches`, each seen once.

    Parameters
    ----------
    batches : iterable of sequences of Listed
    standing : Standing
        State before the first batch.
    rate : Rate
        Learning rate by the number of steps.
    mapper : callable
        Like the built-in `map`; called with the groups of a batch.
    batch_documents : int
        Documents of a whole batch; a smaller one moves the motifs less.
    on_batch : callable
        Called with the statistics of every batch under the parameters before it.
    """
    for batch in batches:
        parameters = standing.parameters
        groups = group_documents(
            batch, n_motifs=len(parameters.motifs), motif_length=parameters.motifs.shape[1]
        )
        results: Iterable[tuple[int, Statistics]] = mapper(
            partial(infer_group, task, parameters), groups
        )
        found = add_statistics(task.learner.no_statistics(parameters), sort_results(results))
        # a batch without observations has no statistics per observation, and is no step
        if found.total == 0:
            continue
        on_batch(found)
        # the last batch of a pass is smaller and moves the motifs less
        share = min(1.0, len(batch) / batch_documents)
        statistics = blend_statistics(standing.statistics, found, share * rate.at(standing.n_steps))
        standing = Standing(
            parameters=task.learner.maximise(parameters, statistics),
            statistics=statistics,
            n_steps=standing.n_steps + 1,
        )
        if is_time_up():
            break
    return standing


def infer_group(task: OnlineTask, parameters: Parameters, group: Group) -> tuple[int, Statistics]:
    """Return number and statistics of a group, its starts inferred without earlier ones."""
    table = task.reading.compact(task.reading.read(group.paths))
    if len(table.word) == 0:
        return group.number, task.learner.no_statistics(parameters)
    return group.number, task.learner.infer(table, parameters)
