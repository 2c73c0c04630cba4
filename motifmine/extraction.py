"""From many recordings to observation tables in a workspace, each in its own process."""

import json
import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from motifmine.errors import MotifmineWarning, SpecError, WorkspaceError
from motifmine.features.flow import FlowSpec
from motifmine.features.video_words import Progress, extract_video, n_cores, spec_json
from motifmine.io import store
from motifmine.io.files import sha256
from motifmine.io.sources import (
    TDOC_SUFFIXES,
    expand_sources,
    in_utc,
    recording_names,
    start_from_name,
)
from motifmine.io.tdoc import read_tdoc
from motifmine.io.video import open_video
from motifmine.isolation import IsolatedJobs, JobFailure, Report
from motifmine.table import ObservationTable, Vocabulary
from motifmine.version import __version__
from motifmine.workspace import Workspace

Kind = Literal["flow-grid", "labels"]
Status = Literal["ok", "partial", "failed", "skipped"]

PRELOAD = ("motifmine.extraction", "motifmine.features.warm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one source."""

    source: Path
    status: Status
    """`partial`: something of the recording is lost; `skipped`: its table was there already."""
    reason: str = ""
    """Why it failed, what is lost or was repaired."""
    table_path: Path | None = None
    frames_expected: int = -1
    """Frames the container promises; -1 if it does not say or there are no frames."""
    frames_decoded: int = -1
    recorded_s: float = 0.0
    """Length of the recording, seconds."""
    elapsed_s: float = 0.0
    n_observations: int = 0

    def __str__(self) -> str:
        if self.status in ("failed", "skipped"):
            place = "" if str(self.source) in self.reason else f"{self.source}: "
            return f"{self.status}: {place}{self.reason}"
        promised = f" of {self.frames_expected}" if self.frames_expected >= 0 else ""
        frames = f"{self.frames_decoded}{promised} frames, " if self.frames_decoded >= 0 else ""
        note = f" ({self.reason})" if self.reason else ""
        return (
            f"{self.status}: {self.source}: {frames}{self.recorded_s:.1f} s in "
            f"{self.elapsed_s:.1f} s, {self.n_observations} observations{note}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionSettings:
    """What holds for all sources of one extraction."""

    spec: FlowSpec = field(default_factory=FlowSpec)
    """Words of videos."""
    label_bin_s: float = 1.0
    """What a line of a `.tdoc` file lasts, seconds."""
    kind: Kind | None = None
    """Kind of words; None: as each file's name tells."""
    start: str = ""
    """Wall-clock start of the one source, ISO 8601; without a zone in UTC."""
    name_time: str = ""
    """Pattern of the wall-clock start in the file names, as for `datetime.strptime`."""
    strict: bool = False
    """Whether a damaged or truncated video is refused."""
    force: bool = False
    """Whether tables that exist are overwritten."""
    patience_s: float = 120.0
    """A source without progress for so long is given up, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What all tables of a workspace share."""

    root: Path
    vocabulary: Vocabulary
    bin_s: float

    def refuse_other(self, vocabulary: Vocabulary, bin_s: float, path: Path) -> None:
        """Raise `WorkspaceError` naming the difference when a recording is not of this scene."""
        difference = self.vocabulary.difference(vocabulary)
        if bin_s != self.bin_s:
            bins = f"time bins of {bin_s:g} s instead of {self.bin_s:g} s"
            difference = f"{difference}, {bins}" if difference else bins
        if difference:
            raise WorkspaceError(
                f"{path} does not belong to the scene of {self.root}: it has {difference}; "
                "choose another folder with --workspace"
            )


def extract_sources(
    sources: Sequence[str | Path],
    workspace: Workspace,
    settings: ExtractionSettings | None = None,
    *,
    workers: int | None = None,
    on_progress: Callable[[Progress, float], None] | None = None,
) -> list[Outcome]:
    """Make one table per recording in `workspace`; a source that fails does not stop the others.

    Each source is read in its own process, which is killed when it makes no progress. A script
    that calls this needs the usual `if __name__ == "__main__":`.

    Parameters
    ----------
    sources : paths
        Files, folders and patterns.
    workspace : Workspace
    settings : ExtractionSettings
        None takes the defaults.
    workers : int
        Sources that are read at one time; None takes the number of cores.
    on_progress : function, optional
        Called a few times a second with the progress of a source and the share of all sources
        that is done, 0 to 1.

    Returns
    -------
    list of Outcome
        One per recording, in the order of the sources.

    Raises
    ------
    DataError
        When a folder or pattern holds nothing, or recordings cannot be told apart by name.
    SpecError
        When settings contradict each other.
    """
    jobs = plan_jobs(sources, workspace, settings or ExtractionSettings(), workers or n_cores())
    return run_jobs(jobs, workers or n_cores(), on_progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionJob:
    """One recording to be extracted."""

    source: Path
    name: str
    table_path: Path
    kind: Kind
    settings: ExtractionSettings
    scene: Scene | None
    threads: int

    @property
    def bin_s(self) -> float:
        """Length of a time bin, seconds."""
        settings = self.settings
        return settings.label_bin_s if self.kind == "labels" else settings.spec.bin_s

    @property
    def spec_json(self) -> str:
        """What the table's `spec` will say."""
        if self.kind == "labels":
            return json.dumps({"bin_s": self.bin_s})
        return spec_json(self.settings.spec)

    @property
    def start_utc(self) -> str:
        """Wall-clock start of the recording, "" if nothing tells it."""
        if self.settings.name_time:
            return start_from_name(self.source, self.settings.name_time)
        return in_utc(datetime.fromisoformat(self.settings.start)) if self.settings.start else ""


def plan_jobs(
    sources: Sequence[str | Path],
    workspace: Workspace,
    settings: ExtractionSettings,
    workers: int,
) -> list[ExtractionJob]:
    """Return one job per recording that `sources` mean; see `extract_sources`."""
    paths = expand_sources(sources)
    _check_start(settings, len(paths))
    names = recording_names(paths)
    threads = max(1, n_cores() // max(1, min(workers, len(paths))))
    jobs = [
        ExtractionJob(
            source=path,
            name=name,
            table_path=workspace.table_path(name),
            kind=settings.kind or kind_of(path),
            settings=settings,
            scene=None,
            threads=threads,
        )
        for path, name in zip(paths, names, strict=True)
    ]
    scene = _scene_of(workspace, jobs)
    return [replace(job, scene=scene) for job in jobs]


def run_jobs(
    jobs: Sequence[ExtractionJob],
    workers: int,
    on_progress: Callable[[Progress, float], None] | None = None,
) -> list[Outcome]:
    """Run jobs, each in its own process; see `extract_sources`."""
    if not jobs:
        return []
    shares = [0.0] * len(jobs)

    def note(index: int, progress: Progress) -> None:
        if progress.duration_s > 0:
            shares[index] = min(1.0, progress.position_s / progress.duration_s)
        if on_progress is not None:
            on_progress(progress, sum(shares) / len(shares))

    isolated = IsolatedJobs(
        function=run_job,
        workers=workers,
        patience_s=jobs[0].settings.patience_s,
        preload=PRELOAD,
    )
    outcomes: dict[int, Outcome] = {}
    for index, ending in isolated.run(jobs, note):
        shares[index] = 1.0
        outcomes[index] = (
            Outcome(source=jobs[index].source, status="failed", reason=ending.reason)
            if isinstance(ending, JobFailure)
            else ending
        )
    return [outcomes[index] for index in range(len(jobs))]


def run_job(job: ExtractionJob, report: Report) -> Outcome:
    """Extract one recording and write its table, unless that is done already."""
    began = time.monotonic()
    if job.table_path.exists() and not job.settings.force:
        _refuse_another_table(job)
        return Outcome(
            source=job.source,
            status="skipped",
            reason="its table is there already, from the same file with the same settings",
            table_path=job.table_path,
        )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MotifmineWarning)
        table = _make_table(job, report)
    ours = [str(w.message) for w in caught if issubclass(w.category, MotifmineWarning)]
    losses = [message.removeprefix(f"{job.source} ") for message in ours]
    recording = table.recordings[0]
    # a caller that is gone is noticed here: a later run may be writing the same table
    report(Progress(job.source, recording.n_times * table.bin_s, math.nan, 0.0))
    store.write_table(job.table_path, table, force=job.settings.force)
    repaired = f"{recording.stamps_repaired} time stamps repaired"
    return Outcome(
        source=job.source,
        status="partial" if losses else "ok",
        reason="; ".join([*losses, *([repaired] if recording.stamps_repaired else [])]),
        table_path=job.table_path,
        frames_expected=recording.frames_expected,
        frames_decoded=recording.frames_decoded,
        recorded_s=recording.n_times * table.bin_s,
        elapsed_s=time.monotonic() - began,
        n_observations=len(table.word),
    )


def kind_of(path: Path) -> Kind:
    """Return the kind of words that a file's name promises."""
    return "labels" if path.suffix.lower() in TDOC_SUFFIXES else "flow-grid"


def _make_table(job: ExtractionJob, report: Report) -> ObservationTable:
    """Return the table of a job, of its scene."""

    def accept(vocabulary: Vocabulary) -> None:
        if job.scene:
            job.scene.refuse_other(vocabulary, job.bin_s, job.source)

    if job.kind == "flow-grid":
        return extract_video(
            job.source,
            job.settings.spec,
            name=job.name,
            start_utc=job.start_utc,
            strict=job.settings.strict,
            threads=job.threads,
            accept=accept,
            on_progress=report,
        )
    n_words = job.scene.vocabulary.n_words if job.scene else None
    table = read_tdoc(job.source, bin_s=job.bin_s, n_words=n_words)
    accept(table.vocabulary)
    recording = replace(table.recordings[0], name=job.name, start_utc=job.start_utc)
    return replace(table.of_recording(recording), spec=job.spec_json)


def _refuse_another_table(job: ExtractionJob) -> None:
    """Raise `WorkspaceError` unless the table at a job's place is the one it would write."""
    header = store.read_table_header(job.table_path)
    differs = [
        what
        for what, now, then in (
            ("from another file", sha256(job.source), header["source_digest"]),
            ("with other settings", job.spec_json, header["spec"]),
            ("by another version of motifmine", __version__, header["motifmine_version"]),
        )
        if now != then
    ]
    if differs:
        raise WorkspaceError(
            f"{job.table_path} exists already and was made {' and '.join(differs)}; overwrite it "
            "with --force, or choose another folder with --workspace"
        )


def _scene_of(workspace: Workspace, jobs: Sequence[ExtractionJob]) -> Scene | None:
    """Return what new tables must share with those that stay, else with the first source."""
    replaced = {job.table_path for job in jobs if job.settings.force}
    staying = [path for path in workspace.table_paths() if path not in replaced]
    if staying:
        bin_s = float(store.read_table_header(staying[0])["bin_s"])
        vocabulary = store.read_table_vocabulary(staying[0])
        return Scene(root=workspace.root, vocabulary=vocabulary, bin_s=bin_s)
    if len(jobs) < 2:
        return None
    isolated = IsolatedJobs(
        function=_vocabulary_of, workers=1, patience_s=jobs[0].settings.patience_s, preload=PRELOAD
    )
    found: list[Vocabulary] = []
    for job in jobs:
        for _, ending in isolated.run([job], lambda *_: None):
            if not isinstance(ending, JobFailure):
                found.append(ending)
        # one video tells the grid; the labels of `.tdoc` files are as many as the largest has
        if found and not all(other.kind == "labels" for other in jobs):
            break
    if not found:
        return None
    largest = max(found, key=lambda vocabulary: vocabulary.n_words)
    return Scene(root=workspace.root, vocabulary=largest, bin_s=job.bin_s)


def _vocabulary_of(job: ExtractionJob, _report: Report) -> Vocabulary:
    """Return the vocabulary that a job's table will have."""
    if job.kind == "labels":
        return read_tdoc(job.source, bin_s=job.bin_s).vocabulary
    with open_video(job.source) as reader:
        height, width = next(reader.frames()).luma.shape
    return Vocabulary.of_grid(job.settings.spec.grid(width, height))


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
