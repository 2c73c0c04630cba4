"""How fast PLSM is, beside torchnmf's NMFD (Kullback-Leibler, dense) in the same run.

    python benchmarks/plsm.py [--quick] [--long]

Data and scorer are those of the folder that the environment variable MOTIFMINE_BENCH names (with
`synth.py`, `score.py` and the peer's script); without it data of like size are simulated and
nothing is scored. Without torch and torchnmf only our own figures are printed. One thread each
unless said; seconds are medians of rounds taken in turns, and the peak memory is that of separate
processes (VmHWM). `--quick` leaves out what takes more than half a minute, `--long` adds the
peer's whole fit of the large data (a quarter of an hour).

Wanted: 15 times less time per iteration than torchnmf on medium and 50 times on large, 10 times
less to F1 0.97 or the peer's own best; a fifth of its memory on large; 1.7 times as fast on two
threads.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import blas_threads  # noqa: F401 (one)
import numpy as np
from harness import (
    BENCH,
    SIZES,
    bench_module,
    peak_mb,
    score_bench,
    simulate_size,
    table_of_bench,
)

from motifmine.analysis.occurrences import find_occurrences
from motifmine.kernels.jit import fast_kernel
from motifmine.models.plsm import em, live_passes
from motifmine.models.plsm import passes as plsm_pass
from motifmine.models.plsm.cell_layouts import aligned
from motifmine.models.plsm.model import Plsm
from motifmine.models.plsm.problem import Problem, State, flat_start, prepare_em
from motifmine.models.plsm.spec import Priors
from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.records.vocabulary import Vocabulary
from motifmine.simulation import simulate
from motifmine.types import Floats32

PEER = "peer_torchnmf.py"
DOCUMENTS = {"medium": 1, "large": 10}
PEER_BUDGETS = {"medium": (10, 20, 40, 80, 160), "large": (10, 20, 40)}
"""Iterations after which the peer is scored, besides where it stops by itself."""
GOAL = 0.97
RUN_PEER = """
import runpy, sys
from pathlib import Path
sys.argv = sys.argv[1:]
sys.path.insert(0, str(Path(sys.argv[0]).parent))
runpy.run_path(sys.argv[0], run_name="__main__")
print(next(x.split()[1] for x in open("/proc/self/status") if x.startswith("VmHWM")))
"""
"""A peer in a process of its own that tells its VmHWM: ru_maxrss would begin with its parent's."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        {"iterate": child_iterate, "fit": child_fit}[arguments.child[0]](Path(arguments.child[1]))
        return
    has_peer = (BENCH / PEER).exists() and all(map(importlib.util.find_spec, ("torch", "torchnmf")))
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if not has_peer:
        print(f"no peer: torchnmf, torch or {BENCH / PEER} is missing; our own figures only")
    with tempfile.TemporaryDirectory() as folder:
        paths = {size: made(size, Path(folder)) for size in DOCUMENTS}
        for size, path in paths.items():
            time_iterations(size, path, has_peer, n_rounds=1 if arguments.quick else 3)
        time_threads(paths["large"])
        time_slopes(n_rounds=5 if arguments.quick else 15)
        for path in paths.values():
            time_live(path)
        time_fits("medium", paths["medium"], has_peer)
        if not arguments.quick:
            time_fits("large", paths["large"], has_peer and arguments.long)


def made(size: str, folder: Path) -> Path:
    """Write the data of a size as the bench has them, and return their path."""
    path = folder / f"{size}_n10_s0.npz"
    if (BENCH / "synth.py").exists():
        command = [BENCH / "synth.py", size, "--noise", "0.1", "--seed", "0", "-o", path]
        subprocess.run([sys.executable, *map(str, command)], check=True, stdout=subprocess.PIPE)
        return path
    table = simulate_size(size, 0.1, 0, n_documents=DOCUMENTS[size]).table
    document = np.repeat(np.arange(table.n_documents), np.diff(table.document_offsets))
    row = table.row_of_observation()
    rows = (document[row], row - table.document_offsets[document[row]], table.word, table.count)
    of_size = SIZES[size]
    np.savez(
        path,
        coo=np.column_stack(rows).astype(np.int32),
        shape=[DOCUMENTS[size], of_size["n_times"], of_size["n_words"]],
        params=json.dumps({"K": of_size["n_motifs"], "L": of_size["motif_length"]}),
    )
    return path


