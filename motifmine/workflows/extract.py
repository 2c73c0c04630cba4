"""From many recordings to observation tables in a workspace, each in its own process."""

import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from motifmine.errors import MotifmineWarning, SpecError, WorkspaceError
from motifmine.features.series.survey import set_kind, survey
from motifmine.features.video.extract import extract_documents
from motifmine.io.hdf5 import store
from motifmine.io.readers import holds_stills, reader_for
from motifmine.io.sources import (
    digest_source,
    expand_sources,
    make_recording_names,
    stamp_source,
)
from motifmine.parallel.isolated import IsolatedJobs, JobFailure, Report
from motifmine.parallel.scratch import scratch_folder
from motifmine.parallel.threads import n_cores
from motifmine.progress import Progress
from motifmine.records.scene import Scene
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import Vocabulary
from motifmine.version import __version__
from motifmine.workflows.documents import first_table, write_documents
from motifmine.workflows.extract_jobs import (
    PRELOAD,
    ExtractionJob,
    ExtractionSettings,
)
from motifmine.workflows.extract_series import SeriesTask, series_tables
from motifmine.workflows.find_scene import find_scene
from motifmine.workflows.outcomes import Outcome, describe_document
from motifmine.workflows.workspace import Workspace


def extract_sources(
    sources: Sequence[str | Path],
    workspace: Workspace,
    settings: ExtractionSettings | None = None,
    *,
    workers: int | None = None,
    on_progress: Callable[[Progress, float], None] | None = None,
    on_message: Callable[[str], None] | None = None,
    scene: Scene | None = None,
) -> list[Outcome]:
    """Make one table per recording in `workspace`; a source that fails does not stop the others.

    Each source is read in its own process, which is killed when it makes no progress. A script
    that calls this needs the usual `if __name__ == "__main__":`.

    Parameters
    ----------
    sources : paths
        Files, folders and patterns.
    settings : ExtractionSettings
        None takes the defaults.
    workers : int
        Sources that are read at one time; None takes the number of cores.
    scene : Scene, optional
        What the tables must share; None: the same as those of the workspace, else as the first.

    Returns
    -------
    list of Outcome
        One per recording, in the order of the sources; one per document of a series.

    Raises
    ------
    DataError
        When a folder or pattern has no recordings, or names of recordings are not distinct.
    SpecError
        When settings contradict each other, or there are no workers.
    """
    if workers is not None and workers < 1:
        raise SpecError(f"workers is {workers}; it must be 1 or more")
    workers = workers or n_cores()
    settings = settings or ExtractionSettings()
    # in the workspace, as the system's folder for temporary files is often in memory
    with scratch_folder(workspace.root) as spool:
        settings = replace(settings, series=replace(settings.series, spool=spool))
        jobs = plan_jobs(sources, workspace, settings, workers, on_message, scene)
        return run_jobs(jobs, workers, on_progress)


