"""What the fits of all models have in common: their methods, and their provenance."""

from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any

import numpy as np

from motifmine.models.protocol import Located
from motifmine.records.fit import Activations, Background, Occurrences, Provenance
from motifmine.records.posterior import Posterior
from motifmine.records.settings import FitSpec
from motifmine.records.table import ObservationTable
from motifmine.types import Floats
from motifmine.version import __version__


class FittedModel(ABC):
    """A base for fits: what follows from `locate`, and what a fit need not have."""

    __slots__ = ()

    @abstractmethod
    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        """Return activations and background of other documents, motifs held fixed."""

    @property
    def model_state(self) -> object:
        """What else `locate` needs: None, or a record, see `motifmine.records.model_state`."""
        return None

    def transform(self, table: ObservationTable) -> Activations:
        """Return the activations of the documents of `table`, motifs held fixed."""
        return self.locate(table).activations

    def score(self, table: ObservationTable) -> float:
        """Return the log-likelihood per observation of `table`, nats; higher is better."""
        return self.locate(table).log_likelihood / table.total

    def perplexity(self, table: ObservationTable) -> float:
        """Return exp(-score): the number of equally likely choices with this score."""
        return float(np.exp(-self.score(table)))

    def findings(self) -> dict[str, object]:
        """Return what else there is to know of the fit, plain values for its file."""
        return {}

    def occurrences_in(self, table: ObservationTable) -> Occurrences | None:
        """Return the occurrences in the table of the fit; None: they are peaks of activations."""
        return None

    def posterior_of(self, occurrences: Occurrences) -> Posterior | None:
        """Return the posterior for occurrences of this fit, None where nothing was sampled."""
        return None


def provenance_of(
    model: str,
    spec: Any,
    table: ObservationTable,
    *,
    seed: int,
    elapsed_s: float,
    more: dict[str, object] | None = None,
) -> Provenance:
    """Return the provenance of a fit.

    Parameters
    ----------
    model : str
        Name of the model in the registry.
    spec : dataclass
        The specification as it was used.
    elapsed_s : float
    more : dict or None
        Settings in addition to those of the specification, plain values.
    """
    return Provenance(
        motifmine_version=__version__,
        model=model,
        spec=FitSpec(settings={**asdict(spec), **(more or {})}),
        seed=seed,
        inputs=tuple((r.name, r.source_digest) for r in table.recordings),
        elapsed_s=elapsed_s,
    )


def remaining_background(background: Background, explained: float, total: float) -> Background:
    """Return the background with the share of `total` observations that is not `explained`.

    Parameters
    ----------
    background : Background
        Its words are kept.
    explained : float
        Number of observations that motifs explain.
    total : float
        Number of observations.
    """
    return Background(
        probability=background.probability, weight=max(0.0, 1.0 - explained / max(total, 1e-9))
    )
