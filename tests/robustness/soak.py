"""Damage many files of every format and read them: `python -m tests.robustness.soak --files 2000`.

Each batch of files is read in a process of its own, which is watched as the readers of `extract`
are. Prints how many files were read, refused in a line, ended in another exception, crashed the
process or did not end, and the largest memory of a process.
"""

import argparse
import resource
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from motifmine.errors import MotifmineError
from motifmine.io.hdf5 import store
from motifmine.io.readers import open_frames, reader_of_name
from motifmine.io.series.open import open_series
from motifmine.io.series.options import SeriesOptions
from motifmine.io.tdoc import read_tdoc
from motifmine.parallel.isolated import IsolatedJobs, JobFailure, Report
from tests.helpers.corpus import make_corpus
from tests.helpers.hdf5_damage import damaged_files

PER_JOB = 25
PATIENCE_S = 60.0
STRUCTURES = ("table.h5", "fit.h5")


def damage(content: bytes, rng: np.random.Generator) -> bytes:
    """Return a file that was cut, repeated, reordered, zeroed, or has some bits flipped."""
    data, n = bytearray(content), len(content)
    one, other = sorted(int(x) for x in rng.integers(0, n, 2))
    match int(rng.integers(6)):
        case 0:
            return bytes(data[:one])
        case 1:
            return bytes(data[:other] + data[one:])
        case 2:
            return bytes(data[other:] + data[:one])
        case 3:
            data[one:other] = bytes(other - one)
        case 4:
            for at in rng.integers(0, min(n, 512), 3):
                data[at] ^= 1 << int(rng.integers(8))
        case _:
            for at in rng.integers(0, n, 1 + n // 2000):
                data[at] ^= 1 << int(rng.integers(8))
    return bytes(data)


def read(path: Path) -> None:
    """Read a file as its suffix says, to its end."""
    entry = reader_of_name(path)
    assert entry is not None
    if path.name == "table.h5":
        store.read_table(path)
    elif path.name == "fit.h5":
        store.read_fit(path)
    elif entry.gives == "words":
        read_tdoc(path)
    elif entry.gives == "frames":
        with open_frames(path) as reader:
            for _ in reader.frames():
                pass
    else:
        with open_series(path, SeriesOptions(rate_hz=1.0 if path.suffix == ".npy" else None)) as s:
            for _ in s.chunks():
                pass


def examine(job: tuple[Path, int], report: Report) -> tuple[Counter[str], list[str], int]:
    """Damage and read one batch; return the outcomes, exceptions, and the memory used, bytes."""
    whole, seed = job
    rng, content = np.random.default_rng([seed, len(whole.name)]), whole.read_bytes()
    outcomes: Counter[str] = Counter()
    bad: list[str] = []
    warnings.simplefilter("ignore")

    def attempt(path: Path, what: str) -> None:
        report(what)
        try:
            read(path)
        except MotifmineError:
            outcomes["refused"] += 1
        except Exception as error:  # what this looks for
            outcomes["other exception"] += 1
            bad.append(f"{what}: {type(error).__name__}: {error!s:.200}")
        else:
            outcomes["read"] += 1

    with tempfile.TemporaryDirectory() as folder:
        if seed == 0 and whole.name in STRUCTURES:
            for kind, place, copy in damaged_files(whole, Path(folder)):
                attempt(copy.rename(copy.with_name(whole.name)), f"{kind} at {place}")
        for number in range(PER_JOB):
            path = Path(folder) / whole.name
            path.write_bytes(damage(content, rng))
            attempt(path, f"{whole.name}, batch {seed}, file {number}")
    return outcomes, bad, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def soak(n_files: int, on_bad: Callable[[str], Any], first: int = 0) -> tuple[Counter[str], int]:
    """Read damaged files; return the outcomes and the largest memory of a process, bytes.

    Parameters
    ----------
    n_files : int
        Approximate number.
    on_bad : callable
        Called with a line on everything that must not happen.
    first : int
        Number of the first batch of each format; batches are damaged by their number. Number 0
        has the damage at each place of the layouts, too.
    """
    outcomes: Counter[str] = Counter()
    most = 0
    with tempfile.TemporaryDirectory() as folder:
        corpus = make_corpus(Path(folder))
        n_batches = -(-n_files // (PER_JOB * len(corpus)))
        jobs = [(path, seed) for seed in range(first, first + n_batches) for path in corpus]
        isolated = IsolatedJobs(
            function=examine, workers=2, patience_s=PATIENCE_S, preload=("tests.robustness.soak",)
        )
        for index, ending in isolated.run(jobs, lambda *_: None):
            if isinstance(ending, JobFailure):
                kind = "no end" if "no progress" in ending.reason else "crash"
                # a crash of a decoder is what child processes are for; it is one refused file
                outcomes[kind] += 1
                on_bad(f"{jobs[index][0].name}, batch {jobs[index][1]}: {ending.reason}")
                continue
            found, bad, memory = ending
            outcomes += found
            most = max(most, memory)
            for line in bad:
                on_bad(line)
    return outcomes, most


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="first batch: others, other damage")
    began = time.monotonic()
    options = parser.parse_args()
    outcomes, most = soak(options.files, print, options.first)
    counts = ", ".join(f"{n} {kind}" for kind, n in sorted(outcomes.items()))
    took_s = time.monotonic() - began
    print(f"{outcomes.total()} files: {counts}; at most {most >> 20} MiB; {took_s:.0f} s")


if __name__ == "__main__":
    # child processes import jobs by name, and this file has another one when it is run
    from tests.robustness import soak as imported

    imported.main()
