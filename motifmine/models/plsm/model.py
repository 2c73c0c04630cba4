"""PLSM, Probabilistic Latent Sequential Motifs, fitted by expectation maximisation.

Varadarajan, Emonet and Odobez: BMVC 2010; International Journal of Computer Vision 103(1), 2013.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Literal

import numpy as np

from motifmine.errors import DataError, SpecError
from motifmine.models.plsm.em import (
    Priors,
    Problem,
    State,
    flat_start,
    infer_starts,
    pose,
    step,
    with_expected_counts,
)
from motifmine.models.plsm.stages import (
    ACTIVITY_STREAM,
    N_RAMP,
    Watch,
    best_random_start,
    best_search,
    climbed,
    of_better_activity,
    pose_for,
    without_surplus,
)
from motifmine.models.protocol import Located, Progress
from motifmine.parallel.threads import most_threads
from motifmine.records.fit import Activations, Background, MotifSet, Provenance, Trace
from motifmine.records.start_layout import sparse_activations
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import Vocabulary
from motifmine.seeding import generator, resolve_seed
from motifmine.types import Floats, Floats32
from motifmine.version import __version__

ACTIVITIES = ("auto", "sparse", "dense")
STARTS = ("search", "random")
LEARNED = ("learned",)
N_FOLD_IN = 30
"""Iterations in which the starts of given motifs are inferred."""
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
    """Independent starts, > 0: searches whose motifs compete in the end (2), or random starts that
    are raced by successive halving (8)."""
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
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SpecError(f"{name} is {value}; it must be 1 or more")
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
                spec = of_better_activity(spec, table, generator(seed, ACTIVITY_STREAM), n_threads)
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
        """Return the motifs of `table` and where they are active.

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
        n_threads = n_threads or most_threads()
        used, compact = _without_unseen_words(table)
        spec = self.resolved(compact, seed=seed, n_threads=n_threads)
        watch = Watch(spec, on_iteration)
        problem = pose_for(spec, compact, n_threads)
        if spec.start == "search":
            state = best_search(spec, compact, problem, seed, watch)
        else:
            state = best_random_start(spec, problem, seed, watch)
        state = climbed(spec, problem, state, watch)
        if spec.drop_surplus:
            state = without_surplus(spec, problem, state, watch)
        return _package(spec, table, problem, state, used, seed, watch)


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

    def findings(self) -> dict[str, object]:
        """Return what else there is to know of the fit: nothing, its trace and records say all."""
        return {}

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
        n_threads=most_threads(),
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