def plan_jobs(
    sources: Sequence[str | Path],
    workspace: Workspace,
    settings: ExtractionSettings,
    workers: int,
    on_message: Callable[[str], None] | None = None,
    scene: Scene | None = None,
) -> list[ExtractionJob]:
    """Return one job per recording that `sources` name; see `extract_sources`."""
    settings = replace(settings, series=set_kind(settings.series, settings.kind))
    paths = expand_sources(sources)
    if settings.series.join and len(paths) > 1:
        # the first names the recording; its reader opens the others, too
        options = replace(settings.series.options, join=tuple(map(str, paths[1:])))
        settings = replace(settings, series=replace(settings.series, options=options))
        paths = paths[:1]
    _check_start(settings, len(paths))
    names = make_recording_names(paths)
    # fewer sources than cores: decoders get the others
    threads = max(1, n_cores() // max(1, min(workers, len(paths))))
    jobs = [
        ExtractionJob(
            source=path,
            name=name,
            table_path=workspace.table_path(name),
            kind=settings.kind or reader_for(path).kind,
            settings=_settings_of(path, settings),
            scene=None,
            threads=threads,
            stamp=stamp_source(path),
        )
        for path, name in zip(paths, names, strict=True)
    ]
    _check_part(settings, jobs)
    scene = scene or find_scene(workspace, jobs, workers, on_message)
    jobs = [replace(job, scene=scene) for job in jobs]
    if scene is None or scene.vocabulary.layout.picture_grid() is None:
        return jobs
    # all tables of a scene have the same bins, whatever the frame rate of later recordings
    spec = replace(settings.spec, bin_s=settings.spec.bin_s or scene.bin_s)
    return [replace(job, settings=replace(job.settings, spec=spec)) for job in jobs]


def _settings_of(path: Path, settings: ExtractionSettings) -> ExtractionSettings:
    """Return the settings of one source: of still pictures, every name may have a time."""
    if not (settings.name_time and holds_stills(path)):
        return settings
    return replace(settings, frames=replace(settings.frames, name_time=settings.name_time))


def run_jobs(
    jobs: Sequence[ExtractionJob],
    workers: int,
    on_progress: Callable[[Progress, float], None] | None = None,
) -> list[Outcome]:
    """Run jobs, each in its own process; see `extract_sources`."""
    if not jobs:
        return []
    # recordings differ in length, which is only known while they are read: each counts the same
    shares = [0.0] * len(jobs)

    def note(index: int, progress: Progress) -> None:
        # false for NaN, a container that does not say its duration: the share stays 0 until the end
        if progress.total > 0:
            shares[index] = min(1.0, progress.done / progress.total)
        if on_progress is not None:
            on_progress(progress, sum(shares) / len(shares))

    isolated = IsolatedJobs(
        function=run_job,
        workers=workers,
        patience_s=jobs[0].settings.patience_s,
        preload=PRELOAD,
    )
    # jobs end in any order; outcomes are returned in that of the jobs
    outcomes: dict[int, Outcome] = {}
    for index, ending in isolated.run(jobs, note):
        shares[index] = 1.0
        outcomes[index] = (
            Outcome(
                source=jobs[index].source,
                status="failed",
                reason=ending.reason,
                error=ending.error,
            )
            if isinstance(ending, JobFailure)
            else ending
        )
    return [
        replace(outcome, more=())
        for index in range(len(jobs))
        for outcome in (outcomes[index], *outcomes[index].more)
    ]


def run_job(job: ExtractionJob, report: Report) -> Outcome:
    """Extract one recording and write its table, unless that is done already."""
    began = time.monotonic()
    there = first_table(job.table_path)
    if there is not None and not job.settings.force:
        _refuse_another_table(replace(job, table_path=there))
        return Outcome(
            source=job.source,
            status="skipped",
            reason="its table is there already, from the same file with the same settings",
            table_path=there,
        )
    # warnings of a child process would be lost: they go back with its outcome
    with warnings.catch_warnings(record=True) as caught:
        # always: the default shows the same line of code once
        warnings.simplefilter("always", MotifmineWarning)
        written = write_documents(
            _watch_caller(job, report), job.table_path, force=job.settings.force
        )
    ours = [str(w.message) for w in caught if issubclass(w.category, MotifmineWarning)]
    losses = "; ".join(message.removeprefix(f"{job.source} ") for message in ours)
    outcomes = [
        describe_document(job.source, table, losses if table is written[-1] else "", began)
        for table in written
    ]
    return replace(outcomes[0], more=tuple(outcomes[1:]))


def _watch_caller(job: ExtractionJob, report: Report) -> Iterator[ObservationTable]:
    """Yield the tables of a job, and see at their end whether somebody still waits for them."""
    stamp = job.stamp or stamp_source(job.source)
    for table in _make_series(job, report) if job.is_series else _make_tables(job, report):
        recording = table.recordings[0]
        recording = replace(recording, source=job.origin or recording.source)
        if stamp != stamp_source(job.source):
            # the digest may be that of what came later: a later run would skip a file half read
            recording = replace(recording, source_digest="")
        yield table.of_recording(recording)
    if stamp != stamp_source(job.source):
        warnings.warn(
            f"{job.source} changed while it was read, and what came later may be missing; extract "
            "it with --force when it is whole, or follow it with 'motifmine watch'",
            MotifmineWarning,
            stacklevel=2,
        )
    # raises when the calling process has ended: a later run may be writing the same table
    report(Progress(math.nan, source=job.source))


def _make_series(job: ExtractionJob, report: Report) -> Iterator[ObservationTable]:
    """Yield the table of each document of a series."""
    if job.scene is None:
        # raises the error that stopped the survey of this source
        survey(job.source, job.settings.series, bin_s=None, stream=0, on_progress=lambda _: None)
    task = SeriesTask(
        path=job.source,
        name=job.name,
        start_utc=job.start_utc,
        settings=job.settings.series,
        scene=job.series_scene,
    )
    return series_tables(task, report)


def _make_tables(job: ExtractionJob, report: Report) -> Iterator[ObservationTable]:
    """Yield the table of each document of a job that is no series, of its scene."""

    def accept(vocabulary: Vocabulary, size_px: tuple[int, int] = (0, 0)) -> None:
        if job.scene:
            found = Scene(vocabulary=vocabulary, bin_s=job.bin_s, size_px=size_px)
            job.scene.refuse_other(found, job.source)

    if job.reader.gives == "frames":
        yield from extract_documents(
            job.source,
            job.settings.spec,
            name=job.name,
            start_utc=job.start_utc,
            strict=job.settings.strict,
            threads=job.threads,
            options=job.settings.frames,
            document_s=job.settings.series.document_s,
            # not the system's folder for temporary files, which is often in memory
            folder=job.table_path.parent.parent,
            accept=accept,
            on_progress=report,
        )
        return
    # a .tdoc file does not say how many words there are, only which it has
    n_words = job.scene.vocabulary.n_words if job.scene else None
    table: ObservationTable = job.reader.load()(job.source, bin_s=job.bin_s, n_words=n_words)
    accept(table.vocabulary)
    recording = replace(table.recordings[0], name=job.name, start_utc=job.start_utc)
    yield replace(table.of_recording(recording), spec=job.table_spec)


def _refuse_another_table(job: ExtractionJob) -> None:
    """Raise `WorkspaceError` unless the table at the path of a job is the one it would write."""
    if differs := differences(job):
        raise WorkspaceError(
            f"{job.table_path} exists already and was made {' and '.join(differs)}; overwrite it "
            "with --force, or choose another folder with --workspace"
        )


def differences(job: ExtractionJob) -> list[str]:
    """Return how the table at the path of a job differs from the one that the job would write."""
    header = store.read_table_header(job.table_path)
    # the digest is compared, not the time of modification, which copying a file changes
    return [
        what
        for what, now, then in (
            ("from another file", digest_source(job.source), header["source_digest"]),
            ("with other settings", job.table_spec, header["spec"]),
            # words may be made otherwise by another version
            ("by another version of motifmine", __version__, header["motifmine_version"]),
        )
        if now != then
    ]


def _check_part(settings: ExtractionSettings, jobs: Sequence[ExtractionJob]) -> None:
    """Raise for a part of a source whose reader cannot take one: it would be read whole."""
    frames = settings.frames
    other = next((job.source for job in jobs if job.reader.gives != "frames"), None)
    if other is not None and (frames.begin or frames.end or frames.every):
        raise SpecError(
            f"--from, --to and --every choose a part of a video, and {other} is none; cut it before"
        )


def _check_start(settings: ExtractionSettings, n_sources: int) -> None:
    if settings.start and settings.name_time:
        raise SpecError("--start and --name-time exclude each other")
    if not settings.start:
        return
    if n_sources > 1:
        raise SpecError(f"--start fits one source, not {n_sources}; use --name-time")
    try:
        datetime.fromisoformat(settings.start)
    except ValueError as error:
        raise SpecError(
            f"--start {settings.start!r} is no time in ISO 8601; write 2026-03-01T08:30:00"
        ) from error
