"""Which jobs of a plan are to be done, in which order, and what follows from how each one ended."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from motifmine.archive.jobs import FileJob, Job, SceneJob, lost
from motifmine.archive.journal import JobRecord, Journal
from motifmine.archive.plan import Plan, PlannedFile, PlannedScene
from motifmine.archive.storage import Place

MOST_TRIES = 3
"""A job that fails for a reason that may pass (a disk, a crash, a hang) is tried so often."""
MOST_LOSSES = 5
"""A job is started anew so often after its workers were lost; Dask has tried some times each."""


@dataclass(slots=True, kw_only=True)
class Agenda:
    """The jobs of a plan that still wait, handed out and taken back."""

    plan: Plan
    output: Place
    journal: Journal
    workers: int = 1
    """Processes that will work; those beyond the number of files help to extract them."""
    retry_failed: bool = False
    rehash: bool = False
    is_update: bool = False
    """Fits that lack nothing but new recordings are updated instead of made anew."""
    cores: int = 0
    """Of this machine, which fits side by side share; 0: whoever runs them knows theirs."""
    scenes_wait: bool = False
    """Only tables are made; scenes wait for another run."""
    on_record: Callable[[JobRecord], None] = lambda _: None
    n_known: int = 0
    """Jobs whose result was known to be there, or failed before and are not tried again."""
    n_jobs: int = 0
    n_ended: int = 0
    _waiting: deque[Job] = field(default_factory=deque)
    _open: Counter[str] = field(default_factory=Counter)
    _tries: Counter[str] = field(default_factory=Counter)
    _unfitted: set[str] = field(default_factory=set)

    def fill(self) -> None:
        """Put every job of the plan that is to be done on the agenda."""
        for scene in self.plan.scenes:
            tables = self.output.inside(f"{scene.name}/tables").sizes()
            jobs = [self._file_job(scene, file) for file in scene.files if not file.is_gone]
            todo = [job for job in jobs if not self._is_known(job, tables)]
            self.n_known += len(jobs) - len(todo)
            self._open[scene.name] = len(todo)
            self._waiting.extend(todo)
            self.n_jobs += len(todo)
        if 0 < 2 * self.n_jobs <= self.workers:
            threads = self.workers // self.n_jobs
            waiting = [job for job in self._waiting if isinstance(job, FileJob)]
            self._waiting = deque(replace(job, threads=threads) for job in waiting)
        self._unfitted = {name for name, n_open in self._open.items() if n_open}
        for scene in self.plan.scenes:
            self._close_scene(scene)

    def waiting(self) -> Iterator[Job]:
        """Hand out jobs, those too that come meanwhile, until none waits."""
        while self._waiting:
            job = self._waiting.popleft()
            yield replace(job, threads=self._threads()) if isinstance(job, SceneJob) else job

    def _threads(self) -> int:
        """Return the cores that one fit may keep busy while others are under way or to come."""
        side_by_side = max(1, min(self.workers, len(self._unfitted)))
        return max(1, self.cores // side_by_side) if self.cores else 0

    def give_back(self, job: Job) -> None:
        """Put a job back that could not be begun, or whose cluster was lost."""
        self._waiting.appendleft(job)

    def lose(self, job: Job, reason: str) -> None:
        """Put a job back whose workers were lost, unless that happened too often."""
        self._tries[f"lost {job.name}"] += 1
        if self._tries[f"lost {job.name}"] < MOST_LOSSES:
            self._waiting.append(job)
        else:
            self.end(job, lost(job, reason))

    def end(self, job: Job, record: JobRecord) -> None:
        """Take in how a job ended; a failure that may pass puts it back."""
        self._tries[job.name] += 1
        if record.status == "failed" and record.is_passing and self._tries[job.name] < MOST_TRIES:
            self._waiting.append(job)
            return
        self.journal.note(record)
        self.n_ended += 1
        self.on_record(record)
        if isinstance(job, SceneJob):
            self._unfitted.discard(job.scene)
        else:
            self._open[job.scene] -= 1
            self._close_scene(next(s for s in self.plan.scenes if s.name == job.scene))

    def _close_scene(self, scene: PlannedScene) -> None:
        """Put the scene's own job on the agenda when no file of it is open."""
        if self._open[scene.name] or self.scenes_wait:
            return
        job = SceneJob(
            output=self.output,
            scene=scene.name,
            tables=tuple(finished_tables(scene, self.journal)),
            fit=self.plan.fit,
            is_update=self.is_update,
        )
        if not job.tables:
            self._unfitted.discard(scene.name)
            return
        if self._is_fitted(job):
            self._unfitted.discard(scene.name)
            self.n_known += 1
            return
        self._unfitted.add(scene.name)
        self._waiting.append(job)
        self.n_jobs += 1

    def _file_job(self, scene: PlannedScene, file: PlannedFile) -> FileJob:
        return FileJob(
            archive=Place(self.plan.archive),
            output=self.output,
            scene=scene.name,
            width=scene.width,
            height=scene.height,
            file=file,
            settings=self.plan.extraction,
        )

    def _is_known(self, job: FileJob, tables: dict[str, int]) -> bool:
        """Return whether the journal tells what would come of a job.

        Size and stamp of the source stand for its digest, so that nobody reads a hundred terabytes
        to learn that nothing changed; `rehash` reads them.
        """
        record = self.journal.records.get(job.name)
        if record is None or record.key != job.key:
            return False
        if (record.n_bytes, record.stamp) != (job.file.n_bytes, job.file.stamp):
            return False
        if record.is_done:
            is_whole = tables.get(f"{job.file.name}.h5") == record.result_bytes
            return is_whole and not self.rehash
        return record.status == "failed" and not self.retry_failed

    def _is_fitted(self, job: SceneJob) -> bool:
        record = self.journal.records.get(job.name)
        if record is None or record.key != job.key:
            return False
        if record.status == "failed":
            return not self.retry_failed
        scene = self.output.inside(job.scene)
        fits = scene.inside("fits").sizes()
        has_report = "report.html" in scene.inside(f"reports/{job.fit_name}").sizes()
        return fits.get(f"{job.fit_name}.h5") == record.result_bytes and has_report


def finished_tables(scene: PlannedScene, journal: Journal) -> list[tuple[str, str]]:
    """Return name and key of every table that the scene's fit is made of, in order of name.

    A file that is gone counts by its table, unless the same recording lies elsewhere in the scene
    now: then it was moved.
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
        found.append((file.name, f"{record.key}:{record.digest}"))
    return sorted(found)
