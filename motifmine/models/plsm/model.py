"""PLSM, Probabilistic Latent Sequential Motifs, fitted by expectation maximisation.

Varadarajan, Emonet and Odobez: BMVC 2010; International Journal of Computer Vision 103(1), 2013.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from motifmine.errors import DataError
from motifmine.models.checks import (
    FLOOR,
    check_size,
    drop_unused_words,
    locate_nothing,
    restore_words,
)
from motifmine.models.fitted import FittedModel, provenance_of
from motifmine.models.plsm.beginnings import (
    N_RAMP,
    Watch,
    best_random_start,
    best_search,
    grown,
    prepare_fit,
)
from motifmine.models.plsm.em import infer_starts, step, with_expected_counts
from motifmine.models.plsm.moving import (
    describe_decisions,
    is_moving,
    moving_motifs,
)
from motifmine.models.plsm.moving_things import with_gathered_starts, with_things
from motifmine.models.plsm.problem import Problem, State, flat_start, prepare_em
from motifmine.models.plsm.spec import PlsmSpec, Priors
from motifmine.models.plsm.stages import (
    begun_at_tempos,
    climbed,
    decide_tempos,
    has_open_number,
    resolve,
    settled_at_front,
    without_surplus,
)
from motifmine.models.plsm.variational import describe_spread, polish
from motifmine.models.protocol import Located
from motifmine.parallel.threads import most_threads
from motifmine.progress import Progress
from motifmine.records.fit import (
    Activations,
    Background,
    FitRecord,
    MotifSet,
    Provenance,
    Trace,
    make_sparse_activations,
)
from motifmine.records.table import ObservationTable
from motifmine.records.tempo import columns_at_tempos
from motifmine.records.vocabulary import Vocabulary
from motifmine.seeding import resolve_seed
from motifmine.types import Floats

N_FOLD_IN = 30
"""Iterations in which the starts of given motifs are inferred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plsm(PlsmSpec):
    """The specification of a PLSM fit.

    Examples
    --------
    >>> from motifmine import simulate
    >>> from motifmine.models.plsm.model import Plsm
    >>> table = simulate(n_motifs=2, n_times=400, seed=1).table
    >>> fit = Plsm(n_motifs=2, motif_length=10).fit(table, seed=0)
    >>> fit.motifs
    MotifSet(2 motifs of 10 bins x 20 words)
    """

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_progress: Callable[[Progress], None] | None = None,
        n_threads: int | None = None,
    ) -> "PlsmFit":
        """Return the motifs of `table` and where they are active.

        Parameters
        ----------
        n_threads : int or None
            Threads to use, None for all cores; the result is the same to the byte.

        Raises
        ------
        DataError
            When the table is too small for the specification.
        FitError
            When the log-likelihood is not finite.
        """
        check_size(table, n_motifs=self.n_motifs or 1, motif_length=self.motif_length)
        seed = resolve_seed(seed)
        n_threads = n_threads or most_threads()
        # words that never occur only cost memory and widen the even shares of priors
        used, compact = drop_unused_words(table)
        if self.inference == "em" and is_moving(self, table):
            watch = Watch.of(self, on_progress)
            found = moving_motifs(self, table, compact, used, seed, n_threads, watch)
            if found is not None:
                spec, moving = found
                fit = _package(spec, table, moving.problem, moving.state, used, seed, watch)
                return replace(fit, decisions=(describe_decisions(fit.motifs, fit.background),))
        # asked for, but nothing moves: the other models are tried
        spec = replace(self, activity="auto") if self.activity == "moving" else self
        if self.inference == "vb":
            spec = replace(spec, activity="sparse", start="search")
        spec = resolve(spec, compact, seed=seed, n_threads=n_threads)
        watch = Watch.of(spec, on_progress)
        reason = ""
        spec, lines = decide_tempos(spec, compact, seed)
        if spec.tempo_steps:
            problem, state = begun_at_tempos(spec, compact, seed, n_threads=n_threads)
            reason = "the others were copies, or gain too little"
        elif has_open_number(spec) or spec.least_count:
            problem, state, reason = grown(spec, compact, seed, watch, n_threads=n_threads)
        else:
            problem = prepare_fit(spec, compact, n_threads)
            if spec.start == "search":
                state = best_search(spec, compact, problem, seed, watch)
            else:
                state = best_random_start(spec, problem, seed, watch)
        state = climbed(spec, problem, state, watch)
        if spec.drop_surplus:
            state = without_surplus(spec, compact, problem, state, watch)
        state = settled_at_front(spec, problem, state, watch)
        if spec.inference == "vb" and state.n_motifs:
            fit, line = _polished(spec, table, problem, state, used, seed, watch)
            lines += (line,)
        else:
            fit = _package(spec, table, problem, state, used, seed, watch)
        lines += _describe_number(spec.n_motifs, state.n_motifs, reason)
        return replace(fit, decisions=lines)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlsmFit(FittedModel):
    """Motifs that PLSM found, and where they are active."""

    spec: Plsm
    motifs: MotifSet
    background: Background
    activations: Activations
    trace: Trace
    provenance: Provenance
    decisions: tuple[str, ...] = ()
    """What the data decided, and why there are fewer motifs than asked for, a line each."""

    def findings(self) -> dict[str, object]:
        """Return the decisions, where there were any."""
        return {"decisions": list(self.decisions)} if self.decisions else {}

    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        """Return where the motifs are active in `table`, see `fold_in`."""
        return fold_in(
            self.spec.priors, self.motifs, self.background, table, reckoned_total=reckoned_total
        )


