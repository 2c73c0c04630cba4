"""Incremental update of a saved fit; its cost depends on the new documents alone."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from motifmine.errors import DataError, SpecError
from motifmine.features.video.registration import Registration
from motifmine.files import refuse_overwriting
from motifmine.io.hdf5 import store
from motifmine.models.monitor import Monitor
from motifmine.models.protocol import OutOfCore
from motifmine.models.registry import entry_of, out_of_core, specification_of
from motifmine.parallel.mappers import Mapper
from motifmine.records.anomalies import usable_scale
from motifmine.records.fit import Background, FitRecord, MotifSet, Trace
from motifmine.records.notes import Notes
from motifmine.records.settings import Detection, FitSpec, Rate, StreamingState
from motifmine.seeding import Stream, generator
from motifmine.workflows.out_of_core.census import Census, Reading, group_documents, take_census
from motifmine.workflows.out_of_core.locate import LocateTask, Tally, write_located
from motifmine.workflows.out_of_core.online_em import (
    BATCHES_PER_PASS,
    OnlineTask,
    Standing,
    batches_of,
    climb_online,
)
from motifmine.workflows.run import FitRun


def update_file(
    source: Path,
    paths: Sequence[Path],
    target: Path,
    *,
    mapper: Mapper = map,
    run: FitRun | None = None,
) -> FitRecord:
    """Update a saved fit incrementally with table files; return it without its documents.

    The motifs are updated once for every batch of new documents, with the learning rate that the
    fit had reached, and then located in the new documents. Earlier documents are not read; their
    occurrences and the numbers and names of motifs are kept. The result has no drift, which would
    need all documents.

    Parameters
    ----------
    source : Path
        The fit, which stays as it is.
    paths : sequence of Path
        Table files of recordings that the fit has not seen.
    target : Path
        Where the new fit goes, whole or not at all.
    mapper : callable
        Like the built-in `map`, see `motifmine.parallel.mappers`.
    run : FitRun or None
        Callbacks, notes and threads of every worker, and whether `target` is overwritten.

    Raises
    ------
    SpecError
        When no documents can be added to fits of the model.
    DataError
        When there is nothing new, a document is in the fit already or is not of its scene, or the
        fit has no motifs.
    """
    began, run = time.perf_counter(), run or FitRun()
    refuse_overwriting(target, force=run.force)
    record = store.read_fit(source, without=store.DOCUMENTS)
    model, spec = record.provenance.model, record.provenance.spec
    if not entry_of(model).can_update:
        raise SpecError(f"{source.name} is a fit of {model}, to which no tables can be added")
    _check_tempos(source, record)
    if len(record.motifs) == 0:
        raise DataError(
            f"{source.name} has no motifs to update; fit all tables together with 'motifmine fit'"
        )
    # with the settings of the fit, not of the command: the result continues it
    preparation = replace(spec.preparation, least_bins=0)
    census = take_census(paths, preparation, mapper, Registration(reference=record.picture))
    _check_same_scene(record, census)
    total = record.n_observations + census.total
    learner = out_of_core(model, specification_of(model, spec.settings), run.n_threads or 1, total)
    # all words are kept: which are rare was decided by the fit, not by the few new documents
    reading = Reading(
        preparation=preparation,
        is_kept=np.ones(record.motifs.n_words, dtype=np.bool_),
        moved=census.moved,
    )
    streaming = spec.streaming or _assume_one_pass(len(record.provenance.inputs))
    monitor = Monitor(-(-len(census.documents) // streaming.batch_documents), run.on_progress)
    standing = _step(record, census, reading, streaming, learner, mapper, monitor)
    streaming = replace(streaming, n_steps=standing.n_steps, updates=streaming.updates + 1)
    tally = Tally(
        # weights are shares; sums over documents continue as numbers of observations
        mass=record.motifs.weight * record.n_observations,
        n_documents=len(record.provenance.inputs),
        log_likelihood=record.log_likelihood,
        total=record.n_observations,
        occurrences=[record.occurrences],
        anomalies=record.anomalies,
    )
    spec = replace(spec, streaming=streaming, notes=_make_notes(record, census, run.notes))
    head = _update_head(record, census, standing, spec)
    trace = _longer(record.trace, monitor.trace())
    head = replace(head, trace=trace if run.is_timed else trace.clear_seconds())
    return write_located(
        target,
        head,
        group_documents(
            census.documents, n_motifs=len(head.motifs), motif_length=head.motifs.motif_length
        ),
        _locate_task(head, reading, learner, spec.detection),
        mapper,
        tally,
        began=began if run.is_timed else None,
        force=run.force,
        base=source,
    )


def _check_tempos(source: Path, record: FitRecord) -> None:
    if record.motifs.tempos is not None:
        raise SpecError(
            f"{source.name} has motifs at several tempos, to which no tables can be added; fit "
            "again with --tempo off, or all tables together"
        )


def _make_notes(record: FitRecord, census: Census, more: Notes) -> Notes:
    """Return the notes of a fit with those on the cameras of new documents, and others."""
    old, new = record.provenance.spec.notes, census.notes_of_cameras()
    cameras = replace(
        old,
        cameras=old.cameras + new.cameras,
        moved_cameras={**old.moved_cameras, **new.moved_cameras},
    )
    return cameras.merge(more)


def _update_head(
    record: FitRecord,
    census: Census,
    standing: Standing,
    spec: FitSpec,
) -> FitRecord:
    """Return the fit with its new motifs and inputs, without parts that need all documents."""
    return replace(
        record,
        provenance=replace(
            record.provenance,
            spec=spec,
            inputs=record.provenance.inputs + tuple((d.name, d.digest) for d in census.documents),
        ),
        motifs=MotifSet(probability=standing.parameters.motifs, weight=record.motifs.weight),
        background=Background(
            probability=standing.parameters.words.astype(np.float32),
            weight=record.background.weight,
        ),
        stability=None,
        drift=None,
    )


def _step(
    record: FitRecord,
    census: Census,
    reading: Reading,
    streaming: StreamingState,
    learner: OutOfCore,
    mapper: Mapper,
    monitor: Monitor,
) -> Standing:
    """Return the fit's motifs after one pass of stochastic EM over the new documents alone."""
    parameters = learner.resume(record)
    batch = streaming.batch_documents
    rng = generator(record.provenance.seed, Stream.UPDATE_ORDER, streaming.updates)
    return climb_online(
        batches_of(census.documents, batch, rng),
        OnlineTask(reading=reading, learner=learner),
        Standing(
            parameters=parameters,
            statistics=learner.statistics_of(parameters, record),
            n_steps=streaming.n_steps,
        ),
        streaming.rate,
        mapper,
        batch_documents=batch,
        # relative to the documents that the fit has seen, as the trace is
        on_batch=lambda found: monitor.record(
            found.log_likelihood / found.total * record.n_observations
        ),
    )


