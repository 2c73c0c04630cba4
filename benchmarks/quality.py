"""What fits find on simulated tables, to see that a faster version finds the same.

    python benchmarks/quality.py [--write FILE] [--against FILE] [--seeds N] [--sets TEXT...]

Tables are drawn by `motifmine.simulation`. Per set the mean over the seeds is printed: cosine of
the motifs (a true motif without a match counts as 0), F1 of the occurrences, number of motifs, CPU
seconds. `--write` keeps the figures as JSON, `--against` compares with such a file and fails where
the mean cosine or F1 of a set is more than .003 below it.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import blas_threads  # noqa: F401 (one)
import numpy as np
from harness import SIZES, score_simulated

from motifmine.analysis.occurrences import find_occurrences
from motifmine.models.registry import specify
from motifmine.simulation import simulate

SMALL = SIZES["small"]
MANY = {"n_motifs": 12, "motif_length": 15, "n_words": 128, "n_times": 6000, "n_documents": 2}
SETS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "plsm, 10 % background": ("plsm", SMALL | {"noise": 0.1}, {"n_motifs": 6}),
    "plsm, 50 % background": ("plsm", SMALL | {"noise": 0.5}, {"n_motifs": 6}),
    "plsm, 70 % background": ("plsm", SMALL | {"noise": 0.7}, {"n_motifs": 6}),
    "plsm, number open": ("plsm", SMALL | {"noise": 0.3}, {}),
    "plsm, 12 motifs": ("plsm", MANY | {"noise": 0.3}, {"n_motifs": 12}),
    "plsm, dense": ("plsm", SMALL | {"noise": 0.1}, {"n_motifs": 6, "activity": "dense"}),
    "hdlsm": ("hdlsm", SMALL | {"noise": 0.3, "n_times": 1500}, {}),
}
MARGIN = 0.003


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sets", nargs="+", default=[""], help="only sets with one of these texts")
    arguments = parser.parse_args()
    found = {}
    print("| set | cosine | F1 | motifs | CPU s a fit |\n|---|---|---|---|---|")
    for name, (model, sizes, settings) in SETS.items():
        if not any(text in name for text in arguments.sets):
            continue
        rows = [measure(model, sizes, settings, seed) for seed in range(arguments.seeds)]
        mean = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
        found[name] = mean
        print(
            f"| {name} | {mean['cosine']:.4f} | {mean['F1']:.4f} | {mean['motifs']:.1f} | "
            f"{mean['cpu_s']:.2f} |",
            flush=True,
        )
    if arguments.write:
        arguments.write.write_text(json.dumps(found, indent=1) + "\n")
    if arguments.against:
        sys.exit(compare(found, json.loads(arguments.against.read_text())))


def measure(
    model: str, sizes: dict[str, Any], settings: dict[str, Any], seed: int
) -> dict[str, float]:
    """Return cosine, F1, number of motifs and CPU seconds of one fit."""
    drawn = simulate(**sizes, seed=1000 + seed)
    spec = specify(model, {"motif_length": sizes["motif_length"]} | settings)
    began = time.process_time()
    fit = spec.fit(drawn.table, seed=seed)
    cpu_s = time.process_time() - began
    occurrences = find_occurrences(drawn.table, fit.motifs, fit.background, fit.activations)
    cosine, f1, _ = score_simulated(drawn, fit, occurrences)
    return {"cosine": cosine, "F1": f1, "motifs": len(fit.motifs), "cpu_s": cpu_s}


def compare(found: dict[str, Any], before: dict[str, Any]) -> int:
    """Print what got worse by more than the margin; return the exit status."""
    worse = [
        f"{name}: {key} {before[name][key]:.4f} before, {row[key]:.4f} now"
        for name, row in found.items()
        for key in ("cosine", "F1")
        if name in before and row[key] < before[name][key] - MARGIN
    ]
    print("\n".join(worse) or f"no set is more than {MARGIN} worse")
    return int(bool(worse))


if __name__ == "__main__":
    main()
