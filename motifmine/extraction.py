"""From recordings to observation tables: one in this process, or many, each in its own."""

import json
import math
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from motifmine.errors import MotifmineWarning, SpecError, VideoError, WorkspaceError
from motifmine.features.flow import BinRow, FlowSpec, FlowWords
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
from motifmine.io.video import Frame, VideoReader, open_video
from motifmine.isolation import IsolatedJobs, JobFailure, Report
from motifmine.table import ObservationTable, Recording, Vocabulary, bin_starts
from motifmine.version import __version__
from motifmine.workspace import Workspace

Kind = Literal["flow-grid", "labels"]
Status = Literal["ok", "partial", "failed", "skipped"]

REPORT_EVERY_S = 0.25
PRELOAD = ("motifmine.extraction", "motifmine.features.warm")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the extraction of one source is."""

    source: Path
    position_s: float
    """Seconds of the recording that are done."""
    duration_s: float
    """Length that the container promises, seconds; NaN if it does not say."""
    frames_per_s: float
    """Decoded frames per second of work."""


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


def extract_video(
    path: Path,
    spec: FlowSpec | None = None,
    *,
    name: str = "",
    start_utc: str = "",
    strict: bool = False,
    threads: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> ObservationTable:
    """Return the words of one video, read in this process.

    Parameters
    ----------
    path : Path
    spec : FlowSpec
        None takes the defaults.
    name : str
        Name of the recording; "" takes the file's name without its ending.
    start_utc : str
        Wall-clock time of the first frame, ISO 8601; "" if unknown.
    strict : bool
        Refuse a damaged or truncated video instead of keeping what could be read.
    threads : int
        How many compute flow beside the decoder; the table does not depend on it. None takes the
        number of cores.
    on_progress : function, optional
        Called a few times a second.

    Raises
    ------
    VideoError, FormatError
        When the file cannot be read as a video.
    SpecError
        When the settings do not suit a video of this size.

    Warns
    -----
    MotifmineWarning
        When something of the video is lost.
    """
    recording = Recording(
        name=name or path.stem, bin_start_s=bin_starts(0, 1.0), start_utc=start_utc
    )
    table, losses = _extract_video(
        path, spec or FlowSpec(), recording, None, strict, threads or _cores(), on_progress
    )
    for loss in losses:
        warnings.warn(f"{path}: {loss}", MotifmineWarning, stacklevel=2)
    return table


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
    jobs = plan_jobs(sources, workspace, settings or ExtractionSettings(), workers or _cores())
    return run_jobs(jobs, workers or _cores(), on_progress)


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
    threads = max(1, _cores() // max(1, min(workers, len(paths))))
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
    table, losses = _make_table(job, report)
    recording = table.recordings[0]
    # a caller that is gone must not find a table that a later run is also writing
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


def spec_json(spec: FlowSpec) -> str:
    """Return a FlowSpec as JSON; a mask is named by its content, not its path alone."""
    fields = asdict(spec)
    if spec.mask is not None:
        fields["mask_digest"] = sha256(Path(spec.mask)) if Path(spec.mask).is_file() else ""
    return json.dumps(fields, sort_keys=True)


def _make_table(job: ExtractionJob, report: Report) -> tuple[ObservationTable, list[str]]:
    """Return the table of a job and what of the recording is lost."""
    if job.kind == "flow-grid":
        recording = Recording(
            name=job.name, bin_start_s=bin_starts(0, 1.0), start_utc=job.start_utc
        )
        return _extract_video(
            job.source, job.settings.spec, recording, job.scene, job.settings.strict,
            job.threads, report,
        )  # fmt: skip
    words = job.scene.vocabulary.n_words if job.scene else None
    table = read_tdoc(job.source, bin_s=job.bin_s, n_words=words)
    if job.scene:
        job.scene.refuse_other(table.vocabulary, job.bin_s, job.source)
    recording = replace(table.recordings[0], name=job.name, start_utc=job.start_utc)
    return replace(table.of_recording(recording), spec=job.spec_json), []


def _extract_video(
    path: Path,
    spec: FlowSpec,
    recording: Recording,
    scene: Scene | None,
    strict: bool,
    threads: int,
    on_progress: Callable[[Progress], None] | None,
) -> tuple[ObservationTable, list[str]]:
    """Return the words of a video and what of it is lost; `recording` gives name and start."""
    cv2.setNumThreads(1)
    with open_video(path) as reader, ThreadPoolExecutor(1) as aside:
        digest = aside.submit(sha256, path)
        frames = reader.frames()
        first = next(frames)
        height, width = first.luma.shape
        words = FlowWords(spec, width=width, height=height, usual_gap_s=reader.usual_gap_s)
        vocabulary = Vocabulary.of_grid(words.grid)
        if scene is not None:
            scene.refuse_other(vocabulary, spec.bin_s, path)
        watched = _reported(chain([first], frames), reader, on_progress)
        rows = list(words.rows(watched, threads))
        losses = _losses(reader)
        if strict and losses:
            raise VideoError(f"{path}: {'; '.join(losses)}; refused because of --strict")
        recording = replace(
            recording,
            bin_start_s=bin_starts(words.n_times, spec.bin_s),
            source=str(path.resolve()),
            source_digest=digest.result(),
            origin_s=reader.origin_s,
            truncated_at_s=reader.truncated_at_s,
            frames_expected=reader.frames_expected,
            frames_decoded=reader.frames_decoded,
            stamps_repaired=reader.stamps_repaired,
        )
    return _assemble(rows, recording, vocabulary, spec, words), losses


def _assemble(
    rows: list[BinRow],
    recording: Recording,
    vocabulary: Vocabulary,
    spec: FlowSpec,
    words: FlowWords,
) -> ObservationTable:
    per_bin = np.zeros(recording.n_times, dtype=np.int64)
    per_bin[[row.time for row in rows]] = [len(row.word) for row in rows]
    return ObservationTable(
        offsets=np.concatenate([[0], np.cumsum(per_bin)]).astype(np.int64),
        word=np.concatenate([np.zeros(0, np.int32), *(row.word for row in rows)]),
        count=np.concatenate([np.zeros(0, np.float32), *(row.count for row in rows)]),
        recordings=(recording,),
        vocabulary=vocabulary,
        bin_s=spec.bin_s,
        spec=spec_json(spec),
        picture=words.mean.picture(),
    )


def _reported(
    frames: Iterator[Frame],
    reader: VideoReader,
    on_progress: Callable[[Progress], None] | None,
) -> Iterator[Frame]:
    """Pass frames on and report a few times a second."""
    began = last = time.monotonic()
    for frame in frames:
        yield frame
        now = time.monotonic()
        if on_progress is not None and now - last >= REPORT_EVERY_S:
            last = now
            rate = reader.frames_decoded / (now - began)
            on_progress(Progress(reader.path, float(frame.time_s), reader.duration_s, rate))


def _losses(reader: VideoReader) -> list[str]:
    """Return in words what of a video could not be read."""
    losses = []
    if math.isfinite(reader.truncated_at_s):
        promised = f" of {reader.duration_s:.1f} s" if math.isfinite(reader.duration_s) else ""
        losses.append(
            f"breaks off after frame {reader.frames_decoded - 1} "
            f"at {reader.truncated_at_s:.2f} s{promised}"
        )
    if reader.frames_damaged:
        losses.append(f"{reader.frames_damaged} packets or pictures are damaged")
    return losses


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
    for job in jobs:
        for _, found in isolated.run([job], lambda *_: None):
            if not isinstance(found, JobFailure):
                return Scene(root=workspace.root, vocabulary=found, bin_s=job.bin_s)
    return None


def _vocabulary_of(job: ExtractionJob, _report: Report) -> Vocabulary:
    """Return the vocabulary that a job's table will have."""
    if job.kind == "labels":
        return read_tdoc(job.source).vocabulary
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


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
