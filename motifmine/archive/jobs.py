"""Jobs of an archive: extraction of one recording, and fit and report of one scene.

A job reads and writes files and returns a small record. It is idempotent: its output depends only
on its input, and every file appears complete, so that it may run twice or on two workers at once.
"""

import json
import platform
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path

from motifmine.archive.journal import JobRecord, Status
from motifmine.archive.plan import PlannedFile
from motifmine.archive.probe import PRELOAD
from motifmine.archive.scene_fit import (
    SCENE_STEPS,
    SceneJob,
    SceneWork,
    count_added,
    digest,
    has_observations,
    list_tables_to_read,
    read_fit_key,
)
from motifmine.archive.storage import Storage
from motifmine.archive.transfer import (
    fetch_results,
    fetch_tables,
    open_workspace,
    publish_results,
)
from motifmine.errors import FormatError, MotifmineError
from motifmine.io.hdf5 import store
from motifmine.io.readers import reader_for
from motifmine.parallel.isolated import IsolatedJobs, JobFailure, Report
from motifmine.parallel.threads import limit_threads
from motifmine.records.scene import Scene
from motifmine.records.vocabulary import Vocabulary
from motifmine.version import __version__
from motifmine.workflows.documents import document_tables, first_table
from motifmine.workflows.extract import differences, run_job
from motifmine.workflows.extract_jobs import (
    ExtractionJob,
    ExtractionSettings,
)
from motifmine.workflows.workspace import Workspace

# longest time without a sign of progress of a fit, seconds; some models report rarely
FIT_PATIENCE_S = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileJob:
    """Extraction of one recording."""

    archive: Storage
    output: Storage
    scene: str
    width: int
    height: int
    file: PlannedFile
    settings: ExtractionSettings
    threads: int = 1
    version: str = __version__

    @property
    def name(self) -> str:
        """Key of its record in the journal."""
        return f"{self.scene}/{self.file.name}"

    @property
    def file_name(self) -> str:
        """Name of the file without its folders."""
        return self.file.path.rpartition("/")[2]

    @property
    def key(self) -> str:
        """Digest of what the table depends on, except the content of the file."""
        job = self.extraction(Path(self.file.path), Path())
        return digest(
            json.dumps(job.table_spec, sort_keys=True),
            job.kind,
            job.start_utc,
            self.settings.strict,
            (self.width, self.height),
            self.version,
        )

    def extraction(self, source: Path, root: Path, scene: Scene | None = None) -> ExtractionJob:
        """Return the arguments of the extraction."""
        return ExtractionJob(
            source=source,
            name=self.file.name,
            table_path=Workspace(root).table_path(self.file.name),
            kind=reader_for(source).kind,
            settings=replace(self.settings, start=self.file.start_utc, name_time="", force=True),
            scene=scene,
            threads=self.threads,
            origin=f"{self.archive.url}/{self.file.path}",
        )


Job = FileJob | SceneJob


def run_isolated(job: Job) -> JobRecord:
    """Run a job in a child process and return its record; crashes become records, too."""
    began = time.monotonic()
    if job.version != __version__:
        reason = f"the worker has motifmine {__version__}, the command {job.version}"
        return make_lost_record(job, f"{reason}; install the same version")
    patience_s = job.settings.patience_s if isinstance(job, FileJob) else FIT_PATIENCE_S
    isolated: IsolatedJobs[Job, JobRecord] = IsolatedJobs(
        function=run_in_process, workers=1, patience_s=patience_s, preload=PRELOAD
    )
    ((_, ending),) = isolated.run([job], lambda *_: None)
    if isinstance(ending, JobFailure):
        ending = _make_record(job, "failed", ending.reason, is_transient=True)
    return replace(ending, elapsed_s=time.monotonic() - began, worker=platform.node())


def run_in_process(job: Job, report: Report) -> JobRecord:
    """Run a job in this process; `report` is called as a sign of progress."""
    try:
        return _extract(job, report) if isinstance(job, FileJob) else _run_scene(job, report)
    except BrokenPipeError:
        # the parent process is gone, so no record can be returned
        raise
    except FileNotFoundError as error:
        return _make_record(job, "lost", f"{error.filename or error} is no longer there")
    except (MotifmineError, OSError) as error:
        # our own errors are transient if an error of a disk or a network caused them
        cause = error.__cause__ if isinstance(error, MotifmineError) else error
        return _make_record(job, "failed", str(error), is_transient=isinstance(cause, OSError))


