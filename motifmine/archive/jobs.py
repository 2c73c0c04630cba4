"""What happens inside a job: one recording to its table, or one scene's tables to fit and report.

A job reads files and writes files and returns a small record. It may be run twice, or at two places
at once: what it writes depends on nothing but its input, and every file appears whole.
"""

import hashlib
import json
import platform
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from motifmine.archive.index_page import FACTS_NAME
from motifmine.archive.journal import JobRecord, Status
from motifmine.archive.plan import PlannedFile
from motifmine.archive.probe import PRELOAD
from motifmine.archive.scene_fit import SceneFit, fit_key, make_fit, n_added, tables_to_read
from motifmine.archive.storage import Place
from motifmine.errors import FormatError, MotifmineError
from motifmine.files import write_text
from motifmine.io.hdf5 import store
from motifmine.io.readers import reader_for
from motifmine.parallel.isolated import IsolatedJobs, JobFailure, Report
from motifmine.parallel.threads import limit_threads
from motifmine.records.vocabulary import Vocabulary
from motifmine.reporting.html.scene_summary import facts_key, facts_text, scene_facts
from motifmine.version import __version__
from motifmine.workflows.extract import differences, run_job
from motifmine.workflows.extract_jobs import (
    ExtractionJob,
    ExtractionSettings,
    Scene,
)
from motifmine.workflows.report import show_fit
from motifmine.workflows.workspace import Workspace

