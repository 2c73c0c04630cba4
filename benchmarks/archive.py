"""What the batch layer costs: a made archive of 200 clips of 6 scenes, 10 of them broken.

    python benchmarks/archive.py [VIDEO OR FOLDER ...] [--clips 200] [--scenes 6] [--broken 10]
                                 [--seconds 10] [--work FOLDER]

The clips are cut out of the given videos (default: the rendered clips of sample_data), encoded
again in other qualities, some mirrored or reduced so that they make scenes of their own. Wanted:
two workers at least 1.8 times as fast as one; less than 50 ms a file for the batch layer, beside
the same files extracted by `motifmine extract` on one core.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from motifmine.archive.executor import run_queue
from motifmine.archive.journal import Journal
from motifmine.archive.plan import Grouping, Plan
from motifmine.archive.queue import JobQueue
from motifmine.archive.run import run_plan
from motifmine.archive.scan import make_plan
from motifmine.archive.storage import Storage
from motifmine.io.sources import expand_sources
from motifmine.parallel.dask_cluster import local_cluster, remote_cluster
from motifmine.parallel.threads import n_cores
from motifmine.workflows.extract import plan_jobs, run_jobs
from motifmine.workflows.extract_jobs import ExtractionSettings
from motifmine.workflows.workspace import Workspace

DEFAULT = Path(__file__).resolve().parents[1] / "sample_data" / "junction"
FIT = {"model": "plsm", "n_motifs": 6, "restarts": 1, "seed": 0, "counts": "auto"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="*", type=Path, default=[DEFAULT])
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--scenes", type=int, default=6)
    parser.add_argument("--broken", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=10, help="length of a clip")
    parser.add_argument("--work", type=Path, help="keep archive and results in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = (arguments.work or Path(folder)).absolute()
        archive = work / "archive"
        if not archive.exists():
            sizes = arguments.clips, arguments.scenes, arguments.broken, arguments.seconds
            make_archive(archive, expand_sources(arguments.sources), *sizes)
        files = sorted(archive.rglob("*.mp4"))
        size_mb = sum(file.stat().st_size for file in files) / 2**20
        print(f"{len(files)} files, {size_mb:.0f} MB, {n_cores()} cores", flush=True)
        measure(archive, work)


def make_archive(
    archive: Path, sources: list[Path], n_clips: int, n_scenes: int, n_broken: int, clip_s: int
) -> None:
    """Write clips of some scenes; some of them are broken, each in its own way."""
    rng = np.random.default_rng(0)
    for index in range(n_clips - n_broken):
        scene = index % n_scenes
        source = sources[scene % len(sources)]
        folder = archive / f"camera{scene + 1}" / "2026" / "03" / f"{1 + index // 24 % 28:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{index // n_scenes:04d}.mp4"
        pictures = pictures_from(source, float(rng.uniform(0, 60)), clip_s)
        reencode(pictures, path, scene, int(rng.integers(20, 32)))
    whole = sorted(archive.rglob("*.mp4"))
    for index in range(n_broken):
        content = whole[index].read_bytes()
        broken = whole[index].with_name(f"broken{index}.mp4")
        if index % 5 == 0:
            broken.write_bytes(content[: len(content) // 2])
        elif index % 5 == 1:
            broken.write_bytes(b"")
        elif index % 5 == 2:
            broken.write_bytes(rng.bytes(20_000))
        elif index % 5 == 3:
            broken.write_text("no video\n")
        else:
            broken.write_bytes(content[64:])


def reencode(pictures: Iterator[np.ndarray], path: Path, scene: int, quality: int) -> None:
    """Write pictures as a video: mirrored in odd scenes, smaller in every third."""
    with av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=25)
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(quality), "preset": "veryfast"}
        for index, picture in enumerate(pictures):
            shown = picture[:, ::-1] if scene % 2 else picture
            rows = picture.shape[0] * (3 if scene % 3 == 2 else 4) // 4
            shown = np.ascontiguousarray(shown[: rows // 2 * 2, : picture.shape[1] // 2 * 2])
            if index == 0:
                stream.height, stream.width = shown.shape[:2]
            frame = av.VideoFrame.from_ndarray(shown, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))


def pictures_from(source: Path, start_s: float, clip_s: int) -> Iterator[np.ndarray]:
    """Yield 25 pictures for every second, from a place in a video on."""
    with av.open(str(source)) as container:
        length_s = (container.duration or av.time_base * clip_s) / av.time_base
        container.seek(int(max(0.0, start_s % max(1.0, length_s - clip_s)) * av.time_base))
        for index, frame in enumerate(container.decode(container.streams.video[0])):
            if index >= 25 * clip_s:
                return
            yield frame.to_ndarray(format="rgb24")


def measure(archive: Path, work: Path) -> None:
    """Print what a plain loop takes, one worker and two, the whole command, and a cluster."""
    began = time.perf_counter()
    plan = plan_of(archive, work / "two")
    planned_s = time.perf_counter() - began
    print(f"plan: {plan.n_files} files in {len(plan.scenes)} scenes, {planned_s:.1f} s", flush=True)
    plain_s = plain_loop(plan, work / "plain")
    print(f"plain extraction, one after the other: {plain_s:.1f} s", flush=True)
    seconds = {n: batch(plan, work / name, n) for n, name in ((1, "one"), (2, "two"))}
    per_file_ms = 1000 * (seconds[1] + planned_s - plain_s) / plan.n_files
    print(f"two workers are {seconds[1] / seconds[2]:.2f} times as fast as one")
    print(f"the batch layer, with planning: {per_file_ms:.0f} ms a file", flush=True)
    command(archive, work / "two", "fits and reports")
    command(archive, work / "two", "again, with nothing to do")
    on_a_cluster(plan, work / "cluster")
    first = sorted(archive.rglob("0000.mp4"))[0]
    for name, options in (("with --update", ["--update"]), ("without", [])):
        more = first.with_name(f"more{len(options)}.mp4")
        shutil.copy(first, more)
        command(archive, work / "two", f"a clip more, {name}", *options)
        more.unlink()
    journal = Journal(Storage(str(work / "two")))
    hours = sum(r.recorded_s for r in journal.records.values() if r.kind == "extract") / 3600
    n_bytes = sum(r.result_bytes for r in journal.records.values() if r.kind == "extract")
    fits = [r for r in journal.records.values() if r.kind == "scene"]
    fit_s = statistics.mean(r.elapsed_s for r in fits) if fits else 0.0
    n_failed = sum(r.status == "failed" for r in journal.records.values())
    print(
        f"{hours:.2f} h of video, {n_failed} failed; {n_bytes / hours / 2**20:.0f} MB of tables an"
    )
    print(f"hour; a fit of {hours / max(len(fits), 1):.2f} h takes {fit_s:.1f} s")


def command(archive: Path, output: Path, name: str, *options: str) -> None:
    """Run the whole command and print what it took."""
    line = [sys.executable, "-m", "motifmine_cli", "batch", str(archive), "-o", str(output)]
    began = time.perf_counter()
    status = subprocess.run(
        [*line, "--motifs", "6", "--restarts", "1", *options], check=False, capture_output=True
    ).returncode
    print(f"{name}: {time.perf_counter() - began:.1f} s, exit status {status}", flush=True)


def plan_of(archive: Path, output: Path) -> Plan:
    place = Storage(str(output))
    return make_plan(
        Storage(str(archive)), place, Grouping(), ExtractionSettings(), FIT, workers=n_cores()
    )


def plain_loop(plan: Plan, folder: Path) -> float:
    """Return the seconds that extraction takes without the batch layer, on one core."""
    shutil.rmtree(folder, ignore_errors=True)
    settings = ExtractionSettings()
    jobs = []
    for scene in plan.scenes:
        paths = [Path(plan.archive) / file.path for file in scene.files]
        jobs += plan_jobs(paths, Workspace(folder / scene.name), settings, n_cores())
    began = time.perf_counter()
    run_jobs(jobs, 1)
    return time.perf_counter() - began


def batch(plan: Plan, output: Path, workers: int) -> float:
    """Return the seconds that the batch layer takes for all tables, starting the cluster too."""
    shutil.rmtree(output, ignore_errors=True)
    began = time.perf_counter()
    with local_cluster(workers, lambda _: None) as cluster:
        started = time.perf_counter()
        run_plan(plan, Storage(str(output)), lambda queue: only_tables(queue, cluster))
        ended = time.perf_counter()
    print(
        f"batch, {workers} workers: tables in {ended - started:.1f} s, cluster up in "
        f"{started - began:.1f} s",
        flush=True,
    )
    return ended - began


def only_tables(queue: JobQueue, cluster: object) -> None:
    """Run the file jobs of a queue; scenes are left to the command."""
    queue.scenes_wait = True
    run_queue(queue, cluster)  # type: ignore[arg-type]


def on_a_cluster(plan: Plan, output: Path) -> None:
    """Run the same plan on a scheduler and a worker in processes of their own, and compare."""
    shutil.rmtree(output, ignore_errors=True)
    address = "tcp://127.0.0.1:18786"
    dask = [sys.executable, "-m", "dask"]
    lines = [
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "18786", "--no-dashboard"],
        [*dask, "worker", address, "--nworkers", "2", "--nthreads", "1", "--no-dashboard"],
    ]
    quiet = subprocess.DEVNULL
    processes = [subprocess.Popen(line, stdout=quiet, stderr=quiet) for line in lines]
    try:
        time.sleep(5)
        began = time.perf_counter()
        with remote_cluster(address, lambda _: None) as cluster:
            run_plan(plan, Storage(str(output)), lambda queue: run_queue(queue, cluster))
        print(f"on a separate scheduler, all: {time.perf_counter() - began:.1f} s")
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()
    theirs, ours = (
        {path.relative_to(root): path.read_bytes() for path in sorted(root.rglob("*.h5"))}
        for root in (output.with_name("two"), output)
    )
    print("tables and fits are the same to the byte:", theirs == ours)


if __name__ == "__main__":
    main()
