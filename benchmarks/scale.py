"""Whether an archive of many cameras keeps up: a simulated queue, and the real one on slow workers.

    python benchmarks/scale.py [queue] [dask] [--cameras 1000] [--file 600] [--speed 70]

`queue` simulates a day of `motifmine batch --watch`: files end at every camera, one dispatcher
hands them to workers, workers die and come back. It prints how late tables are, by the number of
workers, with files of other lengths, and after a pause of two hours. `dask` runs the real queue
and journal on a Dask cluster of eight workers whose jobs only wait, one of them slower and one that
is closed meanwhile; a share of the jobs fails and is tried again.
"""

import argparse
import heapq
import tempfile
import time
from dataclasses import dataclass, replace

import distributed
import numpy as np
from distributed import Client, LocalCluster

from motifmine.archive import executor
from motifmine.archive.jobs import FileJob
from motifmine.archive.journal import JobRecord, Journal
from motifmine.archive.plan import Grouping, Plan, PlannedFile, PlannedScene
from motifmine.archive.queue import JobQueue
from motifmine.archive.storage import Storage
from motifmine.parallel.dask_cluster import Cluster
from motifmine.workflows.extract_jobs import ExtractionSettings

DAY_S = 86_400.0
MOST_FILES = 150_000
"""Of a day with more only the beginning is simulated."""
N_DASK, SLOW = 8, 4.0
"""Workers of the Dask run, and how much slower the first of them is."""
FAILING = 0.02
"""Share of tries of the Dask run that fail for a reason that passes."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """An archive that grows, and what works on it."""

    cameras: int = 1000
    file_s: float = 600.0
    """Length of a file."""
    speed: float = 70.0
    """Seconds of video that a core extracts in a second."""
    spread: float = 0.3
    """Standard deviation of the logarithm of that."""
    per_file_s: float = 0.056
    """Processor time of a worker for each file, whatever its length."""
    dispatch_s: float = 0.011
    """Time that the one dispatcher takes for each file."""
    workers: int = 20
    mean_life_s: float = DAY_S
    """Mean time until a worker dies with its job."""
    repair_s: float = 120.0
    pause_s: float = 0.0
    """All workers are away for as long from the sixth hour on."""

    @property
    def load(self) -> float:
        """Workers that are busy on average."""
        return self.cameras * (1 / self.speed + self.per_file_s / self.file_s)


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a simulated day was like."""

    late_s: np.ndarray
    """From the end of each file to its table, by the end of the file."""
    busy: float
    """Share of the workers' time."""
    n_lost: int
    """Jobs whose worker died."""
    caught_up_s: float
    """From the end of the pause until files wait less than their length again."""


