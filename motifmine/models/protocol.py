"""What every model and every fit offers, satisfied by shape and not by inheritance."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from motifmine.records.fit import Activations, Background, MotifSet, Provenance, Trace
from motifmine.records.table import ObservationTable
from motifmine.types import Floats


@dataclass(frozen=True, slots=True)
class Progress:
    """One message of a fit that is under way."""

    done: int
    """Iterations done, of all restarts."""
    total: int
    """Iterations at most, of all restarts."""
    log_likelihood: float
    """Of the latest iteration, nats."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Located:
    """Where given motifs are active in given documents."""

    activations: Activations
    background: Background
    """With the share that it has of these documents."""
    log_likelihood: float


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

        `reckoned_total` is what priors take for the observations of every document, float64 array
        (D,); None: what they are.
        """

    def findings(self) -> dict[str, object]:
        """Return what else there is to know of the fit, plain values for its file."""

    def score(self, table: ObservationTable) -> float:
        """Return the log-likelihood per observation of other documents, nats."""


class Model(Protocol):
    """A specification that can be fitted."""

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None,
        on_iteration: Callable[[Progress], None] | None = None,
    ) -> Fit:
        """Return a new fit of `table`; the specification is untouched."""
