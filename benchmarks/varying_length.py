"""F1 of motifs whose length varies, in one channel, after the generator of the TSMD benchmark.

    python benchmarks/varying_length.py [--numbers 3,5,10,20] [--vary 0,.2,.5] [--seeds 3]
                                        [--tempo auto|off] [--given both|length|nothing]

Each of K motifs is a sum of sinusoids of random amplitude, phase and frequency (at most
`FUNDAMENTAL` periods), 100 samples long, and occurs ten times in random order, 20 samples apart, in
Gaussian noise. An occurrence is resampled to a length that is uniform within 1 - v .. 1 + v of 100.
An occurrence is found when a reported one of its motif overlaps it by half of their union (tau .5);
each motif is given to one label, and occurrences of the others are false.

Wanted for K = 3, 5, 10, 20: .99, .98, .95, .9 at v = 0; for K = 5 .85 at v = .2 and .7 at v = .5.

Notes
-----
Germain, Truong, Oudre: Persistence-based motif discovery in time series, IEEE TKDE 2024, and the
evaluation of motif discovery of the same group (TSMD).
"""

import argparse
import tempfile
import time
from pathlib import Path

import blas_threads  # noqa: F401 (one)
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

import motifmine as mm

LENGTH, REPETITIONS, GAP = 100, 10, 20
FUNDAMENTAL = 3
NOISE = 0.1
LEAST_OVERLAP = 0.5

Events = list[tuple[int, float, float]]
"""Motif, start and end of each."""


def main() -> None:
    """Print F1, number of motifs and CPU seconds of every set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--numbers", default="3,5,10,20")
    parser.add_argument("--vary", default="0,.2,.5")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tempo", default="auto")
    parser.add_argument("--given", default="both", choices=("both", "length", "nothing"))
    arguments = parser.parse_args()
    for vary in (float(text) for text in arguments.vary.split(",")):
        for n_motifs in (int(text) for text in arguments.numbers.split(",")):
            scores = []
            for seed in range(arguments.seeds):
                began = time.process_time()
                found, truth, line = fitted(n_motifs, vary, seed, arguments)
                scores.append(f1_of(found, truth))
                elapsed = time.process_time() - began
                print(
                    f"vary {vary:.1f}, K {n_motifs}, seed {seed}: F1 {scores[-1]:.3f}, "
                    f"{len(found)} of {len(truth)} occurrences, {line}, {elapsed:.1f} CPU s",
                    flush=True,
                )
            print(f"vary {vary:.1f}, K {n_motifs}: mean F1 {np.mean(scores):.3f}", flush=True)


def fitted(
    n_motifs: int, vary: float, seed: int, arguments: argparse.Namespace
) -> tuple[Events, Events, str]:
    """Return found and true events of one signal, and a line on the fit."""
    signal, truth = draw_signal(n_motifs, vary, np.random.default_rng(seed))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "signal.csv"
        rows = np.stack([np.arange(len(signal)), signal], axis=1)
        np.savetxt(path, rows, "%.6g", ",", header="time,value", comments="")
        table = mm.extract(path, workers=1)
    given = arguments.given
    model = mm.Plsm(
        n_motifs=n_motifs if given == "both" else None,
        motif_length=None if given == "nothing" else f"{LENGTH}s",
        tempo=arguments.tempo,
    )
    fit = model.fit(table, seed=seed)
    rows = fit.to_dataframe("pyarrow").to_pylist()
    events = [(row["motif"] - 1, row["start_s"], row["end_s"]) for row in rows]
    return events, truth, f"{len(fit.motifs)} motifs of {fit.motifs.motif_length} bins"


def draw_signal(
    n_motifs: int, vary: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], Events]:
    """Return a signal and where its motifs are."""
    shapes = [draw_motif(rng) for _ in range(n_motifs)]
    parts, truth, at = [np.zeros(LENGTH)], [], LENGTH
    for motif in rng.permutation(np.repeat(np.arange(n_motifs), REPETITIONS)):
        length = int(LENGTH * (1 + vary * rng.uniform(-1, 1)))
        frequency, phase, amplitude = shapes[motif]
        angle = np.linspace(0, 1, length)[:, None] * frequency + phase
        parts += [np.sin(angle) @ amplitude, np.zeros(GAP)]
        truth.append((int(motif), float(at), float(at + length)))
        at += length + GAP
    signal = np.concatenate([*parts, np.zeros(LENGTH)])
    return signal + NOISE * rng.normal(size=len(signal)), truth


def draw_motif(
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return frequencies, phases and amplitudes of the sinusoids of a motif."""
    frequency = 2 * np.pi * FUNDAMENTAL * np.arange(LENGTH) / LENGTH
    return frequency, rng.uniform(0, 2 * np.pi, LENGTH), rng.uniform(-1, 1, LENGTH)


def f1_of(found: Events, truth: Events) -> float:
    """Return F1 of the best assignment of motifs to labels, of all occurrences."""
    labels, motifs = sorted({e[0] for e in truth}), sorted({e[0] for e in found})
    matched = np.zeros((len(labels), len(motifs)))
    for row, label in enumerate(labels):
        for column, motif in enumerate(motifs):
            matched[row, column] = count_matched(
                [event for event in truth if event[0] == label],
                [event for event in found if event[0] == motif],
            )
    n_matched = matched[linear_sum_assignment(-matched)].sum()
    return float(2 * n_matched / max(len(found) + len(truth), 1))


def count_matched(truth: Events, found: Events) -> int:
    """Return how many true events overlap one that was found, one to one."""
    if not truth or not found:
        return 0
    (_, begin, end), (_, first, last) = np.array(truth).T, np.array(found).T
    common = np.minimum(end[:, None], last) - np.maximum(begin[:, None], first)
    union = (end - begin)[:, None] + (last - first) - common
    overlaps = common >= LEAST_OVERLAP * union
    return int(overlaps[linear_sum_assignment(-overlaps.astype(float))].sum())


if __name__ == "__main__":
    main()
