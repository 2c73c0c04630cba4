"""Fits of more documents than fit in memory.

Motifs are found by the ordinary fit in a bounded part of the documents, drawn at random. Then they
are learned from all documents, by EM over groups of them or by stochastic EM over batches. Finally
they are located group by group, and written as they are found. No step holds more than a group of
documents; only the lists of documents and of occurrences grow in memory with the archive.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from motifmine.analysis.anomalies import calibrate, measure_held_out
from motifmine.analysis.motif_selection import widen_background
from motifmine.files import refuse_overwriting
from motifmine.models.excerpt import part_of_time
from motifmine.models.monitor import Monitor
from motifmine.models.protocol import Fit, OutOfCore
from motifmine.models.registry import out_of_core
from motifmine.models.request import FitRequest
from motifmine.models.statistics import Parameters, Statistics
from motifmine.parallel.mappers import Mapper
from motifmine.records.fields import select_entries
from motifmine.records.fit import Activations, FitRecord, Occurrences, Trace
from motifmine.records.notes import Notes
from motifmine.records.settings import (
    Detection,
    FitSpec,
    Preparation,
    Rate,
    StreamingState,
)
from motifmine.records.significance import Significance
from motifmine.records.table import ObservationTable, join_tables
from motifmine.seeding import Stream, generator, resolve_seed
from motifmine.types import Floats
from motifmine.workflows.mine import assess_fit
from motifmine.workflows.out_of_core.batch_em import EmTask, climb_groups
from motifmine.workflows.out_of_core.census import (
    Census,
    Reading,
    group_documents,
    reading_for,
    take_census,
)
from motifmine.workflows.out_of_core.locate import (
    LocateTask,
    Tally,
    write_located,
)
from motifmine.workflows.out_of_core.online_em import (
    OnlineTask,
    Standing,
    batches_of,
    climb_online,
    default_batch,
)
from motifmine.workflows.run import FitRun

# approximate number of observations of the part in which motifs are searched and tested
PART_OBSERVATIONS = 200_000
PART_BINS = 400_000  # most time bins of this part
PASSES = 3  # times that stochastic EM sees every document, where no number is given
PART_DOCUMENTS = 8  # a document contributes at most this fraction of the part, 1 / `PART_DOCUMENTS`


class Learned(NamedTuple):
    """Result of EM over files."""

    parameters: Parameters
    """Over the kept words."""
    statistics: Statistics
    n_steps: int
    """Equivalent steps of stochastic EM, from which later updates continue the learning rate."""
    trace: Trace


def fit_files(
    paths: Sequence[Path],
    spec: Any,
    request: FitRequest,
    target: Path,
    *,
    scratch: Path,
    mapper: Mapper = map,
    run: FitRun | None = None,
) -> FitRecord:
    """Fit a model to table files and write the fit; return it without its documents.

    Parameters
    ----------
    paths : sequence of Path
        Table files of one document each, in the order that the fit shall have.
    spec : specification
        Of a model that learns out of core, from the request.
    request : FitRequest
        Streamed; stochastic EM if it is online, else EM to convergence.
    target : Path
        Where the fit goes, whole or not at all.
    scratch : Path
        Folder for what EM keeps between iterations; all workers must see it.
    mapper : callable
        Like the built-in `map`; distributes groups, see `motifmine.parallel.mappers`. The fit does
        not depend on it.
    run : FitRun or None
        Callbacks, notes and threads of every worker, and whether `target` is overwritten.

    Raises
    ------
    DataError
        When the documents do not belong together or are too small for the specification.
    FitError
        When the numbers go wrong.
    WorkspaceError
        When `target` exists and `force` is not set.
    """
    began = time.perf_counter()
    seed, run = resolve_seed(request.seed), run or FitRun()
    # before hours of work
    refuse_overwriting(target, force=run.force)
    preparation = Preparation(counts=request.counts)
    census = take_census(paths, preparation, mapper)
    run.say("\n".join(census.notes))
    choice = preparation.resolve(census.empty, n_times=census.n_times)
    reading = reading_for(census, choice)
    part = draw_part(census, reading, spec.motif_length, generator(seed, Stream.STREAMED_PART))
    run.say(f"searching motifs in {part.n_documents} of {len(census.documents)} documents")
    first = spec.fit(part, seed=seed)
    learner = out_of_core(first.provenance.model, first.spec, run.n_threads or 1, census.total)
    run.say(f"learning {len(first.motifs)} motifs from {len(census.documents)} documents")
    batch = request.batch_documents or default_batch(census.documents)
    passes = request.passes or PASSES
    if request.online:
        learned = _learn_online(census, reading, first, learner, mapper, batch, passes, run)
    else:
        task = EmTask(reading=reading, learner=learner, scratch=scratch)
        learned = _learn_by_em(census, first, task, mapper, run)
    run.say(f"locating motifs in {len(census.documents)} documents")
    fit = learner.finish(
        first, learned.parameters, learned.statistics, reading.kept_words, len(reading.is_kept)
    )
    # tested in the part only: a test on everything would learn the motifs several times
    detection = Detection(false_alarms_per_hour=request.false_alarms_per_hour)
    fit, significance, detection = _recurring_motifs(fit, part, detection)
    said = Notes.from_plain(fit.findings())
    run.say("\n".join(said.decisions))
    made_with = replace(
        first.provenance.spec,
        preparation=choice,
        detection=detection,
        table=census.empty.spec,
        streaming=StreamingState(
            batch_documents=batch,
            rate=Rate(),
            n_steps=learned.n_steps,
            online=request.online,
            passes=passes,
            part_documents=part.n_documents,
        ),
        notes=said.merge(census.notes_of_cameras()).merge(run.notes),
    )
    trace = learned.trace if run.is_timed else learned.trace.clear_seconds()
    return write_located(
        target,
        replace(
            _head(fit, census, trace, made_with),
            time_zone=request.time_zone,
            significance=significance,
        ),
        group_documents(census.documents, n_motifs=len(fit.motifs), motif_length=spec.motif_length),
        _locate_task(fit, reading, learner, part, significance, detection),
        mapper,
        Tally(mass=np.zeros(len(fit.motifs))),
        began=began if run.is_timed else None,
        force=run.force,
    )


def draw_part(
    census: Census, reading: Reading, motif_length: int, rng: np.random.Generator
) -> ObservationTable:
    """Return documents drawn at random until they hold enough, a long one in part, prepared.

    Returns
    -------
    ObservationTable
        In the order of the census.
    """
    at_most = PART_OBSERVATIONS // PART_DOCUMENTS
    drawn: list[tuple[int, ObservationTable]] = []
    n_observations = n_bins = 0
    # at random: the first documents of an archive are of one season and camera position
    for index in rng.permutation(len(census.documents)):
        if n_observations >= PART_OBSERVATIONS or n_bins >= PART_BINS:
            break
        table = reading.read([census.documents[index].path])
        if len(table.word) > at_most and len(census.documents) > 1:
            # one long recording must not be the whole part
            table = part_of_time(table, motif_length, at_most, 0, rng)
        n_observations += len(table.word)
        n_bins += table.n_times
        drawn.append((int(index), table))
    # in the order of the census: documents are drawn in another, which is of no meaning
    part = join_tables([table for _, table in sorted(drawn, key=lambda pair: pair[0])])
    return replace(part, vocabulary=census.empty.vocabulary)


def _learn_online(
    census: Census,
    reading: Reading,
    first: Fit,
    learner: OutOfCore,
    mapper: Mapper,
    batch: int,
    passes: int,
    run: FitRun,
) -> Learned:
    """Return what stochastic EM makes of the first motifs."""
    parameters = learner.open(first, _word_shares(census, reading), reading.kept_words)
    standing = Standing(
        parameters=parameters,
        statistics=learner.statistics_of(parameters, first),
        n_steps=0,
    )
    # -(-a // b) is division rounded up
    n_batches = passes * -(-len(census.documents) // batch)
    monitor = Monitor(n_batches, run.on_progress)
    for number in range(passes):
        # a stream for each pass: the order of one does not depend on how many there are
        rng = generator(first.provenance.seed, Stream.STREAMED_ORDER, number)
        standing = climb_online(
            batches_of(census.documents, batch, rng),
            OnlineTask(reading=reading, learner=learner),
            standing,
            Rate(),
            mapper,
            batch_documents=batch,
            on_batch=lambda found: monitor.record(
                found.log_likelihood / found.total * census.total
            ),
        )
    return Learned(standing.parameters, standing.statistics, standing.n_steps, monitor.trace())


def _learn_by_em(census: Census, first: Fit, task: EmTask, mapper: Mapper, run: FitRun) -> Learned:
    """Return what EM over all groups of documents makes of the first motifs."""
    learner, reading = task.learner, task.reading
    monitor = Monitor(learner.iterations, run.on_progress)
    parameters, found = climb_groups(
        group_documents(
            census.documents,
            n_motifs=len(first.motifs),
            motif_length=first.motifs.motif_length,
        ),
        task,
        learner.open(first, _word_shares(census, reading), reading.kept_words),
        mapper,
        on_value=monitor.record,
    )
    batch = default_batch(census.documents)
    return Learned(parameters, found, -(-len(census.documents) // batch), monitor.trace())


def _word_shares(census: Census, reading: Reading) -> Floats:
    """Return the share of each kept word in the time bins with words, float64 array, sums to 1."""
    kept = census.seen[reading.kept_words]
    # by bins, not counts: known from the census without reading the tables again
    share: Floats = kept / kept.sum()
    return share


def _recurring_motifs(
    fit: Any, part: ObservationTable, detection: Detection
) -> tuple[Any, Significance, Detection]:
    """Return the fit with the motifs that recur in the part, their significance, and thresholds."""
    found = assess_fit(part, replace(fit, activations=fit.transform(part)), detection)
    fit = replace(
        fit,
        motifs=select_entries(fit.motifs, "motif", found.kept),
        background=widen_background(fit.background, fit.motifs, found.kept),
    )
    chosen = replace(detection, least_score=found.least_score, false_share=found.false_share)
    return fit, found.significance, chosen


def _locate_task(
    fit: Any,
    reading: Reading,
    learner: OutOfCore,
    part: ObservationTable,
    significance: Significance,
    detection: Detection,
) -> LocateTask:
    """Return the task of locating motifs, with the anomaly scale of the part."""
    located = fit.locate(part)
    return LocateTask(
        reading=reading,
        learner=learner,
        motifs=fit.motifs,
        background=fit.background,
        detection=detection,
        significance=significance,
        scale=calibrate(
            measure_held_out(part, fit.motifs, located.background, located.activations),
            fit.motifs.motif_length,
        ),
    )


def _head(fit: Fit, census: Census, trace: Trace, spec: FitSpec) -> FitRecord:
    """Return the record of a fit before its documents are located."""
    provenance = replace(
        fit.provenance,
        spec=spec,
        inputs=tuple((document.name, document.digest) for document in census.documents),
        # known when the documents have been located
        elapsed_s=0.0,
    )
    return FitRecord(
        provenance=provenance,
        motifs=fit.motifs,
        background=fit.background,
        activations=Activations.none(),
        occurrences=Occurrences.none(),
        trace=trace,
        log_likelihood=0.0,
        n_observations=0.0,
        bin_s=census.empty.bin_s,
        vocabulary=census.empty.vocabulary,
        recordings=(),
        picture=census.empty.picture,
    )