def _assume_one_pass(n_documents: int) -> StreamingState:
    """Return the state of streaming for a fit that was made in memory: as after one pass."""
    batch = max(1, n_documents // BATCHES_PER_PASS)
    # a rate as after that many steps: new documents must not outweigh all earlier ones
    return StreamingState(batch_documents=batch, rate=Rate(), n_steps=-(-n_documents // batch))


def _locate_task(
    record: FitRecord, reading: Reading, learner: OutOfCore, detection: Detection
) -> LocateTask:
    """Return the task of finding occurrences as `motifmine.workflows.mine.locate` does."""
    return LocateTask(
        reading=reading,
        learner=learner,
        motifs=record.motifs,
        background=record.background,
        detection=detection,
        significance=record.significance,
        scale=usable_scale(record.anomalies),
    )


def _check_same_scene(record: FitRecord, census: Census) -> None:
    # a document that is learned from twice would count twice
    known = {name for name, _ in record.provenance.inputs}
    for document in census.documents:
        if document.name in known:
            raise DataError(f"{document.name!r} is in the fit already; leave it out")
    record.scene.check(census.empty.scene, census.documents[0].name)
    if census.empty.vocabulary.n_words > record.motifs.n_words:
        raise DataError(
            f"the new tables have {census.empty.vocabulary.n_words} words but the fit knows "
            f"{record.motifs.n_words}; fit again"
        )


def _longer(trace: Trace, more: Trace) -> Trace:
    """Return the trace with the batches of an update."""
    first = int(trace.iteration[-1]) + 1 if len(trace.iteration) else 0
    last_s = float(trace.seconds[-1]) if len(trace.seconds) else 0.0
    return Trace(
        iteration=np.concatenate([trace.iteration, first + more.iteration]),
        log_likelihood=np.concatenate([trace.log_likelihood, more.log_likelihood]),
        seconds=np.concatenate([trace.seconds, last_s + more.seconds]),
    )
