"""The job queue of a plan: which jobs have to run, in which order, and when they are repeated."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from motifmine.archive.jobs import FileJob, Job, make_lost_record
from motifmine.archive.journal import JobRecord, Journal
from motifmine.archive.plan import Plan, PlannedFile, PlannedScene
from motifmine.archive.scene_fit import SceneJob
from motifmine.archive.storage import Storage
from motifmine.parallel.threads import n_cores
from motifmine.workflows.documents import source_of_document
from motifmine.workflows.extract_jobs import ExtractionSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Options of a run of a plan."""

    retry_failed: bool = False
    """Run failed jobs again, even if neither file nor settings have changed."""
    rehash: bool = False
    """Read sources to find out whether they have changed, regardless of size and time stamp."""
    is_update: bool = False
    """Update fits incrementally where only recordings were added, instead of refitting."""
    workers: int | None = None
    """Number of worker processes; if there are more than files, files are extracted by threads.
    None: the number of cores."""
    scheduler: str | None = None
    """Address of a running Dask scheduler, which is used instead of local workers."""


MAX_TRIES = 3  # attempts of a job that fails for a transient reason (a disk, a crash, a timeout)
MAX_LOSSES = 5  # submissions of a job whose workers are lost; Dask itself retries each of them


@dataclass(slots=True, kw_only=True)
class JobQueue:
    """The jobs of a plan that are waiting or running.

    Every recording is a job; when those of a scene are finished, the scene's own job is queued.
    """

    plan: Plan
    output: Storage
    journal: Journal
    options: RunOptions = field(default_factory=RunOptions)
    scenes_wait: bool = False
    """Extract tables only; do not fit scenes in this run."""
    on_record: Callable[[JobRecord], None] = lambda _: None
    n_known: int = 0
    """Jobs that are not run: their result exists, or they failed before and are not retried."""
    n_jobs: int = 0
    n_finished: int = 0
    _waiting: deque[Job] = field(default_factory=deque)
    _open: Counter[str] = field(default_factory=Counter)
    _tries: Counter[str] = field(default_factory=Counter)
    _scenes_to_fit: set[str] = field(default_factory=set)

    def fill(self) -> None:
        """Queue every job of the plan whose result is missing or outdated."""
        for scene in self.plan.scenes:
            tables = self._measure_tables(scene)
            jobs = [self._file_job(scene, file) for file in scene.files if not file.is_gone]
            todo = [job for job in jobs if not self._has_result(job, tables)]
            self.n_known += len(jobs) - len(todo)
            self._open[scene.name] = len(todo)
            self._waiting.extend(todo)
            self.n_jobs += len(todo)
        # fewer files than workers: decode each file with several threads
        if 0 < 2 * self.n_jobs <= self._n_workers:
            threads = self._n_workers // self.n_jobs
            take_jobs = [job for job in self._waiting if isinstance(job, FileJob)]
            self._waiting = deque(replace(job, threads=threads) for job in take_jobs)
        self._scenes_to_fit = {name for name, n_open in self._open.items() if n_open}
        for scene in self.plan.scenes:
            self._queue_scene(scene)

    def take_jobs(self) -> Iterator[Job]:
        """Yield jobs, including those that are added meanwhile, until none is waiting."""
        while self._waiting:
            job = self._waiting.popleft()
            yield replace(job, threads=self._share_cores()) if isinstance(job, SceneJob) else job

    def _share_cores(self) -> int:
        """Return the number of cores for one fit, given the fits that run or will run."""
        if self.options.scheduler is not None:
            return 0  # the cores of other machines are known to their workers
        side_by_side = max(1, min(self._n_workers, len(self._scenes_to_fit)))
        return max(1, n_cores() // side_by_side)

    @property
    def _n_workers(self) -> int:
        """Number of worker processes of this machine; one where the workers are elsewhere."""
        return 1 if self.options.scheduler is not None else self.options.workers or n_cores()

    def requeue(self, job: Job) -> None:
        """Put a job back at the front: it did not start, or its cluster was lost."""
        self._waiting.appendleft(job)

    def requeue_lost(self, job: Job, reason: str) -> None:
        """Put a job back whose workers were lost, or fail it after `MAX_LOSSES` times."""
        self._tries[f"lost {job.name}"] += 1
        if self._tries[f"lost {job.name}"] < MAX_LOSSES:
            self._waiting.append(job)
        else:
            self.finish(job, make_lost_record(job, reason))

    def finish(self, job: Job, record: JobRecord) -> None:
        """Record the end of a job, or put it back after a transient failure."""
        self._tries[job.name] += 1
        if record.status == "failed" and record.is_transient and self._tries[job.name] < MAX_TRIES:
            self._waiting.append(job)
            return
        self.journal.add(record)
        self.n_finished += 1
        self.on_record(record)
        if isinstance(job, SceneJob):
            self._scenes_to_fit.discard(job.scene)
        else:
            self._open[job.scene] -= 1
            self._queue_scene(next(s for s in self.plan.scenes if s.name == job.scene))

    def _queue_scene(self, scene: PlannedScene) -> None:
        """Queue the scene's own job once all of its recordings are finished."""
        # a fit of half a scene would be made again when the rest is there
        if self._open[scene.name] or self.scenes_wait:
            return
        job = SceneJob(
            output=self.output,
            scene=scene.name,
            tables=tuple(list_finished_tables(scene, self.journal)),
            fit=self.plan.fit,
            is_update=self.options.is_update,
        )
        if not job.tables:
            self._scenes_to_fit.discard(scene.name)
            return
        if self._is_fitted(job):
            self._scenes_to_fit.discard(scene.name)
            self.n_known += 1
            return
        self._scenes_to_fit.add(scene.name)
        self._waiting.append(job)
        self.n_jobs += 1

    def _file_job(self, scene: PlannedScene, file: PlannedFile) -> FileJob:
        return FileJob(
            archive=Storage(self.plan.archive),
            output=self.output,
            scene=scene.name,
            width=scene.width,
            height=scene.height,
            file=file,
            settings=self._settings(scene),
        )

    def describe_open(self) -> list[str]:
        """Return a line on every scene that is not finished."""
        lines = []
        for scene in self.plan.scenes:
            n_open = self._open[scene.name]
            if n_open:
                n_files = sum(not file.is_gone for file in scene.files)
                lines.append(f"{scene.name}: {n_files - n_open} of {n_files} recordings extracted")
            elif scene.name in self._scenes_to_fit:
                lines.append(f"{scene.name}: all recordings extracted, its motifs are being fitted")
        return lines

    def _settings(self, scene: PlannedScene) -> ExtractionSettings:
        """Return the settings of a scene, with the bins that follow from its frame rate."""
        settings = self.plan.extraction
        if not scene.gap_s:
            return settings
        # a fraction again: 1/29.97 was rounded in the plan
        bin_s = settings.spec.choose_bin_s(Fraction(scene.gap_s).limit_denominator(10**6))
        return replace(settings, spec=replace(settings.spec, bin_s=bin_s))

    def _measure_tables(self, scene: PlannedScene) -> Counter[str]:
        """Return the size in bytes of the tables of every recording, all documents together."""
        names = {file.name for file in scene.files}
        sizes: Counter[str] = Counter()
        for file, n_bytes in self.output.subfolder(f"{scene.name}/tables").list_sizes().items():
            sizes[source_of_document(file.removesuffix(".h5"), names)] += n_bytes
        return sizes

    def _has_result(self, job: FileJob, tables: Counter[str]) -> bool:
        """Return whether the journal has the result of a job with the same input.

        An unchanged size and time stamp of the source imply an unchanged digest, so that an archive
        need not be read again; with `rehash` it is.
        """
        record = self.journal.records.get(job.name)
        if record is None or record.key != job.key:
            return False
        if (record.n_bytes, record.stamp) != (job.file.n_bytes, job.file.stamp):
            return False
        if record.is_done:
            # the table may have been removed or replaced by hand
            is_whole = tables[job.file.name] == record.result_bytes
            return is_whole and not self.options.rehash
        return record.status == "failed" and not self.options.retry_failed

    def _is_fitted(self, job: SceneJob) -> bool:
        record = self.journal.records.get(job.name)
        if record is None or record.key != job.key:
            return False
        if record.status == "failed":
            return not self.options.retry_failed
        if not record.result_bytes:  # nothing moves in the scene: done without a fit
            return True
        scene = self.output.subfolder(job.scene)
        fits = scene.subfolder("fits").list_sizes()
        has_report = "report.html" in scene.subfolder(f"reports/{job.fit_name}").list_sizes()
        return fits.get(f"{job.fit_name}.h5") == record.result_bytes and has_report


def list_finished_tables(scene: PlannedScene, journal: Journal) -> list[tuple[str, str]]:
    """Return name and key of every table for the scene's fit, sorted by name.

    The table of a removed file is used, unless a file with the same content exists elsewhere in the
    scene: then it was moved.
    """
    found = []
    records = {file.name: journal.records.get(f"{scene.name}/{file.name}") for file in scene.files}
    present = {
        record.digest
        for file in scene.files
        if not file.is_gone and (record := records[file.name]) is not None and record.is_done
    }
    for file in scene.files:
        record = records[file.name]
        if record is None or not record.is_done or (file.is_gone and record.digest in present):
            continue
        # settings and content: the fit is out of date if either changes
        found.append((file.name, f"{record.key}:{record.digest}"))
    return sorted(found)
