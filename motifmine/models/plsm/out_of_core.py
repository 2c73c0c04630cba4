"""PLSM's iterations taken apart, for documents that are never in memory together.

They are those of `motifmine.models.plsm.em`, or of `motifmine.models.plsm.variational`. Starts and
the background's mass of a document depend on nothing but this document and the shared parameters;
statistics of documents are added up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.models.checks import restore_words
from motifmine.models.plsm.beginnings import N_RAMP, N_SETTLE
from motifmine.models.plsm.em import infer_starts, normalised, step_starts
from motifmine.models.plsm.model import PlsmFit, fold_in
from motifmine.models.plsm.problem import Problem, State, flat_start, prepare_em, shares
from motifmine.models.plsm.spec import PlsmSpec, Priors
from motifmine.models.plsm.variational import (
    MASS_SHAPE,
    POSTERIOR,
    START_SHAPE,
    Local,
    Shared,
    describe_spread,
    update,
)
from motifmine.models.protocol import Located
from motifmine.models.statistics import Parameters, Statistics
from motifmine.records.fit import Background, FitRecord, MotifSet
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Indices

N_INFER = 15
"""Iterations in which the starts of a batch are inferred."""
OPENED = 0.01
"""Share of the archive's words that is mixed into motifs from the part: no cell stays closed."""
N_LOCAL = 10
"""Variational updates of the starts of a batch after EM has inferred them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlsmOutOfCore:
    """EM over groups of documents, see `motifmine.models.protocol.OutOfCore`."""

    priors: Priors
    iterations: int
    """At most."""
    tolerance: float
    """Nats per observation."""
    total: float = 0.0
    """Observations of all documents."""
    n_threads: int = 1
    n_settle: int = N_SETTLE
    """Iterations in which starts are inferred before motifs are learned."""
    n_ramp: int = N_RAMP
    """Iterations of these over which the sparsity comes in."""

    @classmethod
    def of(cls, spec: PlsmSpec, n_threads: int, total: float) -> "PlsmOutOfCore":
        """Return the iteration of a specification whose activity is decided.

        Parameters
        ----------
        spec : PlsmSpec
        n_threads : int
        total : float
            Observations of all documents, also of those that a fit has learned from before.
        """
        kind = StochasticVb if spec.inference == "vb" else cls
        return kind(
            priors=spec.priors,
            iterations=spec.iterations,
            tolerance=spec.tolerance,
            total=total,
            n_threads=n_threads,
        )

    def open(self, fit: PlsmFit, words: Floats, kept: Indices) -> Parameters:
        """Return motifs of a part over all kept words, a little of the archive's words mixed in."""
        # EM cannot leave 0: words that the part never had would stay closed in all motifs
        motifs = (1 - OPENED) * fit.motifs.probability[:, :, kept]
        motifs += OPENED / fit.motifs.motif_length * words
        background = (1 - OPENED) * fit.background.probability[kept] + OPENED * words
        return self._as_learned(Parameters(motifs.astype(np.float32), shares(background)), fit)

    def resume(self, record: FitRecord) -> Parameters:
        """Return the parameters of a saved fit."""
        words = shares(record.background.probability.astype(np.float64))
        return self._as_learned(Parameters(record.motifs.probability, words), record)

    def _as_learned(self, means: Parameters, _fit: PlsmFit | FitRecord) -> Parameters:
        """Return the parameters that iterations begin with, of the means and weights of a fit."""
        return means

    def no_statistics(self, parameters: Parameters) -> Statistics:
        """Return the statistics of no documents."""
        shape = parameters.motifs.shape
        return Statistics(np.zeros(shape), np.zeros(shape[2]), 0.0, 0.0)

    def statistics_of(self, parameters: Parameters, fit: PlsmFit | FitRecord) -> Statistics:
        """Return the statistics per observation that gave `parameters`, with the fit's shares."""
        held = parameters.motifs * fit.motifs.weight[:, None, None]
        return Statistics(held, fit.background.weight * parameters.words, 0.0, 1.0)

    def maximise(self, parameters: Parameters, statistics: Statistics) -> Parameters:
        """Return the parameters that the statistics ask for: the M-step."""
        return Parameters(normalised(statistics.cells), shares(statistics.words))

    def infer(self, table: ObservationTable, parameters: Parameters) -> Statistics:
        """Return the statistics of documents whose starts are inferred from flat ones."""
        # from flat starts each time: a batch may come again after the motifs have moved far
        problem, state = self._begin(table, parameters, N_INFER, N_RAMP)
        return self._step(problem, state, parameters)[0]

    def settle(self, table: ObservationTable, parameters: Parameters) -> Mapping[str, NDArray[Any]]:
        """Return the starts of documents, inferred from flat ones, with which EM continues."""
        _, state = self._begin(table, parameters, self.n_settle, self.n_ramp)
        return {"starts": state.starts, "mass": state.background_mass}

    def step(
        self,
        table: ObservationTable,
        parameters: Parameters,
        local: Mapping[str, NDArray[Any]],
    ) -> tuple[Statistics, Mapping[str, NDArray[Any]]]:
        """Return the statistics of documents under `parameters`, and their new starts."""
        problem = self._problem(table, parameters)
        state = State(parameters.motifs, local["starts"], parameters.words, local["mass"])
        statistics, state = self._step(problem, state, parameters)
        return statistics, {"starts": state.starts, "mass": state.background_mass}

    def finish(
        self,
        fit: PlsmFit,
        parameters: Parameters,
        statistics: Statistics,
        kept: Indices,
        n_words: int,
    ) -> PlsmFit:
        """Return the fit of a part with the motifs learned from everything, heaviest first."""
        mass: Floats = statistics.cells.sum(axis=(1, 2))
        # stable, so that ties have the same order on every machine
        order = np.argsort(-mass, kind="stable")
        probability = restore_words(parameters.motifs[order], kept, n_words)
        words = restore_words(parameters.words, kept, n_words)
        total = statistics.total
        return replace(
            fit,
            motifs=MotifSet(probability=probability, weight=mass[order] / total),
            background=Background(probability=words, weight=float(statistics.words.sum()) / total),
            decisions=self._describe(fit, parameters),
        )

    def _describe(self, fit: PlsmFit, _parameters: Parameters) -> tuple[str, ...]:
        """Return the decisions of the fit of a part, as far as they hold for everything."""
        return fit.decisions

    def locate(self, table: ObservationTable, motifs: MotifSet, background: Background) -> Located:
        """Return where motifs are active in documents, motifs held fixed."""
        return fold_in(self.priors, motifs, background, table)

    def _problem(self, table: ObservationTable, parameters: Parameters) -> Problem:
        return prepare_em(
            table,
            parameters.motifs.shape[1],
            self.priors,
            most_motifs=len(parameters.motifs),
            n_threads=self.n_threads,
        )

    def _begin(
        self, table: ObservationTable, parameters: Parameters, n_iterations: int, n_ramp: int
    ) -> tuple[Problem, State]:
        """Return the problem of documents, and their starts inferred by EM from flat ones."""
        problem = self._problem(table, parameters)
        state = flat_start(problem, parameters.motifs, parameters.words)
        return problem, infer_starts(problem, state, n_iterations=n_iterations, n_ramp=n_ramp)

    def _step(
        self, problem: Problem, state: State, parameters: Parameters
    ) -> tuple[Statistics, State]:
        """Return the statistics of documents under `parameters`, and their new starts."""
        state, found, value = step_starts(problem, state, problem.thresholds(state.n_motifs))
        return Statistics(found.cells, found.background_words, value, problem.total), state


