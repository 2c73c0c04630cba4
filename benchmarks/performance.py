"""The table of docs/performance.md, and a check that nothing has become slower.

    python benchmarks/performance.py [--check] [--only TEXT...]

Every figure is held against something measured in the same run, taken in turns, the least of
several rounds of processor time on one thread: a plain multiply-add loop in the first-level cache,
the pass over all starts, decoding and resizing of the same clip, a python that imports click. The
ratios hardly depend on the machine and on what else it does. Without an option the page's table
and `docs/performance.json` are written; `--check` compares with that file instead, and fails where
a ratio is more than 15 % worse.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import blas_threads  # noqa: F401 (one)
import numpy as np
from extract import DEFAULT as CLIPS
from extract import decode_and_resize
from harness import SIZES
from hdlsm import started, whole_sweep
from plsm import gflops, multiply_add_loop, posed

from motifmine.features.video.extract import extract_documents
from motifmine.io.hdf5.store import write_table
from motifmine.models.plsm import live_passes, passes
from motifmine.models.plsm.cell_layouts import aligned
from motifmine.models.plsm.model import Plsm
from motifmine.simulation import simulate

ROOT = Path(__file__).resolve().parent.parent
PAGE, FIGURES = ROOT / "docs" / "performance.md", ROOT / "docs" / "performance.json"
BEGIN, END = "<!-- figures: made by make bench -->", "<!-- end of figures -->"
MARGIN = 0.15
SMALL = SIZES["small"] | {"noise": 0.1}
LARGE = SIZES["large"] | {"n_times": 18_000, "noise": 0.1}
LOOP_FLOPS = 2 * 2048 * 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the page."""

    name: str
    ratio: float
    against: str
    """What the ratio is to."""
    figure: str
    """The same in units that a reader knows, on the machine of the run."""
    is_rate: bool = False
    """Whether a higher ratio is better."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the page's figures")
    parser.add_argument("--only", nargs="+", default=[""], help="names with one of these texts")
    arguments = parser.parse_args()
    found = []
    for job in (
        time_passes,
        time_fits,
        time_sampler,
        time_extraction,
        time_help,
        time_first,
        weigh_fit,
    ):
        if any(text in job.__name__ for text in arguments.only):
            found += job()
            print(f"{job.__name__}: {found[-1].ratio:.3f}", file=sys.stderr, flush=True)
    if arguments.check:
        sys.exit(compare(found, json.loads(FIGURES.read_text())))
    # with --only the other rows stay as they are
    rows = json.loads(FIGURES.read_text()) | {f.name: asdict(f) for f in found}
    FIGURES.write_text(json.dumps(rows, indent=1) + "\n")
    page = PAGE.read_text()
    head, tail = page[: page.index(BEGIN) + len(BEGIN)], page[page.index(END) :]
    table = table_of([Figure(**row) for row in rows.values()])
    PAGE.write_text(f"{head}\n\n{table}\n\n{tail}")


def table_of(found: Sequence[Figure]) -> str:
    """Return the rows of a Markdown table."""
    lines = ["| what | ratio | to | on this machine |", "|---|---|---|---|"]
    lines += [f"| {f.name} | {f.ratio:.3g} | {f.against} | {f.figure} |" for f in found]
    return "\n".join(lines)


def compare(found: Sequence[Figure], before: dict[str, Any]) -> int:
    """Print ratios beside those of the page; return the exit status."""
    n_worse = 0
    for f in found:
        if f.name not in before:
            print(f"{f.name}: {f.ratio:.3g}, not on the page")
            continue
        was = before[f.name]["ratio"]
        worse = was / f.ratio - 1 if f.is_rate else f.ratio / was - 1
        n_worse += worse > MARGIN
        print(f"{f.name}: {f.ratio:.3g}, was {was:.3g}{'  SLOWER' if worse > MARGIN else ''}")
    return int(n_worse > 0)


def least_cpu_s(jobs: Sequence[Callable[[], object]], n_rounds: int = 7) -> list[float]:
    """Return the least processor seconds of each job, taken in turns."""
    seconds = [float("inf")] * len(jobs)
    for turn in range(n_rounds + 1):
        for i, job in enumerate(jobs):
            began = time.process_time()
            job()
            if turn:  # the first round compiles
                seconds[i] = min(seconds[i], time.process_time() - began)
    return seconds


def loop() -> Callable[[], object]:
    """Return the plain multiply-add loop."""
    x, y = aligned(2048), aligned(2048)
    y[:] = 0.5
    return lambda: multiply_add_loop(x, y, 5000)


def time_passes() -> list[Figure]:
    """Return the EM pass of large data over all starts, and over few."""
    table = simulate(**LARGE, n_documents=2, seed=0).table
    problem, state, starts, phi = posed(table, LARGE["n_motifs"], LARGE["motif_length"])
    plan, out = problem.plan, np.zeros_like(starts)
    keep = np.random.default_rng(0).random(state.starts.shape) < 0.005
    live = live_passes.few_live_starts(plan, np.where(keep, state.starts, np.float32(0)))
    dense, few, plain = least_cpu_s(
        [
            lambda: passes.expectation(plan, starts, phi, out=out),
            lambda: live_passes.live_expectation(plan, problem.places, live, state.motifs),
            loop(),
        ]
    )
    rate, reached = gflops(dense, plan), 1e-9 * LOOP_FLOPS / plain
    return [
        Figure(
            name="EM pass over all starts",
            ratio=rate / reached,
            against="operations a second of a multiply-add loop in the first-level cache",
            figure=f"{rate:.0f} GFLOP/s a thread",
            is_rate=True,
        ),
        Figure(
            name="EM pass over .5 % of the starts",
            ratio=few / dense,
            against="time of the pass over all",
            figure=f"{few * 1e3:.1f} ms for {dense * 1e3:.0f} ms",
        ),
    ]


def time_fits() -> list[Figure]:
    """Return whole fits of small data, their number given and open."""
    table = simulate(**SMALL, seed=0).table
    given, open_, plain = least_cpu_s(
        [
            lambda: Plsm(n_motifs=6, motif_length=10).fit(table, seed=0, n_threads=1),
            lambda: Plsm(motif_length=10).fit(table, seed=0, n_threads=1),
            loop(),
        ],
        n_rounds=2,
    )
    unit = "seconds in which the loop does 1 GFLOP"
    second = plain / (1e-9 * LOOP_FLOPS)
    return [
        Figure(name=name, ratio=s / second, against=unit, figure=f"{s:.2f} CPU s")
        for name, s in (
            ("fit of small, 6 motifs asked for", given),
            ("fit of small, number open", open_),
        )
    ]


def time_sampler() -> list[Figure]:
    """Return updates of HDLSM on small data, all moves together."""
    tokens, state, prior, rng = started(simulate(**SMALL, seed=0).table, SMALL["motif_length"])
    for sweep in range(12):
        state = whole_sweep(tokens, state, prior, rng, sweep)
    sweep_s, plain = least_cpu_s([lambda: whole_sweep(tokens, state, prior, rng, 1), loop()])
    rate = len(tokens.word) / sweep_s
    return [
        Figure(
            name="HDLSM, all moves, small",
            ratio=rate / (LOOP_FLOPS / plain) * 1e6,
            against="updates in the time of 1 MFLOP of the loop",
            figure=f"{rate / 1e6:.2f} M updates/s",
            is_rate=True,
        )
    ]


def time_extraction() -> list[Figure]:
    """Return the extraction of a clip of 352x288."""
    clip = next(iter(sorted(CLIPS.glob("*.mp4"))))
    jobs = [lambda: list(extract_documents(clip, threads=1)), lambda: decode_and_resize(clip)]
    whole, plain = least_cpu_s(jobs, n_rounds=5)
    _, length_s = decode_and_resize(clip)
    return [
        Figure(
            name="extraction of 352x288",
            ratio=whole / plain,
            against="decoding and resizing of the same clip",
            figure=f"{length_s / whole:.0f} times real time a core",
        )
    ]


def child_cpu_s(command: Sequence[str], **environment: str) -> float:
    """Return processor seconds of a command with its own children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *command],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=os.environ | environment,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def time_first() -> list[Figure]:
    """Return the first `extract` of events after installation, which compiles."""
    rng = np.random.default_rng(0)
    start_s = np.sort(rng.uniform(0, 21_600, 700))
    time_s = np.concatenate([start_s + 3 * step for step in range(4)] + [21_600 * rng.random(2000)])
    label = np.concatenate([np.repeat(np.arange(4), 700), rng.integers(0, 8, 2000)])
    rows = [f"{time_s[i]:.3f},e{label[i]}" for i in np.argsort(time_s)]
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.csv"
        events.write_text("\n".join(["time,event", *rows]) + "\n")
        command = ["-m", "motifmine_cli", "extract", str(events), "-w", folder, "--force"]
        first, again = (child_cpu_s(command, NUMBA_CACHE_DIR=folder) for _ in range(2))
    return [
        Figure(
            name="first extract of 4,800 events, their bins chosen",
            ratio=first / again,
            against="the second, with all compiled",
            figure=f"{first:.1f} CPU s for {again:.1f}",
        )
    ]


