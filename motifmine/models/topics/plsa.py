"""PLSA, probabilistic latent semantic analysis: topics over words, without time.

Hofmann, SIGIR 1999. In the papers on motifs its topics are the spatially localised activities that
stand between the words of a video and its motifs (Varadarajan, Emonet, Odobez, BMVC 2010).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from motifmine.errors import DataError, FitError, SpecError
from motifmine.models.topics.kernels import (
    sweep_all_thinning,
    sweep_expected_counts,
    sweep_shares,
)
from motifmine.models.topics.projection import explained, topic_table
from motifmine.models.topics.seeds import seeded_loadings
from motifmine.models.topics.windows import Windows, cut_windows, single_bins, window_bins_of
from motifmine.parallel.threads import in_order, most_threads
from motifmine.progress import Progress
from motifmine.records.fit import Trace
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import Topics
from motifmine.seeding import generator, resolve_seed
from motifmine.types import Floats, Floats32

N_RACE = 20
"""Iterations after which the best of several starts goes on alone."""
N_FOLD_IN = 30
"""Iterations in which the shares of new time bins are inferred."""
CHUNK_WORK = 5e6
"""Multiplications of one parcel of windows; how work is cut never hangs on the threads."""
MOST_CHUNKS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Plsa:
    """The specification of a PLSA fit.

    Examples
    --------
    >>> from motifmine import simulate
    >>> from motifmine.models.topics.plsa import Plsa
    >>> table = simulate(n_motifs=2, n_times=400, seed=1).table
    >>> fit = Plsa(n_topics=4).fit(table, seed=0)
    >>> fit.loadings.shape, fit.project(table).n_words
    ((4, 20), 4)
    """

    n_topics: int = 40
    """Number of topics, > 0."""
    iterations: int = 200
    """EM iterations at most, > 0."""
    window_bins: int | None = None
    """Topics are learned from windows of so many time bins that follow one another, > 0; None: as
    many as last a second."""
    restarts: int = 3
    """Starts, > 0; the best after `N_RACE` iterations goes on."""
    sparsity: float = 0.0
    """What is taken off a topic's count in a window (the papers' lambda on p(z|d)), in units of the
    topic's even part, >= 0. Few topics in a window means large ones: 0 keeps them local."""
    tolerance: float = 1e-5
    """Stop when the log-likelihood per observation rises by less, nats, >= 0."""
    most_windows: int = 10_000
    """Of more windows so many are taken, evenly spread, > 0."""

    def __post_init__(self) -> None:
        for name in ("n_topics", "iterations", "window_bins", "restarts", "most_windows"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SpecError(f"{name} is {value}; it must be 1 or more")
        for name in ("sparsity", "tolerance"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise SpecError(f"{name} is {value}; it must be 0 or more")

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_progress: Callable[[Progress], None] | None = None,
        n_threads: int | None = None,
    ) -> "PlsaFit":
        """Return the topics of `table`, heaviest first.

        Parameters
        ----------
        table : ObservationTable
        seed : int or None
        on_progress : callable or None
            Called with a `Progress` after every iteration.
        n_threads : int or None
            Threads to use, None for all cores; the result is the same to the byte.

        Raises
        ------
        DataError
            When there are fewer words or windows than topics.
        FitError
            When the log-likelihood is not finite.
        """
        windows = cut_windows(table, window_bins_of(table, self.window_bins), self.most_windows)
        check_windows(windows, self.n_topics)
        seed = resolve_seed(seed)
        watch = _Watch(self, windows.total, on_progress)
        n_threads = n_threads or most_threads()
        state = _best_start(self, windows, seed, n_threads, watch)
        state = _climbed(self, windows, state, n_threads, watch)
        weight = (state.shares * _totals(windows)[:, None]).sum(axis=0, dtype=np.float64)
        order = np.argsort(-weight, kind="stable")
        loadings: Floats32 = np.zeros((self.n_topics, table.n_words), np.float32)
        loadings[:, windows.used] = state.loadings.T[order]
        return PlsaFit(
            spec=self,
            topics=Topics(model="plsa", loadings=loadings, inner=table.vocabulary),
            weight=weight[order] / windows.total,
            trace=watch.trace(),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlsaFit:
    """Topics that PLSA found."""

    spec: Plsa
    topics: Topics
    weight: Floats
    """Share of all observations that each topic explains, float64 array (topic,)."""
    trace: Trace

    @property
    def loadings(self) -> Floats32:
        """Probability of words in every topic, float32 array (topic, word), each sums to 1."""
        return self.topics.loadings

    def project(self, table: ObservationTable) -> ObservationTable:
        """Return `table` over topics, see `project_by_shares`."""
        return project_by_shares(table, self.topics, sparsity=self.spec.sparsity)


class State(NamedTuple):
    """What EM changes."""

    shares: Floats32
    """float32 array (M, A), each window sums to 1."""
    loadings: Floats32
    """float32 array (U, A), each topic sums to 1."""


def step(
    windows: Windows, state: State, *, sparsity: float = 0.0, n_threads: int = 1
) -> tuple[State, float]:
    """Return the parameters after one EM iteration, and the log-likelihood before it, nats."""
    shares = np.empty_like(state.shares)
    total = np.zeros(state.loadings.shape)
    part = np.zeros((n_threads, *state.loadings.shape), np.float32)
    edges = _chunk_edges(windows, state.loadings.shape[1])
    value = 0.0

    def work(chunk: int, worker: int) -> float:
        found: float = sweep_expected_counts(
            windows.offsets,
            windows.word,
            windows.count,
            edges[chunk],
            edges[chunk + 1],
            state.shares,
            state.loadings,
            shares,
            part[worker],
        )
        return found

    def add(_chunk: int, worker: int, found: float) -> None:
        nonlocal value, total
        value += found
        total += part[worker]
        part[worker] = 0

    in_order(len(edges) - 1, n_threads, work, add)
    total *= state.loadings
    sums = total.sum(axis=0)
    loadings = np.divide(total, sums, out=np.zeros_like(total), where=sums > 0)
    sweep_all_thinning(shares, sparsity)
    return State(shares, loadings.astype(np.float32)), value


def infer_shares(windows: Windows, loadings: Floats32, *, sparsity: float = 0.0) -> Floats32:
    """Return the shares of given topics in every window, float32 array (M, A).

    EM over the shares alone, from even ones: the log-likelihood is concave in them. `loadings` is
    a float32 array (topic, word). A window that holds nothing has no shares.
    """
    n_topics = len(loadings)
    shares = np.full((len(windows), n_topics), 1 / max(n_topics, 1), np.float32)
    by_word = np.ascontiguousarray(loadings.T)
    edges = _chunk_edges(windows, n_topics)

    def work(chunk: int, _worker: int) -> None:
        sweep_shares(
            windows.offsets,
            windows.word,
            windows.count,
            edges[chunk],
            edges[chunk + 1],
            by_word,
            sparsity,
            N_FOLD_IN,
            shares,
            np.empty(n_topics, np.float32),
        )

    in_order(len(edges) - 1, most_threads(), work, lambda *_: None)
    return shares


def project_by_shares(
    table: ObservationTable, layout: Topics, *, sparsity: float = 0.0
) -> ObservationTable:
    """Return `table` over topics: every time bin is shared out among the topics that explain it.

    Words that no topic holds are left out. The result hangs on the loadings and the time bin alone.
    """
    known = explained(table, layout)
    return topic_table(
        known, layout, infer_shares(single_bins(known), layout.loadings, sparsity=sparsity)
    )


def check_windows(windows: Windows, n_topics: int) -> None:
    """Raise `DataError` when so many topics cannot be told apart."""
    if n_topics > min(windows.n_words, len(windows)):
        raise DataError(
            f"{n_topics} topics were asked of {len(windows)} windows with {windows.n_words} words; "
            "ask for fewer, or extract more recordings"
        )


class _Watch:
    """What is noted while EM runs."""

    def __init__(
        self, spec: Plsa, total: float, on_progress: Callable[[Progress], None] | None
    ) -> None:
        self.began = time.perf_counter()
        self.total = total
        self.most = spec.restarts * N_RACE + spec.iterations
        self.on_progress = on_progress
        self.done = 0
        self.values: list[tuple[float, float]] = []

    def note(self, value: float, *, keep: bool) -> None:
        if not np.isfinite(value):
            raise FitError(f"the log-likelihood of PLSA is {value}; look for extreme counts")
        self.done += 1
        if keep:
            self.values.append((value, time.perf_counter() - self.began))
        if self.on_progress is not None:
            self.on_progress(Progress(min(self.done, self.most), self.most, value))

    def trace(self) -> Trace:
        return Trace(
            iteration=np.arange(len(self.values), dtype=np.int64),
            log_likelihood=np.array([value for value, _ in self.values]),
            seconds=np.array([seconds for _, seconds in self.values]),
        )


def _best_start(spec: Plsa, windows: Windows, seed: int, n_threads: int, watch: _Watch) -> State:
    """Return the best of several starts after some iterations."""
    best: tuple[float, State] | None = None
    for start in range(spec.restarts):
        loadings = seeded_loadings(windows, spec.n_topics, generator(seed, start))
        state = State(
            np.full((len(windows), spec.n_topics), 1 / spec.n_topics, np.float32),
            np.ascontiguousarray(loadings.T),
        )
        value = -np.inf
        for _ in range(N_RACE if spec.restarts > 1 else 0):
            state, value = step(windows, state, sparsity=spec.sparsity, n_threads=n_threads)
            watch.note(value, keep=False)
        if best is None or value > best[0]:
            best = value, state
    assert best is not None
    return best[1]


def _climbed(spec: Plsa, windows: Windows, state: State, n_threads: int, watch: _Watch) -> State:
    """Return the state after EM until the log-likelihood hardly rises."""
    last = -np.inf
    for i in range(spec.iterations):
        state, value = step(windows, state, sparsity=spec.sparsity, n_threads=n_threads)
        watch.note(value, keep=True)
        if i > 5 and value - last < spec.tolerance * watch.total:
            break
        last = value
    return state


def _totals(windows: Windows) -> Floats:
    """Return the observations of every window, float64 array (M,)."""
    window = np.repeat(np.arange(len(windows)), np.diff(windows.offsets))
    totals = np.bincount(window, weights=windows.count, minlength=len(windows))
    return totals.astype(np.float64)


def _chunk_edges(windows: Windows, n_topics: int) -> list[int]:
    """Return the first window of every parcel, and the end."""
    work = len(windows.word) * n_topics
    n_chunks = int(min(max(1, work // CHUNK_WORK), MOST_CHUNKS, max(len(windows), 1)))
    goals = np.arange(1, n_chunks) * (len(windows.word) / n_chunks)
    inner = np.searchsorted(windows.offsets, goals)
    return [0, *(int(edge) for edge in inner), len(windows)]
