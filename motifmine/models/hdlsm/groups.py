"""HDLSM for more documents than one chain can sample: fitted in groups, then merged.

An approximation that is not in the papers, which sample all documents at once. Each group of
documents is fitted on its own. What is lost:

- Groups do not share strength: a motif must occur often enough in one group to be found there.
- Motifs of several groups are merged by their cosine at the best shift (`merge_motifs`). What only
  one group has is kept if it is heavy there or is also found elsewhere (`select_confirmed_motifs`).
  These are heuristics outside the model; averages over groups replace the posterior.
- There is no posterior of the number of motifs or of an occurrence, and no R-hat. The fit reports
  in how many groups each motif was found independently.

What is gained: groups can be sampled in parallel, memory and time of a chain depend only on its
group, and counts need less scaling.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, NamedTuple

import numpy as np

from motifmine.errors import SpecError
from motifmine.models.fitted import provenance_of
from motifmine.models.hdlsm.fitted import SampledFit
from motifmine.models.hdlsm.fold_in import locate_by_sampling
from motifmine.models.hdlsm.merging import (
    MergedMotifs,
    PartMotifs,
    merge_motifs,
    select_confirmed_motifs,
)
from motifmine.models.hdlsm.sampling import (
    MAX_OBSERVATIONS,
    TOPICS_PER_BIN,
    choose_count_scale,
    sample_documents,
)
from motifmine.models.hdlsm.spec import HdlsmSpec
from motifmine.models.protocol import Located
from motifmine.parallel.mappers import Mapper
from motifmine.progress import Progress
from motifmine.records.fit import Activations, Background, MotifSet, Trace
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator, resolve_seed
from motifmine.types import Floats, Floats32, Indices


def sample_in_groups(
    spec: HdlsmSpec,
    table: ObservationTable,
    groups: int | Literal["auto"] = "auto",
    *,
    seed: int | None = 0,
    mapper: Mapper = map,
    on_progress: Callable[[Progress], None] | None = None,
) -> "GroupedHdlsmFit":
    """Fit every group of documents, merge the motifs, and locate them in all documents.

    The result does not depend on which process samples which group.

    Parameters
    ----------
    spec : HdlsmSpec
        Of every group.
    groups : int or `auto`
        See `count_groups`.
    mapper : callable
        Like the built-in `map`: distributes the groups, see `motifmine.parallel.mappers`.

    Raises
    ------
    DataError
        If a group is too small for the specification.
    """
    began = time.perf_counter()
    seed = resolve_seed(seed)
    partition = partition_documents(table, count_groups(spec, table, groups))
    tables = [table.documents(group.tolist()) for group in partition]
    # one scale for all groups: masses of their motifs are compared and added
    scale = spec.count_scale or min(choose_count_scale(part) for part in tables)
    spec = replace(spec, count_scale=scale)
    seeds = generator(seed, Stream.GROUP).integers(1 << 31, size=len(partition)).tolist()
    sampled: list[SampledGroup] = []
    for found in mapper(
        partial(sample_group, spec),
        [Group(number, part, seeds[number]) for number, part in enumerate(tables)],
    ):
        sampled.append(found)
        if on_progress is not None:
            on_progress(Progress(len(sampled), len(partition), float(found.log_joint[-1])))
    # they arrive in the order in which processes finish
    sampled.sort(key=lambda found: found.number)
    spec = replace(spec, sweeps=sampled[0].sweeps)
    return _build_fit(spec, table, partition, sampled, seed, began)


def count_groups(spec: HdlsmSpec, table: ObservationTable, groups: int | Literal["auto"]) -> int:
    """Return the number of groups that the documents of `table` are partitioned into.

    `auto`: enough that no group has much more than 200,000 observations to sample. Each group has
    at least one document that is not empty.

    Raises `SpecError` when it is below 1.
    """
    most = max(1, int(np.count_nonzero(_sum_counts_by_document(table))))
    if groups != "auto":
        if groups < 1:
            raise SpecError(f"groups is {groups}; it must be 1 or more")
        return min(groups, most)
    # negated twice: division rounded up
    return min(max(1, -int(-_wanted_observations(spec, table) // MAX_OBSERVATIONS)), most)


def _wanted_observations(spec: HdlsmSpec, table: ObservationTable) -> float:
    """Return the number of observations to sample if chains had no limit."""
    if spec.count_scale is not None:
        return table.total * spec.count_scale
    if table.vocabulary.layout.topics() is not None:
        return min(table.total, TOPICS_PER_BIN * table.n_times)
    return table.total


def partition_documents(table: ObservationTable, n_groups: int) -> list[Indices]:
    """Partition documents into groups of about equal size, ascending within each group.

    Greedy: the largest remaining document goes to the lightest group, so that each group also has
    documents from all over the archive.
    """
    sizes = _sum_counts_by_document(table)
    groups: list[list[int]] = [[] for _ in range(n_groups)]
    mass = np.zeros(n_groups)
    for document in np.argsort(-sizes, kind="stable").tolist():
        # empty groups first, so that every group gets a document even if documents are empty
        lightest = min(range(n_groups), key=lambda g: (len(groups[g]) > 0, mass[g], g))
        groups[lightest].append(document)
        mass[lightest] += sizes[document]
    return [np.array(sorted(group), dtype=np.int64) for group in groups]


def _sum_counts_by_document(table: ObservationTable) -> Floats:
    """Sum the counts of every document, float64 array (D,)."""
    until = np.concatenate([[0.0], np.cumsum(table.count, dtype=np.float64)])
    total: Floats = np.diff(until[table.offsets[table.document_offsets]])
    return total


class Group(NamedTuple):
    """A group of documents that are sampled together."""

    number: int
    table: ObservationTable
    seed: int


class SampledGroup(NamedTuple):
    """Result of fitting one group."""

    number: int
    motifs: PartMotifs
    background: Floats
    """Background observations by word, float64 array (W,)."""
    log_joint: Floats
    """Log joint probability of every sweep of the selected chain, nats."""
    seconds: Floats
    sweeps: int


def sample_group(spec: HdlsmSpec, group: Group) -> SampledGroup:
    """Fit HDLSM to one group."""
    fit = sample_documents(spec, group.table, seed=group.seed)
    total = group.table.total
    return SampledGroup(
        number=group.number,
        motifs=PartMotifs(
            probability=fit.motifs.probability, mass=fit.motifs.weight * total, total=total
        ),
        background=fit.background.probability.astype(np.float64) * fit.background.weight * total,
        log_joint=fit.trace.log_likelihood,
        seconds=fit.trace.seconds,
        sweeps=len(fit.trace.iteration),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupedHdlsmFit(SampledFit):
    """Motifs of HDLSM fitted in groups; activations were sampled with motifs held fixed."""

    found_in: tuple[tuple[int, ...], ...]
    """Groups that every motif was found in."""
    motifs_by_group: tuple[int, ...]

    def findings(self) -> dict[str, object]:
        """Return the agreement of the groups as plain values for the fit file."""
        n_groups, times = len(self.motifs_by_group), [len(groups) for groups in self.found_in]
        several = sum(n > 1 for n in times)
        return {
            "agreement": f"sampled in {n_groups} groups of documents: {several} of "
            f"{len(times)} motifs were found in more than one",
            "motifs_by_group": list(self.motifs_by_group),
            "groups_by_motif": times,
        }


def _build_fit(
    spec: HdlsmSpec,
    table: ObservationTable,
    partition: list[Indices],
    sampled: list[SampledGroup],
    seed: int,
    began: float,
) -> GroupedHdlsmFit:
    """Merge the motifs of all groups, locate them in all documents, and build the fit."""
    merged = merge_motifs([found.motifs for found in sampled])
    background, scale = _average_background(sampled, table.total), spec.count_scale or 1.0
    located = _locate_merged(merged, background, table, seed, scale)
    holding = select_confirmed_motifs(
        merged,
        _mass_by_group(located.activations, partition, len(merged.mass)),
        np.array([found.motifs.total for found in sampled]),
    )
    if len(holding) < len(merged.mass):
        # the observations of discarded motifs are free for the others: locate again
        merged = merged.only(holding)
        located = _locate_merged(merged, background, table, seed, scale)
    weight = (
        np.bincount(located.activations.motif, located.activations.mass, minlength=len(merged.mass))
        / table.total
    )
    order = np.argsort(-weight, kind="stable")
    merged = merged.only(order)
    return GroupedHdlsmFit(
        spec=spec,
        motifs=MotifSet(probability=merged.probability, weight=weight[order]),
        background=located.background,
        activations=_renumber(located.activations, order),
        trace=_sum_traces(sampled, time.perf_counter() - began),
        provenance=provenance_of(
            "hdlsm",
            spec,
            table,
            seed=seed,
            elapsed_s=time.perf_counter() - began,
            more={"groups": len(sampled)},
        ),
        found_in=merged.parts,
        motifs_by_group=tuple(len(found.motifs.mass) for found in sampled),
    )


def _locate_merged(
    merged: MergedMotifs, background: Background, table: ObservationTable, seed: int, scale: float
) -> Located:
    """Locate the merged motifs in all documents."""
    motifs = MotifSet(probability=merged.probability, weight=merged.mass / table.total)
    return locate_by_sampling(motifs, background, table, seed, count_scale=scale)


def _mass_by_group(activations: Activations, partition: list[Indices], n_motifs: int) -> Floats:
    """Sum the observations of every motif in every group, float64 array (M, groups)."""
    group = np.zeros(len(activations.offsets) - 1, dtype=np.int64)
    for number, documents in enumerate(partition):
        group[documents] = number
    # activations are sorted by document
    of_entry = np.repeat(group, np.diff(activations.offsets))
    mass = np.zeros((n_motifs, len(partition)))
    np.add.at(mass, (activations.motif, of_entry), activations.mass)
    return mass


def _average_background(sampled: list[SampledGroup], total: float) -> Background:
    """Return the mean background of all groups, uniform if no group has any."""
    words: Floats = np.sum([found.background for found in sampled], axis=0)
    mass = float(words.sum())
    even = np.full(len(words), 1 / len(words))
    probability: Floats32 = (words / mass if mass > 0 else even).astype(np.float32)
    return Background(probability=probability, weight=min(1.0, mass / total))


def _renumber(activations: Activations, order: Indices) -> Activations:
    """Renumber the motifs of activations after reordering them by `order`."""
    rank = np.argsort(order, kind="stable").astype(np.int32)
    return replace(activations, motif=rank[activations.motif])


def _sum_traces(sampled: list[SampledGroup], elapsed_s: float) -> Trace:
    """Sum the log joint probabilities of groups over the last sweeps that all of them have."""
    n_sweeps = min(found.sweeps for found in sampled)
    # the last sweeps: groups with fewer observations run for more
    log_joint: Floats = np.sum([found.log_joint[-n_sweeps:] for found in sampled], axis=0)
    return Trace(
        iteration=np.arange(n_sweeps),
        log_likelihood=log_joint,
        # groups may have run in parallel, so only the total duration is meaningful
        seconds=np.linspace(0.0, elapsed_s, n_sweeps),
    )
