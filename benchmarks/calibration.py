"""Whether the numbers of a fit hold: false occurrences, probabilities, motifs of noise, fresh data.

    python benchmarks/calibration.py [--sets plain,heavy,...] [--models plsm,hdlsm,tcae]
                                     [--seeds 20] [--first-seed 0] [--documents 1]

Sets with motifs are drawn with known occurrences, sets of noise without any order in time. Wanted:
no motif of noise in 19 of 20 sets; the true share of false occurrences within a factor of 1.5 of q
at 5 and 10 % (2 at 1 %); recall no more than .03 below that of the best threshold with the same
share of false ones; each tenth of the probabilities within .1 of the truth; the same on recordings
that the fit has not seen. An occurrence is true when it lies within two bins of one of the label
that its motif stands for, after the motif's constant offset.
"""

import argparse
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

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
from motifmine.records.table import ObservationTable, join_tables, table_from_rows
from motifmine.records.vocabulary import Vocabulary
from motifmine.workflows.mine import locate, mine

N_TIMES, N_WORDS, N_MOTIFS, LENGTH = 3600, 75, 6, 10
LEVELS = (0.01, 0.05, 0.10)
WITHIN_BINS = 2
SETTINGS: dict[str, dict[str, Any]] = {
    "plsm": {"n_motifs": N_MOTIFS, "motif_length": LENGTH},
    "hdlsm": {"motif_length": LENGTH, "chains": 2, "sweeps": 400},
    "tcae": {"motif_length": LENGTH},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a set with motifs is drawn."""

    noise: float = 0.3
    """Share of observations that belong to no motif."""
    observations: float = 40.0
    """Of a mean occurrence."""
    spread: float = 4.0
    """Shape of the gamma distribution of their number: the lower, the heavier the tail."""
    n_words: int = N_WORDS
    starts: str = "uniform"
    """`uniform`, `bursts` or `waves`."""
    background: str = "uniform"
    """`uniform`, `autocorrelated` or `waves`."""
    pool: int | None = None
    """Words that all motifs share."""


RECIPES = {
    "plain": Recipe(),
    "half noise": Recipe(noise=0.5),
    "hard": Recipe(noise=0.7, observations=15.0),
    "heavy tails": Recipe(spread=0.5, observations=35.0),
    "bursts": Recipe(starts="bursts"),
    "few words": Recipe(n_words=6, noise=0.2, observations=60.0),
    "rates in waves": Recipe(starts="waves", background="waves"),
    "shared words": Recipe(pool=12),
    "autocorrelated": Recipe(background="autocorrelated"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A set and its truth: (document, start bin, label), int array (occurrences, 3)."""

    table: ObservationTable
    truth: np.ndarray


@dataclass(slots=True)
class Tally:
    """Sums over the sets of one kind."""

    kept: dict[float, list[tuple[int, int, int]]] = field(default_factory=dict)
    """By level: reported, true ones among them, all true ones."""
    best: dict[float, list[float]] = field(default_factory=dict)
    """By level: recall of the best threshold with the same share of false ones."""
    located: dict[float, list[tuple[int, int, int]]] = field(default_factory=dict)
    """As `kept`, of recordings that the fit has not seen."""
    probability: list[np.ndarray] = field(default_factory=list)
    """(probability of being false, whether it is)."""
    posterior: list[np.ndarray] = field(default_factory=list)
    """(1 - posterior probability of the occurrence, whether it is false), of sampled fits."""
    f1: list[tuple[float, float]] = field(default_factory=list)
    """With the threshold of the fit, and with the best one."""
    seconds: list[float] = field(default_factory=list)


def make_motifs(rng: np.random.Generator, n_words: int, pool: int | None) -> np.ndarray:
    """Return motifs (K, L, W): three words in each bin, out of a pool of each motif or of all."""
    phi = np.zeros((N_MOTIFS, LENGTH, n_words))
    shared = rng.choice(n_words, min(pool or 0, n_words), replace=False)
    for motif in phi:
        words = shared if pool else rng.choice(n_words, min(n_words, LENGTH + 2), replace=False)
        for row, mass in zip(motif, rng.dirichlet(np.full(LENGTH, 5.0)), strict=True):
            some = rng.choice(words, min(3, len(words)), replace=False)
            row[some] = mass * rng.dirichlet(np.full(len(some), 2.0))
    return phi


def wave(n_times: int) -> np.ndarray:
    """Return the busy and the quiet times, mean 1."""
    rate = (1 + 0.95 * np.sin(2 * np.pi * np.arange(n_times) / 1200)) ** 2
    return rate / rate.mean()


def walk(rng: np.random.Generator, n_times: int, n_words: int) -> np.ndarray:
    """Return rates that are autocorrelated, each word on its own, mean 1."""
    level = np.empty((n_times, n_words))
    level[0] = rng.normal(size=n_words)
    for t in range(1, n_times):
        level[t] = 0.9 * level[t - 1] + np.sqrt(0.19) * rng.normal(size=n_words)
    rate = np.exp(1.5 * level)
    return rate / rate.mean()


def draw_starts(rng: np.random.Generator, recipe: Recipe, n_times: int) -> np.ndarray:
    """Return the starts of one motif, at least five bins apart, whole within the document."""
    last = n_times - LENGTH
    number = max(2, n_times // 60)
    if recipe.starts == "bursts":
        first = rng.integers(0, last, max(1, number // 5))
        starts = np.concatenate([f + np.cumsum(rng.integers(5, 12, 5)) for f in first])
    elif recipe.starts == "waves":
        share = wave(last)
        starts = rng.choice(last, number, p=share / share.sum())
    else:
        starts = rng.integers(0, last, number)
    starts = np.unique(starts[starts < last])
    return starts[np.concatenate([[True], np.diff(starts) >= 5])]


def draw_motifs(
    recipe: Recipe, phi: np.ndarray, n_times: int, rng: np.random.Generator
) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Return counts (T, W) of one document with motifs, and its occurrences (start, label)."""
    n_words = recipe.n_words
    count = np.zeros((n_times, n_words))
    truth = []
    for label, motif in enumerate(phi):
        for start in draw_starts(rng, recipe, n_times):
            size = recipe.observations * rng.gamma(recipe.spread, 1 / recipe.spread)
            n = 5 + rng.poisson(size)
            drawn = rng.multinomial(n, motif.ravel() / motif.sum()).reshape(motif.shape)
            count[start : start + LENGTH] += drawn
            truth.append((int(start), label))
    level = count.sum() * recipe.noise / (1 - recipe.noise) / count.size
    rate = np.full((n_times, n_words), level)
    if recipe.background == "waves":
        rate *= wave(n_times)[:, None]
    elif recipe.background == "autocorrelated":
        rate *= walk(rng, n_times, n_words)
    return count + rng.poisson(rate), truth


def draw_noise(kind: str, n_times: int, rng: np.random.Generator) -> np.ndarray:
    """Return counts (T, W) without order in time."""
    level = 14_000 / (N_TIMES * N_WORDS)
    rate = np.full((n_times, N_WORDS), level)
    if kind == "waves":
        rate *= wave(n_times)[:, None]
    elif kind == "autocorrelated noise":
        rate *= walk(rng, n_times, N_WORDS)
    elif kind == "squares":
        rate[:] = 0.0
        for _ in range(round(level * rate.size / 24)):
            first = int(rng.integers(n_times))
            rate[first : first + 1 + int(rng.poisson(5)), rng.integers(N_WORDS)] += 4.0
    return rng.poisson(rate)


LEARNED_BINS, SURPRISES = (600, 3600, 14_400), (1.0, 2.0, 3.0)
"""Bins of a second that anomalies are learned from, and surprises that are counted in new ones."""
NOISES = ("uniform noise", "autocorrelated noise", "waves", "squares")


def table_of(count: np.ndarray, name: str) -> ObservationTable:
    """Return counts (T, W) as a document."""
    time_bin, word = np.nonzero(count)
    return table_from_rows(
        time=time_bin,
        word=word,
        count=count[time_bin, word].astype(float),
        n_times=len(count),
        vocabulary=Vocabulary.of_labels([str(w) for w in range(count.shape[1])]),
        name=name,
    )


def draw_set(recipe: Recipe, phi: np.ndarray, n_documents: int, rng: np.random.Generator) -> Drawn:
    """Return documents of motifs."""
    tables, truth = [], []
    for document in range(n_documents):
        count, found = draw_motifs(recipe, phi, N_TIMES // n_documents, rng)
        tables.append(table_of(count, f"document-{document}"))
        truth += [(document, start, label) for start, label in found]
    return Drawn(table=join_tables(tables), truth=np.array(truth))


def judge(found: Occurrences, truth: np.ndarray) -> np.ndarray:
    """Return which occurrences are true, each motif standing for the label it agrees with best."""
    apart = 10 * N_TIMES
    ours = found.document.astype(np.int64) * apart + found.start_bin
    is_true = np.zeros(len(found), bool)
    for motif in np.unique(found.motif):
        mine = np.flatnonzero(found.motif == motif)
        best: tuple[float, np.ndarray] = (-np.inf, np.zeros(len(mine), bool))
        for label in range(N_MOTIFS):
            theirs = np.sort(truth[truth[:, 2] == label][:, :2] @ [apart, 1])
            for shift in range(1 - LENGTH, LENGTH):
                hit = nearest(theirs, ours[mine] + shift) <= WITHIN_BINS
                if hit.sum() - 0.1 * (~hit).sum() > best[0]:
                    best = (hit.sum() - 0.1 * (~hit).sum(), hit)
        is_true[mine] = best[1]
    return is_true


def nearest(sorted_values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the distance of each number to the nearest of the sorted ones."""
    right = np.searchsorted(sorted_values, at).clip(1, len(sorted_values) - 1)
    return np.minimum(np.abs(sorted_values[right] - at), np.abs(sorted_values[right - 1] - at))


def examine(record: FitRecord, drawn: Drawn, fresh: Drawn, tally: Tally, seconds: float) -> None:
    """Add what a fit with all its candidates says, and what is true, to the tally."""
    found, tested = record.occurrences, record.significance
    if tested is None:
        raise SystemExit("the fit was not tested")
    tally.seconds.append(seconds)
    q = tested.scores.look_up("false_share", found.score)
    is_true = judge(found, drawn.truth)
    n_true = len(drawn.truth)
    order = np.argsort(-found.score, kind="stable")
    hits = np.cumsum(is_true[order])
    listed = np.arange(1, len(found) + 1)
    f1 = 2 * hits / (listed + n_true) if len(found) else np.zeros(1)
    for level in LEVELS:
        kept = q <= level
        tally.kept.setdefault(level, []).append((int(kept.sum()), int(is_true[kept].sum()), n_true))
        allowed = 1 - hits / listed <= max(level, 1 - is_true[kept].mean() if kept.any() else 0)
        recall = hits[np.flatnonzero(allowed)[-1]] / n_true if allowed.any() else 0.0
        tally.best.setdefault(level, []).append(float(recall))
    own = is_true[q <= LEVELS[0]]
    tally.f1.append((2 * own.sum() / (len(own) + n_true), float(f1.max())))
    if found.false_probability is not None:
        tally.probability.append(np.stack([found.false_probability, ~is_true], axis=1))
    if record.posterior is not None:
        absent = 1 - record.posterior.occurrence_probability
        tally.posterior.append(np.stack([absent, ~is_true], axis=1))
    there = locate(record, fresh.table).occurrences
    q = tested.scores_elsewhere.look_up("false_share", there.score)
    is_true = judge(there, fresh.truth)
    for level in LEVELS:
        kept = q <= level
        row = (int(kept.sum()), int(is_true[kept].sum()), len(fresh.truth))
        tally.located.setdefault(level, []).append(row)


def run_set(name: str, model: str, seed: int, n_documents: int, tally: Tally) -> None:
    """Draw a set, fit it, and add what came out to the tally."""
    rng = np.random.default_rng([seed, len(name)])
    recipe = RECIPES[name]
    phi = make_motifs(rng, recipe.n_words, recipe.pool)
    drawn = draw_set(recipe, phi, n_documents, rng)
    fresh = draw_set(recipe, phi, n_documents, rng)
    began = time.process_time()
    spec = specify(model, SETTINGS[model])
    record = mine(drawn.table, spec, detection=Detection(false_share=0.5), seed=seed)
    examine(record, drawn, fresh, tally, time.process_time() - began)


def largest_gap(parts: list[np.ndarray]) -> float:
    """Return the largest distance of stated and true share in tenths of 30 or more."""
    pairs = np.concatenate(parts) if parts else np.zeros((0, 2))
    tenth = np.minimum((pairs[:, 0] * 10).astype(int), 9)
    gaps = [
        abs(pairs[tenth == t].mean(axis=0) @ [1, -1]) for t in range(10) if (tenth == t).sum() >= 30
    ]
    return max(gaps, default=float("nan"))


def report_set(name: str, model: str, tally: Tally) -> None:
    """Print one line for each level."""
    own, best = np.mean(tally.f1, axis=0)
    print(
        f"{model} {name}: F1 {own:.3f} at 1 %, {best:.3f} at best; largest gap of a tenth of the "
        f"probabilities {largest_gap(tally.probability):.2f}, of the posterior's "
        f"{largest_gap(tally.posterior):.2f}; {np.mean(tally.seconds):.1f} CPU s"
    )
    for level in LEVELS:
        kept, true, there = np.sum(tally.kept[level], axis=0)
        found, right, wanted = np.sum(tally.located[level], axis=0)
        print(
            f"    q {level:4.0%}: {kept} reported, false {1 - true / max(kept, 1):.3f}, recall "
            f"{true / there:.3f} (best threshold {np.mean(tally.best[level]):.3f}); new: false"
            f" {1 - right / max(found, 1):.3f}, recall {right / wanted:.3f}",
            flush=True,
        )


def run_noise(name: str, model: str, seeds: range, n_documents: int) -> None:
    """Print how many sets of noise get a motif."""
    reported, occurrences, left_out = 0, 0, 0
    for seed in seeds:
        rng = np.random.default_rng([seed, len(name), 1])
        count = [draw_noise(name, N_TIMES // n_documents, rng) for _ in range(n_documents)]
        table = join_tables([table_of(c, f"document-{d}") for d, c in enumerate(count)])
        try:
            record = mine(table, specify(model, SETTINGS[model]), seed=seed)
        except FitError:
            # an auto-encoder of noise loses all its filters: no motif
            continue
        reported += len(record.motifs) > 0
        occurrences += len(record.occurrences)
        left_out += record.significance.n_unreplicated if record.significance else 0
    print(
        f"{model} {name}: motifs reported in {reported} of {len(seeds)} sets, {occurrences} "
        f"occurrences; {left_out} motifs left out",
        flush=True,
    )


def run_anomalies(model: str, seeds: range) -> None:
    """Print how often new recordings exceed a surprise, by how long the fit had learned."""
    small = Recipe(n_words=30)
    for n_times in LEARNED_BINS:
        shares = []
        for seed in seeds:
            rng = np.random.default_rng([seed, n_times])
            phi = make_motifs(rng, small.n_words, None)
            known, *fresh = (
                table_of(draw_motifs(small, phi, n, rng)[0], "recording")
                for n in (n_times, N_TIMES, N_TIMES)
            )
            fit = specify(model, SETTINGS[model]).fit(known, seed=seed)
            found = fit.locate(known)
            scale = calibrate(
                measure_held_out(known, fit.motifs, found.background, found.activations), LENGTH
            )
            surprise = [surprise_in(fit, table, scale) for table in fresh]
            shares.append([np.mean(np.concatenate(surprise) >= level) for level in SURPRISES])
        ratio = np.mean(shares, axis=0) / 10.0 ** -np.array(SURPRISES)
        error = np.std(shares, axis=0) / np.sqrt(len(seeds)) / 10.0 ** -np.array(SURPRISES)
        print(
            f"{model} anomalies, learned from {n_times} bins, {len(seeds)} sets: share of new bins "
            + ", ".join(
                f"beyond {level:g} {r:.2f} +- {e:.2f} of nominal"
                for level, r, e in zip(SURPRISES, ratio, error, strict=True)
            ),
            flush=True,
        )


def surprise_in(fit: Fit, table: ObservationTable, scale: AnomalyScale) -> np.ndarray:
    """Return the surprise of every bin of a new recording."""
    found = fit.locate(table)
    measures = measure_documents(table, fit.motifs, found.background, found.activations)
    return calibrate_surprise(measures[0], scale).overall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", default=",".join((*NOISES, *RECIPES, "anomalies")))
    parser.add_argument("--models", default="plsm")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--documents", type=int, default=1)
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    for model in arguments.models.split(","):
        for name in arguments.sets.split(","):
            if name == "anomalies":
                run_anomalies(model, seeds)
                continue
            if name in NOISES:
                run_noise(name, model, seeds, arguments.documents)
                continue
            tally = Tally()
            for seed in seeds:
                run_set(name, model, seed, arguments.documents, tally)
            report_set(name, model, tally)


if __name__ == "__main__":
    main()