def _extract(job: FileJob, report: Report) -> JobRecord:
    """Extract the table of one recording, unless it exists."""
    # before reading, to notice a file that is replaced meanwhile
    before = job.archive.stat_file(job.file.path)
    with (
        job.archive.local_copy(job.file.path, lambda: report("fetching")) as source,
        open_workspace(job.output, job.scene) as workspace,
    ):
        plan = job.extraction(source, workspace.root, _expected_scene(job))
        if not job.output.is_local:
            fetch_tables(job, workspace, [job.file.name], report)
        is_there = _has_table(plan)
        if not is_there:
            run_job(plan, report)
            publish_results(job, workspace, document_tables(plan.table_path))
        tables = document_tables(plan.table_path)
        headers = [store.read_table_header(path) for path in tables]
        n_bytes = sum(path.stat().st_size for path in tables)
    # a file that changed during extraction is extracted again by the next run
    has_changed = job.archive.stat_file(job.file.path) != before
    losses = "; ".join(filter(None, (str(header["losses"]) for header in headers)))
    repaired = sum(int(header["stamps_repaired"]) for header in headers)
    notes = [losses] if losses else []
    notes += [f"{repaired} time stamps repaired"] if repaired else []
    return JobRecord(
        job=job.name,
        kind="extract",
        key=job.key,
        status="unsettled" if has_changed else "partial" if losses else "ok",
        reason="it changed while it was read" if has_changed else "; ".join(notes),
        digest=str(headers[0]["source_digest"]),
        n_bytes=before.n_bytes,
        stamp=before.stamp,
        result_bytes=n_bytes,
        recorded_s=sum(float(header["n_times"] * header["bin_s"]) for header in headers),
        was_there=is_there,
    )


def _expected_scene(job: FileJob) -> Scene | None:
    """Return what the table must have in common with those of its scene; None for labels."""
    bin_s = job.settings.spec.bin_s
    if reader_for(Path(job.file.path)).gives != "frames" or not job.width or bin_s is None:
        return None
    grid = job.settings.spec.grid(job.width, job.height)
    return Scene(
        name=job.scene,
        vocabulary=Vocabulary.of_grid(grid),
        bin_s=bin_s,
        size_px=(job.width, job.height),
        advice="; keep it in a folder of its own, or group by size and picture with --scenes auto",
    )


def _has_table(job: ExtractionJob) -> bool:
    """Return whether the table that a job would write exists."""
    first = first_table(job.table_path)
    if first is None:
        return False
    try:
        header = store.read_table_header(first)
        is_refused = job.settings.strict and header["losses"]
        # the clock is part of the table, and a name may have got a time since
        is_same = header["start_utc"] == job.start_utc and not is_refused
        return bool(is_same) and not differences(replace(job, table_path=first))
    except (FormatError, KeyError):
        return False


def _run_scene(job: SceneJob, report: Report) -> JobRecord:
    # several scenes are fitted at once and share the cores
    if job.threads:
        limit_threads(job.threads)
    with open_workspace(job.output, job.scene) as workspace:
        work = SceneWork(job=job, workspace=workspace, report=report)
        if not job.output.is_local:
            fetch_results(job, workspace, [work.fit_path], report)
            fetch_tables(job, workspace, list_tables_to_read(work), report)
        if not has_observations(work):
            return JobRecord(
                job=job.name,
                kind="scene",
                key=job.key,
                status="ok",
                reason="nothing moves in its recordings, so there is nothing to fit",
                result_bytes=0,
            )
        was_there = read_fit_key(work.fit_path) == job.key
        for step in SCENE_STEPS:
            step(work)
            report(step.__name__)
        results = [work.fit_path, work.facts_path, *sorted(work.report_folder.iterdir())]
        publish_results(job, workspace, results)
        record = store.read_fit(work.fit_path)
        return JobRecord(
            job=job.name,
            kind="scene",
            key=job.key,
            status="ok",
            result_bytes=work.fit_path.stat().st_size,
            recorded_s=record.duration_s(),
            n_motifs=len(record.motifs),
            n_occurrences=len(record.occurrences),
            n_added=0 if was_there else count_added(record),
            was_there=was_there,
        )


def _make_record(job: Job, status: Status, reason: str, *, is_transient: bool = False) -> JobRecord:
    """Return the record of a job that has no result."""
    if isinstance(job, FileJob):
        # replace paths of the worker (temporary folders) by the path in the archive
        here = rf"\S*{re.escape(job.file.path)}|\S*/motifmine-\w+/{re.escape(job.file_name)}"
        reason = re.sub(here, job.file.path.replace("\\", r"\\"), reason)
    is_file = isinstance(job, FileJob)
    return JobRecord(
        job=job.name,
        kind="extract" if is_file else "scene",
        key=job.key,
        status=status,
        reason=reason,
        is_transient=is_transient,
        n_bytes=job.file.n_bytes if isinstance(job, FileJob) else -1,
        stamp=job.file.stamp if isinstance(job, FileJob) else "",
    )


def make_lost_record(job: Job, reason: str) -> JobRecord:
    """Return the record of a job that was lost with its workers."""
    return _make_record(job, "lost", reason)
