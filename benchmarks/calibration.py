"""Whether the numbers of a fit hold: false occurrences, probabilities, motifs of noise, fresh data.

    python benchmarks/calibration.py OUT [--sets plain,heavy tails,...] [--models plsm,hdlsm,tcae]
                                     [--documents 1,12] [--seeds 20] [--first-seed 0]
    python benchmarks/calibration.py OUT --report FOLDER

Each set is one line of `OUT/sets.jsonl`; a set that is there is not run again. `--report` prints
the tables of `docs/what-the-numbers-mean.md` from all lines, and writes its plots into FOLDER.

Sets with motifs are drawn with known occurrences, sets of noise without any order in time. Wanted:
no motif of noise in 19 of 20 sets, p-values of what has no order uniform or larger; the true share
of false occurrences within a factor of 1.5 of q at 5 and 10 % (2 at 1 %); recall no more than .03
below that of the best threshold with the same share of false ones; each tenth of the probabilities
within .1 of the truth; the same on recordings that the fit has not seen. An occurrence is true when
it lies within two bins of one of the label that its motif stands for (half a second in videos),
after the motif's constant offset.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from calibration_report import write_report
from calibration_sets import (
    LENGTH,
    NOISES,
    RECIPES,
    RENDERED,
    Drawn,
    draw_motifs,
    draw_noise_table,
    draw_pair,
    make_motifs,
    scramble,
)

from motifmine import Table
from motifmine.analysis.anomalies import (
    calibrate,
    calibrate_surprise,
    measure_documents,
    measure_held_out,
)
from motifmine.errors import FitError
from motifmine.models.protocol import Fit
from motifmine.models.registry import specify
from motifmine.records.anomalies import AnomalyScale
from motifmine.records.fit import FitRecord, Occurrences
from motifmine.records.settings import Detection
from motifmine.records.table import ObservationTable
from motifmine.workflows.mine import assess_fit, locate, mine

N_TIMES, NOISE_TIMES, NOISE_WORDS = 900, 400, 15
"""Small sets, so that a fit of each model takes seconds."""
LEARNED_BINS, SURPRISES = (600, 3600, 14_400), (1.0, 2.0, 3.0)
"""Bins of a second that anomalies are learned from, and surprises that are counted in new ones."""
FRESH_BINS = 3600
CANDIDATES = Detection(false_share=0.5)
"""Lists enough of the candidates for every q that is judged."""


def settings_of(model: str, motif_length: int, n_motifs: int) -> dict[str, Any]:
    """Return how a model is fitted."""
    if model == "plsm":
        return {"n_motifs": n_motifs, "motif_length": motif_length}
    if model == "hdlsm":
        return {"motif_length": motif_length, "chains": 2, "sweeps": 200, "starts": 2}
    return {"motif_length": motif_length, "n_motifs": 3 * n_motifs}


def judge(found: Occurrences, drawn: Drawn) -> np.ndarray:
    """Return which occurrences are true, each motif standing for the label it agrees with best.

    Of several occurrences at one event, of one motif or of several, the one with the highest score
    is true.
    """
    truth = drawn.truth
    apart = 10 * (drawn.table.n_times + drawn.motif_length)
    ours = found.document.astype(np.int64) * apart + found.start_bin
    event = np.full(len(found), -1)
    for motif in np.unique(found.motif):
        mine_ = np.flatnonzero(found.motif == motif)
        best = -np.inf
        for label in np.unique(truth[:, 2]):
            theirs = np.flatnonzero(truth[:, 2] == label)
            theirs = theirs[np.argsort(truth[theirs, :2] @ [apart, 1])]
            start = truth[theirs, :2] @ [apart, 1]
            for shift in range(1 - drawn.motif_length, drawn.motif_length):
                at = ours[mine_] + shift
                near = nearest(start, at)
                hit = np.abs(start[near] - at) <= drawn.within_bins
                if hit.sum() - 0.1 * (~hit).sum() > best:
                    best = hit.sum() - 0.1 * (~hit).sum()
                    event[mine_] = np.where(hit, theirs[near], -1)
    order = np.argsort(-found.score, kind="stable")
    events, first = np.unique(event[order], return_index=True)
    is_true = np.zeros(len(found), bool)
    is_true[order[first[events >= 0]]] = True
    return is_true


def nearest(sorted_values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the index of the sorted value that is nearest to each number."""
    right = np.searchsorted(sorted_values, at).clip(max=len(sorted_values) - 1)
    left = np.maximum(right - 1, 0)
    is_left = np.abs(sorted_values[left] - at) <= np.abs(sorted_values[right] - at)
    return np.where(is_left, left, right)


def columns(found: Occurrences, q: np.ndarray, drawn: Drawn) -> list[list[float]]:
    """Return (score, q, probability of being false, whether it is true) of every candidate."""
    false = found.false_probability
    assert false is not None
    rows = np.stack([found.score, q, false, judge(found, drawn)], axis=1)
    rounded: list[list[float]] = np.round(rows, 4).tolist()
    return rounded


