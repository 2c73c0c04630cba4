"""All models that give motifs on the same documents: what they find, what it costs, how they draw.

    python benchmarks/models.py                       the table of docs/models.md, three data seeds
    python benchmarks/models.py --models plsm infogan --seeds 1
    python benchmarks/models.py --bench FOLDER        documents and scorer of that folder

Six motifs of 10 bins, 75 words, 3600 bins, 10 % background; nine motifs are allowed where a number
is given. Medians over the seeds. F1 is that of peaks of the model's own activations, at the best
threshold on their weight (`--bench`) or at a fixed one; occurrences of at least 10 nats make the
record that draws and robustness are of. CPU seconds are of one fit, without tests against decoys.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tcae import bench_cases, own_cases
from torch import nn
from torch.nn import functional

from motifmine.analysis.drawing import draw_from_fit
from motifmine.analysis.occurrences import find_occurrences, keep_occurrences
from motifmine.analysis.robustness import BUDGETS, measure_robustness
from motifmine.models.adversarial.training import use_seed
from motifmine.models.adversarial.windows import make_dense
from motifmine.models.devices import use_deterministic_sums
from motifmine.models.registry import entry_of, load
from motifmine.records.fit import FitRecord
from motifmine.records.settings import Detection

SETTINGS = {
    "plsm": {"n_motifs": 9},
    "hdlsm": {},
    "tcae": {"device": "cpu"},
    "infogan": {"n_motifs": 9, "device": "cpu"},
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


def measure(model, table, scored, seed):
    """Return the figures of a model on one table."""
    spec = load(entry_of(model).model)(motif_length=LENGTH, **SETTINGS[model])
    began = time.process_time()
    fit = spec.fit(table, seed=seed)
    spent = time.process_time() - began
    found = find_occurrences(table, fit.motifs, fit.background, fit.activations)
    cosine, f1, f1_surplus = scored(fit, found)
    record = make_record(table, fit, found)
    drawn = draw_from_fit(record, seed=seed).table
    robust = measure_robustness(record, {0: table}, fit.locate, seed=seed)
    at = BUDGETS.index(0.2)
    tried = robust.n_occurrences
    lost = [
        float(np.average(shares[:, at][tried > 0], weights=tried[tried > 0]))
        for shares in (robust.vanished, robust.vanished_by_chance)
    ]
    return [cosine, f1, f1_surplus, len(fit.motifs), spent, score_draws(table, drawn, seed), *lost]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--bench", type=Path)
    options = parser.parse_args()
    seeds = range(300, 300 + options.seeds)
    cases = bench_cases(options.bench, 0.1, seeds) if options.bench else own_cases(0.1, seeds)
    cases = list(cases)
    head = ("model", "cosine", "F1", "F1 with surplus", "motifs", "CPU s", "draws", "vanish")
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|", flush=True)
    for model in options.models:
        rows = [measure(model, *case, seed) for seed, case in zip(seeds, cases, strict=True)]
        cosine, f1, surplus, motifs, spent, draws, lost, chance = np.median(rows, axis=0)
        print(
            f"| {model} | {cosine:.3f} | {f1:.3f} | {surplus:.3f} | {motifs:.0f} | {spent:.0f} "
            f"| {draws:.2f} | {100 * lost:.0f} % ({100 * chance:.0f} %) |",
            flush=True,
        )
    floor = [score_draws(table, table, seed) for seed, (table, _) in zip(seeds, cases, strict=True)]
    print(f"\nreal windows against real ones: {np.median(floor):.2f}")


if __name__ == "__main__":
    main()
