"""Motifs of motifs: batches of three steps, found by a second level over the occurrences of a fit.

    python benchmarks/batches.py [--seeds N] [--spread 2] [--given]

An hour with about thirty batches: three motifs of 10 s follow one another, 15 and 35 s after the
begin of a batch, give or take `--spread` seconds; a fifth of the observations is background. F1
of batches within 5 s: of the best motif of level 1, which is fitted with no option (`--direct`: one
motif of 50 s; `--given`: three of 10 s), and of level 2, with no option. Wanted: .9 where one motif
of 50 s has .45 to .65.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from motifmine.analysis.evaluation import evaluate
from motifmine.durations import Duration
from motifmine.io.hdf5.store import write_table
from motifmine.models.request import FitRequest
from motifmine.records.table import table_from_rows
from motifmine.records.truth import Truth
from motifmine.records.vocabulary import Vocabulary
from motifmine.simulation import simulate
from motifmine.workflows.extract_fit import extract_fits
from motifmine.workflows.fit import fit
from motifmine.workflows.run import FitRun
from motifmine.workflows.workspace import Workspace

N_TIMES, LENGTH, N_WORDS = 3600, 10, 30
AFTER = (0.0, 15.0, 35.0)
TOLERANCE_S = 5.0


def draw_batches(seed, spread):
    """Return a table of batches, and their starts in seconds."""
    rng = np.random.default_rng(seed)
    motifs = simulate(n_motifs=3, motif_length=LENGTH, n_words=N_WORDS, seed=seed).motifs
    begin = np.cumsum(rng.uniform(70, 150, 60))
    begin = begin[begin < N_TIMES - 70]
    rows = []
    for motif, after in zip(motifs.probability.astype(float), AFTER, strict=True):
        for start in begin + after + rng.normal(0, spread, len(begin)):
            drawn = rng.multinomial(
                rng.poisson(40 * rng.gamma(4, 0.25)), motif.ravel() / motif.sum()
            )
            cell = np.repeat(np.arange(motif.size), drawn)
            rows.append(np.stack([max(0, round(start)) + cell // N_WORDS, cell % N_WORDS], axis=1))
    rows = np.concatenate(rows)
    n = len(rows) // 4
    chance = np.stack([rng.integers(N_TIMES, size=n), rng.integers(N_WORDS, size=n)], axis=1)
    rows = np.concatenate([rows, chance])
    table = table_from_rows(
        time=rows[:, 0],
        word=rows[:, 1],
        count=np.ones(len(rows)),
        n_times=N_TIMES,
        vocabulary=Vocabulary.of_labels([f"word {i}" for i in range(N_WORDS)]),
        name="plant",
    )
    return table, begin


def score(record, begin):
    """Return the best F1 of any one motif against the batches, number and length of motifs."""
    truth = Truth(
        document=np.zeros(len(begin), np.int64),
        label=("batch",) * len(begin),
        start_s=begin,
        end_s=np.full(len(begin), np.nan),
    )
    f1 = evaluate(record, truth, tolerance_s=TOLERANCE_S).labels[0].f1 if len(record.motifs) else 0
    return f1, f"{len(record.motifs)} motifs of {record.motifs.motif_length * record.bin_s:g} s"


def measure(seed, spread, sizes):
    """Return F1 of batches and number of motifs: of level 1, and of level 2."""
    table, begin = draw_batches(seed, spread)
    with tempfile.TemporaryDirectory() as folder:
        first, second = Workspace(Path(folder) / "one"), Workspace(Path(folder) / "two")
        first.table_path("plant").parent.mkdir(parents=True)
        write_table(first.table_path("plant"), table)
        path, record = fit(first, FitRequest.of("plsm", **sizes), FitRun())
        extract_fits([path], second, bin_s=None, force=False)
        _, above = fit(second, FitRequest.of("plsm"), FitRun())
    return score(record, begin), score(above, begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--spread", type=float, default=2.0)
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--given", action="store_true")
    way.add_argument("--direct", action="store_true")
    options = parser.parse_args()
    sizes = {}
    if options.given or options.direct:
        n_motifs, length = (3, LENGTH) if options.given else (1, 5 * LENGTH)
        sizes = {"n_motifs": n_motifs, "motif_length": Duration(length, "bins")}
    values = []
    for seed in range(700, 700 + options.seeds):
        began = time.process_time()
        levels = measure(seed, options.spread, sizes)
        values.append([f1 for f1, _ in levels])
        said = ", ".join(f"{f1:.2f} ({what})" for f1, what in levels)
        print(f"seed {seed}: {said}, {time.process_time() - began:.0f} CPU s", flush=True)
    print("median", np.median(values, axis=0).round(2))


if __name__ == "__main__":
    main()
