"""What `motifmine watch` reaches: agreement with `locate`, early announcements, cost, memory.

    python benchmarks/live.py [--part decide|cost|memory] [--seeds 5] [--first-seed 0] [--quick]

`decide` learns from an hour of one-second bins and watches another hour of the same motifs. Wanted,
medians over the seeds: F1 within .015 of that of `locate` one motif length after the start (.03 for
the hard set); with `--early .9` a precision of .9 at a recall of .9 while half of the motif is to
come (10 % background); probabilities within .05 of the truth. `cost` measures the filter for words
of a camera (2,000, 100 a bin of .2 s) and the extraction of a rendered road of 352x288, 25
pictures a second; wanted: twenty such cameras a core. `memory` takes a week of one-second bins.
"""

import argparse
import io
import resource
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from calibration_sets import LENGTH, Recipe, draw_motifs, make_motifs
from rendered_scenes import road, write_scene

from motifmine import Table
from motifmine.analysis.competition import match_motifs
from motifmine.analysis.early import calibrate_early
from motifmine.analysis.filtering import MotifFilter, StartPrior
from motifmine.analysis.live_occurrences import NEVER, OccurrenceDecider
from motifmine.features.video.extract import extract_documents
from motifmine.models.plsm.model import Plsm
from motifmine.records.fit import FitRecord, MotifSet
from motifmine.records.table import ObservationTable
from motifmine.workflows.mine import locate, mine
from motifmine.workflows.watching.output import Lines, Position
from motifmine.workflows.watching.sources import LiveBin
from motifmine.workflows.watching.watch import Watch, WatchedUntil

N_MOTIFS = 6
SETS = {
    "10 % background": Recipe(background=0.1, n_words=75, n_motifs=N_MOTIFS),
    "50 % background": Recipe(background=0.5, n_words=75, n_motifs=N_MOTIFS),
    "hard": Recipe(background=0.7, observations=15.0, n_words=75, n_motifs=N_MOTIFS),
}
N_TIMES = 3600
WITHIN_BINS = 2
CAMERA = {"n_words": 2000, "per_bin": 100, "bin_s": 0.2, "length": 15}


@dataclass(slots=True)
class Watched:
    """What was decided and announced in a document: (start, label) and more."""

    decided: list[tuple[int, int]]
    early: list[tuple[int, int, float]]
    """With the share of the motif that was shown."""
    probability: list[tuple[float, bool]]
    """Of every start in every bin, and whether it was one."""


def match(found: list[tuple[int, int]], truth: list[tuple[int, int]]) -> tuple[float, float, float]:
    """Return F1, precision and recall; each true occurrence counts once."""
    free = set(truth)
    n_right = 0
    for start, label in found:
        near = [
            (abs(s - start), s) for s, k in free if k == label and abs(s - start) <= WITHIN_BINS
        ]
        if near:
            free.remove((min(near)[1], label))
            n_right += 1
    precision, recall = n_right / max(len(found), 1), n_right / max(len(truth), 1)
    return 2 * n_right / max(len(found) + len(truth), 1), precision, recall


def watch(
    record: FitRecord,
    learnt: ObservationTable,
    new: ObservationTable,
    label: Callable[[int, int], tuple[int, int]],
    truth: list[tuple[int, int]],
) -> Watched:
    scale = calibrate_early(record, record.provenance.spec.preparation.apply_counts(learnt))
    online = MotifFilter.of_record(record)
    decider = OccurrenceDecider(online, record.provenance.spec.detection.least_score)
    counts = record.provenance.spec.preparation.apply_counts(new)
    result = Watched([], [], [])
    announced = np.full(online.n_motifs, NEVER)
    there = set(truth)
    for row in range(counts.n_times):
        part = slice(counts.offsets[row], counts.offsets[row + 1])
        online.step(counts.word[part], counts.count[part])
        result.decided += [label(one.start_bin, one.motif) for one in decider.decide()]
        start, motif, score, shown = decider.going_on()
        likely = scale.look_up(shown, score)
        for s, k, p in zip(start.tolist(), motif.tolist(), likely.tolist(), strict=True):
            at, name = label(s, k)
            result.probability.append((p, any((at + by, name) in there for by in range(-2, 3))))
            if p >= 0.9 and s - announced[k] > online.apart:
                announced[k] = s
                result.early.append((at, name, (row + 1 - s) / LENGTH))
    result.decided += [label(one.start_bin, one.motif) for one in decider.finish()]
    return result


def calibration_error(pairs: list[tuple[float, bool]]) -> float:
    """Return the mean distance of probability and truth over tenths, weighted by their starts."""
    p, y = np.array(pairs, dtype=float).T
    tenth = np.clip((p * 10).astype(int), 0, 9)
    number = np.bincount(tenth, minlength=10)
    gap = np.abs(np.bincount(tenth, p, minlength=10) - np.bincount(tenth, y, minlength=10))
    return float(gap.sum() / number.sum())


