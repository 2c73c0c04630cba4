"""PLSA, probabilistic latent semantic analysis: topics over words, without time.

Hofmann, SIGIR 1999. In the papers on motifs, its topics are the spatially localised activities
between the words of a video and its motifs (Varadarajan, Emonet, Odobez, BMVC 2010).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from motifmine.errors import DataError
from motifmine.models.monitor import Monitor, has_converged
from motifmine.models.topics.kernels import (
    WindowCounts,
    expected_counts,
    infer_shares_in_windows,
    sparsify_all,
)
from motifmine.models.topics.projection import drop_unknown_words, make_topic_table
from motifmine.models.topics.windows import (
    Windows,
    choose_window_bins,
    cut_windows,
    make_single_bin_windows,
)
from motifmine.parallel.threads import most_threads, run_in_order
from motifmine.progress import Progress
from motifmine.records.fit import Trace
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import Topics
from motifmine.seeding import generator, resolve_seed
from motifmine.time_limit import is_time_up
from motifmine.types import Floats, Floats32
from motifmine.validation import check_at_least, check_not_negative

N_TRIAL = 20  # iterations of every start before the best one is chosen
N_FOLD_IN = 30  # iterations for the shares of new windows
# multiplications per chunk of windows. Chunks do not depend on the number of threads, so that sums
# do not either.
CHUNK_WORK = 5e6
MAX_CHUNKS = 32
N_CANDIDATES = 4  # candidates for each seed word
SHARPNESS = 8  # power of the similarity to a seed word that gives the initial loadings
# share of the overall word distribution in the initial loadings, so that none is 0
EVEN_SHARE = 0.1


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
    """Largest number of EM iterations, > 0."""
    window_bins: int | None = None
    """Length of the windows to learn from, time bins, > 0; None: one second."""
    restarts: int = 3
    """Number of starts, > 0; the best after `N_TRIAL` iterations is continued."""
    sparsity: float = 0.0
    """Amount subtracted from the count of a topic in a window (lambda on p(z|d) in the papers), in
    units of the mean count, >= 0. Sparse windows need large topics; 0 keeps them local."""
    tolerance: float = 1e-5
    """Stop when the log-likelihood per observation increases by less, nats, >= 0."""
    most_windows: int = 10_000
    """Largest number of windows, > 0; of more windows a regular subset is used."""

    def __post_init__(self) -> None:
        check_at_least(self, 1, "n_topics", "iterations", "window_bins", "restarts", "most_windows")
        check_not_negative(self, "sparsity", "tolerance")

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_progress: Callable[[Progress], None] | None = None,
        n_threads: int | None = None,
    ) -> "PlsaFit":
        """Fit topics to `table`, heaviest first.

        Parameters
        ----------
        n_threads : int or None
            Number of threads, None for all cores; the result does not depend on it.

        Raises
        ------
        DataError
            If there are fewer words or windows than topics.
        FitError
            If the log-likelihood is not finite.
        """
        windows = cut_windows(table, choose_window_bins(table, self.window_bins), self.most_windows)
        check_windows(windows, self.n_topics)
        seed = resolve_seed(seed)
        monitor = Monitor(self.restarts * N_TRIAL + self.iterations, on_progress)
        n_threads = n_threads or most_threads()
        state = _choose_start(self, windows, seed, n_threads, monitor)
        state = _run_em(self, windows, state, n_threads, monitor)
        weight = (state.shares * _sum_by_window(windows)[:, None]).sum(axis=0, dtype=np.float64)
        # stable, so that the numbers of topics do not depend on the machine
        order = np.argsort(-weight, kind="stable")
        loadings: Floats32 = np.zeros((self.n_topics, table.n_words), np.float32)
        loadings[:, windows.used] = state.loadings.T[order]
        return PlsaFit(
            spec=self,
            topics=Topics(model="plsa", loadings=loadings, inner=table.vocabulary),
            weight=weight[order] / windows.total,
            trace=monitor.trace(),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlsaFit:
    """Result of a PLSA fit."""

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
        """Project `table` onto the topics, see `project_by_shares`."""
        return project_by_shares(table, self.topics, sparsity=self.spec.sparsity)


class State(NamedTuple):
    """Parameters of EM."""

    shares: Floats32
    """float32 array (M, A), each window sums to 1."""
    loadings: Floats32
    """float32 array (U, A), each topic sums to 1."""


def run_em_step(
    windows: Windows, state: State, *, sparsity: float = 0.0, n_threads: int = 1
) -> tuple[State, float]:
    """Run one EM iteration; return the new parameters and the log-likelihood before, nats.

    Parameters
    ----------
    sparsity : float
        See `Plsa.sparsity`.
    """
    shares = np.empty_like(state.shares)
    total = np.zeros(state.loadings.shape)
    part = np.zeros((n_threads, *state.loadings.shape), np.float32)
    edges = _divide_windows(windows, state.loadings.shape[1])
    rows = WindowCounts(windows.offsets, windows.word, windows.count)
    value = 0.0

    def work(chunk: int, worker: int) -> float:
        found: float = expected_counts(
            rows,
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
        # called in the order of chunks: float sums have the same bytes at any number of threads
        total += part[worker]
        part[worker] = 0

    run_in_order(len(edges) - 1, n_threads, work, add)
    # the kernel sums count / rate * share; the factor common to a word and topic comes last
    total *= state.loadings
    sums = total.sum(axis=0)
    # a topic without counts stays empty instead of NaN
    loadings = np.divide(total, sums, out=np.zeros_like(total), where=sums > 0)
    sparsify_all(shares, sparsity)
    return State(shares, loadings.astype(np.float32)), value


def infer_shares(windows: Windows, loadings: Floats32, *, sparsity: float = 0.0) -> Floats32:
    """Infer the shares of given topics in every window, float32 array (M, A).

    EM over the shares only, from uniform ones; the log-likelihood is concave in them. Empty windows
    have shares of 0.

    Parameters
    ----------
    loadings : float32 array (topic, word)
    sparsity : float
        See `Plsa.sparsity`.
    """
    n_topics = len(loadings)
    shares = np.full((len(windows), n_topics), 1 / max(n_topics, 1), np.float32)
    by_word = np.ascontiguousarray(loadings.T)
    edges = _divide_windows(windows, n_topics)
    rows = WindowCounts(windows.offsets, windows.word, windows.count)

    def work(chunk: int, _worker: int) -> None:
        infer_shares_in_windows(
            rows,
            edges[chunk],
            edges[chunk + 1],
            by_word,
            sparsity,
            N_FOLD_IN,
            shares,
            np.empty(n_topics, np.float32),
        )

    run_in_order(len(edges) - 1, most_threads(), work, lambda *_: None)
    return shares


def project_by_shares(
    table: ObservationTable, layout: Topics, *, sparsity: float = 0.0
) -> ObservationTable:
    """Project `table` onto topics: the counts of a time bin are divided by the shares of topics.

    Words that no topic has are ignored. The result depends only on the loadings and the time bin.

    Parameters
    ----------
    sparsity : float
        See `Plsa.sparsity`.
    """
    known = drop_unknown_words(table, layout)
    return make_topic_table(
        known,
        layout,
        infer_shares(make_single_bin_windows(known), layout.loadings, sparsity=sparsity),
    )


def check_windows(windows: Windows, n_topics: int) -> None:
    """Raise `DataError` if there are fewer windows or words than topics."""
    if n_topics > min(windows.n_words, len(windows)):
        raise DataError(
            f"{n_topics} topics are too many for {len(windows)} windows with {windows.n_words} "
            "words; use fewer topics, or extract more recordings"
        )


def initialise_loadings(windows: Windows, n_topics: int, rng: np.random.Generator) -> Floats32:
    """Return initial loadings, float32 array (topic, word), each sums to 1.

    Two words are similar if they occur in the same windows (cosine of their counts). Seed words are
    drawn as in k-means++, each the best of several candidates: far from earlier seeds, with many
    words nearby. A topic is initialised with the words that are similar to its seed.

    Notes
    -----
    Seeds are usually windows, which contain everything that happens at one time in the whole
    picture. Words that co-occur are neighbours that move in the same way, so that topics are local
    from the start.
    """
    import scipy.sparse  # noqa: PLC0415 - heavy

    by_window = scipy.sparse.csr_matrix(
        (windows.count.astype(np.float64), windows.word, windows.offsets),
        shape=(len(windows), windows.n_words),
    )
    weight: Floats = np.asarray(by_window.sum(axis=0)).ravel()
    length = np.sqrt(np.asarray(by_window.multiply(by_window).sum(axis=0)).ravel())
    unit = (by_window @ scipy.sparse.diags(1 / length)).T.tocsr()
    nearest = np.zeros(windows.n_words)
    loadings = np.empty((n_topics, windows.n_words), np.float32)
    for topic in range(n_topics):
        # squared distance as in k-means++, weighted by how often words occur
        chance = weight * np.maximum(1 - nearest, 0) ** 2
        if chance.sum() <= 0:
            chance = weight
        tried = rng.choice(len(weight), N_CANDIDATES, p=chance / chance.sum())
        similar = np.asarray((unit @ unit[tried].T).todense()).T
        gains = (weight * np.maximum(nearest, similar)).sum(axis=1)
        best = similar[int(gains.argmax())]
        nearest = np.maximum(nearest, best)
        alike = weight * best**SHARPNESS
        # EM cannot open a loading of 0
        even = EVEN_SHARE * weight / weight.sum()
        loadings[topic] = (1 - EVEN_SHARE) * alike / alike.sum() + even
    return loadings


def _choose_start(
    spec: Plsa, windows: Windows, seed: int, n_threads: int, monitor: Monitor
) -> State:
    """Return the best of several starts after `N_TRIAL` iterations."""
    best: tuple[float, State] | None = None
    for start in range(spec.restarts):
        loadings = initialise_loadings(windows, spec.n_topics, generator(seed, start))
        state = State(
            np.full((len(windows), spec.n_topics), 1 / spec.n_topics, np.float32),
            np.ascontiguousarray(loadings.T),
        )
        # with a single start there is nothing to compare, so it is not tried
        value = -np.inf
        for _ in range(N_TRIAL if spec.restarts > 1 else 0):
            state, value = run_em_step(windows, state, sparsity=spec.sparsity, n_threads=n_threads)
            monitor.record(value, is_traced=False)
        if best is None or value > best[0]:
            best = value, state
        if is_time_up():
            break
    assert best is not None
    return best[1]


def _run_em(spec: Plsa, windows: Windows, state: State, n_threads: int, monitor: Monitor) -> State:
    """Run EM until the log-likelihood increases by less than the tolerance."""
    last = -np.inf
    for i in range(spec.iterations):
        state, value = run_em_step(windows, state, sparsity=spec.sparsity, n_threads=n_threads)
        monitor.record(value)
        if has_converged(i, value - last, spec.tolerance, windows.total) or is_time_up():
            break
        last = value
    return state


def _sum_by_window(windows: Windows) -> Floats:
    """Sum the observations of every window, float64 array (M,)."""
    window = np.repeat(np.arange(len(windows)), np.diff(windows.offsets))
    totals = np.bincount(window, weights=windows.count, minlength=len(windows))
    return totals.astype(np.float64)


def _divide_windows(windows: Windows, n_topics: int) -> list[int]:
    """Return the first window of every chunk, and the end."""
    work = len(windows.word) * n_topics
    n_chunks = int(min(max(1, work // CHUNK_WORK), MAX_CHUNKS, max(len(windows), 1)))
    # equal numbers of observations, not of windows: windows differ much
    goals = np.arange(1, n_chunks) * (len(windows.word) / n_chunks)
    inner = np.searchsorted(windows.offsets, goals)
    return [0, *(int(edge) for edge in inner), len(windows)]
