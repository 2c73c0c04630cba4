"""Sets of the calibration benchmark: recordings with known occurrences, and without any order."""

import csv
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rendered_scenes import road, write_scene
from scipy.signal import lfilter

from motifmine import Table
from motifmine.io.hdf5 import store
from motifmine.records.table import ObservationTable, join_tables
from motifmine.workflows.extract import extract_sources
from motifmine.workflows.extract_jobs import ExtractionSettings
from motifmine.workflows.workspace import Workspace

LENGTH = 8
"""Bins of a second."""
BINS_PER_OCCURRENCE = 40
"""Bins of a document for each occurrence of a motif in it."""
WAVE_BINS = 400
RENDERED = "rendered traffic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a set with motifs is drawn."""

    background: float = 0.3
    """Share of observations that belong to no motif."""
    observations: float = 40.0
    """Of a mean occurrence."""
    spread: float = 4.0
    """Shape of the gamma distribution of their number: the lower, the heavier the tail."""
    n_words: int = 40
    n_motifs: int = 3
    starts: str = "uniform"
    """`uniform`, `bursts` or `waves`."""
    rates: str = "uniform"
    """Of the background: `uniform`, `autocorrelated`, `waves` or `common`."""
    pool: int | None = None
    """Words that all motifs share."""


RECIPES = {
    "plain": Recipe(),
    "half background": Recipe(background=0.5),
    "hard": Recipe(background=0.7, observations=15.0),
    "heavy tails": Recipe(spread=0.5, observations=35.0),
    "bursts": Recipe(starts="bursts"),
    "few words": Recipe(n_words=6, background=0.2, observations=60.0),
    "rates in waves": Recipe(starts="waves", rates="waves"),
    "shared words": Recipe(pool=10),
    "autocorrelated": Recipe(rates="autocorrelated"),
    "common instants": Recipe(rates="common", n_words=15),
}
ONE_CHANNEL = ("one channel", "one switch")
NOISES = (
    "uniform noise",
    "autocorrelated noise",
    "waves",
    "squares",
    "common",
    "switches",
    *ONE_CHANNEL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A set and its truth."""

    table: ObservationTable
    truth: np.ndarray
    """(document, start bin, label), int array (occurrences, 3)."""
    motif_length: int
    n_motifs: int
    within_bins: int
    """Greatest distance of an occurrence from the truth."""


def make_motifs(rng: np.random.Generator, recipe: Recipe) -> np.ndarray:
    """Return motifs (K, L, W): three words in each bin, out of a pool of each motif or of all."""
    n_words = recipe.n_words
    phi = np.zeros((recipe.n_motifs, LENGTH, n_words))
    shared = rng.choice(n_words, min(recipe.pool or 0, n_words), replace=False)
    for motif in phi:
        own = rng.choice(n_words, min(n_words, LENGTH + 2), replace=False)
        words = shared if recipe.pool else own
        for row, mass in zip(motif, rng.dirichlet(np.full(LENGTH, 5.0)), strict=True):
            some = rng.choice(words, min(3, len(words)), replace=False)
            row[some] = mass * rng.dirichlet(np.full(len(some), 2.0))
    return phi


def wave(n_times: int) -> np.ndarray:
    """Return the busy and the quiet times, mean 1."""
    rate = (1 + 0.95 * np.sin(2 * np.pi * np.arange(n_times) / WAVE_BINS)) ** 2
    return rate / rate.mean()


def walk(rng: np.random.Generator, n_times: int, n_words: int) -> np.ndarray:
    """Return rates that are autocorrelated, each word on its own, mean 1."""
    level = np.empty((n_times, n_words))
    level[0] = rng.normal(size=n_words)
    for t in range(1, n_times):
        level[t] = 0.9 * level[t - 1] + np.sqrt(0.19) * rng.normal(size=n_words)
    rate = np.exp(1.5 * level)
    return rate / rate.mean()


def together(rng: np.random.Generator, n_times: int) -> np.ndarray:
    """Return rates (T, 1) of words busy in the same bins, as channels that share a disturbance."""
    return rng.gamma(0.5, 2.0, (n_times, 1))


def draw_starts(rng: np.random.Generator, recipe: Recipe, n_times: int) -> np.ndarray:
    """Return the starts of one motif, at least five bins apart, whole within the document."""
    last = n_times - LENGTH
    number = max(2, n_times // BINS_PER_OCCURRENCE)
    if recipe.starts == "bursts":
        first = rng.integers(0, last, max(1, number // 5))
        starts = np.concatenate([f + np.cumsum(rng.integers(5, 12, 5)) for f in first])
    elif recipe.starts == "waves":
        share = wave(last)
        starts = rng.choice(last, number, p=share / share.sum())
    else:
        starts = rng.integers(0, last, number)
    starts = np.unique(starts[starts < last])
    return starts[np.concatenate([[True], np.diff(starts) >= 5])[: len(starts)]]


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
    level = count.sum() * recipe.background / (1 - recipe.background) / count.size
    rate = np.full((n_times, n_words), level)
    if recipe.rates == "waves":
        rate *= wave(n_times)[:, None]
    elif recipe.rates == "autocorrelated":
        rate *= walk(rng, n_times, n_words)
    elif recipe.rates == "common":
        rate *= together(rng, n_times)
    return count + rng.poisson(rate), truth


def switch(rng: np.random.Generator, n_times: int) -> np.ndarray:
    """Return how much of each bin something is on that is so for random durations, (T,)."""
    durations = rng.gamma(2.0, (LENGTH / 4, LENGTH / 2), (n_times // 2, 2))
    edges = rng.uniform(0, LENGTH) + np.concatenate([[0.0], np.cumsum(durations)])
    on = np.concatenate([[0.0], np.cumsum(durations * [1, 0])])
    return np.diff(np.interp(np.arange(n_times + 1), edges, on))


def draw_noise(kind: str, n_times: int, n_words: int, rng: np.random.Generator) -> np.ndarray:
    """Return counts (T, W) without order in time, four observations a bin, or five of one word."""
    if kind == "one channel":
        # smooth, and of no direction: as a level above its mean
        level = lfilter([1.0], [1.0, -1.7, 0.85], rng.normal(size=(n_times + 100, 1)), axis=0)
        return np.maximum(4.0 * level[100:] / level.std(), 0.0)
    if kind in ("switches", "one switch"):
        of_word = [switch(rng, n_times) for _ in range(1 if kind in ONE_CHANNEL else n_words)]
        return 12.0 * np.stack(of_word, axis=1) * rng.normal(1, 0.02, (n_times, len(of_word)))
    level = 4 / n_words
    rate = np.full((n_times, n_words), level)
    if kind == "waves":
        rate *= wave(n_times)[:, None]
    elif kind == "autocorrelated noise":
        rate *= walk(rng, n_times, n_words)
    elif kind == "common":
        rate *= together(rng, n_times)
    elif kind == "squares":
        rate[:] = 0.0
        for _ in range(round(level * rate.size / 24)):
            first = int(rng.integers(n_times))
            rate[first : first + 1 + int(rng.poisson(5)), rng.integers(n_words)] += 4.0
    return rng.poisson(rate)


def draw_set(
    recipe: Recipe, phi: np.ndarray, n_times: int, n_documents: int, rng: np.random.Generator
) -> Drawn:
    """Return documents of motifs."""
    tables, truth = [], []
    for document in range(n_documents):
        count, found = draw_motifs(recipe, phi, n_times // n_documents, rng)
        tables.append(Table.from_array(count, name=f"document-{document}"))
        truth += [(document, start, label) for start, label in found]
    return Drawn(
        table=join_tables(tables),
        truth=np.array(truth),
        motif_length=LENGTH,
        n_motifs=recipe.n_motifs,
        within_bins=2,
    )


def draw_noise_table(
    kind: str, n_times: int, n_documents: int, n_words: int, rng: np.random.Generator
) -> ObservationTable:
    """Return documents without order."""
    counts = [draw_noise(kind, n_times // n_documents, n_words, rng) for _ in range(n_documents)]
    named = enumerate(counts)
    return join_tables([Table.from_array(c, name=f"document-{d}") for d, c in named])


def render_traffic(seed: int, n_documents: int, cache: Path) -> tuple[Drawn, Drawn]:
    """Return a rendered road of two lanes, and new recordings of it; kept in a folder.

    Parameters
    ----------
    seed : int
    n_documents : int
        Clips, 40 seconds together.
    cache : Path
        Where the tables are kept: rendering takes longer than a fit.
    """
    scene = road(2, 0.6, duration_s=40 / n_documents, n_clips=2 * n_documents)
    folder = cache / f"traffic-{seed}-{n_documents}"
    if not (folder / "truth.csv").exists():
        with tempfile.TemporaryDirectory() as scratch:
            truth = write_scene(scene, Path(scratch), seed)
            sources = sorted(Path(scratch).glob("*.mp4"))
            extract_sources(sources, Workspace(folder), ExtractionSettings())
            (folder / "truth.csv").write_text(truth.read_text())
    with (folder / "truth.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    tables = [store.read_table(path) for path in sorted(Workspace(folder).table_paths())]
    labels = sorted({row[1] for row in rows})
    halves = []
    for part in (tables[:n_documents], tables[n_documents:]):
        joined = join_tables(part)
        names = [Path(recording.name).stem for recording in joined.recordings]
        truth = [
            (names.index(Path(name).stem), round(float(start) / joined.bin_s), labels.index(label))
            for name, label, start, *_ in rows
            if Path(name).stem in names
        ]
        halves.append(
            Drawn(
                table=joined,
                truth=np.array(truth),
                motif_length=round(float(scene.length.removesuffix("s")) / joined.bin_s),
                n_motifs=len(labels),
                within_bins=round(0.5 / joined.bin_s),
            )
        )
    return halves[0], halves[1]


def draw_pair(
    name: str, seed: int, n_times: int, n_documents: int, cache: Path
) -> tuple[Drawn, Drawn]:
    """Return a set to learn from and new recordings of the same scene.

    Parameters
    ----------
    name : str
        A key of `RECIPES`, or `RENDERED`.
    seed : int
    n_times : int
        Bins of all documents together.
    n_documents : int
    cache : Path
        See `render_traffic`.
    """
    if name == RENDERED:
        return render_traffic(seed, n_documents, cache)
    rng = np.random.default_rng([seed, list(RECIPES).index(name)])
    recipe = RECIPES[name]
    phi = make_motifs(rng, recipe)
    learned = draw_set(recipe, phi, n_times, n_documents, rng)
    return learned, draw_set(recipe, phi, n_times, n_documents, rng)


def scramble(drawn: Drawn, rng: np.random.Generator) -> ObservationTable:
    """Return a table with every word's counts moved in time by a lag of its own: no order is left.

    Parameters
    ----------
    drawn : Drawn
    rng : numpy.random.Generator
    """
    table = drawn.table
    tables = []
    for first, last in zip(table.document_offsets[:-1], table.document_offsets[1:], strict=True):
        a, b = table.offsets[first], table.offsets[last]
        count = np.zeros((last - first, table.n_words))
        row = np.repeat(np.arange(first, last), np.diff(table.offsets[first : last + 1])) - first
        count[row, table.word[a:b]] = table.count[a:b]
        for word in range(table.n_words):
            count[:, word] = np.roll(count[:, word], int(rng.integers(last - first)))
        found = Table.from_array(count, name=f"scrambled-{first}")
        tables.append(replace(found, vocabulary=table.vocabulary))
    return join_tables(tables)
