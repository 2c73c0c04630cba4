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
    iterate,
    pose,
    step,
    with_expected_counts,
)
from motifmine.models.heldout import hidden_score, hide_observations
from motifmine.models.protocol import Located, Progress
from motifmine.models.search import (
    LENGTHS_PER_MOTIF,
    SearchSettings,
    merged,
    one_surplus_less,
    part_of_time,
    search_motifs,
)
from motifmine.motifs import Activations, Background, MotifSet, Provenance, Trace
from motifmine.seeding import generator, resolve_seed
from motifmine.table import Floats, Floats32, ObservationTable, Vocabulary
from motifmine.version import __version__

ACTIVITIES = ("auto", "sparse", "dense")
STARTS = ("search", "random")
LEARNED = ("learned",)
ACTIVITY_STREAM = 1 << 20
"""Stream of chance for deciding the activity, apart from those of the restarts."""
HIDDEN_SHARE = 0.1
"""Share of the observations that is hidden to decide the activity."""
N_DECIDE = 60_000
"""About so many observations are looked at to decide the activity."""
LAP = 10
"""Iterations of the first lap of a race; every lap is twice as long as the one before."""
N_SETTLE = 10
"""Iterations in which the starts of motifs from the search are inferred on everything."""
N_FOLD_IN = 30
"""Iterations in which the starts of given motifs are inferred."""
N_RAMP = 4
"""Iterations over which the sparsity comes in."""
ROUND_COST = 20
"""A round of the search counts for so many iterations in the progress that is told."""
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
    iterations: int = 200
    """EM iterations on all observations at most, > 0."""
    activity: Literal["auto", "sparse", "dense"] = "auto"
    """`sparse`: motifs occur now and then over noise; they are searched in windows of the data,
    with sparse starts and a learned background. `dense`: something goes on all the time; random
    starts are raced, with free starts and next to no background. `auto` hides a tenth of the
    observations and takes what foretells them better. It decides the next four where they are
    None."""
    start: Literal["search", "random"] | None = None
    """`search` looks for motifs in windows of the data first; `random` begins EM with noise."""
    restarts: int | None = None
    """Independent starts, of which the one of highest likelihood is kept, > 0; 2 searches
    whose motifs compete in the end, or 8 random starts, raced by successive halving."""
    sparsity: float | None = None
    """What the prior takes off a start (the papers' lambda), in units of the mean mass of a start:
    threshold = sparsity * N_d / (n_motifs * starts of d), >= 0; 2 or 0."""
    background: float | Literal["learned"] | None = None
    """Share of the observations held by a background flat in time, 0 <= share < 1, or `learned` for
    every document; learned or 0.01."""
    rounds: int = 10
    """Rounds of the search at most, > 0."""
    motif_prior: float = 0.0
    """Dirichlet pseudo-count of a motif cell in units of the mean mass of a cell, >= 0."""
    drop_surplus: bool = True
    """Leave out motifs that occur but once, or whose gain in likelihood is below their description
    length."""
    tolerance: float = 1e-5
    """Stop when the log-likelihood per observation rises by less, nats, >= 0."""

    def __post_init__(self) -> None:
        for name in ("n_motifs", "motif_length", "iterations", "restarts", "rounds"):
            if (getattr(self, name) or 1) < 1 or getattr(self, name) == 0:
                raise SpecError(f"{name} is {getattr(self, name)}; it must be 1 or more")
        for name in ("sparsity", "motif_prior", "tolerance"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value >= 0):
                raise SpecError(f"{name} is {value}; it must be 0 or more")
        if isinstance(self.background, float | int) and not 0 <= self.background < 1:
            raise SpecError(f"background is {self.background}; a share is 0 or more, and below 1")
        for name, names in (("activity", ACTIVITIES), ("start", STARTS), ("background", LEARNED)):
            value = getattr(self, name)
            if isinstance(value, str) and value not in names:
                raise SpecError(f"{name} is {value!r}; it must be one of {', '.join(names)}")

    def resolved(self, table: ObservationTable, *, seed: int = 0, n_threads: int = 1) -> "Plsm":
        """Return the specification with everything decided that is left open, for `table`."""
        spec = self
        if spec.activity == "auto":
            if None not in (spec.start, spec.sparsity, spec.background):
                spec = replace(spec, activity="dense" if spec.start == "random" else "sparse")
            else:
                spec = _of_better_activity(spec, table, generator(seed, ACTIVITY_STREAM), n_threads)
        is_sparse = spec.activity == "sparse"
        start = spec.start or ("search" if is_sparse else "random")
        return replace(
            spec,
            start=start,
            restarts=spec.restarts or (2 if start == "search" else 8),
            sparsity=(2.0 if is_sparse else 0.0) if spec.sparsity is None else spec.sparsity,
            background=("learned" if is_sparse else 0.01)
            if spec.background is None
            else spec.background,
        )

    @property
    def priors(self) -> Priors:
        """The part of a resolved specification that EM itself needs."""
        return Priors(
            sparsity=self.sparsity or 0.0,
            motif_prior=self.motif_prior,
            background=None if isinstance(self.background, str) else self.background,
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
        n_threads = n_threads or os.cpu_count() or 1
        used, compact = _without_unseen_words(table)
        spec = self.resolved(compact, seed=seed, n_threads=n_threads)
        watch = Watch(spec, on_iteration)
        problem = _problem(spec, compact, n_threads)
        if spec.start == "search":
            state = _best_search(spec, compact, problem, seed, watch)
        else:
            state = _best_random_start(spec, problem, seed, watch)
        state = _climbed(spec, problem, state, watch)
        if spec.drop_surplus:
            state = _without_surplus(spec, problem, state, watch)
        return _package(spec, table, problem, state, used, seed, watch)


def _problem(spec: Plsm, table: ObservationTable, n_threads: int) -> Problem:
    return pose(
        table, spec.motif_length, spec.priors, most_motifs=spec.n_motifs, n_threads=n_threads
    )


def _best_search(
    spec: Plsm, table: ObservationTable, problem: Problem, seed: int, watch: "Watch"
) -> State:
    """Return the motifs that the search found, their starts inferred on everything."""
    settings = SearchSettings(
        n_motifs=spec.n_motifs, restarts=spec.restarts or 1, rounds=spec.rounds
    )
    motifs, words = search_motifs(
        table,
        spec.motif_length,
        spec.priors,
        settings,
        seed,
        n_threads=problem.n_threads,
        on_round=watch.see_round,
    )
    return _with_inferred_starts(problem, motifs, words)


def _with_inferred_starts(problem: Problem, motifs: Floats32, words: Floats) -> State:
    state = flat_start(problem, motifs, words)
    return infer_starts(problem, state, n_iterations=N_SETTLE, n_ramp=N_RAMP)


def _best_random_start(spec: Plsm, problem: Problem, seed: int, watch: "Watch") -> State:
    """Return the winner of a race: after every lap the worse half of the random starts is left."""
    field = [
        (-np.inf, _random_start(spec, problem, generator(seed, r)))
        for r in range(spec.restarts or 1)
    ]
    n_lap = LAP
    while len(field) > 1:
        field = [(value, state) for state, value in (iterate(problem, s, n_lap) for _, s in field)]
        field = sorted(field, key=lambda pair: -pair[0])[: (len(field) + 1) // 2]
        watch.see_round(field[0][0])
        n_lap *= 2
    return field[0][1]


def _random_start(spec: Plsm, problem: Problem, rng: np.random.Generator) -> State:
    """Return motifs near uniform and every start equally likely."""
    shape = (spec.n_motifs, spec.motif_length, problem.n_words)
    motifs = rng.gamma(5.0, size=shape).astype(np.float32)
    motifs /= motifs.sum(axis=(1, 2), keepdims=True)
    return flat_start(problem, motifs, problem.word_shares())


def _climbed(spec: Plsm, problem: Problem, state: State, watch: "Watch") -> State:
    return climb(
        problem,
        state,
        n_iterations=spec.iterations,
        tolerance=spec.tolerance,
        on_value=watch.see,
    )


def _without_surplus(spec: Plsm, problem: Problem, state: State, watch: "Watch") -> State:
    """Return the state after merging copies and dropping motifs that do not pay for themselves.

    When motifs went, the starts of the others are found anew.
    """
    n_before = state.n_motifs
    while state.n_motifs > 1:
        fewer: State | None = merged(state, 1)
        if fewer is not None and fewer.n_motifs == state.n_motifs:
            fewer = one_surplus_less(problem, state)
        if fewer is None:
            break
        state = _climbed(spec, problem, fewer, watch)
    if state.n_motifs < n_before:
        state = _with_inferred_starts(problem, state.motifs, state.background_word)
        state = _climbed(spec, problem, state, watch)
    return state


def _of_better_activity(
    spec: Plsm, table: ObservationTable, rng: np.random.Generator, n_threads: int
) -> Plsm:
    """Return the specification with the activity that foretells hidden observations better."""
    part = part_of_time(table, spec.motif_length, N_DECIDE, LENGTHS_PER_MOTIF * spec.n_motifs, rng)
    kept, hidden = hide_observations(part, HIDDEN_SHARE, rng)
    if len(kept.word) == 0 or len(hidden.word) == 0:
        return replace(spec, activity="sparse")
    scores: dict[Literal["auto", "sparse", "dense"], float] = {}
    activities: tuple[Literal["sparse"], Literal["dense"]] = ("sparse", "dense")
    for activity in activities:
        trial = replace(
            spec, activity=activity, rounds=2, restarts=1, iterations=60, drop_surplus=False
        ).resolved(kept)
        watch = Watch(trial, None)
        problem = _problem(trial, kept, n_threads)
        if trial.start == "search":
            state = _best_search(trial, kept, problem, 0, watch)
        else:
            state = _best_random_start(trial, problem, 0, watch)
        scores[activity] = hidden_score(hidden, problem, _climbed(trial, problem, state, watch))
    return replace(spec, activity=max(scores, key=scores.__getitem__))


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
        return self.locate(table).activations

    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        """Return where the motifs are active in `table`, see `fold_in`."""
        return fold_in(
            self.spec.priors, self.motifs, self.background, table, reckoned_total=reckoned_total
        )

    def score(self, table: ObservationTable) -> float:
        """Return the log-likelihood per observation of `table`, nats; higher is better."""
        found = fold_in(self.spec.priors, self.motifs, self.background, table)
        return found.log_likelihood / table.total

    def perplexity(self, table: ObservationTable) -> float:
        """Return exp(-score): as unsure as between so many equally likely observations."""
        return float(np.exp(-self.score(table)))


def fold_in(
    priors: Priors,
    motifs: MotifSet,
    background: Background,
    table: ObservationTable,
    *,
    n_iterations: int = N_FOLD_IN,
    reckoned_total: Floats | None = None,
) -> Located:
    """Return where motifs are active in `table`, motifs and the background's words held fixed.

    Without sparsity the log-likelihood is concave in the starts, so that any beginning ends at the
    same value (Varadarajan et al. 2013). The background's words are mixed with an even share of
    `FLOOR`, so that a word that was never seen costs much but not everything; a fit without any
    background leaves that share to chance.

    `reckoned_total` is what the sparsity takes for the observations of every document; None: what
    they are.

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
        reckoned_total=reckoned_total,
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
class Watch:
    """Keeps the trace, tells of progress, and refuses numbers that are not finite."""

    spec: Plsm
    on_iteration: Callable[[Progress], None] | None
    began: float = field(default_factory=time.perf_counter)
    rows: list[tuple[float, float]] = field(default_factory=list)
    n_rounds: int = 0

    def see_round(self, value: float) -> None:
        """Note a round of the search or a lap of the race."""
        self.n_rounds += 1
        self._tell(value)

    def see(self, value: float) -> None:
        """Note the log-likelihood of an iteration on everything."""
        if not np.isfinite(value):
            raise FitError(f"the log-likelihood is {value} at iteration {len(self.rows)}")
        self.rows.append((value, time.perf_counter() - self.began))
        self._tell(value)

    def _tell(self, value: float) -> None:
        if self.on_iteration is not None:
            total = ROUND_COST * self.spec.rounds * (self.spec.restarts or 1) + self.spec.iterations
            done = min(total, ROUND_COST * self.n_rounds + len(self.rows))
            self.on_iteration(Progress(done, total, value))

    def trace(self) -> Trace:
        """Return the iterations on everything."""
        value, seconds = np.array(self.rows, dtype=np.float64).reshape(-1, 2).T
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
    watch: Watch,
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
