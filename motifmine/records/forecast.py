"""How well fits predict documents that they were not learned from."""

from dataclasses import dataclass, field

import numpy as np

from motifmine.errors import DataError
from motifmine.records.fields import axes
from motifmine.types import Floats, Indices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ForecastScores:
    """Log-probability of the words of a bin, some bins ahead, by predictor."""

    predictors: tuple[str, ...] = field(metadata=axes("predictor", name="predictor"))
    """Names of fits, and `persistence` and `marginal`."""
    horizons: Indices = field(metadata=axes("horizon", "bins", rule="0 or more"))
    """Bins ahead, ascending, int64 array (H,); 1 is the next bin."""
    nats: Floats = field(metadata=axes("predictor, horizon", "nats", rule="finite"))
    """Per observation, float64 array (P, H)."""
    n_observations: float
    """Observations that were predicted."""
    recordings: tuple[str, ...] = field(default=(), metadata=axes("recording"))
    """Names of the recordings that were predicted."""

    def __post_init__(self) -> None:
        if not len(self.predictors) or not len(self.horizons):
            raise DataError("scores of forecasts have no predictor or no horizon")

    @property
    def best(self) -> str:
        """Name of the predictor that is best at the first horizon."""
        return self.predictors[int(np.argmax(self.nats[:, 0]))]

    def of(self, name: str) -> Floats:
        """Return the scores of a predictor at each horizon, float64 array (H,)."""
        found: Floats = self.nats[self.predictors.index(name)]
        return found