def read(path: Path) -> tuple[ObservationTable, int, int]:
    """Return the table of bench data, and K and L."""
    with np.load(path) as data:
        sizes = json.loads(str(data["params"]))
        return table_of_bench(data), sizes["K"], sizes["L"]


def posed(
    table: ObservationTable, n_motifs: int, motif_length: int
) -> tuple[Problem, State, Floats32, Floats32]:
    """Return a problem without sparsity, a random state, and its padded starts and motifs."""
    priors = Priors(sparsity=0.0, background=0.1)
    problem = prepare_em(table, motif_length, priors, most_motifs=n_motifs, n_threads=1)
    rng = np.random.default_rng(0)
    motifs = rng.gamma(5.0, size=(n_motifs, motif_length, table.n_words)).astype(np.float32)
    motifs /= motifs.sum(axis=(1, 2), keepdims=True)
    state = flat_start(problem, motifs, problem.word_shares())
    starts = plsm_pass.padded_starts(state.starts)
    return problem, state, starts, plsm_pass.padded_phi(problem.plan, state.motifs)


def medians_s(jobs: Sequence[Callable[[], object]], n_rounds: int) -> list[float]:
    """Return the median seconds of each job, taken in turns after a round that is not counted."""
    seconds: list[list[float]] = [[] for _ in jobs]
    for turn in range(n_rounds + 1):
        for job, column in zip(jobs, seconds, strict=True):
            began = time.perf_counter()
            job()
            if turn:
                column.append(time.perf_counter() - began)
    return [statistics.median(column) for column in seconds]


def gflops(seconds: float, plan: plsm_pass.Plan) -> float:
    """Return 1e9 operations a second: 3 products of N * L * K, an addition and a product each."""
    return 6e-9 * len(plan.table.word) * plan.n_motifs * plan.motif_length / seconds


@fast_kernel
def multiply_add_loop(x: Floats32, y: Floats32, n_repeats: int) -> np.float32:
    """Return sums of products of two rows: the plain loop that the pass is held against."""
    total = np.float32(0)
    for _ in range(n_repeats):
        s = np.float32(0)
        for j in range(x.shape[0]):
            s += x[j] * y[j]
        total += s
        x[0] = total * np.float32(1e-6)
    return total


def child_iterate(path: Path) -> None:
    """Print seconds and CPU seconds of our EM iteration, of its pass, and the peak memory."""
    problem, state, starts, phi = posed(*read(path))
    plan, out = problem.plan, np.zeros_like(starts)
    none = np.zeros(plan.n_rows, np.float32)
    em.step(problem, state, none)
    walls, cpu = [], time.process_time()
    for _ in range(20):
        began = time.perf_counter()
        state, _ = em.step(problem, state, none)
        walls.append(time.perf_counter() - began)
    cpu = (time.process_time() - cpu) / 20
    peak = peak_mb()
    (alone,) = medians_s([lambda: plsm_pass.expectation(plan, starts, phi, out=out)], 9)
    row = {"wall_s": statistics.median(walls), "cpu_s": cpu, "pass_s": alone, "peak_mb": peak}
    print(json.dumps(row | {"gflops": gflops(alone, plan)}))


def child_fit(path: Path) -> None:
    """Print seconds, peak memory and scores of a fit with default settings on one thread."""
    table, n_motifs, motif_length = read(path)
    em.step(*warm_problem())  # kernels are compiled once per installation, not once per fit
    began, cpu = time.perf_counter(), time.process_time()
    fit = Plsm(n_motifs=n_motifs, motif_length=motif_length).fit(table, seed=0, n_threads=1)
    row: dict[str, Any] = {"wall_s": time.perf_counter() - began, "peak_mb": peak_mb()}
    row["cpu_s"] = time.process_time() - cpu
    if (BENCH / "score.py").exists():
        found = find_occurrences(table, fit.motifs, fit.background, fit.activations)
        scores = score_bench(bench_module("synth").load(path), fit, found)
        row |= {"F1": scores["F1"], "cos": scores["cos"]}
    print(json.dumps(row))