def fold_in(
    priors: Priors,
    motifs: MotifSet,
    background: Background,
    table: ObservationTable,
    *,
    n_free: int = 0,
    reckoned_total: Floats | None = None,
) -> Located:
    """Return where motifs are active in `table`, motifs and the background's words held fixed.

    Without sparsity the log-likelihood is concave in the starts, so that any beginning ends at the
    same value (Varadarajan et al. 2013). The background's words are mixed with an even share of
    `FLOOR`, so that a word that was never seen costs much but not everything; a fit without any
    background leaves that share to chance.

    Parameters
    ----------
    motifs : MotifSet
        Held fixed.
    background : Background
        Its words are held fixed.
    n_free : int
        Iterations without sparsity before the usual ones.
    reckoned_total : float64 array (D,) or None
        Observations of every document that the sparsity is computed from; None: those of the
        table.

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
    if len(motifs) == 0:
        return locate_nothing(background, table)
    if priors.background == 0:
        priors = replace(priors, background=FLOOR)
    # an unseen word costs much, but does not make a document impossible
    words = np.full(motifs.n_words, FLOOR / motifs.n_words)
    words += (1 - FLOOR) * background.probability
    problem = prepare_em(
        replace(table, vocabulary=_as_many_words(table.vocabulary, motifs.n_words)),
        motifs.usual_length,
        priors,
        most_motifs=len(motifs),
        n_threads=most_threads(),
        reckoned_total=reckoned_total,
        tempos=motifs.tempos,
    )
    state = flat_start(problem, motifs.probability, words / words.sum())
    state = infer_starts(
        problem, state, n_iterations=N_FOLD_IN + n_free, n_ramp=N_RAMP, n_free=n_free
    )
    state = with_expected_counts(problem, state)
    if priors.one_thing:
        positions = table.vocabulary.layout.positions()
        problem = with_things(problem, state, positions, motifs.usual_mass)
        state = with_gathered_starts(problem, state)
    # `step` returns the likelihood before it: one more for that of the final state
    value = step(problem, state, np.zeros(problem.layout.n_rows, np.float32), learn_motifs=False)[1]
    return Located(
        activations=make_sparse_activations(
            problem.layout, state.starts, 0 if motifs.tempos is None else len(motifs.tempos)
        ),
        background=_background(state, np.arange(motifs.n_words), motifs.n_words),
        log_likelihood=value,
        is_gathered=priors.one_thing,
    )


def locate_in_record(record: FitRecord, table: ObservationTable) -> Located:
    """Return where the motifs of a saved fit are active in `table`, see `fold_in`.

    Of fits of other models starts have no prior.
    """
    return fold_in(priors_of_record(record), record.motifs, record.background, table)


def priors_of_record(record: FitRecord) -> Priors:
    """Return the priors that starts of a saved fit's motifs have when they are inferred."""
    if record.provenance.model != "plsm":
        return Priors(sparsity=0.0)
    known, kept = {item.name for item in fields(Plsm)}, record.provenance.spec.settings
    # settings of older or newer versions are ignored
    return Plsm(**{name: value for name, value in kept.items() if name in known}).priors