FIT_PATIENCE_S = 24 * 3600.0
"""A fit tells of itself only now and then, some models not at all for long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileJob:
    """One recording to be extracted."""

    archive: Place
    output: Place
    scene: str
    width: int
    height: int
    file: PlannedFile
    settings: ExtractionSettings
    threads: int = 1
    version: str = __version__

    @property
    def name(self) -> str:
        """The name that its record is kept under."""
        return f"{self.scene}/{self.file.name}"

    @property
    def file_name(self) -> str:
        """The file's own name."""
        return self.file.path.rpartition("/")[2]

    @property
    def key(self) -> str:
        """Digest of what the table depends on beside the file's content."""
        job = self.extraction(Path(self.file.path), Path())
        return _digest(
            json.dumps(job.table_spec, sort_keys=True),
            job.kind,
            job.start_utc,
            self.settings.strict,
            (self.width, self.height),
            self.version,
        )

    def extraction(self, source: Path, root: Path, scene: Scene | None = None) -> ExtractionJob:
        """Return the job as extraction knows it."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneJob:
    """One scene whose tables are to be fitted and reported."""

    output: Place
    scene: str
    tables: tuple[tuple[str, str], ...]
    """Names and keys (of the table and of its source's content) of the recordings."""
    fit: Mapping[str, Any]
    """What is asked of the fit, see `FitRequest.of_plain`."""
    is_update: bool = False
    """A fit that lacks nothing but new recordings is updated instead of made anew."""
    threads: int = 0
    """Cores that the fit may keep busy, 0 for all; nothing of it changes the fit."""
    version: str = __version__

    @property
    def name(self) -> str:
        """The name that its record is kept under."""
        return self.scene

    @property
    def key(self) -> str:
        """Digest of what the fit depends on."""
        return self.key_of(frozenset(name for name, _ in self.tables))

    def key_of(self, names: frozenset[str]) -> str:
        """Return the digest of what a fit of some of the recordings depends on."""
        tables = [table for table in self.tables if table[0] in names]
        return _digest(sorted(tables), dict(self.fit), self.version)

    @property
    def fit_name(self) -> str:
        """Name of the fit: there is one of every model, remade when the scene has grown."""
        return str(self.fit["model"])


Job = FileJob | SceneJob


def run_isolated(job: Job) -> JobRecord:
    """Run a job in a process of its own and return what became of it, whatever that is.

    Parameters
    ----------
    job : FileJob or SceneJob
    """
    began = time.monotonic()
    if job.version != __version__:
        reason = f"the worker has motifmine {__version__}, the command {job.version}"
        return lost(job, f"{reason}; install the same version")
    patience_s = job.settings.patience_s if isinstance(job, FileJob) else FIT_PATIENCE_S
    isolated: IsolatedJobs[Job, JobRecord] = IsolatedJobs(
        function=run_here, workers=1, patience_s=patience_s, preload=PRELOAD
    )
    ((_, ending),) = isolated.run([job], lambda *_: None)
    if isinstance(ending, JobFailure):
        ending = _record(job, "failed", ending.reason, is_passing=True)
    return replace(ending, elapsed_s=time.monotonic() - began, worker=platform.node())


def run_here(job: Job, report: Report) -> JobRecord:
    """Run a job in this process; `report` is called with signs of life."""
    try:
        return _extract(job, report) if isinstance(job, FileJob) else _run_scene(job, report)
    except BrokenPipeError:
        # the caller is gone: there is nobody to tell
        raise
    except FileNotFoundError as error:
        return _record(job, "lost", f"{error.filename or error} is no longer there")
    except (MotifmineError, OSError) as error:
        # ours are passing when a disk or a network stands behind them
        cause = error.__cause__ if isinstance(error, MotifmineError) else error
        return _record(job, "failed", str(error), is_passing=isinstance(cause, OSError))


def _extract(job: FileJob, report: Report) -> JobRecord:
    """Make the table of one recording, unless it is there."""
    before = job.archive.state(job.file.path)
    with (
        job.archive.local_copy(job.file.path, lambda: report("fetching")) as source,
        _workspace(job.output, job.scene) as workspace,
    ):
        plan = job.extraction(source, workspace.root, _frame_of(job))
        if not job.output.is_local:
            _fetch_results(job, workspace, [plan.table_path], report)
        is_there = _is_there(plan)
        if not is_there:
            run_job(plan, report)
            _publish_results(job, workspace, [plan.table_path])
        header = store.read_table_header(plan.table_path)
        n_bytes = plan.table_path.stat().st_size
    # a table of a file that changed meanwhile is made again by the next run
    has_changed = job.archive.state(job.file.path) != before
    losses = str(header["losses"])
    repaired = int(header["stamps_repaired"])
    notes = [losses] if losses else []
    notes += [f"{repaired} time stamps repaired"] if repaired else []
    return JobRecord(
        job=job.name,
        kind="extract",
        key=job.key,
        status="unsettled" if has_changed else "partial" if losses else "ok",
        reason="it changed while it was read" if has_changed else "; ".join(notes),
        digest=str(header["source_digest"]),
        n_bytes=before.n_bytes,
        stamp=before.stamp,
        result_bytes=n_bytes,
        recorded_s=float(header["n_times"] * header["bin_s"]),
        was_there=is_there,
    )


def _frame_of(job: FileJob) -> Scene | None:
    """Return what a table must share with those of its scene; nothing for labels."""
    if reader_for(Path(job.file.path)).gives != "frames" or not job.width:
        return None
    grid = job.settings.spec.grid(job.width, job.height)
    return Scene(
        root=Path(job.scene), vocabulary=Vocabulary.of_grid(grid), bin_s=job.settings.spec.bin_s
    )


def _is_there(job: ExtractionJob) -> bool:
    """Return whether the table that a job would write is at its place."""
    if not job.table_path.exists():
        return False
    try:
        header = store.read_table_header(job.table_path)
        is_refused = job.settings.strict and header["losses"]
        is_same = header["start_utc"] == job.start_utc and not is_refused
        return bool(is_same) and not differences(job)
    except (FormatError, KeyError):
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneWork:
    """What the steps of a scene are given."""

    job: SceneJob
    workspace: Workspace
    report: Report

    @property
    def fit(self) -> SceneFit:
        """The fit that the scene shall have."""
        return SceneFit(
            workspace=self.workspace,
            tables=tuple(name for name, _ in self.job.tables),
            name=self.job.fit_name,
            fit=self.job.fit,
            key_of=self.job.key_of,
            is_update=self.job.is_update,
        )

    @property
    def fit_path(self) -> Path:
        """Where the scene's fit lives."""
        return self.workspace.fit_path(self.job.fit_name)

    @property
    def report_folder(self) -> Path:
        """Where the scene's report lives."""
        return self.workspace.report_folder(self.job.fit_name)

    @property
    def facts_path(self) -> Path:
        """Where it stands what the page over all scenes tells of this one."""
        return self.workspace.root / FACTS_NAME


def fit_scene(work: SceneWork) -> None:
    """Fit the scene's tables, unless the fit of the same tables and settings is there."""
    make_fit(work.fit, work.report)


def report_scene(work: SceneWork) -> None:
    """Write the report of the scene's fit, unless it is there and newer than the fit."""
    show_fit(work.workspace, work.job.fit_name)


def describe_scene(work: SceneWork) -> None:
    """Write what the page over all scenes tells of this one, unless that is there."""
    path = work.facts_path
    if facts_key(path.read_text("utf-8") if path.exists() else None) != work.job.key:
        facts = scene_facts(store.read_fit(work.fit_path))
        write_text(path, facts_text(facts, work.job.key), force=True)


SCENE_STEPS: tuple[Callable[[SceneWork], None], ...] = (fit_scene, report_scene, describe_scene)
"""What is done with a scene once its tables are there, in this order. Each step leaves what it
finds done, so that a scene that was broken off goes on where it was."""


def _run_scene(job: SceneJob, report: Report) -> JobRecord:
    if job.threads:
        limit_threads(job.threads)
    with _workspace(job.output, job.scene) as workspace:
        work = SceneWork(job=job, workspace=workspace, report=report)
        if not job.output.is_local:
            _fetch_results(job, workspace, [work.fit_path], report)
            _fetch_results(job, workspace, work.fit.paths(tables_to_read(work.fit)), report)
        was_there = fit_key(work.fit_path) == job.key
        for step in SCENE_STEPS:
            step(work)
            report(step.__name__)
        results = [work.fit_path, work.facts_path, *sorted(work.report_folder.iterdir())]
        _publish_results(job, workspace, results)
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
            n_added=0 if was_there else n_added(record),
            was_there=was_there,
        )