def time_help() -> list[Figure]:
    """Return what `motifmine --help` takes."""
    helped = "import sys; sys.argv = ['motifmine', '--help']; import motifmine_cli.main as m"
    helped += "; m.main()"
    pairs = [(child_cpu_s(["-c", helped]), child_cpu_s(["-c", "import click"])) for _ in range(7)]
    ours, plain = (min(column) for column in zip(*pairs, strict=True))
    return [
        Figure(
            name="motifmine --help",
            ratio=ours / plain,
            against="a python that imports click",
            figure=f"{ours * 1e3:.0f} CPU ms",
        )
    ]


WEIGHED = """
import sys
from pathlib import Path
from motifmine.io.hdf5.store import read_table
from motifmine.models.plsm.model import Plsm
from motifmine.workflows.mine import mine
mine(read_table(Path(sys.argv[1])), Plsm(n_motifs=4, motif_length=8))
lines = open("/proc/self/status").read().splitlines()
print(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")))
"""
"""A fit in a process of its own, which prints the peak of its memory, KiB."""


def weigh_fit() -> list[Figure]:
    """Return the memory of a whole fit for each observation: what a larger table takes more."""
    peaks, sizes = [], []
    with tempfile.TemporaryDirectory() as folder:
        for size in (2_000_000, 6_000_000):
            table, path = dense_table(size), Path(folder) / "dense.h5"
            write_table(path, table, force=True)
            command = [sys.executable, "-c", WEIGHED, str(path)]
            printed = subprocess.run(
                command, check=True, capture_output=True, text=True, cwd=ROOT
            ).stdout
            peaks.append(1024 * int(printed.split()[-1]))
            sizes.append(len(table.word))
    n_bytes = (peaks[1] - peaks[0]) / (sizes[1] - sizes[0])
    return [
        Figure(
            name="memory of a fit, decoys and anomalies included",
            ratio=n_bytes / 8,
            against="the table itself (8 bytes an observation)",
            figure=f"{n_bytes:.0f} bytes for each further observation",
        )
    ]


def dense_table(n_observations: int) -> Any:
    """Return a table of 100 observations a bin, as of busy footage, with four motifs."""
    from motifmine.records.table import ObservationTable, Recording, bin_starts  # noqa: PLC0415
    from motifmine.records.vocabulary import Vocabulary  # noqa: PLC0415

    rng, n_words, n_times = np.random.default_rng(0), 600, n_observations // 100
    keys = [rng.integers(0, n_times * n_words, n_times * 55)]
    for _ in range(4):
        start = rng.choice(n_times - 8, n_times // 40, replace=False)
        for age in range(8):
            words = rng.choice(n_words, 60, replace=False)
            keys.append(((start + age)[:, None] * n_words + words).ravel())
    cell = np.unique(np.concatenate(keys))
    return ObservationTable(
        offsets=np.searchsorted(cell, np.arange(n_times + 1) * n_words).astype(np.int64),
        word=(cell % n_words).astype(np.int32),
        count=np.ones(len(cell), np.float32),
        recordings=(Recording(name="dense", bin_start_s=bin_starts(n_times, 1.0)),),
        vocabulary=Vocabulary.of_labels([str(word) for word in range(n_words)]),
        bin_s=1.0,
    )


if __name__ == "__main__":
    main()