def _as_many_words(vocabulary: Vocabulary, n_words: int) -> Vocabulary:
    """Return the vocabulary, filled up to `n_words` (plain labels may lack words at the end)."""
    if vocabulary.n_words == n_words:
        return vocabulary
    more = [str(word) for word in range(vocabulary.n_words, n_words)]
    return Vocabulary.of_labels([*vocabulary.labels, *more])


def _background(state: State, used: np.ndarray, n_words: int) -> Background:
    mass = float(state.background_mass.sum())
    return Background(
        probability=restore_words(state.background_word, used, n_words),
        weight=mass / (mass + float(state.starts.sum(dtype=np.float64))),
    )


def _describe_number(asked: int | None, found: int, reason: str) -> tuple[str, ...]:
    """Return the reason for the number of motifs, a line; none where it is the number asked for."""
    if asked is None:
        return (f"{found} motif{'s' * (found != 1)}: {reason}",)
    if found < asked:
        return (
            f"{found} of {asked} motifs: the others were copies, occur once, or gain too little "
            "(--keep-surplus keeps them)",
        )
    return ()


def _polished(
    spec: Plsm,
    table: ObservationTable,
    problem: Problem,
    state: State,
    used: np.ndarray,
    seed: int,
    watch: Watch,
) -> tuple[PlsmFit, str]:
    """Return the fit of the variational posterior, and a line on its spread."""
    n_before = len(watch.rows)
    found = polish(
        problem,
        state,
        n_iterations=spec.iterations,
        tolerance=spec.tolerance,
        on_value=watch.see,
    )
    # no prior on starts takes anything off their expected counts
    none = np.zeros(problem.layout.n_rows, np.float32)
    value = step(problem, found.state, none, learn_motifs=False)[1]
    fit = _package(spec, table, problem, found.state, used, seed, watch)
    bounds, seconds = np.array(watch.rows[n_before:]).T
    # the bound is what rises; the log-likelihood is that of the posterior means in the end
    trace = Trace(
        iteration=np.arange(len(bounds)),
        log_likelihood=np.full(len(bounds), value),
        seconds=seconds,
        loss_names=("lower bound of the evidence",),
        losses=bounds[:, None],
    )
    return replace(fit, trace=trace), describe_spread(found.concentration, table.total)


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
    state = with_gathered_starts(problem, with_expected_counts(problem, state))
    mass: Floats = state.starts_of_motifs.sum(axis=0, dtype=np.float64)
    # stable: equal masses keep their order on every machine
    order = np.argsort(-mass, kind="stable")
    probability = restore_words(state.usual[order], used, table.n_words)
    starts = state.starts[:, columns_at_tempos(order, state.n_tempos)]
    n_tempos = 0 if state.tempos is None else state.n_tempos
    usual = problem.priors.usual_mass
    return PlsmFit(
        spec=spec,
        motifs=MotifSet(
            probability=probability,
            weight=mass[order] / table.total,
            tempos=state.tempos,
            usual_mass=np.array(usual)[order] if usual else None,
        ),
        background=_background(state, used, table.n_words),
        activations=make_sparse_activations(problem.layout, starts, n_tempos),
        trace=watch.trace(),
        provenance=provenance_of(
            "plsm", spec, table, seed=seed, elapsed_s=time.perf_counter() - watch.began
        ),
    )
