"""Odd windows among usual ones of held-out time: which scores find them, as area under the curve.

    python benchmarks/anomaly_windows.py --models plsm infogan --seeds 1

Learned from 2500 bins of the documents of benchmarks/models.py; windows of two motif lengths come
from the last 1100. Odd ones: a motif in reverse on top of it; a burst of 40 random words in three
bins; background and a motif whose second half is missing; silence; all words exchanged. Scores are
surprises, the highest of a window: of the likelihood (unexpected, missing, too many), of the critic
(a window seems less real to it than others), and of both together.
"""

import argparse
import time

import numpy as np
from harness import simulate_size
from scipy.stats import rankdata

from motifmine import Table
from motifmine.analysis.anomalies import (
    add_verdicts,
    calibrate,
    calibrate_surprise,
    measure_documents,
    measure_held_out,
)
from motifmine.models.networks import use_network
from motifmine.models.registry import entry_of, load
from motifmine.records.table import cut_documents

LENGTH, WINDOW, LEARNED = 10, 20, 2500
SETTINGS = {
    "plsm": {"n_motifs": 9},
    "infogan": {"n_motifs": 9, "device": "cpu"},
    "bigan": {"device": "cpu"},
    "alad": {"device": "cpu"},
}
KINDS = ("reversed", "burst", "half", "silence", "exchanged")


def emit(motif, n, rng):
    """Return counts (L, W) of n observations of a motif."""
    flat = motif.astype(float).ravel()
    return rng.multinomial(n, flat / flat.sum()).reshape(motif.shape)


def make_odd(kind, usual, motifs, rng):
    """Return odd windows, one for every usual one (N, V, W)."""
    found = usual.copy()
    for window in found:
        motif = motifs[rng.integers(len(motifs))]
        begin = rng.integers(0, WINDOW - LENGTH + 1)
        part = window[begin : begin + LENGTH]
        if kind == "reversed":
            part += emit(motif[::-1], 40, rng)
        elif kind == "burst":
            np.add.at(part, (rng.integers(0, 3, 40), rng.integers(0, window.shape[1], 40)), 1)
        elif kind == "half":
            window[:] = rng.poisson(0.1 * usual.mean(), window.shape)
            part[: LENGTH // 2] += emit(motif, 40, rng)[: LENGTH // 2]
        elif kind == "silence":
            window[:] = 0
        else:
            window[:] = window[:, rng.permutation(window.shape[1])]
    return found


def area(usual, odd):
    """Return the probability that an odd window scores higher than a usual one."""
    rank = rankdata(np.concatenate([usual, odd]))[len(usual) :]
    return (rank.sum() - len(odd) * (len(odd) + 1) / 2) / (len(odd) * len(usual))


def read_verdicts(fit, table):
    """Return the verdicts of a fit's critic, [] without one."""
    no_critic = fit.model_state is None
    return [] if no_critic else use_network(fit.spec, "judge", fit.model_state, table)


def score_windows(fit, scale, table):
    """Return the surprise of documents by likelihood, by critic, and by both (3, N)."""
    located = fit.locate(table)
    rates = measure_documents(table, fit.motifs, located.background, located.activations)
    verdicts = read_verdicts(fit, table)
    measures = add_verdicts(rates, verdicts)
    senses = [calibrate_surprise(document, scale).value for document in measures]
    return np.array([(s[:3].max(), s[3:].max(initial=0), s.max()) for s in senses]).T


def measure(model, seed):
    """Return the areas under the curve (score, kind)."""
    truth = simulate_size("small", 0.1, seed)
    halves = cut_documents(truth.table, LEARNED)
    train, test = halves.document(0), halves.document(1)
    fit = load(entry_of(model).model)(motif_length=LENGTH, **SETTINGS[model]).fit(train, seed=seed)
    # of bigan: how far encoder and generator are inverse to each other
    for line in fit.findings().get("decisions", ()):
        print(f"{model}: {line}", flush=True)
    rates = measure_held_out(train, fit.motifs, fit.background, fit.activations)
    verdicts = read_verdicts(fit, train)
    unseen = [v.is_held_out for v in verdicts]
    scale = calibrate(add_verdicts(rates, verdicts), LENGTH, unseen)
    rng = np.random.default_rng(seed)
    dense = np.zeros((test.n_times, test.n_words), np.float32)
    np.add.at(dense, (test.row_of_observation(), test.word), test.count)
    usual = np.stack([dense[i : i + WINDOW] for i in range(0, len(dense) - WINDOW, 5)])
    areas = []
    for kind in KINDS:
        odd = make_odd(kind, usual, truth.motifs.probability, rng)
        # usual ones among them: a table of silence alone could not be located in
        both = Table.from_array(list(np.concatenate([usual, odd])), words=test.vocabulary.labels)
        found = score_windows(fit, scale, both)
        areas.append([area(row[: len(usual)], row[len(usual) :]) for row in found])
    return np.array(areas).T


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    print("| score | " + " | ".join(KINDS) + " |\n" + "|---" * (len(KINDS) + 1) + "|", flush=True)
    for model in options.models:
        began = time.process_time()
        areas = np.median([measure(model, 300 + s) for s in range(options.seeds)], axis=0)
        names = ("likelihood", "critic", "both")
        for name, row in zip(names, areas, strict=True):
            print(f"| {model}, {name} | " + " | ".join(f"{a:.2f}" for a in row) + " |", flush=True)
        print(f"{time.process_time() - began:.0f} CPU s", flush=True)


if __name__ == "__main__":
    main()