def warm_problem() -> tuple[Problem, State, Floats32]:
    """Return a tiny problem whose fit compiles, or loads, all kernels."""
    table = simulate(n_motifs=2, motif_length=4, n_words=8, n_times=200).table
    Plsm(n_motifs=2, motif_length=4).fit(table, seed=0, n_threads=1)
    problem, state, _, _ = posed(table, 2, 4)
    return problem, state, np.zeros(problem.plan.n_rows, np.float32)


def ours(what: str, path: Path) -> dict[str, Any]:
    """Return what a child process of this file prints."""
    command = [sys.executable, __file__, "--child", what, str(path)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    row: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return row


def peer(path: Path, n_iterations: int | None, *, is_scored: bool = False) -> dict[str, Any]:
    """Return what torchnmf needs for so many iterations, or until it stops by itself."""
    command = [sys.executable, "-c", RUN_PEER, str(BENCH / PEER), str(path), "--threads", "1"]
    command += [] if n_iterations is None else ["--iterations", str(n_iterations)]
    command += [] if is_scored else ["--no-score"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    *_, line, peak = printed.splitlines()
    row: dict[str, Any] = json.loads(line)
    return row | {"peak_mb": int(peak) / 1024}


def time_iterations(size: str, path: Path, has_peer: bool, n_rounds: int) -> None:
    """Print time and memory of an EM iteration beside the peer's."""
    mine, others = [], []
    for _ in range(n_rounds):
        mine.append(ours("iterate", path))
        if has_peer:
            others.append(peer(path, 20 if size == "medium" else 2))
    a = {key: statistics.median(row[key] for row in mine) for key in mine[0]}
    print(
        f"{path.stem}: EM iteration {a['wall_s'] * 1e3:.2f} ms ({a['cpu_s'] * 1e3:.2f} of CPU), "
        f"its pass {a['pass_s'] * 1e3:.2f} ms at {a['gflops']:.0f} GFLOP/s; "
        f"peak {a['peak_mb']:.0f} MB"
    )
    if not has_peer:
        return
    b = {
        "wall_s": statistics.median(row["s_per_iteration"] for row in others),
        "cpu_s": statistics.median(row["cpu_s"] / row["iterations"] for row in others),
        "peak_mb": statistics.median(row["peak_mb"] for row in others),
    }
    print(
        f"  torchnmf {b['wall_s'] * 1e3:.1f} ms ({b['cpu_s'] * 1e3:.1f} of CPU), "
        f"peak {b['peak_mb']:.0f} MB: {b['wall_s'] / a['wall_s']:.1f} times our time "
        f"({b['wall_s'] / a['pass_s']:.1f} times that of the pass), "
        f"{b['cpu_s'] / a['cpu_s']:.1f} times our CPU time, "
        f"{b['peak_mb'] / a['peak_mb']:.1f} times our memory",
        flush=True,
    )


def time_threads(path: Path) -> None:
    """Print the pass on one and on two threads, and the plain loop."""
    problem, _, starts, phi = posed(*read(path))
    out = np.zeros_like(starts)
    x, y = aligned(2048), aligned(2048)
    y[:] = 0.5
    one, two, loop = medians_s(
        [
            lambda: plsm_pass.expectation(problem.plan, starts, phi, out=out),
            lambda: plsm_pass.expectation(problem.plan, starts, phi, out=out, n_threads=2),
            lambda: multiply_add_loop(x, y, 5000),
        ],
        11,
    )
    reached = 2e-9 * 2048 * 5000 / loop
    print(
        f"{path.stem}: pass {one * 1e3:.1f} ms on one thread, {two * 1e3:.1f} on two, "
        f"{one / two:.2f} times as fast; {gflops(one, problem.plan):.0f} and "
        f"{gflops(two, problem.plan):.0f} GFLOP/s; a plain multiply-add loop in the first-level "
        f"cache on one thread: {reached:.0f} GFLOP/s",
        flush=True,
    )


def random_table(n_times: int, per_bin: float) -> ObservationTable:
    """Return counts thrown at random over 128 words."""
    cells = np.random.default_rng(0).integers(0, n_times * 128, int(n_times * per_bin))
    return table_from_rows(
        time=cells // 128,
        word=cells % 128,
        count=np.ones(len(cells)),
        n_times=n_times,
        vocabulary=Vocabulary.of_labels([str(w) for w in range(128)]),
    )


def time_slopes(n_rounds: int) -> None:
    """Print how the pass slows as observations, K and L double twice, one at a time."""
    base = {"n_times": 20000, "per_bin": 3.0, "n_motifs": 16, "motif_length": 16}
    for what, key in (
        ("time bins and observations", "n_times"),
        ("observations per bin", "per_bin"),
        ("K", "n_motifs"),
        ("L", "motif_length"),
    ):
        jobs, grown = [], [base[key] * factor for factor in (1, 2, 4)]
        for value in grown:
            sizes = base | {key: value}
            table = random_table(int(sizes["n_times"]), sizes["per_bin"])
            problem, _, starts, phi = posed(
                table, int(sizes["n_motifs"]), int(sizes["motif_length"])
            )

            def job(
                plan: plsm_pass.Plan = problem.plan,
                starts: Floats32 = starts,
                phi: Floats32 = phi,
                out: Floats32 = np.zeros_like(starts),  # noqa: B008
            ) -> None:
                plsm_pass.expectation(plan, starts, phi, out=out)

            jobs.append(job)
        seconds = medians_s(jobs, n_rounds)
        slope = np.polyfit(np.log(grown), np.log(seconds), 1)[0]
        times = ", ".join(f"{s * 1e3:.2f}" for s in seconds)
        print(f"{what} x 1, 2, 4: {times} ms, slope {slope:.2f}", flush=True)


def time_live(path: Path) -> None:
    """Print the pass over live starts beside that over all, as starts die."""
    problem, state, starts, phi = posed(*read(path))
    plan, places, out = problem.plan, problem.places, np.zeros_like(starts)
    shares = (0.002, 0.005, 0.01, 0.02, 0.045)
    starts_2d, motifs = state.starts, state.motifs
    keep = np.random.default_rng(0).random(starts_2d.shape)
    jobs: list[Callable[[], object]] = [
        lambda: plsm_pass.expectation(plan, starts, phi, out=out),
        *(
            lambda live=live: live_passes.live_expectation(plan, places, live, motifs)
            for live in (
                live_passes.few_live_starts(plan, np.where(keep < share, starts_2d, np.float32(0)))
                for share in shares
            )
        ),
    ]
    dense, *live = medians_s(jobs, 5)
    parts = ", ".join(
        f"{share:.1%} alive {s * 1e3:.2f}" for share, s in zip(shares, live, strict=True)
    )
    print(f"{path.stem}: all starts {dense * 1e3:.2f} ms; {parts}", flush=True)


def time_fits(size: str, path: Path, has_peer: bool) -> None:
    """Print a whole fit, its scores and memory, beside the peer's way to the same F1."""
    a = ours("fit", path)
    scored = f"F1 {a['F1']:.3f}, cosine {a['cos']:.3f}" if "F1" in a else "not scored"
    print(
        f"{path.stem}: fit with the defaults {a['wall_s']:.1f} s ({a['cpu_s']:.1f} of CPU), "
        f"{scored}; peak {a['peak_mb']:.0f} MB",
        flush=True,
    )
    if not has_peer or "F1" not in a:
        return
    rows = [peer(path, n, is_scored=True) for n in (*PEER_BUDGETS[size], None)]
    best = max(rows, key=lambda row: row["F1"])
    goal = min(GOAL, best["F1"])
    for what, b in (
        ("first at the goal", next(row for row in rows if row["F1"] >= goal)),
        ("its best", best),
    ):
        print(
            f"  torchnmf, {what}: F1 {b['F1']:.3f} (cosine {b['cos']:.3f}), {b['iterations']} "
            f"iterations in {b['wall_s']:.1f} s ({b['cpu_s']:.1f} of CPU), peak "
            f"{b['peak_mb']:.0f} MB: {b['wall_s'] / a['wall_s']:.1f} times the time of our whole "
            f"fit, {b['peak_mb'] / a['peak_mb']:.1f} times its memory",
            flush=True,
        )


if __name__ == "__main__":
    main()
