"""What the tables of one extraction share: from those of the workspace, else from the sources."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from motifmine.features.video.rate import refuse_low_rate
from motifmine.io.hdf5 import store
from motifmine.io.readers import open_frames
from motifmine.parallel.isolated import IsolatedJobs, JobFailure, Report
from motifmine.records.scene import Scene
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import Vocabulary
from motifmine.workflows.documents import document_tables
from motifmine.workflows.extract_jobs import (
    PRELOAD,
    ExtractionJob,
)
from motifmine.workflows.survey_series import series_scene
from motifmine.workflows.workspace import Workspace


def find_scene(
    workspace: Workspace,
    jobs: Sequence[ExtractionJob],
    workers: int,
    on_message: Callable[[str], None] | None,
) -> Scene | None:
    """Return what new tables must share with those that stay, else with the first source."""
    replaced = {
        path for job in jobs if job.settings.force for path in document_tables(job.table_path)
    }
    staying = [path for path in workspace.table_paths() if path not in replaced]
    series = [job for job in jobs if job.is_series]
    if series:
        return _series_scene(workspace, series, staying, workers, on_message)
    if staying:
        return find_scene_of_tables(workspace, staying)
    if len(jobs) < 2:
        return None
    isolated = IsolatedJobs(
        function=_scene_of_job, workers=1, patience_s=jobs[0].settings.patience_s, preload=PRELOAD
    )
    found: list[Scene] = []
    for job in jobs:
        for _, ending in isolated.run([job], lambda *_: None):
            if not isinstance(ending, JobFailure):
                found.append(ending)
        # one video gives the grid; `.tdoc` files need all, for the largest vocabulary
        if found and not all(other.reader.gives == "words" for other in jobs):
            break
    if not found:
        return None
    # all others fit into the largest vocabulary
    return max(found, key=lambda scene: scene.vocabulary.n_words)


def find_scene_of_tables(workspace: Workspace, paths: Sequence[Path]) -> Scene | None:
    """Return what new tables must share with tables of a workspace, None without any."""
    if not paths:
        return None
    header = store.read_table_header(paths[0])
    return Scene(
        name=str(workspace.root),
        vocabulary=store.read_table_vocabulary(paths[0]),
        bin_s=float(header["bin_s"]),
        size_px=(int(header.get("width_px", 0)), int(header.get("height_px", 0))),
    )


def _series_scene(
    workspace: Workspace,
    jobs: Sequence[ExtractionJob],
    staying: Sequence[Path],
    workers: int,
    on_message: Callable[[str], None] | None,
) -> Scene | None:
    """Return the scene of series: from the workspace's tables, else from all sources."""
    shared = None
    if staying:
        shared = Scene(
            # labels that a later source brought were appended: the longest list has all
            vocabulary=max(map(store.read_table_vocabulary, staying), key=lambda v: v.n_words),
            bin_s=float(store.read_table_header(staying[0])["bin_s"]),
        )
    found = series_scene(
        [job.source for job in jobs],
        jobs[0].settings.series,
        shared,
        place=workspace.root,
        workers=workers,
        patience_s=jobs[0].settings.patience_s,
    )
    if found is None:
        return None
    if on_message is not None:
        for note in found.notes:
            on_message(note)
    return replace(found, name=str(workspace.root))


def _scene_of_job(job: ExtractionJob, _report: Report) -> Scene:
    """Return what the tables of a scene share whose first recording is that of the job."""
    name = str(job.table_path.parent.parent)
    if job.reader.gives == "words":
        table: ObservationTable = job.reader.load()(job.source, bin_s=job.bin_s)
        return Scene(name=name, vocabulary=table.vocabulary, bin_s=job.bin_s)
    spec = job.settings.spec
    with open_frames(job.source, job.settings.frames) as reader:
        height, width = next(reader.frames()).luma.shape
        refuse_low_rate(reader, spec)
        bin_s = spec.choose_bin_s(reader.mean_gap_s)
    vocabulary = Vocabulary.of_grid(spec.grid(width, height))
    return Scene(name=name, vocabulary=vocabulary, bin_s=bin_s, size_px=(width, height))
