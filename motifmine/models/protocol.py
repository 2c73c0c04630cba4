"""Protocols of models and fits: classes satisfy them by their methods, without inheritance."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from motifmine.models.statistics import Parameters, Statistics
from motifmine.parallel.mappers import Mapper
from motifmine.progress import Progress
from motifmine.records.fit import (
    Activations,
    Background,
    FitRecord,
    MotifSet,
    Occurrences,
    Provenance,
    Trace,
)
from motifmine.records.posterior import Posterior
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Indices

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Located:
    """Where given motifs are active in given documents."""

    activations: Activations
    background: Background
    """With the share that it has of these documents."""
    log_likelihood: float
    is_gathered: bool = False
    """Whether starts of one thing are one start, so that others nearby are of other things."""


class Verdicts(NamedTuple):
    """How much the time of a document is like the data of a fit, to a critic."""

    value: Floats
    """Higher for what is more alike, float64 array (T,)."""
    is_held_out: NDArray[np.bool_]
    """Whether the model did not learn from a bin, if the document is one of the fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitContext:
    """What a fit may use that is no setting of its model: nothing of it is kept with the motifs."""

    checkpoint: Path | None = None
    """File that training resumes from if it exists, and that it writes to now and then."""
    groups: int | Literal["auto"] | None = None
    """Groups that documents are sampled in; None: all together."""
    mapper: Mapper = map
    """Like the built-in `map`, see `motifmine.parallel.mappers`; distributes the groups."""


class Fit(Protocol):
    """A finished fit."""

    @property
    def motifs(self) -> MotifSet:
        """The motifs, heaviest first."""

    @property
    def background(self) -> Background:
        """The share that no motif explains."""

    @property
    def activations(self) -> Activations:
        """Mass of motifs over start times in the documents of the fit."""

    @property
    def trace(self) -> Trace:
        """How the objective went."""

    @property
    def provenance(self) -> Provenance:
        """Where the fit comes from."""

    @property
    def model_state(self) -> object:
        """What else `locate` needs: None, or a record, see `motifmine.records.model_state`."""

    def transform(self, table: ObservationTable) -> Activations:
        """Return the activations of other documents, motifs held fixed."""

    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        """Return activations and background of other documents, motifs held fixed.

        `reckoned_total` is the number of observations of every document that priors are computed
        from, float64 array (D,); None: that of `table`.
        """

    def findings(self) -> dict[str, object]:
        """Return what else there is to know of the fit, plain values for its file."""

    def score(self, table: ObservationTable) -> float:
        """Return the log-likelihood per observation of other documents, nats."""

    def occurrences_in(self, table: ObservationTable) -> Occurrences | None:
        """Return the occurrences in the table of the fit; None: they are peaks of activations."""

    def posterior_of(self, occurrences: Occurrences) -> Posterior | None:
        """Return the posterior for occurrences of this fit, None where nothing was sampled."""


class Model(Protocol):
    """A specification that can be fitted."""

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Fit:
        """Return a new fit of `table`; the specification is untouched."""


class ContextModel(Model, Protocol):
    """A model that takes checkpoints or groups documents."""

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None,
        on_progress: Callable[[Progress], None] | None = None,
        context: FitContext = ...,
    ) -> Fit:
        """Return a new fit of `table`, made with what the context offers."""


class SizeChoice(Protocol):
    """Lets the data choose how long motifs are; how many there are is decided by the fit."""

    def choose_length(self, table: ObservationTable, spec: Any, *, seed: int) -> tuple[Any, str]:
        """Return the specification with the length chosen, and a line that says why."""

    def may_be_longer(self, table: ObservationTable, motif_length: int, *, seed: int) -> bool:
        """Return whether motifs of `table` may be clearly longer than `motif_length` bins."""

    def compute_saving(self, table: ObservationTable, spec: Any, *, seed: int) -> float:
        """Return by how many nats motifs describe the table shorter than rates alone."""


class OutOfCore(Protocol):
    """EM, or a similar iteration, over documents that are never in memory together.

    An instance goes to workers with every task, so it holds settings and nothing else.
    """

    @property
    def iterations(self) -> int:
        """Iterations over all documents, at most."""

    @property
    def tolerance(self) -> float:
        """Stop when the log-likelihood per observation rises by less, nats."""

    def open(self, fit: Any, words: Floats, kept: Indices) -> Parameters:
        """Return the parameters that a fit of a part of the documents leads to.

        Parameters
        ----------
        words : float64 array (kept words,)
            Their shares in all documents.
        kept : int64 array
            Words that are looked at.
        """

    def resume(self, record: FitRecord) -> Parameters:
        """Return the parameters of a saved fit."""

    def no_statistics(self, parameters: Parameters) -> Statistics:
        """Return the statistics of no documents."""

    def statistics_of(self, parameters: Parameters, fit: Any) -> Statistics:
        """Return the statistics per observation that gave `parameters`, with the fit's shares."""

    def maximise(self, parameters: Parameters, statistics: Statistics) -> Parameters:
        """Return the parameters that the statistics ask for: the M-step."""

    def infer(self, table: ObservationTable, parameters: Parameters) -> Statistics:
        """Return the statistics of documents of which nothing is known before."""

    def settle(self, table: ObservationTable, parameters: Parameters) -> Mapping[str, Array]:
        """Return what EM keeps of documents between two iterations, before the first."""

    def step(
        self, table: ObservationTable, parameters: Parameters, local: Mapping[str, Array]
    ) -> tuple[Statistics, Mapping[str, Array]]:
        """Return the statistics of documents, and what EM keeps of them after the iteration.

        `local` is what `settle` or the iteration before returned for these documents.
        """

    def finish(
        self,
        fit: Any,
        parameters: Parameters,
        statistics: Statistics,
        kept: Indices,
        n_words: int,
    ) -> Fit:
        """Return the fit of a part with what was learned from all documents, heaviest first.

        Parameters
        ----------
        fit : Fit
            Fit of a part of the documents.
        statistics : Statistics
            Sums over all documents.
        kept : int64 array (kept words,)
            Words that were used, in the order of `parameters`.
        n_words : int
            Size W of the vocabulary.
        """

    def locate(self, table: ObservationTable, motifs: MotifSet, background: Background) -> Located:
        """Return where motifs are active in documents, motifs held fixed."""
