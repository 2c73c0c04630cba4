"""Odd windows among usual ones of held-out time: which scores find them, as area under the curve.

    python benchmarks/anomaly_windows.py --models plsm infogan --seeds 1
    python benchmarks/anomaly_windows.py --models --scene       vehicles on the wrong side alone

Learned from 2500 bins of the documents of benchmarks/models.py; windows of two motif lengths come
from the last 1100. Odd ones: a motif in reverse on top of it; a burst of 40 random words in three
bins; background and a motif whose second half is missing; silence; all words exchanged. Scores are
surprises, the highest of a window: of the likelihood (unexpected, missing, too many), of the critic
(a window seems less real to it than others), and the higher of both, which is what `motifmine
anomalies` takes. `pca` is the error of what 150 components of log(1 + count) leave, more or less
than usual. `together` is the likelihood of plsm with the critic of infogan: the sum of both
surprises, and of what is missing for each observation that motifs explain (minus the log of its
rank among windows that were learned from).

`--scene`: a rendered road of two lanes is learned from for 90 s; in another minute some vehicles
take the second lane the other way, and seconds with one of them in sight are odd.
"""

import argparse
import csv
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from harness import simulate_size
from rendered_scenes import road, route, write_scene
from scipy.stats import rankdata

from motifmine import Table
from motifmine.analysis.anomalies import (
    add_verdicts,
    calibrate,
    calibrate_surprise,
    measure_documents,
    measure_held_out,
)
from motifmine.features.video.extract import extract_documents
from motifmine.models.networks import use_network
from motifmine.models.plsm.model import Plsm
from motifmine.models.registry import entry_of, load
from motifmine.records.table import cut_documents

LENGTH, WINDOW, LEARNED = 10, 20, 2500
SETTINGS = {
    "plsm": {"n_motifs": 9},
    "infogan": {"n_motifs": 9, "device": "cpu"},
    "bigan": {"device": "cpu"},
    "alad": {"device": "cpu"},
}
TOGETHER = {"together": ("plsm", "infogan")}
N_COMPONENTS = 150
MORE_EXPLAINED = 5.0  # observations added to those that motifs explain
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


def find_missing(fit, table):
    """Return what is missing in documents for each observation that motifs explain (N,)."""
    located = fit.locate(table)
    rates = measure_documents(table, fit.motifs, located.background, located.activations)
    document = np.repeat(np.arange(table.n_documents), np.diff(located.activations.offsets))
    explained = np.bincount(document, located.activations.mass, table.n_documents)
    return np.array([WINDOW * m[1].mean() for m in rates]) / (explained + MORE_EXPLAINED)


def score_together(fits, train, table):
    """Return scores by likelihood, by critic, and by their sum with what is missing (3, N)."""
    plsm, critic = fits
    likelihood = score_windows(plsm, scale_of(plsm, train), table)[0]
    verdict = score_windows(critic, scale_of(critic, train), table)[1]
    dense = dense_counts(train)
    usual = [dense[i : i + WINDOW] for i in range(0, len(dense) - WINDOW, 5)]
    known = np.sort(find_missing(plsm, Table.from_array(usual, words=table.vocabulary.labels)))
    n_below = np.searchsorted(known, find_missing(plsm, table))
    missing = -np.log10((len(known) - n_below + 0.5) / (len(known) + 1))
    return np.array([likelihood, verdict, likelihood + verdict + missing])


def score_components(train, usual, odd):
    """Return how unusual the error of windows is that principal components leave, two-sided."""
    seen = np.lib.stride_tricks.sliding_window_view(dense_counts(train), WINDOW, axis=0)
    seen = np.log1p(seen.transpose(0, 2, 1).reshape(len(seen), -1))
    # every fourth window: neighbours share all but a bin
    mean, learned = seen.mean(axis=0), seen[::4]
    components = np.linalg.svd(learned - mean, full_matrices=False)[2][:N_COMPONENTS]

    def error(windows):
        rest = np.log1p(windows.reshape(len(windows), -1)) - mean
        return np.square(rest - rest @ components.T @ components).sum(axis=1)

    # of windows that the components are not of
    middle = np.median(error(usual))
    return [np.abs(error(windows) - middle) for windows in (usual, odd)]


def dense_counts(table):
    """Return the counts of a table of one document, float32 array (T, W)."""
    dense = np.zeros((table.n_times, table.n_words), np.float32)
    np.add.at(dense, (table.row_of_observation(), table.word), table.count)
    return dense


def scale_of(fit, train):
    """Return what is usual, in the data that a fit was learned from."""
    rates = measure_held_out(train, fit.motifs, fit.background, fit.activations)
    verdicts = read_verdicts(fit, train)
    unseen = [v.is_held_out for v in verdicts]
    return calibrate(add_verdicts(rates, verdicts), fit.motifs.motif_length, unseen)