@contextmanager
def _workspace(output: Place, scene: str) -> Iterator[Workspace]:
    """Give the scene's workspace, or a passing one where results go elsewhere."""
    if output.is_local:
        yield Workspace(output.path / scene)
        return
    with tempfile.TemporaryDirectory(prefix="motifmine-") as folder:
        yield Workspace(Path(folder))


def _fetch_results(job: Job, workspace: Workspace, paths: Sequence[Path], report: Report) -> None:
    """Fetch those results of a scene that are there into a passing workspace."""
    for path in paths:
        relative = path.relative_to(workspace.root).as_posix()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            job.output.inside(job.scene).fetch(relative, path, lambda: report("fetching"))
        except FileNotFoundError:
            path.unlink(missing_ok=True)


def _publish_results(job: Job, workspace: Workspace, paths: Sequence[Path]) -> None:
    """Send results from a passing workspace to their place."""
    if not job.output.is_local:
        for path in paths:
            relative = path.relative_to(workspace.root).as_posix()
            job.output.inside(job.scene).publish(path, relative)


def _record(job: Job, status: Status, reason: str, *, is_passing: bool = False) -> JobRecord:
    """Return the record of a job without a result."""
    if isinstance(job, FileJob):
        # where the file lay for the job is nobody's business
        here = rf"\S*{re.escape(job.file.path)}|\S*/motifmine-\w+/{re.escape(job.file_name)}"
        reason = re.sub(here, job.file.path.replace("\\", r"\\"), reason)
    is_file = isinstance(job, FileJob)
    return JobRecord(
        job=job.name,
        kind="extract" if is_file else "scene",
        key=job.key,
        status=status,
        reason=reason,
        is_passing=is_passing,
        n_bytes=job.file.n_bytes if isinstance(job, FileJob) else -1,
        stamp=job.file.stamp if isinstance(job, FileJob) else "",
    )


def lost(job: Job, reason: str) -> JobRecord:
    """Return the record of a job that could not be brought to an end."""
    return _record(job, "lost", reason)


def _digest(*values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode("utf-8")).hexdigest()[:32]
