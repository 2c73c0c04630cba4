"""All models that give motifs on the same documents: what they find, what it costs, how they draw.

    python benchmarks/models.py                       the table of docs/models.md, three data seeds
    python benchmarks/models.py --models plsm infogan --seeds 1
    python benchmarks/models.py --bench FOLDER        documents and scorer of that folder

Six motifs of 10 bins, 75 words, 3600 bins, 10 % background; nine motifs are allowed where a number
is given. Medians over the seeds. F1 is that of peaks of the model's own activations, at the best
threshold on their weight (`--bench`) or at a fixed one; occurrences of at least 10 nats make the
record that draws and robustness are of. CPU seconds are of one fit, without tests against decoys.
tcae+attacks is trained on attacks that move a twentieth of the observations.

Draws: how far a classifier of real and drawn windows is from .5; the share of drawn windows that
are as near to a real one as real ones are to their fifth neighbour, and the reverse (precision,
recall); and the error of a linear forecast of real bins that was learned from drawn ones, over that
of one learned from other real ones. cgan corrects the fit of plsm; asked: starts that are asked for
one at a time and found within a bin.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tcae import bench_cases, own_cases
from torch import nn
from torch.nn import functional

from motifmine.analysis.drawing import Start, draw_from_fit
from motifmine.analysis.occurrences import find_occurrences, keep_occurrences
from motifmine.analysis.robustness import BUDGETS, measure_robustness
from motifmine.io.hdf5.store import write_fit
from motifmine.models.adversarial.training import use_seed
from motifmine.models.adversarial.windows import make_dense
from motifmine.models.devices import use_deterministic_sums
from motifmine.models.registry import entry_of, load, part_of
from motifmine.records.fit import FitRecord
from motifmine.records.settings import Detection

SETTINGS = {
    "plsm": {"n_motifs": 9},
    "hdlsm": {},
    "tcae": {"device": "cpu"},
    "tcae+attacks": {"device": "cpu", "adversarial_training": 0.05},
    "infogan": {"n_motifs": 9, "device": "cpu"},
    "dcgan": {"device": "cpu"},
    "bigan": {"device": "cpu"},
    "alad": {"device": "cpu"},
    "cgan": {"device": "cpu"},
}
LENGTH = 10
LEAST_SCORE = 10.0
WINDOW = 2 * LENGTH
PAIRS = 1600
CPU = torch.device("cpu")


def make_record(table, fit, found):
    """Return a record of the sure occurrences of a fit."""
    detection = Detection(least_score=LEAST_SCORE)
    provenance = replace(fit.provenance, spec=replace(fit.provenance.spec, detection=detection))
    return FitRecord(
        provenance=provenance,
        motifs=fit.motifs,
        background=fit.background,
        activations=fit.activations,
        occurrences=keep_occurrences(found, found.score >= LEAST_SCORE),
        trace=fit.trace,
        log_likelihood=float(fit.trace.log_likelihood[-1]),
        n_observations=table.total,
        bin_s=table.bin_s,
        vocabulary=table.vocabulary,
        recordings=table.recordings,
        picture=None,
        model_state=fit.model_state,
    )


def draw_windows(table, first, last, n_windows, rng):
    """Return windows that begin in a part of a one-document table, log(1 + count) (B, W, V)."""
    levels = torch.log1p(make_dense(table, CPU))
    begin = torch.from_numpy(rng.integers(first, last - WINDOW, n_windows))
    return levels[:, begin[:, None] + torch.arange(WINDOW)].transpose(0, 1)


def score_draws(real, drawn, seed):
    """Return how far the accuracy of a classifier of real and drawn windows is from .5.

    It is trained on the first half of the time and tested on the second.
    """
    rng = np.random.default_rng(seed)
    middle, end = real.n_times // 2, real.n_times
    halves = [
        (draw_windows(real, a, b, PAIRS // 2, rng), draw_windows(drawn, a, b, PAIRS // 2, rng))
        for a, b in ((0, middle), (middle, end))
    ]
    (train, test) = (torch.cat(pair) for pair in halves)
    label = torch.cat([torch.ones(PAIRS // 2), torch.zeros(PAIRS // 2)])
    with use_seed(seed, CPU), use_deterministic_sums():
        judge = nn.Sequential(
            nn.Conv1d(train.shape[1], 32, 5, padding=2),
            nn.ReLU(),
            nn.Conv1d(32, 32, 5, padding=2),
            nn.ReLU(),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
            nn.Linear(32, 32),
            nn.ReLU(),
            nn.Linear(32, 1),
        )
        optimiser = torch.optim.Adam(judge.parameters(), 2e-3)
        for _ in range(250):
            batch = torch.randint(0, PAIRS, (64,))
            loss = functional.binary_cross_entropy_with_logits(
                judge(train[batch])[:, 0], label[batch]
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            right = ((judge(test)[:, 0] > 0) == (label > 0)).float().mean()
    return abs(float(right) - 0.5)


def compare_neighbours(real, drawn, seed, n_windows=500, nearest=5):
    """Return precision and recall of drawn windows: shares inside the neighbourhoods of others."""
    rng = np.random.default_rng(seed)
    one, other = (draw_windows(t, 0, t.n_times, n_windows, rng).flatten(1) for t in (real, drawn))
    across = torch.cdist(one, other)
    radius = [torch.cdist(x, x).kthvalue(nearest + 1, dim=1).values for x in (one, other)]
    precision = (across <= radius[0][:, None]).any(dim=0).float().mean()
    recall = (across <= radius[1][None]).any(dim=1).float().mean()
    return float(precision), float(recall)


def score_forecast(real, drawn, lags=10, ridge=10.0):
    """Return the error of a forecast of real bins learned from drawn ones, over that from real."""
    middle = real.n_times // 2

    def learn(table, last):
        levels = torch.log1p(make_dense(table, CPU))[:, :last].double()
        past = levels.unfold(1, lags, 1)[:, :-1].permute(1, 0, 2).flatten(1)
        past = torch.cat([past, torch.ones(len(past), 1)], dim=1)
        return past, levels[:, lags:].T

    past, after = learn(real, real.n_times)
    errors = []
    for table in (drawn, real):
        seen, next_ = learn(table, middle)
        gram = seen.T @ seen + ridge * torch.eye(seen.shape[1])
        weight = torch.linalg.solve(gram, seen.T @ next_)
        errors.append(float((past[middle:] @ weight - after[middle:]).square().mean()))
    return errors[0] / errors[1]


def ask(record, base, seed):
    """Return the share of occurrences, asked for one at a time, that a fit finds within a bin."""
    rng = np.random.default_rng(seed)
    n = 5 * len(record.motifs)
    starts = tuple(
        Start(document="asked", motif=i % len(record.motifs), start_bin=int(b))
        for i, b in enumerate(np.arange(n) * 5 * LENGTH + rng.integers(0, 20, n))
    )
    table = draw_from_fit(record, starts=starts, seed=seed).table
    located = base.locate(table)
    found = find_occurrences(table, base.motifs, located.background, located.activations)
    sure = found.score >= LEAST_SCORE
    near = [
        ((found.motif == s.motif) & (np.abs(found.start_bin - s.start_bin) <= 1) & sure).any()
        for s in starts
    ]
    return float(np.mean(near))


def fit_model(model, table, seed, folder):
    """Return a fit, the CPU seconds it took, and the fit that finds what is asked of it."""
    kind = load(entry_of(model.partition("+")[0]).model)
    if model != "cgan":
        length = {"motif_length": LENGTH}
        began = time.process_time()
        fit = kind(**length, **SETTINGS[model]).fit(table, seed=seed)
        return fit, time.process_time() - began, fit
    base, _, _ = fit_model("plsm", table, seed, folder)
    found = find_occurrences(table, base.motifs, base.background, base.activations)
    write_fit(folder / "base.h5", make_record(table, base, found), force=True)
    began = time.process_time()
    fit = kind(base=str(folder / "base.h5"), **SETTINGS[model]).fit(table, seed=seed)
    return fit, time.process_time() - began, base


def measure(model, table, scored, seed, folder):
    """Return the figures of a model on one table."""
    fit, spent, base = fit_model(model, table, seed, folder)
    found = fit.occurrences_in(table)
    if found is None:
        found = find_occurrences(table, fit.motifs, fit.background, fit.activations)
    record = make_record(table, fit, found)
    drawn = draw_from_fit(record, seed=seed).table
    samples = [
        score_draws(table, drawn, seed),
        *compare_neighbours(table, drawn, seed),
        score_forecast(table, drawn),
    ]
    if not len(fit.motifs):
        return [np.nan] * 3 + [0, spent, *samples, np.nan, np.nan, np.nan]
    asked = ask(record, base, seed)
    if model == "cgan":
        return [np.nan] * 3 + [len(fit.motifs), spent, *samples, asked, np.nan, np.nan]
    response_of = part_of(fit.provenance.model, "response")
    response = None if response_of is None else response_of(record)
    robust = measure_robustness(record, {0: table}, fit.locate, response=response, seed=seed)
    at = BUDGETS.index(0.2)
    tried = robust.n_occurrences
    lost = [
        float(np.average(shares[:, at][tried > 0], weights=tried[tried > 0]))
        for shares in (robust.vanished, robust.vanished_by_chance)
    ]
    return [*scored(fit, found), len(fit.motifs), spent, *samples, asked, *lost]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--bench", type=Path)
    options = parser.parse_args()
    seeds = range(300, 300 + options.seeds)
    cases = bench_cases(options.bench, 0.1, seeds) if options.bench else own_cases(0.1, seeds)
    cases = list(cases)
    head = ("model", "cosine", "F1", "F1 with surplus", "motifs", "CPU s", "draws", "precision")
    head = (*head, "recall", "forecast", "asked", "vanish")
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|", flush=True)
    for model in options.models:
        with tempfile.TemporaryDirectory() as folder:
            rows = [
                measure(model, *case, seed, Path(folder))
                for seed, case in zip(seeds, cases, strict=True)
            ]
        *figures, lost, chance = np.median(rows, axis=0)
        digits = (3, 3, 3, 0, 0, 2, 2, 2, 2, 2)
        cells = [
            "" if np.isnan(value) else f"{value:.{n}f}"
            for value, n in zip(figures, digits, strict=True)
        ]
        cells.append("" if np.isnan(lost) else f"{100 * lost:.0f} % ({100 * chance:.0f} %)")
        print(f"| {model} | " + " | ".join(cells) + " |", flush=True)
    floor = [score_draws(table, table, seed) for seed, (table, _) in zip(seeds, cases, strict=True)]
    print(f"\nreal windows against real ones: {np.median(floor):.2f}")


if __name__ == "__main__":
    main()
