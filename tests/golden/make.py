"""Make the golden files: small tables and fits as this version of motifmine writes them.

    python tests/golden/make.py FOLDER

The files that are checked in were written by version 0.1.0 and its layouts `motifmine.table/1` and
`motifmine.fit/1`. Later versions must read them as they are, so they are never replaced: what is
made here goes to a new folder, to be added to them when a layout changes.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.helpers.clips import moving_square, write_clip  # noqa: E402 (the path comes first)

N_DAYS, PER_DAY = 6, 144
"""The series: one sample every ten minutes."""


def run(workspace: Path, *arguments: str | Path) -> str:
    """Run one command on a workspace, and return what it prints."""
    line = [sys.executable, "-m", "motifmine_cli", *map(str, arguments), "-w", str(workspace)]
    return subprocess.run(line, check=True, cwd=ROOT, capture_output=True, text=True).stdout


def write_series(path: Path) -> None:
    """Write three channels of six days; from the fourth day on the pump lags behind the level."""
    rng = np.random.default_rng(0)
    value = rng.normal(0, 0.05, (N_DAYS * PER_DAY, 3))
    for day in range(N_DAYS):
        for start in rng.integers(0, PER_DAY - 24, 7) + day * PER_DAY:
            lag = 2 if day < 3 else 6
            value[start : start + 3, 0] += 2
            value[start + 4 : start + 8, 1] += 3
            value[start + 8 + lag : start + 11 + lag, 2] += 2.5
    stamps = np.datetime64("2026-01-05T00:00:00") + 600 * np.arange(len(value)).astype("m8[s]")
    rows = [
        f"{stamp}Z,{','.join(f'{number:.3f}' for number in row)}"
        for stamp, row in zip(stamps, value, strict=True)
    ]
    path.write_text("time,inflow [L/s],level [m],pump [kW]\n" + "\n".join(rows) + "\n")


def make_video(folder: Path) -> None:
    """Make a table of motion in a scene, and a plsm fit of it with a name."""
    scene = folder / "video"
    clip = write_clip(folder / "square.mp4", moving_square(250, step=(4.0, 0.0)))
    options = ("--cell", "16", "--static", "--start", "2026-01-05T08:00:00Z")
    run(scene, "extract", clip, *options)
    sizes = ("--motifs", "2", "--motif-length", "1s", "--restarts", "1", "--rounds", "2")
    run(scene, "fit", "--model", "plsm", *sizes)
    run(scene, "name", "plsm-001", "1", "to the right")
    clip.unlink()


def make_channels(folder: Path) -> None:
    """Make tables of a series, and fits: with drift and stability, posterior, encoder, topics."""
    scene, series = folder / "channels", folder / "plant.csv"
    write_series(series)
    run(scene, "extract", series, "--bin", "600s", "--document", "24h", "--words", "rectified")
    sizes = ("--motif-length", "20bins")
    extras = (
        "--stability",
        "2",
        "--restarts",
        "1",
        "--rounds",
        "2",
        "--time-zone",
        "Europe/Zurich",
    )
    run(scene, "fit", "--model", "plsm", "--motifs", "2", *sizes, *extras)
    chains = ("--chains", "2", "--starts", "1", "--sweeps", "60", "--topics", "off")
    run(scene, "fit", "--model", "hdlsm", *sizes, *chains)
    network = ("--motifs", "6", "--epochs", "6", "--device", "cpu", "--topics", "off")
    run(scene, "fit", "--model", "tcae", *sizes, *network)
    over = (
        "--name",
        "topics",
        "--motifs",
        "2",
        "--topics",
        "4",
        "--motif-length",
        "auto",
        "--rounds",
        "2",
    )
    run(scene, "fit", "--model", "plsm", *over)
    series.unlink()


def main(folder: Path) -> None:
    """Make everything, and for every fit a list of the occurrences that it had."""
    folder.mkdir(parents=True)
    make_video(folder)
    make_channels(folder)
    for fit in sorted(folder.glob("*/fits/*.h5")):
        found = run(fit.parents[1], "occurrences", fit.stem, "--format", "csv")
        fit.with_suffix(".csv").write_text(found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
