"""How fast a large table of text is read and binned, beside pyarrow alone in the same run.

    python benchmarks/series.py [MEGABYTES]

Wanted: rows read and binned at half the speed of `pyarrow.csv.open_csv` or more, in memory that
does not grow with the file. The file is made, read and deleted; five times its size is read too.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from motifmine.features.series.binning import bin_series
from motifmine.io.series.open import open_series

ROWS = 500_000
ROUNDS = 3
WAYS = ("pyarrow alone", "read and binned")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("megabytes", nargs="?", type=int, default=200)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        time_one(arguments.one[0], Path(arguments.one[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        for form in ("seconds", "iso"):
            for factor in (1, 5):
                path = Path(folder) / f"{form}.csv"
                write_csv(path, arguments.megabytes * factor * 1_000_000, form)
                print(f"{form}: {path.stat().st_size / 1e6:.0f} MB", flush=True)
                for _ in range(ROUNDS if factor == 1 else 1):
                    for way in WAYS:
                        subprocess.run([sys.executable, __file__, "--one", way, path], check=True)
                path.unlink()


def write_csv(path: Path, n_bytes: int, form: str) -> None:
    """Write a table of eight channels sampled at 100 Hz, of about `n_bytes`."""
    rng = np.random.default_rng(0)
    first = 0
    with path.open("wb") as file:
        while path.stat().st_size < n_bytes:
            index = np.arange(first, first + ROWS)
            time_s = pa.array(np.round(index * 0.01, 2))
            if form == "iso":
                stamps = pa.array(1_767_225_600_000 + index * 10).cast(pa.timestamp("ms"))
                time_s = stamps.cast(pa.string())
            values = np.round(rng.normal(size=(8, ROWS)), 4)
            table = pa.table({"time": time_s} | {f"ch{i}": v for i, v in enumerate(values)})
            options = pa_csv.WriteOptions(include_header=first == 0, quoting_style="none")
            pa_csv.write_csv(table, file, options)
            file.flush()
            first += ROWS


def time_one(way: str, path: Path) -> None:
    began, n_rows = time.perf_counter(), 0
    if way == WAYS[0]:
        n_rows = sum(batch.num_rows for batch in pa_csv.open_csv(path))
    else:
        with open_series(path) as reader:
            for part in bin_series(reader, bin_s=1.0, document_s=3600.0):
                n_rows += int(part.samples[:, 0].sum())
    elapsed = time.perf_counter() - began
    rate = path.stat().st_size / elapsed / 1e6
    print(
        f"  {way:16s} {n_rows / elapsed / 1e6:6.2f} M rows/s {rate:6.0f} MB/s, "
        f"{time.process_time():.1f} s of processor, {peak_mb():.0f} MB peak"
    )


def peak_mb() -> float:
    """Most memory of this process so far; what `getrusage` tells includes the parent's."""
    status = Path("/proc/self/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
