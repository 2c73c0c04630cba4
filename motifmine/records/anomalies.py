"""Anomalies: stretches of time that a fit explains badly, and the scale of their surprise."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from motifmine.errors import DataError
from motifmine.records.fields import axes
from motifmine.types import Floats, Indices32

# kinds of anomalies; `Anomalies.sense` is an index into these; the last is that of a critic
SENSES = ("unexpected", "missing", "too many", "implausible")


# columns of `AnomalyScale.tail` today, and where tails were of the data learned from
N_COLUMNS, N_OLDER_COLUMNS = 4, 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnomalyScale:
    """Distribution of every measure of surprise over the documents of a fit."""

    quantile: Floats = field(metadata=axes("measure, quantile"))
    """Values of each measure, ascending, float64 array (measure, quantile); the last measure is
    the surprise of all others together."""
    share: Floats = field(metadata=axes("quantile", "share"))
    """Share of the fit's time bins above each quantile, descending, float64 array (quantile,)."""
    tail: Floats = field(metadata=axes("measure, tail"))
    """Where the tail begins, its mean excess, the share above, and the number of independent values
    it is known from: float64 (measure, 4). Fits of older versions have 3 columns."""
    n_bins: int
    """Time bins of the fit's documents."""

    def __post_init__(self) -> None:
        shape = self.quantile.shape
        if self.share.shape != shape[1:] or self.tail.shape not in (
            (shape[0], N_COLUMNS),
            (shape[0], N_OLDER_COLUMNS),
        ):
            raise DataError(
                f"a scale of {shape} quantiles has shares {self.share.shape} and tails "
                f"{self.tail.shape}"
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Anomalies:
    """Stretches that the motifs explain badly, the most surprising first."""

    document: Indices32 = field(metadata=axes("anomaly", rule="index of document"))
    start_s: Floats = field(metadata=axes("anomaly", "s", rule="finite"))
    """Seconds of the recording."""
    end_s: Floats = field(metadata=axes("anomaly", "s", rule="finite"))
    sense: Indices32 = field(metadata=axes("anomaly"))
    """Index into `SENSES` of the most surprising kind."""
    surprise: Floats = field(metadata=axes("anomaly"))
    """-log10 of the probability that a time bin is as surprising."""
    scale: AnomalyScale
    happened_once: NDArray[np.bool_] | None = field(default=None, metadata=axes("anomaly"))
    """Whether the stretch is an event that happened once, bool array, see
    `motifmine.analysis.single_events`. None: of other recordings, or not known."""

    def __len__(self) -> int:
        return len(self.document)

    def __repr__(self) -> str:
        return f"Anomalies({len(self)})"


def usable_scale(anomalies: Anomalies | None) -> AnomalyScale | None:
    """Return the scale of a fit's anomalies, None where it is of an older version or there is none.

    Older scales are of the data that the motifs were learned from: others exceed them too often.
    """
    if anomalies is None or anomalies.scale.tail.shape[1] != N_COLUMNS:
        return None
    return anomalies.scale