def run_occurrences(name: str, model: str, seed: int, n_documents: int, out: Path) -> dict:
    """Return what a fit says of its own and of new recordings, and what is true."""
    drawn, fresh = draw_pair(name, seed, N_TIMES, n_documents, out)
    began = time.process_time()
    spec = specify(model, settings_of(model, drawn.motif_length, drawn.n_motifs))
    record = mine(drawn.table, spec, detection=CANDIDATES, seed=seed)
    seconds = time.process_time() - began
    tested = record.significance
    assert tested is not None
    q = tested.scores.look_up("false_share", record.occurrences.score)
    there = locate(record, fresh.table)
    assert there.significance is not None
    q_there = there.significance.scores.look_up("false_share", there.occurrences.score)
    row: dict[str, Any] = {
        "seconds": round(seconds, 2),
        "n_true": [len(drawn.truth), len(fresh.truth)],
        "own": columns(record.occurrences, q, drawn),
        "new": columns(there.occurrences, q_there, fresh),
        "p_of_order": np.round(there.significance.p_value, 4).tolist(),
        "p_of_none": p_values_elsewhere(record, scramble(fresh, np.random.default_rng([seed, 2]))),
    }
    if record.posterior is not None:
        row["posterior"] = np.round(record.posterior.occurrence_probability, 4).tolist()
    return row


def p_values_elsewhere(record: FitRecord, table: ObservationTable) -> list[float]:
    """Return the p-values of the motifs in other recordings."""
    found = locate(record, table).significance
    assert found is not None
    return np.round(found.p_value, 4).tolist()


def run_noise(name: str, model: str, seed: int, n_documents: int, out: Path) -> dict:
    """Return the p-values of all motifs of a set without order, and how many are reported."""
    rng = np.random.default_rng([seed, NOISES.index(name), 1])
    table = draw_noise_table(name, NOISE_TIMES, n_documents, NOISE_WORDS, rng)
    try:
        fit = specify(model, settings_of(model, LENGTH, 3)).fit(table, seed=seed)
    except FitError:
        # an auto-encoder of noise loses all its filters: no motif
        return {"p": [], "reported": 0, "occurrences": 0}
    found = assess_fit(table, fit, Detection())
    return {
        "p": np.round(found.tested_p_value, 4).tolist(),
        "reported": len(found.kept),
        "occurrences": len(found.occurrences),
    }


def run_anomalies(n_times: int, model: str, seed: int) -> dict:
    """Return how often new recordings exceed a surprise that was learned in `n_times` bins."""
    rng = np.random.default_rng([seed, n_times])
    recipe = replace(RECIPES["plain"], n_words=30)
    phi = make_motifs(rng, recipe)
    known, fresh = (
        Table.from_array(draw_motifs(recipe, phi, n, rng)[0]) for n in (n_times, FRESH_BINS)
    )
    fit = specify(model, settings_of(model, LENGTH, recipe.n_motifs)).fit(known, seed=seed)
    found = fit.locate(known)
    scale = calibrate(
        measure_held_out(known, fit.motifs, found.background, found.activations), LENGTH
    )
    overall = surprise_in(fit, fresh, scale)
    return {"shares": [float(np.mean(overall >= level)) for level in SURPRISES]}


def surprise_in(fit: Fit, table: ObservationTable, scale: AnomalyScale) -> np.ndarray:
    """Return the surprise of every bin of a new recording."""
    found = fit.locate(table)
    measures = measure_documents(table, fit.motifs, found.background, found.activations)
    return calibrate_surprise(measures[0], scale).overall


def run_set(name: str, model: str, seed: int, n_documents: int, out: Path) -> dict:
    """Return what came out of one set, as plain values."""
    if name in NOISES:
        return run_noise(name, model, seed, n_documents, out)
    if name.startswith("anomalies"):
        return run_anomalies(int(name.split()[1]), model, seed)
    return run_occurrences(name, model, seed, n_documents, out)


def main() -> None:
    every = (*NOISES, *RECIPES, RENDERED, *(f"anomalies {n}" for n in LEARNED_BINS))
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--sets", default=",".join(every))
    parser.add_argument("--models", default="plsm,hdlsm,tcae")
    parser.add_argument("--documents", default="1")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--report", type=Path, help="folder of the plots")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / "sets.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    if arguments.report:
        write_report([json.loads(line) for line in lines], arguments.report)
        return
    done = {
        tuple(json.loads(line)[k] for k in ("set", "model", "seed", "documents")) for line in lines
    }
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    for seed in seeds:
        for n_documents in map(int, arguments.documents.split(",")):
            for model in arguments.models.split(","):
                for name in arguments.sets.split(","):
                    if (name, model, seed, n_documents) in done:
                        continue
                    about = {"set": name, "model": model, "seed": seed, "documents": n_documents}
                    found = run_set(name, model, seed, n_documents, arguments.out)
                    with path.open("a") as file:
                        file.write(json.dumps({**about, **found}) + "\n")


if __name__ == "__main__":
    main()
