"""What giving no option costs: F1 of series whose truth is known, beside a grid of settings.

    python benchmarks/defaults.py [FOLDER] [--sets NAMES] [--grid]

FOLDER (or the environment variable MOTIFMINE_DATA) has the series and their truths; without it
only simulated series are fitted. Every set is extracted and fitted with no option, then with the
right length, then with the right length and number; `--grid` adds raw and root counts, sparse and
dense activity, and three numbers of motifs. One motif stands for a label. All occurrences count
where the truth is complete; where it names only some of what recurs, those of the matched motifs.

Wanted: no option and right length at most 0.05 below the best, at three times the cost of a fit
with the right length and number at most.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import blas_threads  # noqa: F401 (one)
import numpy as np
from drawn_series import Truth, draw_events, draw_logger, draw_melodies

from motifmine.io.hdf5 import store
from motifmine.simulation import simulate
from motifmine.workflows.workspace import Workspace

DATA = os.environ.get("MOTIFMINE_DATA", "no-such-folder")
MOST_S = 600
DRAWN_SEED = 31


@dataclass(frozen=True, slots=True)
class Series:
    """A series whose motifs are known."""

    name: str
    file: str
    truth: str
    length: str
    """Of its motifs, as an option."""
    n_motifs: int
    tolerance: str
    is_complete: bool = True
    """Whether the truth names all that recurs."""


SETS = (
    Series("digits", "digits.wav", "digits_truth.csv", "450ms", 3, "200ms"),
    Series("drums_808", "drums_808.wav", "drums_808_gt.csv", "100ms", 3, "50ms"),
    Series("drums_amen", "drums_amen.wav", "drums_amen_truth.csv", "100ms", 3, "50ms"),
    Series(
        "march_mfcc", "march_mfcc.csv", "march_mfcc_truth.csv", "8300ms", 1, "1s", is_complete=False
    ),
    Series(
        "mocap_boxing",
        "mocap_boxing.csv",
        "mocap_boxing_truth.csv",
        "1600ms",
        1,
        "500ms",
        is_complete=False,
    ),
)
DRAWN: dict[Series, Callable[[Path, np.random.Generator], Truth]] = {
    Series("logger", "logger.csv", "", "45s", 3, "1s"): draw_logger,
    Series("melodies", "melodies.wav", "", "1s", 3, "200ms"): draw_melodies,
    Series("events", "events.csv", "", "30s", 4, "2s"): draw_events,
}
"""Series of `drawn_series.py`: what a stranger may bring."""
SIMULATED = {
    "simulated 10 %": {"noise": 0.1, "seed": 41},
    "simulated 50 %": {"noise": 0.5, "seed": 42},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path(DATA))
    parser.add_argument("--sets", help="names, with commas between; default: all")
    parser.add_argument("--grid", action="store_true")
    arguments = parser.parse_args()
    chosen = arguments.sets.split(",") if arguments.sets else None
    with tempfile.TemporaryDirectory() as scratch:
        for series, workspace, truth in prepared(arguments.folder, Path(scratch), chosen):
            compare(series, workspace, truth, arguments.grid)


def prepared(
    folder: Path, scratch: Path, chosen: list[str] | None
) -> Iterator[tuple[Series, Path, Path]]:
    """Yield each set with a workspace that has its tables, and its truth."""
    for series in SETS:
        if (chosen and series.name not in chosen) or not (folder / series.file).exists():
            continue
        run(scratch / series.name, "extract", str(folder / series.file))
        yield series, scratch / series.name, written_truth(series, folder, scratch)
    for series, draw in DRAWN.items():
        if not chosen or series.name in chosen:
            truth = draw(scratch / series.file, np.random.default_rng(DRAWN_SEED))
            run(scratch / series.name, "extract", str(scratch / series.file))
            rows = [(series.name, label, start) for start, label in truth]
            write_rows(scratch / f"{series.name}_truth.csv", rows)
            yield series, scratch / series.name, scratch / f"{series.name}_truth.csv"
    for name, settings in SIMULATED.items():
        if not chosen or name in chosen:
            yield simulated(name, settings, scratch)


def simulated(name: str, settings: dict[str, Any], scratch: Path) -> tuple[Series, Path, Path]:
    """Write a simulated table with its truth."""
    drawn = simulate(n_motifs=6, motif_length=10, n_words=75, n_times=3600, **settings)
    workspace = Workspace(scratch / name.replace(" ", "-"))
    workspace.tables.mkdir(parents=True)
    store.write_table(workspace.table_path("drawn"), drawn.table)
    truth = scratch / f"{workspace.root.name}.csv"
    found = drawn.occurrences
    rows = zip(found.motif, found.start_s, strict=True)
    document = drawn.table.recordings[0].name
    write_rows(truth, [(document, f"m{motif}", start) for motif, start in rows])
    series = Series(name=name, file="", truth="", length="10bins", n_motifs=6, tolerance="2s")
    return series, workspace.root, truth


def written_truth(series: Series, folder: Path, scratch: Path) -> Path:
    """Return a truth in the columns of `motifmine evaluate`."""
    with (folder / series.truth).open(newline="") as file:
        rows = list(csv.DictReader(file))
    start = "start_s" if "start_s" in rows[0] else "onset_s"
    path = scratch / f"{series.name}.csv"
    write_rows(path, [(series.name, row["label"], row[start]) for row in rows])
    return path


def write_rows(path: Path, rows: list[tuple[str, str, Any]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("document", "label", "start_s"))
        writer.writerows(rows)


def compare(series: Series, workspace: Path, truth: Path, has_grid: bool) -> None:
    """Print F1, number of motifs and CPU seconds of every way to fit a set, and the regret."""
    right = ["--motif-length", series.length]
    ways: dict[str, list[str]] = {
        "no option": [],
        "right length": right,
        "right length and number": [*right, "--motifs", str(series.n_motifs)],
    }
    if has_grid:
        for counts in ("raw", "sqrt"):
            for activity in ("sparse", "dense"):
                for number in sorted({series.n_motifs, 2 * series.n_motifs, 10}):
                    ways[f"{counts} {activity} {number}"] = [
                        *right,
                        *("--counts", counts, "--activity", activity, "--motifs", str(number)),
                    ]
    scores = {}
    for way, options in ways.items():
        before = cpu_seconds()
        run(workspace, "fit", "--model", "plsm", "--name", "fit", "--force", *options)
        spent = cpu_seconds() - before
        scores[way], n_motifs, n_found = score(series, workspace, truth)
        print(
            f"{series.name:16s} {way:24s} F1 {scores[way]:.2f}, {n_motifs} motifs, "
            f"{n_found} occurrences, {spent:.1f} CPU s",
            flush=True,
        )
    best = max(scores.values())
    lost = ", ".join(f"{way} {best - scores[way]:.2f}" for way in ("no option", "right length"))
    print(f"{series.name:16s} regret: {lost}", flush=True)


def score(series: Series, workspace: Path, truth: Path) -> tuple[float, int, int]:
    """Return F1 of the newest fit, its number of motifs and its number of occurrences."""
    record = store.read_fit(workspace / "fits/fit.h5")
    if len(record.motifs) == 0:
        return 0.0, 0, 0
    printed = run(
        workspace,
        *("evaluate", "fit", "--truth", str(truth), "--tolerance", series.tolerance, "--json"),
    )
    labels = json.loads(printed)["labels"]
    matched = [label for label in labels if label["motifs"] and label["true"]]
    n_matched = sum(label["matched"] for label in labels)
    n_true = sum(label["true"] for label in labels)
    n_found = sum(label["found"] for label in matched)
    if series.is_complete:
        n_found = len(record.occurrences)
    return 2 * n_matched / max(n_true + n_found, 1), len(record.motifs), len(record.occurrences)


def run(workspace: Path, *arguments: str) -> str:
    """Return what a command prints; it ends the benchmark when it fails."""
    command = [sys.executable, "-m", "motifmine_cli", "-w", str(workspace), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=MOST_S, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def cpu_seconds() -> float:
    """Return the CPU time of commands that have ended, seconds."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


if __name__ == "__main__":
    main()
