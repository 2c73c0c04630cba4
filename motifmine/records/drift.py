"""How motifs change over the periods of an archive."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from motifmine.errors import DataError
from motifmine.records.fields import axes
from motifmine.types import Floats

CHANGED = 0.9
"""A motif has changed where its similarity to the whole is below this, beyond doubt."""
SURE = 3.0
"""Standard errors that are beyond doubt."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drift:
    """What each motif looks like in each period, against what it looks like in all others.

    Values are NaN where a period has too little of a motif to tell.
    """

    period_start_s: Floats = field(metadata=axes("period", "s since 1970, UTC"))
    """Seconds since 1970, UTC, at which each period begins, float64 array (P,)."""
    period_days: int
    """Length of a period."""
    similarity: Floats = field(metadata=axes("motif, period", stored=np.float32))
    """Cosine at the best shift, freed of what chance takes off it, float64 array (K, P)."""
    error: Floats = field(metadata=axes("motif, period", stored=np.float32))
    """Its standard error, float64 array (K, P)."""
    shift_s: Floats = field(metadata=axes("motif, period", "s", stored=np.float32))
    """How much later in its window the motif lies than in the other periods, float64 (K, P)."""
    stretch: Floats = field(metadata=axes("motif, period", stored=np.float32))
    """How much longer the motif lasts than in the other periods, float64 array (K, P)."""

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
        """Whether a motif is surely another in a period, bool array (K, P)."""
        return np.asarray(self.similarity + SURE * self.error < CHANGED, dtype=np.bool_)

    @property
    def changed(self) -> NDArray[np.bool_]:
        """Whether a motif is surely another in at least one period, bool array (K,)."""
        return np.asarray(self.is_other.any(axis=1), dtype=np.bool_)