def measure(model, seed):
    """Return the areas under the curve (score, kind)."""
    truth = simulate_size("small", 0.1, seed)
    halves = cut_documents(truth.table, LEARNED)
    train, test = halves.document(0), halves.document(1)
    rng = np.random.default_rng(seed)
    dense = dense_counts(test)
    usual = np.stack([dense[i : i + WINDOW] for i in range(0, len(dense) - WINDOW, 5)])
    odd_of = {kind: make_odd(kind, usual, truth.motifs.probability, rng) for kind in KINDS}
    if model == "pca":
        return np.array([[area(*score_components(train, usual, odd)) for odd in odd_of.values()]])
    fits = [
        load(entry_of(name).model)(motif_length=LENGTH, **SETTINGS[name]).fit(train, seed=seed)
        for name in TOGETHER.get(model, (model,))
    ]
    # of bigan: how far encoder and generator are inverse to each other
    for line in fits[0].findings().get("decisions", ()):
        print(f"{model}: {line}", flush=True)
    scale = scale_of(fits[0], train)
    areas = []
    for odd in odd_of.values():
        # usual ones among them: a table of silence alone could not be located in
        both = Table.from_array(list(np.concatenate([usual, odd])), words=test.vocabulary.labels)
        if model in TOGETHER:
            found = score_together(fits, train, both)
        else:
            found = score_windows(fits[0], scale, both)
        areas.append([area(row[: len(usual)], row[len(usual) :]) for row in found])
    return np.array(areas).T


def measure_scene(seed):
    """Return the areas of seconds with a vehicle on the wrong side: by each sense, by all."""
    usual = road(2, 0.3, duration_s=90.0)
    # rarely used, so that there is room for others on it
    ends, speed = usual.routes[1].path[[0, -1]], usual.routes[1].speed_m_per_s
    usual = replace(usual, routes=(usual.routes[0], route("lane 2", *ends, speed, 0.12)))
    wrong = route("wrong way", *ends[::-1], speed, 0.12)
    odd = replace(usual, routes=(*usual.routes, wrong), duration_s=60.0)
    with tempfile.TemporaryDirectory() as folder:
        tables = []
        for number, scene in enumerate((usual, odd)):
            place = Path(folder) / str(number)
            truth = write_scene(scene, place, seed=2 * seed + number)
            tables += extract_documents(place / "scene_00.mp4", threads=1)
        with truth.open() as file:
            rows = [row for row in list(csv.reader(file))[1:] if row[1] == "wrong way"]
    train, test = tables
    bins = round(float(usual.length[:-1]) / train.bin_s)
    fit = Plsm(n_motifs=10, motif_length=bins).fit(train, seed=seed)
    located = fit.locate(test)
    measures = measure_documents(test, fit.motifs, located.background, located.activations)
    senses = calibrate_surprise(measures[0], scale_of(fit, train)).value
    second = (np.arange(test.n_times) * test.bin_s).astype(int)
    is_odd = np.zeros(second[-1] + 1, bool)
    for _, _, first, last in rows:
        is_odd[int(float(first)) : int(float(last)) + 1] = True
    areas = []
    for surprise in (*senses, senses.max(axis=0)):
        highest = np.zeros(len(is_odd))
        np.maximum.at(highest, second, surprise)
        areas.append(area(highest[~is_odd], highest[is_odd]))
    return areas


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--models", nargs="*", choices=(*SETTINGS, *TOGETHER, "pca"), default=list(SETTINGS)
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--scene", action="store_true")
    options = parser.parse_args()
    print("| score | " + " | ".join(KINDS) + " |\n" + "|---" * (len(KINDS) + 1) + "|", flush=True)
    for model in options.models:
        began = time.process_time()
        areas = np.median([measure(model, 300 + s) for s in range(options.seeds)], axis=0)
        names = ("likelihood", "critic", "both") if len(areas) > 1 else ("error",)
        for name, row in zip(names, areas, strict=True):
            print(f"| {model}, {name} | " + " | ".join(f"{a:.2f}" for a in row) + " |", flush=True)
        print(f"{time.process_time() - began:.0f} CPU s", flush=True)
    if options.scene:
        areas = np.median([measure_scene(seed) for seed in range(options.seeds)], axis=0)
        senses = ("unexpected", "missing", "too many", "all")
        named = zip(senses, areas, strict=True)
        print("rendered road: " + ", ".join(f"{sense} {value:.2f}" for sense, value in named))


if __name__ == "__main__":
    main()
