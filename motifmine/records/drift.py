"""Drift: change of motifs over the periods of an archive."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from motifmine.errors import DataError
from motifmine.records.fields import axes
from motifmine.types import Floats

CHANGED = 0.9  # a motif has changed where its similarity is significantly below this
N_ERRORS = 3.0  # standard errors of a significant difference


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drift:
    """Each motif in each period, compared with all other periods.

    Values are NaN where a period has too few observations of a motif.
    """

    period_start_s: Floats = field(metadata=axes("period", "s since 1970, UTC"))
    """Seconds since 1970, UTC, at which each period begins, float64 array (P,)."""
    period_days: int
    """Length of a period."""
    similarity: Floats = field(metadata=axes("motif, period", stored=np.float32))
    """Cosine at the best shift, corrected for sampling error, float64 array (K, P)."""
    error: Floats = field(metadata=axes("motif, period", stored=np.float32))
    """Its standard error, float64 array (K, P)."""
    shift_s: Floats = field(metadata=axes("motif, period", "s", stored=np.float32))
    """Delay of the motif in its window relative to the other periods, float64 array (K, P)."""
    stretch: Floats = field(metadata=axes("motif, period", stored=np.float32))
    """Duration of the motif relative to the other periods, float64 array (K, P)."""

    def __post_init__(self) -> None:
        shapes = {a.shape for a in (self.similarity, self.error, self.shift_s, self.stretch)}
        if len(shapes) != 1 or self.similarity.shape[1:] != self.period_start_s.shape:
            raise DataError(
                f"drift of {self.similarity.shape} values over {len(self.period_start_s)} periods; "
                "expected (motif, period)"
            )

    def __repr__(self) -> str:
        motifs, periods = self.similarity.shape
        return f"Drift({motifs} motifs, {periods} periods of {self.period_days} days)"

    @property
    def is_other(self) -> NDArray[np.bool_]:
        """Whether a motif differs significantly in a period, bool array (K, P)."""
        return np.asarray(self.similarity + N_ERRORS * self.error < CHANGED, dtype=np.bool_)

    @property
    def changed(self) -> NDArray[np.bool_]:
        """Whether a motif differs significantly in at least one period, bool array (K,)."""
        return np.asarray(self.is_other.any(axis=1), dtype=np.bool_)
