"""Small archives made for the tests, and what `motifmine batch` makes of them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import psutil

from motifmine.archive.jobs import run_isolated
from motifmine.archive.journal import JobRecord, lock_results
from motifmine.archive.plan import Grouping, Plan
from motifmine.archive.queue import JobQueue, RunOptions
from motifmine.archive.run import read_last_plan, run_plan
from motifmine.archive.scan import make_plan
from motifmine.archive.status import ArchiveState
from motifmine.archive.storage import Storage
from motifmine.types import Pixels
from motifmine.workflows.extract_jobs import ExtractionSettings
from tests.helpers.clips import cut, moving_square, scene, write_clip

FIT = {
    "model": "plsm",
    "n_motifs": 2,
    "motif_length": "4bins",
    "restarts": 1,
    "rounds": 1,
    "iterations": 5,
    "activity": "sparse",
    "seed": 0,
    "counts": "auto",
}
OPTIONS = (
    *("--motifs", "2", "--motif-length", "4bins", "--restarts", "1", "--rounds", "1"),
    *("--iterations", "5", "--activity", "sparse", "--settle", "50ms"),
)
"""The same for the command."""
MOST_REFUSALS = 10
NOT_RESULTS = ("journal", ".lock")


def street(
    n_frames: int, start: float = 10.0, step: tuple[float, float] = (0.0, 3.0)
) -> list[Pixels]:
    """Pictures of a small square that moves through a scene full of edges."""
    ground = np.random.default_rng(1).integers(40, 200, (12, 16), dtype=np.uint8)
    ground = ground.repeat(10, axis=0).repeat(10, axis=1)
    moving = moving_square(n_frames, start=(start, 20.0), step=step, side=16)
    still = scene(*ground.shape)
    return [np.where(picture == still, ground, picture) for picture in moving]


def make_archive(root: Path, n_clips: int = 2) -> Path:
    """Two cameras with `n_clips` clips each; of the second one clip is cut and one no video."""
    for camera, step in (("north", (3.0, 0.0)), ("south", (0.0, 3.0))):
        folder = root / camera / "2026" / "03"
        folder.mkdir(parents=True)
        for clip in range(n_clips):
            write_clip(folder / f"20260301{clip:02d}00.mkv", street(60, 10.0 + 30 * clip, step))
    cut(write_clip(root / "south/2026/03/202603012200.mkv", street(100)), 0.5)
    (root / "south/2026/03/202603012300.mkv").write_text("no video at all\n")
    return root


def plan_of(
    archive: Path | str,
    output: Path | str,
    scenes: str = "folder",
    fit: Mapping[str, object] | None = None,
) -> Plan:
    """The plan of an archive as it is now."""
    place = Storage(str(output))
    return make_plan(
        Storage(str(archive)),
        place,
        Grouping(scenes=scenes, name_time="%Y%m%d%H%M", settle_s=0.05),
        ExtractionSettings(),
        {**FIT, **(fit or {})},
        before=read_last_plan(place),
        workers=1,
    )


def run_queue_serially(queue: JobQueue) -> None:
    """Run all jobs of a queue one after the other, without Dask."""
    try:
        for job in queue.take_jobs():
            queue.finish(job, run_isolated(job))
    finally:
        queue.journal.flush()


def run_here(
    archive: Path | str,
    output: Path | str,
    options: RunOptions | None = None,
    run_queue: Callable[[JobQueue], None] = run_queue_serially,
    fit: Mapping[str, object] | None = None,
) -> tuple[ArchiveState, list[JobRecord]]:
    """Plan and run an archive; what came of it, and the records of the jobs that were run."""
    records: list[JobRecord] = []
    place = Storage(str(output))
    plan = plan_of(archive, output, fit=fit)
    with lock_results(place):
        state = run_plan(plan, place, run_queue, options, on_record=records.append)
    return state, records


def results(output: Path) -> dict[str, bytes]:
    """All files of results by name, without those that record how they were made."""
    files = (path for path in output.rglob("*") if path.is_file())
    named = {path.relative_to(output).as_posix(): path for path in files}
    return {
        name: path.read_bytes()
        for name, path in sorted(named.items())
        if name.split("/")[0] not in NOT_RESULTS
    }


def differences(one: Path, other: Path) -> list[str]:
    """Names of files that are not the same to the byte in two folders of results."""
    ours, theirs = results(one), results(other)
    return [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]


def products(output: Path) -> dict[str, bytes]:
    """The results of the scenes: tables, fits and reports."""
    return {name: content for name, content in results(output).items() if "/" in name}


def batch_line(archive: Path, output: Path, *more: str) -> list[str]:
    """The command line that does what `run_here` does."""
    line = [sys.executable, "-m", "motifmine_cli", "batch", str(archive), "-o", str(output)]
    return [*line, "--name-time", "%Y%m%d%H%M", *OPTIONS, *more]


def descendants(pid: int) -> list[int]:
    """All processes below one, itself first."""
    try:
        process = psutil.Process(pid)
        return [pid, *(child.pid for child in process.children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def kill(pid: int) -> bool:
    """Kill a process without warning; whether it was there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def run_disturbed(
    line: Sequence[str],
    rng: np.random.Generator,
    n_kills: int,
    victims: Callable[[int], list[int]] = descendants,
    longest_wait_s: float = 3.0,
) -> tuple[int, int]:
    """Run a command again and again while random processes of it are killed.

    Returns how many were killed before it ended by itself, and its exit status.
    """
    n_killed = n_refused = 0
    while True:
        with subprocess.Popen(line, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as run:
            while run.poll() is None and n_killed < n_kills:
                try:
                    run.wait(rng.uniform(0.2, longest_wait_s))
                except subprocess.TimeoutExpired:
                    chosen = victims(run.pid)
                    n_killed += kill(int(rng.choice(chosen))) if chosen else 0
            status = run.wait()
        # status 1: the scheduler is not back yet, so the line is run again
        n_refused += status == 1
        if status >= 0 and (status != 1 or n_refused > MOST_REFUSALS):
            return n_killed, status


def restart(output: Path) -> None:
    """Remove results."""
    shutil.rmtree(output, ignore_errors=True)


class SeparateCluster:
    """A scheduler and two workers in processes of their own, which are restarted when they die.

    That is what a service manager, a batch system or Kubernetes does.
    """

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        dask = [sys.executable, "-m", "dask"]
        worker = ("worker", self.address, "--nthreads", "1", "--no-dashboard")
        scheduler = ("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        self.lines = [[*dask, *scheduler], [*dask, *worker], [*dask, *worker]]
        self.processes = [self._start(line) for line in self.lines]
        self._has_ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep)
        self._keeper.start()

    def __enter__(self) -> "SeparateCluster":
        return self

    def __exit__(self, *_: object) -> None:
        self._has_ended.set()
        self._keeper.join()
        for process in self.processes:
            for pid in reversed(descendants(process.pid)):
                kill(pid)
            process.wait()

    def one_of(self, command: int, rng: np.random.Generator) -> list[int]:
        """The processes of the command, the scheduler or one worker."""
        roots = [command, *(process.pid for process in self.processes)]
        return descendants(int(rng.choice(roots)))

    def _start(self, line: list[str]) -> "subprocess.Popen[bytes]":
        quiet = subprocess.DEVNULL
        return subprocess.Popen(line, stdout=quiet, stderr=quiet, stdin=quiet)

    def _keep(self) -> None:
        while not self._has_ended.wait(0.2):
            for index, process in enumerate(self.processes):
                if process.poll() is not None:
                    self.processes[index] = self._start(self.lines[index])


def separate_cluster() -> SeparateCluster:
    """Start a cluster that is not the command's own."""
    return SeparateCluster()
