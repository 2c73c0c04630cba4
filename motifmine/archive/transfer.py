"""Transfer of a job's files between the folder of results and the machine that runs the job."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from motifmine.archive.storage import Storage
from motifmine.parallel.isolated import Report
from motifmine.workflows.documents import filter_tables
from motifmine.workflows.workspace import Workspace


class Located(Protocol):
    """A job, by where its results are."""

    @property
    def output(self) -> Storage:
        """Folder of the results."""

    @property
    def scene(self) -> str:
        """Name of the scene."""


@contextmanager
def open_workspace(output: Storage, scene: str) -> Iterator[Workspace]:
    """Yield the scene's workspace, or a temporary one if the results are remote."""
    if output.is_local:
        yield Workspace(output.path / scene)
        return
    with tempfile.TemporaryDirectory(prefix="motifmine-") as folder:
        yield Workspace(Path(folder))


def fetch_tables(job: Located, workspace: Workspace, names: Sequence[str], report: Report) -> None:
    """Download the existing tables of recordings into a temporary workspace."""
    there = list(job.output.subfolder(f"{job.scene}/tables").list_sizes())
    paths = [workspace.tables / file for name in names for file in filter_tables(there, name)]
    fetch_results(job, workspace, paths, report)


def fetch_results(
    job: Located, workspace: Workspace, paths: Sequence[Path], report: Report
) -> None:
    """Download existing results of a scene into a temporary workspace."""
    for path in paths:
        relative = path.relative_to(workspace.root).as_posix()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            job.output.subfolder(job.scene).fetch(relative, path, lambda: report("fetching"))
        except FileNotFoundError:
            path.unlink(missing_ok=True)


def publish_results(job: Located, workspace: Workspace, paths: Sequence[Path]) -> None:
    """Upload results from a temporary workspace."""
    if not job.output.is_local:
        for path in paths:
            relative = path.relative_to(workspace.root).as_posix()
            job.output.subfolder(job.scene).publish(path, relative)
