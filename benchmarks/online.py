"""How close stochastic EM over files comes to the fit in memory, and what memory it takes.

    python benchmarks/online.py [--quick] [--part likelihood|memory]

Data are `large_n10` and `large_n50` of the folder that the environment variable MOTIFMINE_BENCH
names (made with its `synth.py`), cut into documents of 600 time bins; without it a table of like
shape is simulated. A tenth of the documents is held out. Then 10,000 documents are simulated into
files, and fitted by stochastic EM and by map-reduce EM over two worker processes, and a day of 100
documents is added. Memory is that of the processes (VmHWM). `--quick` takes a tenth of everything.

Wanted: the held-out log-likelihood per observation within 1 % of the fit in memory after at most
three passes; less than 1 GB of memory in every process at 10,000 documents.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from harness import BENCH, SIZES, peak_mb, table_of_bench

from motifmine.io.hdf5 import store
from motifmine.models.plsm.model import Plsm
from motifmine.models.request import FitRequest
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable, cut_documents
from motifmine.simulation import simulate
from motifmine.workflows.fit import fit
from motifmine.workflows.mine import locate
from motifmine.workflows.out_of_core.commands import update_fit
from motifmine.workflows.run import FitRun
from motifmine.workflows.workspace import Workspace

DOCUMENT_BINS = 600
LENGTH = 20
N_MOTIFS = 20
N_DAY = 100
"""Documents of the day that is added."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--part", choices=["likelihood", "memory"], help="Only this.")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        what, folder = arguments.child
        {"online": child_online, "stream": child_stream, "update": child_update}[what](Path(folder))
        return
    with tempfile.TemporaryDirectory() as folder:
        for noise in ("0.1", "0.5") if arguments.part != "memory" else ():
            compare(noise, Path(folder), arguments.quick)
        if arguments.part != "likelihood":
            measure_memory(Path(folder) / "many", 1_000 if arguments.quick else 10_000)


def compare(noise: str, folder: Path, is_quick: bool) -> None:
    """Print the held-out log-likelihood of the fit in memory and of one to three passes."""
    table = cut_documents(read(noise, folder, is_quick), DOCUMENT_BINS)
    held = np.sort(
        np.random.default_rng(0).choice(
            table.n_documents, size=table.n_documents // 10, replace=False
        )
    )
    learned = table.documents(np.setdiff1d(np.arange(table.n_documents), held).tolist())
    hidden = table.documents(held.tolist())
    workspace = Workspace(folder / f"noise-{noise}")
    write_tables(workspace, learned)
    began = time.perf_counter()
    batch = Plsm(n_motifs=N_MOTIFS, motif_length=LENGTH).fit(learned, seed=0)
    goal = batch.score(hidden)
    print(
        f"noise {noise}: {learned.n_documents} documents, {len(learned.word)} observations; in "
        f"memory {time.perf_counter() - began:.0f} s, held out {goal:.4f} nats per observation",
        flush=True,
    )
    for settings in (
        {"online": True, "passes": 1},
        {"online": True, "passes": 2},
        {"online": True},
        {"stream": True},
    ):
        began = time.perf_counter()
        request = FitRequest.of("plsm", n_motifs=N_MOTIFS, **settings)
        _, record = fit(workspace, request, FitRun(name="bench", force=True))
        seconds = time.perf_counter() - began
        score = held_out(record, hidden)
        print(
            f"  {settings}: {seconds:.0f} s, held out {score:.4f}, {100 * (score / goal - 1):+.2f} "
            "% (below 0 is better than in memory)",
            flush=True,
        )


def held_out(record: FitRecord, hidden: ObservationTable) -> float:
    """Return the log-likelihood per observation of other documents, nats."""
    found = locate(record, hidden)
    return found.log_likelihood / found.n_observations


def read(noise: str, folder: Path, is_quick: bool) -> ObservationTable:
    """Return the bench's table of a size like `large`, or a simulated one."""
    if is_quick or not (BENCH / "synth.py").exists():
        sizes = SIZES["large"] | ({"n_times": 3_600} if is_quick else {})
        return simulate(**sizes, n_documents=10, noise=float(noise)).table
    path = folder / f"large-{noise}.npz"
    command = [BENCH / "synth.py", "large", "--noise", noise, "--seed", "0", "-o", path]
    subprocess.run([sys.executable, *map(str, command)], check=True, stdout=subprocess.DEVNULL)
    with np.load(path) as data:
        return table_of_bench(data)


def write_tables(
    workspace: Workspace, table: ObservationTable, which: Sequence[int] | None = None
) -> None:
    """Write every document of a table, or some of them, into a workspace."""
    for number in range(table.n_documents) if which is None else which:
        document = table.document(number)
        path = workspace.table_path(document.recordings[0].name)
        store.write_table(path, document, force=True)


def measure_memory(folder: Path, n_documents: int) -> None:
    """Print time and memory of fits over many files, and of an update."""
    simulation = simulate(
        n_motifs=8,
        motif_length=LENGTH,
        n_words=60,
        n_times=DOCUMENT_BINS // 2,
        n_documents=n_documents + N_DAY,
        seed=1,
    )
    workspace = Workspace(folder)
    write_tables(workspace, simulation.table, range(n_documents))
    print(
        f"{n_documents} documents of {DOCUMENT_BINS // 2} bins, "
        f"{len(simulation.table.word)} observations",
        flush=True,
    )
    child("online", folder)
    child("stream", folder)
    write_tables(workspace, simulation.table, range(n_documents, n_documents + N_DAY))
    child("update", folder)


def child(what: str, folder: Path) -> None:
    """Run a part of the measurement in a process of its own."""
    subprocess.run([sys.executable, __file__, "--child", what, str(folder)], check=True)


def child_online(folder: Path) -> None:
    began = time.perf_counter()
    request = FitRequest(model="plsm", n_motifs=8, online=True, passes=1)
    path, record = fit(Workspace(folder), request, FitRun(name="online"))
    told("--online, one pass, one process", began, path, record)


def child_stream(folder: Path) -> None:
    began = time.perf_counter()
    request = FitRequest(model="plsm", n_motifs=8, stream=True)
    path, record = fit(Workspace(folder), request, FitRun(name="stream", workers=2))
    told("--stream, two workers", began, path, record)


def child_update(folder: Path) -> None:
    began = time.perf_counter()
    path, record = update_fit(Workspace(folder), "online", FitRun(name="updated"))
    told(f"--update with {N_DAY} documents", began, path, record)


def told(what: str, began: float, path: Path, record: FitRecord) -> None:
    """Print what a fit took."""
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(
        f"  {what}: {time.perf_counter() - began:.0f} s; {len(record.motifs)} motifs, "
        f"{len(record.occurrences)} occurrences, {path.stat().st_size / 1e6:.0f} MB; peak memory "
        f"{peak_mb():.0f} MB, of the largest worker {workers / 1024:.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