def simulate_day(archive: Archive, seed: int = 0) -> Day:
    """Return a day of an archive, from queues that are empty."""
    rng = np.random.default_rng(seed)
    n_each = int(min(DAY_S // archive.file_s, MOST_FILES // archive.cameras))
    ends = rng.uniform(0, archive.file_s, (archive.cameras, 1)) + archive.file_s * np.arange(n_each)
    ends = np.sort(ends.ravel())
    work_s = archive.file_s / archive.speed * rng.lognormal(0, archive.spread, len(ends))
    # with the mean of the speed
    work_s = work_s * np.exp(-(archive.spread**2) / 2) + archive.per_file_s
    life_s = rng.exponential(archive.mean_life_s, len(ends) + 1)
    waiting = [(end, number) for number, end in enumerate(ends.tolist())]
    free, dispatched, n_lost, busy_s = [0.0] * archive.workers, 0.0, 0, 0.0
    away = (DAY_S / 4, DAY_S / 4 + archive.pause_s)
    late_s = np.zeros(len(ends))
    while waiting:
        ready, number = heapq.heappop(waiting)
        begins = max(ready, heapq.heappop(free), dispatched)
        if away[0] <= begins < away[1]:
            begins = away[1]
        dispatched = begins + archive.dispatch_s
        takes = float(work_s[number])
        if life_s[n_lost] < takes:
            # the job waits again from when the scheduler misses its worker
            takes, n_lost = float(life_s[n_lost]), n_lost + 1
            heapq.heappush(waiting, (begins + takes, number))
            heapq.heappush(free, begins + takes + archive.repair_s)
        else:
            life_s[n_lost] -= takes
            late_s[number] = begins + takes - ends[number]
            heapq.heappush(free, begins + takes)
        busy_s += takes
    behind = ends[(ends > away[1]) & (late_s > archive.file_s)]
    return Day(
        late_s=late_s,
        busy=busy_s / (archive.workers * float(ends[-1])),
        n_lost=n_lost,
        caught_up_s=float(behind.max(initial=away[1]) - away[1]),
    )


def print_day(name: str, archive: Archive) -> None:
    day = simulate_day(archive)
    middle, high = np.quantile(day.late_s, [0.5, 0.99])
    quarter = len(day.late_s) // 4
    grows = day.late_s[-quarter:].mean() > 2 * day.late_s[quarter : 2 * quarter].mean() + 1
    print(
        f"{name}: busy {100 * day.busy:.0f} %, tables {middle:.0f} s late, 99 % within {high:.0f} "
        f"s, {day.n_lost} jobs lost with workers"
        + (f", caught up after {day.caught_up_s / 3600:.1f} h" if archive.pause_s else "")
        + ("; FALLS BEHIND" if grows and not archive.pause_s else ""),
        flush=True,
    )


def simulate_queues(archive: Archive) -> None:
    least = int(np.ceil(archive.load))
    print(f"{archive.cameras} cameras, files of {archive.file_s:g} s: load {archive.load:.1f}")
    for workers in (least - 1, least, least + 1, round(1.1 * least) + 1, round(1.3 * least)):
        print_day(f"{workers} workers", replace(archive, workers=workers))
    enough = replace(archive, workers=round(1.3 * least))
    print_day("a pause of two hours", replace(enough, pause_s=7200.0))
    print_day("workers live an hour", replace(enough, mean_life_s=3600.0))
    for file_s in (60.0, 10.0, 4.0):
        shorter = replace(archive, file_s=file_s)
        shorter = replace(shorter, workers=round(1.3 * shorter.load) + 1)
        print_day(f"files of {file_s:g} s, {shorter.workers} workers", shorter)


def wait(job: FileJob) -> JobRecord:
    """Stand in for the extraction of a file: wait, and sometimes fail."""
    rng = np.random.default_rng([job.file.n_bytes, time.perf_counter_ns()])
    name = distributed.get_worker().name
    time.sleep(job.file.length_s * (SLOW if name == 0 else 1))
    fails = rng.random() < FAILING
    return JobRecord(
        job=job.name,
        kind="extract",
        key=job.key,
        status="failed" if fails else "ok",
        is_transient=bool(fails),
        worker=str(name),
    )


def run_on_dask(n_files: int, work_s: float, *, closes: bool) -> None:
    """Print how long the real queue takes on workers that wait."""
    scenes = tuple(
        PlannedScene(
            name=f"camera{camera}",
            group=f"camera{camera}",
            files=tuple(
                PlannedFile(
                    path=f"{number}.mp4",
                    name=str(number),
                    n_bytes=number,
                    stamp="0",
                    length_s=work_s,
                )
                for number in range(n_files // 10)
            ),
        )
        for camera in range(10)
    )
    executor.run_on_worker = wait
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(
            n_workers=N_DASK, threads_per_worker=1, processes=False, dashboard_address=None
        ) as local,
        Client(local, set_as_default=False) as client,
    ):
        output = Storage(folder)
        plan = Plan(
            archive=folder,
            grouping=Grouping(),
            extraction=ExtractionSettings(),
            fit={"model": "plsm"},
            scenes=scenes,
        )
        journal = Journal(output)
        queue = JobQueue(plan=plan, output=output, journal=journal, scenes_wait=True)

        def close_one(record: JobRecord) -> None:
            # from another thread, as a machine that is switched off
            if closes and queue.n_finished == n_files // 2:
                client.loop.add_callback(local.workers[N_DASK - 1].close, timeout=1)

        queue.on_record = close_one
        queue.fill()
        began, began_cpu = time.perf_counter(), time.process_time()
        cluster = Cluster(address=local.scheduler_address, client=client, on_message=lambda _: None)
        executor.run_queue(queue, cluster)
        seconds, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
        done = sum(record.is_done for record in journal.records.values())
    tries = sum(n for name, n in queue._tries.items() if not name.startswith("lost"))
    speed = N_DASK - 1 + 1 / SLOW - (0.5 if closes else 0)
    print(
        f"{n_files} files of {work_s:g} s: {seconds:.1f} s (without any overhead "
        f"{tries * work_s / speed:.1f}), {1000 * cpu_s / n_files:.1f} CPU ms a file for scheduler, "
        f"queue and workers; {done} done, {tries - n_files} tries more"
        + (", one worker closed half-way" if closes else ""),
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=["queue", "dask"], help="queue, dask")
    parser.add_argument("--cameras", type=int, default=1000)
    parser.add_argument("--file", type=float, default=600.0, help="length of a file, seconds")
    parser.add_argument("--speed", type=float, default=70.0, help="times real time of a core")
    arguments = parser.parse_args()
    archive = Archive(cameras=arguments.cameras, file_s=arguments.file, speed=arguments.speed)
    if "queue" in arguments.parts:
        simulate_queues(archive)
    if "dask" in arguments.parts:
        run_on_dask(800, 0.5, closes=True)
        run_on_dask(2000, 0.0, closes=False)


if __name__ == "__main__":
    main()
