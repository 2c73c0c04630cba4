"""PLSM's EM taken apart, for documents that are never in memory together.

It is the iteration of `motifmine.models.plsm.em`. Starts and the background's mass of a document
depend on nothing but this document and the shared parameters; statistics of documents are added up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.models.checks import restore_words
from motifmine.models.plsm.em import infer_starts, normalised, step_starts
from motifmine.models.plsm.model import PlsmFit, fold_in
from motifmine.models.plsm.problem import Problem, State, flat_start, prepare_em, shares
from motifmine.models.plsm.spec import PlsmSpec, Priors
from motifmine.models.plsm.stages import N_RAMP, N_SETTLE
from motifmine.models.protocol import Located
from motifmine.models.statistics import Parameters, Statistics
from motifmine.records.fit import Background, FitRecord, MotifSet
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Indices

N_INFER = 15
"""Iterations in which the starts of a batch are inferred."""
OPENED = 0.01
"""Share of the archive's words that is mixed into motifs from the part: no cell stays closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlsmOutOfCore:
    """EM over groups of documents, see `motifmine.models.protocol.OutOfCore`."""

    priors: Priors
    iterations: int
    """At most."""
    tolerance: float
    """Nats per observation."""
    n_threads: int = 1
    n_settle: int = N_SETTLE
    """Iterations in which starts are inferred before motifs are learned."""
    n_ramp: int = N_RAMP
    """Iterations of these over which the sparsity comes in."""

    @classmethod
    def of(cls, spec: PlsmSpec, n_threads: int) -> "PlsmOutOfCore":
        """Return the EM of a specification whose activity is decided."""
        return cls(
            priors=spec.priors,
            iterations=spec.iterations,
            tolerance=spec.tolerance,
            n_threads=n_threads,
        )

    def open(self, fit: PlsmFit, words: Floats, kept: Indices) -> Parameters:
        """Return motifs of a part over all kept words, a little of the archive's words mixed in."""
        # EM cannot leave 0: words that the part never had would stay closed in all motifs
        motifs = (1 - OPENED) * fit.motifs.probability[:, :, kept]
        motifs += OPENED / fit.motifs.motif_length * words
        background = (1 - OPENED) * fit.background.probability[kept] + OPENED * words
        return Parameters(motifs.astype(np.float32), shares(background))

    def resume(self, record: FitRecord) -> Parameters:
        """Return the parameters of a saved fit."""
        words = shares(record.background.probability.astype(np.float64))
        return Parameters(record.motifs.probability, words)

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
        problem = self._problem(table, parameters)
        state = flat_start(problem, *parameters)
        # from flat starts each time: a batch may come again after the motifs have moved far
        state = infer_starts(problem, state, n_iterations=N_INFER, n_ramp=N_RAMP)
        return self._step(problem, state)[0]

    def settle(self, table: ObservationTable, parameters: Parameters) -> Mapping[str, NDArray[Any]]:
        """Return the starts of documents, inferred from flat ones, with which EM continues."""
        problem = self._problem(table, parameters)
        state = flat_start(problem, *parameters)
        state = infer_starts(problem, state, n_iterations=self.n_settle, n_ramp=self.n_ramp)
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
        statistics, state = self._step(problem, state)
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
        n_motifs, length, _ = parameters.motifs.shape
        cells = statistics.cells[:, : n_motifs * length].reshape(-1, length, n_motifs)
        mass: Floats = cells.sum(axis=(0, 1))
        # stable, so that ties have the same order on every machine
        order = np.argsort(-mass, kind="stable")
        probability = restore_words(parameters.motifs[order], kept, n_words)
        words = restore_words(parameters.words, kept, n_words)
        total = statistics.total
        return replace(
            fit,
            motifs=MotifSet(probability=probability, weight=mass[order] / total),
            background=Background(probability=words, weight=float(statistics.words.sum()) / total),
        )

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

    def _step(self, problem: Problem, state: State) -> tuple[Statistics, State]:
        state, found, value = step_starts(problem, state, problem.thresholds(state.n_motifs))
        return Statistics(found.cells, found.background_words, value, problem.total), state