def decide(name: str, seed: int) -> list[float]:
    """Return F1 of locate and of watch, precision and recall of early ones, calibration error."""
    rng = np.random.default_rng(90_000 + seed)
    phi = make_motifs(rng, SETS[name])
    documents = [draw_motifs(SETS[name], phi, N_TIMES, rng) for _ in range(2)]
    learnt, new = (Table.from_array(counts) for counts, _ in documents)
    truth = documents[1][1]
    record = mine(learnt, Plsm(n_motifs=N_MOTIFS, motif_length=LENGTH), seed=seed)
    true = MotifSet(probability=phi.astype(np.float32), weight=np.ones(len(phi)))
    whole, own, shift = match_motifs(true, record.motifs)
    of_motif = {int(k): (int(w), int(by)) for w, k, by in zip(whole, own, shift, strict=True)}

    def label(start: int, motif: int) -> tuple[int, int]:
        to, by = of_motif.get(motif, (100 + motif, 0))
        return start - by, to

    found = locate(record, new).occurrences
    located = [label(int(s), int(k)) for s, k in zip(found.start_bin, found.motif, strict=True)]
    live = watch(record, learnt, new, label, truth)
    half = [(s, k) for s, k, shown in live.early if shown <= 0.5]
    _, precision, _ = match([(s, k) for s, k, _ in live.early], truth)
    _, _, recall = match(half, truth)
    return [
        match(located, truth)[0],
        match(live.decided, truth)[0],
        precision,
        recall,
        calibration_error(live.probability),
    ]


def measure_decisions(seeds: range) -> None:
    print(f"{'set':15s} locate  watch  loss   early: precision  recall at half  calibration")
    for name in SETS:
        rows = np.array([decide(name, seed) for seed in seeds])
        loss = np.median(rows[:, 0] - rows[:, 1])
        a, b, precision, recall, error = np.median(rows, axis=0)
        print(
            f"{name:15s} {a:.3f}   {b:.3f}  {loss:+.3f}        {precision:.3f}      {recall:.3f}"
            f"           {error:.3f}",
            flush=True,
        )


def measure_cost(*, quick: bool) -> None:
    rng = np.random.default_rng(1)
    n_words, length = int(CAMERA["n_words"]), int(CAMERA["length"])
    for n_motifs in (10, 20, 40):
        # a motif is one thing that moves: some words at each time
        probability = np.zeros((n_motifs, length, n_words), dtype=np.float32)
        for row in probability.reshape(-1, n_words):
            row[rng.choice(n_words, 60, replace=False)] = rng.random(60)
        probability /= probability.sum(axis=(1, 2), keepdims=True)
        motifs = MotifSet(probability=probability, weight=np.ones(n_motifs))
        ones = np.ones(n_motifs)
        prior = StartPrior(share=0.01 * ones, usual=300 * ones, spread=0.3 * ones)
        online = MotifFilter(motifs, prior, np.full(n_words, 0.02))
        decider = OccurrenceDecider(online, 20.0)
        n_bins = 100 if quick else 500
        for number in range(n_bins + 20):
            if number == 20:
                began = time.process_time()
            word = np.sort(rng.choice(n_words, int(CAMERA["per_bin"]), replace=False))
            online.step(word.astype(np.int32), rng.poisson(2.0, len(word)) + 1.0)
            decider.decide()
        used = (time.process_time() - began) / n_bins
        print(
            f"filter, {n_motifs} motifs: {1e3 * used:.2f} ms a bin, "
            f"{CAMERA['bin_s'] / used:.0f} cameras a core"
        )
    with tempfile.TemporaryDirectory() as folder:
        scene = road(3, 0.3, duration_s=20.0 if quick else 60.0)
        write_scene(scene, Path(folder))
        path = next(p for p in Path(folder).iterdir() if p.suffix != ".csv")
        list(extract_documents(path, threads=1))
        began = time.process_time()
        [table] = extract_documents(path, threads=1)
        used = time.process_time() - began
        length_s = table.n_times * table.bin_s
        size = table.recordings[0].size_px
        print(f"extraction, {size[0]}x{size[1]}: {length_s / used:.1f} cameras a core")


def measure_memory(*, quick: bool) -> None:
    rng = np.random.default_rng(3)
    recipe = Recipe(n_words=75, n_motifs=N_MOTIFS)
    counts, _ = draw_motifs(recipe, make_motifs(rng, recipe), N_TIMES, rng)
    hour = Table.from_array(counts)
    record = mine(hour, Plsm(n_motifs=N_MOTIFS, motif_length=LENGTH), seed=0)
    never = np.full(len(record.motifs), NEVER)
    progress = WatchedUntil(fit="", last=never, announced=never.copy())
    with tempfile.TemporaryDirectory() as folder:
        lines = Lines(io.BytesIO(), Position())
        online = MotifFilter.of_record(record)
        live = Watch(record, lines, "json", Path(folder) / "state.h5", online, progress)
        for number in range(12 if quick else 168):
            for row in range(hour.n_times):
                part = slice(hour.offsets[row], hour.offsets[row + 1])
                live.take(
                    LiveBin(
                        recording="week",
                        document=0,
                        start_s=float(number * hour.n_times + row),
                        start_utc="",
                        word=hour.word[part],
                        count=hour.count[part],
                    )
                )
            # what was printed is not what is measured
            lines.stream = io.BytesIO()
            if number in (1, 11, 167):
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(
                    f"after {number + 1} hours: {peak:.1f} MiB at most, "
                    f"{lines.position.n_lines} occurrences, {time.process_time():.0f} CPU s",
                    flush=True,
                )
    assert threading.active_count() == 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=["decide", "cost", "memory"], help="Only this.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="Half a day, and a short clip.")
    arguments = parser.parse_args()
    if arguments.part in (None, "decide"):
        measure_decisions(range(arguments.first_seed, arguments.first_seed + arguments.seeds))
    if arguments.part in (None, "cost"):
        measure_cost(quick=arguments.quick)
    if arguments.part in (None, "memory"):
        measure_memory(quick=arguments.quick)


if __name__ == "__main__":
    main()
