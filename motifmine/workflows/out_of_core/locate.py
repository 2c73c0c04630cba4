"""Occurrences of given motifs in documents of files, a group at a time."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path

import numpy as np

from motifmine.analysis.anomalies import MOST, find_anomalies_of
from motifmine.analysis.locating import locate_occurrences
from motifmine.analysis.occurrences import join_occurrences
from motifmine.io.hdf5.incremental import open_growing_fit
from motifmine.models.protocol import OutOfCore
from motifmine.models.starts import infer_starts
from motifmine.parallel.mappers import Mapper, sort_results
from motifmine.records.anomalies import Anomalies, AnomalyScale
from motifmine.records.fit import (
    Activations,
    Background,
    FitRecord,
    MotifSet,
    Occurrences,
)
from motifmine.records.settings import Detection
from motifmine.records.significance import Significance
from motifmine.records.table import ObservationTable, Recording
from motifmine.types import Floats
from motifmine.workflows.out_of_core.census import Group, Reading


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocateTask:
    """What a worker needs to locate motifs in a group."""

    reading: Reading
    learner: OutOfCore
    motifs: MotifSet
    background: Background
    """Its weight is one for all documents: scores do not depend on the group of a document."""
    significance: Significance | None
    """False discovery rates of scores; None for fits that were not tested."""
    detection: Detection
    """Which occurrences are reported."""
    scale: AnomalyScale | None
    """Usual values; None: anomalies are not searched."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocatedGroup:
    """What was found in a group."""

    recordings: tuple[Recording, ...]
    activations: Activations
    occurrences: Occurrences
    anomalies: Anomalies | None
    log_likelihood: float
    """Nats."""
    total: float
    """Sum of the counts."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """Sums over located groups, and their occurrences."""

    mass: Floats
    """Observations of every motif, float64 array (K,)."""
    n_documents: int = 0
    log_likelihood: float = 0.0
    """Nats."""
    total: float = 0.0
    """Sum of the counts."""
    occurrences: list[Occurrences] = field(default_factory=list)
    anomalies: Anomalies | None = None
    """The most surprising so far."""

    def count(self, found: LocatedGroup) -> None:
        """Add a group; its documents are numbered after those of earlier groups."""
        motif, mass = found.activations.motif, found.activations.mass
        self.mass += np.bincount(motif, mass, minlength=len(self.mass))
        self.log_likelihood += found.log_likelihood
        self.total += found.total
        # groups number their documents from 0
        document = (found.occurrences.document + self.n_documents).astype(np.int32)
        self.occurrences.append(replace(found.occurrences, document=document))
        if found.anomalies is not None:
            document = (found.anomalies.document + self.n_documents).astype(np.int32)
            numbered = replace(found.anomalies, document=document)
            self.anomalies = choose_most_surprising([self.anomalies, numbered])
        self.n_documents += len(found.recordings)


def write_located(
    target: Path,
    head: FitRecord,
    groups: Sequence[Group],
    task: LocateTask,
    mapper: Mapper,
    tally: Tally,
    *,
    began: float | None,
    force: bool,
    base: Path | None = None,
) -> FitRecord:
    """Locate motifs in all groups and write the fit; return it without its documents.

    Parameters
    ----------
    target : Path
        Where the fit goes, whole or not at all.
    head : FitRecord
        The fit but for its documents, occurrences and the sums over them.
    mapper : callable
        Like the built-in `map`.
    tally : Tally
        Of earlier documents; new values are appended.
    began : float or None
        `time.perf_counter` at the beginning; the time since then is added to the duration.
        None: the duration is not stored.
    base : Path or None
        A fit whose documents stay before the new ones.
    """
    results: Iterable[tuple[int, LocatedGroup]] = mapper(partial(locate_group, task), groups)
    with open_growing_fit(target, force=force, base=base) as grown:
        # documents keep the order of the groups, whichever worker is first
        for found in sort_results(results):
            grown.add(found.recordings, found.activations)
            tally.count(found)
        # documents may hold nothing at all
        share = tally.mass / max(tally.total, 1e-30)
        seconds = 0.0
        if began is not None:
            seconds = head.provenance.elapsed_s + time.perf_counter() - began
        record = replace(
            head,
            provenance=replace(head.provenance, elapsed_s=seconds),
            motifs=replace(head.motifs, weight=share),
            background=replace(head.background, weight=float(1 - share.sum())),
            occurrences=join_occurrences(tally.occurrences),
            anomalies=tally.anomalies,
            posterior=None,
            log_likelihood=tally.log_likelihood,
            n_observations=tally.total,
        )
        grown.finish(record)
    return record


def locate_group(task: LocateTask, group: Group) -> tuple[int, LocatedGroup]:
    """Return the number of a group, and its activations, occurrences and anomalies."""
    table = task.reading.read(group.paths)
    # no rates can be computed, and an empty recording is not a failure
    if len(table.word) == 0:
        return group.number, _nothing(table)
    found = task.learner.locate(table, task.motifs, task.background)
    # p-values stay those of the fit: a group is a part of its documents
    occurrences, _ = locate_occurrences(
        table,
        task.motifs,
        task.background,
        task.significance,
        task.detection,
        infer_starts,
    )
    return group.number, LocatedGroup(
        recordings=table.recordings,
        activations=found.activations,
        occurrences=occurrences,
        anomalies=None
        if task.scale is None
        else find_anomalies_of(table, task.motifs, found.background, found.activations, task.scale),
        log_likelihood=found.log_likelihood,
        total=table.total,
    )


def choose_most_surprising(parts: Sequence[Anomalies | None]) -> Anomalies | None:
    """Return the most surprising stretches of several parts, as many as a fit keeps."""
    there = [part for part in parts if part is not None]
    if not there:
        return None
    columns = {
        item.name: np.concatenate([getattr(part, item.name) for part in there])
        for item in fields(Anomalies)
        if item.name not in ("scale", "happened_once")
    }
    # ties by document and time, so that the order of groups does not matter
    order = np.lexsort((columns["start_s"], columns["document"], -columns["surprise"]))[:MOST]
    kept = {name: column[order] for name, column in columns.items()}
    return Anomalies(**kept, scale=there[0].scale)


def _nothing(table: ObservationTable) -> LocatedGroup:
    return LocatedGroup(
        recordings=table.recordings,
        activations=Activations.none(table.n_documents),
        occurrences=Occurrences.none(),
        anomalies=None,
        log_likelihood=0.0,
        total=0.0,
    )
