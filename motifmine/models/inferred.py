"""A fit of which only the motifs are given: for models that have no inference of their own."""

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from motifmine.models.checks import background_of
from motifmine.models.fitted import FittedModel, provenance_of
from motifmine.models.plsm.model import fold_in
from motifmine.models.plsm.spec import Priors
from motifmine.models.protocol import Located
from motifmine.records.fit import Activations, Background, MotifSet, Provenance, Trace
from motifmine.records.table import ObservationTable
from motifmine.seeding import resolve_seed
from motifmine.types import Floats


def infer_activations(motifs: MotifSet, background: Background, table: ObservationTable) -> Located:
    """Return where motifs are active in `table` by maximum likelihood, held fixed."""
    return fold_in(Priors(sparsity=0.0), motifs, background, table)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InferredFit(FittedModel):
    """Motifs from anywhere, and where they are active by maximum likelihood."""

    spec: Any
    motifs: MotifSet
    background: Background
    activations: Activations
    trace: Trace
    provenance: Provenance

    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        """Return where the motifs are active in `table`.

        `reckoned_total` is not used: starts have no prior.
        """
        return infer_activations(self.motifs, self.background, table)


def fit_by_inference(
    model: str,
    spec: Any,
    table: ObservationTable,
    motifs: MotifSet,
    *,
    seed: int | None,
    began: float,
) -> InferredFit:
    """Return the fit of a model that gives motifs alone.

    The background has the words of the whole table. It and the motifs share the observations as
    maximum likelihood has it, and motifs are ordered by their weight then.

    Parameters
    ----------
    model : str
        Name of the model in the registry.
    spec : dataclass
    table : ObservationTable
        What was fitted.
    motifs : MotifSet
        Their weights do not matter.
    began : float
        When the fit began, by `time.perf_counter`, seconds.
    """
    background = replace(background_of(table), weight=0.5)
    first = infer_activations(motifs, background, table)
    mass = np.bincount(first.activations.motif, first.activations.mass, minlength=len(motifs))
    order = np.argsort(-mass, kind="stable")
    ordered = MotifSet(probability=motifs.probability[order], weight=mass[order] / table.total)
    located = infer_activations(ordered, background, table)
    elapsed_s = time.perf_counter() - began
    return InferredFit(
        spec=spec,
        motifs=ordered,
        background=located.background,
        activations=located.activations,
        trace=Trace(
            iteration=np.arange(1),
            log_likelihood=np.array([located.log_likelihood]),
            seconds=np.array([elapsed_s]),
        ),
        provenance=provenance_of(model, spec, table, seed=resolve_seed(seed), elapsed_s=elapsed_s),
    )
