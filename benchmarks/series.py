"""How fast a large table of text is read and binned, beside pyarrow alone in the same run.

    python benchmarks/series.py [MEGABYTES]

Wanted: rows read and binned at half the speed of `pyarrow.csv.open_csv` or more, in memory that
does not grow with the file. The file is made, read and deleted; five times its size is read too.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from harness import peak_mb

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
        for form, write in (("seconds", write_csv), ("iso", write_csv), ("long", write_long)):
            for factor in (1, 5):
                path = Path(folder) / f"{form}.csv"
                write(path, arguments.megabytes * factor * 1_000_000, form)
                print(f"{form}: {path.stat().st_size / 1e6:.0f} MB", flush=True)
                for _ in range(ROUNDS if factor == 1 else 1):
                    compare(path)
                path.unlink()


def compare(path: Path) -> None:
    """Print how fast both ways are, and their ratio."""
    taken = []
    for way in WAYS:
        command = [sys.executable, __file__, "--one", way, str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        taken.append(json.loads(done.stdout))
        seconds, processor_s, peak = taken[-1]
        rate = path.stat().st_size / seconds / 1e6
        print(f"  {way:16s} {rate:6.0f} MB/s, {processor_s:.1f} s of processor, {peak:.0f} MB peak")
    ratio, by_processor = (one[0] / one[1] for one in list(zip(*taken, strict=True))[:2])
    print(f"  {ratio:.2f} of pyarrow's speed, {by_processor:.2f} by time of processor", flush=True)


def write_long(path: Path, n_bytes: int, form: str) -> None:
    """Write the values of 40 sensors that are sent on change, a row each, of about `n_bytes`."""
    rng = np.random.default_rng(0)
    sensors = pa.array([f"plant.line{n // 8}.sensor{n:02d}" for n in range(40)])
    now_ms = 1_767_225_600_000.0
    with path.open("wb") as file:
        while path.stat().st_size < n_bytes:
            times = now_ms + np.cumsum(rng.exponential(50.0, ROWS))
            now_ms = float(times[-1])
            stamps = pa.array(times.astype(np.int64)).cast(pa.timestamp("ms"))
            which = pa.array(rng.integers(0, 40, ROWS).astype(np.int32))
            columns = {
                "time": stamps.cast(pa.string()),
                "sensor": pa.DictionaryArray.from_arrays(which, sensors).cast(pa.string()),
                "value": np.round(rng.normal(20, 3, ROWS), 2),
            }
            is_first = file.tell() == 0
            options = pa_csv.WriteOptions(include_header=is_first, quoting_style="none")
            pa_csv.write_csv(pa.table(columns), file, options)
            file.flush()


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
    if way == WAYS[1]:
        # compiled kernels are loaded once, whatever the size of the file
        head = path.with_suffix(".head.csv")
        with path.open("rb") as file:
            head.write_bytes(file.read(200_000).rpartition(b"\n")[0])
        bin_all(head)
        head.unlink()
    began, processor = time.perf_counter(), time.process_time()
    if way == WAYS[0]:
        for _ in pa_csv.open_csv(path):
            pass
    else:
        bin_all(path)
    taken = time.perf_counter() - began, time.process_time() - processor, peak_mb()
    print(json.dumps(taken))


def bin_all(path: Path) -> None:
    with open_series(path) as reader:
        for _ in bin_series(reader, bin_s=1.0, document_s=3600.0):
            pass


if __name__ == "__main__":
    main()