@dataclass(frozen=True, slots=True, kw_only=True)
class StochasticVb(PlsmOutOfCore):
    """Variational inference over groups of documents.

    The statistics of a batch, as if all documents were like it, are a step along the natural
    gradient of the bound when blended into those so far (Hoffman, Blei, Wang and Paisley, JMLR 14,
    2013). Starts stay where EM from flat ones puts them: variational updates alone would leave
    everything to the background.
    """

    def _as_learned(self, means: Parameters, _fit: PlsmFit | FitRecord) -> Parameters:
        """Return the posterior that these means and weights are those of."""
        return self.maximise(means, self.statistics_of(means, _fit))

    def maximise(self, parameters: Parameters, statistics: Statistics) -> Parameters:
        """Return the posterior of the motifs if all documents are like those of the statistics."""
        scale = self.total / statistics.total
        cells, words = Shared.of(scale * statistics.cells, scale * statistics.words)
        worth = cells.sum(axis=(1, 2))
        return Parameters(
            (cells / worth[:, None, None]).astype(np.float32),
            words / words.sum(),
            np.append(worth, words.sum()),
        )

    def _describe(self, fit: PlsmFit, _parameters: Parameters) -> tuple[str, ...]:
        """Return the same, with how well all documents know the motifs instead of the part."""
        worth = _parameters.worth
        if worth is None or len(worth) == 1:
            return fit.decisions
        known = describe_spread(worth[:-1], self.total)
        others = (line for line in fit.decisions if not line.startswith(POSTERIOR))
        return (known, *others)

    def infer(self, table: ObservationTable, parameters: Parameters) -> Statistics:
        """Return the statistics of documents whose starts are inferred from flat ones."""
        problem, state = self._begin(table, parameters, N_INFER, N_RAMP)
        for _ in range(N_LOCAL):
            found, state = self._step(problem, state, parameters)
        return found

    def _step(
        self, problem: Problem, state: State, parameters: Parameters
    ) -> tuple[Statistics, State]:
        """Return the statistics of documents, with their part of the bound, and their starts."""
        assert parameters.worth is not None
        *worth, of_words = parameters.worth
        shared = Shared(
            parameters.motifs * np.array(worth)[:, None, None], parameters.words * of_words
        )
        found = update(problem, Local.of(state.starts, state.background_mass), shared)
        cells, words = found.counts.cells, found.counts.background_words
        # every observation pays its part of what is shared: the sum over documents is the bound
        bound = found.bound - shared.cost * problem.total / self.total
        starts = (found.local.starts - START_SHAPE).astype(np.float32)
        state = state._replace(
            starts=starts, background_mass=found.local.background_mass - MASS_SHAPE
        )
        return Statistics(cells, words, bound, problem.total), state
