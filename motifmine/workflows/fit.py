"""A fit of the tables of a workspace, step by step."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from motifmine.analysis.drift import measure_drift
from motifmine.analysis.stability import measure_stability
from motifmine.io.hdf5 import store
from motifmine.models.protocol import FitContext
from motifmine.models.registry import entry_of
from motifmine.models.request import FitRequest
from motifmine.parallel.dask_cluster import open_mapper
from motifmine.records.fit import FitRecord
from motifmine.records.notes import Notes
from motifmine.records.settings import Detection, Preparation
from motifmine.records.table import ObservationTable, join_tables
from motifmine.reporting.sentences.significance import significance_sentences
from motifmine.time_limit import is_time_up, limited_to
from motifmine.workflows.cameras import notes_of_cameras
from motifmine.workflows.fit_topics import project_on_topics
from motifmine.workflows.mine import Prepared, mine_prepared
from motifmine.workflows.other_sizes import look_again
from motifmine.workflows.out_of_core.choice import choose_place
from motifmine.workflows.out_of_core.commands import fit_tables_in_files
from motifmine.workflows.robustness import describe_attack
from motifmine.workflows.run import FitRun
from motifmine.workflows.specify import (
    choose_sizes,
    describe_agreement,
    describe_fit,
    size_choice,
    specify_model,
)
from motifmine.workflows.workspace import Workspace


def fit(
    workspace: Workspace, request: FitRequest, run: FitRun | None = None
) -> tuple[Path, FitRecord]:
    """Fit tables of a workspace and save the fit there; return its path and what it holds.

    Out-of-core fits (`FitRequest.is_streamed`) are returned without their documents.

    Parameters
    ----------
    request : FitRequest
        Model, its sizes and settings, seed.
    run : FitRun or None
        Tables, name of the fit, workers, callbacks; None: all tables, next free name.

    Raises
    ------
    WorkspaceError
        When there are no tables, or a fit of that name is there.
    SpecError
        When the model cannot be fitted as asked.
    DataError
        When the tables do not belong together or are too small.
    FitError
        When the numbers go wrong.
    """
    run = run or FitRun()
    # raises before hours of computing when the fit exists, and keeps others from taking its name
    name = workspace.reserve_fit(run.name, request.model, force=run.force)
    with name as path, limited_to(request.limit_s):
        return path, _fit_into(path, workspace, request, run)


def _fit_into(path: Path, workspace: Workspace, request: FitRequest, run: FitRun) -> FitRecord:
    """Fit tables of a workspace, save the fit in a file, and return what it holds."""
    request = choose_place(request, run, workspace.chosen_paths(run.tables))
    if request.is_streamed:
        # documents are never in memory together, so neither stability nor drift follow
        record = fit_tables_in_files(workspace, request, run, path)
        if is_time_up():
            run.say("the time limit was reached: the motifs are the best so far")
        say_significance(record, run)
        return record
    words, cameras = read_words(workspace, run)
    record = fit_table(words, request, run, notes=cameras)
    # archives compare files by their bytes
    record = record if run.is_timed else without_times(record)
    store.write_fit(path, record, force=run.force)
    return record


def fit_table(
    words: ObservationTable,
    request: FitRequest,
    run: FitRun,
    *,
    notes: Notes | None = None,
) -> FitRecord:
    """Return the fit of a table in memory: motifs that recur, their occurrences, stability, drift.

    The counts of `words` are not prepared yet; `notes` are kept with the settings.

    Raises `SpecError` when the model cannot be fitted as asked, `DataError` when the table is too
    small, `FitError` when the numbers go wrong.
    """
    spec = specify_model(request, words.vocabulary, words.bin_s)
    data = prepare(words, request, run)
    spec, choices = choose_sizes(request, spec, data.counts, run.say)
    announce(request, spec, data, run)
    # before rare words go: the report says how many observations were of no use
    counted = Notes(n_observations_extracted=len(data.table.word), findings=choices)
    kept = counted.merge(notes or Notes())
    record = find_motifs(data, spec, request, run, kept)
    record = look_again(
        record,
        spec,
        request,
        run,
        lambda other: find_motifs(data, other, request, run, kept),
        lambda length: size_choice(request.model).may_be_longer(
            data.counts, length, seed=request.seed or 0
        ),
    )
    share = getattr(spec, "adversarial_training", 0.0)
    if share and len(record.occurrences) and not is_time_up():
        record = _add_decision(record, describe_attack(record, data.counts, share))
    # after the last look: an earlier fit may have been decided otherwise
    for line in record.provenance.spec.notes.decisions:
        run.say(line)
    record = add_stability(record, data, spec, request, run)
    run.say(describe_agreement(record))
    say_significance(record, run)
    return add_drift(record, data, request)


def _add_decision(record: FitRecord, line: str) -> FitRecord:
    origin = record.provenance
    notes = replace(origin.spec.notes, decisions=(*origin.spec.notes.decisions, line))
    return replace(record, provenance=replace(origin, spec=replace(origin.spec, notes=notes)))


def say_significance(record: FitRecord, run: FitRun) -> None:
    """Report which motifs are excluded, and what is not significant."""
    for line in significance_sentences(record):
        run.say(line)


def read_words(workspace: Workspace, run: FitRun) -> tuple[ObservationTable, Notes]:
    """Return the tables, joined and with their cameras registered, and notes on these."""
    found = workspace.read_registered(run.tables)
    run.say("\n".join(found.notes))
    return join_tables(found.tables), notes_of_cameras(found.notes, found.moved)


def prepare(words: ObservationTable, request: FitRequest, run: FitRun) -> Prepared:
    """Return the table as the model sees it: over topics if wanted, its counts compressed."""
    table = project_on_topics(
        words,
        request.n_topics or entry_of(request.model).default_topics,
        counts=request.counts,
        seed=request.seed,
        on_message=run.on_message,
    )
    # the counts of words are compressed before topics see them, those of topics are not any more
    return Prepared.of(table, Preparation(counts=request.counts if table is words else "auto"))


def announce(request: FitRequest, spec: Any, data: Prepared, run: FitRun) -> None:
    """Report the data and settings of the fit, and the scaling of counts by the model."""
    run.say(describe_fit(request, spec, data.table))
    if request.groups is None and hasattr(spec, "describe_count_scaling"):
        run.say(spec.describe_count_scaling(data.counts))


def find_motifs(
    data: Prepared, spec: Any, request: FitRequest, run: FitRun, notes: Notes
) -> FitRecord:
    """Return the motifs of the data and their occurrences.

    The notes of `run` take precedence over `notes`.
    """
    with open_mapper(run.workers, run.scheduler, run.say) as mapper:
        context = FitContext(checkpoint=request.checkpoint, groups=request.groups, mapper=mapper)
        return mine_prepared(
            data,
            spec,
            detection=Detection(false_alarms_per_hour=request.false_alarms_per_hour),
            seed=request.seed,
            # a model of another package need not know what a context is
            context=context if entry_of(request.model).uses_context else None,
            on_progress=run.on_progress,
            notes=replace(notes, request=request.as_values()).merge(run.notes),
        )


def add_stability(
    record: FitRecord, data: Prepared, spec: Any, request: FitRequest, run: FitRun
) -> FitRecord:
    """Return the record with the stability of its motifs, if that is requested."""
    if request.stability is None or is_time_up():
        return record
    found = measure_stability(
        data.counts,
        spec,
        record.motifs,
        request.stability,
        seed=record.provenance.seed,
        on_message=run.on_message,
    )
    return replace(record, stability=found)


def add_drift(record: FitRecord, data: Prepared, request: FitRequest) -> FitRecord:
    """Return the record with its time zone, and how its motifs change over the archive."""
    drift = measure_drift(
        data.counts,
        record.motifs,
        record.background,
        record.activations,
        time_zone=request.time_zone,
    )
    return replace(record, drift=drift, time_zone=request.time_zone)


def without_times(record: FitRecord) -> FitRecord:
    """Return the record with all durations 0, so that the same data give the same bytes."""
    return replace(
        record,
        provenance=replace(record.provenance, elapsed_s=0.0),
        trace=record.trace.clear_seconds(),
    )
