"""HDLSM for more documents than one chain can sample: group by group, then brought together.

An approximation of our own; the papers sample all documents at once. Each group of documents has a
posterior of its own, from which the fit takes what `Hdlsm.fit` takes. What is lost by it:

- Groups do not share strength: a motif must occur often enough in one group to be found there.
- Motifs of several groups are joined by their cosine at the best shift (`merge_motifs`). What only
  one group has is kept when it is heavy there or comes again elsewhere (`holding_motifs`). These
  are rules and no part of the model; means over the groups stand for the posterior.
- No number of motifs of the whole, no probability of an occurrence and no R-hat come out of it.
  What can be told is in how many groups each motif was found, independently of each other.

What it gives: groups can be sampled side by side, memory and time of a chain depend on its group
alone, and where counts would have been scaled down they are scaled down less.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, NamedTuple

import numpy as np

from motifmine.errors import SpecError
from motifmine.models.fitted import FittedModel, provenance_of
from motifmine.models.hdlsm.fold_in import locate_by_sampling
from motifmine.models.hdlsm.merging import (
    MergedMotifs,
    PartMotifs,
    holding_motifs,
    merge_motifs,
)
from motifmine.models.hdlsm.sampling import (
    MOST_OBSERVATIONS,
    TOPICS_PER_BIN,
    default_scale,
    sample_documents,
)
from motifmine.models.hdlsm.spec import HdlsmSpec
from motifmine.models.protocol import Located
from motifmine.parallel.mappers import Mapper
from motifmine.progress import Progress
from motifmine.records.fit import Activations, Background, MotifSet, Provenance, Trace
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
    """Return the motifs of all groups, and where they are active in all documents.

    The result does not depend on who samples which group.

    Parameters
    ----------
    spec : HdlsmSpec
        Of every group.
    table : ObservationTable
    groups : int or `auto`
        See `number_of_groups`.
    seed : int or None
    mapper : callable
        Like the built-in `map`: shares out the groups, see `motifmine.parallel.mappers`.
    on_progress : callable or None
        Called with a `Progress` after every group.

    Raises
    ------
    DataError
        When a group is too small for the specification.

    Examples
    --------
    >>> from motifmine import simulate
    >>> from motifmine.models.hdlsm.groups import sample_in_groups
    >>> from motifmine.models.hdlsm.model import Hdlsm
    >>> table = simulate(n_motifs=2, n_times=200, n_documents=4, seed=1).table
    >>> spec = Hdlsm(motif_length=10, chains=1, sweeps=100, burn_in=60)
    >>> sample_in_groups(spec, table, 2, seed=0).motifs
    MotifSet(2 motifs of 10 bins x 20 words)
    """
    began = time.perf_counter()
    seed = resolve_seed(seed)
    dealt = deal_documents(table, number_of_groups(spec, table, groups))
    tables = [table.documents(group.tolist()) for group in dealt]
    scale = spec.count_scale or min(default_scale(part) for part in tables)
    spec = replace(spec, count_scale=scale)
    seeds = generator(seed, Stream.GROUP).integers(1 << 31, size=len(dealt)).tolist()
    sampled: list[SampledGroup] = []
    for found in mapper(
        partial(sample_group, spec),
        [Group(number, part, seeds[number]) for number, part in enumerate(tables)],
    ):
        sampled.append(found)
        if on_progress is not None:
            on_progress(Progress(len(sampled), len(dealt), float(found.log_joint[-1])))
    sampled.sort(key=lambda found: found.number)
    spec = replace(spec, sweeps=sampled[0].sweeps)
    return _package(spec, table, dealt, sampled, seed, began)


def number_of_groups(
    spec: HdlsmSpec, table: ObservationTable, groups: int | Literal["auto"]
) -> int:
    """Return the number of groups that the documents of `table` are dealt into.

    `auto`: so many that none has much more than 200,000 observations to sample. Each group has at
    least one document that holds something.

    Raises
    ------
    SpecError
        When it is below 1.
    """
    most = max(1, int(np.count_nonzero(_sizes(table))))
    if groups != "auto":
        if groups < 1:
            raise SpecError(f"groups is {groups}; it must be 1 or more")
        return min(groups, most)
    return min(max(1, -int(-_wanted_observations(spec, table) // MOST_OBSERVATIONS)), most)


def _wanted_observations(spec: HdlsmSpec, table: ObservationTable) -> float:
    """Return how many would be sampled if a chain could take any number."""
    if spec.count_scale is not None:
        return table.total * spec.count_scale
    if table.vocabulary.layout.topics() is not None:
        return min(table.total, TOPICS_PER_BIN * table.n_times)
    return table.total


def deal_documents(table: ObservationTable, n_groups: int) -> list[Indices]:
    """Return the documents of every group, ascending: the largest goes to the lightest group.

    Groups so hold about as many observations, and documents from all over the archive.
    """
    sizes = _sizes(table)
    groups: list[list[int]] = [[] for _ in range(n_groups)]
    mass = np.zeros(n_groups)
    for document in np.argsort(-sizes, kind="stable").tolist():
        # empty groups first: no document is so light that it could go before
        lightest = min(range(n_groups), key=lambda g: (len(groups[g]) > 0, mass[g], g))
        groups[lightest].append(document)
        mass[lightest] += sizes[document]
    return [np.array(sorted(group), dtype=np.int64) for group in groups]


def _sizes(table: ObservationTable) -> Floats:
    """Return the sum of the counts of every document, float64 array (D,)."""
    until = np.concatenate([[0.0], np.cumsum(table.count, dtype=np.float64)])
    total: Floats = np.diff(until[table.offsets[table.document_offsets]])
    return total


class Group(NamedTuple):
    """Documents that are sampled together."""

    number: int
    table: ObservationTable
    seed: int


class SampledGroup(NamedTuple):
    """What the chains of a group found."""

    number: int
    motifs: PartMotifs
    background: Floats
    """Observations of the background by word, float64 array (W,)."""
    log_joint: Floats
    """Of every sweep of the chain that was taken."""
    seconds: Floats
    sweeps: int


def sample_group(spec: HdlsmSpec, group: Group) -> SampledGroup:
    """Return what HDLSM finds in one group."""
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
class GroupedHdlsmFit(FittedModel):
    """Motifs that HDLSM found in groups of documents, and when they occur in all of them."""

    spec: HdlsmSpec
    """Of every group, `count_scale` as it was used."""
    motifs: MotifSet
    background: Background
    activations: Activations
    """Sampled with the motifs held fixed."""
    trace: Trace
    """Log joint probability, summed over the groups."""
    provenance: Provenance
    found_in: tuple[tuple[int, ...], ...]
    """The groups that every motif was found in."""
    motifs_by_group: tuple[int, ...]

    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        """Return where the motifs are active in `table`, motifs held fixed.

        `reckoned_total` is not used: no prior here depends on it.
        """
        return locate_by_sampling(
            self.motifs,
            self.background,
            table,
            self.provenance.seed,
            count_scale=self.spec.count_scale or 1.0,
        )

    def findings(self) -> dict[str, object]:
        """Return how the groups agree, plain values for a fit file."""
        n_groups, times = len(self.motifs_by_group), [len(groups) for groups in self.found_in]
        several = sum(n > 1 for n in times)
        return {
            "agreement": f"sampled in {n_groups} groups of documents: {several} of "
            f"{len(times)} motifs were found in more than one",
            "motifs_by_group": list(self.motifs_by_group),
            "groups_by_motif": times,
        }


def _package(
    spec: HdlsmSpec,
    table: ObservationTable,
    dealt: list[Indices],
    sampled: list[SampledGroup],
    seed: int,
    began: float,
) -> GroupedHdlsmFit:
    """Return the records of the fit: motifs brought together, then located in all documents."""
    merged = merge_motifs([found.motifs for found in sampled])
    background, scale = _background(sampled, table.total), spec.count_scale or 1.0
    located = _located(merged, background, table, seed, scale)
    holding = holding_motifs(
        merged,
        _mass_by_group(located.activations, dealt, len(merged.mass)),
        np.array([found.motifs.total for found in sampled]),
    )
    if len(holding) < len(merged.mass):
        merged = merged.only(holding)
        located = _located(merged, background, table, seed, scale)
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
        activations=_renumbered(located.activations, order),
        trace=_trace(sampled, time.perf_counter() - began),
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


def _located(
    merged: MergedMotifs, background: Background, table: ObservationTable, seed: int, scale: float
) -> Located:
    """Return where motifs are in all documents."""
    motifs = MotifSet(probability=merged.probability, weight=merged.mass / table.total)
    return locate_by_sampling(motifs, background, table, seed, count_scale=scale)


def _mass_by_group(activations: Activations, dealt: list[Indices], n_motifs: int) -> Floats:
    """Return the observations of every motif in every group, float64 array (M, groups)."""
    group = np.zeros(len(activations.offsets) - 1, dtype=np.int64)
    for number, documents in enumerate(dealt):
        group[documents] = number
    of_entry = np.repeat(group, np.diff(activations.offsets))
    mass = np.zeros((n_motifs, len(dealt)))
    np.add.at(mass, (activations.motif, of_entry), activations.mass)
    return mass


def _background(sampled: list[SampledGroup], total: float) -> Background:
    """Return the mean background of all groups; even where no group has any."""
    words: Floats = np.sum([found.background for found in sampled], axis=0)
    mass = float(words.sum())
    even = np.full(len(words), 1 / len(words))
    probability: Floats32 = (words / mass if mass > 0 else even).astype(np.float32)
    return Background(probability=probability, weight=min(1.0, mass / total))


def _renumbered(activations: Activations, order: Indices) -> Activations:
    """Return the activations of motifs that come in another order."""
    rank = np.argsort(order, kind="stable").astype(np.int32)
    return replace(activations, motif=rank[activations.motif])


def _trace(sampled: list[SampledGroup], elapsed_s: float) -> Trace:
    """Return the sums over groups of the last sweeps that all of them have."""
    n_sweeps = min(found.sweeps for found in sampled)
    log_joint: Floats = np.sum([found.log_joint[-n_sweeps:] for found in sampled], axis=0)
    return Trace(
        iteration=np.arange(n_sweeps),
        log_likelihood=log_joint,
        # groups are sampled side by side or not; only the whole is told
        seconds=np.linspace(0.0, elapsed_s, n_sweeps),
    )
