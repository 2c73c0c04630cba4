"""PLSM, Probabilistic Latent Sequential Motifs, fitted by expectation maximisation.

Varadarajan, Emonet and Odobez: BMVC 2010; International Journal of Computer Vision 103(1), 2013.
"""

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

import numpy as np

from motifmine.errors import DataError, FitError, SpecError
from motifmine.layout import sparse_activations
from motifmine.models.em import (
    Priors,
    Problem,
    State,
    climb,
    flat_start,
    infer_starts,
    pose,
    step,
    with_expected_counts,
)
from motifmine.models.protocol import Progress
from motifmine.models.search import SearchSettings, chosen, merged, net_gains, search_motifs
from motifmine.motifs import Activations, Background, MotifSet, Provenance, Trace
from motifmine.seeding import generator, resolve_seed
from motifmine.table import Floats, Floats32, ObservationTable, Vocabulary
from motifmine.version import __version__

N_FOLD_IN = 30
"""Iterations in which the starts of given motifs are inferred."""
N_RAMP = 4
"""Iterations over which the sparsity comes in."""
FLOOR = 1e-3
"""Share of the observations left to an even background when a fit without one meets new words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plsm:
    """The specification of a PLSM fit.

    Examples
    --------
    >>> from motifmine import Plsm, simulate
    >>> table = simulate(n_motifs=2, n_times=400, seed=1).table
    >>> fit = Plsm(n_motifs=2, motif_length=10).fit(table, seed=0)
    >>> fit.motifs
    MotifSet(2 motifs of 10 bins x 20 words)
    """

    n_motifs: int = 10
    """Number of motifs at most, > 0; those that do not pay for themselves are left out."""
    motif_length: int = 20
    """Length of the motifs in time bins, > 0."""
    iterations: int = 100
    """EM iterations on all observations at most, > 0."""
    restarts: int = 1
    """Independent starts, of which the one of highest likelihood is kept, > 0."""
    start: Literal["search", "random"] = "search"
    """`search` looks for motifs in windows of the data first; `random` begins EM with noise."""
    rounds: int = 10
    """Rounds of the search at most, > 0."""
    sparsity: float = 2.0
    """What the prior takes off a start (the papers' lambda), in units of the mean mass of a start:
    threshold = sparsity * N_d / (n_motifs * starts of d), >= 0."""
    motif_prior: float = 0.0
    """Dirichlet pseudo-count of a motif cell in units of the mean mass of a cell, >= 0."""
    background: float | None = None
    """Share of the observations held by a background flat in time, 0 <= share < 1; None learns it
    for every document."""
    drop_surplus: bool = True
    """Leave out motifs whose gain in likelihood is below their description length."""
    tolerance: float = 1e-6
    """Stop when the log-likelihood per observation rises by less, nats, >= 0."""

    def __post_init__(self) -> None:
        for name in ("n_motifs", "motif_length", "iterations", "restarts", "rounds"):
            if getattr(self, name) < 1:
                raise SpecError(f"{name} is {getattr(self, name)}; it must be 1 or more")
        for name in ("sparsity", "motif_prior", "tolerance"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise SpecError(f"{name} is {getattr(self, name)}; it must be 0 or more")
        if self.background is not None and not 0 <= self.background < 1:
            raise SpecError(f"background is {self.background}; a share is 0 or more, and below 1")
        if self.start not in ("search", "random"):
            raise SpecError(f"start is {self.start!r}; it must be 'search' or 'random'")

    @property
    def priors(self) -> Priors:
        """The part of the specification that EM itself needs."""
        return Priors(
            sparsity=self.sparsity, motif_prior=self.motif_prior, background=self.background
        )

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_iteration: Callable[[Progress], None] | None = None,
        n_threads: int | None = None,
    ) -> "PlsmFit":
        """Return the best of `restarts` fits of `table`.

        Parameters
        ----------
        table : ObservationTable
        seed : int or None
        on_iteration : callable or None
            Called with a `Progress` now and then.
        n_threads : int or None
            Threads to use, None for all cores; the result is the same to the byte.

        Raises
        ------
        DataError
            When the table is too small for the specification.
        FitError
            When the log-likelihood is not finite.
        """
        check_size(table, n_motifs=self.n_motifs, motif_length=self.motif_length)
        seed = resolve_seed(seed)
        watch = _Watch(self, on_iteration)
        used, compact = _without_unseen_words(table)
        problem = pose(
            compact,
            self.motif_length,
            self.priors,
            most_motifs=self.n_motifs,
            n_threads=n_threads or os.cpu_count() or 1,
        )
        best: tuple[float, State] | None = None
        for restart in range(self.restarts):
            watch.begin_restart(restart)
            state = self._start(compact, problem, generator(seed, restart), watch)
            state = climb(
                problem,
                state,
                n_iterations=self.iterations,
                tolerance=self.tolerance,
                on_value=watch.see,
            )
            value = watch.last
            if best is None or value > best[0]:
                best = (value, state)
                watch.keep()
        assert best is not None
        state = best[1]
        if self.drop_surplus:
            state = self._without_surplus(problem, state, watch)
        return _package(self, table, problem, state, used, seed, watch)

    def _start(
        self,
        table: ObservationTable,
        problem: Problem,
        rng: np.random.Generator,
        watch: "_Watch",
    ) -> State:
        """Return where EM on everything begins."""
        if self.start == "random":
            shape = (self.n_motifs, self.motif_length, table.n_words)
            motifs = rng.gamma(5.0, size=shape).astype(np.float32)
            motifs /= motifs.sum(axis=(1, 2), keepdims=True)
            return flat_start(problem, motifs, problem.word_shares())
        settings = SearchSettings(
            n_motifs=self.n_motifs, rounds=self.rounds, patience=3, observations=60_000
        )
        motifs, words = search_motifs(
            table,
            self.motif_length,
            self.priors,
            settings,
            rng,
            n_threads=problem.n_threads,
            on_round=watch.see_round,
        )
        state = flat_start(problem, motifs, words)
        return infer_starts(problem, state, n_iterations=10, n_ramp=N_RAMP)

    def _without_surplus(self, problem: Problem, state: State, watch: "_Watch") -> State:
        """Return the state after merging copies and dropping, worst first, what does not pay."""
        while state.n_motifs > 1:
            fewer = merged(state, 1)
            if fewer.n_motifs == state.n_motifs:
                gains = net_gains(problem, state)
                if gains.min() >= 0:
                    break
                fewer = chosen(state, np.delete(np.arange(state.n_motifs), np.argmin(gains)))
            state = climb(
                problem,
                fewer,
                n_iterations=self.iterations,
                tolerance=self.tolerance,
                on_value=watch.see,
            )
        return state


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlsmFit:
    """Motifs that PLSM found, and where they are active."""

    spec: Plsm
    motifs: MotifSet
    background: Background
    activations: Activations
    trace: Trace
    provenance: Provenance

    def transform(self, table: ObservationTable) -> Activations:
        """Return the activations of the documents of `table`, motifs held fixed."""
        return fold_in(self.spec.priors, self.motifs, self.background, table).activations

    def score(self, table: ObservationTable) -> float:
        """Return the log-likelihood per observation of `table`, nats; higher is better."""
        found = fold_in(self.spec.priors, self.motifs, self.background, table)
        return found.log_likelihood / table.total

    def perplexity(self, table: ObservationTable) -> float:
        """Return exp(-score): as unsure as between so many equally likely observations."""
        return float(np.exp(-self.score(table)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Located:
    """Where given motifs are active in given documents."""

    activations: Activations
    background: Background
    log_likelihood: float


def fold_in(
    priors: Priors,
    motifs: MotifSet,
    background: Background,
    table: ObservationTable,
    *,
    n_iterations: int = N_FOLD_IN,
) -> Located:
    """Return where motifs are active in `table`, motifs and the background's words held fixed.

    Without sparsity the log-likelihood is concave in the starts, so that any beginning ends at the
    same value (Varadarajan et al. 2013). The background's words are mixed with an even share of
    `FLOOR`, so that a word that was never seen costs much but not everything; a fit without any
    background leaves that share to chance.

    Raises
    ------
    DataError
        When the table is empty or of another vocabulary.
    """
    if table.n_words > motifs.n_words:
        raise DataError(
            f"the table has {table.n_words} words but the motifs only {motifs.n_words}; it was not "
            "made with the vocabulary of the fit"
        )
    if len(table.word) == 0:
        raise DataError("the table holds no observations; there is nothing to locate motifs in")
    if priors.background == 0:
        priors = replace(priors, background=FLOOR)
    words = np.full(motifs.n_words, FLOOR / motifs.n_words)
    words += (1 - FLOOR) * background.probability
    problem = pose(
        replace(table, vocabulary=_as_many_words(table.vocabulary, motifs.n_words)),
        motifs.motif_length,
        priors,
        most_motifs=len(motifs),
        n_threads=os.cpu_count() or 1,
    )
    state = flat_start(problem, motifs.probability, words / words.sum())
    state = infer_starts(problem, state, n_iterations=n_iterations, n_ramp=N_RAMP)
    state = with_expected_counts(problem, state)
    value = step(problem, state, np.zeros(problem.layout.n_rows, np.float32), learn_motifs=False)[1]
    return Located(
        activations=sparse_activations(problem.layout, state.starts),
        background=_background(state, np.arange(motifs.n_words), motifs.n_words),
        log_likelihood=value,
    )


def check_size(table: ObservationTable, *, n_motifs: int, motif_length: int) -> None:
    """Raise `DataError` when a table is too small for so many motifs of this length."""
    if len(table.word) == 0:
        raise DataError("the tables hold no observations; there is nothing to fit")
    longest = max(table.recordings, key=lambda r: r.n_times)
    if motif_length > longest.n_times:
        raise DataError(
            f"motif_length is {motif_length} bins ({motif_length * table.bin_s:g} s) but the "
            f"longest document, {longest.name!r}, has {longest.n_times} "
            f"({longest.n_times * table.bin_s:g} s); use shorter motifs or longer documents"
        )
    if n_motifs > len(table.word):
        raise DataError(
            f"{n_motifs} motifs were asked of {len(table.word)} observations; ask for fewer"
        )


@dataclass(slots=True)
class _Watch:
    """Keeps the trace, tells of progress, and refuses numbers that are not finite."""

    spec: Plsm
    on_iteration: Callable[[Progress], None] | None
    began: float = field(default_factory=time.perf_counter)
    rows: list[tuple[float, float]] = field(default_factory=list)
    kept: list[tuple[float, float]] = field(default_factory=list)
    restart: int = 0
    done: int = 0

    @property
    def last(self) -> float:
        return self.rows[-1][0]

    def begin_restart(self, restart: int) -> None:
        self.rows, self.restart, self.done = [], restart, 0

    def keep(self) -> None:
        self.kept = self.rows

    def see_round(self, number: int, value: float) -> None:
        self._tell(number + 1, value)

    def see(self, value: float) -> None:
        if not np.isfinite(value):
            raise FitError(f"the log-likelihood is {value} at iteration {len(self.rows)}")
        self.rows.append((value, time.perf_counter() - self.began))
        self.done += 1
        self._tell(self.spec.rounds + min(self.done, self.spec.iterations), value)

    def _tell(self, done: int, value: float) -> None:
        if self.on_iteration is not None:
            each = self.spec.rounds + self.spec.iterations
            self.on_iteration(
                Progress(self.restart * each + done, self.spec.restarts * each, value)
            )

    def trace(self) -> Trace:
        value, seconds = np.array(self.kept, dtype=np.float64).reshape(-1, 2).T
        return Trace(
            iteration=np.arange(len(value)), log_likelihood=value.copy(), seconds=seconds.copy()
        )


def _without_unseen_words(table: ObservationTable) -> tuple[np.ndarray, ObservationTable]:
    """Return the words that were seen, and the table over them alone."""
    used, word = np.unique(table.word, return_inverse=True)
    labels = Vocabulary.of_labels([table.vocabulary.labels[w] for w in used])
    return used, replace(table, vocabulary=labels, word=word.astype(np.int32), picture=None)


def _as_many_words(vocabulary: Vocabulary, n_words: int) -> Vocabulary:
    """Return the vocabulary, filled up to `n_words` (plain labels may lack words at the end)."""
    if vocabulary.n_words == n_words:
        return vocabulary
    more = [str(word) for word in range(vocabulary.n_words, n_words)]
    return Vocabulary.of_labels([*vocabulary.labels, *more])


def _background(state: State, used: np.ndarray, n_words: int) -> Background:
    words = np.zeros(n_words, dtype=np.float32)
    words[used] = state.background_word
    mass = float(state.background_mass.sum())
    return Background(
        probability=words, weight=mass / (mass + float(state.starts.sum(dtype=np.float64)))
    )


def _package(
    spec: Plsm,
    table: ObservationTable,
    problem: Problem,
    state: State,
    used: np.ndarray,
    seed: int,
    watch: _Watch,
) -> PlsmFit:
    """Return the records of a finished fit, motifs sorted by weight, over all words."""
    state = with_expected_counts(problem, state)
    mass: Floats = state.starts.sum(axis=0, dtype=np.float64)
    order = np.argsort(-mass, kind="stable")
    probability: Floats32 = np.zeros((len(order), spec.motif_length, table.n_words), np.float32)
    probability[:, :, used] = state.motifs[order]
    return PlsmFit(
        spec=spec,
        motifs=MotifSet(probability=probability, weight=mass[order] / table.total),
        background=_background(state, used, table.n_words),
        activations=sparse_activations(problem.layout, state.starts[:, order]),
        trace=watch.trace(),
        provenance=Provenance(
            motifmine_version=__version__,
            model="plsm",
            spec=json.dumps(asdict(spec)),
            seed=seed,
            inputs=tuple((r.name, r.source_digest) for r in table.recordings),
            elapsed_s=time.perf_counter() - watch.began,
        ),
    )
